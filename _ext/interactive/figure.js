/* What the interactive figures share: drawing, controls, colours, registration.

   Each figure is a classic script that puts one function into `rnnFigures`:
   rnnFigures["unrolling"] = function (F, root, params) { ... }. On a page, `mount`
   looks for cells with the class tag_interactive-NAME or data-interactive="NAME",
   hides the still picture in them and puts the figure in its place. Without scripts
   the still picture stays. No library, no request to anywhere. */
(function () {
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const figures = (window.rnnFigures = window.rnnFigures || {});
const motion = window.matchMedia("(prefers-reduced-motion: reduce)");

// ---------------------------------------------------------------- text

/* In another edition of the book a script beside this one says it in its language. */
const tr = (text) => (window.rnnSay ? window.rnnSay(text) : text).replace(/(\d) %/g, "$1\u00a0%");

/* A number with a true minus sign; no minus on a rounded zero. */
function num(value, digits = 2) {
  const size = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(size) !== 0 ? "−" : "") + (window.rnnSay ? size.replace(".", ",") : size);
}

/* A number as a factor: negative ones in brackets. */
function factor(value, digits = 2) {
  const text = num(value, digits);
  return text.startsWith("−") ? `(${text})` : text;
}

/* "w_h + h_{t−1}" becomes runs of text: letters with an index are set in italics. */
function runs(text) {
  const out = [];
  let last = 0;
  for (const m of text.matchAll(/([A-Za-zλτ])_(\{[^}]*\}|[A-Za-z0-9])/g)) {
    if (m.index > last) out.push({ text: text.slice(last, m.index) });
    out.push({ text: m[1], italic: true });
    out.push({ text: m[2].replace(/[{}]/g, ""), sub: true });
    last = m.index + m[0].length;
  }
  if (last < text.length) out.push({ text: text.slice(last) });
  return out;
}

const escape = (s) => s.replace(/&/g, "&amp;").replace(/</g, "&lt;");

/* The same as HTML; "[input:x_t]" is set in the colour of a role. */
function rich(text) {
  return tr(text)
    .split(/(\[[a-z]+:[^\]]*\])/)
    .map((part) => {
      const m = /^\[([a-z]+):([^\]]*)\]$/.exec(part);
      const inner = runs(m ? m[2] : part)
        .map((r) => {
          const s = escape(r.text);
          return r.sub ? `<sub>${s}</sub>` : r.italic ? `<i>${s}</i>` : s;
        })
        .join("");
      return m ? `<span class="rnn-c-${m[1]}">${inner}</span>` : inner;
    })
    .join("");
}

/* The same for ears: "w_h" is read "w h". */
const plain = (text) =>
  tr(text).replace(/\[[a-z]+:([^\]]*)\]/g, "$1").replace(/_\{?([^}\s]*?)\}?(?=\W|$)/g, " $1");

// ------------------------------------------------------------- elements

/* Make an HTML element: tag, attributes (functions are listeners), children. */
function el(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "html") node.innerHTML = value;
    else node.setAttribute(name, name.startsWith("aria-") ? tr(String(value)) : value);
  }
  node.append(...children.map((child) => (typeof child === "string" ? tr(child) : child)));
  return node;
}

/* Attributes that pictures use all the time; in a class, every word gets "rnn-". */
const short = { thick: "stroke-width", dash: "stroke-dasharray", tint: "fill-opacity", bold: "font-weight" };

/* Draw with names: a thing drawn again under its name is changed, not replaced, so
   it keeps the focus; what a pass does not draw goes away. */
function pen(svg) {
  const things = new Map();
  let touched, where;
  const self = {
    begin() {
      touched = new Set();
      where = [svg];
      svg._last = null;
    },
    end() {
      for (const [key, node] of things)
        if (!touched.has(key)) {
          node.remove();
          things.delete(key);
        }
    },
    draw(tag, key, attrs = {}, text) {
      let node = things.get(key);
      const parent = where[where.length - 1];
      if (!node) {
        node = document.createElementNS(SVG, tag);
        const after = parent._last;
        parent.insertBefore(node, after ? after.nextSibling : parent.firstChild);
        things.set(key, node);
        for (const [name, value] of Object.entries(attrs))
          if (typeof value === "function") node.addEventListener(name, value);
      }
      parent._last = node;
      touched.add(key);
      for (const [name, value] of Object.entries(attrs)) {
        if (typeof value === "function") continue;
        if (value == null) node.removeAttribute(short[name] || name);
        else if (name === "class") node.setAttribute(name, value.replace(/\S+/g, "rnn-$&"));
        else node.setAttribute(short[name] || name, name === "aria-label" ? tr(value) : value);
      }
      if (text !== undefined && node._text !== text) {
        node._text = text;
        node.replaceChildren();
        let shift = 0;
        for (const run of runs(tr(String(text)))) {
          const span = document.createElementNS(SVG, "tspan");
          if (run.sub) span.setAttribute("class", "rnn-sub");
          if (run.italic) span.setAttribute("font-style", "italic");
          const dy = run.sub ? 4 : 0;
          if (dy !== shift) span.setAttribute("dy", dy - shift);
          shift = dy;
          span.textContent = run.text;
          node.append(span);
        }
      }
      return node;
    },
    /* Everything drawn inside `body` becomes a child of a group. */
    group(key, attrs, body, tag = "g") {
      const node = self.draw(tag, key, attrs);
      node._last = null;
      where.push(node);
      body();
      where.pop();
      return node;
    },
    text(key, x, y, text, attrs = {}) {
      return self.draw("text", key, { x, y, ...attrs }, text);
    },
    rect(key, x, y, width, height, attrs = {}) {
      return self.draw("rect", key, {
        x, y, width: Math.max(0, width), height: Math.max(0, height), ...attrs,
      });
    },
    line(key, x1, y1, x2, y2, attrs = {}) {
      return self.draw("line", key, { x1, y1, x2, y2, ...attrs });
    },
    path(key, d, attrs = {}) {
      return self.draw("path", key, { d, fill: "none", ...attrs });
    },
    /* A straight arrow of any width whose head ends at (x2, y2). */
    arrow(key, x1, y1, x2, y2, role, { width = 2, opacity = 1, dash } = {}) {
      const size = Math.max(7, width * 1.2 + 4);
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
      const [bx, by] = [x2 - ux * size, y2 - uy * size];
      const h = size * 0.55;
      self.draw("line", key, {
        x1, y1, x2: bx, y2: by, class: `s-${role}`, thick: width,
        opacity, dash,
      });
      self.draw("path", key + ">", {
        d: `M${x2},${y2}L${bx - uy * h},${by + ux * h}L${bx + uy * h},${by - ux * h}Z`,
        class: `f-${role}`, opacity,
      });
    },
  };
  return self;
}

/* An svg as wide as its place, drawn again whenever that changes. Text is never
   scaled: `paint(pen, width)` lays out in real pixels and returns the height. */
function stage(root, label, paint) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", tr(label));
  const box = el("div", { class: "rnn-stage" }, svg);
  root.append(box);
  const p = pen(svg);
  let width = 0;
  function redraw() {
    if (!width) return;
    p.begin();
    const height = paint(p, width);
    p.end();
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }
  new ResizeObserver(() => {
    const now = Math.floor(box.clientWidth);
    if (now === width) return;
    width = now;
    redraw();
  }).observe(box);
  redraw.svg = svg;
  return redraw;
}

// ------------------------------------------------------------- controls

let ids = 0;

/* A labelled range with its value beside it. `set` changes it from outside. */
function slider({ label, min, max, step, value, role = "neutral", show, on, focus }) {
  const id = `rnn-${++ids}`;
  const digits = step < 1 ? 2 : 0;
  const write = show || ((v) => num(v, digits));
  const out = el("span", { "aria-hidden": "true" });
  const input = el("input", {
    id, type: "range", min, max, step, value, class: `rnn-a-${role}`,
    input: () => {
      self.set(Number(input.value));
      on(Number(input.value));
    },
  });
  if (focus) {
    for (const kind of ["focus", "pointerenter"])
      input.addEventListener(kind, () => focus(true));
    for (const kind of ["blur", "pointerleave"])
      input.addEventListener(kind, () => focus(false));
  }
  const self = {
    input,
    el: el("div", { class: "rnn-slider" },
      el("label", { for: id, html: rich(`[${role}:${tr(label)}]`) }), input, out),
    set(v) {
      input.value = v;
      out.textContent = write(v);
      input.setAttribute("aria-valuetext", write(v));
    },
    range(lo, hi) {
      input.min = lo;
      input.max = hi;
    },
  };
  self.set(value);
  return self;
}

function button(label, on, attrs = {}) {
  return el("button", { type: "button", class: "rnn-button", click: on, ...attrs }, label);
}

function check(label, value, on) {
  const input = el("input", { type: "checkbox", change: () => on(input.checked) });
  input.checked = value;
  return { input, el: el("label", { class: "rnn-check" }, input, el("span", { html: rich(label) })) };
}

function choice(label, options, value, on) {
  const input = el("select", { change: () => on(input.value) });
  for (const [key, text] of options) input.append(el("option", { value: key }, text));
  input.value = value;
  return { input, el: el("label", { class: "rnn-choice" }, el("span", {}, label), input) };
}

/* Says the values to a screen reader, when the hand has come to rest. */
function live(root) {
  const place = el("p", { class: "rnn-live", role: "status" });
  root.append(place);
  let timer;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (place.textContent = plain(text)), 400);
  };
}

/* Run `frame(u)` with u from 0 to 1; at once where less motion is wanted. */
function animate(milliseconds, frame, done = () => {}) {
  let stopped = false;
  if (motion.matches) {
    frame(1);
    done();
    return () => {};
  }
  let start;
  requestAnimationFrame(function next(now) {
    if (stopped) return;
    start = start ?? now;
    const u = Math.min(1, (now - start) / milliseconds);
    frame(u);
    if (u < 1) requestAnimationFrame(next);
    else done();
  });
  return () => (stopped = true);
}

/* Drag up and down, and the keys of a slider, on something drawn. */
function draggable(get, set, { min, max, step, at }) {
  const fit = (v) => {
    const snapped = Math.round(v / step) * step;
    set(Math.min(max, Math.max(min, Number(snapped.toFixed(6)))));
  };
  const keys = {
    ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step,
    PageUp: 5 * step, PageDown: -5 * step,
  };
  let held = false;
  const move = (event) => {
    const box = event.currentTarget.ownerSVGElement.getBoundingClientRect();
    fit(at(event.clientY - box.top, event.clientX - box.left));
  };
  return {
    pointerdown(event) {
      held = true;
      event.currentTarget.setPointerCapture(event.pointerId);
      event.currentTarget.focus();
      event.preventDefault();
      move(event);
    },
    pointermove: (event) => held && move(event),
    pointerup: () => (held = false),
    pointercancel: () => (held = false),
    keydown(event) {
      if (event.key in keys) fit(get() + keys[event.key]);
      else if (event.key === "Home") fit(min);
      else if (event.key === "End") fit(max);
      else return;
      event.preventDefault();
    },
  };
}

// ---------------------------------------------------------------- style

const roles = {
  input: ["#0072B2", "#6CB6FF"], state: ["#00785A", "#6EE7B7"],
  gate: ["#A0457F", "#E7A3D0"], gradient: ["#C44E00", "#FF9D5C"],
  output: ["#6A51A3", "#B9A6FF"], neutral: ["#5F6B76", "#9AA7B2"],
};
const vars = (i) =>
  Object.entries(roles).map(([r, c]) => `--c-${r}:var(--rnn-${r},${c[i]});`).join("") +
  `--c-text:var(--pst-color-text-base,${["#222832", "#ced6dd"][i]});` +
  `--c-page:var(--pst-color-background,${["#fff", "#14181e"][i]});` +
  `--c-soft:${["#f3f5f7", "#20262e"][i]};--c-edge:#7d8894;`;
const STYLE =
  `.rnn-fig{${vars(0)}color-scheme:light;position:relative;color:var(--c-text);margin:1rem 0;max-width:52rem;font-size:1rem;line-height:1.5}` +
  `html[data-theme=dark] .rnn-fig{${vars(1)}color-scheme:dark}` +
  `@media (prefers-color-scheme:dark){html:not([data-theme]) .rnn-fig{${vars(1)}color-scheme:dark}}` +
  Object.keys(roles).map((r) =>
    `.rnn-c-${r}{color:var(--c-${r})}.rnn-f-${r},.rnn-fig text.rnn-f-${r}{fill:var(--c-${r})}` +
    `.rnn-s-${r}{stroke:var(--c-${r})}.rnn-a-${r}{accent-color:var(--c-${r})}`).join("") +
  `.rnn-fig *{box-sizing:border-box}
@media screen{.rnn-still{display:none!important}}@media print{.rnn-fig{display:none}}
.rnn-stage{width:100%}
.rnn-stage svg{display:block;overflow:visible;max-width:none;margin:0}
.rnn-fig text{font-size:14px;text-anchor:middle;fill:var(--c-text);font-variant-numeric:tabular-nums}
.rnn-fig text.rnn-start{text-anchor:start}.rnn-fig text.rnn-end{text-anchor:end}
.rnn-fig text.rnn-small{font-size:13px}.rnn-fig text.rnn-big{font-size:22px}
.rnn-fig text.rnn-mute{font-size:13px;fill:var(--c-neutral)}
.rnn-fig text.rnn-on{fill:var(--c-page)}
.rnn-fig .rnn-sub{font-size:12px}
.rnn-fig sub{font-size:max(.75em,12px);line-height:0;bottom:-.25em}
.rnn-page{fill:var(--c-page)}.rnn-none{fill:transparent}.rnn-soft{fill:var(--c-soft)}
.rnn-fig [tabindex]:focus{outline:none}
.rnn-fig svg [tabindex]:focus-visible .rnn-ring{stroke:var(--c-text);stroke-width:3;stroke-opacity:1}
.rnn-grab{cursor:ns-resize;touch-action:none}.rnn-pick{cursor:pointer}
.rnn-row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.5rem 0}
.rnn-controls{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));column-gap:1.5rem;margin:.25rem 0}
.rnn-slider{display:grid;grid-template-columns:minmax(4.5rem,auto) 1fr 3.6rem;align-items:center;gap:.5rem;min-height:44px}
.rnn-slider label{font-weight:600}
.rnn-slider span[aria-hidden]{text-align:right;font-variant-numeric:tabular-nums}
.rnn-slider input{width:100%;min-width:0;height:44px;margin:0;cursor:pointer}
.rnn-fig :is(input,select,button,.rnn-scroll):focus-visible{outline:3px solid var(--c-text);outline-offset:2px;border-radius:4px}
.rnn-button,.rnn-choice select{font:inherit;min-height:44px;min-width:44px;padding:.3rem .8rem;border:1px solid var(--c-edge);border-radius:8px;background:var(--c-soft);color:var(--c-text);cursor:pointer}
.rnn-button:hover:not([disabled]){border-color:var(--c-text)}
.rnn-button[disabled]{opacity:.45;cursor:default}
.rnn-check{display:inline-flex;align-items:center;gap:.5rem;min-height:44px;cursor:pointer}
.rnn-check input{width:22px;height:22px;flex:none;margin:0;accent-color:var(--c-gradient)}
.rnn-choice{display:inline-flex;flex-wrap:wrap;align-items:center;gap:.5rem;max-width:100%}
.rnn-choice select{max-width:100%}
.rnn-panel{border-left:4px solid var(--c-edge);padding:.1rem .8rem;margin:.5rem 0;font-variant-numeric:tabular-nums}
.rnn-panel p{margin:.15rem 0}
.rnn-panel p.rnn-hang{padding-left:1.5em;text-indent:-1.5em}
.rnn-hint{font-size:.9rem;margin:.25rem 0}
.rnn-live{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;margin:0}
.rnn-scroll{overflow:auto;max-height:18.6rem;border:1px solid var(--c-edge);border-radius:8px}
.rnn-fig table{border-collapse:collapse;width:100%;margin:0;font-size:.95rem;font-variant-numeric:tabular-nums;color:var(--c-text);background:none}
.rnn-fig th,.rnn-fig td{text-align:left;padding:.35rem .6rem;border:0;border-bottom:1px solid color-mix(in srgb,var(--c-edge) 40%,transparent);vertical-align:top;background:none;color:inherit}
.rnn-fig thead th{position:sticky;top:0;background:var(--c-soft)}
.rnn-fig tr[aria-current=true] td,.rnn-fig tr[aria-current=true] th{background:var(--c-soft)}
.rnn-fig tr[aria-current=true] th{box-shadow:inset 4px 0 var(--c-text)}
.rnn-scroll tbody tr{cursor:pointer}
@media (forced-colors:active){.rnn-fig text{fill:CanvasText!important}}`;

// --------------------------------------------------- state in the address

/* The setting of a figure as #fig-NAME:key=value&key=value. Sliders, choices and ticks
   are kept by themselves, under their labels; F.keep adds what no control shows. Only
   what differs from the beginning is written, after a hand or a key has moved it. */
const keepers = new Map();
const asKey = (label) =>
  plain(label).toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 24).replace(/^-+|-+$/g, "") || "value";

function keeper(name, root) {
  const parts = new Map();
  let begun = false, written = "", timer;
  const keep = (label, get, set, node) => {
    let key = asKey(label), n = 1;
    const taken = (k) => parts.has(k) && !(begun && node && !parts.get(k).node?.isConnected);
    while (taken(key)) key = `${asKey(label)}-${++n}`;
    const now = () => String(get());
    parts.set(key, { get: now, set, node, first: now() });
  };
  const told = (input, kind) => input.dispatchEvent(new Event(kind, { bubbles: true }));
  const own = {
    ...F,
    keep,
    slider(options) {
      const made = slider(options), { input } = made;
      keep(options.label, () => input.value, (v) => {
        if (v.trim() === "" || !Number.isFinite(Number(v))) return;
        input.value = v;
        told(input, "input");
      }, input);
      return made;
    },
    check(label, value, on) {
      const made = check(label, value, on), { input } = made;
      keep(label, () => Number(input.checked), (v) => {
        input.checked = v === "1";
        told(input, "change");
      }, input);
      return made;
    },
    choice(label, options, value, on) {
      const made = choice(label, options, value, on), { input } = made;
      keep(label, () => input.value, (v) => {
        if (![...input.options].some((option) => option.value === v)) return;
        input.value = v;
        told(input, "change");
      }, input);
      return made;
    },
  };
  // A choice may have moved a slider that a hand then moved back: it counts as moved.
  const state = () => {
    const moved = [...parts].filter(([, part]) => part.get() !== part.first);
    const chosen = moved.some(([, { node }]) => node?.tagName === "SELECT");
    return [...parts].filter(([, part]) => part.get() !== part.first || (chosen && part.touched))
      .map(([key, part]) => `${key}=${encodeURIComponent(part.get())}`).join("&");
  };
  const write = () => {
    const now = state();
    if (now === written) return;
    written = now;
    const here = location.href.split("#")[0];
    try {
      history.replaceState(history.state, "", here + (now ? `#fig-${name}:${now}` : ""));
    } catch { /* a page that may not change its address still works */ }
  };
  const later = (event) => {
    for (const part of parts.values()) if (event.isTrusted && part.node === event.target) part.touched = true;
    clearTimeout(timer);
    timer = setTimeout(write, 300);
  };
  return {
    own,
    start() {
      begun = true;
      for (const part of parts.values()) part.first = part.get();
      for (const kind of ["input", "change", "click", "pointerup", "keyup"]) root.addEventListener(kind, later);
    },
    /* All back to the beginning, then to what is given; twice, since a choice moves others. */
    read(text) {
      const given = new Map();
      for (const pair of text.split("&")) {
        const [, key, value] = /^([^=]*)=(.*)$/.exec(pair) || [];
        try {
          if (key) given.set(key, decodeURIComponent(value));
        } catch { /* not an address of ours */ }
      }
      for (const back of [true, true, false, false])
        for (const [key, part] of parts) {
          const want = back ? part.first : given.get(key) ?? part.get();
          if (part.get() !== want) part.set(want);
        }
      clearTimeout(timer);
      written = state();
    },
  };
}

/* Set the figure that the address names, and go there. */
function follow() {
  const [, name, text] = /^#fig-([a-z-]+)(?::(.*))?$/.exec(location.hash) || [];
  const root = document.querySelector(`[data-figure="${name}"]`);
  if (!keepers.has(root)) return;
  if (text !== undefined) keepers.get(root).read(text);
  requestAnimationFrame(() => requestAnimationFrame(() =>
    root.scrollIntoView({ block: "center", behavior: "instant" })));
}

// ----------------------------------------------------------- on the page

const clamp = (v, other, lo, hi) => (Number.isFinite(v) ? Math.min(hi, Math.max(lo, v)) : other);

const F = {
  num, factor, rich, plain, tr, el, stage, slider, button, check, choice, live, animate,
  clamp,
  /* The reader's numbers where they are numbers, at most `most` of them. */
  list: (given, other, most) =>
    (Array.isArray(given) && given.length ? given : other).slice(0, most).map((v) => clamp(v, 0, -2, 2)),
  draggable, id: () => `rnn-${++ids}`, 
  panel: (root) => root.appendChild(el("div", { class: "rnn-panel" })),
  add: (root, kind, ...nodes) => root.appendChild(el("div", { class: `rnn-${kind}` }, ...nodes)),
  hint: (root, text) => root.appendChild(el("p", { class: "rnn-hint", html: rich(text) })),
};

function mountOne(name, host) {
  if (host.closest("[data-rnn-mounted]")) return;
  host.setAttribute("data-rnn-mounted", name);
  let params = {};
  try {
    params = JSON.parse(host.dataset.params || "{}");
  } catch (error) {
    console.warn(`${name}: data-params is not JSON (${error.message}); defaults are used`);
  }
  let stills = [...host.querySelectorAll(".cell_output img")];
  if (!stills.length) stills = [...host.querySelectorAll("img")];
  const root = el("div", { class: "rnn-fig", role: "group", "data-figure": name, "aria-label": `Interactive figure: ${name.replace("-", " ")}` });
  stills = stills.map((image) => image.closest(".wide-figure") ?? image);
  if (stills.length) stills[0].before(root);
  else host.append(root);
  const kept = keeper(name, root);
  try {
    figures[name](kept.own, root, params);
    kept.start();
    keepers.set(root, kept);
    stills.forEach((still) => still.classList.add("rnn-still"));
  } catch (error) {
    root.remove(); // the still picture stays
    console.error(`${name}: ${error.message}`);
  }
}

function mount() {
  if (!document.getElementById("rnn-style"))
    document.head.append(el("style", { id: "rnn-style" }, STYLE));
  for (const name of Object.keys(figures))
    document
      .querySelectorAll(`.tag_interactive-${name}, [data-interactive="${name}"]`)
      .forEach((host) => mountOne(name, host));
  follow();
}

window.rnnFigure = { mount, F };
window.addEventListener("hashchange", follow);
if (document.readyState === "complete") mount();
else document.addEventListener("DOMContentLoaded", mount);
})();
