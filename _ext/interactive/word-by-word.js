/* A small network reads a question: its belief in each of eight intents after every
   word, by the GRU of (12.1) to (12.5) and a softmax. chapters/labs trained it. */
(function () {
"use strict";

// hundredths; E (V, 6), gates r, z, n side by side
const MODEL = {"intents":["time","timezone","date","weather","alarm","timer","what_song","what_is_your_name"],"words":"<unk> a about ai alarm alarms alert am an and another any are as at austin be by call called can central chance chicago conditions costa could create cst current currently date day days do does down eastern eight exact exactly fifteen five florida for forecast france france's from full get getting give given go going have hearing high hour how i i'd i'm if in is it italy know las let like listening london look make me mesa miami minute minutes month morning my name need needing new next now of off on one or outside pacific paris people phoenix playing please pm prefer rain refer remind reno report right san seattle seconds set should snow song song's sparks speaker speakers standard start tallahassee tell temperature ten that that's the there they thirty this time timer timezone title to today today's tokyo tomorrow tomorrow's tonight track tune two up use vegas wake want we weather week weekend what what's whats when which who will would year york you your yourself zone","E":[-36,-47,-4,-11,101,25,-40,-108,0,-165,-9,-5,35,-1,60,33,-104,-76,43,-35,3,-91,-70,65,177,56,87,90,103,192,85,-9,-3,1,10,44,7,-35,-15,-16,-25,-9,43,49,75,16,-80,-25,68,89,135,-36,-43,91,-1,14,-53,-20,145,129,-9,-16,135,16,12,91,86,21,-35,62,-65,24,-108,2,11,-85,-65,59,51,-11,45,1,-85,54,105,36,117,19,29,154,-77,72,14,-37,76,83,83,26,88,-11,-18,-55,14,-48,34,-18,-39,73,27,-70,73,-2,-81,-38,48,-57,49,-4,-83,56,-30,-49,109,-11,-12,56,-2,70,-25,31,-21,31,25,0,34,-43,16,-55,26,-63,-51,-14,66,-16,14,-36,-13,65,19,-24,58,-16,4,-41,-50,-36,7,28,17,-65,61,-43,80,26,90,11,40,84,-22,-20,-21,72,-10,-49,38,-30,59,-35,-33,51,-1,8,69,-9,-53,-57,211,108,151,-154,-18,-74,40,56,46,-85,-49,46,94,55,78,-161,-42,29,66,-51,23,-45,65,9,41,69,-41,119,10,-45,-14,16,-25,-49,-53,22,-53,-46,-55,109,-26,-12,-2,42,16,-36,3,-6,-17,-61,0,117,-6,-88,-37,-95,39,-54,88,-17,42,-23,53,38,10,2,-29,22,107,-20,0,-28,-69,-62,-16,-8,-2,-48,19,76,87,64,6,-20,175,11,-155,13,-25,-105,-62,80,10,-17,51,80,-4,51,-16,47,106,-12,22,37,55,-108,-33,-59,44,-36,3,11,-48,95,69,-55,21,-22,-43,-44,6,32,9,-8,24,-32,-66,7,-51,-90,34,8,10,-57,4,-31,-22,53,60,18,14,-12,-102,34,53,-5,-25,-49,106,-138,11,113,28,51,12,-36,-96,105,33,-114,-114,-148,31,-71,104,-92,-1,27,19,-36,-103,138,-91,21,20,-5,57,16,-26,-35,-14,-17,-3,-28,-17,45,64,-22,50,-56,-35,9,-57,-26,1,-33,11,-1,1,49,41,96,53,-93,-94,87,126,193,163,-55,-45,19,67,-55,10,-12,2,-142,49,-48,82,-100,74,-10,32,110,18,-1,96,48,-60,51,-92,55,6,18,20,4,-7,44,-29,46,11,-60,17,-130,94,13,-58,-15,83,-13,-122,56,-85,-71,2,-129,-34,4,38,37,-14,-36,88,-107,138,-63,-75,40,48,34,97,96,40,129,-109,36,7,-45,-130,47,102,30,-47,-18,-4,-8,7,59,13,21,151,-81,-88,-126,-77,-41,-67,-14,6,-199,-80,2,-133,-127,-35,70,-9,-61,-29,9,2,-3,51,-44,-75,102,33,108,-49,-87,91,-15,119,-139,-14,-9,-83,135,-7,-32,27,-68,-85,10,-106,1,-11,48,-68,-5,-65,26,-13,-99,27,18,68,-34,-30,-23,158,-121,-22,-14,13,40,46,-7,-53,26,-20,-149,72,27,-23,105,-30,-17,3,81,-75,9,-16,-22,17,19,-3,94,9,-25,-26,-11,-48,-93,60,64,3,-58,35,-12,-141,-12,101,-28,-20,33,22,66,-31,-126,-15,-3,25,71,37,-17,86,24,10,-38,-36,-8,-16,165,17,49,74,102,-187,145,-122,-73,-59,-129,26,44,15,23,-50,21,31,33,142,10,-47,56,15,-72,-10,-22,-30,83,148,-5,-148,24,-20,-53,50,-45,82,-53,-25,-39,-60,-93,2,12,-73,-53,-16,97,-85,109,61,85,13,104,-122,108,23,-1,14,4,17,64,8,-131,-16,4,52,21,77,19,115,-12,-138,-54,40,8,-116,-13,-33,77,-28,-10,-5,-8,62,-26,42,100,24,-61,32,-82,20,25,-3,-33,-67,60,83,-186,-121,81,-89,-94,24,-185,-112,-42,-10,-15,5,-63,79,18,-74,-69,14,-54,-56,63,-85,-34,-65,-102,-22,113,-134,-63,-6,-75,-13,-72,52,39,-35,-16,5,-24,12,-96,34,3,26,-28,-135,8,76,6,86,-11,-95,44,48,70,86,30,-47,65,33,-154,-9,-73,-20,58,-27,-28,-76,1,-18,-36,-9,-41,-159,-10,-23,-23,-13,-12,14,-72,28,-38,35,-20,17,0,25,2,-5,-84,-27,-55,37,-15,32,39,26,46,-52,-49,-13,5,-89,116,-200,-51,19,-68,7,4,-52,235,-80,-51,-103,-199,-128,26,-240,-132,-4,50,-16,178,101,48,-164,27,-108,-72,-42,5,-9,-60,-2,-13,-22,35,123,39,26,-119,35,-46,-71,-13,-51,-102,8,81,-37,-37,-86,53,-32,23,59,44,-28,-66,19,23,225,-25,-12,-90,46,48,89,-12,-83,30,74,-57,-74,24,45,-62,-21,-25,-79,162,-98,-36,-19,-76,-34,-31,7,-30,-88,-99,80,0,64,27,61,41,-3,-47,41,-12,-53,97,61,104,55,159,-67,-62,-5,16,181,20,-22,14,24,43,-11,-13,38,-15,-49,44,-90,-3,74,78,193,4,-132,23,28,-163,13,37,-109,-12,47,141,174,-24,-37,45,54,-25,-105,2,10,-34,38,22,-1,23,11,-34,-9,20,-12,63,-72,-4,19,55,41,-30,23,-68,-86,17,-9,-17,107,-15,-52,86,-41,-29,-4,-28,-29,37,-11,110,28,-23,39,-30,-30,18,-25,49,-41,64,36,23,28,-52,36,48,-29,-28,-2,21,9,-6,101,-120,46,-4,-48,103,74,-94,13,47,-106,42,62,-130,-15,-27,-30,49,77,135,56,51,46,13],"W_x":[-15,-5,-100,7,-96,58,22,-87,-115,82,-117,-68,-103,-68,-90,-6,-83,-107,-100,-2,-64,10,-15,-63,23,121,-20,23,70,58,16,-25,53,12,-43,12,56,74,-45,-6,92,-61,66,7,34,-31,-14,14,71,-26,-62,-91,4,129,110,-12,10,-84,110,-59,32,111,51,89,94,-51,120,28,144,85,105,90,-94,70,26,111,108,-4,93,26,17,74,3,79,83,68,-111,-11,-66,28,0,-64,65,0,-108,-82,-7,33,88,-78,-18,13,-25,79,-23,31,-7,-65,18,-2,126,-80,-92,-51,-12,80,114,-139,-38,-27,89,-26,26,108,25,84,-12,-18,-7,-49,80,83,39,-28,60,73,117,73,-70,-17,-32,-96,1,43,72,105,6,-3,104,-95,5,83,66,26,-13,-14,-44,5,-18,66,41,89,18,93,-35,87,1,-80,21,53,-31,67,-141,12,39,16,-107,-62,-9,85],"W_h":[56,0,40,26,21,79,-1,-17,65,-27,83,76,30,6,25,9,21,34,-28,-30,84,-83,-45,-41,-3,57,89,-40,-95,-31,-74,-57,-8,44,46,-81,-1,28,38,35,-37,-28,43,-45,10,-31,11,-24,3,-48,-47,90,12,6,-5,-42,-65,24,-9,84,59,-40,-8,22,-45,2,39,-9,-37,-40,27,69,44,106,19,49,15,-26,11,85,-68,-31,144,-39,8,46,84,115,2,-52,40,54,23,-13,24,-73,-9,24,-16,12,-122,-150,53,-15,-84,-130,-69,-88,38,-6,-4,34,24,91,46,-21,-24,-40,55,34,14,58,9,22,-34,17,-58,17,-9,-29,-32,-116,45,-46,-51,-20,-7,-35,90,-17,22,10,-27,49,97,-7,-8,-39,62,-4,47,62,-3,42,-46,181,-51,-3,-24,-36,-54,-132,63,-41,17,-120,69,63,-58,-80,-8,5,-84,-83,37,129,-25,-95,-28,8,50,-48,26,49,26,61,22,3,21,-89,108,126,29,90,46,152,97,41,67,10,25,-99,47,-54,-63,49,76,-11,-22,-71,-46,-69,-11,61,-6,-34,-14,-8,-39,9,-1,63,32,85,78,72,0,-15,-3,4,-87,-7,90,-92,-87,19,39,113,-51,0,66,39,10,-47,-33,28,-40,-12,-93,30,23,-23,32,71,-67,30,50,64,75,97,-62,3,6,79,43,1,2,-17,124,-97,-33,-18,-2,-54,-28,-41,-26,-16,-8,37,11,-26,43,6,28,-65,-8,40,-95,0,-32,61,-49,12,35,-55,-83,11,-43,59],"b":[0,29,137,139,99,-2,97,109,15,21,-72,5,-150,-213,-100,-71,-103,-64,-103,-222,-31,-22,-5,17,14,41,-6,45,23,-35],"b_hn":[-6,-15,0,16,-47,63,13,19,-13,21],"W_y":[129,106,-122,-142,-16,166,-106,-46,-114,-104,71,-87,118,121,-106,73,-10,-89,163,38,-121,85,76,-98,-128,140,90,-155,70,-118,129,-120,-52,128,45,-8,99,-92,-89,-95,97,64,71,138,-3,-115,-199,68,122,48,-102,84,-118,139,78,-148,-88,-84,143,73,-160,57,78,92,-151,98,75,162,94,-98,57,-128,-50,-122,45,-36,124,105,-100,118],"b_y":[15,-5,29,21,-21,-8,10,-11]};
const START = { question: "what time is it", step: 4 };
const SAMPLES = ["what time is it", "what is the weather", "set a timer"];

/* The words of a question and their numbers; 0 stands for every unknown word. */
function encode(question) {
  const known = MODEL.words.split(" ");
  const found = String(question).toLowerCase().match(/[a-z]+(?:['\u2019][a-z]+)*/g) || [];
  const words = found.slice(0, 12);
  return { words, ids: words.map((w) => Math.max(0, known.indexOf(w))) };
}

/* The states (T, H) and the probabilities (T, K) after each word. */
function read({ ids }) {
  const w = (name, i) => MODEL[name][i] / 100;
  const H = MODEL.b_hn.length, K = MODEL.b_y.length;
  const D = MODEL.W_x.length / (3 * H);
  const sigmoid = (a) => 1 / (1 + Math.exp(-a));
  const count = (n) => [...Array(n).keys()];
  let h = count(H).map(() => 0);
  const states = [], p = [];
  for (const id of ids) {
    const fromX = count(3 * H).map((j) => count(D).reduce((s, d) => s + w("E", id * D + d) * w("W_x", d * 3 * H + j), w("b", j)));
    const fromH = count(3 * H).map((j) => h.reduce((s, v, i) => s + v * w("W_h", i * 3 * H + j), 0));
    h = h.map((before, i) => {
      const r = sigmoid(fromX[i] + fromH[i]); // (12.1)
      const z = sigmoid(fromX[H + i] + fromH[H + i]); // (12.2)
      const n = Math.tanh(fromX[2 * H + i] + r * (fromH[2 * H + i] + w("b_hn", i))); // (12.3)
      return (1 - z) * n + z * before; // (12.5)
    });
    const logits = count(K).map((k) => h.reduce((s, v, i) => s + v * w("W_y", i * K + k), w("b_y", k)));
    const top = Math.max(...logits), e = logits.map((a) => Math.exp(a - top));
    const sum = e.reduce((a, b) => a + b, 0);
    states.push(h);
    p.push(e.map((a) => a / sum));
  }
  return { states, p };
}

function draw(F, root, params) {
  const { num } = F;
  const first = typeof params.question === "string" ? params.question : START.question;
  let question = first, words, ids, p, step;
  const names = MODEL.intents.map((name) => name.replace(/_/g, " "));

  const ask = (text, where) => {
    question = text.slice(0, 80);
    if (box.value !== question) box.value = question;
    ({ words, ids } = encode(question));
    p = read({ ids }).p;
    step = words.length ? Math.min(where || words.length, words.length) : 0;
    update();
  };
  const go = (by) => {
    step = Math.max(1, Math.min(words.length, step + by));
    update();
  };
  const back = F.button("Back", () => go(-1));
  const next = F.button("Next word", () => go(1));
  const reset = F.button("Reset", () => ask(first));
  F.add(root, "row", back, next, reset);
  F.keep("question", () => question, (v) => ask(v));
  F.keep("word", () => step, (v) => go(Math.round(F.clamp(Number(v), step, 1, 12)) - step));
  F.add(root, "row", ...SAMPLES.map((text) => F.button(`“${text}”`, () => ask(text))));
  const id = F.id();
  const box = F.el("input", {
    id, type: "text", class: "rnn-button", value: question, size: 30, maxlength: 80,
    spellcheck: "false", autocomplete: "off", autocapitalize: "off",
    input: () => ask(box.value),
  });
  F.add(root, "row", F.el("label", { for: id }, "Your question"), box);
  const redraw = F.stage(root, "Probability of each of eight intents after the words read so far", paint);
  const panel = F.panel(root);
  F.hint(root, "Ask about the time, a time zone, the date, the weather, an alarm, a timer, a song or a name. Words it never learned are marked with a question mark and read as one unknown word.");
  const say = F.live(root);

  const ROW = 26;
  function paint(pen, width) {
    const left = Math.min(156, Math.max(142, width * 0.4)), room = width - left - 50;
    const now = step ? p[step - 1] : names.map(() => 0);
    const before = step > 1 ? p[step - 2] : null;
    const best = now.indexOf(Math.max(...now));
    names.forEach((name, k) => {
      const y = 8 + k * ROW;
      pen.text(`n${k}`, left - 8, y + 13, name, { class: "end", bold: step && k === best ? 700 : 400 });
      pen.rect(`f${k}`, left, y, room, 17, { class: "page s-neutral", "stroke-opacity": 0.4 });
      pen.rect(`b${k}`, left, y, Math.max(0.5, room * now[k]), 17, { class: "f-output", opacity: k === best ? 1 : 0.6 });
      if (before) pen.line(`o${k}`, left + room * before[k], y - 3, left + room * before[k], y + 20, { class: "s-neutral", thick: 2 });
      pen.text(`v${k}`, left + room + 6, y + 13, num(now[k], 2), { class: "start small" });
    });
    return 8 + names.length * ROW + 4;
  }

  function update() {
    back.disabled = step < 2;
    next.disabled = step >= words.length;
    const safe = (s) => s.replace(/[[\]_]/g, " ");
    const shown = words.map((w, t) => {
      const text = safe(w) + (ids[t] ? "" : " (?)");
      return t === step - 1 ? `[output:${text}]` : t < step ? text : "·";
    });
    const parts = [];
    if (!words.length) parts.push("Nothing read yet: type a question.");
    else {
      const now = p[step - 1], order = [...now.keys()].sort((a, b) => now[b] - now[a]);
      parts.push(`Word ${step} of ${words.length}: ${shown.join(" ")}`);
      parts.push(`after it: ${order.slice(0, 3).map((k) => `${names[k]} ${num(now[k], 3)}`).join(", ")}; the thin marks show the word before`);
      say(`After ${words[step - 1]}: ${names[order[0]]} ${num(now[order[0]], 2)}`);
    }
    panel.innerHTML = parts.map((s) => `<p class="rnn-hang">${F.rich(s)}</p>`).join("");
    redraw();
  }
  ask(question);
}

if (typeof module !== "undefined") module.exports = { encode, read, START, MODEL };
else (window.rnnFigures = window.rnnFigures || {})["word-by-word"] = draw;
})();
