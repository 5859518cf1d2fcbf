/* One recurrent unit, as a loop and unrolled: (7.3) and (7.4) with the reader's numbers. */
(function () {
"use strict";

/* States of a network with one input and one state.
   xs: T numbers. Returns a (T sums) and h (T + 1 states, h[0] = h0). */
function states({ xs, w_x, w_h, b, h0 = 0 }) {
  const a = [];
  const h = [h0];
  for (const x of xs) {
    a.push(x * w_x + h[h.length - 1] * w_h + b); // (7.3)
    h.push(Math.tanh(a[a.length - 1])); // (7.4)
  }
  return { a, h };
}

const START = { xs: [1, 0.5, -1, 0], w_x: 0.5, w_h: 0.8, b: 0.1 };

function draw(F, root, params) {
  const { num, factor, clamp } = F;
  const xs0 = F.list(params.xs, START.xs, 6);
  const initial = () => ({
    xs: [...xs0],
    w_x: clamp(params.w_x, START.w_x, -2, 2),
    w_h: clamp(params.w_h, START.w_h, -2, 2),
    b: clamp(params.b, START.b, -1, 1),
  });
  const T = xs0.length;
  let net = initial();
  let t = Math.round(clamp(params.t, Math.min(3, T), 0, T));
  let open = params.folded ? 0 : 1; // 0 folded, 1 unrolled
  let folded = open === 0;
  let hot = null; // the weight under the hand
  let stop = () => {};

  const fold = F.button("", () => {
    folded = !folded;
    const from = open;
    stop();
    stop = F.animate(450, (u) => {
      const ease = u * u * (3 - 2 * u);
      open = from + ((folded ? 0 : 1) - from) * ease;
      redraw();
    });
    update();
  });
  const back = F.button("← Back", () => go(t - 1));
  const next = F.button("Next step →", () => go(t + 1));
  const reset = F.button("Reset", () => {
    net = initial();
    for (const k of Object.keys(weights)) weights[k].set(net[k]);
    update();
  });
  F.add(root, "row", fold, back, next, reset);
  F.keep("step", () => t, (v) => go(Math.round(clamp(Number(v), t, 0, T))));
  F.keep("folded", () => Number(folded), () => fold.click());
  F.keep("inputs", () => net.xs.join(), (v) => {
    net.xs = net.xs.map((x, i) => clamp(Number(v.split(",")[i]), x, -2, 2));
    update();
  });

  const redraw = F.stage(root, "The unit and its steps", paint);
  const panel = F.panel(root);
  const weight = (key, label, span, role) =>
    F.slider({
      label, min: -span, max: span, step: 0.05, value: net[key], role,
      on: (v) => {
        net[key] = v;
        update();
      },
      focus: (on) => {
        hot = on ? key : null;
        redraw();
      },
    });
  const weights = {
    w_x: weight("w_x", "w_x", 2, "input"),
    w_h: weight("w_h", "w_h", 2, "state"),
    b: weight("b", "b", 1, "neutral"),
  };
  F.add(root, "controls", ...Object.values(weights).map((s) => s.el));
  F.hint(root, "Drag an input [input:x_t] up or down, or reach it with Tab and use the arrow keys. There is one set of weights: moving [state:w_h] moves it at every step.");
  const say = F.live(root);

  function go(step) {
    t = Math.max(0, Math.min(T, step));
    update();
  }

  const handles = net.xs.map((_, i) =>
    F.draggable(() => net.xs[i], (v) => {
      net.xs[i] = v;
      update();
    }, { min: -2, max: 2, step: 0.1, at: (y) => (ZERO_X - y) / UNIT_X }));

  // Heights of the rows, in pixels.
  const ZERO_H = 66, UNIT_H = 34, CELL = 138, TALL = 48, ZERO_X = 268, UNIT_X = 20;

  function paint(pen, width) {
    const { h } = states(net);
    const left = width < 520 ? 30 : 56;
    const column = (width - left) / T;
    const box = Math.min(88, Math.max(37, column * 0.64));
    const middle = width / 2;
    const shown = Math.max(1, t);
    const slide = (i) => middle + (left + column * (i - 0.5) - middle) * open;
    const mid = CELL + TALL / 2;
    const thick = (key) => (hot === key ? 4.5 : 2);

    pen.text("th", 0, 14, "states h_t", { class: "start mute" });
    pen.text("tx", 0, 222, "inputs x_t", { class: "start mute" });
    pen.line("zh", open * left + (1 - open) * (middle - 60), ZERO_H, open * width + (1 - open) * (middle + 60), ZERO_H,
      { class: "s-neutral", "stroke-opacity": 0.5 });

    if (open > 0.05) {
      pen.text("h0", left * 0.42, mid - 10, "h_0", { opacity: open });
      pen.text("h0v", left * 0.42, mid + 12, num(0, 0), { opacity: open, class: "f-state" });
    }
    for (let i = 1; i <= T; i++) {
      const one = i === shown;
      const seen = one ? 1 : open;
      if (seen < 0.05) continue;
      const x = slide(i);
      const done = i <= t;
      const dim = seen * (done ? 1 : 0.5);
      const value = h[i];

      // the way of the state from the step before
      if (open > 0.05) {
        const x1 = i === 1 ? left * 0.42 + 14 : slide(i - 1) + box / 2 + 2;
        pen.arrow(`w${i}`, x1, mid, x - box / 2 - 2, mid, "state",
          { width: thick("w_h"), opacity: open * (done ? 1 : 0.5), dash: done ? null : "4 4" });
        if (x - box / 2 - x1 > 22)
          pen.text(`wl${i}`, (x1 + x - box / 2) / 2 - 2, mid - 10, "w_h",
            { class: "f-state", opacity: open * (done ? 1 : 0.7), bold: hot === "w_h" ? 700 : 400 });
      }
      // input, up into the cell
      pen.arrow(`u${i}`, x, ZERO_X - 2 * UNIT_X - 12, x, CELL + TALL + 3, "input",
        { width: thick("w_x"), opacity: dim, dash: done ? null : "4 4" });
      pen.text(`ul${i}`, x + 8, CELL + TALL + 22, "w_x",
        { class: "start f-input", opacity: seen * (done ? 1 : 0.7), bold: hot === "w_x" ? 700 : 400 });
      // the cell
      pen.group(`c${i}`, { class: "pick", opacity: seen, click: () => go(i) }, () => {
        pen.rect(`cb${i}`, x - box / 2, CELL, box, TALL, {
          rx: 10, class: done ? "f-state s-state" : "page s-state",
          thick: i === t ? 3 : 1.5, dash: done ? null : "4 4",
          tint: done ? 0.16 : 1,
        });
        pen.text(`cf${i}`, x, CELL + 21, "tanh");
        pen.text(`cc${i}`, x, CELL + 39, "+ b",
          { class: "small", bold: hot === "b" ? 700 : 400 });
      });
      // the state that comes out
      if (done) {
        const y = ZERO_H - Math.max(0, value) * UNIT_H;
        pen.arrow(`o${i}`, x, CELL - 2, x, value < 0 ? ZERO_H - value * UNIT_H + 22 : ZERO_H + 5, "state", { opacity: seen });
        pen.rect(`b${i}`, x - 13, y, 26, Math.max(1.5, Math.abs(value) * UNIT_H), { class: "f-state", rx: 2, opacity: seen });
        pen.text(`n${i}`, x, value >= 0 ? y - 6 : ZERO_H - value * UNIT_H + 16, num(value), { opacity: seen, bold: i === t ? 700 : 400 });
      }
      // the input itself: a slider that stands upright
      const knob = ZERO_X - net.xs[i - 1] * UNIT_X;
      pen.group(`x${i}`, {
        role: "slider", tabindex: 0, class: "grab", opacity: seen, "aria-orientation": "vertical",
        "aria-label": `input x ${i}`, "aria-valuemin": -2, "aria-valuemax": 2,
        "aria-valuenow": net.xs[i - 1], "aria-valuetext": num(net.xs[i - 1], 1), ...handles[i - 1],
      }, () => {
        pen.rect(`xh${i}`, x - 24, ZERO_X - 2 * UNIT_X - 12, 48, 4 * UNIT_X + 24, { fill: "transparent" });
        pen.line(`xt${i}`, x, ZERO_X - 2 * UNIT_X, x, ZERO_X + 2 * UNIT_X, { class: "s-input", thick: 4, "stroke-opacity": 0.3, "stroke-linecap": "round" });
        pen.line(`xz${i}`, x - 9, ZERO_X, x + 9, ZERO_X, { class: "s-neutral", thick: 1.5 });
        pen.draw("circle", `xk${i}`, { cx: x, cy: knob, r: 12, class: "f-input ring", stroke: "transparent" });
      });
      pen.text(`xn${i}`, x, ZERO_X + 2 * UNIT_X + 28, (column < 62 ? "" : `x_${i} = `) + num(net.xs[i - 1], 1),
        { opacity: seen, class: "f-input" });
    }
    if (open < 0.95) {
      const x = slide(shown) + box / 2;
      pen.path("loop", `M${x + 2},${mid - 10}C${x + 78},${mid - 56} ${x + 78},${mid + 56} ${x + 13},${mid + 12}`,
        { class: "s-state", thick: thick("w_h"), opacity: 1 - open });
      pen.draw("path", "loop>", { d: `M${x + 3},${mid + 9}l12,-3l-3,11z`, class: "f-state", opacity: 1 - open });
      pen.text("loopl", x + 66, mid - 2, "w_h", { class: "start f-state", opacity: 1 - open });
      pen.text("loopv", x + 66, mid + 18, `h_${shown - 1} = ${num(h[shown - 1])}`, { class: "start f-state", opacity: 1 - open });
    }
    return ZERO_X + 2 * UNIT_X + 40;
  }

  function update() {
    fold.textContent = F.tr(folded ? "Unroll the loop" : "Fold into a loop");
    back.disabled = t === 0;
    next.disabled = t === T;
    const { a, h } = states(net);
    if (t === 0) {
      panel.innerHTML = `<p>${F.rich("Before the first step the memory is empty: [state:h_0 = 0].")}</p>`;
      say("Before the first step. h_0 = 0.");
    } else {
      const before = t - 1;
      const line = (s) => `<p class="rnn-hang">${F.rich(s)}</p>`;
      panel.innerHTML =
        line(`Step ${t} of ${T}: [state:h_${t}] = tanh([input:x_${t}]·[input:w_x] + [state:h_${before}]·[state:w_h] + b), which is (7.3) and (7.4)`) +
        line(`= tanh([input:${factor(net.xs[before], 1)}]·[input:${factor(net.w_x)}] + [state:${factor(h[before], 3)}]·[state:${factor(net.w_h)}] + ${factor(net.b)})`) +
        line(`= tanh(${num(a[before], 3)}) = [state:${num(h[t], 3)}]`);
      say(`Step ${t}. h_${t} = tanh(${num(a[before], 3)}) = ${num(h[t], 3)}`);
    }
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { states, START };
else (window.rnnFigures = window.rnnFigures || {}).unrolling = draw;
})();
