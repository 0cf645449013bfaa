// Mouse and keys of the search tree and its tables.

import { guarded, numberAt } from "../events.js";
import { paintTree } from "./draw.js";

export function listen(view) {
  const on = (node, type, action) => node.addEventListener(type, guarded("beam", action));
  const select = (event) => {
    const node = numberAt(event, "i");
    if (node !== null) view.acts.selectNode(view, node);
  };
  const { tree, alive, best, times } = view.parts;
  on(tree, "pointerover", (e) => e.pointerType !== "touch" && view.acts.hoverNode(view, numberAt(e, "i")));
  on(tree, "pointerleave", () => view.acts.hoverNode(view, null));
  on(tree, "click", select);
  on(tree, "scroll", () => requestAnimationFrame(guarded("beam", () => view.canvas.isConnected && scrolled(view))));
  on(tree, "keydown", (e) => pressKey(view, e));
  on(times, "click", (e) => numberAt(e, "t") !== null && view.acts.goToStep(view, numberAt(e, "t")));
  on(alive, "click", select);
  on(best, "click", (e) => !e.target.closest("button") && select(e));
}

function scrolled(view) {
  const { scrollLeft, scrollTop } = view.parts.tree;
  view.scrolled = { scrollLeft, scrollTop };
  paintTree(view);
}

// The drawn node ``by`` rows below the selected one in its column, or the last one in that direction.
function nodeBeside(view, by) {
  const { t, row } = view.plan.position.get(view.node);
  const column = view.plan.order[t];
  return column[Math.max(0, Math.min(row + by, column.length - 1))];
}

// The first drawn child of the selected node; the node itself if none of its children is drawn.
function firstChild(view) {
  const { position, order } = view.plan;
  const next = order[position.get(view.node).t + 1] ?? [];
  return next.find((i) => view.tree.nodes.parent[i] === view.node) ?? view.node;
}

function pressKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== view.parts.tree) return;
  const { selectNode, goToStep, play, openInPlayer } = view.acts;
  const parent = view.tree.nodes.parent[view.node];
  const actions = {
    ArrowLeft: () => selectNode(view, parent < 0 ? view.node : parent),
    ArrowRight: () => selectNode(view, firstChild(view)),
    ArrowUp: () => selectNode(view, nodeBeside(view, -1)),
    ArrowDown: () => selectNode(view, nodeBeside(view, 1)),
    Home: () => selectNode(view, view.plan.order[0][0]),
    End: () => selectNode(view, view.best),
    Escape: () => selectNode(view, view.best),
    PageUp: () => goToStep(view, view.time - 1),
    PageDown: () => goToStep(view, view.time + 1),
    " ": () => play(view, !view.timer),
    Enter: () => view.openable && openInPlayer(view, view.node),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}
