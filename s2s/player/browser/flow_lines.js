// The arithmetic beside the flow: a line for each part and each node, and what a part opens to. The numbers are those
// of worked.js and readout.js. Every function takes ``about``: {view, strings, trace, step, order, said}, trace and
// step as the model read them, source positions by falling attention, and the word that the step says.

import { bracketed, decimals, el, fill, hasAttention, hasNumbers, hasProbability, label, percent } from "./dom.js";
import { hasReadout } from "./flow_layout.js";
import { sum } from "./words.js";
import { byWeight, contextLine, contextSection, copiedWeight, crossSection, logitOf, numbersTable } from "./worked.js";
import { outputSection, scoreSection, softmaxSection, weighing } from "./worked.js";

const bold = (text) => el("b", { text });
const named = (symbol, token) => [`${symbol}(`, label(token), ") = "];

// Part by name: whether a step has it, its line, what it opens to, and the nodes that belong to it.
export const FLOW_PARTS = {
  scores: {
    has: ({ step }) => step.scores.length > 0,
    line: (about) => scoreLine(about, about.order[0]),
    open: (about) => [...scoreSection(about, about.step, about.order), scoreTable(about)],
    owns: [],
  },
  weights: {
    has: ({ trace }) => hasAttention(trace),
    line: (about) => weightLine(about, about.order[0]),
    open: (about) => [
      ...softmaxSection(about, about.step, about.order, Infinity),
      ...(isDeep(about) ? crossSection(about) : []),
    ],
    owns: ["s", "others"],
  },
  context: {
    has: ({ trace, step }) => hasAttention(trace) && trace.source.memory.length > 0 && step.context.length > 0,
    line: ({ trace, step, order }) => contextLine(trace, step, order, 2),
    open: (about) => contextSection(about, about.step, about.order),
    owns: ["c", "last"],
  },
  mix: {
    has: ({ trace, step }) => hasReadout(trace, step),
    line: ({ view, strings }) => view.acts.mixedLine?.(view) ?? [strings.flow_unsaved],
    open: (about) => readoutOf(about, about.view.acts.buildMix),
    owns: ["state", "h"],
  },
  logits: {
    has: ({ trace, step }) => hasReadout(trace, step) && step.normaliser !== undefined,
    line: (about) => logitLine(about, about.said),
    open: (about) => readoutOf(about, about.view.acts.buildProducts),
    owns: ["z"],
  },
  output: {
    has: ({ step }) => hasNumbers(step),
    line: (about) => chanceLine(about, about.said),
    open: (about) => [...outputSection(about, about.step), el("p", { class: "sum" }, ...chanceLine(about, about.said))],
    owns: ["w", "rest", "gate", "copy"],
  },
};

const isDeep = ({ trace }) => trace.checkpoint.attention === "cross";
const readoutOf = ({ view, strings }, build) => [
  el("h4", { text: strings.worked_readout }),
  ...(build ? build(view) : [el("p", { class: "sum", text: strings.readout_none })]),
];

export function aboutStep(view, trace, whole, said) {
  // A mean over heads is not the softmax of its scores.
  const step = isDeep({ trace }) ? { ...whole, scores: [] } : whole;
  return { view, strings: view.model.strings, trace, step, order: byWeight(step), said };
}

// The part that a node belongs to, or undefined where the step has none.
export function partOf(about, id) {
  const kind = id.replace(/\d+$/, "");
  return Object.keys(FLOW_PARTS).find((name) => FLOW_PARTS[name].owns.includes(kind) && FLOW_PARTS[name].has(about));
}

const scoreLine = ({ trace, step }, s) => [...named("e", trace.source.tokens[s]), bold(decimals(step.scores[s]))];

// α of a source word: from its score, where the scores are known.
function weightLine({ trace, step }, s) {
  const head = named("α", trace.source.tokens[s]);
  const edited = step.own_attention ? [` → ✎ ${decimals(step.attention[s])}`] : [];
  if (!step.scores.length) return [...head, bold(decimals(step.attention[s])), ...edited];
  const { highest, powers, total, own } = weighing(step);
  const factor = step.factors ? `${decimals(step.factors[s])} · ` : "";
  const power = powers[s] ? `${factor}exp(${decimals(step.scores[s])} − ${bracketed(highest)})` : "0";
  return [...head, `${power} / ${decimals(total)} = `, bold(decimals(own[s])), ...edited];
}

// Every source word's score, with a bar from the lowest to the highest.
function scoreTable({ strings, trace, step, order }) {
  const [low, high] = [Math.min(...step.scores), Math.max(...step.scores)];
  const rows = order.map((s) => {
    const track = el("span", { class: "track" }, el("span", { class: "fill" }));
    track.firstChild.style.width = `${high > low ? (100 * (step.scores[s] - low)) / (high - low) : 100}%`;
    return [label(trace.source.tokens[s]), bold(decimals(step.scores[s])), track];
  });
  return numbersTable([strings.source_word, "e", ""], rows);
}

function logitLine({ trace, step }, word) {
  if (!hasProbability(word) || step.normaliser === undefined) return [];
  return [...named("z", word.token), bold(decimals(logitOf(trace, step, word).z))];
}

// A word's probability: from its logit, and from what a pointer-generator copies.
function chanceLine({ trace, step }, word) {
  if (!hasProbability(word)) return [];
  const p = bold(percent(Math.exp(word.log_prob)));
  if (step.normaliser === undefined) return [...named("p", word.token), p];
  const { generated, z } = logitOf(trace, step, word);
  const power = `exp(${decimals(z)} − ${bracketed(step.normaliser)})`;
  if (step.p_gen === undefined) return [...named("p", word.token), `${power} = `, p];
  const gate = decimals(step.p_gen, 4);
  const copied = `(1 − ${gate}) · ${decimals(copiedWeight(trace, step, word.token), 4)}`;
  return [...named("P", word.token), `${gate} · ${decimals(generated, 4)} + ${copied} = `, p];
}

// The line of a node: what is known of it at this step, as parts that stand one after another.
export function nodeLine(about, node) {
  const { view, strings, trace, step } = about;
  switch (node.id.replace(/\d+$/, "")) {
    case "s": {
      const scores = step.scores.length ? [...scoreLine(about, node.s), " → "] : [];
      const share = partOf(about, "c")
        ? [" → c: + ", `${decimals(step.attention[node.s])}·h(`, label(node.token), ")"]
        : [];
      return [...scores, ...weightLine(about, node.s), ...share];
    }
    case "others":
      return [fill(strings.others, { count: node.count }), ": Σ α = ", bold(decimals(node.share))];
    case "c":
    case "last":
      if (isDeep(about)) return [strings.worked_cross];
      return hasAttention(trace) ? contextLine(trace, step, about.order, 5) : [strings.flow_none];
    case "state":
    case "h":
      return view.acts.mixedLine?.(view) ?? [strings.readout_none];
    case "z":
      return view.acts.productLine?.(view, about.said.token) ?? logitLine(about, about.said);
    case "w":
      return wordLine(about, node);
    case "rest":
      return ["1 − Σ p = ", bold(percent(node.share))];
    default:
      return copyLine(about, node);
  }
}

function wordLine(about, node) {
  const product = about.view.acts.productLine?.(about.view, node.token) ?? [];
  const logit = product.some((part) => part instanceof Node) ? product : logitLine(about, node);
  return [...logit, ...(logit.length ? [" → "] : []), ...chanceLine(about, node)];
}

const copyLine = ({ strings, step }, node) => [
  fill(strings.flow_copy_line, { copy: decimals(node.share, 4), generate: decimals(step.p_gen, 4) }),
];

// What the widths mean in the drawing of this step, and what of it is unknown.
export function notes({ strings, trace, step, view }, graph) {
  const has = (id) => graph.nodes.some((node) => node.id === id);
  return [
    strings[hasAttention(trace) ? "flow_about" : "flow_none"],
    ...(isDeep({ trace }) ? [strings.worked_cross] : []),
    ...(has("state") ? [strings.flow_state] : []),
    ...(has("copy") ? [strings.flow_copy] : []),
    ...(step.own_attention ? [strings.worked_edited] : []),
    ...(view.model.page || !has("h") ? [] : [strings.readout_none]),
  ];
}
