/* Windows sliding over a series: features, labels, stride and horizon; and the two
   windows that a printed slide gets wrong. */
(function () {
"use strict";

/* Places of every window in a series of n values: `length` features, then `horizon`
   labels, each window `stride` after the one before. Places count from 0. */
function windows({ n, length, horizon = 1, stride = 1 }) {
  const out = [];
  for (let start = 0; start + length + horizon <= n; start += stride) {
    const count = (from, many) => Array.from({ length: many }, (_, k) => from + k);
    out.push({ features: count(start, length), labels: count(start + length, horizon) });
  }
  return out;
}

/* The three windows of the slide, as printed, for window length tau = length:
   X_1 = ({x_1 .. x_tau}, x_{tau+1})                       right
   X_2 = ({x_{tau+1}, x_{tau+1}, .. x_{2tau}}, x_{tau+2})  the label is a feature
   X_n = ({x_{t-tau} .. x_{t-1}}, x_{t+1})                 x_t is skipped            */
function slips({ n, length }) {
  const run = (from, to) => Array.from({ length: to - from + 1 }, (_, k) => from + k);
  return [
    { name: "X_1", features: run(0, length - 1), labels: [length], fault: null },
    { name: "X_2", features: [length, ...run(length, 2 * length - 1)], labels: [length + 1], fault: "leak" },
    { name: "X_n", features: run(n - 2 - length, n - 3), labels: [n - 1], fault: "gap" },
  ];
}

const DECK = {
  name: "The slide's eleven values", start: "2017-01-01", unit: "",
  values: [1435, 3895, 8270, 11390, 6545, 6465, 4895, 3270, 4305, 10845, 10510],
};
/* Daily consumption of electricity in Germany, from load_energy(). Data: ENTSO-E
   through Open Power System Data, Time series 2018-06-30,
   https://doi.org/10.25832/time_series/2018-06-30 */
const ENERGY = {
  name: "German electricity, winter 2013", start: "2013-11-25", unit: "GWh",
  values: [
    1440.5, 1462.2, 1494.0, 1508.7, 1488.8, 1254.6, 1161.8, 1434.5, 1468.2, 1511.2,
    1563.8, 1545.5, 1278.5, 1189.6, 1477.3, 1474.2, 1475.4, 1475.4, 1456.2, 1277.0,
    1194.8, 1467.6, 1457.2, 1447.5, 1430.1, 1345.7, 1250.8, 1142.0, 1199.9, 1129.0,
    992.8, 989.3, 1166.6, 1089.8, 1031.1, 1149.1, 1068.4, 1080.1, 1343.1, 1379.8,
    1271.0, 1182.4, 1408.2, 1529.3, 1550.4, 1572.2, 1552.4, 1350.4, 1243.6, 1582.8,
    1597.3, 1592.4, 1607.8, 1571.6, 1353.5, 1255.8, 1590.7, 1624.8, 1625.2, 1631.4,
    1617.4, 1399.1, 1302.7,
  ],
};

function draw(F, root, params) {
  const { num, rich } = F;
  const whole = (...v) => Math.round(F.clamp(...v));
  const given = (Array.isArray(params.series) ? params.series : []).filter(
    (s) => s && Array.isArray(s.values) && s.values.length > 3 && s.values.every(Number.isFinite));
  const all = given.length ? [DECK, ...given] : [DECK, ENERGY];
  let pick = params.show === "energy" || params.show === 1 ? 1 : 0;
  let series, n, length, horizon, stride, k, wrong = false, rows = [], timer = null;

  const show = (v) => num(v, series.values.every(Number.isInteger) ? 0 : 1);
  const day = (i) => new Date(Date.parse(series.start) + i * 864e5);
  const two = (v) => String(v).padStart(2, "0");
  const date = (i) => `${two(day(i).getUTCDate())}.${two(day(i).getUTCMonth() + 1)}.`;

  const which = F.choice("Series", all.map((s, i) => [i, s.name]), pick, (v) => {
    pick = Number(v);
    load();
  });
  const back = F.button("←", () => to(k - 1), { "aria-label": "window back" });
  const next = F.button("→", () => to(k + 1), { "aria-label": "next window" });
  const play = F.button("", () => (timer ? halt() : start()));
  F.add(root, "row", which.el, back, next, play);
  const redraw = F.stage(root, "The series with one window", paint);
  const at = F.slider({ label: "window", min: 1, max: 2, step: 1, value: 1, on: (v) => to(v - 1) });
  const knob = (label, role, on) => F.slider({ label, min: 1, max: 9, step: 1, value: 1, role, on });
  const sizes = {
    length: knob("length", "input", (v) => change(() => (length = v))),
    horizon: knob("horizon", "output", (v) => change(() => (horizon = v))),
    stride: knob("stride", "neutral", (v) => change(() => (stride = v))),
  };
  F.add(root, "controls", at.el, ...Object.values(sizes).map((s) => s.el));
  const slipBox = F.check("Show the slide's own windows, slips included", false, (on) => change(() => (wrong = on)));
  F.add(root, "row", slipBox.el);
  const panel = F.panel(root);
  const box = F.el("div", { class: "rnn-scroll", tabindex: 0, role: "region", "aria-label": "Table of windows" });
  root.append(box);
  const say = F.live(root);
  redraw.svg.classList.add("rnn-pick");
  let held = false;
  const drag = (event) => {
    const x = event.clientX - redraw.svg.getBoundingClientRect().left;
    const first = Math.round((x - area.left) / area.step - (length + horizon) / 2);
    if (!wrong) to(Math.round(first / stride));
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    held = true;
    redraw.svg.setPointerCapture(event.pointerId);
    drag(event);
  });
  redraw.svg.addEventListener("pointermove", (event) => held && drag(event));
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (held = false));
  redraw.svg.style.touchAction = "pan-y";
  const area = { left: 0, step: 1 };

  function load() {
    halt();
    series = all[pick];
    n = series.values.length;
    length = whole(params.length, n > 20 ? 33 : 4, 1, n - 1);
      horizon = whole(params.horizon, 1, 1, n - length);
    stride = whole(params.stride, 1, 1, n - 1);
    k = 0;
    table();
  }
  function change(set) {
    halt();
    set();
    table();
  }
  function to(row) {
    k = Math.max(0, Math.min(rows.length - 1, row));
    update();
  }
  function start() {
    if (k === rows.length - 1) to(0);
    timer = setInterval(() => (k < rows.length - 1 && root.isConnected ? to(k + 1) : halt()), 700);
    update();
  }
  function halt() {
    clearInterval(timer);
    timer = null;
    if (rows.length) update();
  }

  function table() {
    const most = wrong ? Math.floor(n / 2) : n - 1;
    const least = wrong ? 3 : 1;
    length = Math.min(Math.max(length, least), most);
    horizon = Math.min(horizon, n - length);
    sizes.length.range(least, Math.min(most, 40));
    sizes.horizon.range(1, Math.max(1, Math.min(7, n - length)));
    sizes.stride.range(1, Math.min(7, n - 1));
    sizes.length.set(length);
    sizes.horizon.set(horizon);
    sizes.stride.set(stride);
    for (const key of ["horizon", "stride"]) sizes[key].input.disabled = wrong;
    rows = wrong ? slips({ n, length }) : windows({ n, length, horizon, stride });
    k = Math.min(k, rows.length - 1);
    at.range(1, rows.length);
    const value = (i) => show(series.values[i]);
    const list = (places) => {
      const short = places.length > 8 ? [...places.slice(0, 3), null, ...places.slice(-2)] : places;
      return short.map((i) => (i === null ? "…" : value(i))).join(", ");
    };
    const body = rows.map((r, i) => {
      const mark = r.fault ? "✗ " : "";
      return `<tr><th scope="row">${rich(mark + (r.name || String(i + 1)))}</th>` +
        `<td><span class="rnn-c-input">${list(r.features)}</span></td>` +
        `<td><span class="rnn-c-output">${r.fault ? "<s>" : ""}${list(r.labels)}${r.fault ? "</s>" : ""}</span></td></tr>`;
    });
    box.innerHTML = `<table><thead><tr><th scope="col">${F.tr("Window")}</th><th scope="col">${F.tr(`Features (${length})`)}</th>` +
      `<th scope="col">${F.tr(rows[0] && rows[0].labels.length > 1 ? `Labels (${horizon})` : "Label")}</th></tr></thead><tbody>${body.join("")}</tbody></table>`;
    [...box.querySelectorAll("tbody tr")].forEach((tr, i) => tr.addEventListener("click", () => to(i)));
    update();
  }

  function paint(pen, width) {
    const row = rows[k];
    const few = n <= 20;
    const left = few ? 0 : 44, top = 52, bottom = 196;
    const step = (width - left) / n;
    area.left = left;
    area.step = step;
    const max = Math.max(...series.values), min = few ? 0 : Math.min(...series.values);
    const Y = (v) => bottom - ((v - min) / (max - min || 1)) * (bottom - top - 22) - (few ? 0 : 8);
    const X = (i) => left + step * (i + 0.5);
    const has = (list, i) => list.includes(i);
    const span = (key, list, role, label, y, at) => {
      const a = Math.min(...list), b = Math.max(...list);
      const x1 = left + a * step + 1, x2 = left + (b + 1) * step - 1;
      pen.rect(key, x1, y, x2 - x1, bottom + 4 - y, {
        rx: 6, class: `f-${role} s-${role}`, tint: 0.1, thick: 2,
        dash: role === "output" ? "5 3" : null,
      });
      const half = label.length * 3.7;
      pen.text(key + "t", Math.max(half, Math.min(width - half, (x1 + x2) / 2)), at, label, { class: `small f-${role}` });
    };
    span("sf", row.features, "input", `features: ${row.features.length}`, top - 8, top - 15);
    span("sl", row.labels, "output", row.labels.length > 1 ? `labels: ${row.labels.length}` : "label", row.fault === "leak" ? top - 8 : top - 28, top - 35);
    if (!few) {
      for (const v of [min, max]) {
        pen.text(`y${v === min}`, left - 6, Y(v) + 5, num(v, 0), { class: "end mute" });
        pen.line(`yl${v === min}`, left, Y(v), width, Y(v), { class: "s-neutral", "stroke-opacity": 0.25 });
      }
      pen.path("curve", "M" + series.values.map((v, i) => `${X(i)},${Y(v)}`).join("L"), { class: "s-neutral", thick: 1.5 });
    } else pen.line("zero", 0, bottom, width, bottom, { class: "s-neutral" });
    const thousands = few && step < 46;
    series.values.forEach((v, i) => {
      const label = has(row.labels, i), feature = has(row.features, i);
      const role = label ? "output" : feature ? "input" : "neutral";
      const clash = label && feature;
      if (few) {
        const w = Math.min(44, step * 0.7);
        pen.rect(`b${i}`, X(i) - w / 2, Y(v), w, bottom - Y(v), {
          rx: 3, class: `f-${role} s-${role}`, tint: role === "neutral" ? 0.25 : label ? 0.35 : 1,
          thick: label ? 2 : 0, dash: label ? "4 2" : null,
        });
        pen.text(`n${i}`, X(i), Y(v) - 5, thousands ? num(v / 1000, 1) : show(v), { class: "small", bold: role === "neutral" ? 400 : 700 });
        if (step > 52 || i % 2 === 0) pen.text(`d${i}`, X(i), bottom + 22, step > 52 ? date(i) : two(day(i).getUTCDate()), { class: "mute" });
      } else if (label) pen.rect(`b${i}`, X(i) - 4.5, Y(v) - 4.5, 9, 9, { class: "f-output" });
      else pen.draw("circle", `c${i}`, { cx: X(i), cy: Y(v), r: Math.min(3.5, step * 0.42), class: `f-${role}`, tint: feature ? 1 : 0.5 });
      if (!few && day(i).getUTCDay() === 1 && Math.floor(i / 7) % (width < 520 ? 3 : 2) === 0 && i + 5 < n)
        pen.text(`d${i}`, X(i), bottom + 22, date(i), { class: "mute" });
      if (clash) pen.text(`x${i}`, X(i), Y(v) + 20, "✗", { bold: 700 });
    });
    if (row.fault === "gap") pen.text("gap", X(n - 2), bottom - 14, "✗", { class: "f-gradient big", bold: 700 });
    const note = `${thousands ? "values in thousands; " : ""}${series.unit ? series.unit + " a day; " : ""}days from ${date(0)}${day(0).getUTCFullYear()}`;
    pen.text("note", 0, bottom + 42, note, { class: "start mute" });
    return bottom + 50;
  }

  function update() {
    const row = rows[k];
    at.set(k + 1);
    back.disabled = k === 0;
    next.disabled = k === rows.length - 1;
    play.textContent = F.tr(timer ? "Stop" : "▶ Slide");
    box.querySelectorAll("tbody tr").forEach((tr, i) => {
      if (i !== k) return tr.removeAttribute("aria-current");
      tr.setAttribute("aria-current", "true");
      const head = box.querySelector("thead").offsetHeight;
      if (tr.offsetTop - head < box.scrollTop) box.scrollTop = tr.offsetTop - head;
      else if (tr.offsetTop + tr.offsetHeight > box.scrollTop + box.clientHeight)
        box.scrollTop = tr.offsetTop + tr.offsetHeight - box.clientHeight;
    });
    const x = (i) => `x_{${i + 1}}`;
    const f = row.features, l = row.labels;
    const range = (a) => (a.length > 1 ? `${x(a[0])} … ${x(a[a.length - 1])}` : x(a[0]));
    let text;
    if (row.fault === "leak")
      text = `✗ Wrong: as printed, the label [output:${x(l[0])}] already stands among the features [input:${x(length)} … ${x(2 * length - 1)}], so there is nothing left to forecast; and ${x(length)} is written twice. One step on, it is [input:${x(1)} … ${x(length)}] with label [output:${x(length + 1)}]` +
        (2 * length < n ? `; without overlap, [input:${x(length)} … ${x(2 * length - 1)}] with label [output:${x(2 * length)}].` : ".");
    else if (row.fault === "gap")
      text = `✗ Wrong: the features end at [input:${x(n - 3)}] and the label is [output:${x(n - 1)}]; ${x(n - 2)} is skipped. The window before it has [output:${x(n - 2)}] as its label: next day means next day.`;
    else if (wrong) text = `Right: [input:${range(f)}], then the label [output:${range(l)}].`;
    else
      text = `${rows.length} ${rows.length === 1 ? "window" : "windows"} from ${n} values: floor((${n} − ${length} − ${horizon}) / ${stride}) + 1. Window ${k + 1}: features [input:${range(f)}], ${l.length > 1 ? "labels" : "label"} [output:${range(l)}].`;
    panel.innerHTML = `<p>${rich(text)}</p>`;
    say(text);
    redraw();
  }
  load();
}

if (typeof module !== "undefined") module.exports = { windows, slips, DECK, ENERGY };
else (window.rnnFigures = window.rnnFigures || {}).windows = draw;
})();
