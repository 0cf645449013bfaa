// The arithmetic from context to logits: h̃ from context and state, and each word's logit as its product with h̃. A
// trace has neither h̃ nor the rows of W, so Python is asked, for the step on screen while the section is open.

import { ask, isAwaited } from "./ask.js";
import { shownStep, traceOf } from "./cursor.js";
import { bracketed, decimals, el, fill, label } from "./dom.js";
import { paintFlow } from "./flow.js";
import { laneKey } from "./model.js";
import { sum } from "./words.js";
import { formula, numbersTable, paintWorked } from "./worked.js";

const SYMBOLS = { c: "c_{t}", h: "h_{t}", s: "s_{t}", y: "y_{t−1}" };
const vectorName = (kind) => (kind === "deep" ? "h" : "h̃"); // the vector that W is multiplied with

const answerKey = ({ model, cursor }, t) => `${model.page} ${laneKey(model, cursor.lane)} ${t}`;

// Ask about the step on screen, unless it was asked about or is a preview.
export function askReadout(view) {
  const { cursor, readouts } = view;
  const t = shownStep(view);
  const key = answerKey(view, t);
  const { asked } = readouts;
  if (readouts.answers.has(key) || cursor.hover !== null || (asked?.key === key && isAwaited(view.channel, asked.then)))
    return;
  const then = (answer) => {
    readouts.answers.set(key, answer);
    const step = traceOf(view).steps[shownStep(view)];
    paintWorked(view, step);
    paintFlow(view, step);
    if (answer.error) readouts.answers.delete(key); // the next paint asks again
  };
  readouts.asked = { key, then };
  ask(view.channel, "readout", { lane: cursor.lane, step: t }, then, { latest: true });
}

// What ``make`` makes of the readout of the step on screen, or why there is none (yet), as text.
function withReadout(view, make) {
  const { strings } = view.model;
  const answer = view.readouts.answers.get(answerKey(view, shownStep(view)));
  if (!answer) return [view.cursor.hover === null ? strings.readout_working : "…"]; // a preview does not ask
  return answer.error || !answer.readout ? [answer.error ?? strings.readout_unknown] : make(answer.readout);
}

// A line about the first number of h̃: the sum of its parts, and what tanh makes of it.
export function mixedLine(view) {
  return withReadout(view, ({ act, rows: [row], norm }) => {
    const [parts, own] = [row.slice(0, -1), row[row.length - 1]];
    const inner = parts.map(bracketed).join(" + ");
    const name = vectorName(act);
    const way = { tanh: `tanh(${inner}) = `, linear: `${inner} = `, state: "s[0] = " }[act] ?? "";
    return [`${name}[0] = ${way}`, el("b", { text: decimals(own) }), ` (|${name}| = ${decimals(norm)})`];
  });
}

// A line about a word's logit, or nothing about a word that was not asked about.
export function productLine(view, token) {
  return withReadout(view, (readout) => {
    const word = readout.words.find((word) => word.token === token);
    return word ? productSumLine(view.model.strings, readout, word) : [];
  });
}

// h̃ = tanh(W_c [c; h] + b), a row a component: the products of each part, their sum, and h̃.
function mixedTable(strings, { act, sizes, size, rows, norm, biased }) {
  const names = Object.keys(sizes);
  const inner = `W_{c} [${names.map((name) => SYMBOLS[name]).join("; ")}]${biased ? " + b" : ""}`;
  const parts = [formula(`h̃_{t} = ${act === "tanh" ? `tanh(${inner})` : inner}`)];
  if (act === "linear") parts.push(el("p", { class: "sum", text: strings.readout_linear }));
  const bent = act === "tanh"; // else the sum is h̃ itself
  const columns = [...names.map((name) => `W ${name}`), ...(biased ? ["b"] : []), ...(bent ? ["Σ"] : [])];
  const head = [strings.readout_part, ...columns, "h̃"];
  const line = (row, i) => {
    const [given, own] = [row.slice(0, -1), row[row.length - 1]];
    const numbers = bent ? [...given, sum(given)] : given;
    return [`h̃[${i}]`, ...numbers.map((x) => decimals(x)), el("b", { text: decimals(own) })];
  };
  const shapes = names.map((name) => `${name}: ${sizes[name]}`).join(" · ");
  return [
    ...parts,
    numbersTable(head, rows.map(line)),
    el("p", { class: "sum", text: `${fill(strings.readout_norm, { norm: decimals(norm), size })} (${shapes})` }),
  ];
}

// The first numbers of a vector that is not computed here: the decoder's state, or the output of many layers.
function bareVector(strings, { act, rows, norm, size }) {
  const name = act === "state" ? "s" : "h";
  const numbers = rows.map(([x]) => decimals(x)).join(", ");
  const length = fill(strings.readout_norm, { norm: decimals(norm), size });
  return [
    el("p", { class: "sum", text: strings[`readout_${act}`] }),
    el("p", { class: "sum", text: `${vectorName(act)} = ${act === "state" ? `${name} = ` : ""}(${numbers}, …)` }),
    el("p", { class: "sum", text: length.replace("h̃", vectorName(act)) }),
  ];
}

const logitName = ({ prior }) => (prior === null ? "z" : "y"); // with prior knowledge the product is half of z

// z(word) = (h̃_0)(w_0) + … + the other terms + b.
function productSumLine(strings, { act }, word) {
  const terms = word.products.map(([x, w]) => `(${decimals(x)})(${decimals(w)})`).join(" + ");
  const rest = fill(strings.more_terms, { value: decimals(word.rest) }).trim();
  return [
    `${logitName(word)}(`,
    label(word.token),
    `) = ${vectorName(act)} · w + b = ${terms} + ${rest} + (${decimals(word.bias)}) = `,
    el("b", { text: decimals(word.own) }),
  ];
}

// z_w = h̃ · w + b of the leading words; with prior knowledge the product is y, not z.
function productTable(strings, { act, words }) {
  const [best] = words;
  const [h, own] = [vectorName(act), logitName(best)];
  const more = fill(strings.more_terms, { value: "" }).trim();
  const head = [strings.word, ...best.products.map((_, i) => `${h}[${i}]·w[${i}]`), more, "b", own];
  const rows = words.map(({ token, products, rest, bias, own: total }) => [
    label(token),
    ...products.map(([x, w]) => decimals(x * w)),
    decimals(rest),
    decimals(bias),
    el("b", { text: decimals(total) }),
  ]);
  const line = el("p", { class: "sum" }, ...productSumLine(strings, { act }, best));
  return [
    formula(`${own}_{v} = ${h}_{t} · w_{v} + b_{v}`),
    el("p", { class: "sum", text: strings.readout_tied }),
    line,
    numbersTable(head, rows),
  ];
}

const noted = (parts) => parts.map((part) => (part instanceof Node ? part : el("p", { class: "sum", text: part })));

// The mix of context and state, and the logits as products.
export function buildMix(view) {
  const { strings } = view.model;
  const make = (readout) =>
    (readout.act === "tanh" || readout.act === "linear" ? mixedTable : bareVector)(strings, readout);
  return noted(withReadout(view, make));
}

export const buildProducts = (view) => noted(withReadout(view, (readout) => productTable(view.model.strings, readout)));

export function buildReadout(view) {
  askReadout(view);
  return noted(withReadout(view, () => [...buildMix(view), ...buildProducts(view)]));
}
