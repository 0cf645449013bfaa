// Mouse, touch and keys.

import { play } from "./bar.js";
import { looks } from "./dom.js";
import { listenEdit, stopEditing, toggleEditing } from "./edit.js";
import { listenFork } from "./fork.js";
import { cellAt } from "./heatmap.js";
import { byKey } from "./keys.js";
import { asking, gameKeys, mark, questionKey } from "./predict.js";
import { turnWords } from "./reading.js";

// Hover previews, a click stays, Esc clears; every part speaks of the same step and source word.
export function listen(view) {
  const { source, lanes, map } = view.parts;
  const guarded = (action) => (event) => {
    try {
      action(event);
    } catch (error) {
      console.error("lookback player", error);
    }
  };
  const target = (event, key) => event.target.closest(`[data-${key}]`)?.dataset[key];
  const number = (value) => (value === undefined ? null : Number(value));
  const on = (node, type, action) => node.addEventListener(type, guarded(action));
  const leave = () => preview(view, null, null);
  on(source, "pointerover", (e) => e.pointerType !== "touch" && preview(view, view.hover, number(target(e, "s"))));
  for (const node of [source, view.parts.predict]) on(node, "keydown", (e) => questionKey(view, e));
  on(source, "click", (e) => (asking(view) ? mark(view, number(target(e, "s"))) : lock(view, number(target(e, "s")), Boolean(view.edit))));
  on(lanes, "pointerover", (e) => e.pointerType !== "touch" && preview(view, laneStep(view, target(e, "t")), null));
  on(lanes, "click", (e) => {
    const t = number(target(e, "t"));
    const branch = e.target.closest("input") ? undefined : target(e, "branch");
    if (t !== null) view.acts.show(view, { step: t, lane: target(e, "lane") || view.lane });
    else if (branch && view.lanes[branch]) view.acts.show(view, { lane: branch });
  });
  on(map, "pointermove", (e) => {
    if (e.pointerType === "touch") return;
    const cell = cellAt(view, e);
    preview(view, cell ? cell.t : laneStep(view, target(e, "t")), cell ? cell.s : number(target(e, "s")));
  });
  on(map, "click", (e) => {
    const cell = cellAt(view, e);
    const head = number(target(e, "s"));
    const side = number(target(e, "t"));
    if (cell) {
      lock(view, cell.s, true);
      view.acts.show(view, { step: cell.t });
    } else if (head !== null) lock(view, head);
    else if (side !== null) view.acts.show(view, { step: side });
  });
  for (const node of [source, lanes, map]) on(node, "pointerleave", leave);
  if (view.page) {
    listenFork(view, on);
    listenEdit(view, on);
  }
  view.onKey = guarded((event) => key(view, event));
  document.addEventListener("keydown", view.onKey);
}

// The lane below the current one, of those that have steps.
function nextLane(view) {
  const names = view.order.map(([name]) => name).filter((name) => view.lanes[name]);
  return names[(names.indexOf(view.lane) + 1) % names.length];
}

const laneStep = (view, t) => (t !== undefined && Number(t) < view.trace.steps.length ? Number(t) : null);

function preview(view, step, column) {
  if (view.edit || asking(view)) return; // the weights on screen are those that are edited
  const marked = column ?? view.locked;
  if (view.hover === step && view.column === marked) return;
  Object.assign(view, { hover: step, column: marked });
  view.acts.paint(view);
}

export function lock(view, column, always = false) {
  if (column === null || asking(view)) return;
  view.locked = view.locked === column && !always ? null : column;
  view.column = view.locked;
  view.acts.paint(view);
}

// Keys are for the whole page while the player is in sight, but never taken from a field that is being typed in.
function key(view, event) {
  byKey(view.root, event, {
    ArrowLeft: () => view.acts.show(view, { step: view.step - 1 }),
    ArrowRight: () => view.acts.show(view, { step: view.step + 1 }),
    Home: () => view.acts.show(view, { step: 0 }),
    End: () => view.acts.show(view, { step: Infinity }),
    " ": () => play(view, !view.timer),
    t: () => view.acts.show(view, { lane: nextLane(view) }),
    e: () => looks(view.trace) && toggleEditing(view),
    w: () => turnWords(view),
    ...gameKeys(view),
    Escape: () => (stopEditing(view), Object.assign(view, { locked: null, column: null, hover: null }), view.acts.paint(view)),
  });
}
