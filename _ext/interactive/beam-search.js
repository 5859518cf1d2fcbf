/* Beam search over a small table: which prefixes are kept, and what that costs, (16.13). */
(function () {
"use strict";

/* Rows: after the start, after a, after b; columns: end, a, b. */
const TABLES = {
  "greedy is fooled": [[0.1, 0.5, 0.4], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]],
  "a beam of two is fooled": [[0.05, 0.5, 0.45], [0.4, 0.3, 0.3], [0.1, 0.45, 0.45]],
};
const START = { table: "a beam of two is fooled", width: 2, alpha: 0, T: 4 };
const TOKENS = ["end", "a", "b"], MOST = 4;

const penalty = (length, alpha) => Math.pow((5 + length) / 6, alpha); // (16.5)

/* The candidates of each step, best first, and the outputs found, best score first. */
function search({ table, width, alpha, T }) {
  let going = [{ tokens: [], log: 0 }];
  const steps = [], found = [];
  for (let length = 1; length <= T && going.length; length++) {
    const all = going.flatMap((parent) => table[parent.tokens.at(-1) || 0].map((p, token) => (
      { parent, tokens: [...parent.tokens, token], log: parent.log + Math.log(p) })));
    all.sort((one, other) => other.log - one.log);
    going = [];
    all.forEach((one, rank) => {
      one.kept = rank < width; // (16.13)
      one.ended = one.tokens.at(-1) === 0;
      if (!one.kept) return;
      if (one.ended || length === T) found.push({ ...one, score: one.log / penalty(length, alpha) });
      else going.push(one);
    });
    found.sort((one, other) => other.score - one.score);
    steps.push(all);
    if (going.length && found.length && found[0].score >= going[0].log / penalty(T, alpha)) break; // decided
  }
  return { steps, best: { tokens: found[0].tokens, log: found[0].log, score: found[0].score } };
}

const spelt = (tokens) => tokens.map((token) => TOKENS[token]).join(" ");

function draw(F, root) {
  const { num, rich } = F;
  let { table, width, alpha } = START, at = 1, picked = 0, boxes = [];
  const run = (k) => search({ table: TABLES[table], width: k, alpha, T: START.T });
  const go = (to) => {
    at = to;
    picked = 0;
    update();
  };
  const chosen = F.choice("Table", Object.keys(TABLES).map((key) => [key, key]), table, (key) => { table = key; go(1); });
  const back = F.button("Back", () => go(at - 1)), next = F.button("Next step", () => go(at + 1));
  F.add(root, "row", chosen.el, back, next, F.button("All", () => go(run(width).steps.length)));
  const redraw = F.stage(root, "Candidates of each step, best on top, and which were kept", paint);
  const wide = F.slider({
    label: "width k", min: 1, max: MOST, step: 1, value: width, role: "state", show: (v) => num(v, 0),
    on: (v) => { width = v; picked = 0; update(); },
  });
  const strength = F.slider({
    label: "penalty α", min: 0, max: 2, step: 0.1, value: alpha, role: "gate", show: (v) => num(v, 1),
    on: (v) => { alpha = v; picked = 0; update(); },
  });
  const rank = F.slider({
    label: "candidate", min: 1, max: 6, step: 1, value: 1, role: "output", show: (v) => num(v, 0),
    on: (v) => { picked = v - 1; update(); },
  });
  F.keep("step", () => at, (v) => {
    at = Math.round(F.clamp(Number(v), 1, 1, START.T));
    update();
  });
  F.add(root, "controls", wide.el, strength.el, rank.el);
  const panel = F.panel(root);
  F.hint(root, "Point at a candidate, or move the third slider, to read how it was made.");
  const say = F.live(root);
  const under = (event) => {
    const edge = redraw.svg.getBoundingClientRect(), [x, y] = [event.clientX - edge.left, event.clientY - edge.top];
    const hit = boxes.find((b) => Math.abs(b.x - x) < b.half && Math.abs(b.y - y) < 12);
    if (hit && (hit.step !== at || hit.rank !== picked)) {
      [at, picked] = [hit.step, hit.rank];
      update();
    }
  };
  redraw.svg.addEventListener("pointermove", under);
  redraw.svg.addEventListener("pointerdown", under);

  function paint(pen, room) {
    const { steps } = run(width), high = 26, top = 44, column = (room - 40) / START.T;
    const X = (s) => 14 + (s - 0.5) * column, Y = (r) => top + r * high;
    const place = new Map(), roomy = column > 84;
    boxes = [];
    pen.text("start", 0, Y(0) + 4, "start", { class: "start mute" });
    for (let s = 1; s <= START.T; s++) pen.text("s" + s, X(s) + 14, 18, "step " + s, { class: "mute" });
    const seen = steps.slice(0, at);
    seen.forEach((all, i) => all.forEach((one, r) => {
      place.set(one, [X(i + 1) + 14, Y(r)]);
      boxes.push({ step: i + 1, rank: r, x: X(i + 1) + 14, y: Y(r), half: column / 2 });
    }));
    seen.forEach((all, i) => all.forEach((one, r) => {
      const [x, y] = place.get(one), [px, py] = place.get(one.parent) || [18, Y(0)];
      pen.line(`l${i}_${r}`, px + (i && roomy ? 58 : 18), py, x - 18, y, { class: one.kept ? "s-state" : "s-neutral", thick: one.kept ? 2.5 : 1, dash: one.kept ? "none" : "3 3", "stroke-opacity": one.kept ? 1 : 0.5 });
    }));
    seen.forEach((all, i) => all.forEach((one, r) => {
      const [x, y] = place.get(one), role = one.ended && one.kept ? "output" : one.kept ? "state" : "neutral";
      pen.rect(`b${i}_${r}`, x - 18, y - 11, 36, 22, { rx: 5, class: `${one.kept ? "f" : "s"}-${role}${one.kept ? "" : " page"}`, thick: 1 });
      pen.text(`t${i}_${r}`, x, y + 5, TOKENS[one.tokens.at(-1)], { class: one.kept ? "on" : "mute" });
      if (i + 1 === at && r === picked) pen.rect("pick", x - 21, y - 14, 42, 28, { rx: 7, class: "s-gate", thick: 2, fill: "none" });
      if (roomy) pen.text(`p${i}_${r}`, x + 22, y + 4, num(Math.exp(one.log), 3), { class: "start mute" });
    }));
    return Y(3 * width) - 8;
  }

  function update() {
    const { steps, best } = run(width), greedy = run(1).best, all = run(3 ** START.T).best;
    at = Math.min(Math.max(at, 1), steps.length);
    const row = steps[at - 1];
    picked = Math.min(picked, row.length - 1);
    back.disabled = at === 1;
    next.disabled = at === steps.length;
    wide.set(width);
    rank.range(1, row.length);
    rank.set(picked + 1);
    const one = row[picked], last = TABLES[table][one.parent.tokens.at(-1) || 0][one.tokens.at(-1)];
    const made = one.parent.tokens.length ? `${num(Math.exp(one.parent.log), 3)} · ${num(last)} = ` : "";
    const fate = !one.kept ? `dropped: ${width} better` : one.ended ? "kept, and set aside: it has ended" : at === START.T ? "kept, and cut off" : "kept";
    const text = `Step ${at} of ${steps.length}, candidate ${picked + 1} of ${row.length}: [output:${spelt(one.tokens)}], p = ${made}${num(Math.exp(one.log), 3)}; ${fate}.`;
    const told = ({ tokens, log, score }) => `[output:${spelt(tokens)}], p = ${num(Math.exp(log), 3)}${alpha ? `, score ${num(score, 3)}` : ""}`;
    const end = `Width ${width} finds ${told(best)}. Width 1, greedy: ${told(greedy)}. Best of all: ${told(all)}.`;
    panel.innerHTML = `<p>${rich(text)}</p><p>${rich(end)}</p>`;
    say(`${text} ${end}`);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { search, TABLES, START };
else (window.rnnFigures = window.rnnFigures || {})["beam-search"] = draw;
})();
