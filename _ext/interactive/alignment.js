/* Where a decoder with attention looked, one row for each character it wrote, (16.9). */
(function () {
"use strict";

/* Weights of the reader of dates in chapter 16, seed 0, to two decimals. */
const START = /*START*/{"read": "saturday, 9 mar 2024", "written": "2024-03-09>", "weights": [[0.03, 0.03, 0.06, 0.04, 0.06, 0.05, 0.05, 0.04, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01, 0.01, 0.01, 0.02, 0.11, 0.22, 0.21], [0.08, 0.04, 0.02, 0.04, 0.04, 0.04, 0.04, 0.02, 0.04, 0.02, 0.07, 0.03, 0.07, 0.02, 0.01, 0.02, 0.01, 0.11, 0.07, 0.2], [0.02, 0.01, 0.04, 0.02, 0.05, 0.03, 0.01, 0.04, 0.02, 0.01, 0.01, 0.01, 0.01, 0.0, 0.01, 0.01, 0.01, 0.05, 0.35, 0.29], [0.02, 0.01, 0.03, 0.01, 0.05, 0.04, 0.02, 0.03, 0.02, 0.01, 0.01, 0.0, 0.01, 0.02, 0.03, 0.02, 0.0, 0.0, 0.04, 0.62], [0.04, 0.03, 0.04, 0.02, 0.08, 0.07, 0.05, 0.17, 0.11, 0.09, 0.01, 0.01, 0.01, 0.05, 0.07, 0.04, 0.03, 0.0, 0.03, 0.06], [0.02, 0.04, 0.04, 0.05, 0.01, 0.0, 0.01, 0.01, 0.0, 0.01, 0.01, 0.04, 0.09, 0.14, 0.11, 0.36, 0.02, 0.02, 0.02, 0.01], [0.0, 0.01, 0.05, 0.01, 0.02, 0.0, 0.0, 0.01, 0.0, 0.0, 0.0, 0.01, 0.06, 0.06, 0.47, 0.21, 0.01, 0.0, 0.02, 0.04], [0.05, 0.04, 0.03, 0.01, 0.05, 0.05, 0.03, 0.09, 0.07, 0.07, 0.02, 0.03, 0.05, 0.08, 0.1, 0.09, 0.06, 0.02, 0.03, 0.04], [0.02, 0.02, 0.01, 0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.07, 0.55, 0.1, 0.03, 0.01, 0.07, 0.01, 0.07, 0.01, 0.01], [0.02, 0.01, 0.01, 0.0, 0.0, 0.0, 0.0, 0.01, 0.01, 0.03, 0.14, 0.49, 0.1, 0.02, 0.02, 0.05, 0.01, 0.03, 0.01, 0.04], [0.04, 0.03, 0.01, 0.01, 0.01, 0.04, 0.04, 0.05, 0.07, 0.06, 0.12, 0.19, 0.05, 0.05, 0.02, 0.03, 0.13, 0.02, 0.01, 0.02]]}/*END*/;

/* Multiply all scores of a row by a factor: the softmax (16.9) of factor · log α. */
function sharpen({ row, factor }) {
  const powers = row.map((weight) => (weight > 0 ? Math.pow(weight, factor) : 0));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/* The places that a row looks at most, largest first; of equal ones the first. */
function places({ row, n }) {
  return row.map((weight, j) => [weight, j]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, n).map(([, j]) => j);
}

const shown = (c) => (c === " " ? "␣" : c);

function draw(F, root) {
  const { num, rich } = F;
  const { read, written, weights } = START;
  let at = 0, factor = 1, grid = null;
  const go = (to) => {
    at = Math.min(written.length - 1, Math.max(0, to));
    slider.set(at + 1);
    update();
  };
  F.add(root, "row", F.button("← Before", () => go(at - 1)), F.button("Next →", () => go(at + 1)), F.button("First", () => go(0)));
  const redraw = F.stage(root, "Weights of every character read, for every character written", paint);
  const panel = F.panel(root);
  const slider = F.slider({
    label: "character written", min: 1, max: written.length, step: 1, value: 1, role: "output", show: (v) => num(v, 0),
    on: (v) => {
      at = v - 1;
      update();
    },
  });
  const sharp = F.slider({
    label: "all scores times", min: 0, max: 3, step: 0.25, value: 1, role: "gate",
    on: (v) => {
      factor = v;
      update();
    },
  });
  F.add(root, "controls", slider.el, sharp.el);
  const say = F.live(root);
  const under = (event) => {
    const box = redraw.svg.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top - grid.top) / grid.high);
    if (row >= 0 && row < written.length && row !== at) go(row);
  };
  redraw.svg.addEventListener("pointermove", under);
  redraw.svg.addEventListener("pointerdown", under);

  function paint(pen, width) {
    const left = 26, top = 30, high = 20;
    const wide = (width - left - 6) / read.length;
    grid = { top, high };
    [...read].forEach((c, j) => pen.text("x" + j, left + (j + 0.5) * wide, 18, shown(c), { class: "f-input" }));
    weights.forEach((given, i) => {
      const row = sharpen({ row: given, factor });
      const y = top + i * high;
      pen.text("y" + i, 12, y + 15, shown(written[i]), { class: "f-output", bold: i === at ? "bold" : null });
      row.forEach((weight, j) => {
        pen.rect(`c${i}_${j}`, left + j * wide, y, wide - 1, high - 1, { class: "f-gate", tint: 0.04 + 0.96 * weight });
      });
    });
    pen.rect("here", left - 2, top + at * high - 2, wide * read.length + 3, high + 2, { class: "s-output", thick: 2, fill: "none" });
    return top + written.length * high + 6;
  }

  function update() {
    const row = sharpen({ row: weights[at], factor });
    const best = places({ row, n: 3 });
    const looks = best.map((j) => `[input:${shown(read[j])}] (place ${j + 1}) [gate:${num(row[j])}]`).join(", ");
    const sign = written[at] === ">" ? "the end token" : `[output:${written[at]}]`;
    const line = `Character ${at + 1}, ${sign}: most weight on ${looks}. The other ${read.length - 3} share ${num(Math.max(0, 1 - best.reduce((a, j) => a + row[j], 0)))}.`;
    panel.innerHTML = `<p>${rich(line)}</p>`;
    say(line);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { sharpen, places, START };
else (window.rnnFigures = window.rnnFigures || {})["alignment"] = draw;
})();
