/* A slice through the cliff: the loss of one tanh unit after some steps, over its
   bias. A dot walks down by its gradient, clipped or not. */
(function () {
"use strict";

const START = { w: 1.5, b: 0.5, steps: 20, rate: 0.3, limit: 0 };
const H0 = -0.3, TARGET = 0.3;
const LEFT = -0.4, RIGHT = 1.3, FAR = 99; // what is shown; how far a throw may go

/* The loss (h_T - target)² and its derivative with respect to b, as in the chapter. */
function slice({ w, b, steps }) {
  let h = H0, db = 0;
  for (let t = 0; t < steps; t++) {
    const n = Math.tanh(w * h + b), slope = 1 - n * n;
    db = slope * (1 + w * db);
    h = n;
  }
  return { h, loss: (h - TARGET) ** 2, db: 2 * (h - TARGET) * db };
}

/* One step of descent; a limit above 0 shortens the gradient, (9.5). */
function descend({ w, b, steps, rate, limit }) {
  const { db } = slice({ w, b, steps });
  const clipped = limit > 0 && Math.abs(db) > limit;
  return { b: b - rate * (clipped ? Math.sign(db) * limit : db), clipped };
}

function draw(F, root, params) {
  const { num } = F;
  const given = (name, lo, hi) => F.clamp(params[name], START[name], lo, hi);
  const initial = () => ({
    w: given("w", 0.8, 2.4), b: given("b", LEFT, RIGHT), steps: Math.round(given("steps", 1, 50)),
    rate: given("rate", 0.05, 1), limit: given("limit", 0, 2),
  });
  let net = initial(), trail = [], note = "";

  const move = () => {
    const { b, clipped } = descend(net);
    const before = net.b;
    trail = [...trail.slice(-40), net.b];
    net = { ...net, b: Math.min(FAR, Math.max(-FAR, b)) };
    const moved = `b went from ${num(before, 3)} to ${num(net.b, 3)}`;
    note = clipped ? `The gradient was clipped: ${moved}.` : `A step: ${moved}.`;
    if (net.b < LEFT || net.b > RIGHT) note += " Thrown out of the picture.";
  };
  F.add(root, "row",
    F.button("Step", () => { move(); update(); }),
    F.button("Ten steps", () => { for (let k = 0; k < 10; k++) move(); update(); }),
    F.button("Reset", () => { net = initial(); trail = []; note = ""; update(); }));
  const redraw = F.stage(root, "The loss over the bias b, with a dot for where we are", paint);
  const knob = (name, label, min, max, step, role, show) => F.slider({
    label, min, max, step, value: net[name], role, show,
    on: (v) => { net = { ...net, [name]: v }; if (name !== "rate" && name !== "limit") trail = []; note = ""; update(); },
  });
  const knobs = {
    b: knob("b", "bias b", LEFT, RIGHT, 0.005, "state", (v) => num(v, 3)),
    w: knob("w", "weight w", 0.8, 2.4, 0.05, "neutral"),
    steps: knob("steps", "time steps", 1, 50, 1, "neutral"),
    rate: knob("rate", "learning rate", 0.05, 1, 0.05, "gradient"),
    limit: knob("limit", "threshold", 0, 2, 0.1, "gradient", (v) => (Number(v) ? num(v, 1) : "off")),
  };
  F.add(root, "controls", ...Object.values(knobs).map((k) => k.el));
  const panel = F.panel(root);
  F.hint(root, "Drag the dot, or move the sliders; Step follows the gradient.");
  const say = F.live(root);

  let box = null, held = false;
  const drag = (event) => {
    const x = event.clientX - redraw.svg.getBoundingClientRect().left;
    const b = LEFT + ((x - box.x) / box.width) * (RIGHT - LEFT);
    net = { ...net, b: Math.min(RIGHT, Math.max(LEFT, b)) };
    trail = [];
    note = "";
    update();
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    held = true;
    redraw.svg.setPointerCapture(event.pointerId);
    drag(event);
  });
  redraw.svg.addEventListener("pointermove", (event) => held && drag(event));
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (held = false));
  redraw.svg.style.touchAction = "pan-y";

  function paint(pen, width) {
    box = { x: 46, y: 16, width: width - 62, height: Math.min(280, Math.max(180, width * 0.42)) };
    // the wall is thin: look closely where the start is undecided
    const wall = Math.atanh(H0) - net.w * H0;
    const bs = [];
    for (let k = 0; k <= 300; k++) bs.push(LEFT + ((RIGHT - LEFT) * k) / 300);
    for (let k = -60; k <= 60; k++) bs.push(wall + 0.06 * Math.sign(k) * (k / 60) ** 4);
    const at = bs.filter((b) => b >= LEFT && b <= RIGHT).sort((a, b) => a - b);
    const values = at.map((b) => slice({ ...net, b }).loss);
    const top = Math.max(...values) * 1.08;
    const X = (b) => box.x + ((b - LEFT) / (RIGHT - LEFT)) * box.width;
    const Y = (loss) => box.y + box.height * (1 - loss / top);
    const floor = box.y + box.height;
    pen.line("x", box.x, floor, box.x + box.width, floor, { class: "s-neutral" });
    pen.line("y", box.x, box.y, box.x, floor, { class: "s-neutral" });
    for (const b of [0, 0.5, 1]) pen.text(`b${b}`, X(b), floor + 18, num(b, 1), { class: "mute" });
    for (const l of [0, 0.5, 1, 1.5].filter((v) => v < top)) pen.text(`l${l}`, box.x - 8, Y(l) + 4, num(l, 1), { class: "mute end" });
    pen.text("xb", X(0.75), floor + 36, "bias b", { class: "small" });
    pen.text("yl", box.x + 8, box.y + 2, "loss", { class: "small start" });
    pen.path("curve", at.map((b, k) => `${k ? "L" : "M"}${X(b).toFixed(1)},${Y(values[k]).toFixed(1)}`).join(""), { class: "s-neutral", thick: 2.5 });
    trail.forEach((b, k) => {
      if (b >= LEFT && b <= RIGHT)
        pen.draw("circle", `t${k}`, { cx: X(b), cy: Y(slice({ ...net, b }).loss), r: 3.5, class: "f-gradient", "fill-opacity": 0.6 });
    });
    const now = slice(net), next = descend(net).b;
    const edge = (b) => X(Math.min(RIGHT, Math.max(LEFT, b)));
    const y = Math.min(floor, Math.max(box.y, Y(now.loss)));
    if (Math.abs(edge(next) - edge(net.b)) > 3) pen.arrow("go", edge(net.b), y, edge(next), y, "gradient", { width: 3 });
    pen.draw("circle", "dot", { cx: edge(net.b), cy: y, r: 9, class: "f-state" });
    return floor + 46;
  }

  function update() {
    for (const name of Object.keys(knobs)) knobs[name].set(net[name]);
    const now = slice(net), next = descend(net);
    const text =
      `At b = ${num(net.b, 3)} the unit ends at ${num(now.h, 3)}. Loss: ${num(now.loss, 3)}. ` +
      `[gradient:Gradient: ${num(now.db, 2)}; the next step goes to b = ${num(next.b, 3)}${next.clipped ? ", clipped" : ""}.]`;
    panel.innerHTML = `<p>${F.rich(text)}</p><p>${F.rich(note || "The wall stands where the unit cannot decide between its two ends.")}</p>`;
    say(text + " " + note);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { slice, descend, START };
else (window.rnnFigures = window.rnnFigures || {})["cliff"] = draw;
})();
