/* Surgery on a trained LSTM: a gate is held open or shut over some steps, and the cells,
   the states and what the network says next are compared with the untouched reading. */
// needs networks/brackets
(function () {
"use strict";

const net = typeof module !== "undefined" ? require("./networks/brackets.js") : window.rnnNetworks.brackets;
const START = { text: 'so (no "one set" so) nose (not).', gate: "f", unit: 9, value: 0, first: 12, last: 12, look: 19 };
const PRESETS = {
  "Forget the bracket": {},
  "Forget the quotation": { unit: 10, look: 15 },
  "Forget everything": { unit: -1, look: 15 },
  "Miss the bracket": { gate: "i", first: 4, last: 4 },
  "Never let it go": { value: 1, first: 4, last: 20, look: 31 },
  "Keep it silent": { gate: "o", first: 12, last: 14 },
};
const MOST = 36, NAMES = { i: "input gate", f: "forget gate", o: "output gate" };
const VIEWS = [["c", "cells, tanh c"], ["d", "change of tanh c"], ["h", "states h"], ["i", NAMES.i], ["f", NAMES.f], ["o", NAMES.o]];

/* The share that a reading gives to symbols which the marks forbid, after each step,
   its mean, and the mean loss of the symbols that do come, in nats. */
function judge({ text, hold }) {
  const said = net.read({ text, hold }), ids = [...text].map((c) => net.SYMBOLS.indexOf(c));
  const forbidden = net.marks({ text }).map(({ allowed }, t) =>
    said[t].p.reduce((sum, p, k) => sum + (allowed[k] ? 0 : p), 0));
  const loss = said.slice(0, -1).reduce((sum, { p }, t) => sum - Math.log(p[ids[t + 1]]), 0) / Math.max(1, ids.length - 1);
  return { said, forbidden, loss, mean: forbidden.reduce((a, b) => a + b, 0) / Math.max(1, forbidden.length) };
}

function draw(F, root, params) {
  const { num, rich } = F;
  const initial = () => ({ ...START, text: net.clean(params.text ?? START.text, MOST) });
  let now = initial(), on = true, view = "c", free, cut;
  const H = net.read({ text: "s" })[0].c.length;

  F.add(root, "row", ...Object.entries(PRESETS).map(([name, preset]) => F.button(name, () => change({ ...START, ...preset }, true))));
  const id = F.id();
  const box = F.el("input", {
    id, type: "text", class: "rnn-button", value: now.text, size: MOST, maxlength: MOST,
    spellcheck: "false", autocomplete: "off", autocapitalize: "off", style: "max-width:100%;font-family:monospace",
    input: () => change({ text: net.clean(box.value, MOST) }),
  });
  F.add(root, "row", F.el("label", { for: id }, "Text"), box);
  F.keep("text", () => now.text, (v) => change({ text: net.clean(v, MOST) }));
  const pick = {
    gate: F.choice("Hold the", Object.entries(NAMES), now.gate, (gate) => change({ gate }, true)),
    unit: F.choice("of", [[-1, "all units"], ...Array.from({ length: H }, (_, k) => [k, `unit ${k}`])], now.unit, (v) => change({ unit: Number(v) }, true)),
    value: F.choice("", [[0, "shut"], [1, "open"]], now.value, (v) => change({ value: Number(v) }, true)),
  };
  pick.value.input.setAttribute("aria-label", "shut or open");
  const held = F.check("held", on, (v) => change({}, v));
  F.add(root, "row", pick.gate.el, pick.unit.el, pick.value.el, held.el);
  const shows = F.choice("Show", VIEWS, view, (v) => change((view = v, {})));
  const redraw = F.stage(root, "A row for each unit, a column for each symbol read; below, what the network says next", paint);
  const panel = F.panel(root);
  const knob = (name, label, role) => F.slider({ label, min: 1, max: MOST, step: 1, value: now[name], role, on: (v) => change({ [name]: v }) });
  const knobs = { first: knob("first", "from step", "gate"), last: knob("last", "to step", "gate"), look: knob("look", "look after step", "output") };
  F.add(root, "controls", ...Object.values(knobs).map((k) => k.el));
  F.add(root, "row", shows.el, F.button("Reset", () => { view = shows.input.value = "c"; change(initial(), true); }));
  F.hint(root, "Drag over the squares to hold the gate of that unit for those steps; tap a letter to look there; the sliders do the same. Squares are coloured above 0 and grey below, fainter near 0.");
  const say = F.live(root);

  const ROW = 13, TOP = 26, LEFT = 22;
  let wide = 1, drag = null;
  const place = (event) => {
    const at = redraw.svg.getBoundingClientRect();
    const step = Math.floor((event.clientX - at.left - LEFT) / wide) + 1;
    return [Math.max(1, Math.min(now.text.length, step)), Math.floor((event.clientY - at.top - TOP) / ROW)];
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    const [step, row] = place(event);
    if (row >= H || !now.text) return;
    if (row < 0) return change({ look: step });
    redraw.svg.setPointerCapture(event.pointerId);
    drag = step;
    change({ unit: row, first: step, last: step }, true);
  });
  redraw.svg.addEventListener("pointermove", (event) => {
    if (drag === null) return;
    const [step] = place(event);
    change({ first: Math.min(drag, step), last: Math.max(drag, step) });
  });
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (drag = null));
  redraw.svg.style.touchAction = "pan-y";

  const shown = (c) => (c === " " ? "␣" : c);
  function paint(pen, width) {
    const n = now.text.length;
    wide = Math.min(22, (width - LEFT - 2) / Math.max(n, 1));
    const cell = ({ said }, t, k) => Math.tanh(said[t].c[k]);
    const value = (t, k) => view === "d" ? cell(cut, t, k) - cell(free, t, k) : view === "c" ? cell(cut, t, k) : cut.said[t][view][k];
    const role = { c: "state", h: "state", d: "output" }[view] || "gate";
    for (let k = 0; k < H; k++) pen.text(`k${k}`, LEFT - 5, TOP + k * ROW + 11, String(k), { class: "mute end", style: "font-size:12px" });
    for (let t = 0; t < n; t++) {
      const x = LEFT + t * wide;
      if (t + 1 === now.look) pen.rect("look", x, 2, wide, 20, { class: "none s-output", thick: 2 });
      pen.text(`c${t}`, x + wide / 2, 17, shown(now.text[t]), { class: "f-input small", "font-family": "monospace" });
      for (let k = 0; k < H; k++) {
        const v = value(t, k);
        pen.rect(`u${t}_${k}`, x, TOP + k * ROW, wide - 0.5, ROW - 1, { class: v < 0 ? "f-neutral" : `f-${role}`, tint: 0.03 + 0.97 * Math.min(1, Math.abs(v)) });
      }
    }
    const bottom = TOP + H * ROW;
    if (on && n) {
      const all = now.unit < 0, first = Math.min(now.first, n), last = Math.min(now.last, n);
      pen.rect("hold", LEFT + (first - 1) * wide - 1, TOP + (all ? 0 : now.unit * ROW) - 1, (last - first + 1) * wide + 1.5,
        (all ? H : 1) * ROW + 1, { class: "none s-gradient", thick: 2.5 });
    }
    // below: the share of what is forbidden, then the chances at the place looked at
    const high = 44, y = bottom + 26 + high;
    pen.text("ft", LEFT, bottom + 18, "forbidden share, full height 30 %", { class: "mute start" });
    pen.line("f0", LEFT, y, LEFT + n * wide, y, { class: "s-neutral", thick: 1 });
    for (let t = 0; t < n; t++) {
      const x = LEFT + t * wide, tall = (share) => high * Math.min(1, share / 0.3);
      const [now, then] = [cut, free].map(({ forbidden }) => tall(forbidden[t]));
      pen.rect(`f${t}`, x + 1, y - now, wide - 2, now, { class: "f-gradient" });
      if (then > 3) pen.line(`g${t}`, x, y - then, x + wide, y - then, { class: "s-neutral", thick: 2 });
    }
    if (!n) return y + 10;
    const base = y + 116, each = Math.min(56, (width - LEFT) / net.SYMBOLS.length), t = now.look - 1;
    const { allowed } = net.marks(now)[t];
    pen.text("pt", LEFT, y + 24, `next, after step ${now.look} (line: untouched)`, { class: "mute start" });
    [...net.SYMBOLS].forEach((c, k) => {
      const x = LEFT + k * each, p = cut.said[t].p[k], q = free.said[t].p[k];
      pen.rect(`p${k}`, x + 4, base - 76 * p, each - 8, Math.max(0.5, 76 * p), { class: allowed[k] ? "f-output" : "f-gradient" });
      pen.line(`q${k}`, x + 1, base - 76 * q, x + each - 1, base - 76 * q, { class: "s-neutral", thick: 2 });
      pen.text(`s${k}`, x + each / 2, base + 18, shown(c), { class: allowed[k] ? "f-input" : "mute", "font-family": "monospace" });
    });
    return base + 26;
  }

  const percent = (v) => (v < 0.0005 ? "under 0.1 %" : `${num(100 * v, 1)} %`);
  /* The two symbols whose chances moved most. */
  const moved = (p, q) => [...net.SYMBOLS].map((c, k) => [Math.abs(p[k] - q[k]), c, k]).sort((a, b) => b[0] - a[0]).slice(0, 2)
    .map(([, c, k]) => `${shown(c)} from ${num(p[k])} to [output:${num(q[k])}]`).join(", ");
  function change(more, hold) {
    now = { ...now, ...more };
    if (hold !== undefined) on = hold;
    const n = Math.max(1, now.text.length);
    now.first = Math.min(now.first, n);
    now.last = Math.max(now.first, Math.min(now.last, n));
    now.look = Math.min(now.look, n);
    if (box.value !== now.text && more.text !== undefined) box.value = now.text;
    for (const name of Object.keys(pick)) pick[name].input.value = now[name];
    held.input.checked = on;
    for (const name of Object.keys(knobs)) {
      knobs[name].range(1, n);
      knobs[name].set(now[name]);
    }
    free = judge({ text: now.text });
    cut = on ? judge({ text: now.text, hold: now }) : free;
    const lines = [];
    if (!now.text) lines.push("Type a text of brackets, quotation marks, full stops, spaces and the letters e, n, o, s, t.");
    else {
      const t = now.look - 1, who = now.unit < 0 ? "all units" : `unit ${now.unit}`;
      const steps = now.first === now.last ? `step ${now.first}` : `steps ${now.first} to ${now.last}`;
      lines.push(on ? `[gate:${NAMES[now.gate]} of ${who}] held [gradient:${now.value ? "open" : "shut"}], ${steps}.` : "Nothing is held.");
      lines.push(`After step ${now.look}, ${now.text.slice(Math.max(0, t - 11), t + 1)}: next comes ${moved(free.said[t].p, cut.said[t].p)}; what the marks forbid from ${percent(free.forbidden[t])} to [gradient:${percent(cut.forbidden[t])}].`);
      lines.push(`Whole text: loss ${num(free.loss, 3)} nats a symbol, now [gradient:${num(cut.loss, 3)}]; forbidden on average ${percent(free.mean)}, now [gradient:${percent(cut.mean)}].`);
    }
    panel.innerHTML = lines.map((line) => `<p>${rich(line)}</p>`).join("");
    say(lines.join(" "));
    redraw();
  }
  change({}, true);
}

if (typeof module !== "undefined") module.exports = { judge, ...net, START, PRESETS };
else (window.rnnFigures = window.rnnFigures || {})["gate-surgery"] = draw;
})();
