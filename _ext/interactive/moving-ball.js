/* A ball seen in snapshots: guess where it is next, beside what one, two and three
   snapshots allow (5.9, 5.10), and what is left once their order is forgotten. */
(function () {
"use strict";

/* Throws of each scene: start, step and change of the step, in widths of the box. */
const THROWS = {
  rolling: [
    [0.12, 0.3, 0.14, 0.09, 0, 0], [0.85, 0.8, -0.12, -0.1, 0, 0],
    [0.5, 0.1, -0.06, 0.15, 0, 0], [0.1, 0.75, 0.16, -0.05, 0, 0],
  ],
  thrown: [
    [0.08, 0.15, 0.13, 0.27, 0, -0.08], [0.9, 0.35, -0.14, 0.2, 0, -0.07],
    [0.2, 0.9, 0.13, 0, 0, -0.06], [0.7, 0.1, -0.07, 0.29, 0, -0.08],
  ],
  billiard: [
    [0.3, 0.5, 0.19, 0.11, 0, 0], [0.6, 0.25, 0.1, -0.12, 0, 0],
    [0.45, 0.6, -0.13, 0.16, 0, 0], [0.25, 0.35, -0.08, -0.14, 0, 0],
  ],
};
const SCENES = [["rolling", "rolling ball"], ["thrown", "thrown ball"], ["billiard", "billiard ball"]];
const START = { scene: "thrown", number: 1, seen: 2, x: 0.5, y: 0.5 };

/* The path is closed in by mirrors at 0 and 1. */
const fold = (v) => 1 - Math.abs(1 - (((v % 2) + 2) % 2));

/* The first `seen` positions of a throw, and the one that follows. */
function snapshots({ scene, number, seen }) {
  const list = THROWS[scene];
  const [x, y, dx, dy, ax, ay] = list[(number - 1) % list.length];
  return Array.from({ length: seen + 1 }, (_, n) => {
    const twice = (n * (n - 1)) / 2;
    const at = [x + n * dx + twice * ax, y + n * dy + twice * ay];
    return scene === "billiard" ? at.map(fold) : at;
  });
}

/* What each rule says of the next position: it stays, it goes on straight (5.9), its
   step goes on changing (5.10). A rule that needs more snapshots says nothing. */
function rules({ points }) {
  const n = points.length, [p, q, r] = [points[n - 1], points[n - 2], points[n - 3]];
  return {
    stay: [...p],
    straight: n > 1 ? p.map((v, k) => 2 * v - q[k]) : null,
    bent: n > 2 ? p.map((v, k) => 3 * v - 3 * q[k] + r[k]) : null,
  };
}

/* Every order of the snapshots, and what the best rule makes of each. */
function orders({ points }) {
  const all = (rest) =>
    rest.length < 2 ? [rest] : rest.flatMap((p, i) => all(rest.filter((_, j) => j !== i)).map((o) => [p, ...o]));
  return all(points).map((o) => {
    const r = rules({ points: o });
    return r.bent || r.straight || r.stay;
  });
}

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

function draw(F, root, params) {
  const { num } = F;
  const given = { ...START };
  if (params.scene in THROWS) given.scene = params.scene;
  let now = { ...given }, shown = false, lost = false;

  const which = F.choice("Scene", SCENES, now.scene, (v) => set({ scene: v, number: 1 }));
  const show = F.button("Show where it is", () => {
    shown = !shown;
    update();
  });
  F.add(root, "row", which.el, show,
    F.button("Next throw", () => set({ number: (now.number % THROWS[now.scene].length) + 1 })),
    F.button("Reset", () => {
      lost = false;
      box.input.checked = false;
      set({ ...given });
    }));
  F.keep("throw", () => now.number, (v) => {
    if (THROWS[now.scene][v - 1]) set({ number: Math.round(Number(v)) }, true);
  });
  const redraw = F.stage(root, "The ball in its box, with your guess", paint);
  const knob = (label, role, name) =>
    F.slider({ label, min: 0, max: 1, step: 0.02, value: now[name], role, on: (v) => set({ [name]: v }, true) });
  const knobs = {
    seen: F.slider({ label: "snapshots", min: 1, max: 4, step: 1, value: now.seen, role: "input", on: (v) => set({ seen: v }) }),
    x: knob("guess, across", "gradient", "x"),
    y: knob("guess, up", "gradient", "y"),
  };
  const box = F.check("Forget the order of the snapshots", false, (on) => {
    lost = on;
    update();
  });
  F.add(root, "controls", ...Object.values(knobs).map((k) => k.el));
  F.add(root, "row", box.el);
  const panel = F.panel(root);
  F.hint(root, "Tap or drag in the box to place your guess. The sliders do the same by keyboard.");
  const say = F.live(root);

  const area = { x: 0, y: 0, size: 1 };
  let held = false;
  const move = (event) => {
    const at = redraw.svg.getBoundingClientRect();
    const unit = (v) => Math.min(1, Math.max(0, v));
    set({
      x: unit((event.clientX - at.left - area.x) / area.size),
      y: unit(1 - (event.clientY - at.top - area.y) / area.size),
    }, true);
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    held = true;
    redraw.svg.setPointerCapture(event.pointerId);
    move(event);
  });
  redraw.svg.addEventListener("pointermove", (event) => held && move(event));
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (held = false));
  redraw.svg.style.touchAction = "pan-y";

  function set(change, guess = false) {
    now = { ...now, ...change };
    if (!guess) shown = false;
    update();
  }

  function paint(pen, width) {
    const size = Math.min(420, width - 20);
    const left = (width - size) / 2, top = 10;
    Object.assign(area, { x: left, y: top, size });
    const X = (v) => left + v * size, Y = (v) => top + (1 - v) * size;
    pen.group("clip", { id: "rnn-ball-clip" }, () => pen.rect("clipr", left - 9, top - 9, size + 18, size + 18), "clipPath");
    pen.rect("box", left, top, size, size, { class: "soft s-neutral", thick: 2 });
    const points = snapshots(now), next = points.pop();
    const said = rules({ points });
    pen.group("in", { "clip-path": "url(#rnn-ball-clip)" }, () => {
      const cross = (key, [x, y], role, dash) => {
        pen.path(key, `M${X(x) - 8},${Y(y) - 8}l16,16M${X(x) + 8},${Y(y) - 8}l-16,16`, { class: `s-${role}`, thick: 3, dash });
      };
      if (shown && !lost) {
        const last = points[points.length - 1];
        if (said.straight) {
          pen.line("ls", X(last[0]), Y(last[1]), X(said.straight[0]), Y(said.straight[1]), { class: "s-state", dash: "6 4", thick: 2 });
          cross("cs", said.straight, "state");
        }
        if (said.bent) cross("cb", said.bent, "output");
      }
      if (lost) orders({ points }).forEach((p, i) => cross(`o${i}`, p, "output"));
      points.forEach(([x, y], i) => {
        pen.draw("circle", `p${i}`, { cx: X(x), cy: Y(y), r: 11, class: "f-input", opacity: lost ? 0.8 : 0.35 + (0.65 * (i + 1)) / points.length });
      });
      if (shown) pen.draw("circle", "next", { cx: X(next[0]), cy: Y(next[1]), r: 11, class: "none s-input", thick: 3 });
      pen.draw("circle", "guess", { cx: X(now.x), cy: Y(now.y), r: 7, class: "none s-gradient", thick: 3 });
      pen.draw("circle", "guessc", { cx: X(now.x), cy: Y(now.y), r: 2.5, class: "f-gradient" });
    });
    if (!lost) points.forEach(([x, y], i) => pen.text(`t${i}`, X(x), Y(y) + 5, String(i + 1), { class: "small on", bold: 700 }));
    return top + size + 12;
  }

  function update() {
    const points = snapshots(now), next = points.pop();
    for (const name of Object.keys(knobs)) knobs[name].set(now[name]);
    which.input.value = now.scene;
    show.textContent = F.tr(shown ? "Hide it again" : "Show where it is");
    const many = points.length, guess = [now.x, now.y];
    const count = `${many} ${many === 1 ? "snapshot" : "snapshots"}`;
    const made = orders({ points }).length;
    let text = `Throw ${now.number}, ${count}. Your guess: (${num(now.x)}, ${num(now.y)}).`;
    if (lost)
      text += many === 1 ? " One snapshot has no order to forget."
        : ` Without their order there are ${made} ways to line them up; each cross is the [output:next position] for one of them.`;
    if (shown) {
      text += ` The ball is at [input:(${num(next[0])}, ${num(next[1])})]; your guess is [gradient:${num(distance(guess, next))}] away.`;
      const said = rules({ points });
      const far = (p) => num(distance(p, next));
      text += ` Standing still: ${far(said.stay)}.`;
      if (said.straight) text += ` Straight on (5.9): [state:${far(said.straight)}].`;
      if (said.bent) text += ` With the step changing (5.10): [output:${far(said.bent)}].`;
    } else if (many === 1) text += " One snapshot says where the ball is and nothing of where it goes.";
    panel.innerHTML = `<p>${F.rich(text)}</p>`;
    say(text);
    redraw();
  }
  update();
}

if (typeof module !== "undefined") module.exports = { snapshots, rules, orders, THROWS, START };
else (window.rnnFigures = window.rnnFigures || {})["moving-ball"] = draw;
})();
