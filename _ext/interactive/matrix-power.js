/* A row and its products with a two-by-two matrix, in the plane and as lengths. */
(function () {
"use strict";

const START = { w11: 0.9, w12: 0.6, w21: 0, w22: 0.9, angle: 0, k: 40 };
const MATRICES = {
  corner: ["0.9 with a corner", [0.9, 0.6, 0, 0.9]],
  growth: ["1.1 and 0.9", [1.1, 0, 0, 0.9]],
  turn: ["a turn", [0.8, 0.55, -0.55, 0.8]],
  symmetric: ["symmetric", [0.75, 0.3, 0.3, 0.65]],
  stretch: ["a large corner", [0.95, 2, 0, 0.95]],
};
const MOST = 200;

/* Rows v, vW, …, vW^k with their lengths, and what W itself is like. */
function powers({ w11, w12, w21, w22, angle, k }) {
  const turn = (angle * Math.PI) / 180;
  let v = [Math.cos(turn), Math.sin(turn)];
  const rows = [v];
  for (let i = 0; i < k; i++) {
    v = [v[0] * w11 + v[1] * w21, v[0] * w12 + v[1] * w22];
    rows.push(v);
  }
  const half = (w11 + w22) / 2, det = w11 * w22 - w12 * w21;
  const under = half * half - det, root = Math.sqrt(Math.abs(under));
  const eigenvalues = under >= 0 ? [[half + root, 0], [half - root, 0]] : [[half, root], [half, -root]];
  const radius = Math.max(...eigenvalues.map(([re, im]) => Math.hypot(re, im)));
  const squares = w11 ** 2 + w12 ** 2 + w21 ** 2 + w22 ** 2;
  const norm = Math.sqrt((squares + Math.sqrt(Math.max(0, squares ** 2 - 4 * det ** 2))) / 2);
  return { rows, lengths: rows.map(([x, y]) => Math.hypot(x, y)), eigenvalues, radius, norm };
}

function draw(F, root, params) {
  const { num } = F;
  const ENTRIES = ["w11", "w12", "w21", "w22"];
  const initial = () => ({
    ...Object.fromEntries(ENTRIES.map((n) => [n, F.clamp(params[n], START[n], -2, 2)])),
    angle: F.clamp(params.angle, START.angle, -180, 180),
    k: Math.round(F.clamp(params.k, START.k, 1, MOST)),
  });
  let net = initial();

  const picked = F.choice("Matrix", Object.entries(MATRICES).map(([key, [text]]) => [key, text]), "corner", (key) => {
    MATRICES[key][1].forEach((v, i) => (net[ENTRIES[i]] = v));
    update();
  });
  F.add(root, "row", picked.el,
    F.button("200 products", () => { net.k = MOST; update(); }),
    F.button("Reset", () => { net = initial(); picked.input.value = "corner"; update(); }));
  const redraw = F.stage(root, "The rows in the plane, and their lengths", paint);
  const knob = (name, label, min, max, step, role, show) => F.slider({
    label, min, max, step, value: net[name], role, show,
    on: (v) => { net = { ...net, [name]: v }; update(); },
  });
  const knobs = {
    w11: knob("w11", "W 1,1", -2, 2, 0.05, "neutral"), w12: knob("w12", "W 1,2", -2, 2, 0.05, "neutral"),
    w21: knob("w21", "W 2,1", -2, 2, 0.05, "neutral"), w22: knob("w22", "W 2,2", -2, 2, 0.05, "neutral"),
    angle: knob("angle", "start, degrees", -180, 180, 5, "input", (v) => num(v, 0)),
    k: knob("k", "products k", 1, MOST, 1, "state"),
  };
  F.add(root, "controls", ...Object.values(knobs).map((k) => k.el));
  const panel = F.panel(root);
  F.hint(root, "Drag in the plane to turn the first row. The left picture shows it and its first twelve products, as large as they fit.");
  const say = F.live(root);

  let plane = null, held = false;
  const drag = (event) => {
    const at = redraw.svg.getBoundingClientRect();
    const x = event.clientX - at.left - plane.cx, y = plane.cy - (event.clientY - at.top);
    net = { ...net, angle: Math.round(((Math.atan2(y, x) * 180) / Math.PI) / 5) * 5 };
    update();
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    const at = redraw.svg.getBoundingClientRect();
    if (Math.abs(event.clientX - at.left - plane.cx) > plane.size / 2) return;
    if (Math.abs(event.clientY - at.top - plane.cy) > plane.size / 2) return;
    held = true;
    redraw.svg.setPointerCapture(event.pointerId);
    drag(event);
  });
  redraw.svg.addEventListener("pointermove", (event) => held && drag(event));
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (held = false));
  redraw.svg.style.touchAction = "pan-y";

  function paint(pen, width) {
    const now = powers(net), stacked = width < 560;
    const size = Math.min(280, stacked ? width - 40 : width * 0.4);
    plane = { cx: (stacked ? width : size + 40) / 2, cy: 24 + size / 2, size };
    pen.text("tl", plane.cx, 14, "rows in the plane", { class: "small" });
    pen.rect("frame", plane.cx - size / 2, 24, size, size, { class: "page s-neutral", thick: 1 });
    pen.line("ax", plane.cx - size / 2, plane.cy, plane.cx + size / 2, plane.cy, { class: "s-neutral", "stroke-opacity": 0.5 });
    pen.line("ay", plane.cx, 24, plane.cx, 24 + size, { class: "s-neutral", "stroke-opacity": 0.5 });
    const shown = now.rows.slice(0, 13), most = Math.max(...now.lengths.slice(0, 13));
    const scale = (0.46 * size) / most;
    shown.forEach(([x, y], i) => {
      const end = i === shown.length - 1;
      pen.arrow(`v${i}`, plane.cx, plane.cy, plane.cx + scale * x, plane.cy - scale * y,
        i === 0 ? "input" : "state", { width: end ? 3 : 1.5, opacity: end || !i ? 1 : 0.3 + (0.5 * i) / shown.length });
    });

    const x0 = stacked ? 56 : size + 104, y0 = stacked ? size + 76 : 24;
    const w = width - x0 - 16, h = stacked ? 200 : size;
    pen.text("tr", x0 + w / 2, y0 - 10, "length after each product", { class: "small" });
    const logs = now.lengths.map((l) => Math.log10(Math.max(l, 1e-30)));
    const line = [0, net.k * Math.log10(Math.max(now.radius, 1e-30))];
    let low = Math.floor(Math.min(...logs, line[1], 0)), high = Math.ceil(Math.max(...logs, line[1], 0));
    low = Math.max(low, Math.floor(Math.min(...logs)) - 2);
    if (high === low) high += 1;
    const X = (i) => x0 + (i / net.k) * w;
    const Y = (v) => y0 + h * (1 - (v - low) / (high - low));
    pen.line("rx", x0, y0 + h, x0 + w, y0 + h, { class: "s-neutral" });
    pen.line("ry", x0, y0, x0, y0 + h, { class: "s-neutral" });
    const jump = Math.max(1, Math.ceil((high - low) / 6));
    for (let e = low; e <= high; e += jump) pen.text(`e${e}`, x0 - 8, Y(e) + 4, e < -4 || e > 4 ? `1e${num(e, 0)}` : String(Number((10 ** e).toPrecision(1))), { class: "mute end" });
    for (const i of [0, net.k]) pen.text(`k${i ? 1 : 0}`, X(i), y0 + h + 18, String(i), { class: "mute" });
    pen.text("xr", x0 + w / 2, y0 + h + 18, "products k", { class: "mute" });
    const cut = line[1] < low ? (net.k * low) / line[1] : net.k;
    pen.line("rho", X(0), Y(0), X(cut), Y((line[1] * cut) / net.k), { class: "s-neutral", thick: 2, dash: "6 5" });
    pen.path("len", logs.map((v, i) => `${i ? "L" : "M"}${X(i).toFixed(1)},${Y(v).toFixed(1)}`).join(""), { class: "s-state", thick: 2.5 });
    return Math.max(24 + size, y0 + h) + 28;
  }

  const big = (v) => (v && (v < 0.001 || v >= 1e4) ? v.toExponential(2).replace("-", "−") : num(v, 3));
  function update() {
    for (const name of Object.keys(knobs)) knobs[name].set(net[name]);
    const now = powers(net);
    const said = now.eigenvalues.map(([re, im]) => (im ? `${num(re, 2)} ${im < 0 ? "−" : "+"} ${num(Math.abs(im), 2)}i` : num(re, 2))).join(" and ");
    const peak = now.lengths.indexOf(Math.max(...now.lengths));
    const text =
      `Eigenvalues ${said}; spectral radius ${num(now.radius, 3)}, norm ${num(now.norm, 3)}. ` +
      `[state:Length after ${net.k} products: ${big(now.lengths[net.k])}; longest ${big(now.lengths[peak])}, after ${peak}.]`;
    panel.innerHTML = `<p>${F.rich(text)}</p><p>The dashed line is the radius to the power k.</p>`;
    say(text);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { powers, START };
else (window.rnnFigures = window.rnnFigures || {})["matrix-power"] = draw;
})();
