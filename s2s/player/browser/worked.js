// The arithmetic of one step, with the numbers of the model. A section takes ``about``, an object with ``strings`` and
// the trace as the model read it, the step, and the source positions by falling attention.

import { traceOf } from "./cursor.js";
import { decimals, el, fill, hasAttention, hasProbability, label, namedHead } from "./dom.js";
import { bare } from "./words.js";

const WORKED_ROWS = 5;

// A formula with subscripts as s_{t}. It never contains a user's text.
export function formula(text) {
  const node = el("p", { class: "formula" });
  for (const part of text.split(/(_\{[^}]*\})/)) {
    if (part.startsWith("_{")) node.append(el("sub", { text: part.slice(2, -1) }));
    else node.append(part);
  }
  return node;
}

export function numbersTable(head, rows) {
  const cells = (row) => row.map((value) => el("td", {}, value instanceof Node ? value : String(value)));
  return el(
    "div",
    { class: "scroll", tabindex: "0" },
    el(
      "table",
      { class: "numbers" },
      el("thead", {}, el("tr", {}, ...head.map(namedHead))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells(row)))),
    ),
  );
}

// A score that is a sum of products, and one that is a sum of v·tanh(…).
const productSum = (score) => ({
  score,
  term: ([h, k]) => `(${decimals(h)})(${decimals(k)})`,
  value: ([h, k]) => h * k,
});
const tanhSum = (score) => ({
  score,
  term: ([v, ...inner]) => `(${decimals(v)})·tanh(${inner.map((x) => decimals(x)).join(" + ")})`,
  value: ([v, ...inner]) => v * Math.tanh(inner.reduce((a, b) => a + b, 0)),
});

export const FORMULAS = {
  additive: tanhSum("e_{ts} = v · tanh(W s_{t−1} + U h_{s})"),
  covered: tanhSum("e_{ts} = v · tanh(W s_{t−1} + U h_{s} + w C_{ts}),   C_{ts} = Σ_{j<t} α_{js}"),
  general: productSum("e_{ts} = h_{t} · W h_{s}"),
  dot: productSum("e_{ts} = h_{t} · h_{s}"),
  concat: tanhSum("e_{ts} = v · tanh(W_{1} h_{t} + W_{2} h_{s})"),
  location: productSum("e_{ts} = h_{t} · W_{s}"),
  "local-m": productSum("e_{ts} = h_{t} · W h_{s}"),
  "local-p": productSum("e_{ts} = h_{t} · W h_{s}"),
};

// The centre of local attention; t and s count from 0.
const POSITIONS = {
  "local-m": "p_{t} = min(t, S − 1)",
  "local-p": "p_{t} = S · σ(v · tanh(W_{p} h_{t}))",
};

export function scoreSection({ strings, trace }, step, order) {
  const kind = FORMULAS[step.coverage ? "covered" : trace.checkpoint.attention];
  const place = order[0];
  if (!step.score_terms.length && !kind) return []; // for a trace of arrays the score function is unknown
  const parts = [el("h4", { text: strings.worked_scores })];
  if (kind) {
    const shown = step.score_terms.map(kind.value).reduce((a, b) => a + b, 0);
    const terms = step.score_terms.map((term) => kind.term(term)).join(" + ");
    const line = el("p", { class: "sum" }, "e(", label(trace.source.tokens[place]), ") = ");
    line.append(`${terms} + ${fill(strings.more_terms, { value: decimals(step.scores[place] - shown) })} = `);
    line.append(el("b", { text: decimals(step.scores[place]) }));
    // a bias belongs to the query: its number is W s + b
    const biased = (score) => score.replace(/W s_\{t−1\}|W_\{1\} h_\{t\}/, "($& + b)");
    parts.push(formula(trace.checkpoint.bias ? biased(kind.score) : kind.score), line);
  }
  return parts;
}

// The softmax of a step's scores: the highest score, each word's power, and their total. ``own`` is its result, also if
// edited weights were used.
export function weighing({ scores, factors, attention, own_attention }) {
  const highest = Math.max(...scores.filter((_, s) => !factors || factors[s] > 0)); // in the window
  const factor = (s) => (factors ? factors[s] : 1); // only local attention has them
  const powers = scores.map((score, s) => (factor(s) > 0 ? factor(s) * Math.exp(score - highest) : 0));
  return { highest, powers, total: powers.reduce((a, b) => a + b, 0), own: own_attention ?? attention };
}

export function softmaxSection({ strings, trace }, step, order, most = WORKED_ROWS) {
  if (!step.scores.length) return [];
  const { factors } = step;
  const { highest, powers, total, own } = weighing(step);
  const top = order.slice(0, most);
  const rows = top.map((s) => [
    label(trace.source.tokens[s]),
    decimals(step.scores[s]),
    ...(factors ? [decimals(factors[s])] : []),
    decimals(powers[s]),
    `${decimals(powers[s])} / ${decimals(total)}`,
    el("b", { text: decimals(own[s]) }),
  ]);
  const left = order.slice(most);
  if (left.length) {
    const sum = (values) => left.reduce((a, s) => a + values[s], 0);
    const blank = factors ? ["", ""] : [""];
    rows.push([fill(strings.others, { count: left.length }), ...blank, decimals(sum(powers)), "", decimals(sum(own))]);
  }
  const [f, head] = factors ? ["f_{s} ", ["f", "f exp(e − m)"]] : ["", ["exp(e − m)"]];
  const parts = [
    el("h4", { text: strings.worked_softmax }),
    formula(`α_{ts} = ${f}exp(e_{ts} − m) / Σ_{j} ${f && "f_{j} "}exp(e_{tj} − m),   m = max e = ${decimals(highest)}`),
  ];
  if (factors) {
    const place = POSITIONS[trace.checkpoint.attention];
    parts.push(
      formula(`f_{s} = exp(−2 (s − p_{t})² / D²), 0 if |s − p_{t}| > D;   ${place} = ${decimals(step.position)}`),
    );
  }
  const note = step.own_attention ? [el("p", { class: "sum", text: `✎ ${strings.worked_edited}` })] : [];
  return [...parts, numbersTable([strings.source_word, "e", ...head, "", "α"], rows), ...note];
}

// c = 0.97·h(…) + …, with the ``most`` greatest weights.
export function contextLine(trace, step, order, most) {
  const terms = order
    .slice(0, most)
    .flatMap((s, i) => [`${i ? " + " : ""}${decimals(step.attention[s], 2)}·h(`, label(trace.source.tokens[s]), ")"]);
  return ["c = ", ...terms, ...(order.length > most ? [" + …"] : [])];
}

export function contextSection({ strings, trace }, step, order) {
  const memory = trace.source.memory;
  if (!memory.length || !step.context.length) return [];
  const top = order.slice(0, WORKED_ROWS);
  const left = order.slice(WORKED_ROWS);
  const scaled = (s) => memory[s].map((h) => step.attention[s] * h);
  const rows = top.map((s) => [
    label(trace.source.tokens[s]),
    decimals(step.attention[s]),
    ...memory[s].map((h) => decimals(h)),
  ]);
  if (left.length) {
    const sums = step.context.map((_, i) => left.reduce((a, s) => a + scaled(s)[i], 0));
    rows.push([fill(strings.others_weighted, { count: left.length }), "", ...sums.map((x) => decimals(x))]);
  }
  rows.push([el("b", { text: "c = Σ α h" }), "", ...step.context.map((c) => el("b", { text: decimals(c) }))]);
  const line = el("p", { class: "sum" }, ...contextLine(trace, step, order, WORKED_ROWS));
  const heads = step.context.map((_, i) => `h[${i}]`);
  return [
    el("h4", { text: strings.worked_context }),
    formula("c_{t} = Σ_{s} α_{ts} h_{s}"),
    line,
    numbersTable([strings.source_word, "α", ...heads], rows),
  ];
}

// The probability that a pointer-generator copies a word: the attention on its positions in the source.
export function copiedWeight(trace, step, token) {
  const unknown = new Set(trace.source.unknown);
  const same = (s) => (unknown.has(s) ? "<unk>" : trace.source.tokens[s]) === token;
  return step.attention.reduce((sum, weight, s) => (same(s) ? sum + weight : sum), 0);
}

function pointerSection({ strings, trace }, step, words, generated) {
  const rows = words.map((word, i) => [
    label(word.token),
    decimals(generated[i], 4),
    decimals(copiedWeight(trace, step, word.token), 4),
    el("b", { text: decimals(Math.exp(word.log_prob), 4) }),
  ]);
  return [
    el("h4", { text: strings.worked_pointer }),
    formula(
      "P(w) = p_{gen} P_{vocab}(w) + (1 − p_{gen}) Σ_{s: x_s = w} α_{ts},   p_{gen} = " + decimals(step.p_gen, 4),
    ),
    numbersTable([strings.word, "P_vocab", "Σ α", "P"], rows),
  ];
}

// The probability that the network generates a word with, before a pointer mixes in what it copies, and the word's
// logit.
export function logitOf(trace, step, { token, log_prob }) {
  const p = Math.exp(log_prob);
  if (step.p_gen === undefined) return { generated: p, z: log_prob + step.normaliser };
  const generated = Math.max(Number.MIN_VALUE, (p - (1 - step.p_gen) * copiedWeight(trace, step, token)) / step.p_gen);
  return { generated, z: Math.log(generated) + step.normaliser };
}

export function outputSection(about, step) {
  const { strings, trace } = about;
  const words = step.top.slice(0, WORKED_ROWS);
  if (!words.length || step.normaliser === undefined) return [];
  const pointer = step.p_gen !== undefined;
  const logits = words.map((word) => logitOf(trace, step, word));
  const generated = logits.map((logit) => logit.generated);
  const prior = words.some((word) => word.prior !== undefined);
  const rows = words.map((word, i) => {
    const { z } = logits[i];
    return [
      label(word.token),
      ...(prior ? [`(${decimals(2 * z - word.prior)} + ${decimals(word.prior)}) / 2`] : []),
      decimals(z),
      `exp(${decimals(z)} − ${decimals(step.normaliser)})`,
      el("b", { text: decimals(generated[i], 4) }),
    ];
  });
  return [
    el("h4", { text: strings.worked_output }),
    ...(prior
      ? [formula("z_{v} = (y_{v} + ŷ_{v}) / 2,   ŷ = exp(log_scale) ⊗ x + shift,   x_{v} = 1 ⇔ v ∈ x_{1…S}")]
      : []),
    formula("p_{v} = exp(z_{v} − log Z),   log Z = log Σ_{v} exp(z_{v}) = " + decimals(step.normaliser)),
    numbersTable([strings.word, ...(prior ? ["(y + ŷ) / 2"] : []), "z", "", "p"], rows),
    ...(pointer ? pointerSection(about, step, words, generated) : []),
  ];
}

function lossSection({ strings }, step) {
  const word = step.target ?? { token: step.output, log_prob: step.log_prob };
  if (!hasProbability(word)) return [];
  const loss = el("p", { class: "sum" }, "−log p(", label(word.token), ") = ");
  loss.append(
    `−log ${Math.exp(word.log_prob).toPrecision(4)} = `,
    el("b", { text: decimals(-word.log_prob, 4) }),
    " nat",
  );
  return [
    el("h4", { text: step.target ? strings.worked_loss : strings.worked_loss_chosen }),
    formula("J_{t} = −Σ_{v} y_{v} log p_{v}"),
    loss,
  ];
}

// From context to logits: a trace lacks the vectors, and only the app can ask for them (readout.js).
function readoutSection({ strings, trace }, step, view) {
  if (trace.checkpoint.attention === "given" || step.normaliser === undefined) return [];
  const body = view.model.page ? view.acts.buildReadout(view) : [el("p", { class: "sum", text: strings.readout_none })];
  return [el("h4", { text: strings.worked_readout }), ...body];
}

// A model with several heads: the weights on screen may be a mean over heads, so only a sentence.
export const crossSection = ({ strings }) => [el("p", { class: "sum", text: strings.worked_cross })];

// The source positions of a step by falling attention.
export const byWeight = ({ attention }) => attention.map((_, s) => s).sort((a, b) => attention[b] - attention[a]);

export function paintWorked(view, step) {
  const { dom, model } = view;
  const trace = traceOf(view);
  dom.worked.hidden = !trace.steps.some(hasArithmetic);
  if (!dom.worked.open) return;
  const [about, read] = [{ strings: model.strings, trace: bare(trace) }, bare(step)];
  const order = byWeight(read);
  const sections =
    trace.checkpoint.attention === "cross" ? [crossSection] : [scoreSection, softmaxSection, contextSection];
  dom.workedBody.replaceChildren(
    ...(hasAttention(trace) ? sections : []).flatMap((section) => section(about, read, order)),
    ...readoutSection(about, read, view),
    ...outputSection(about, read),
    ...lossSection(about, read),
  );
}

// The numbers of a step in the table, and how each is written.
const NUMBERS = [
  ["log_prob", (value) => decimals(Math.exp(value), 4)],
  ["rank", String],
  ["entropy", (value) => decimals(value, 3)],
];

// Whether there is any arithmetic to show.
const hasArithmetic = (step) =>
  step.scores.length > 0 || hasProbability(step.target ?? step) || step.normaliser !== undefined;

// The table of every number of the lane, for screen readers and for copying.
export function paintTable(view) {
  if (!view.dom.table.open) return;
  const { strings } = view.model;
  const trace = traceOf(view);
  const columns = NUMBERS.filter(([name]) => trace.steps.some((step) => step[name] !== undefined));
  const head = [
    strings.step,
    strings.input,
    strings.output,
    ...columns.map(([name]) => (name === "log_prob" ? "p" : strings[name])),
  ];
  const rows = trace.steps.map((step, t) => [
    t + 1,
    label(step.input),
    label(step.output),
    ...columns.map(([name, write]) => (step[name] === undefined ? "" : write(step[name]))),
    ...step.attention.map((weight) => decimals(weight, 3)),
  ]);
  const heads = hasAttention(trace) ? trace.source.tokens.map((token) => label(token)) : [];
  const table = numbersTable([...head, ...heads], rows);
  view.dom.tableBody.replaceChildren(table);
}
