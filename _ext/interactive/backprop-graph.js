/* A small network as a graph of numbers: the reader goes through it node by node,
   first forwards for the values, then backwards for the gradients. */
(function () {
"use strict";

const START = { x: 0.8, w1: 1.2, w2: -0.9, v1: 1.5, v2: 0.7, target: -0.5 };

/* Values (3.1), (3.8) without biases, and the gradients of L by the chain rule. */
function graph({ x, w1, w2, v1, v2, target }) {
  const a1 = x * w1, a2 = x * w2;
  const h1 = Math.tanh(a1), h2 = Math.tanh(a2);
  const z = h1 * v1 + h2 * v2;
  const L = 0.5 * (z - target) ** 2;
  const dL = 1, dz = dL * (z - target);
  const dv1 = dz * h1, dv2 = dz * h2, dh1 = dz * v1, dh2 = dz * v2;
  const s1 = 1 - h1 * h1, s2 = 1 - h2 * h2;
  const da1 = dh1 * s1, da2 = dh2 * s2;
  return {
    x, w1, w2, v1, v2, target, a1, a2, h1, h2, z, L, s1, s2,
    dL, dz, dv1, dv2, dh1, dh2, da1, da2, dw1: da1 * x, dw2: da2 * x, dx: da1 * w1 + da2 * w2,
  };
}

/* The order in which a hand would compute: a name, or d and a name on the way back. */
const STEPS = ["a1", "a2", "h1", "h2", "z", "L", "dL", "dz", "dv1", "dv2", "dh1", "dh2", "da1", "da2", "dw1", "dw2", "dx"];
const FORWARD = 6;

const NODES = { // column, row
  w1: [0, 0], x: [0, 2], w2: [0, 4], a1: [1, 1], a2: [1, 3], h1: [2, 1], h2: [2, 3],
  v1: [2, 0], v2: [2, 4], z: [3, 2], L: [4, 2], target: [4, 0],
};
const EDGES = [
  ["w1", "a1"], ["x", "a1"], ["x", "a2"], ["w2", "a2"], ["a1", "h1"], ["a2", "h2"],
  ["h1", "z"], ["h2", "z"], ["v1", "z"], ["v2", "z"], ["z", "L"], ["target", "L"],
];
const INPUTS = ["x", "w1", "w2", "v1", "v2", "target"];
const MOST = 4;

function draw(F, root, params) {
  const { num, factor } = F;
  const given = Object.fromEntries(INPUTS.map((k) => [k, F.clamp(params[k], START[k], -MOST, MOST)]));
  let net = { ...given };
  let step = Math.round(F.clamp(params.step, 0, 0, STEPS.length));

  const write = (name) => name.replace(/([awhv])(\d)/, "$1_$2");
  const go = (k) => {
    step = Math.max(0, Math.min(STEPS.length, k));
    update();
  };
  const back = F.button("Back", () => go(step - 1));
  const next = F.button("Next", () => go(step + 1));
  F.add(root, "row", back, next,
    F.button("All values", () => go(FORWARD)),
    F.button("All gradients", () => go(STEPS.length)),
    F.button("Reset", () => {
      net = { ...given };
      go(0);
    }));
  const redraw = F.stage(root, "A network as a graph, with the values and gradients found so far", paint);
  const panel = F.panel(root);
  const at = F.slider({
    label: "step", min: 0, max: STEPS.length, step: 1, value: step, on: go,
    show: (v) => `${v} / ${STEPS.length}`,
  });
  const knob = (name, role) => F.slider({
    label: write(name), min: -MOST, max: MOST, step: 0.1, value: net[name], role,
    on: (v) => {
      net = { ...net, [name]: v };
      update();
    },
  });
  const role = (name) => (name === "x" ? "input" : name === "target" ? "neutral" : "state");
  const knobs = Object.fromEntries(INPUTS.map((name) => [name, knob(name, role(name))]));
  F.add(root, "controls", at.el, ...Object.values(knobs).map((k) => k.el));
  F.hint(root, "Next goes one node further; on the slider “step” the arrow keys do the same. Make w_1 or x large and watch what gets past h_1.");
  const say = F.live(root);

  const done = (name) => INPUTS.includes(name) || STEPS.indexOf(name) < step;
  const known = (name) => STEPS.includes("d" + name) && STEPS.indexOf("d" + name) < step;

  /* What the step `name` computes, in letters and in numbers. */
  function words(name, g) {
    const k = name.slice(-1), f = (v) => factor(v, 3), n = (v) => num(v, 3);
    if (/^a\d/.test(name)) return `a_${k} = x · w_${k} = ${f(g.x)} · ${f(g["w" + k])} = [state:${n(g[name])}] (3.1)`;
    if (/^h\d/.test(name)) return `h_${k} = tanh(a_${k}) = tanh(${n(g["a" + k])}) = [state:${n(g[name])}]`;
    if (/^dv\d/.test(name)) return `dv_${k} = dz · h_${k} = ${f(g.dz)} · ${f(g["h" + k])} = [gradient:${n(g[name])}] (3.5)`;
    if (/^dh\d/.test(name)) return `dh_${k} = dz · v_${k} = ${f(g.dz)} · ${f(g["v" + k])} = [gradient:${n(g[name])}] (3.4)`;
    if (/^da\d/.test(name))
      return `da_${k} = dh_${k} · (1 − h_${k}²) = ${f(g["dh" + k])} · ${f(g["s" + k])} = [gradient:${n(g[name])}] (3.3)` +
        (g["s" + k] < 0.05 ? " The unit is saturated: its slope lets almost nothing through." : "");
    if (/^dw\d/.test(name)) return `dw_${k} = da_${k} · x = ${f(g["da" + k])} · ${f(g.x)} = [gradient:${n(g[name])}] (3.5)`;
    return {
      z: `z = h_1 · v_1 + h_2 · v_2 = ${f(g.h1)} · ${f(g.v1)} + ${f(g.h2)} · ${f(g.v2)} = [state:${n(g.z)}] (3.1)`,
      L: `L = ½ (z − target)² = ½ (${n(g.z)} − ${f(g.target)})² = [state:${n(g.L)}]`,
      dL: "dL = [gradient:1.000]: the loss changes by as much as itself",
      dz: `dz = dL · (z − target) = 1 · ${f(g.z - g.target)} = [gradient:${n(g.dz)}]`,
      dx: `dx = da_1 · w_1 + da_2 · w_2 = ${f(g.da1)} · ${f(g.w1)} + ${f(g.da2)} · ${f(g.w2)} = [gradient:${n(g.dx)}] (3.4). Two arrows leave x, so two gradients come back and add up (3.12).`,
    }[name];
  }

  function paint(pen, width) {
    const g = graph(net);
    const pitch = width / 5, w = Math.min(104, pitch - 16), h = 62, gap = width < 560 ? 74 : 80;
    const X = (name) => (NODES[name][0] + 0.5) * pitch;
    const Y = (name) => 36 + NODES[name][1] * gap;
    const current = step ? STEPS[step - 1] : "";
    for (const [from, to] of EDGES) {
      const backward = known(from) && known(to);
      const upright = NODES[from][0] === NODES[to][0];
      const p = upright ? [X(from), Y(from) + h / 2] : [X(from) + w / 2, Y(from)];
      const q = upright ? [X(to), Y(to) - h / 2] : [X(to) - w / 2, Y(to)];
      const key = `${from}-${to}`;
      if (backward) pen.arrow(key, ...q, ...p, "gradient", { width: current === "d" + from ? 4 : 2 });
      else pen.arrow(key, ...p, ...q, "neutral", { width: current === to ? 4 : 1.5, opacity: done(to) ? 1 : 0.6 });
    }
    for (const name of Object.keys(NODES)) {
      const x = X(name), y = Y(name), learns = /^[wv]/.test(name);
      const kind = { x: "input", z: "output", L: "gradient", target: "neutral" }[name] || "state";
      pen.rect(`b${name}`, x - w / 2, y - h / 2, w, h, {
        class: `page s-${kind}`, rx: learns ? 2 : 10, thick: current === name || current === "d" + name ? 4 : 1.5,
        dash: learns ? "5 3" : null,
      });
      pen.text(`n${name}`, x, y - 13, write(name));
      pen.text(`v${name}`, x, y + 5, done(name) ? num(g[name], 3) : "?", { class: done(name) ? "f-state small" : "mute" });
      if (known(name)) pen.text(`g${name}`, x, y + 23, num(g["d" + name], 3), { class: "f-gradient small", bold: 600 });
    }
    return 36 + 4 * gap + h / 2 + 8;
  }

  function update() {
    const g = graph(net);
    for (const name of INPUTS) knobs[name].set(net[name]);
    at.set(step);
    back.disabled = step === 0;
    next.disabled = step === STEPS.length;
    const way = step > FORWARD ? "backwards" : "forwards";
    const head = step
      ? `Step ${step} of ${STEPS.length}, ${way}.`
      : "Nothing has been computed. Solid boxes hold what is computed, dashed ones what is learnt.";
    const text = step ? words(STEPS[step - 1], g) : "Green: values. Orange: gradients of L, written with a leading d.";
    panel.innerHTML = `<p>${F.rich(head)}</p><p>${F.rich(text)}</p>`;
    say(`${head} ${text}`);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { graph, START, STEPS };
else (window.rnnFigures = window.rnnFigures || {})["backprop-graph"] = draw;
})();
