// The tree as SVG. The document holds only the nodes in sight, so that a long search costs no more than a short one.

import { el, fill, isSpecial, reveal, shade } from "../../../player/browser/dom.js";
import { heightBelow } from "../../../player/browser/room.js";
import { svg } from "../svg.js";
import { PILL, layout, leader, pathOf, stateAt } from "./layout.js";

const BEYOND = 200; // pixels outside the visible part that are drawn too
// Pixels below the tree: of what it is fitted to, and when all of it is asked for.
const BELOW = { fitted: 200, most: 10 };
const STEPS = 32; // pixels of the row with the steps' numbers, and of the borders
const LEAST_TREE = 260; // pixels: a lower tree scrolls the page instead

// A function from a text to its width in pixels, in the node's font.
export function textMeasurer(node) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `15px ${getComputedStyle(node).fontFamily}`;
  const known = new Map();
  return (text) => {
    if (!known.has(text)) known.set(text, Math.ceil(context.measureText(text).width));
    return known.get(text);
  };
}

// The room of the tree: the width there is, and the height that leaves the selected hypothesis in sight.
export function treeRoom({ parts: { tree } }) {
  const below = heightBelow(tree);
  tree.style.maxHeight = `${Math.floor(Math.max(below - BELOW.most, LEAST_TREE))}px`;
  return { width: tree.clientWidth - 4, height: Math.max(below - BELOW.fitted, LEAST_TREE) - STEPS };
}

// Lay out the drawn nodes and empty the drawing; ``paintTree`` fills it.
export function placeNodes(view) {
  const { tree, facts, most, greedy: always, measure } = view;
  view.plan = layout(tree, facts, { most, always, measure, room: treeRoom(view) });
  const { width, height } = view.plan;
  view.drawn = new Map();
  view.edges = svg("g");
  view.pills = svg("g", {}, rootPill(view));
  view.canvas.replaceChildren(view.edges, view.pills);
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) {
    view.canvas.setAttribute(name, value);
  }
  view.times = view.plan.lefts.map((column, t) => stepButton(view, column, t));
  view.parts.times.replaceChildren(...view.times);
  view.parts.times.style.width = `${width}px`;
}

function stepButton(view, { x, width }, t) {
  const title = fill(view.strings.to_step, { step: t + 1 });
  const button = el("button", { type: "button", tabindex: "-1", "data-t": t, text: String(t + 1), title });
  button.style.left = `${x}px`;
  button.style.minWidth = `${Math.min(width, 60)}px`;
  return button;
}

function rootPill({ plan }) {
  const width = plan.rootWidth / plan.scale;
  const text = svg("text", { x: width / 2, y: 17, class: "special middle" });
  text.textContent = "<bos>";
  const rect = svg("rect", { x: 0.5, y: 0.5, width: width - 1, height: PILL - 1, rx: 12 });
  return svg("g", { class: "node root", ...placed(plan, { x: 0, y: (plan.row - plan.pill) / 2 }) }, rect, text);
}

// Where a node stands; what is in it is drawn at the scale 1.
const placed = ({ scale }, { x, y }) => ({ transform: `translate(${x},${y}) scale(${scale})` });

// The line from a node's parent to the node, as wide as the node is probable.
function edgeOf(view, i) {
  const { position, rootWidth, gap, row, pill } = view.plan;
  const to = position.get(i);
  const up = view.tree.nodes.parent[i];
  const from = up < 0 ? { x: 0, width: rootWidth, y: (row - pill) / 2 } : position.get(up);
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + pill / 2, to.x, to.y + pill / 2];
  const straight = Math.max(x1, x2 - gap); // from a short node the line first follows its row
  const d = `M${x1},${y1}H${straight}C${straight + gap / 2},${y1} ${straight + gap / 2},${y2} ${x2},${y2}`;
  const path = svg("path", { d, "data-i": i });
  path.style.strokeWidth = `${(1 + 5 * Math.exp(view.tree.nodes.log_prob[i])).toFixed(2)}px`;
  return path;
}

// A node: its word and, at its end, its rank among the finished hypotheses, ✕ or its probability in per cent.
function pillOf(view, i) {
  const { token, log_prob, fate } = view.tree.nodes;
  const at = view.plan.position.get(i);
  const width = at.width / view.plan.scale;
  const p = Math.exp(log_prob[i]);
  const rect = svg("rect", { x: 0.5, y: 0.5, width: width - 1, height: PILL - 1, rx: 12 });
  rect.style.setProperty("--p", shade(p).toFixed(3));
  const word = svg("text", { x: 10, y: 17, class: isSpecial(token[i]) ? "word special" : "word" });
  word.textContent = token[i];
  const rank = view.tree.finished.findIndex((f) => f.node === i);
  const mark = svg("text", { x: width - 8, y: 17, class: rank >= 0 ? "mark rank" : "mark" });
  mark.textContent = rank >= 0 ? `#${rank + 1}` : fate[i] === "pruned" ? "✕" : wholePercent(p);
  return svg("g", { ...placed(view.plan, at), "data-i": i }, rect, word, mark);
}

// 0.634 → "63". A probability that would be rounded to 0 or 100 gets "<1" or ">99".
export const wholePercent = (p) => (p < 0.005 ? "<1" : p > 0.995 && p < 1 ? ">99" : String(Math.round(100 * p)));

// The drawn nodes that are in sight, or whose edge is in sight.
function nodesInSight(view) {
  const { scrollLeft, clientWidth, scrollTop, clientHeight } = view.parts.tree;
  const { lefts, order, position, gap } = view.plan;
  const { parent } = view.tree.nodes;
  const [left, right] = [scrollLeft - BEYOND, scrollLeft + clientWidth + BEYOND];
  const [top, bottom] = [scrollTop - BEYOND, scrollTop + clientHeight + BEYOND];
  const seen = (i) => position.get(i).y > top && position.get(i).y < bottom;
  return lefts.flatMap(({ x, width }, t) => {
    if (x + width < left || x - gap > right) return [];
    return order[t].filter((i) => seen(i) || (parent[i] >= 0 ? seen(parent[i]) : top < 0));
  });
}

// Put the nodes in sight into the document, remove the others, and set the classes of each.
export function paintTree(view) {
  const wanted = nodesInSight(view);
  const kept = new Set(wanted);
  for (const [i, item] of view.drawn) {
    if (kept.has(i)) continue;
    item.edge.remove();
    item.node.remove();
    view.drawn.delete(i);
  }
  const fresh = wanted.filter((i) => !view.drawn.has(i));
  for (const i of fresh) view.drawn.set(i, { i, edge: edgeOf(view, i), node: pillOf(view, i), kind: "" });
  view.edges.append(...fresh.map((i) => view.drawn.get(i).edge));
  view.pills.append(...fresh.map((i) => view.drawn.get(i).node));
  const lead = new Set(pathOf(view.tree, leader(view.tree, view.facts, view.time)));
  const path = new Set(pathOf(view.tree, view.hover ?? view.node));
  for (const item of view.drawn.values()) paintNode(view, item, lead, path);
  view.now?.classList.remove("now");
  view.now = view.times[view.time];
  view.now.classList.add("now");
}

function paintNode(view, item, lead, path) {
  const { i } = item;
  const kinds = [view.tree.nodes.fate[i], stateAt(view.tree, view.facts, i, view.time)];
  if (lead.has(i)) kinds.push("lead");
  if (path.has(i)) kinds.push("path");
  if (view.greedySet.has(i)) kinds.push("greedy");
  if (i === view.node) kinds.push("selected");
  const kind = kinds.join(" ");
  if (item.kind === kind) return;
  item.kind = kind;
  item.node.setAttribute("class", `node ${kind}`);
  item.edge.setAttribute("class", `edge ${kind}`);
}

// Scroll the tree so that a node is in sight.
export function scrollToNode(view, i) {
  const { position, gap, row } = view.plan;
  const at = position.get(i);
  if (!at) return;
  reveal(view.parts.tree, "x", at.x - gap, at.width + gap, 0);
  reveal(view.parts.tree, "y", at.y, row + 30, 30);
}
