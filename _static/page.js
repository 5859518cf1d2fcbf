// What a page offers beyond its text: an equation where it is mentioned, the time left to
// read, a view for paper, and a link for a passage that is wrong. Without scripts the page
// lacks none of its content. No dependency, no request.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const article = document.querySelector("article.bd-article");
  if (!article) return;

  // -- an equation where it is mentioned: on pointing and on focus, gone with Escape --
  let card = null;
  const hide = () => {
    card?.remove();
    card = null;
  };
  const show = async (link) => {
    hide();
    const made = document.createElement("div");
    made.className = "equation-card";
    made.setAttribute("role", "tooltip");
    card = made;
    document.body.append(made);
    const name = link.hash.replace("#eq-", "");
    const here = document.querySelector(`#eq-${name} mjx-container`);
    const typeset = here ?? document.getElementById(`preview-${name}`)?.content.firstElementChild;
    if (typeset) {
      made.append(typeset.cloneNode(true));
      made.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
    } else {
      // A book that was built without a browser. The number is words: a tag may stand
      // only once on a page.
      made.textContent = `\\[${link.dataset.tex} \\qquad\\text{${link.textContent}}\\]`;
      await window.MathJax?.typesetPromise?.([made]);
    }
    if (made !== card) return; // pointed elsewhere meanwhile
    const box = link.getBoundingClientRect();
    const width = Math.min(made.offsetWidth, innerWidth - 16);
    const left = Math.max(8, Math.min(box.left, innerWidth - width - 8));
    const above = box.top - made.offsetHeight - 8;
    made.style.left = `${left + scrollX}px`;
    made.style.top = `${(above > 60 ? above : box.bottom + 8) + scrollY}px`;
    made.style.visibility = "visible";
  };
  for (const link of article.querySelectorAll("a.equation-number")) {
    link.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") show(link);
    });
    link.addEventListener("pointerleave", hide);
    link.addEventListener("focus", () => link.matches(":focus-visible") && show(link));
    link.addEventListener("blur", hide);
  }
  addEventListener("keydown", (event) => event.key === "Escape" && hide());

  // -- on paper: dark letters on white, and what is folded laid open ----------------------
  let theme = null;
  const opened = [];
  addEventListener("beforeprint", () => {
    theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    for (const folded of article.querySelectorAll("details:not([open])")) {
      folded.open = true;
      opened.push(folded);
    }
  });
  addEventListener("afterprint", () => {
    document.documentElement.dataset.theme = theme;
    for (const folded of opened.splice(0)) folded.open = false;
  });

  // -- how much is left to read ---------------------------------------------------------
  const foot = article.querySelector(".page-foot[data-minutes]");
  if (foot) {
    const minutes = Number(foot.dataset.minutes);
    const bar = document.createElement("div");
    bar.className = "reading";
    bar.setAttribute("aria-hidden", "true"); // a screen reader tells its own place
    const said = document.createElement("span");
    bar.append(said);
    document.body.append(bar);
    const update = () => {
      const top = article.getBoundingClientRect().top + scrollY;
      const whole = Math.max(1, foot.getBoundingClientRect().top + scrollY - top - innerHeight);
      const share = Math.min(1, Math.max(0, (scrollY - top) / whole));
      const left = Math.round(minutes * (1 - share));
      bar.style.setProperty("--share", share);
      bar.classList.toggle("started", share > 0.01);
      said.textContent = left > 0 ? `${left} ${foot.dataset.left}` : foot.dataset.read;
    };
    addEventListener("scroll", update, { passive: true });
    addEventListener("resize", update);
    update();
  }

  // -- a mistake in this passage -----------------------------------------------------------
  const report = article.querySelector("a.report-mistake");
  if (report) {
    const offer = report.cloneNode();
    offer.className = "report-passage";
    offer.textContent = report.dataset.passage;
    offer.hidden = true;
    report.after(offer);
    document.addEventListener("selectionchange", () => {
      const selection = getSelection();
      const passage = selection.toString().trim();
      const node = selection.anchorNode;
      offer.hidden = passage.length < 4 || !node || !article.contains(node);
      if (offer.hidden) return;
      const section = (node.nodeType === 1 ? node : node.parentElement).closest("section[id]");
      const url = new URL(report.href);
      const [place, rest] = url.searchParams.get("body").split(/\n\n/, 2);
      const quote = passage.slice(0, 600).replace(/^/gm, "> ");
      const where = section ? place.replace(/\.html/, `.html#${section.id}`) : place;
      const asks = url.searchParams.get("body").slice(place.length + 2 + rest.length);
      url.searchParams.set("body", `${where}\n\n${rest}\n\n${quote}${asks}`);
      offer.href = url.href;
    });
  }
});
