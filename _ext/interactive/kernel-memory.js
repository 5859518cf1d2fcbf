/* One mode of a diagonal state space: its factor in the plane, and its kernel. */
(function () {
"use strict";

const START = { decay: 0.5, turn: 3, delta: 0.2, steps: 40 };

/* Factor a and input weight b of a held step (24.9), each as [real, imaginary]; the
   kernel Re(b a^k) for k = 0, 1, … (24.12); and the memory time in steps (24.13). */
function kernel({ decay, turn, delta, steps }) {
  const size = Math.exp(-decay * delta), angle = turn * delta;
  const a = [size * Math.cos(angle), size * Math.sin(angle)];
  const square = decay * decay + turn * turn;
  let b = [delta, 0]; // what (a − 1) / rate tends to
  if (square > 0) {
    const [u, v] = [a[0] - 1, a[1]];
    b = [(-u * decay + v * turn) / square, (-v * decay - u * turn) / square];
  }
  const powers = [[1, 0]];
  for (let k = 1; k < steps; k++) {
    const [x, y] = powers[k - 1];
    powers.push([x * a[0] - y * a[1], x * a[1] + y * a[0]]);
  }
  return {
    a, b, size, powers,
    memory: decay > 0 ? 1 / (decay * delta) : null,
    kernel: powers.map(([x, y]) => b[0] * x - b[1] * y),
    envelope: powers.map((_, k) => Math.hypot(...b) * size ** k),
  };
}

function draw(F, root, params) {
  const { num } = F;
  const initial = () => ({
    decay: F.clamp(params.decay, START.decay, 0, 2),
    turn: F.clamp(params.turn, START.turn, 0, 8),
    delta: F.clamp(params.delta, START.delta, 0.02, 1),
    steps: START.steps,
  });
  let mode = initial();

  const set = (values) => {
    mode = { ...mode, ...values };
    update();
  };
  const knob = (name, label, min, max, step, role) => F.slider({
    label, min, max, step, value: mode[name], role, on: (v) => set({ [name]: v }),
  });
  const knobs = {
    decay: knob("decay", "decay", 0, 2, 0.05, "state"),
    turn: knob("turn", "turn", 0, 8, 0.1, "gate"),
    delta: knob("delta", "step Δ", 0.02, 1, 0.02, "input"),
  };
  F.add(root, "row",
    F.button("Plain sum", () => set({ decay: 0, turn: 0 })),
    F.button("Slow decay", () => set({ decay: 0.25, turn: 0, delta: 0.2 })),
    F.button("Reset", () => set(initial())));
  const redraw = F.stage(root, "The powers of a in the plane, and the kernel", paint);
  F.add(root, "controls", ...Object.values(knobs).map((k) => k.el));
  const panel = F.panel(root);
  F.hint(root, "The rate is −decay + i·turn. A step of length Δ multiplies the state by a and adds b times the input.");
  const say = F.live(root);

  function paint(pen, width) {
    const now = kernel(mode), stacked = width < 560;
    const size = Math.min(240, stacked ? width - 60 : width * 0.36);
    const cx = stacked ? width / 2 : size / 2 + 12, cy = 30 + size / 2, r = size / 2.3;
    pen.text("tl", cx, 16, "powers of a", { class: "small" });
    pen.draw("circle", "unit", { cx, cy, r, class: "none s-neutral", thick: 1 });
    pen.line("re", cx - size / 2, cy, cx + size / 2, cy, { class: "s-neutral", "stroke-opacity": 0.5 });
    pen.line("im", cx, cy - size / 2, cx, cy + size / 2, { class: "s-neutral", "stroke-opacity": 0.5 });
    const at = ([x, y]) => [cx + r * x, cy - r * y];
    pen.path("spiral", now.powers.map((p, k) => `${k ? "L" : "M"}${at(p).map((c) => c.toFixed(1)).join()}`).join(""), { class: "s-state", thick: 1 });
    now.powers.forEach((p, k) => {
      const [x, y] = at(p);
      pen.draw("circle", `p${k}`, { cx: x, cy: y, r: k === 1 ? 6 : 2.5, class: k === 1 ? "f-gate" : "f-state" });
    });
    const [ax, ay] = at(now.a);
    pen.text("a", ax + 14, ay - 8, "a", { class: "f-gate" });

    const x0 = stacked ? 50 : size + 84, y0 = stacked ? size + 76 : 30;
    const w = width - x0 - 14, h = stacked ? 180 : size;
    const most = Math.max(...now.envelope, 1e-9);
    const X = (k) => x0 + (k / (mode.steps - 1)) * w;
    const Y = (v) => y0 + (h / 2) * (1 - (0.94 * v) / most);
    pen.text("tr", x0 + w / 2, y0 - 14, "kernel: the answer to one unit of input", { class: "small" });
    pen.line("zero", x0, Y(0), x0 + w, Y(0), { class: "s-neutral" });
    for (const side of [1, -1])
      pen.path(`e${side}`, now.envelope.map((v, k) => `${k ? "L" : "M"}${X(k).toFixed(1)},${Y(side * v).toFixed(1)}`).join(""), { class: "s-neutral", thick: 1.5, dash: "5 4" });
    now.kernel.forEach((v, k) => pen.line(`k${k}`, X(k), Y(0), X(k), Y(v), { class: "s-state", thick: Math.max(2, w / mode.steps / 3) }));
    pen.text("top", x0 - 6, Y(most) + 4, num(most, 2), { class: "mute end" });
    pen.text("nil", x0 - 6, Y(0) + 4, "0", { class: "mute end" });
    if (now.memory !== null && now.memory <= mode.steps - 1) {
      pen.line("tau", X(now.memory), y0, X(now.memory), y0 + h, { class: "s-output", thick: 2, dash: "2 4" });
    }
    for (const k of [0, 10, 20, 30]) pen.text(`x${k}`, X(k), y0 + h + 18, String(k), { class: "mute" });
    pen.text("xr", x0 + w, y0 + h + 18, "steps k", { class: "mute end" });
    return Math.max(30 + size, y0 + h) + 30;
  }

  function update() {
    for (const name of Object.keys(knobs)) knobs[name].set(mode[name]);
    const now = kernel(mode);
    const complex = ([x, y]) => `${num(x, 3)} ${y < -0.0005 ? "−" : "+"} ${num(Math.abs(y), 3)}i`;
    const memory = now.memory === null
      ? "It never fades: whatever came in stays."
      : `It fades to 37 % after ${num(now.memory, 1)} steps.`;
    const text = `[gate:a = ${complex(now.a)}], of size ${num(now.size, 3)}; [input:b = ${complex(now.b)}]. [output:${memory}]`;
    panel.innerHTML = `<p>${F.rich(text)}</p>`;
    say(text);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { kernel, START };
else (window.rnnFigures = window.rnnFigures || {})["kernel-memory"] = draw;
})();
