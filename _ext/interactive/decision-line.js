/* A line among points of two classes, and the same line as a dot on the surface of
   its loss: drag either, or let the perceptron or gradient descent take a step. */
(function () {
"use strict";

const START = { w1: 0.4, w2: 1.2, b: 0.2 };
const POINTS = [
  [-1.6, -0.4, 0], [-1.1, 0.6, 0], [-0.9, -1.2, 0], [-0.3, -0.5, 0], [0.2, -1.4, 0],
  [0.7, 0.1, 0], [-0.4, 0.9, 1], [0.3, 1.5, 1], [0.8, 0.9, 1], [1.2, -0.3, 1],
  [1.5, 0.7, 1], [1.0, -1.0, 1],
];

/* The neuron (1.1), (1.2), its loss (1.6), accuracy and gradient (1.7). */
function measure({ w1, w2, b, points = POINTS }) {
  const n = points.length;
  const z = points.map(([x1, x2]) => x1 * w1 + x2 * w2 + b);
  const p = z.map((v) => 0.5 + 0.5 * Math.tanh(v / 2));
  let loss = 0, right = 0, dw1 = 0, dw2 = 0, db = 0;
  points.forEach(([x1, x2, y], i) => {
    loss += (Math.max(z[i], 0) - z[i] * y + Math.log1p(Math.exp(-Math.abs(z[i])))) / n;
    right += (z[i] > 0 ? 1 : 0) === y ? 1 : 0;
    const dz = (p[i] - y) / n;
    dw1 += x1 * dz;
    dw2 += x2 * dz;
    db += dz;
  });
  return { z, p, loss, right, accuracy: right / n, dw1, dw2, db };
}

/* The perceptron's update (1.3) for the first wrong point after `from`, in a circle;
   null where no point is wrong. */
function perceptron({ w1, w2, b, from = -1, points = POINTS }) {
  for (let k = 1; k <= points.length; k++) {
    const i = (from + k) % points.length;
    const [x1, x2, y] = points[i];
    const guess = x1 * w1 + x2 * w2 + b > 0 ? 1 : 0;
    if (guess !== y) return { w1: w1 + (y - guess) * x1, w2: w2 + (y - guess) * x2, b: b + y - guess, point: i };
  }
  return null;
}

const MOST = 6; // a weight stays within this
const SPAN = 2.4; // the points stay within this

function draw(F, root, params) {
  const { num } = F;
  const given = (name) => F.clamp(params[name], START[name], -MOST, MOST);
  const initial = () => ({ w1: given("w1"), w2: given("w2"), b: given("b") });
  let net = initial(), last = -1, note = "";

  const rate = 2;
  const step = () => {
    const g = measure(net);
    set({ w1: net.w1 - rate * g.dw1, w2: net.w2 - rate * g.dw2, b: net.b - rate * g.db },
      `One step of gradient descent with learning rate ${rate}.`);
  };
  const learn = () => {
    const next = perceptron({ ...net, from: last });
    if (!next) return set(net, "The perceptron has nothing to do: no point is wrong.");
    last = next.point;
    set(next, `The perceptron saw point ${last + 1}, which was wrong, and ${POINTS[last][2] ? "added it to" : "took it from"} the weights (1.3).`);
  };
  F.add(root, "row", F.button("Gradient step", step), F.button("Perceptron step", learn), F.button("Reset", () => {
    last = -1;
    set(initial(), "");
  }));
  const redraw = F.stage(root, "Points with the line, and the surface of the loss", paint);
  const knob = (name, label, role) => F.slider({
    label, min: -MOST, max: MOST, step: 0.1, value: net[name], role,
    on: (v) => set({ ...net, [name]: v }, ""),
  });
  const knobs = { w1: knob("w1", "first weight", "state"), w2: knob("w2", "second weight", "state"), b: knob("b", "bias b", "neutral") };
  F.add(root, "controls", ...Object.values(knobs).map((k) => k.el));
  const panel = F.panel(root);
  F.hint(root, "Drag the line to move it, the tip of its arrow to turn it, or the dot on the surface. The sliders do the same by keyboard.");
  const say = F.live(root);

  const place = {}; // where things were drawn, for the hand
  let held = null;
  const at = (event) => {
    const box = redraw.svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const inside = ([x, y], a) => x >= a.x && x <= a.x + a.size && y >= a.y && y <= a.y + a.size;
  const drag = (event) => {
    const [x, y] = at(event);
    if (held === "surface") {
      const s = place.right;
      set({ ...net, w1: s.value(x - s.x), w2: s.value(s.y + s.size - y) }, "");
      return;
    }
    const a = place.left;
    const u = ((x - a.x) / a.size) * 2 * SPAN - SPAN, v = SPAN - ((y - a.y) / a.size) * 2 * SPAN;
    if (held === "tip") {
      const [fx, fy] = place.foot;
      set({ ...net, w1: u - fx, w2: v - fy }, "");
    } else set({ ...net, b: -(u * net.w1 + v * net.w2) }, "");
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    const [x, y] = at(event);
    if (inside([x, y], place.right)) held = "surface";
    else if (inside([x, y], place.left))
      held = Math.hypot(x - place.tip[0], y - place.tip[1]) < 24 ? "tip" : "line";
    else return;
    redraw.svg.setPointerCapture(event.pointerId);
    drag(event);
  });
  redraw.svg.addEventListener("pointermove", (event) => held && drag(event));
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (held = null));
  redraw.svg.style.touchAction = "pan-y";

  function set(next, text) {
    const fit = (v) => Math.min(MOST, Math.max(-MOST, v));
    net = { w1: fit(next.w1), w2: fit(next.w2), b: fit(next.b) };
    note = text;
    update();
  }

  function paint(pen, width) {
    const now = measure(net);
    const stacked = width < 560;
    const size = Math.min(340, stacked ? width - 40 : (width - 96) / 2);
    const left = (place.left = { x: 28, y: 24, size });
    const right = (place.right = stacked ? { x: 28, y: size + 84, size } : { x: size + 88, y: 24, size });
    right.value = (d) => (d / size) * 2 * MOST - MOST;

    // the points, and the line where z = 0
    const X = (u) => left.x + ((u + SPAN) / (2 * SPAN)) * size;
    const Y = (v) => left.y + ((SPAN - v) / (2 * SPAN)) * size;
    pen.text("tl", left.x + size / 2, 14, "the line among the points", { class: "small" });
    pen.rect("fl", left.x, left.y, size, size, { class: "page s-neutral", thick: 1 });
    const length = Math.hypot(net.w1, net.w2);
    pen.group("clip", { id: "rnn-line-clip" }, () => pen.rect("clipr", left.x, left.y, size, size), "clipPath");
    if (length > 1e-9) {
      const foot = [(-net.b * net.w1) / length ** 2, (-net.b * net.w2) / length ** 2];
      const [dx, dy] = [-net.w2 / length, net.w1 / length];
      pen.line("line", X(foot[0] - 9 * dx), Y(foot[1] - 9 * dy), X(foot[0] + 9 * dx), Y(foot[1] + 9 * dy), {
        class: "s-state", thick: 3, "clip-path": "url(#rnn-line-clip)",
      });
      const hold = (v) => Math.max(-SPAN + 0.1, Math.min(SPAN - 0.1, v));
      place.foot = [hold(foot[0]), hold(foot[1])];
      place.tip = [X(hold(place.foot[0] + net.w1)), Y(hold(place.foot[1] + net.w2))];
      pen.arrow("w", X(place.foot[0]), Y(place.foot[1]), ...place.tip, "state", { width: 2 });
    } else {
      place.foot = [0, 0];
      place.tip = [X(0), Y(0)];
    }
    POINTS.forEach(([x1, x2, y], i) => {
      const wrong = (now.z[i] > 0 ? 1 : 0) !== y;
      if (y) pen.draw("circle", `p${i}`, { cx: X(x1), cy: Y(x2), r: 6.5, class: "f-input" });
      else pen.rect(`p${i}`, X(x1) - 6, Y(x2) - 6, 12, 12, { class: "page s-gradient", thick: 2 });
      if (wrong) pen.draw("circle", `o${i}`, { cx: X(x1), cy: Y(x2), r: 12, fill: "none", class: "s-neutral", thick: 2, dash: "3 3" });
    });

    // the surface for the present b, in grey levels, and where we are on it
    const cells = 24, cell = size / cells;
    pen.text("tr", right.x + size / 2, right.y - 10, `the loss over w[1], w[2] at b = ${num(net.b, 1)}`, { class: "small" });
    for (let i = 0; i < cells; i++)
      for (let j = 0; j < cells; j++) {
        const value = measure({ w1: right.value((i + 0.5) * cell), w2: right.value((j + 0.5) * cell), b: net.b }).loss;
        const shade = Math.min(0.9, 0.08 + 0.24 * Math.log(1 + 4 * value));
        const [x0, x1, y0, y1] = [i, i + 1, cells - j - 1, cells - j].map((k) => Math.round(k * cell));
        pen.rect(`s${i}_${j}`, right.x + x0, right.y + y0, x1 - x0, y1 - y0, { class: "f-neutral", tint: shade, "shape-rendering": "crispEdges" });
      }
    const px = (v) => right.x + ((v + MOST) / (2 * MOST)) * size;
    const py = (v) => right.y + ((MOST - v) / (2 * MOST)) * size;
    pen.line("ax", px(-MOST), py(0), px(MOST), py(0), { class: "s-neutral", "stroke-opacity": 0.6 });
    pen.line("ay", px(0), py(-MOST), px(0), py(MOST), { class: "s-neutral", "stroke-opacity": 0.6 });
    const long = Math.hypot(now.dw1, now.dw2);
    if (long > 1e-3) {
      const reach = Math.min(1.6, 6 * long) / long;
      pen.arrow("g", px(net.w1), py(net.w2), px(net.w1 - reach * now.dw1), py(net.w2 - reach * now.dw2), "gradient", { width: 3 });
    }
    pen.draw("circle", "dot", { cx: px(net.w1), cy: py(net.w2), r: 8, class: "f-state" });
    pen.text("xr", right.x + size / 2, right.y + size + 18, "w[1]", { class: "mute" });
    pen.text("yr", right.x - 14, right.y + size / 2, "w[2]", { class: "mute" });
    pen.text("xl", left.x + size / 2, left.y + size + 18, "x[1]", { class: "mute" });
    pen.text("yl", left.x - 14, left.y + size / 2, "x[2]", { class: "mute" });
    return right.y + size + 28;
  }

  function update() {
    for (const name of Object.keys(knobs)) knobs[name].set(net[name]);
    const now = measure(net);
    const text =
      `Right: ${now.right} of ${POINTS.length}. Loss (1.5): ${num(now.loss, 3)}. ` +
      `[gradient:Gradient (1.7): ${num(now.dw1, 3)}, ${num(now.dw2, 3)}; for b ${num(now.db, 3)}.]`;
    panel.innerHTML = `<p>${F.rich(text)}</p><p>${F.rich(note || "Rings mark the points that are wrong.")}</p>`;
    say(text + " " + note);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { measure, perceptron, START, POINTS };
else (window.rnnFigures = window.rnnFigures || {})["decision-line"] = draw;
})();
