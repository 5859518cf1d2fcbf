/* The LSTM of chapter 10 that minds brackets and quotations, with a gate held or not. */
(function () {
"use strict";

// ten-thousandths in 16 bits, as in rnncourse/trained/brackets.json
const MODEL = {};
const SYMBOLS = ' "().enost', DEEPEST = 2;
const GATES = ["i", "f", "g", "o"]; // the order of the four blocks, (10.1)

const known = {};
function weight(name) {
  if (!known[name]) {
    const { shape, bytes } = MODEL[name], raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
    const view = new DataView(raw.buffer);
    const values = Float64Array.from({ length: raw.length / 2 }, (_, i) => view.getInt16(2 * i, true) / 1e4);
    known[name] = { values, cols: shape[shape.length - 1] };
  }
  return known[name];
}

/* Only what the language has, at most so many symbols. */
const clean = (text, most) => [...String(text).toLowerCase()].filter((c) => SYMBOLS.includes(c)).slice(0, most).join("");

/* After each symbol: what is open, and which symbols the marks allow next. */
function marks({ text }) {
  let quoted = false, depth = 0;
  return [...text].map((c) => {
    let after = "letter";
    if (c === '"') after = (quoted = !quoted) ? "begin" : "end";
    else if (c === "(") [depth, after] = [depth + 1, "begin"];
    else if (c === ")") [depth, after] = [Math.max(0, depth - 1), "end"];
    else if (c === " ") after = "begin";
    else if (c === ".") after = "stop";
    const begun = after === "begin", ended = after === "letter" || after === "end";
    const letter = begun || after === "letter";
    return { quoted, depth, allowed: [
      ended || after === "stop", quoted ? after === "letter" : begun, begun && !quoted && depth < DEEPEST,
      ended && !quoted && depth > 0, ended && !quoted && depth === 0, ...Array(5).fill(letter)] };
  });
}

/* Read a text, (10.1) to (10.7), and say the next symbol. `hold` may fix one gate of
   one unit, or of all (-1), at a value in the steps first to last, counted from 1. */
function read({ text, hold }) {
  const W_x = weight("W_x"), W_h = weight("W_h"), { values: b } = weight("b");
  const W_y = weight("W_y"), { values: b_y } = weight("b_y"), H = b.length / 4;
  const sigma = (a) => 1 / (1 + Math.exp(-a));
  let h = new Float64Array(H), c = new Float64Array(H);
  return [...text].map((symbol, t) => {
    const a = b.map((bias, j) => bias + W_x.values[SYMBOLS.indexOf(symbol) * 4 * H + j]);
    for (let k = 0; k < H; k++) for (let j = 0; j < 4 * H; j++) a[j] += h[k] * W_h.values[k * 4 * H + j]; // (10.1)
    const part = Object.fromEntries(GATES.map((name, n) =>
      [name, a.slice(n * H, (n + 1) * H).map(name === "g" ? Math.tanh : sigma)])); // (10.2) to (10.5)
    if (hold && t + 1 >= hold.first && t + 1 <= hold.last)
      for (let k = 0; k < H; k++) if (hold.unit === -1 || hold.unit === k) part[hold.gate][k] = hold.value;
    c = c.map((old, k) => part.f[k] * old + part.i[k] * part.g[k]); // (10.6)
    h = c.map((cell, k) => part.o[k] * Math.tanh(cell)); // (10.7)
    const scores = Array.from(b_y, (bias, j) => h.reduce((s, v, k) => s + v * W_y.values[k * W_y.cols + j], bias));
    const most = Math.max(...scores), e = scores.map((s) => Math.exp(s - most)), sum = e.reduce((u, v) => u + v, 0);
    const { i, f, o } = part;
    return { i: [...i], f: [...f], o: [...o], c: [...c], h: [...h], p: e.map((v) => v / sum) };
  });
}

const made = { MODEL, SYMBOLS, clean, marks, read };
if (typeof module !== "undefined") module.exports = made;
else (window.rnnNetworks = window.rnnNetworks || {}).brackets = made;
})();
