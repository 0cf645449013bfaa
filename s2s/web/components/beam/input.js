// Mouse and keys of the tree.

function listen(view) {
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
  on(tree, "pointerover", (e) => e.pointerType !== "touch" && hover(view, at(e)));
  on(tree, "pointerleave", () => hover(view, null));
  on(tree, "click", (e) => at(e) !== null && select(view, at(e)));
  on(tree, "scroll", () => requestAnimationFrame(guarded(() => view.canvas.isConnected && paintTree(view))));
  on(tree, "keydown", (e) => key(view, e));
  on(times, "click", (e) => at(e, "t") !== null && scrub(view, at(e, "t")));
  on(alive, "click", (e) => at(e) !== null && select(view, at(e)));
  on(best, "click", (e) => !e.target.closest("button") && at(e) !== null && select(view, at(e)));
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
    ArrowLeft: () => select(view, up < 0 ? view.node : up),
    ArrowRight: () => select(view, firstChild(view)),
    ArrowUp: () => select(view, beside(view, -1)),
    ArrowDown: () => select(view, beside(view, 1)),
    Home: () => select(view, view.plan.order[0][0]),
    End: () => select(view, view.best),
    Escape: () => select(view, view.best),
    PageUp: () => scrub(view, view.time - 1),
    PageDown: () => scrub(view, view.time + 1),
    " ": () => play(view, !view.timer),
    Enter: () => view.openable && open(view, view.node),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}
