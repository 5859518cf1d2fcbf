/* One unit of a GRU, one step: the reader holds the gates, (12.4) to (12.6). */
(function () {
"use strict";

const START = { x: -0.6, h_prev: 0.8, r: 0.75, z: 0.7, w_x: 0.9, w_h: 1.4 };

/* One step of one unit, without biases: what is heard, the candidate, the new state. */
function step({ x, h_prev, r, z, w_x, w_h, z_keeps = true }) {
  const heard = r * h_prev * w_h;
  const n = Math.tanh(w_x * x + heard); // (12.4)
  const kept = z_keeps ? z : 1 - z;
  return { heard, n, kept, h: (1 - kept) * n + kept * h_prev }; // (12.5), (12.6)
}

const EXTREMES = {
  "Plain network": { r: 1, z: 0 },
  "Dense layer": { r: 0, z: 0 },
  "Copy": { r: 1, z: 1 },
};

function draw(F, root, params) {
  const { num, factor, rich } = F;
  const initial = () => Object.fromEntries(Object.entries(START).map(([k, v]) => [k, F.clamp(params[k], v, -2, 2)]));
  let unit = { ...initial(), z_keeps: true };
  let time = 1;

  const set = (name, value) => {
    unit[name] = value;
    sliders[name].set(value);
  };
  const buttons = Object.entries(EXTREMES).map(([name, gates]) => F.button(name, () => {
    set("r", gates.r);
    set("z", unit.z_keeps ? gates.z : 1 - gates.z);
    update();
  }));
  const next = F.button("Next step →", () => {
    set("h_prev", step(unit).h);
    time += 1;
    update();
  });
  const reset = F.button("Reset", () => {
    unit = { ...initial(), z_keeps: unit.z_keeps };
    for (const name of Object.keys(sliders)) sliders[name].set(unit[name]);
    time = 1;
    update();
  });
  F.add(root, "row", ...buttons, next, reset);
  const redraw = F.stage(root, "Old state, candidate and new state of one unit", paint);
  const panel = F.panel(root);
  const made = [
    ["x", "x_t", -2, 2, "input"], ["h_prev", "h_{t−1}", -1, 1, "state"],
    ["r", "r, past heard", 0, 1, "gate"], ["z", "z", 0, 1, "gate"],
  ].map(([name, label, min, max, role]) => [name, F.slider({
    label, min, max, step: 0.05, value: unit[name], role,
    on: (v) => {
      unit[name] = v;
      update();
    },
  })]);
  const sliders = Object.fromEntries(made);
  F.add(root, "controls", ...made.map(([, s]) => s.el));
  const keeps = F.check("z keeps the old (12.5); without the tick z lets the new in (12.6)", true, (on) => {
    unit.z_keeps = on;
    update();
  });
  F.add(root, "row", keeps.el);
  const say = F.live(root);

  function paint(pen, width) {
    const { heard, n, h } = step(unit);
    const left = 26, right = width - 26;
    const at = (v) => left + ((v + 1) / 2) * (right - left);
    const axis = (key, y, name) => {
      pen.line(key, left, y, right, y, { class: "s-neutral", thick: 1 });
      pen.text(key + "n", left - 20, y - 40, name, { class: "start mute" });
      for (const v of [-1, 0, 1]) {
        pen.line(key + v, at(v), y - 4, at(v), y + 4, { class: "s-neutral", thick: 1 });
        pen.text(key + "t" + v, at(v), y + 20, num(v, 0), { class: "mute" });
      }
    };
    const dot = (key, v, y, role, label, up) => {
      pen.draw("circle", key, { cx: at(v), cy: y, r: 9, class: `f-${role}` });
      const half = 4.2 * label.length, x = Math.min(width - half, Math.max(half, at(v)));
      pen.text(key + "l", x, up ? y - 18 : y + 40, label, { class: `f-${role}` });
    };
    // the candidate: input and what is heard of the past, before and after tanh
    axis("a", 62, "Candidate: input and past heard");
    const y = 62, from_x = unit.w_x * unit.x;
    const inside = (v) => at(Math.max(-1.08, Math.min(1.08, v)));
    pen.line("ax", at(0), y - 12, inside(from_x), y - 12, { class: "s-input", thick: 5 });
    pen.line("ah", inside(from_x), y - 6, inside(from_x + heard), y - 6, { class: "s-state", thick: 5 });
    dot("n1", n, y, "output", `n = ${num(n)}`, false);
    // the mix
    axis("m", 182, "New state: between n and the old");
    pen.line("mix", at(n), 182, at(unit.h_prev), 182, { class: "s-gate", thick: 9, opacity: 0.4 });
    dot("n2", n, 182, "output", "n", true);
    dot("o", unit.h_prev, 182, "state", "old", true);
    pen.draw("circle", "new", { cx: at(h), cy: 182, r: 11, class: "page s-state", thick: 4 });
    pen.text("newl", Math.min(width - 40, Math.max(40, at(h))), 226, `h_t = ${num(h)}`, { class: "f-state" });
    pen.text("time", width, 16, `t = ${time}`, { class: "end mute" });
    return 240;
  }

  function words() {
    const { heard, n, kept, h } = step(unit);
    const share = unit.z_keeps ? "z" : "1 − z";
    return [
      `Heard of the past: [gate:r] · [state:h_{t−1}] · w_h = [gate:${num(unit.r)}] · [state:${factor(unit.h_prev)}] · ${num(unit.w_h)} = ${num(heard)}.`,
      `Candidate (12.4): [output:n] = tanh(${num(unit.w_x)} · [input:${factor(unit.x)}] + ${factor(heard)}) = [output:${num(n)}].`,
      `New state: the old one has the share [gate:${share} = ${num(kept)}], so [state:h_t] = ${num(1 - kept)} · [output:${factor(n)}] + ${num(kept)} · [state:${factor(unit.h_prev)}] = [state:${num(h)}].`,
    ];
  }

  function update() {
    const lines = words();
    panel.innerHTML = lines.map((line) => `<p>${rich(line)}</p>`).join("");
    say(`Step ${time}. ${lines[2]}`);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { step, START, EXTREMES };
else (window.rnnFigures = window.rnnFigures || {})["gru-cell"] = draw;
})();
