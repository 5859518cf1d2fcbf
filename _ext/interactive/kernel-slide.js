/* A kernel of 3 × 3 slides over the deck's 5 × 5 picture in a rim of zeros: nine
   products and their sum (4.3), with the kernel as it is or flipped (4.2). */
(function () {
"use strict";

const START = {
  x: [
    [60, 113, 56, 139, 85],
    [73, 121, 54, 84, 128],
    [131, 99, 70, 129, 127],
    [80, 57, 115, 69, 134],
    [104, 126, 123, 95, 130],
  ],
  kernel: "sharpen", i: 0, j: 0, flip: false,
};
const KERNELS = {
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  edges: [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
  "left to right": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
  mean: Array(3).fill(Array(3).fill(1 / 9)),
};

const turn = (w) => w.map((row) => row.slice().reverse()).reverse();

/* What the kernel meets in place (i, j) of a picture in a rim of zeros. */
function place({ x, w, i, j, flip = false }) {
  const used = flip ? turn(w) : w; // (4.2)
  const patch = used.map((row, k) => row.map((_, m) => (x[i + k - 1] || [])[j + m - 1] || 0));
  const products = patch.map((row, k) => row.map((v, m) => v * used[k][m]));
  const sum = products.flat().reduce((a, b) => a + b, 0); // (4.3)
  return { patch, used, products, sum };
}

function draw(F, root, params) {
  const { num } = F;
  const x = START.x, n = x.length;
  const names = Object.keys(KERNELS);
  const first = names.includes(params.kernel) ? params.kernel : START.kernel;
  let kernel, flip, at, done;
  const begin = () => {
    kernel = first;
    flip = START.flip;
    at = [START.i, START.j];
    done = new Set(["0,0"]);
  };
  begin();
  const clear = () => (done = new Set([at.join()]));
  const go = (i, j) => {
    const fit = (v) => Math.min(n - 1, Math.max(0, v));
    at = [fit(i), fit(j)];
    done.add(at.join());
    update();
  };

  const next = () => go(...(at[1] < n - 1 ? [at[0], at[1] + 1] : [(at[0] + 1) % n, 0]));

  const pick = F.choice("Kernel", names.map((k) => [k, k]), kernel, (k) => {
    kernel = k;
    clear();
    update();
  });
  const turned = F.check("Flip the kernel: true convolution (4.2)", flip, (on) => {
    flip = on;
    clear();
    update();
  });
  F.add(root, "row", pick.el, turned.el);
  F.keep("place", () => at.map((v) => v + 1).join(), (v) => {
    const [i, j] = v.split(",").map((part) => Math.round(Number(part)) - 1);
    if (!Number.isFinite(i) || !Number.isFinite(j)) return;
    go(i, j);
    clear();
    update();
  });
  F.add(root, "row",
    F.button("Next place", next),
    F.button("Fill all", () => {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) done.add(`${i},${j}`);
      update();
    }),
    F.button("Reset", () => {
      begin();
      pick.input.value = kernel;
      turned.input.checked = flip;
      update();
    }));
  const redraw = F.stage(root, "Picture, kernel and sums", paint);
  const panel = F.panel(root);
  F.hint(root, "Drag the frame over the picture, or give it the focus and use the arrow keys; Home and End go to the first and last place.");
  const say = F.live(root);

  let grid = { x: 0, y: 0, cell: 1 }; // where the picture was drawn, for the hand
  let held = false;
  const follow = (event) => {
    const box = redraw.svg.getBoundingClientRect();
    const i = Math.floor((event.clientY - box.top - grid.y) / grid.cell) - 1;
    const j = Math.floor((event.clientX - box.left - grid.x) / grid.cell) - 1;
    if (i !== at[0] || j !== at[1]) go(i, j);
  };
  const inside = (event) => {
    const box = redraw.svg.getBoundingClientRect();
    const u = event.clientX - box.left - grid.x, v = event.clientY - box.top - grid.y;
    const side = (n + 2) * grid.cell;
    return u >= 0 && v >= 0 && u < side && v < side;
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    if (!inside(event)) return;
    held = true;
    redraw.svg.setPointerCapture(event.pointerId);
    follow(event);
    event.preventDefault();
  });
  redraw.svg.addEventListener("pointermove", (event) => held && follow(event));
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (held = false));
  const keys = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const onKey = (event) => {
    if (event.key in keys) go(at[0] + keys[event.key][0], at[1] + keys[event.key][1]);
    else if (event.key === "Home") go(0, 0);
    else if (event.key === "End") go(n - 1, n - 1);
    else if (event.key === "Enter" || event.key === " ") next();
    else return;
    event.preventDefault();
  };

  const write = (v) => num(v, Number.isInteger(Math.round(v * 1e6) / 1e6) ? 0 : 1);
  const weight = (v) => (Number.isInteger(v) ? num(v, 0) : "1⁄9");

  function paint(pen, width) {
    const now = place({ x, w: KERNELS[kernel], i: at[0], j: at[1], flip });
    const stacked = width < 640;
    const cell = stacked ? Math.min(44, (width - 4) / (n + 2)) : Math.min(44, (width - 60) / (2 * n + 5));
    const top = 26, left = 2;
    grid = { x: left, y: top, cell };
    const side = (n + 2) * cell;
    const kx = stacked ? left : left + side + 26;
    const ky = stacked ? top + side + 40 : top + 2 * cell;
    const ox = stacked ? left + 3 * cell + (width < 360 ? 8 : 20) : kx + 3 * cell + 26;
    const oy = stacked ? top + side + 40 : top + cell;
    const small = stacked ? Math.min(cell, (width - ox - 4) / n) : cell;
    const size = cell < 36 || small < 36 ? "small" : "";

    pen.text("tp", left + side / 2, 16, "picture in a rim of zeros", { class: "small" });
    for (let i = 0; i < n + 2; i++)
      for (let j = 0; j < n + 2; j++) {
        const v = (x[i - 1] || [])[j - 1];
        const covered = i >= at[0] && i < at[0] + 3 && j >= at[1] && j < at[1] + 3;
        pen.rect(`p${i}${j}`, left + j * cell, top + i * cell, cell, cell, {
          class: v === undefined ? "f-neutral s-neutral" : "f-input s-neutral", thick: 1,
          "stroke-opacity": 0.5, tint: v === undefined ? 0.1 : 0.04 + (v / 139) * 0.22,
        });
        pen.text(`pt${i}${j}`, left + (j + 0.5) * cell, top + (i + 0.5) * cell + 5, String(v || 0), {
          class: size, bold: covered ? 700 : 400,
        });
      }
    pen.text("tk", kx + 1.5 * cell, ky - 10, flip ? "kernel, flipped" : "kernel", { class: "small" });
    now.used.forEach((row, k) => row.forEach((v, m) => {
      pen.rect(`k${k}${m}`, kx + m * cell, ky + k * cell, cell, cell, { class: "page s-state", thick: 1.5 });
      pen.text(`kt${k}${m}`, kx + (m + 0.5) * cell, ky + (k + 0.5) * cell + 5, weight(v), { class: `${size} f-state` });
    }));
    pen.text("to", ox + (n * small) / 2, oy - 10, "sums", { class: "small" });
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const here = i === at[0] && j === at[1];
        pen.rect(`o${i}${j}`, ox + j * small, oy + i * small, small, small, { class: "page s-neutral", thick: 1, "stroke-opacity": 0.5 });
        const known = done.has(`${i},${j}`);
        const sum = known ? place({ x, w: KERNELS[kernel], i, j, flip }).sum : 0;
        pen.text(`ot${i}${j}`, ox + (j + 0.5) * small, oy + (i + 0.5) * small + 5, known ? num(sum, 0) : "", {
          class: `${small < 36 ? "small" : ""} f-output`, bold: here ? 700 : 400,
        });
      }
    pen.rect("oh", ox + at[1] * small, oy + at[0] * small, small, small, { class: "none s-output", thick: 3 });
    pen.group("window", {
      role: "button", tabindex: 0, class: "pick", keydown: onKey,
      "aria-roledescription": "movable frame",
      "aria-label": `Kernel in row ${at[0] + 1}, column ${at[1] + 1}; arrow keys move it`,
    }, () => pen.rect("wr", left + at[1] * cell, top + at[0] * cell, 3 * cell, 3 * cell, {
      class: "ring none s-state", thick: 4, style: "touch-action:none",
    }));
    return Math.max(top + side, oy + n * small, ky + 3 * cell) + 6;
  }

  function update() {
    const now = place({ x, w: KERNELS[kernel], i: at[0], j: at[1], flip });
    const factor = (v) => (v < 0 ? `(${weight(v)})` : weight(v));
    const lines = now.patch.map((row, k) =>
      row.map((v, m) => `[input:${v}]·[state:${factor(now.used[k][m])}]`).join(" + "));
    const terms = now.products.flat().filter((v) => v !== 0);
    const added = terms.map((v, t) => (t ? (v < 0 ? ` − ${write(-v)}` : ` + ${write(v)}`) : write(v))).join("") || "0";
    panel.innerHTML =
      `<p>${F.rich(`Row ${at[0] + 1}, column ${at[1] + 1}. Nine products (4.3):`)}</p>` +
      lines.map((line, k) => `<p>${F.rich(line + (k < 2 ? " +" : ""))}</p>`).join("") +
      `<p>${F.rich(`= ${added} = [output:${write(now.sum)}]`)}</p>`;
    say(`Row ${at[0] + 1}, column ${at[1] + 1}: sum ${write(now.sum)}.`);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { place, START, KERNELS };
else (window.rnnFigures = window.rnnFigures || {})["kernel-slide"] = draw;
})();
