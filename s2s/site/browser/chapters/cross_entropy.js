// Chapter Cross-entropy: the lecture's three logits, then the loss of the sentence, token by token.

import { el } from "../../../player/browser/dom.js";
import { formulaRow, heading, question, section, slider, waitFor } from "../chapter.js";
import { barChart, lineChart } from "../charts.js";
import { Bar, numbersTable, wordTable } from "../tables.js";

const LECTURE = [3, 1, -3]; // the lecture's example; the first class is the true one
const MOST_TERMS = 40; // most tokens of which the sum of losses is written out
const EPSILONS = Array.from({ length: 20 }, (_, i) => i / 20);
const CHOSEN = { logits: [...LECTURE], labels: [true, false, false], epsilon: 0.1 }; // kept while the page is open

export async function crossEntropyChapter(box, site) {
  const [lecture, misprints, pair, asked] = ["", "boxed", "", ""].map((name) => section(box, name));
  showLogits(lecture, site);
  const { texts, place } = site;
  misprints.append(...texts.paragraphs("lesson.cross_entropy.misprints", {}, texts.formula("cost")));
  pair.append(heading(texts.say("lesson.cross_entropy.sentence")));
  question(asked, site, "cross_entropy");
  if (!place.ref.trim()) return pair.append(el("p", { class: "note", text: texts.say("lesson.reference") }));
  const [loss, run] = ["loss", "run"].map((kind) => site.compute.get(kind, place.model, place.text, place.ref));
  const found = await waitFor(pair, site, Promise.all([loss, run]));
  if (found?.[1].lanes.forced) showLoss(pair, site, found[0], found[1].lanes.forced);
}

// The arithmetic of s2s/lesson/cross_entropy.py.
function softmaxed(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((z) => Math.exp(z - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

const sigmoidOf = (z) => 1 / (1 + Math.exp(-z));
const binaryLoss = (z, y) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - y * z;

function showLogits(box, site) {
  const { texts } = site;
  const say = (key) => texts.say(`lesson.cross_entropy.${key}`);
  const result = el("div", { class: "result" });
  const sliders = CHOSEN.logits.map((value, i) =>
    slider(`z${i + 1}`, { min: -6, max: 6, step: 0.1, value }, (next) => {
      CHOSEN.logits[i] = next;
      paint();
    }),
  );
  const reset = el("button", { type: "button", class: "lecture", text: say("lecture") });
  reset.addEventListener("click", () => {
    CHOSEN.logits.splice(0, 3, ...LECTURE);
    sliders.forEach(({ set }, i) => set(LECTURE[i]));
    paint();
  });
  const labels = CHOSEN.labels.map((on, i) => {
    const tick = el("input", { type: "checkbox", checked: on ? "" : null });
    tick.addEventListener("change", () => {
      CHOSEN.labels[i] = tick.checked;
      paint();
    });
    return el("label", {}, tick, ` ${say("class")} ${i + 1}`);
  });
  const [one, live, two, sums] = [el("div"), el("p", { class: "live" }), el("div"), el("p", { class: "small" })];
  result.append(
    el("p", {}, el("b", { text: say("softmax") })),
    one,
    formulaRow(site, "softmax", "cross_entropy", "gradient"),
    live,
    el("p", {}, el("b", { text: say("binary") }), " ", say("binary_when")),
    el("div", { class: "ticks" }, ...labels),
    two,
    formulaRow(site, "sigmoid", "binary"),
    sums,
  );
  function paint() {
    const z = CHOSEN.logits;
    const [p, q, y] = [softmaxed(z), z.map(sigmoidOf), CHOSEN.labels.map(Number)];
    const losses = z.map((x, i) => binaryLoss(x, y[i]));
    const name = (i) => `${say("class")} ${i + 1}`;
    const hot = z.map((_, i) => Number(i === 0));
    const soft = z.map((x, i) => [name(i), x, Math.exp(x), new Bar(p[i]), String(hot[i]), p[i] - hot[i]]);
    one.replaceChildren(numbersTable(["", "z", "eᶻ", say("p"), "y", "p − y"], soft, say("softmax"), 0));
    live.textContent = `L = −ln ${p[0].toFixed(5)} = ${(-Math.log(p[0])).toFixed(5)}`;
    const rows = z.map((x, i) => [name(i), x, new Bar(q[i]), String(y[i]), losses[i], q[i] - y[i]]);
    two.replaceChildren(numbersTable(["", "z", "σ(z)", "y", "Lᵢ", "σ(z) − y"], rows, say("binary")));
    const sum = (row) => row.reduce((a, b) => a + b, 0);
    const values = { softmax: sum(p), sigmoid: sum(q), loss: sum(losses) };
    sums.replaceChildren(...texts.inline("lesson.cross_entropy.sums", values));
  }
  box.append(el("div", { class: "halves" }, el("div", {}, ...sliders.map(({ node }) => node), reset), result));
  paint();
}

// -ln p of each token, their mean, the softmax of one step, the loss with soft targets.
function showLoss(box, site, loss, trace) {
  const { texts } = site;
  const text = texts.part("lesson.cross_entropy");
  const mean = loss.nll.reduce((a, b) => a + b, 0) / loss.nll.length;
  const spread = loss.uniform.reduce((a, b) => a + b, 0) / loss.uniform.length;
  const smoothed = (epsilon) => (1 - epsilon) * mean + epsilon * spread;
  const left = el("div");
  const right = el("div");
  let at = loss.nll.indexOf(Math.max(...loss.nll));
  const words = trace.steps.map(({ output }) => output);
  const about = `${text.mean} ${mean.toFixed(3)}`;
  const chart = barChart({ words, values: loss.nll, label: text.nll, mean: about, pick: go });
  const steps = slider(texts.say("lesson.step"), { min: 1, max: words.length, value: at + 1 }, (step) => go(step - 1));
  const soft = el("p");
  const curve = el("div");
  const range = slider("ε", { min: 0, max: 0.95, step: 0.05, value: CHOSEN.epsilon }, (epsilon) => {
    CHOSEN.epsilon = epsilon;
    paintSmoothing();
  });
  right.append(el("p", {}, el("b", { text: text.smoothing })), range.node, formulaRow(site, "smoothing"), soft, curve);
  box.append(chart.node, steps.node, formulaRow(site, "sentence"), sumOf(loss, mean));
  box.append(el("div", { class: "halves" }, left, right));

  function go(place) {
    at = place;
    steps.set(at + 1);
    chart.choose(at);
    const p = Math.exp(-loss.nll[at]);
    const digits = 5 + Math.trunc(loss.nll[at] / Math.LN10);
    left.replaceChildren(
      el("p", {}, ...texts.inline("lesson.cross_entropy.step", { step: at + 1, word: { code: words[at] } })),
      wordTable(trace.steps[at], texts.part("player")),
      el("p", { class: "live", text: `−ln ${p.toFixed(Math.min(digits, 60))} = ${loss.nll[at].toFixed(4)}` }),
    );
    paintSmoothing();
  }

  function paintSmoothing() {
    const { epsilon } = CHOSEN;
    const other = epsilon / loss.words;
    const step = (1 - epsilon) * loss.nll[at] + epsilon * loss.uniform[at];
    const shares = { one: 1 - epsilon + other, other: String(Number(other.toPrecision(3))), words: loss.words };
    const values = { ...shares, at: at + 1, step, loss: smoothed(epsilon) };
    soft.replaceChildren(...texts.inline("lesson.cross_entropy.soft", values));
    const points = EPSILONS.map((x) => ({ x, y: smoothed(x) }));
    const about = `${text.loss}: ε = ${epsilon}, ${smoothed(epsilon).toFixed(4)}`;
    const marks = [{ x: epsilon, y: smoothed(epsilon) }];
    curve.replaceChildren(lineChart({ series: [{ points }], marks, x: "ε", y: text.loss, about }));
  }
  go(at);
}

// The loss and the perplexity of the sentence; with its terms if there are few.
function sumOf({ nll }, mean) {
  const total = nll.reduce((a, b) => a + b, 0);
  const terms = nll.length <= MOST_TERMS ? nll.map((value) => value.toFixed(3)).join(" + ") : total.toFixed(3);
  return el(
    "p",
    { class: "live" },
    `L = (${terms}) / ${nll.length} = `,
    el("b", { text: mean.toFixed(4) }),
    `, PPL = e^${mean.toFixed(4)} = `,
    el("b", { text: Math.exp(Math.min(mean, 700)).toFixed(3) }),
  );
}
