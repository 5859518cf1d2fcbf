/* Hidden-state matching: mark a span of a text, and find where else the cells of a
   trained LSTM look like it. After the idea of LSTMVis (Strobelt and others, 2018). */
// needs networks/brackets
(function () {
"use strict";

const net = typeof module !== "undefined" ? require("./networks/brackets.js") : window.rnnNetworks.brackets;
const TEXT = "\"no not so\" \"not\". nose. so one. \"stone\". \"nose set\". \"one not no stone\" no tone. tone set. no one. \"stone not\" \"not stone nose\" (no stone not set (not \"no tone so\" not \"nose set one set tone nose nose set\")) (stone tone set). (nose no \"not not nose\" nose). so \"nose\" one. no not. (stone) no no. tone. (stone nose tone set so) ((\"so so\" \"one so so no not tone tone nose not nose nose stone\")) one set \"stone set\". nose set. not. nose nose. (one stone) stone \"not\" tone \"nose one\" (nose set set one not (\"so set so\" \"one tone\")) nose stone nose \"so\". nose. nose stone \"nose\". so. \"set nose no\".";
const START = { first: 180, length: 6, theta: 0.5, compare: "marked" };
const MOST = 16, FOUND = 8;

let read;
/* tanh c after each symbol: between -1 and 1, whatever a cell counts. */
const cells = () => (read = read || net.read({ text: TEXT }).map(({ c }) => c.map(Math.tanh)));

/* The units on (1) or off (-1) in all of the span: beyond theta, with one sign. */
function pattern({ first, length, theta }) {
  const span = cells().slice(first - 1, first - 1 + length);
  return span[0].map((_, k) =>
    span.every((row) => row[k] > theta) ? 1 : span.every((row) => row[k] < -theta) ? -1 : 0);
}

/* The spans of the same length whose cells are nearest, none overlapping another or the
   marked one: root of the mean squared difference over steps and the units compared. */
function match({ first, length, theta, compare, n = FOUND }) {
  const all = cells(), marked = pattern({ first, length, theta });
  const units = marked.map((_, k) => k).filter((k) =>
    compare === "all" ? true : compare === "marked" ? marked[k] : k === Number(compare));
  if (!units.length) return { units, found: [] };
  const far = [];
  for (let at = 1; at + length - 1 <= all.length; at++) {
    if (Math.abs(at - first) < length) continue;
    let sum = 0;
    for (let j = 0; j < length; j++) for (const k of units) sum += (all[at - 1 + j][k] - all[first - 1 + j][k]) ** 2;
    far.push({ at, distance: Math.sqrt(sum / (length * units.length)) });
  }
  far.sort((a, b) => a.distance - b.distance || a.at - b.at);
  const found = [];
  for (const one of far) {
    if (found.length === n) break;
    if (found.every(({ at }) => Math.abs(at - one.at) >= length)) found.push(one);
  }
  return { units, found };
}

function draw(F, root, params) {
  const { num, rich, el } = F;
  const N = TEXT.length, opened = net.marks({ text: TEXT }), H = cells()[0].length;
  const initial = () => ({ ...START, first: Math.round(F.clamp(params.first, START.first, 1, N - START.length + 1)) });
  let now = initial(), made;

  const compare = F.choice("Compare", [["marked", "units on or off in the span"], ["all", "all units"],
    ...Array.from({ length: H }, (_, k) => [k, `unit ${k} alone`])], now.compare, (v) => change({ compare: v }));
  F.add(root, "row", compare.el, F.button("Reset", () => change(initial())));
  const redraw = F.stage(root, "The text; the marked span and its matches are framed", paint);
  const knobs = {
    first: F.slider({ label: "span from", min: 1, max: N, step: 1, value: now.first, role: "gradient", on: (first) => change({ first }) }),
    length: F.slider({ label: "length", min: 1, max: MOST, step: 1, value: now.length, role: "gradient", on: (length) => change({ length }) }),
    theta: F.slider({ label: "on beyond", min: 0, max: 0.95, step: 0.05, value: now.theta, role: "state", on: (theta) => change({ theta }) }),
  };
  F.add(root, "controls", ...Object.values(knobs).map((k) => k.el));
  const panel = F.panel(root);
  const rows = el("tbody");
  const head = el("tr", {}, ...["Distance", "Place", "Around it", "Open there"].map((name) => el("th", { scope: "col" }, name)));
  const table = el("div", { class: "rnn-scroll", tabindex: 0, role: "region", "aria-label": "Matches" },
    el("table", {}, el("thead", {}, head), rows));
  root.append(table);
  F.hint(root, "Drag over the text to mark a span. Text stands in its colour where a quotation is open.");
  const say = F.live(root);

  const LINE = 24;
  let wide = 10, cols = 40, drag = null;
  const place = (event) => {
    const at = redraw.svg.getBoundingClientRect();
    const col = Math.max(0, Math.min(cols - 1, Math.floor((event.clientX - at.left) / wide)));
    return Math.max(1, Math.min(N, Math.floor((event.clientY - at.top) / LINE) * cols + col + 1));
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    drag = place(event);
    if (event.pointerType === "mouse") redraw.svg.setPointerCapture(event.pointerId);
    change({ first: drag });
  });
  redraw.svg.addEventListener("pointermove", (event) => {
    if (drag === null) return;
    const to = place(event), first = Math.min(drag, to);
    change({ first, length: Math.min(MOST, Math.abs(to - drag) + 1) });
  });
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (drag = null));
  redraw.svg.style.touchAction = "pan-y";

  function paint(pen, width) {
    cols = Math.max(20, Math.floor(width / 12));
    wide = width / cols;
    /* A span may run over the end of a line: a box on each. */
    const frame = (key, at, role, width) => {
      for (let t = at - 1, part = 0; t < at - 1 + now.length; part++) {
        const row = Math.floor(t / cols), end = Math.min(at - 1 + now.length, (row + 1) * cols);
        pen.rect(`${key}_${part}`, (t % cols) * wide + 1, row * LINE + 1, (end - t) * wide - 2, LINE - 3,
          { class: role === "gradient" ? "f-gradient s-gradient" : "f-state s-state", tint: 0.2, thick: width, rx: 3 });
        t = end;
      }
    };
    made.found.forEach(({ at }, k) => frame(`m${k}`, at, "state", 2));
    frame("mark", now.first, "gradient", 3);
    [...TEXT].forEach((c, t) => pen.text(`t${t}`, ((t % cols) + 0.5) * wide, Math.floor(t / cols) * LINE + 16, c === " " ? "·" : c,
      { class: opened[t].quoted ? "f-input" : "", "font-family": "monospace" }));
    return Math.ceil(N / cols) * LINE;
  }

  const open = (t) => `${opened[t].quoted ? "quotation" : "no quotation"}, ${opened[t].depth} bracket${opened[t].depth === 1 ? "" : "s"}`;
  function change(more) {
    now = { ...now, ...more };
    now.length = Math.min(MOST, Math.max(1, now.length));
    now.first = Math.max(1, Math.min(now.first, N - now.length + 1));
    compare.input.value = now.compare;
    for (const name of Object.keys(knobs)) knobs[name].set(now[name]);
    const signs = pattern(now), units = (sign) => signs.flatMap((s, k) => (s === sign ? [k] : [])).join(", ") || "none";
    made = match(now);
    const end = now.first + now.length - 2, here = opened[end];
    const like = (at) => opened[at + now.length - 2].quoted === here.quoted && opened[at + now.length - 2].depth === here.depth;
    const base = opened.filter((o) => o.quoted === here.quoted && o.depth === here.depth).length / N;
    const mark = TEXT.slice(now.first - 1, end + 1).replace(/ /g, "·");
    const lines = [
      `Marked: [gradient:${mark}], places ${now.first} to ${end + 1}; at its end: ${open(end)}. [state:On all along: units ${units(1)}; off: units ${units(-1)}.]`,
      made.found.length
        ? `${made.found.filter(({ at }) => like(at)).length} of the ${made.found.length} nearest spans end with the same marks open; of all places ${num(100 * base, 0)} % have them.`
        : "No unit is on or off in all of the span: mark a shorter one, or lower the threshold.",
    ];
    panel.innerHTML = lines.map((line) => `<p>${rich(line)}</p>`).join("");
    rows.replaceChildren(...made.found.map(({ at, distance }) => {
      const piece = (a, b) => TEXT.slice(Math.max(0, a), b);
      return el("tr", {}, el("td", {}, num(distance, 3)), el("td", {}, String(at)),
        el("td", {}, el("code", {}, `…${piece(at - 11, at - 1)}`, el("mark", { style: "background:none;color:inherit;font-weight:700;text-decoration:underline" }, piece(at - 1, at - 1 + now.length)), `${piece(at - 1 + now.length, at + now.length + 5)}…`)),
        el("td", {}, open(at + now.length - 2)));
    }));
    say(lines.join(" "));
    redraw();
  }
  change({});
}

if (typeof module !== "undefined") module.exports = { cells, pattern, match, TEXT, START };
else (window.rnnFigures = window.rnnFigures || {})["state-matching"] = draw;
})();
