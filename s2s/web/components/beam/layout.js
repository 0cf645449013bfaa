// The layout of a search tree: pure functions from the tree's columns to numbers and lists.

import { clamp } from "../../../player/browser/room.js";

// Pixels at the scale 1, which ``scaleFor`` changes.
const ROW = 30;
export const PILL = 24; // height of a node
const GAP = 34; // between columns, for the edges
const LEAST = 0.8; // rows of 24 pixels, type of 12, which a finger still meets and an eye still reads
const MOST = 1.4;
const CONTINUED = "kept"; // the fate of nodes that have children

// Facts about each node i of a tree, as arrays:
//   step: the step that made it; place: its index among the nodes of that step; children: the nodes that continue it;
//   rank: the rank of the best finished hypothesis through it, 0 for the best, Infinity if none finished;
//   reach: the last step at which a hypothesis through it was alive, -1 for none;
//   ended: the first step at which a hypothesis through it ended, Infinity for none.
// Besides, ``first`` has the first node of each step and, at its end, the number of nodes; ``root`` the first step's
// nodes.
export function nodeFacts(tree) {
  const { parent, fate } = tree.nodes;
  const count = parent.length;
  const facts = {
    step: new Array(count),
    place: new Array(count),
    children: Array.from({ length: count + 1 }, () => []),
  };
  Object.assign(facts, {
    rank: new Array(count).fill(Infinity),
    reach: new Array(count).fill(-1),
    ended: new Array(count).fill(Infinity),
  });
  tree.finished.forEach(({ node }, rank) => (facts.rank[node] = rank));
  const first = [0];
  for (const step of tree.steps) first.push(first[first.length - 1] + step.recorded);
  for (let t = 0; t < tree.steps.length; t++) {
    for (let i = first[t]; i < first[t + 1]; i++) {
      facts.step[i] = t;
      facts.place[i] = i - first[t];
      facts.children[parent[i] < 0 ? count : parent[i]].push(i);
      if (fate[i] === CONTINUED) facts.reach[i] = t;
      else if (fate[i] !== "pruned") facts.ended[i] = t;
    }
  }
  for (let i = count - 1; i >= 0; i--) {
    const up = parent[i];
    if (up < 0) continue;
    facts.rank[up] = Math.min(facts.rank[up], facts.rank[i]);
    facts.reach[up] = Math.max(facts.reach[up], facts.reach[i]);
    facts.ended[up] = Math.min(facts.ended[up], facts.ended[i]);
  }
  return { ...facts, first, root: facts.children[count] };
}

// The nodes of each column from top to bottom. Children follow the order of their parents, so that no edges cross;
// among siblings the one that leads to the better output comes first, so that the best path is the top row.
function columns(tree, facts, shown) {
  const { rank, reach, children } = facts;
  const { total } = tree.nodes;
  const better = (a, b) => (rank[a] === rank[b] ? reach[b] - reach[a] || total[b] - total[a] : rank[a] - rank[b]);
  const order = [];
  let before = [facts.root];
  for (let t = 0; t < tree.steps.length; t++) {
    const column = before.flatMap((list) => list.filter(shown).sort(better));
    order.push(column);
    before = column.map((i) => children[i]);
  }
  return order;
}

// A function that says whether a node is drawn: all kept nodes are, at each step the ``most`` pruned ones nearest to
// the cut-off, and the nodes of ``always``.
export function drawnNodes(tree, facts, most, always) {
  const wanted = new Set(always);
  return (i) => facts.place[i] < tree.steps[facts.step[i]].kept + most || wanted.has(i);
}

// How much larger or smaller than at first a tree is drawn, so that it fits its room.
export function scaleFor({ width, height }, room) {
  return clamp(Math.min(room.width / width, room.height / height), LEAST, MOST);
}

// Positions in pixels. ``most`` and ``always`` are those of ``drawnNodes``, ``measure`` gives the width of a text,
// ``room`` has the width and height to fit. ``order`` has the nodes of each column, ``lefts`` each column's x and
// width.
export function layout(tree, facts, { most, always, measure, room }) {
  const order = columns(tree, facts, drawnNodes(tree, facts, most, always));
  const widths = order.map((column) => column.map((i) => measure(tree.nodes.token[i]) + 56));
  const widest = widths.map((each) => Math.max(60, ...each));
  const root = measure("<bos>") + 24;
  const across = widest.reduce((sum, width) => sum + width + GAP, root + GAP);
  const down = Math.max(1, ...order.map((column) => column.length)) * ROW + 6;
  const scale = scaleFor({ width: across, height: down }, room);
  const [gap, row, pill] = [GAP, ROW, PILL].map((pixels) => pixels * scale);
  const position = new Map();
  const lefts = [];
  let left = root * scale + gap;
  order.forEach((column, t) => {
    lefts.push({ x: left, width: widest[t] * scale });
    column.forEach((i, r) =>
      position.set(i, { x: left, y: r * row + (row - pill) / 2, width: widths[t][r] * scale, t, row: r }),
    );
    left += widest[t] * scale + gap;
  });
  return { order, position, lefts, scale, gap, row, pill, width: left, height: down * scale, rootWidth: root * scale };
}

// The nodes from the first step to node i.
export function pathOf(tree, i) {
  const path = [];
  for (; i >= 0; i = tree.nodes.parent[i]) path.push(i);
  return path.reverse();
}

// The node that leads after step t: after the last step the best finished hypothesis, before it the most probable one.
export function leader(tree, facts, t) {
  if (t >= tree.steps.length - 1 && tree.finished.length) return tree.finished[0].node;
  return facts.first[t];
}

// The state of a node after step t: future, pruned, alive, or dead where nothing that continues it is alive or
// finished.
export function stateAt(tree, facts, i, t) {
  if (facts.step[i] > t) return "future";
  if (tree.nodes.fate[i] === "pruned") return "pruned";
  if (facts.ended[i] <= t || facts.reach[i] >= t) return "alive";
  return "dead";
}
