/* Anatomy of one recurrent unit, (7.3) and (7.4), with D = H = 2 and every entry shown. */
(function () {
"use strict";

/* One step in row vectors: x (D), h_prev (H), W_x (D, H), W_h (H, H), b (H). */
function step({ x, h_prev, W_x, W_h, b }) {
  const times = (row, W) => b.map((_, j) => row.reduce((s, v, i) => s + v * W[i][j], 0));
  const from_x = times(x, W_x);
  const from_h = times(h_prev, W_h);
  const a = b.map((v, j) => from_x[j] + from_h[j] + v); // (7.3)
  return { from_x, from_h, a, h: a.map(Math.tanh) }; // (7.4)
}

/* Shapes of a layer: m sequences at once, n_inputs, n_neurons. `weights` counts the
   numbers that are learned, the first part of (7.8). */
function shapes({ m, n_inputs: D, n_neurons: H }) {
  return { x: [m, D], h: [m, H], W_x: [D, H], W_h: [H, H], b: [H], weights: H * (D + H + 1) };
}

const START = {
  x: [1, -0.5], h_prev: [0.2, -0.4],
  W_x: [[0.6, -0.3], [0.2, 0.8]], W_h: [[0.5, 0.4], [-0.6, 0.7]], b: [0.1, -0.1],
};

function draw(F, root, params) {
  const { num, factor, rich } = F;
  const ok = (v, like) => Array.isArray(like)
    ? Array.isArray(v) && v.length === like.length && like.every((part, i) => ok(v[i], part))
    : Number.isFinite(v);
  const initial = () => Object.fromEntries(Object.keys(START).map((k) => [k, ok(params[k], START[k]) ? params[k].slice() : START[k].slice()]));
  let net = initial();
  let fixed = "a"; // the part last chosen
  let part = fixed; // the part under the hand
  let time = 1;
  const size = { m: 4, n_inputs: 2, n_neurons: 2 };

  const next = F.button("Next step →", () => {
    net.h_prev = step(net).h;
    time += 1;
    update();
  });
  const reset = F.button("Reset", () => {
    net = initial();
    time = 1;
    inputs.forEach((s, i) => s.set(net.x[i]));
    update();
  });
  F.add(root, "row", next, reset);
  F.keep("part", () => fixed, (v) => v in words() && choose(v, true));
  const redraw = F.stage(root, "Parts of the unit", paint);
  const panel = F.panel(root);
  const inputs = [0, 1].map((i) => F.slider({
    label: `x_t, entry ${i + 1}`, min: -2, max: 2, step: 0.1, value: net.x[i], role: "input",
    on: (v) => {
      net.x[i] = v;
      update();
    },
  }));
  F.add(root, "controls", ...inputs.map((s) => s.el));
  F.hint(root, "Point at a part, or reach it with Tab: its equation and its numbers stand below the picture. Rows multiply from the left, x_t W_x.");
  const table = F.el("table");
  const counts = [["m", "m, sequences", "neutral"], ["n_inputs", "D = n_{inputs}", "input"], ["n_neurons", "H = n_{neurons}", "state"]].map(
    ([key, label, role]) => F.slider({ label, min: 1, max: 8, step: 1, value: size[key], role, on: (v) => {
      size[key] = v;
      dimensions();
    } }));
  F.add(root, "controls", ...counts.map((s) => s.el));
  root.append(table);
  const say = F.live(root);

  function dimensions() {
    const s = shapes(size);
    const row = (name, what, shape) => `<tr><th scope="row">${rich(name)}</th><td>${rich(what)}</td><td>${shape.join(" × ")}</td></tr>`;
    table.innerHTML = `<thead><tr><th scope="col">${F.tr("Name")}</th><th scope="col">${F.tr("What")}</th><th scope="col">${F.tr("Shape")}</th></tr></thead><tbody>` +
      row("[input:x_t]", "inputs, m × n_{inputs}", s.x) + row("[state:h_{t−1}], [state:h_t]", "states, m × n_{neurons}", s.h) +
      row("[input:W_x]", "n_{inputs} × n_{neurons}", s.W_x) + row("[state:W_h]", "n_{neurons} × n_{neurons}", s.W_h) +
      row("b", "n_{neurons}", s.b) + row("all weights", "H(D + H + 1), whatever m is", [s.weights]) + "</tbody>";
  }

  function words() {
    const { from_x, from_h, a, h } = step(net);
    const row = (v, d = 2) => `(${v.map((e) => num(e, d)).join(", ")})`;
    const sum = (v, W, j) => v.map((e, i) => `${factor(e)}·${factor(W[i][j])}`).join(" + ");
    return {
      x: ["Input", `[input:x_t = ${row(net.x)}], D = 2 numbers that come in at step t.`],
      h_prev: ["Memory", `[state:h_{t−1} = ${row(net.h_prev)}], H = 2 numbers: all the unit knows of the steps before.`],
      W_x: ["Input weights", `[input:x_t W_x = ${row(from_x, 3)}]; the first entry is ${sum(net.x, net.W_x, 0)} = ${num(from_x[0], 3)}.`],
      W_h: ["Recurrent weights", `[state:h_{t−1} W_h = ${row(from_h, 3)}]; the first entry is ${sum(net.h_prev, net.W_h, 0)} = ${num(from_h[0], 3)}.`],
      b: ["Bias", `b = ${row(net.b)}, added at every step.`],
      a: ["Sum (7.3)", `a_t = [input:x_t W_x] + [state:h_{t−1} W_h] + b; the first entry is [input:${num(from_x[0], 3)}] + [state:${factor(from_h[0], 3)}] + ${factor(net.b[0])} = ${num(a[0], 3)}.`],
      tanh: ["Squash (7.4)", `[state:h_t] = tanh(a_t), entry by entry: tanh(${num(a[0], 3)}) = [state:${num(h[0], 3)}] and tanh(${num(a[1], 3)}) = [state:${num(h[1], 3)}].`],
      h: ["New state (7.4)", `[state:h_t = ${row(h, 3)}]. It goes out, and it goes round.`],
      loop: ["Loop", `At the next step [state:h_t = ${row(h, 3)}] comes back in as [state:h_{t−1}]. The weights stay as they are; only the state changes.`],
    };
  }

  function paint(pen, width) {
    const { from_x, from_h, a, h } = step(net);
    const all = words();
    const half = Math.min(150, (width - 62) / 4 + 10);
    const middle = Math.max(width / 2, 2 * half + 36 - half + 26) + 10;
    const lx = middle - half, rx = middle + half;
    const w = Math.min(58, half * 0.74), t = 34;

    const piece = (key, x, y, wide, tall, body) => pen.group(key, {
      role: "button", tabindex: 0, "aria-label": all[key][0], "aria-pressed": String(fixed === key), class: "pick",
      pointerenter: () => choose(key), pointerleave: () => choose(fixed), focus: () => choose(key, true), click: () => choose(key, true),
      keydown: (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), choose(key, true)),
    }, () => {
      const on = part === key;
      pen.rect(key + "#", x - wide / 2 - 5, y - 5, wide + 10, tall + 10, { rx: 9, class: `ring ${on ? "soft s-neutral" : "none"}`, thick: 2 });
      body();
    });
    const cells = (key, x, y, rowsOf, role, d = 2) => rowsOf.forEach((r, i) => r.forEach((v, j) => {
      const left = x + (j - 1) * w, at = y + i * t;
      pen.rect(`${key}${i}${j}`, left, at, w, t, { class: `f-${role} s-${role}`, tint: role === "neutral" ? 0.08 : 0.14, thick: 1.5 });
      pen.text(`${key}t${i}${j}`, left + w / 2, at + t / 2 + 5, num(v, d));
    }));
    const both = (v) => `(${num(v[0])}, ${num(v[1])})`;
    const arrow = (key, x1, y1, x2, y2, role) => pen.arrow(key, x1, y1, x2, y2, role, { width: 2.5 });
    const label = (key, x, y, text, role) => pen.text(key, x, y, text, { class: `f-${role}` });

    // the loop lies behind
    const far = lx - w - 30, low = 436;
    const strong = part === "loop" ? 5 : 2.5;
    pen.path("l1", `M${middle - w - 8},${low + t / 2}H${far + 14}Q${far},${low + t / 2} ${far},${low + t / 2 - 14}V274`, { class: "s-state", thick: strong });
    pen.path("l2", `M${far},230V${22 + t / 2 + 14}Q${far},${22 + t / 2} ${far + 10},${22 + t / 2}`, { class: "s-state", thick: strong });
    piece("loop", far, 234, 30, 36, () => pen.text("loop!", far, 260, "↻", { class: "big f-state" }));
    arrow("l3", far + 9, 22 + t / 2, lx - w - 7, 22 + t / 2, "state");

    label("lh", lx, 13, "h_{t−1}", "state");
    piece("h_prev", lx, 22, 2 * w, t, () => cells("h_prev", lx, 22, [net.h_prev], "state"));
    label("lx", rx, 13, "x_t", "input");
    piece("x", rx, 22, 2 * w, t, () => cells("x", rx, 22, [net.x], "input", 1));
    arrow("e1", lx, 62, lx, 88, "state");
    arrow("e2", rx, 62, rx, 88, "input");
    label("lwh", lx + 22, 79, "· W_h", "state");
    label("lwx", rx + 22, 79, "· W_x", "input");
    piece("W_h", lx, 94, 2 * w, 2 * t, () => cells("W_h", lx, 94, net.W_h, "state"));
    piece("W_x", rx, 94, 2 * w, 2 * t, () => cells("W_x", rx, 94, net.W_x, "input"));
    pen.text("fh", lx, 188, both(from_h), { class: "f-state" });
    pen.text("fx", rx, 188, both(from_x), { class: "f-input" });
    arrow("e3", lx, 196, middle - 30, 242, "state");
    arrow("e4", rx, 196, middle + 30, 242, "input");
    const bx = Math.min(rx + 30, width - 54);
    piece("b", bx, 235, 98, t, () => pen.text("bt", bx, 257, `b (${net.b.map((v) => num(v, 1)).join(", ")})`));
    arrow("e5", bx - 56, 252, middle + 27, 252, "neutral");
    piece("a", middle, 232, 40, 40, () => {
      pen.draw("circle", "a!", { cx: middle, cy: 252, r: 18, class: "page s-neutral", thick: 2 });
      pen.text("a+", middle, 259, "+", { class: "big" });
    });
    arrow("e6", middle, 280, middle, 318, "neutral");
    pen.text("at", middle + 6, 304, `a_t = ${both(a)}`, { class: "start" });
    piece("tanh", middle, 324, 84, 44, () => {
      pen.rect("tb", middle - 42, 324, 84, 44, { rx: 12, class: "f-state s-state", tint: 0.16, thick: 2 });
      pen.text("tt", middle, 351, "tanh");
    });
    arrow("e7", middle, 376, middle, low - 8, "state");
    pen.text("ht", middle + 12, low - 24, "h_t", { class: "start f-state" });
    piece("h", middle, low, 2 * w, t, () => cells("h", middle, low, [h], "state"));
    pen.text("tm", width, 13, `t = ${time}`, { class: "end mute" });
    return low + t + 12;
  }

  function choose(key, keep) {
    if (keep) fixed = key;
    if (part === key && !keep) return;
    part = key;
    update();
  }

  function update() {
    const [title, text] = words()[part];
    panel.innerHTML = `<p><strong>${F.tr(title)}.</strong> ${rich(text)}</p>`;
    say(`Step ${time}. ${title}. ${text}`);
    redraw();
  }
  dimensions();
  update();
}

if (typeof module !== "undefined") module.exports = { step, shapes, START };
else (window.rnnFigures = window.rnnFigures || {})["rnn-cell"] = draw;
})();
