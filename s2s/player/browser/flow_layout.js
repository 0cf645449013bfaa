// One step of decoding as a flow (a Sankey diagram): which nodes and ribbons there are, where they stand, and what lies
// between two such drawings. Nothing here touches the page.
//
// A share is a part of 1: of the attention up to the context, of the probability after it. A node is {id, column,
// share}, a ribbon {id, from, to, share, kind, node}; ``node`` is the one whose arithmetic the ribbon shows. ``kind``
// is its colour: look, mix, word, gold, rest, copy, or thread, a line whose width says nothing.

import { hasNumbers, hasProbability } from "./dom.js";
import { distribution } from "./softmax.js";
import { sum } from "./words.js";
import { copiedWeight } from "./worked.js";

export const SOURCE = 0;
const CONTEXT = 1;
const MIXED = 2;
const LOGITS = 3;
export const WORDS = 4;

// The source words that get a ribbon of their own, at most ``most``, in the order of the sentence, and the rest as one.
export function sourceNodes({ source }, { attention }, most) {
  const all = source.tokens.map((token, s) => ({ id: `s${s}`, column: SOURCE, share: attention[s], token, s }));
  if (all.length <= most) return all;
  const kept = new Set([...all].sort((a, b) => b.share - a.share).slice(0, most - 1));
  const left = all.filter((node) => !kept.has(node));
  const others = { id: "others", column: SOURCE, share: sum(left.map(({ share }) => share)), count: left.length };
  return [...all.filter((node) => kept.has(node)), others];
}

// The words that the step may say: the most probable ones, the chosen and the reference's, and the rest. ``generated``
// and ``copied`` are the parts of a word's share that a pointer-generator writes and copies.
export function wordNodes(trace, step, most) {
  if (!hasNumbers(step)) return [{ id: "w0", column: WORDS, share: 1, generated: 1, copied: 0, token: step.output }];
  const rows = distribution(step, trace.mode).rows.filter((row, i) => i < most - 1 || row.chosen || row.gold);
  const nodes = rows.map((row, i) => {
    const copied =
      step.p_gen === undefined ? 0 : Math.min(row.p, (1 - step.p_gen) * copiedWeight(trace, step, row.token));
    return { ...row, id: `w${i}`, column: WORDS, share: row.p, copied, generated: row.p - copied };
  });
  const rest = (all, name) => Math.max(0, all - sum(nodes.map((node) => node[name])));
  const [generated, copied] = [rest(step.p_gen ?? 1, "generated"), rest(1 - (step.p_gen ?? 1), "copied")];
  return [...nodes, { id: "rest", column: WORDS, share: generated + copied, generated, copied }];
}

// Whether the model's way from context to word is known; of arrays it is not, nor where a step has no probabilities.
export const hasReadout = ({ checkpoint }, step) =>
  checkpoint.attention !== "given" && hasNumbers(step) && hasProbability(step);

// The nodes and ribbons of a step, with at most ``most`` = [source words, target words] of each.
export function flowGraph(trace, step, [most, words]) {
  const { attention } = trace.checkpoint;
  const blind = attention === "none";
  const sources = blind ? [{ id: "last", column: SOURCE, share: 1 }] : sourceNodes(trace, step, most);
  const targets = wordNodes(trace, step, words);
  const nodes = [...sources, { id: "c", column: CONTEXT, share: 1 }];
  const ribbons = sources.map(({ id, share }) => ({ id: `${id}-c`, from: id, to: "c", share, kind: "look", node: id }));
  const spoken = hasReadout(trace, step);
  if (spoken) addReadout(nodes, ribbons, step.p_gen, attention === "cross");
  const said = (name, from) =>
    targets
      .filter((word) => word[name] > 0)
      .map((word) => {
        const kind = word.id === "rest" ? "rest" : word.gold ? "gold" : "word";
        return { id: `${from}-${word.id}`, from, to: word.id, share: word[name], kind, node: word.id };
      });
  ribbons.push(...said("generated", spoken ? "z" : "c"), ...(spoken ? said("copied", "copy") : []));
  return { nodes: [...nodes, ...targets], ribbons };
}

// From context and decoder state to h̃ and to the logits. A pointer-generator goes this way with probability p_gen, and
// else copies from the source. Of a network with many layers no single decoder state meets the context.
function addReadout(nodes, ribbons, generated = 1, deep = false) {
  nodes.push({ id: "h", column: MIXED, share: generated }, { id: "z", column: LOGITS, share: generated });
  ribbons.push({ id: "c-h", from: "c", to: "h", share: generated, kind: "mix", node: "h" });
  ribbons.push({ id: "h-z", from: "h", to: "z", share: generated, kind: "mix", node: "z" });
  if (!deep) {
    nodes.push({ id: "state", column: CONTEXT, share: 0 });
    ribbons.push({ id: "state-h", from: "state", to: "h", share: 0, kind: "thread", node: "state" });
  }
  if (generated < 1) {
    const share = 1 - generated;
    nodes.push({ id: "gate", column: MIXED, share }, { id: "copy", column: LOGITS, share });
    ribbons.push({ id: "c-gate", from: "c", to: "gate", share, kind: "copy", node: "gate" });
    ribbons.push({ id: "gate-copy", from: "gate", to: "copy", share, kind: "copy", node: "copy" });
  }
}

const GAP = 4; // pixels between two nodes that are wider than their labels

// Where the nodes and ribbons of a graph are. ``along`` is the direction in which the flow goes and ``across`` the
// other; ``margins`` are left free for labels at its two ends, and a node takes at least ``slot`` across, that of a
// vector ``vector``. All in pixels. Returns ``nodes``, id → [along, across of the middle, width], and ``ribbons``, id →
// [along, from, to, along, from, to]: the two edges at its beginning and at its end.
export function placeFlow(graph, { along, across, margins, slot, vector }) {
  const columns = [...new Set(graph.nodes.map(({ column }) => column))].sort();
  const inColumns = columns.map((column) => graph.nodes.filter((node) => node.column === column));
  const least = ({ column }) => (column === SOURCE || column === WORDS ? slot : vector);
  const unit = Math.max(0, across - Math.max(...inColumns.map((column) => sum(column.map(least)))));
  const step = (along - margins[0] - margins[1]) / (columns.length - 1);
  const nodes = {};
  inColumns.forEach((column, i) => {
    const sizes = column.map((node) => Math.max(least(node), node.share * unit + GAP));
    let start = (across - sum(sizes)) / 2;
    column.forEach(({ id, share }, k) => {
      nodes[id] = [margins[0] + i * step, start + sizes[k] / 2, share * unit];
      start += sizes[k];
    });
  });
  return { nodes, ribbons: placeRibbons(graph, nodes, unit) };
}

// Ribbons lie side by side on the edge of a node, in the order of the nodes at their other ends.
function placeRibbons({ nodes, ribbons }, places, unit) {
  const order = new Map(nodes.map(({ id }, i) => [id, i]));
  const edges = (here, there) => {
    const used = {};
    const sorted = [...ribbons].sort((a, b) => order.get(a[there]) - order.get(b[there]));
    return new Map(
      sorted.map((ribbon) => {
        const [at, middle, size] = places[ribbon[here]];
        const start = middle - size / 2 + (used[ribbon[here]] ?? 0);
        used[ribbon[here]] = (used[ribbon[here]] ?? 0) + ribbon.share * unit;
        return [ribbon.id, ribbon.kind === "thread" ? [at, middle, middle] : [at, start, start + ribbon.share * unit]];
      }),
    );
  };
  const [first, last] = [edges("from", "to"), edges("to", "from")];
  return Object.fromEntries(ribbons.map(({ id }) => [id, [...first.get(id), ...last.get(id)]]));
}

const mixed = (a, b, t) => a.map((x, i) => x + t * (b[i] - x));
const closed = ([at, a, b, to, c, d]) => [at, (a + b) / 2, (a + b) / 2, to, (c + d) / 2, (c + d) / 2];

// The drawing at ``t``, from 0 to 1, on the way from one to another. What is new opens out of a line.
export function between(from, to, t) {
  const nodes = Object.entries(to.nodes).map(([id, place]) => [id, mixed(from.nodes[id] ?? place, place, t)]);
  const ribbons = Object.entries(to.ribbons).map(([id, place]) => [
    id,
    mixed(from.ribbons[id] ?? closed(place), place, t),
  ]);
  return { nodes: Object.fromEntries(nodes), ribbons: Object.fromEntries(ribbons) };
}

export const easeOut = (t) => 1 - (1 - t) ** 3;

// A ribbon as the path of an SVG. Both edges bend alike, so that ribbons side by side at both ends do not cross.
export function ribbonPath([u, a, b, v, c, d], upright) {
  const point = (along, across) =>
    upright ? `${across.toFixed(1)},${along.toFixed(1)}` : `${along.toFixed(1)},${across.toFixed(1)}`;
  const half = (u + v) / 2;
  const edge = (from, p, to, q) => `C${point(half, p)} ${point(half, q)} ${point(to, q)}`;
  return `M${point(u, a)}${edge(u, a, v, c)}L${point(v, d)}${edge(v, d, u, b)}Z`;
}
