/* A linear recurrence computed in a few passes: which place joins which, and what each knows. */
(function () {
"use strict";

const START = { T: 8, method: "blelloch" };
const METHODS = { blelloch: "join, then fill in (Blelloch)", "hillis-steele": "double the reach (Hillis and Steele)" };
const MOST = 16;

/* Passes of [into, from] pairs; each joins an earlier place to a later, (23.5). */
function passes({ T, method }) {
  const found = [];
  if (method === "hillis-steele") {
    for (let reach = 1; reach < T; reach *= 2) {
      const joined = [];
      for (let t = reach; t < T; t++) joined.push([t, t - reach]);
      found.push(joined);
    }
    return found;
  }
  const fill = [];
  for (let step = 1; step < T; step *= 2) {
    const up = [], down = [];
    for (let t = 2 * step - 1; t < T; t += 2 * step) up.push([t, t - step]);
    for (let t = 3 * step - 1; t < T; t += 2 * step) down.push([t, t - step]);
    found.push(up);
    fill.unshift(down);
  }
  return [...found, ...fill].filter((joined) => joined.length);
}

/* What stands in each place before the first pass and after each: the joined step (a, b)
   and the first of the steps that it holds. */
function scan({ a, b, h0, method }) {
  let places = a.map((v, t) => ({ a: v, b: t ? b[t] : b[t] + v * h0, first: t }));
  const rows = [places];
  for (const joined of passes({ T: a.length, method })) {
    const before = places;
    places = places.map((p) => ({ ...p }));
    for (const [into, from] of joined) {
      const late = before[into], early = before[from];
      places[into] = { a: late.a * early.a, b: late.a * early.b + late.b, first: early.first };
    }
    rows.push(places);
  }
  return { rows, hs: places.map((p) => p.b), joinings: rows.length > 1 ? passes({ T: a.length, method }).reduce((n, j) => n + j.length, 0) : 0 };
}

/* A recurrence to look at: nothing but halving, and a 1 at every third step. */
function example(T) {
  const t = [...Array(T).keys()];
  return { a: t.map(() => 0.5), b: t.map((k) => (k % 3 ? 0 : 1)), h0: 2 };
}

function draw(F, root, params) {
  const { num, rich } = F;
  let T = Math.round(F.clamp(params.T, START.T, 2, MOST)), method = START.method, at = 0, picked = null;
  const now = () => scan({ ...example(T), method });
  const last = () => passes({ T, method }).length;
  const go = (to) => { at = Math.min(last(), Math.max(0, to)); update(); };
  const chosen = F.choice("Way", Object.entries(METHODS), method, (key) => { method = key; at = 0; update(); });
  const back = F.button("Back", () => go(at - 1)), next = F.button("Next pass", () => go(at + 1));
  F.add(root, "row", chosen.el, back, next, F.button("All", () => go(last())));
  const redraw = F.stage(root, "Places after each pass, and which were joined", paint);
  const length = F.slider({
    label: "steps T", min: 2, max: MOST, step: 1, value: T, role: "input", show: (v) => num(v, 0),
    on: (v) => { T = v; at = 0; picked = null; update(); },
  });
  const place = F.slider({
    label: "place", min: 1, max: T, step: 1, value: T, role: "state", show: (v) => num(v, 0),
    on: (v) => { picked = v - 1; update(); },
  });
  F.add(root, "controls", length.el, place.el);
  const panel = F.panel(root);
  F.hint(root, "Point at a column, or move the second slider, to read what a place knows.");
  const say = F.live(root);
  let grid = null;
  const under = (event) => {
    const x = event.clientX - redraw.svg.getBoundingClientRect().left;
    const t = Math.floor((x - grid.left) / grid.wide);
    if (t >= 0 && t < T && t !== picked) { picked = t; update(); }
  };
  redraw.svg.addEventListener("pointermove", under);
  redraw.svg.addEventListener("pointerdown", under);

  function paint(pen, width) {
    const left = 44, top = 26, high = 44, r = Math.min(9, (width - left) / T / 3);
    const wide = (width - left - 8) / T, { rows } = now(), all = passes({ T, method });
    grid = { left, wide };
    const X = (t) => left + (t + 0.5) * wide, Y = (k) => top + 18 + k * high;
    if (picked !== null && picked < T) pen.rect("pick", left + picked * wide, top - 4, wide, Y(rows.length - 1) - top + 24, { class: "f-neutral", tint: 0.12 });
    for (let t = 0; t < T; t++) pen.text("t" + t, X(t), 18, String(t + 1), { class: "mute" });
    rows.forEach((places, k) => {
      pen.text("k" + k, 20, Y(k) + 4, k ? String(k) : "start", { class: "mute" });
      if (k && k <= at) all[k - 1].forEach(([into, from]) => {
        pen.line(`v${k}_${into}`, X(into), Y(k - 1), X(into), Y(k), { class: "s-gate", thick: 2 });
        pen.line(`d${k}_${into}`, X(from), Y(k - 1), X(into), Y(k), { class: "s-gate", thick: 2 });
      });
    });
    rows.forEach((places, k) => places.forEach((p, t) => {
      const known = p.first === 0 && k <= at;
      pen.draw("circle", `c${k}_${t}`, { cx: X(t), cy: Y(k), r: k > at ? 3 : r, class: known ? "f-state" : "f-neutral", opacity: k > at ? 0.35 : 1 });
    }));
    return Y(rows.length - 1) + 24;
  }

  function update() {
    length.set(T);
    const { rows, joinings } = now(), all = passes({ T, method });
    const done = all.slice(0, at).reduce((n, j) => n + j.length, 0);
    const known = rows[at].filter((p) => p.first === 0).length;
    back.disabled = at === 0;
    next.disabled = at === all.length;
    const head = `Pass ${at} of ${all.length}, ${done} of ${joinings} joinings (the loop needs ${T} passes). [state:${known} of ${T} states are known.]`;
    const t = picked === null || picked >= T ? T - 1 : picked, p = rows[at][t];
    place.range(1, T);
    place.set(t + 1);
    const held = p.first === t ? `step ${t + 1} alone` : `steps ${p.first + 1} to ${t + 1}`;
    const value = p.first === 0 ? `[state:h = ${num(p.b, 3)}]` : `h ↦ [gate:${num(p.a, 3)}] h + [input:${num(p.b, 3)}]`;
    const text = `Place ${t + 1} holds ${held}: ${value}.`;
    panel.innerHTML = `<p>${rich(head)}</p><p>${rich(text)}</p>`;
    say(`${head} ${text}`);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { passes, scan, START };
else (window.rnnFigures = window.rnnFigures || {})["scan-tree"] = draw;
})();
