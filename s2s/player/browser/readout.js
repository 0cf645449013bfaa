// The arithmetic from context to logits: h̃ from context and state, and each word's logit as its product with h̃. A trace
// has neither h̃ nor the rows of W, so Python is asked, for the step on screen while the section is open.

import { ask, isAwaited } from "./ask.js";
import { shownStep, traceOf } from "./cursor.js";
import { decimals, el, fill, label } from "./dom.js";
import { laneKey } from "./model.js";
import { sum } from "./words.js";
import { formula, numbersTable, paintWorked } from "./worked.js";

const SYMBOLS = { c: "c_{t}", h: "h_{t}", s: "s_{t}", y: "y_{t−1}" };
const vectorName = (kind) => (kind === "deep" ? "h" : "h̃"); // the vector that W is multiplied with

// The answer for step ``t``: undefined until it comes, then {error} or {readout}, which may be null.
function askReadout(view, t) {
  const { model, cursor, readouts } = view;
  const key = `${model.page} ${laneKey(model, cursor.lane)} ${t}`;
  const answer = readouts.answers.get(key);
  const { asked } = readouts;
  if (answer || cursor.hover !== null || (asked?.key === key && isAwaited(view.channel, asked.then))) return answer;
  const then = (answer) => {
    readouts.answers.set(key, answer);
    paintWorked(view, traceOf(view).steps[shownStep(view)]);
    if (answer.error) readouts.answers.delete(key); // the next paint asks again
  };
  readouts.asked = { key, then };
  ask(view.channel, "readout", { lane: cursor.lane, step: t }, then, { latest: true });
  return undefined;
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

// z_w = h̃ · w + b of the leading words; with prior knowledge the product is y, not z.
function productTable(strings, { act, words }) {
  const [best] = words;
  const [h, own] = [vectorName(act), best.prior === null ? "z" : "y"];
  const more = (value) => fill(strings.more_terms, { value }).trim();
  const head = [strings.word, ...best.products.map((_, i) => `${h}[${i}]·w[${i}]`), more(""), "b", own];
  const rows = words.map(({ token, products, rest, bias, own: total }) => [
    label(token),
    ...products.map(([x, w]) => decimals(x * w)),
    decimals(rest),
    decimals(bias),
    el("b", { text: decimals(total) }),
  ]);
  const line = el("p", { class: "sum" }, `${own}(`, label(best.token), ") = ");
  const terms = best.products.map(([x, w]) => `(${decimals(x)})(${decimals(w)})`).join(" + ");
  line.append(`${terms} + ${more(decimals(best.rest))} + (${decimals(best.bias)}) = `);
  line.append(el("b", { text: decimals(best.own) }));
  return [
    formula(`${own}_{v} = ${h}_{t} · w_{v} + b_{v}`),
    el("p", { class: "sum", text: strings.readout_tied }),
    line,
    numbersTable(head, rows),
  ];
}

export function buildReadout(view) {
  const { strings } = view.model;
  const answer = askReadout(view, shownStep(view));
  const note = (text) => [el("p", { class: "sum", text })];
  if (!answer) return note(view.cursor.hover === null ? strings.readout_working : "…"); // a preview does not ask
  if (answer.error || !answer.readout) return note(answer.error ?? strings.readout_unknown);
  const { readout } = answer;
  const vectorTable = readout.act === "tanh" || readout.act === "linear" ? mixedTable : bareVector;
  return [...vectorTable(strings, readout), ...productTable(strings, readout)];
}
