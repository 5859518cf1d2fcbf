// Self-checks that answer at once. All is read from the text itself, of the form
//   <details><summary>Self-check 1. Question? (a) one; (b) two.</summary> (b). Why. </details>
// and a self-check of another form stays folded, as they all do without scripts and on
// paper. No dependency, no request; answers are remembered by this browser alone.
"use strict";
(() => {
  const words = document.currentScript.dataset;
  const place = `rnn-self-checks ${document.documentElement.lang} ${location.pathname.split("/").pop()}`;
  const say = (text, ...values) => text.replace(/\{(\d)\}/g, (_, i) => values[i]);

  // -- what is remembered: per page, the text of each chosen option ----------------------
  let kept = true, chosen = {};
  const store = () => {
    try {
      if (Object.keys(chosen).length) localStorage.setItem(place, JSON.stringify(chosen));
      else localStorage.removeItem(place);
    } catch {
      kept = false; // refused or full: the answers last as long as the page
    }
  };
  try {
    chosen = Object(JSON.parse(localStorage.getItem(place)));
  } catch {
    kept = false;
  }

  function read(details) {
    const summary = details.querySelector(":scope > summary");
    const [asked, ...rest] = summary.innerHTML.trim().split(/\s\(([a-z])\)\s/);
    const name = asked.match(/^\S+ \d+\./)?.[0];
    const options = [];
    for (let i = 0; i < rest.length; i += 2) {
      if (rest[i] !== "abcdefgh"[i / 2]) return null;
      options.push({ letter: rest[i], html: rest[i + 1].trim().replace(/[.;]$/, "") });
    }
    const why = [...details.childNodes].map((node) => (node === summary ? "" : node.textContent)).join("");
    const right = why.match(/^\s*\(([a-z])\)/)?.[1];
    if (!name || options.length < 2 || !options.some((o) => o.letter === right)) return null;
    return { details, summary, name, question: asked.slice(name.length), options, right };
  }

  const make = (tag, className, html = "") => {
    const made = document.createElement(tag);
    made.className = className;
    made.innerHTML = html;
    return made;
  };

  function build(check, at) {
    const { details, summary, options, right } = check;
    const answer = () => options.find((o) => o.html === chosen[check.name]);
    const box = make("div", "quiz");
    const asked = make("p", "asked", `<span>${check.name}</span>${check.question}`);
    asked.id = `quiz-${at + 1}`;
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", asked.id);
    const list = make("ul", "options");
    if (summary.lang) asked.lang = list.lang = summary.lang;
    for (const option of options) {
      const button = make("button", "", `<span class="letter">(${option.letter})</span> <span>${option.html}</span>`);
      button.type = "button";
      option.mark = make("span", "told");
      button.append(option.mark);
      option.button = button;
      button.addEventListener("click", () => {
        if (answer()) return; // the first answer stands
        chosen[check.name] = option.html;
        store();
        show(true);
      });
      const item = make("li", "");
      item.append(button);
      list.append(item);
    }
    const verdict = make("p", "verdict");
    verdict.setAttribute("role", "status"); // a polite live region: said when it changes
    const again = make("button", "again", words.again);
    again.type = "button";
    again.addEventListener("click", () => {
      delete chosen[check.name];
      store();
      show(true);
      options[0].button.focus();
    });
    // On paper the summary asks, as ever; on the screen it only offers the explanation.
    const whole = make("span", "whole");
    whole.append(...summary.childNodes);
    summary.append(whole, make("span", "offer", words.explanation));
    details.before(box);
    box.append(asked, list, verdict, again, details);

    // `now` is false while the page opens: what is remembered is shown, and not said.
    function show(now) {
      const mine = answer();
      for (const { letter, button, mark } of options) {
        const [isRight, isMine] = [mine && letter === right, letter === mine?.letter];
        button.classList.toggle("right", Boolean(isRight));
        button.classList.toggle("wrong", Boolean(isMine && !isRight));
        if (mine) button.setAttribute("aria-disabled", "true");
        else button.removeAttribute("aria-disabled");
        mark.textContent = isMine ? words.yours : isRight ? words.answer : "";
      }
      const good = mine?.letter === right;
      verdict.className = `verdict ${mine ? (good ? "right" : "wrong") : ""}`;
      verdict.textContent = mine ? say(good ? words.right : words.wrong, `(${mine.letter})`, `(${right})`) : "";
      again.hidden = !mine;
      if (mine) details.open = true;
      else if (now) details.open = false;
      count();
    }
    check.show = show;
    check.result = () => answer() && answer().letter === right;
  }

  const checks = [...document.querySelectorAll("article.bd-article details:has(> summary)")]
    .map(read).filter(Boolean);
  const foot = make("p", "quiz-count"), told = make("span", ""), forget = make("button", "again", words.forget);
  forget.type = "button";
  forget.addEventListener("click", () => {
    chosen = {};
    store();
    for (const check of checks) check.show(true);
    told.tabIndex = -1;
    told.focus(); // the button is gone
  });
  foot.append(told, " ", forget);
  function count() {
    const results = checks.map((c) => c.result?.()).filter((r) => r !== undefined);
    forget.hidden = results.length === 0;
    told.textContent = say(words.count, results.length, checks.length, results.filter(Boolean).length)
      + (results.length ? ` ${kept ? words.kept : words.unkept}` : "");
  }
  checks.forEach(build);
  if (checks.length) checks.at(-1).details.parentElement.after(foot);
  for (const check of checks) check.show(false);
})();
