/* A gradient flowing back through time: the immediate derivative (8.3), carried by the
   product of Jacobians, summed to the total (8.7), and what truncation (8.17) leaves. */
(function () {
"use strict";

/* Everything the figure shows about dh_t/dw_h, for one state and one input.
   t in 1..T, tau >= 0 Jacobians. Lists are by step, entry 0 for step 1:
   immediate[i] is (8.3), factors[i] is (8.8), carried[i] the product of factors
   i+1..t, terms[i] = carried * immediate (0 after step t). `kept` is the truncated
   sum (8.17); `slip` is the sum with the wrong end cut off. */
function flow({ xs, w_x, w_h, b, h0 = 0, t, tau = Infinity }) {
  const h = [h0];
  const immediate = [];
  const factors = [];
  let recursion = 0;
  xs.forEach((x, i) => {
    h.push(Math.tanh(x * w_x + h[i] * w_h + b)); // (7.3), (7.4)
    const slope = 1 - h[i + 1] ** 2;
    immediate.push(slope * h[i]); // (8.3)
    factors.push(slope * w_h); // (8.8)
    if (i < t) recursion = immediate[i] + recursion * factors[i]; // (8.4)
  });
  const carried = xs.map(() => 0);
  carried[t - 1] = 1;
  for (let i = t - 2; i >= 0; i--) carried[i] = carried[i + 1] * factors[i + 1];
  const terms = immediate.map((d, i) => d * carried[i]);
  const sum = (keep) => terms.reduce((s, term, i) => (i < t && keep(i + 1) ? s + term : s), 0);
  const recent = (i) => i >= t - tau;
  const oldest = (i) => i === t || i <= t - tau;
  return {
    h, immediate, factors, carried, terms, recursion,
    total: sum(() => true), kept: sum(recent), slip: sum(oldest), recent, oldest,
  };
}

const START = { xs: [0.9, -0.4, -0.6, 0.5, 0.3, -0.5], w_x: 0.5, w_h: 0.9, b: 0 };

function draw(F, root, params) {
  const { num, factor, clamp } = F;
  const xs = F.list(params.xs, START.xs, 8);
  const T = xs.length;
  const initial = () => ({
    xs, b: clamp(params.b, START.b, -1, 1),
    w_x: clamp(params.w_x, START.w_x, 0, 1.5), w_h: clamp(params.w_h, START.w_h, 0.5, 1.6),
    t: Math.round(clamp(params.t, T, 1, T)), tau: Math.round(clamp(params.tau, T - 1, 0, T - 1)),
  });
  let net = initial();
  let slip = false;
  let front = 0; // the gradient has come back as far as this step
  let stop = () => {};
  const stripes = F.id();

  const play = F.button("◀ Send the gradient back", () => {
    stop();
    const from = net.t + 0.5;
    stop = F.animate(600 * net.t, (u) => {
      front = u === 1 ? 0 : from - u * (net.t + 0.5);
      redraw();
    });
  });
  const reset = F.button("Reset", () => {
    net = initial();
    for (const key of Object.keys(sliders)) sliders[key].set(net[key]);
    slip = slipBox.input.checked = false;
    update();
  });
  F.add(root, "row", play, reset);
  const redraw = F.stage(root, "The network, and the terms of the sum", paint);
  const panel = F.panel(root);
  const slide = (key, label, min, max, step, role, show) =>
    F.slider({ label, min, max, step, value: net[key], role, show, on: (v) => {
      net[key] = v;
      update();
    } });
  const sliders = {
    t: slide("t", "loss at t", 1, T, 1, "gradient", (v) => num(v, 0)),
    w_h: slide("w_h", "w_h", 0.5, 1.6, 0.05, "state"),
    tau: slide("tau", "reach τ", 0, T - 1, 1, "gradient", (v) => (v >= T - 1 ? "all" : num(v, 0))),
    w_x: slide("w_x", "w_x", 0, 1.5, 0.05, "input"),
  };
  const slipBox = F.check("Cut the wrong end, as a printed slide does", false, (on) => {
    slip = on;
    if (on && net.tau >= net.t - 1) sliders.tau.set((net.tau = Math.max(1, Math.floor(net.t / 2))));
    update();
  });
  F.add(root, "controls", ...Object.values(sliders).map((s) => s.el));
  F.add(root, "row", slipBox.el);
  F.hint(root, "Click a state to put the loss there. ◇ with stripes: the immediate derivative ∂⁺, the past held still. ● filled: the total derivative d, the past moving too. Try [state:w_h] = 1.6 with [input:w_x] = 0.1, then with [input:w_x] = 1.5: the same weight, and tanh decides.");
  const say = F.live(root);

  function paint(pen, width) {
    const f = flow(net);
    const t = net.t;
    const keeps = slip ? f.oldest : f.recent;
    const left = width < 520 ? 26 : 44;
    const column = (width - left) / T;
    const X = (i) => left + column * (i - 0.5);
    const NODE = 92, R = Math.min(18, column * 0.31);
    const IMM = 196, CAR = 268, SUM = 360;
    const bar = Math.min(30, column * 0.5);
    const digits = column < 46 ? 1 : 2;
    const arrived = (i) => i >= front;
    const shade = (i) => (i > t ? 0.3 : !arrived(i) ? 0.18 : keeps(i) ? 1 : 0.35);

    pen.group("hatch", {
      id: stripes, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
    }, () => pen.path("stripe", "M0,0V6", { class: "s-gradient", thick: 4 }), "pattern");

    const head = (key, y, text) => pen.text(key, 0, y, text, { class: "start mute" });

    // 1. the network, and the way back
    pen.text("h0", left * 0.4, NODE + 5, "h_0");
    pen.text("h0n", left * 0.4, NODE + R + 18, "0", { class: "small" });
    for (let i = 1; i <= T; i++) {
      const x = X(i);
      const before = i === 1 ? left * 0.4 + 12 : X(i - 1) + R;
      const used = i <= t && i > 1; // no gradient of w_h goes on into h_0
      if (!used)
        pen.line(`f${i}`, before + 2, NODE, x - R - 2, NODE, { class: "s-neutral", thick: 1.5, dash: "3 3" });
      else {
        const reached = arrived(i - 1);
        const passes = slip ? true : i - 1 >= t - net.tau;
        pen.arrow(`g${i}`, x - R - 1, NODE, before + 1, NODE, "gradient", {
          width: Math.min(11, Math.max(1, 5 * Math.abs(f.carried[i - 2]))),
          opacity: reached ? (passes ? 1 : 0.3) : 0.12, dash: passes ? null : "3 3",
        });
        pen.text(`c${i}`, (before + x - R) / 2, NODE - 26, num(f.factors[i - 1]), { class: "small f-gradient", opacity: reached ? (passes ? 1 : 0.75) : 0.3 });
      }
      pen.group(`n${i}`, { class: "pick", opacity: i > t ? 0.65 : 1, click: () => {
        net.t = i;
        sliders.t.set(i);
        update();
      } }, () => {
        pen.rect(`nh${i}`, x - column / 2, NODE - 26, column, 70, { fill: "transparent" });
        pen.draw("circle", `nc${i}`, { cx: x, cy: NODE, r: R, class: "f-state s-state", tint: 0.16, thick: i === t ? 3 : 1.5 });
        pen.text(`nt${i}`, x, NODE + 5, `h_${i}`);
        pen.text(`nv${i}`, x, NODE + R + 18, num(f.h[i], digits), { class: "small" });
      });
    }
    head("t1", 14, "factors ∂h_j/∂h_{j−1} above the arrows back");
    pen.rect("lb", X(t) - 15, 26, 30, 24, { rx: 6, class: "f-gradient" });
    pen.text("lt", X(t), 43, `L_${t}`, { class: "on" });
    pen.arrow("la", X(t), 50, X(t), NODE - R - 1, "gradient", { width: 4 });

    // 2. immediate, 3. carried
    const biggest = Math.max(0.3, ...f.immediate.map(Math.abs));
    head("t2", 150, "◇ immediate derivative ∂⁺h_i/∂w_h");
    head("t3", 242, "× product of the factors from i+1 to t");
    pen.line("z2", left, IMM, width, IMM, { class: "s-neutral", "stroke-opacity": 0.5 });
    for (let i = 1; i <= T; i++) {
      const x = X(i), d = f.immediate[i - 1], long = (d / biggest) * 22;
      const o = i > t ? 0.3 : 1;
      pen.rect(`i${i}`, x - bar / 2, Math.min(IMM, IMM - long), bar, Math.abs(long), { fill: `url(#${stripes})`, class: "s-gradient", thick: 1, opacity: o });
      pen.draw("path", `d${i}`, { d: `M${x},${IMM - long - 6}l6,6l-6,6l-6,-6z`, class: "page s-gradient", thick: 2, opacity: o });
      pen.text(`in${i}`, x, d >= 0 ? IMM + 20 : IMM - 12, num(d, digits), { class: "small", opacity: i > t ? 0.65 : 1 });
      if (i <= t) pen.text(`p${i}`, x, CAR, num(f.carried[i - 1], digits), { class: "f-gradient", opacity: arrived(i) ? (keeps(i) ? 1 : 0.75) : 0.2 });
    }

    // 4. the terms, one on top of the other, from t back to 1
    head("t4", 296, "= what step i adds, from right to left");
    const all = slip ? f.slip : f.kept;
    const levels = [0];
    for (let i = t; i >= 1; i--) levels.push(levels[levels.length - 1] + (keeps(i) ? f.terms[i - 1] : 0));
    const whole = [0];
    for (let i = t; i >= 1; i--) whole.push(whole[whole.length - 1] + f.terms[i - 1]);
    const high = Math.max(0.25, ...levels, ...whole), low = Math.min(0, ...levels, ...whole);
    const scale = 76 / (high - low);
    const base = SUM - 44 + 84 + low * scale;
    const Y = (v) => base - v * scale;
    pen.line("z4", left * 0.4, Y(0), width, Y(0), { class: "s-neutral", "stroke-opacity": 0.5 });
    for (let i = t; i >= 1; i--) {
      const step = t - i, x = X(i), keep = keeps(i);
      const from = levels[step], to = from + f.terms[i - 1];
      const o = shade(i);
      pen.rect(`s${i}`, x - bar / 2, Math.min(Y(from), Y(to)), bar, Math.max(1, Math.abs(Y(to) - Y(from))), {
        class: keep ? "f-gradient" : "page s-gradient", dash: keep ? null : "3 3", opacity: o,
      });
      const top = Math.min(Y(from), Y(to)) - 5;
      pen.text(`sn${i}`, x, top, num(f.terms[i - 1], digits), { class: "small", opacity: arrived(i) ? (keep ? 1 : 0.75) : 0.15 });
      const until = i === 1 ? left * 0.4 : X(i - 1) + bar / 2;
      if (arrived(i)) pen.line(`sl${i}`, x - bar / 2, Y(levels[step + 1]), until, Y(levels[step + 1]), { class: "s-gradient", dash: "2 3" });
    }
    if (front <= 0) {
      pen.draw("circle", "dc", { cx: left * 0.4, cy: Y(all), r: 11, class: "f-gradient" });
      pen.text("dt", left * 0.4, Y(all) + 5, slip ? "✗" : "d", { class: "on" });
    }
    for (let i = 1; i <= T; i++) pen.text(`ax${i}`, X(i), 428, `i = ${i}`, { class: "small", opacity: i > t ? 0.65 : 1 });

    // the cut: between the last step kept and the first one dropped
    const cut = t - net.tau;
    if (cut > 1 && cut <= t) {
      const x = X(cut) - column / 2;
      const role = slip ? "neutral" : "gradient";
      pen.line("cut", x, 124, x, 412, { class: `s-${role}`, thick: 1.5, dash: "6 4" });
    }
    return 436;
  }

  function update() {
    stop();
    front = 0;
    const { t, tau } = net;
    const f = flow(net);
    const keeps = slip ? f.oldest : f.recent;
    const line = (s) => `<p class="rnn-hang">${F.rich(s)}</p>`;
    const parts = [];
    for (let i = t; i >= 1; i--) if (keeps(i)) parts.push(factor(f.terms[i - 1], 3));
    const got = slip ? f.slip : f.kept;
    const cuts = parts.length < t;
    let text = line(`● dh_${t}/dw_h, term by term (8.7): [gradient:${cuts ? "" : parts.join(" + ") + " = "}${num(f.total, 3)}]`) +
      line(`● the same by the recursion (8.4): [gradient:${num(f.recursion, 3)}]`) +
      line(`◇ immediate part alone, ∂⁺h_${t}/∂w_h: [gradient:${num(f.immediate[t - 1], 3)}]`);
    if (slip)
      text += line(`✗ Wrong end cut: the slide sums i = 1 to t−τ = ${Math.max(0, t - tau)} beside step t, ${parts.join(" + ")} = ${num(f.slip, 3)}. It keeps the oldest terms, the ones that travelled farthest, and drops the recent ones. (8.17) keeps steps ${Math.max(1, t - tau)} to ${t}: ${num(f.kept, 3)}.`);
    else if (cuts)
      text += line(`✂ Truncated at τ = ${tau} (8.17), steps ${t - tau} to ${t}: ${parts.join(" + ")} = [gradient:${num(got, 3)}]. Dropped: ${num(f.total - got, 3)}.`);
    panel.innerHTML = text;
    say(`Loss at step ${t}. Total derivative ${num(f.total, 3)}, immediate ${num(f.immediate[t - 1], 3)}` + (slip ? `; wrong end cut, ${num(got, 3)}` : cuts ? `; truncated ${num(got, 3)}` : ""));
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { flow, START };
else (window.rnnFigures = window.rnnFigures || {})["gradient-flow"] = draw;
})();
