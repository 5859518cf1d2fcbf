/* The LSTM of chapter 10 that minds brackets and quotations, with a gate held or not. */
(function () {
"use strict";

// whole numbers of 16 bits, as in rnncourse/trained/brackets.json
const MODEL = {"parts": 100, "arrays": {"W_x": {"shape": [10, 64], "bytes": "AAAAAAAAAAAAAAAAAAAAAAAA2/8AAAAAAAAAAAAAAACG/+H/AAAAAML/AACq/wAAgP/6/4f/AAAAAAAAc/8AADz/u/4AAAAATgAAAFz/AADZ/5j/iQAAAAAANADx/gAAAAAAAAAA2/8AAKn/AABTAAAAxf9ZAZz/L/8AAAAAswAAAAAAAAAAANX/AAAAAAAAAABlAQAAAAAAAAAAAAAAADkASQAAAAAAof8AAKMAAAAAAMD/Hv4AAAAAAACSAAAAYwABAAAAAACDAAAABgAAAD8AQgBj/wAAAABaAKH/AADT/gAAyP9V/wAAZAAAAAD/AAAGAPD/GgAAAAAAAAAAAAAAAAAAAAAAzf8AAAAAAAAAAFYAAAAAAAAAAAAAAAAAAAD8/wAAAAD9/wAAAAAAAAAAtf+a/wAAAABAAAAAAADV/wcAAAAAADkAAAAjAAAAv/8kALoAAAAAACkAVP8AAAAAAAAAAAAAAAA0/wAAAAAAAAAAAABV/wAAAAAAAOP/AAAAAAAAAADS/wAAAAAAAAAArQAAAAAAAAAAACcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAANn/AAAAAAAADQAAAGIAAAAAAAAAKAAAAD4AAAAAAHAAL/8AAAAAAAAMAAAAAAAAAAAA3f8AAAIAAAAAAAAAAADl/wAAAAAAAAAAAAAAAAAAAAAAAP//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA//8AAAAAAAAAAKn/8P8AAAAAAAAAAAAARQBMAAAAAAACAAAA0QAAAAAAAADa/wAAAAAAAAAAAAAAAAAAAAAtAQAAAAAAAAAAAAAAAAAAygAAAAAAAADK/wAAAAAAAAAAAAAAAAAAAAAAANH/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAYAAAANb/AgAAAAAAAAAJAAAAAAAAABoAAAAAAOD/AAAAAAAAWP85ANP/AAAAALX/nP8AAAAAAAABAAIAAADu/wAAAAAAAAAA2P9NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4P8AAAAAAAAAAAUAAAAAAJIAAAAAAAAAAAAAAAAAAwABADsAAAAAAPT/+v8AALz/AAAAAAAAjv8AANL/AABOAIT//P8AAP//Gf+JAAAAAAAAAHj/AAAAAFwAAAAyAAAAAAAYAAAAygAAAAAALwAAAAAAAAAAAAAAAAAAAAAAAAD1/wAAAAAAAAAAAAAAAP3/lv8AAAAAAAAAAE//AADT/9H/AAAAAAAAAAAAAAAA1f/KAAAAAADU/wAAuP8AAFX/4wC6/wAAAAB9ANP/AAAAAAAAqgDG/wAAAAAAAJj/AAAAAC0AIgDu/wAAAABq/wAAAAAAAAAAAQAAAAAAAAB1AOD/AAAAAAAAAAAAAAAA3/8AAAAAAAANAAAAAAAAAAAAAAAAAAAAAAC///7/AADSAPL/AAAAAJ//AABz/wAAcABa/wAAAAA8ACz/igAAAAAAAAD9/2AAAAAOAAAAPgAAAAAACQBH/wAAAAAAAD//AAAAAAAAAABCAAAAAAAAANX/7/8AAAAAAAAAANX/AAAUAAAAAAAAAHcAAAAAAAAAUAEZADwAAAAAAAAABQAAAAgAAAAAAAAAa/8AAIkAAAB9AM//2/8AAAAAMwA1AAAAAAAAAHoAAAAAAGH/AAAbAAAAAAAB/0EACgAAAAAAYwA="}, "W_h": {"shape": [16, 64], "bytes": "AAAAAAAAAADG/wAAAAAAAJf/AAAAAAAAAAAAAAAAAAABAKv/AAAAAAAAAAAAAAAAAAAKAMj/AAAAAAAAFQAAAPn/RAAAAAAANQAAADoAAAAIAFAA/P8AAPf/AwAbAAAAFQAAAAAArf8AAHn/AAAAAAAAz//l/wcAfgAAAAAAAAAAAAAAAAAAAOH/AAAAAAAAu/84AAAAAAAAAAAABQAAAAAAEwAAAAAAAAAAAAIAAAAAAA8Axf8AAAAAtv8tAAAASwAqAAAAAADr/wAADQAAAAAAAgApAAAAAABQABAAAAAAAAAAzv/r/wAA3P8AAAAAAAAAANj/zv9EAAAAAAC//wAAAAAAAAAACwAAAAAAAAAAANj/AAAAAAAAAAAAAAAAAACGAAAAAAAGAAAAPAAAAA8A4/+u/wAAAAAAAAcAAADu/67/AAAAAAQAAAAAAAAA///7/wQAAAAAAAAAAgAAANP/AAAlAAAAAADx/wAA9f8AAAAAwv8QAAAAAAAAAEAAAAAAAAAAAAD2/wAAAAAAAAAA9f8AAAAAAAAAAAAAAAAAADIAAAAAAAAAAAAAAAAAAAD//wAAAAAAAAAAAAAAAM//7v8AAAAA//8AAPT/AAACAOf/9/8AAAAAAAD+/wAA2/8AAP3/HgAAACwAAAAAAAAA7/8AAAMA5f8AAAAAAAAAAAAAAAAAAKP/AAAAAAAABwBO/wAAAAAAAAAAaAAAAAAAAAAAAAAABgAAABoAAADt/4UAZwAAAAAAAAAmAAAA5f/y/wAAAABxAAAAAQAAAAgA1f/O/wAAAAAAAPv/AAAAAAAAAAAlAAAAMwAAAFAAAAARACj/8//w/wAAAAAJAAAAAAAAAAAAFAAAAAAAAAAAAPn/AAAAAAAAAAAAAAAAXADJ/wAAAAD//wAAAAAAAAAAxP+FAAAAAAAAAA4AAABq//3/AAAAABMAAACr/wAALADa/83/AAAAAAEAAQAAAAAAAAAAABEAAAAwAAAA8P8AAAAAAAA8AN//AAAAADUAAAAAAAAAAACJ/wAAAAAAALT/AAAAAAAAAAAAAAAAAABCAN//AAAAAIT/AAD//wAA8//c/7H/AAAAAPv/AAAAAJ//AAAAAAAAFQAAAK//AAAEAAEAIgAAAAAAJwDP/wAAAAAAAP3/4v8AABkAAAAEAAAA0/8dAAUA4f8AAAAAv/8AAAAAAAAAAAAAAAAAAAAA+v8LAAAAAAAAAAAA1P8AAAAABAAAAAAABwAAAAgAAAAAAPX/z/8AAAAAAAAAAAAA5f8AAAAAAAD2/wAAtP8AAAcA8P/y/wAAAADj//L/AAAAAAAA/v8BAAAAJAAAAAAAAADp/wAA+P///wAAAAAAAAAAAAAAAAAABAAAAAAAAABxAOr/AAAAAAAAAAAdAAAAnv9HAAAAAABQAAAADgAAAAAANwCP/wAAAAAAAPf/AACp/5f/AAAAAPb/AADH/wAA/P/a//z/AAAAAOf/4f8AAAAAAACTAPb/AAAMAAAAAAAAAAAA/v8HALz/AAAAAP//AAAAAAAAAADQ/wAAAAAAAKP/AAAAAAAAAAAAAPb/AADV//T/AAAAALn/AADn/wAAAADK/zL/AAAAAOf/AAAAAB8ADgAAAAAAyf8AANP/AAANACIA9f8AAAAA+/9KAAAAAAAAAKH/CgAAAEP/AAAjAAAAbf/TAK3/BgAAAAAAAQAAAAAAAAAAAM//AAAAAAAAAAC1AAAAAAAAAAAAtf8AABgA9P8AAAAAiP8AAN7/AAAOAAgAJQAAAAAANQD//wAADgD5/wAAAACm/wAAGwAAAAAApv9SAAAAIQAbAOD/AAAAAAAA9P+6/wAAEwAAAN//AAAAAE4A+/8BAAAAAADY/wAAAAAAAAAAAAAAAAAAAAC+/wUAAAAAAAAAAAAAAAAA8/8AAAAAAAAAAAAAAAAAAAAABADi/wAAAAAAANz/AAA8AEEAAAAAACMAAAAgAAAA//8zAAQAAAAAAAAA+/8AAKoAAAAAAAAAAAAHAAAAAAAAAAAAGADf/wAAAAAAAIz/AAAAAAAAAAAGAAAAAAAAAAAABwAAAAAAAAAAAAAAAAAAAAAAAAAAAA4AAABJAAAAAAD3/wEAAAAAAAgAAAAAAPL/AgAAAAAA9v8AANr/AAARAPL/AgAAAAAAXf8jAAAAAAAAACMAFwAAAP3/AAAeAAAAAAACANH/KgAAAAAA9P8AAAAAAAAAAPj/AAAAAAAA5/8QAAAAAAAAAAAAAAAAABoAnP8AAAAAqf8AAAgAAAADAAAA0/8AAAAAAAC7/wAAl/8kAAAAAABLAAAAqv8AAP3/7P/+/wAAAAAAAB4AAAAAAAAA2P/R/wAAPgAAAAYAAADp/0EACADy/wAAAAC3/wAAAAAAAAAAXQAAAAAAAAAAAN//AAAAAAAAAAAMAAAAAAD//wAAAAAbAAAAnP8AAO//qf+MAAAAAAAAAAEAAAANAOr/AAAAAPD/AAAVAAAA4/8YAOD/AAAAAAAAFgAAAAAAAAAAACYAAAAJAAAA8f8AAAIA3v8ZAPT/AAAAAHMAAAAAAAAAAAD+/wAAAAAAAAAA4P8AAAAAAAAAAAAAAAAAAP//AAAAAOX/AAD//wAAAAAAAAAAAAAAAAAAAAAAAAcA5P8AAAAANAAAAAAAAAAUAAwA2f8AAAAAPwAFAAAAAAAAAPX/AAAAAAAAAAD4/wAAAAATAAsA3/8AAAAAAAA="}, "b": {"shape": [64], "bytes": "CQIAAh4BNAGxAN0BYwI1ATQAcACjAjoBwAEmAtkAUwGn/xEAtQDmAO3/LQEbAFoBef95AE8AzgByAUP/zf8cAdj/rf9B/6n/9P/x/p7/Xf9AANP/+v+BAMH/PQAhANsADwHhAeX/CgCbAer/cQIoAF4C9wDUABoA+f8XAsMBOQA="}, "W_y": {"shape": [16, 10], "bytes": "6gDB/4H/pgDlAKQA1f7d/gEAnACvABwAoP8zAZYA6ACaAPP+1P67/gkAvv8AAAAAKgBkAFn/AAAAANL/U/8AAO7/owASAXT/fQAAAPj/tf8MAHMB3/9y/0//8f9MAOf/AADc/zsA+gBKAY3/FQCL/4H/CQCx/+v/FAGyALb/owF7ADT/yf4AAO7/Xf+AAKD/AAALAJ8AaP9aALj/JgCr/4j/O/89AAAA+/+HAP//vgGb/4f/6/+H/8MAZQBfAaH/EgCO/+7/xP///ygBFQHyANn+9v++/9n/1v/m/5kAuP9D/wAA9f9y/3EARwAAACoAaf+x/wAAAAAAAKb/WQDA/7wAfgCcAJAAOAAAABgA+v5zAMH/iADh/v7/QADv/7X+HwCxAJb/IAFT/zD/1v87AM//jf8AAF7/7/+1AEoAUQA="}, "b_y": {"shape": [10], "bytes": "IADe//b/r/8DAOz/EgAeABEATwA="}}};
const SYMBOLS = ' "().enost', DEEPEST = 2;
const GATES = ["i", "f", "g", "o"]; // the order of the four blocks, (10.1)

const known = {};
function weight(name) {
  if (!known[name]) {
    const { shape, bytes } = MODEL.arrays[name], raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
    const view = new DataView(raw.buffer);
    const values = Float64Array.from({ length: raw.length / 2 }, (_, i) => view.getInt16(2 * i, true) / MODEL.parts);
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
