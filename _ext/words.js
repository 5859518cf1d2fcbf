/* What the interactive figures of another edition say: `rnnSay` turns their English
   into the language of the page, with the catalogue that the page has loaded into
   `rnnWords`. The same rules as Speaker.say of rnncourse/messages.py. */
(function () {
"use strict";

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/* A template as a pattern; no placeholder reaches past its sentence. */
function pattern(source) {
  const seen = new Set();
  let made = "", end = 0;
  for (const place of source.matchAll(/\{(\d+)\}/g)) {
    made += escape(source.slice(end, place.index));
    end = place.index + place[0].length;
    const name = `p${place[1]}`;
    let some = "(?:(?!\\. )[^\\n])+?";
    if (place.index === 0) some = `(?:(?![.;] )[^\\n])${source[end] === " " ? "+?" : "*?"}`;
    else if (end === source.length) some += "(?=[.;:]?$|\\. )";
    made += seen.has(name) ? `\\k<${name}>` : `(?<${name}>${some})`;
    seen.add(name);
  }
  return made + escape(source.slice(end));
}

function speaker({ exact, templates }) {
  const bare = (source) => source.replace(/\{\d+\}/g, "").length;
  const known = new Map(Object.entries(exact));
  const heaviest = (a, b) => bare(b[0]) - bare(a[0]);
  const forms = Object.entries(templates).sort(heaviest)
    .map(([source, target]) => ({ all: new RegExp(`^(?:${pattern(source)})$`, "u"), target }));
  const parts = [...Object.entries(exact).filter(([source]) => source.includes(" ")), ...Object.entries(templates)].sort(heaviest)
    .map(([source, target]) => ({ here: new RegExp(source in templates ? pattern(source) : escape(source), "uy"), target }));
  const fill = (target, match) => !match.groups ? target :
    target.replace(/\{(\d+)\}/g, (_, n) => {
      const text = match.groups[`p${n}`], bare = text.trim();
      return bare ? text.split(bare).join(say(bare)) : text;
    });
  function whole(text) {
    if (known.has(text)) return known.get(text);
    for (const { all, target } of forms) {
      const match = all.exec(text);
      if (match) return fill(target, match);
    }
    return null;
  }
  function say(text) {
    const said = whole(text);
    if (said !== null) return said;
    let out = "", at = 0;
    next: while (at < text.length) {
      if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1])) {
        for (const { here, target } of parts) {
          here.lastIndex = at;
          const match = here.exec(text);
          if (match) {
            out += fill(target, match);
            at += match[0].length;
            continue next;
          }
        }
      }
      out += text[at];
      at += 1;
    }
    return out;
  }
  const heard = new Map();
  return (text) => {
    if (!heard.has(text)) {
      if (heard.size > 2000) heard.clear();
      heard.set(text, say(text).replace(/(\d,\d+), (?=[−\d])/g, "$1; "));
    }
    return heard.get(text);
  };
}

if (typeof module !== "undefined") module.exports = { speaker, run: ({ words, texts }) => texts.map(speaker(words)) };
else if (window.rnnWords) window.rnnSay = speaker(window.rnnWords);
})();
