// The arithmetic between context and logits: h̃ of context and state, and each word's logit as its product with h̃. A
// trace has neither h̃ nor the rows of W, so Python is asked, for the step on screen while the section is open.

import { ask } from "./ask.js";
import { decimals, el, fill, label } from "./dom.js";
import { awaited } from "./evidence.js";
import { sum } from "./words.js";
import { formula, numbersTable, paintWorked } from "./worked.js";

const SYMBOLS = { c: "c_{t}", h: "h_{t}", s: "s_{t}", y: "y_{t−1}" };
const spokenOf = (kind) => (kind === "deep" ? "h" : "h̃"); // what W meets

// The answer for the step on screen: undefined while it is still to come, {error} or {readout}, which may be null.
function readoutOf(view, t) {
  view.readouts ??= new Map();
  const lane = view.branches.find(({ id }) => id === view.lane)?.key ?? view.lane;
  const key = `${view.page} ${lane} ${t}`;
  const found = view.readouts.get(key);
  const asked = view.readoutAsked;
  if (found || view.hover !== null || (asked?.key === key && awaited(view, asked.then))) return found;
  const then = (answer) => {
    view.readouts.set(key, answer);
    paintWorked(view, view.trace.steps[view.shown]);
    if (answer.error) view.readouts.delete(key); // the next time that it is painted it is asked again
  };
  view.readoutAsked = { key, then };
  ask(view, "readout", { lane: view.lane, step: t }, then, { latest: true });
  return undefined;
}

// h̃ = tanh(W_c [c; h] + b), component after component: what each part gives, and together.
function mixedTable(view, { act, sizes, size, rows, norm, biased }) {
  const { strings } = view;
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

// Of h̃ its first numbers where it is a vector as it is: the state itself, or what many layers leave.
function bareVector(view, { act, rows, norm, size }) {
  const { strings } = view;
  const name = act === "state" ? "s" : "h";
  const numbers = rows.map(([x]) => decimals(x)).join(", ");
  const length = fill(strings.readout_norm, { norm: decimals(norm), size });
  return [
    el("p", { class: "sum", text: strings[`readout_${act}`] }),
    el("p", { class: "sum", text: `${spokenOf(act)} = ${act === "state" ? `${name} = ` : ""}(${numbers}, …)` }),
    el("p", { class: "sum", text: length.replace("h̃", spokenOf(act)) }),
  ];
}

// z_w = h̃ · w + b of the leading words; with prior knowledge the product is y.
function productTable(view, { act, words }) {
  const { strings } = view;
  const [best] = words;
  const [h, own] = [spokenOf(act), best.prior === null ? "z" : "y"];
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

export function askedReadout(view) {
  const { strings } = view;
  const answer = readoutOf(view.itself, view.shown);
  const note = (text) => [el("p", { class: "sum", text })];
  if (!answer) return note(view.hover === null ? strings.readout_working : "…"); // a preview asks nobody
  if (answer.error || !answer.readout) return note(answer.error ?? strings.readout_unknown);
  const { readout } = answer;
  const vector = readout.act === "tanh" || readout.act === "linear" ? mixedTable : bareVector;
  return [...vector(view, readout), ...productTable(view, readout)];
}
