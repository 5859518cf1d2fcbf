/* Gradient descent over two measured surfaces: a learning rate to be moved across the
   bound 2/λmax (2.2), the walk it gives, and the factors (2.11) that explain it. */
(function () {
"use strict";

/* The squared error of a forecast of electricity from the values 7 and 14 days before:
   ½ w H w − c w + k, from the 4,369 days of the series, standardised. */
const BOWL = { h11: 1.0007, h12: 0.848, h22: 0.9997, c1: 0.8461, c2: 0.7746, k: 0.5 };

/* The 357 digits of scikit-learn that are a three or an eight: how much ink, how much
   of it on the left, both standardised, in tenths; and whether it is a three. */
const INK = `
  -14 11 1 -16 -9 -2 -6 6 -10 -8 -12 -12 2 3 10 -14 -1 3 10 9 -17 -1 -12 8 -15 -11 -17 19 8 19 -17 -4 21
  -13 -5 10 -1 -11 -12 -15 -2 -5 1 -5 14 -2 -11 3 14 5 10 10 -11 0 8 -7 -17 -7 2 8 10 13 11 -2 6 4 14 4 4
  -4 19 -4 -16 14 -3 10 0 -14 0 2 6 -5 -1 7 24 -1 6 12 5 2 -5 -5 -5 0 -1 -3 -13 3 -1 18 7 21 25 2 -11 -10
  -9 5 -17 1 -1 3 -14 -12 -7 -12 15 -17 1 -5 -16 -12 -1 -7 -7 -5 -9 -12 0 -3 8 1 5 1 8 -2 9 6 -16 -1 4 8
  -3 7 10 8 -9 -17 10 -14 12 5 21 -7 3 10 -18 6 -5 -11 -11 5 4 2 -3 -4 -7 8 4 6 16 -14 -13 -9 -1 -14 -9 25
  26 16 16 0 -17 12 -14 3 7 3 6 0 7 1 -16 -12 -14 11 17 13 -17 5 4 -14 7 10 0 6 -16 3 -14 -3 -5 4 8 19 -9
  -14 8 6 7 11 -4 -8 -13 -17 -6 -15 13 -8 -6 10 -6 3 8 -9 6 -1 -16 14 -17 -6 -3 -13 -7 -15 -13 8 -10 3 -12
  7 -17 -15 8 10 9 12 10 4 2 11 -9 14 10 11 14 6 7 12 -3 3 15 10 12 0 -12 -1 -8 7 7 1 6 7 -7 -13 1 8 8 -7
  1 6 6 -12 -10 14 -10 8 -1 -7 -16 5 -2 4 -12 -14 3 6 3 3 -3 -8 -14 -7 -1 -3 1 -7 -1 14 0 -17 -10 -5 -2 7
  -9 9 1 0 -12 -18 -11 -7 2 2 4 12 15 15 -3 -6 -4 10 2 4 0 8 3 -12 7 8 6 -6 17 12 3 16 21`;
const LEFT = `
  -1 6 -12 12 -14 10 21 9 -15 4 -8 -17 -16 -7 17 -15 -18 -7 22 -13 6 8 6 4 21 21 -10 10 -14 8 -17 10 10 9
  -12 6 -16 -8 -15 -11 17 -12 -13 -12 -1 -13 -19 6 4 4 -4 10 -1 2 -4 10 -4 10 4 5 -8 2 3 -11 -6 -2 3 -5
  -10 3 11 8 -11 5 5 2 8 -8 -8 1 6 10 -8 4 4 6 0 -7 -3 1 -1 3 0 4 3 1 5 7 5 3 8 6 3 3 -12 -6 -5 5 -2 3 0
  -2 -16 -3 -9 -13 -9 -11 -4 -11 -9 -6 -3 -10 -7 2 -12 -6 -6 -2 -11 6 -9 14 -5 4 12 9 -17 8 -13 -10 -15 -7
  4 -12 -13 2 12 1 -4 11 3 22 9 13 8 16 -2 -9 -7 7 1 -6 -4 -8 -1 2 -17 -16 3 -15 -4 -10 7 -2 -6 -7 -7 8 -1
  12 -11 6 -1 8 -1 11 7 1 5 6 -6 -2 -16 -3 2 -11 -10 -8 3 -2 -4 10 -3 6 -8 6 -8 10 -10 15 16 4 -8 14 -9
  -11 -8 -7 8 -4 -7 -2 10 -8 -2 10 9 3 17 14 -8 11 -16 25 -14 18 19 16 4 21 -15 -11 -11 -17 17 -9 -17 -6
  16 -17 -8 17 20 10 11 13 -7 12 -15 18 2 13 6 8 -10 14 -5 -10 -10 -11 9 -6 -3 -6 10 -9 -8 7 16 20 15 -1 1
  -3 -1 1 1 2 -1 -9 -16 1 -9 -1 -7 -7 -4 -6 -5 -4 -10 -1 -7 -4 2 -6 4 -17 12 -16 -7 30 12 4 -2 16 7 7 -4
  -1 -4 -7 -18 -2 7 -11 -11 15 4 3 9 -1 21 9 11 9 23 -3 8 -6 -2 -3 -3 12 -10 -18 -8 11 6 -9 14 17 3 8 12`;
const THREE = `
  10101000101111011101100000101010001011110111011000001010100010111101110110000110101000101111011101100000
  10101000101111011101100000101010001011110111011000001010100010111101110110000010101000101111011101100010
  10100010111101110110000010101000101111011101100000101010001011110111011000010101000101111011101100000101
  100010111101110110010101000101111011101100000`;

const numbers = (text) => text.trim().split(/\s+/).map((v) => Number(v) / 10);
const INKS = numbers(INK), LEFTS = numbers(LEFT), THREES = THREE.replace(/\s/g, "").split("").map(Number);

/* Where each surface is looked at: its middle and how far the picture reaches, the
   start of the walk, and the slider of the learning rate. */
const SURFACES = {
  bowl: { middle: [0.5, 0.4], reach: 1.9, w1: -0.9, w2: 0.6, lr: 0.9, most: 1.3, step: 0.01 },
  neuron: { middle: [-1, -2], reach: 5, w1: 2, w2: 1.5, lr: 8, most: 40, step: 0.5 },
};
const START = { surface: "bowl", steps: 12 };

/* Loss, slopes and Hessian of a surface at one place. */
function measure({ surface, w1, w2 }) {
  if (surface === "bowl") {
    const { h11, h12, h22, c1, c2, k } = BOWL;
    return {
      loss: 0.5 * (h11 * w1 * w1 + 2 * h12 * w1 * w2 + h22 * w2 * w2) - c1 * w1 - c2 * w2 + k,
      dw1: h11 * w1 + h12 * w2 - c1, // (2.10)
      dw2: h12 * w1 + h22 * w2 - c2,
      h11, h12, h22,
    };
  }
  const n = INKS.length;
  let loss = 0, dw1 = 0, dw2 = 0, h11 = 0, h12 = 0, h22 = 0;
  for (let i = 0; i < n; i++) {
    const x1 = INKS[i], x2 = LEFTS[i], y = THREES[i];
    const z = x1 * w1 + x2 * w2, p = 0.5 + 0.5 * Math.tanh(z / 2);
    loss += (Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)))) / n;
    dw1 += ((p - y) * x1) / n;
    dw2 += ((p - y) * x2) / n;
    const s = (p * (1 - p)) / n; // (2.13)
    h11 += s * x1 * x1;
    h12 += s * x1 * x2;
    h22 += s * x2 * x2;
  }
  return { loss, dw1, dw2, h11, h12, h22 };
}

/* The two eigenvalues of a symmetric 2 × 2 matrix, the larger one first. */
function eigenvalues({ h11, h12, h22 }) {
  const half = (h11 + h22) / 2, root = Math.hypot((h11 - h22) / 2, h12);
  return [half + root, half - root];
}

/* The bottom of a surface, by Newton's method from a place near it. */
function bottom({ surface }) {
  let w1 = surface === "bowl" ? 0 : -0.6, w2 = surface === "bowl" ? 0 : -2.5;
  for (let k = 0; k < 8; k++) {
    const m = measure({ surface, w1, w2 });
    const det = m.h11 * m.h22 - m.h12 * m.h12;
    w1 -= (m.h22 * m.dw1 - m.h12 * m.dw2) / det;
    w2 -= (m.h11 * m.dw2 - m.h12 * m.dw1) / det;
  }
  const m = measure({ surface, w1, w2 });
  const [most, least] = eigenvalues(m);
  return { w1, w2, loss: m.loss, most, least, bound: 2 / most, best: 2 / (most + least) };
}

/* The walk (2.1): all places, the start included, and the loss at each. */
function walk({ surface, lr, steps, w1, w2 }) {
  const path = [[w1, w2]], losses = [measure({ surface, w1, w2 }).loss];
  for (let k = 0; k < steps; k++) {
    const m = measure({ surface, w1, w2 });
    w1 -= lr * m.dw1;
    w2 -= lr * m.dw2;
    path.push([w1, w2]);
    losses.push(measure({ surface, w1, w2 }).loss);
  }
  return { path, losses };
}

const CELLS = 28;

function draw(F, root, params) {
  const { num } = F;
  const bottoms = {}, shades = {};
  for (const surface of Object.keys(SURFACES)) bottoms[surface] = bottom({ surface });
  const initial = (surface) => {
    const { w1, w2, lr } = SURFACES[surface];
    return { surface, w1, w2, lr, steps: START.steps };
  };
  let now = initial(params.surface in SURFACES ? params.surface : START.surface);

  const near = (share) => () => set({ lr: share * bottoms[now.surface].bound });
  const pick = F.choice("Surface", [["bowl", "forecast of electricity"], ["neuron", "neuron for 3 or 8"]], now.surface, (v) => set(initial(v)));
  F.add(root, "row", pick.el,
    F.button("1 % below the bound", near(0.99)), F.button("1 % above", near(1.01)),
    F.button("Best rate", () => set({ lr: bottoms[now.surface].best })),
    F.button("Reset", () => set(initial(now.surface))));
  const redraw = F.stage(root, "Path over the surface, the factors, and the height above the bottom", paint);
  const knobs = {
    lr: F.slider({ label: "learning rate η", min: 0, max: 1.3, step: 0.01, value: now.lr, role: "gradient", on: (v) => set({ lr: v }) }),
    steps: F.slider({ label: "steps", min: 0, max: 60, step: 1, value: now.steps, role: "state", on: (v) => set({ steps: v }) }),
    w1: F.slider({ label: "start, first weight", min: -2, max: 2, step: 0.1, value: now.w1, on: (v) => set({ w1: v }) }),
    w2: F.slider({ label: "start, second weight", min: -2, max: 2, step: 0.1, value: now.w2, on: (v) => set({ w2: v }) }),
  };
  F.add(root, "controls", ...Object.values(knobs).map((k) => k.el));
  const panel = F.panel(root);
  F.hint(root, "Drag the start over the surface, and the rate over the picture of the factors. The sliders do the same by keyboard.");
  const say = F.live(root);

  const place = {}; // where things were drawn, for the hand
  let held = null;
  const move = (event) => {
    const box = redraw.svg.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const inside = (a) => x >= a.x && x <= a.x + a.width && y >= a.y && y <= a.y + a.height;
    if (event.type === "pointerdown") held = ["surface", "factors"].find((name) => inside(place[name])) || null;
    if (held === "surface") set({ w1: place.surface.w1(x), w2: place.surface.w2(y) });
    if (held === "factors") set({ lr: place.factors.lr(x) });
    return held;
  };
  redraw.svg.addEventListener("pointerdown", (event) => move(event) && redraw.svg.setPointerCapture(event.pointerId));
  redraw.svg.addEventListener("pointermove", (event) => held && move(event));
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (held = null));
  redraw.svg.style.touchAction = "pan-y";

  function set(change) {
    const next = { ...now, ...change };
    const s = SURFACES[next.surface];
    const fit = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
    const side = (v, k) => fit(v, s.middle[k] - s.reach, s.middle[k] + s.reach);
    now = { ...next, lr: fit(next.lr, 0, s.most), w1: side(next.w1, 0), w2: side(next.w2, 1) };
    update();
  }

  function paint(pen, width) {
    const s = SURFACES[now.surface], b = bottoms[now.surface];
    const { path, losses } = walk(now);
    const stacked = width < 560;
    const size = Math.min(340, stacked ? width - 40 : (width - 110) / 2);
    const left = { x: 30, y: 24, width: size, height: size };
    const column = stacked ? { x: 38, width: width - 54 } : { x: size + 94, width: width - size - 108 };
    const top = { ...column, y: stacked ? size + 84 : 24, height: stacked ? 120 : (size - 70) / 2 };
    const low = { ...column, y: top.y + top.height + 70, height: top.height };

    // the surface in bands, and the walk over it
    const X = (w) => left.x + ((w - s.middle[0] + s.reach) / (2 * s.reach)) * size;
    const Y = (w) => left.y + ((s.middle[1] + s.reach - w) / (2 * s.reach)) * size;
    place.surface = {
      ...left,
      w1: (x) => s.middle[0] - s.reach + ((x - left.x) / size) * 2 * s.reach,
      w2: (y) => s.middle[1] + s.reach - ((y - left.y) / size) * 2 * s.reach,
    };
    if (!shades[now.surface]) {
      const cell = (2 * s.reach) / CELLS;
      const at = (k, i) => s.middle[k] - s.reach + (i + 0.5) * cell;
      const heights = Array.from({ length: CELLS * CELLS }, (_, m) =>
        measure({ surface: now.surface, w1: at(0, m % CELLS), w2: at(1, Math.floor(m / CELLS)) }).loss - b.loss);
      const most = Math.max(...heights);
      shades[now.surface] = heights.map((v) => 0.06 + 0.06 * Math.floor(10 * Math.sqrt(v / most)));
    }
    const edge = (k) => Math.round((k * size) / CELLS);
    shades[now.surface].forEach((shade, m) => {
      const i = m % CELLS, j = CELLS - 1 - Math.floor(m / CELLS);
      pen.rect(`s${m}`, left.x + edge(i), left.y + edge(j), edge(i + 1) - edge(i), edge(j + 1) - edge(j), {
        class: "f-neutral", tint: shade, "shape-rendering": "crispEdges",
      });
    });
    pen.text("tl", left.x + size / 2, 14, "the walk over the surface", { class: "small" });
    pen.text("xl", left.x + size / 2, left.y + size + 18, "w[1]", { class: "mute" });
    pen.text("yl", left.x - 15, left.y + size / 2, "w[2]", { class: "mute" });
    pen.group("clip", { id: "rnn-rate-clip" }, () => pen.rect("clipr", left.x, left.y, size, size), "clipPath");
    const hold = (v) => Math.min(1e4, Math.max(-1e4, v));
    const points = path.map(([u, v]) => [hold(X(u)), hold(Y(v))]);
    pen.group("walk", { "clip-path": "url(#rnn-rate-clip)" }, () => {
      pen.path("line", "M" + points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L"), { class: "s-state", thick: 2 });
      points.forEach(([x, y], k) => pen.draw("circle", `d${k}`, { cx: x, cy: y, r: k ? 3 : 7, class: "f-state" }));
      pen.path("end", `M${X(b.w1) - 6},${Y(b.w2)}h12M${X(b.w1)},${Y(b.w2) - 6}v12`, { class: "s-gradient", thick: 3 });
    });

    // the factors over the rate, with the bound
    const tall = 1.6;
    const ex = (v) => top.x + (v / s.most) * top.width;
    const fy = (v) => top.y + top.height * (1 - Math.min(v, tall) / tall);
    place.factors = { ...top, lr: (x) => Math.round((((x - top.x) / top.width) * s.most) / s.step) * s.step };
    pen.text("tt", top.x + top.width / 2, top.y - 10, "factors |1 − ηλ| over η", { class: "small" });
    frame("tf", pen, top);
    pen.line("one", top.x, fy(1), top.x + top.width, fy(1), { class: "s-neutral", dash: "3 4" });
    pen.text("onet", top.x - 8, fy(1) + 4, "1", { class: "mute" });
    pen.text("zerot", top.x - 8, fy(0) + 4, "0", { class: "mute" });
    [["most", "output", null], ["least", "input", "6 4"]].forEach(([which, role, dash]) => {
      const points = [0, 1 / b[which], s.most].filter((v) => v <= s.most).map((v) => `${ex(v)},${fy(Math.abs(1 - v * b[which]))}`);
      pen.path(which, "M" + points.join("L"), { class: `s-${role}`, thick: 2, dash });
    });
    pen.line("bound", ex(b.bound), top.y, ex(b.bound), top.y + top.height, { class: "s-gradient", thick: 2, dash: "7 4" });
    pen.text("boundt", ex(b.bound), top.y + top.height + 16, `bound ${num(b.bound, 2)}`, { class: "mute" });
    pen.line("here", ex(now.lr), top.y, ex(now.lr), top.y + top.height, { class: "s-state", thick: 3 });
    for (const which of ["most", "least"])
      pen.draw("circle", `on-${which}`, { cx: ex(now.lr), cy: fy(Math.abs(1 - now.lr * b[which])), r: 5, class: `f-${which === "most" ? "output" : "input"}` });

    // the height above the bottom, on a scale of powers of ten
    const [from, to] = [-6, 4];
    const hx = (k) => low.x + (k / Math.max(1, now.steps)) * low.width;
    const hy = (v) => low.y + low.height * (1 - (Math.min(to, Math.max(from, Math.log10(Math.max(v, 1e-12)))) - from) / (to - from));
    pen.text("lt", low.x + low.width / 2, low.y - 10, "height above the bottom", { class: "small" });
    frame("lf", pen, low);
    for (const [power, name] of [[-6, "10⁻⁶"], [0, "1"], [4, "10⁴"]]) {
      pen.line(`h${power}`, low.x, hy(10 ** power), low.x + low.width, hy(10 ** power), { class: "s-neutral", dash: "3 4", "stroke-opacity": 0.6 });
      pen.text(`ht${power}`, low.x - 18, hy(10 ** power) + 4, name, { class: "mute" });
    }
    pen.path("heights", "M" + losses.map((v, k) => `${hx(k).toFixed(1)},${hy(v - b.loss).toFixed(1)}`).join("L"), { class: "s-state", thick: 2 });
    pen.text("lx", low.x + low.width / 2, low.y + low.height + 18, `step 0 to ${now.steps}`, { class: "mute" });
    return low.y + low.height + 28;
  }

  function frame(key, pen, a) {
    pen.path(key, `M${a.x},${a.y}V${a.y + a.height}H${a.x + a.width}`, { class: "s-neutral" });
  }

  function update() {
    const s = SURFACES[now.surface], b = bottoms[now.surface];
    const limits = { lr: [0, s.most, s.step], w1: [s.middle[0] - s.reach, s.middle[0] + s.reach, s.reach / 50], w2: [s.middle[1] - s.reach, s.middle[1] + s.reach, s.reach / 50] };
    for (const [name, [lo, hi, by]] of Object.entries(limits)) {
      knobs[name].range(lo, hi);
      knobs[name].input.step = by;
    }
    for (const name of Object.keys(knobs)) knobs[name].set(now[name]);
    pick.input.value = now.surface;
    const { losses } = walk(now);
    const above = losses[losses.length - 1] - b.loss;
    const height = !(above < 1e6) ? "more than a million" : above < 5e-7 ? "less than 0.000001" : num(above, 6);
    const where = now.surface === "bowl" ? "" : " at the bottom";
    const text =
      `η = ${num(now.lr, 3)}; the bound 2/λ_{max}${where} is [gradient:${num(b.bound, 3)}]. ` +
      `Factors 1 − ηλ: [output:${num(1 - now.lr * b.most, 3)}] for λ = ${num(b.most, 3)} and [input:${num(1 - now.lr * b.least, 3)}] for λ = ${num(b.least, 3)}. ` +
      `After ${now.steps} steps the loss is ${height} above the bottom.`;
    const verdict = now.lr <= b.bound ? "Below the bound: a walk that comes near the bottom settles there."
      : now.surface === "bowl" ? "Above the bound: the walk leaves the bowl, and the farther out the longer its steps."
      : "Above the bound: in the end the walk jumps to and fro across the bottom, the wider the larger the rate. It does not leave, because the surface is flatter far out.";
    panel.innerHTML = `<p>${F.rich(text)}</p><p>${F.rich(verdict)}</p>`;
    say(`${text} ${verdict}`);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { measure, bottom, walk, START, SURFACES, BOWL, INKS, LEFTS, THREES };
else (window.rnnFigures = window.rnnFigures || {})["learning-rate"] = draw;
})();
