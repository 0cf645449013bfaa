// Mouse and keys of the tree.

import { paintTree } from "./draw.js";

export function listen(view) {
  const guarded = (action) => (event) => {
    try {
      action(event);
    } catch (error) {
      console.error("lookback beam", error);
    }
  };
  const on = (node, type, action) => node.addEventListener(type, guarded(action));
  const at = (event, name = "i") => {
    const found = event.target.closest(`[data-${name}]`)?.dataset[name];
    return found === undefined ? null : Number(found);
  };
  const { tree, alive, best, times } = view.parts;
  on(tree, "pointerover", (e) => e.pointerType !== "touch" && view.acts.hover(view, at(e)));
  on(tree, "pointerleave", () => view.acts.hover(view, null));
  on(tree, "click", (e) => at(e) !== null && view.acts.select(view, at(e)));
  on(tree, "scroll", () => requestAnimationFrame(guarded(() => view.canvas.isConnected && paintTree(view))));
  on(tree, "keydown", (e) => key(view, e));
  on(times, "click", (e) => at(e, "t") !== null && view.acts.scrub(view, at(e, "t")));
  on(alive, "click", (e) => at(e) !== null && view.acts.select(view, at(e)));
  on(best, "click", (e) => !e.target.closest("button") && at(e) !== null && view.acts.select(view, at(e)));
}

// The drawn node beside one in its column.
function beside(view, by) {
  const { t, row } = view.plan.position.get(view.node);
  const column = view.plan.order[t];
  return column[Math.max(0, Math.min(row + by, column.length - 1))];
}

function firstChild(view) {
  const { position, order } = view.plan;
  const next = order[position.get(view.node).t + 1] ?? [];
  return next.find((i) => view.tree.nodes.parent[i] === view.node) ?? view.node;
}

function key(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== view.parts.tree) return;
  const up = view.tree.nodes.parent[view.node];
  const actions = {
    ArrowLeft: () => view.acts.select(view, up < 0 ? view.node : up),
    ArrowRight: () => view.acts.select(view, firstChild(view)),
    ArrowUp: () => view.acts.select(view, beside(view, -1)),
    ArrowDown: () => view.acts.select(view, beside(view, 1)),
    Home: () => view.acts.select(view, view.plan.order[0][0]),
    End: () => view.acts.select(view, view.best),
    Escape: () => view.acts.select(view, view.best),
    PageUp: () => view.acts.scrub(view, view.time - 1),
    PageDown: () => view.acts.scrub(view, view.time + 1),
    " ": () => view.acts.play(view, !view.timer),
    Enter: () => view.openable && view.acts.open(view, view.node),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}
