/* The ladder of Witten and Bell: the next letter of a sonnet, from ever longer contexts,
   (6.9) and (6.10). */
(function () {
"use strict";

const LETTERS = " abcdefghijklmnopqrstuvwxyz";
const SONNET =
  "shall i compare thee to a summers day thou art more lovely and more temperate " +
  "rough winds do shake the darling buds of may and summers lease hath all too " +
  "short a date sometime too hot the eye of heaven shines and often is his gold " +
  "complexion dimmed and every fair from fair sometime declines by chance or " +
  "natures changing course untrimmed but thy eternal summer shall not fade nor " +
  "lose possession of that fair thou owest nor shall death brag thou wanderest in " +
  "his shade when in eternal lines to time thou growest so long as men can breathe " +
  "or eyes can see so long lives this and this gives life to thee";
const START = { text: SONNET, context: "sha", order: 3 };

/* One rung for each context length 0 .. order: the context c, how often something
   followed it (N), how many different letters did (T), and the probabilities p. A
   context that was never seen passes on what the rung before it says. */
function ladder({ text, context, order }) {
  const given = order ? context.slice(-order) : "";
  let p = [...LETTERS].map(() => 1 / LETTERS.length); // (6.10)
  const rungs = [];
  for (let k = 0; k <= given.length; k++) {
    const c = given.slice(given.length - k);
    const counts = [...LETTERS].map(() => 0);
    for (let t = k; t < text.length; t++)
      if (text.slice(t - k, t) === c) counts[LETTERS.indexOf(text[t])]++;
    const N = counts.reduce((a, b) => a + b, 0);
    const T = counts.filter((n) => n > 0).length;
    if (N) p = counts.map((n, s) => (n + T * p[s]) / (N + T)); // (6.9)
    rungs.push({ c, N, T, p });
  }
  return rungs;
}

/* The letter in whose stretch of 0 to 1 the number u falls. */
function pick({ p, u }) {
  let sum = 0;
  for (let s = 0; s < p.length; s++) if ((sum += p[s]) > u) return s;
  return p.length - 1;
}

function draw(F, root, params) {
  const { num, clamp } = F;
  const clean = (s) => s.toLowerCase().replace(/[^a-z]+/g, " ").slice(-40);
  const first = clean(typeof params.context === "string" ? params.context : START.context);
  let context = first;
  let order = Math.round(clamp(params.order, START.order, 0, 6));
  const shown = (s) => s.replace(/ /g, "␣");

  const set = (s) => {
    context = clean(s);
    if (box.value !== context) box.value = context;
    update();
  };
  const next = F.button("Draw the next letter", () => {
    const rungs = ladder({ text: SONNET, context, order });
    set(context + LETTERS[pick({ p: rungs[rungs.length - 1].p, u: Math.random() })]);
  });
  const likely = F.button("Take the likeliest", () => {
    const { p } = ladder({ text: SONNET, context, order }).pop();
    set(context + LETTERS[p.indexOf(Math.max(...p))]);
  });
  const off = F.button("Take one off", () => set(context.slice(0, -1)));
  const reset = F.button("Reset", () => {
    knob.set((order = Math.round(clamp(params.order, START.order, 0, 6))));
    set(first);
  });
  F.add(root, "row", next, likely, off, reset);
  F.keep("context", () => context, set);
  const id = F.id();
  const box = F.el("input", {
    id, type: "text", class: "rnn-button", value: context, size: 24, maxlength: 40,
    spellcheck: "false", autocomplete: "off", autocapitalize: "off",
    input: () => {
      context = clean(box.value);
      update();
    },
    change: () => set(box.value),
  });
  F.add(root, "row", F.el("label", { for: id }, "What stands before"), box);
  const redraw = F.stage(root, "Probability of each letter, by context length", paint);
  const knob = F.slider({
    label: "order k", min: 0, max: 6, step: 1, value: order, role: "input",
    on: (v) => {
      order = v;
      update();
    },
  });
  F.add(root, "controls", knob.el);
  const panel = F.panel(root);
  F.hint(root, "Counted on one sonnet, 600 letters. Type a context that stands in it, such as “summer”, then one that does not, such as “sz”: the long contexts fall silent, and the longest one that is known decides.");
  const say = F.live(root);

  const ROW = 70, TALL = 46;
  function paint(pen, width) {
    const rungs = ladder({ text: SONNET, context, order });
    const step = width / LETTERS.length;
    const best = rungs[rungs.length - 1].p;
    const top = best.indexOf(Math.max(...best));
    const most = Math.max(0.25, ...rungs.flatMap((rung) => rung.p)); // one scale for all
    const height = (p) => Math.max(0.5, (TALL * p) / most);
    rungs.forEach(({ c, N, T, p }, k) => {
      const base = 22 + k * ROW + TALL;
      const seen = N > 0;
      const label = k ? `after “${shown(c)}”` : "after anything";
      pen.text(`l${k}`, 0, base - TALL - 4, label + (seen ? `: N = ${N}, T = ${T}` : ": never seen"), { class: "start mute" });
      [...LETTERS].forEach((_, s) => {
        pen.rect(`b${k}-${s}`, s * step + 1, base - height(p[s]), Math.max(2, step - 2), height(p[s]), {
          class: seen ? "f-output" : "page s-output", opacity: s === top ? 1 : 0.6,
        });
      });
      pen.line(`z${k}`, 0, base, width, base, { class: "s-neutral", "stroke-opacity": 0.5 });
    });
    const foot = 22 + (rungs.length - 1) * ROW + TALL + 18;
    [...LETTERS].forEach((letter, s) => pen.text(`a${s}`, (s + 0.5) * step, foot, shown(letter), { class: "small", bold: s === top ? 700 : 400 }));
    return foot + 8;
  }

  function update() {
    const rungs = ladder({ text: SONNET, context, order });
    const { p } = rungs[rungs.length - 1];
    off.disabled = !context.length;
    const line = (s) => `<p class="rnn-hang">${F.rich(s)}</p>`;
    const parts = rungs.map(({ c, N, T }) => {
      const many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
      const what = c ? `after “${shown(c)}”` : "without context";
      const rest = c.length ? (c.length > 1 ? `“${shown(c.slice(1))}”` : "no context") : "1/27 each";
      return N
        ? `${what}: ${c ? `seen ${many(N, "time")}` : `${N} letters`}, ${many(T, "kind")}; it leaves ${T}/(${N} + ${T}) = ${num((100 * T) / (N + T), 0)} % to ${rest}`
        : `${what}: never seen; it leaves all to ${rest}`;
    });
    const order3 = [...p.keys()].sort((a, b) => p[b] - p[a]).slice(0, 3);
    const likeliest = order3.map((s) => `${shown(LETTERS[s])} ${num(p[s], 3)}`).join(", ");
    panel.innerHTML = parts.map(line).join("") +
      line(`next letter by (6.9): [output:${likeliest}], and ${num(1 - order3.reduce((a, s) => a + p[s], 0), 3)} for the other 24`);
    say(`After ${shown(context) || "nothing"}: ${likeliest}`);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { ladder, pick, START, LETTERS };
else (window.rnnFigures = window.rnnFigures || {}).backoff = draw;
})();
