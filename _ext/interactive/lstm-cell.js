/* One unit of an LSTM, one step: the reader holds gates and candidate, (10.6), (10.7). */
(function () {
"use strict";

const START = { c: 1.2, f: 0.8, i: 0.5, g: -0.6, o: 0.7 };

/* One step of one unit: what is kept, what is added, the new cell, the state. */
function step({ c, f, i, g, o }) {
  const kept = f * c, added = i * g;
  const cell = kept + added; // (10.6)
  return { kept, added, cell, h: o * Math.tanh(cell) }; // (10.7)
}

const SETTINGS = {
  "Keep": { f: 1, i: 0 },
  "Add": { f: 1, i: 1 },
  "Replace": { f: 0, i: 1 },
  "Silent": { o: 0 },
};

function draw(F, root, params) {
  const { num, factor, rich } = F;
  const initial = () => Object.fromEntries(Object.entries(START).map(([k, v]) => [k, F.clamp(params[k], v, -3, 3)]));
  let unit = initial();
  let time = 1;

  const set = (name, value) => {
    unit[name] = value;
    sliders[name].set(value);
  };
  const buttons = Object.entries(SETTINGS).map(([name, gates]) => F.button(name, () => {
    for (const [gate, value] of Object.entries(gates)) set(gate, value);
    update();
  }));
  const next = F.button("Next step →", () => {
    set("c", Math.max(-3, Math.min(3, step(unit).cell)));
    time += 1;
    update();
  });
  const reset = F.button("Reset", () => {
    unit = initial();
    for (const name of Object.keys(sliders)) sliders[name].set(unit[name]);
    time = 1;
    update();
  });
  F.add(root, "row", ...buttons, next, reset);
  const redraw = F.stage(root, "Old cell, what is kept and added, new cell and state of one unit", paint);
  const panel = F.panel(root);
  const made = [
    ["c", "c_{t−1}", -3, 3, "state"], ["f", "f, keep", 0, 1, "gate"], ["i", "i, write", 0, 1, "gate"],
    ["g", "g, candidate", -1, 1, "output"], ["o", "o, show", 0, 1, "gate"],
  ].map(([name, label, min, max, role]) => [name, F.slider({
    label, min, max, step: 0.05, value: unit[name], role,
    on: (v) => {
      unit[name] = v;
      update();
    },
  })]);
  const sliders = Object.fromEntries(made);
  F.add(root, "controls", ...made.map(([, s]) => s.el));
  const say = F.live(root);

  function paint(pen, width) {
    const { kept, added, cell, h } = step(unit);
    const left = 96, right = width - 52, middle = (left + right) / 2;
    const at = (v) => middle + (Math.max(-4, Math.min(4, v)) / 4) * (right - middle);
    const rows = [
      ["old cell", unit.c, "state"], ["kept f·c", kept, "gate"], ["added i·g", added, "output"],
      ["new cell", cell, "state"], ["state h", h, "state"],
    ];
    pen.line("zero", middle, 20, middle, 206, { class: "s-neutral", thick: 1 });
    rows.forEach(([name, value, role], k) => {
      const y = 36 + 38 * k;
      pen.text("n" + k, 0, y + 5, name, { class: "start mute" });
      pen.line("b" + k, middle, y, at(value), y, { class: `s-${role}`, thick: 14 });
      pen.text("v" + k, width, y + 5, num(value), { class: `end f-${role}` });
    });
    pen.text("time", width, 14, `t = ${time}`, { class: "end mute" });
    return 216;
  }

  function words() {
    const { kept, added, cell, h } = step(unit);
    return [
      `Kept: [gate:f] · [state:c_{t−1}] = [gate:${num(unit.f)}] · [state:${factor(unit.c)}] = ${num(kept)}.`,
      `Added: [gate:i] · [output:g] = [gate:${num(unit.i)}] · [output:${factor(unit.g)}] = ${num(added)}.`,
      `New cell (10.6): [state:c_t] = ${num(kept)} + ${factor(added)} = [state:${num(cell)}].`,
      `State (10.7): [state:h_t] = [gate:${num(unit.o)}] · tanh(${num(cell)}) = [state:${num(h)}].`,
    ];
  }

  function update() {
    const lines = words();
    panel.innerHTML = lines.map((line) => `<p>${rich(line)}</p>`).join("");
    say(`Step ${time}. ${lines[2]} ${lines[3]}`);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { step, START, SETTINGS };
else (window.rnnFigures = window.rnnFigures || {})["lstm-cell"] = draw;
})();
