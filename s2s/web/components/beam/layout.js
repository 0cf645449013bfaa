// Where the nodes of a search tree stand. Pure: numbers and lists from the tree's columns, nothing painted.

export const ROW = 30; // pixels a row
export const PILL = 24; // height of a node
export const GAP = 34; // between columns, for the edges
const FOLLOWED = "kept"; // the fate of nodes that later ones go on from

// What every part asks of a node: its step, children, the best finished hypothesis below it (0 the best, Infinity none),
// the last step where something of it was alive, the first where something of it had ended.
export function read(tree) {
  const { parent, fate } = tree.nodes;
  const count = parent.length;
  const facts = { step: new Array(count), place: new Array(count), children: Array.from({ length: count + 1 }, () => []) };
  Object.assign(facts, { rank: new Array(count).fill(Infinity), reach: new Array(count).fill(-1), ended: new Array(count).fill(Infinity) });
  tree.finished.forEach(({ node }, rank) => (facts.rank[node] = rank));
  const first = [0];
  for (const step of tree.steps) first.push(first[first.length - 1] + step.recorded);
  for (let t = 0; t < tree.steps.length; t++) {
    for (let i = first[t]; i < first[t + 1]; i++) {
      facts.step[i] = t;
      facts.place[i] = i - first[t];
      facts.children[parent[i] < 0 ? count : parent[i]].push(i);
      if (fate[i] === FOLLOWED) facts.reach[i] = t;
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

// The nodes of every column from top to bottom: children below each other in the order of their parents, so that no
// edges cross, and of siblings those first that lead to the better output. The best path is the top row.
function columns(tree, facts, shown) {
  const { rank, reach, children } = facts;
  const { total } = tree.nodes;
  const better = (a, b) => (rank[a] === rank[b] ? reach[b] - reach[a] || total[b] - total[a] : rank[a] - rank[b]);
  const found = [];
  let before = [facts.root];
  for (let t = 0; t < tree.steps.length; t++) {
    const column = before.flatMap((list) => list.filter(shown).sort(better));
    found.push(column);
    before = column.map((i) => children[i]);
  }
  return found;
}

// Which nodes are drawn: all kept ones, and of the pruned ``most`` a step, those nearest to the cut-off.
export function drawnNodes(tree, facts, most, always) {
  const wanted = new Set(always);
  return (i) => facts.place[i] < tree.steps[facts.step[i]].kept + most || wanted.has(i);
}

export function layout(tree, facts, { most, always, measure }) {
  const order = columns(tree, facts, drawnNodes(tree, facts, most, always));
  const position = new Map();
  const lefts = [];
  let left = measure("<bos>") + 24 + GAP;
  order.forEach((column, t) => {
    const widths = column.map((i) => measure(tree.nodes.token[i]) + 56);
    const widest = Math.max(60, ...widths);
    lefts.push({ x: left, width: widest });
    column.forEach((i, row) => position.set(i, { x: left, y: row * ROW + (ROW - PILL) / 2, width: widths[row], t, row }));
    left += widest + GAP;
  });
  const rows = Math.max(1, ...order.map((column) => column.length));
  return { order, position, lefts, width: left, height: rows * ROW + 6, rootWidth: measure("<bos>") + 24 };
}

// The nodes from the first step to this one.
export function pathOf(tree, i) {
  const found = [];
  for (; i >= 0; i = tree.nodes.parent[i]) found.push(i);
  return found.reverse();
}

// What leads after step t: at the end the best finished hypothesis, before it the most probable one alive.
export function leader(tree, facts, t) {
  if (t >= tree.steps.length - 1 && tree.finished.length) return tree.finished[0].node;
  return facts.first[t];
}

// The state of a node as seen after step t.
export function stateAt(tree, facts, i, t) {
  if (facts.step[i] > t) return "future";
  if (tree.nodes.fate[i] === "pruned") return "pruned";
  if (facts.ended[i] <= t || facts.reach[i] >= t) return "alive";
  return "dead";
}
