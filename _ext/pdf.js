// What the joined pages of the book need before they are printed; see rnncourse/pdf.py.
"use strict";

// To a screen reader an equation is one thing, named by its TeX, or by its MathML where
// the pages come typeset. The tag of a PDF hangs on text, and glyphs here are none.
function nameEquations() {
  const tex = new Map();
  for (const item of window.MathJax?.startup?.document?.math ?? []) tex.set(item.typesetRoot, item.math);
  for (const box of document.querySelectorAll("mjx-container")) {
    const mathml = box.querySelector("mjx-assistive-mml");
    const name = (tex.get(box) ?? mathml?.textContent ?? "").trim();
    mathml?.remove();
    box.removeAttribute("tabindex");
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", name);
    const said = document.createElement("span");
    said.className = "said";
    said.textContent = name;
    box.append(said);
  }
}

// What is wider than the page becomes smaller, what is short stays in one piece.
function fit() {
  const wide = "div.math, .pst-scrollable-table-container, .text_html, dl.evidence dt";
  for (const box of document.querySelectorAll(wide)) {
    for (let go = 0; go < 3 && box.scrollWidth > box.clientWidth + 1; go += 1) {
      const size = parseFloat(getComputedStyle(box).fontSize);
      box.style.fontSize = `${size * Math.max(0.5, box.clientWidth / box.scrollWidth) * 0.99}px`;
    }
  }
  const short = "pre, table, details, .admonition, li, dl.py > dd";
  for (const box of document.querySelectorAll(short))
    if (box.getBoundingClientRect().height < 260) box.style.breakInside = "avoid";
}

function prepare() {
  nameEquations();
  fit();
}

function fillPageNumbers(numbers) {
  for (const at of document.querySelectorAll(".at")) at.textContent = numbers[at.dataset.of] ?? "";
}
