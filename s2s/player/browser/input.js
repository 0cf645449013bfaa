// Mouse, touch and keys.

import { isPlaying, play } from "./bar.js";
import { clearMarks, columnOf, isAsking, lockColumn, nextLane, pointAt, traceOf } from "./cursor.js";
import { hasAttention } from "./dom.js";
import { listenEdit, stopEditing, toggleEditing } from "./edit.js";
import { goBack, toggleFlow } from "./flow.js";
import { listenFork } from "./fork.js";
import { cellAt } from "./heatmap.js";
import { enterGrid, pressGridKey } from "./heatmap_grid.js";
import { byKey } from "./keys.js";
import { askHelp } from "./legend.js";
import { gameKeys, markSource, questionKey } from "./predict.js";
import { toggleWords } from "./reading.js";

const attribute = (event, key) => event.target.closest(`[data-${key}]`)?.dataset[key];
const index = (value) => (value === undefined ? null : Number(value));
const isMouse = (event) => event.pointerType !== "touch";

function guarded(action) {
  return (event) => {
    try {
      action(event);
    } catch (error) {
      console.error("lookback player", error);
    }
  };
}

// Listen to the player's nodes. Hover previews, a click stays, Esc clears. Returns a function that stops listening to
// the document.
export function listen(view) {
  const { source, lanes, map, predict } = view.dom;
  const on = (node, type, action) => node.addEventListener(type, guarded(action));
  listenSource(view, on);
  listenLanes(view, on);
  listenMap(view, on);
  for (const node of [source, predict]) on(node, "keydown", (event) => questionKey(view, event));
  for (const node of [source, lanes, map]) on(node, "pointerleave", () => previewStep(view, null, null));
  if (view.model.page) {
    listenFork(view, on);
    listenEdit(view, on);
  }
  const onKey = guarded((event) => pressKey(view, event));
  const takeFocus = guarded(() => view.dom.root.focus({ preventScroll: true })); // of a menu that is gone
  document.addEventListener("keydown", onKey);
  addEventListener("lookback-stage", takeFocus);
  return () => {
    document.removeEventListener("keydown", onKey);
    removeEventListener("lookback-stage", takeFocus);
  };
}

function listenSource(view, on) {
  const { source } = view.dom;
  on(
    source,
    "pointerover",
    (event) => isMouse(event) && previewStep(view, view.cursor.hover, index(attribute(event, "s"))),
  );
  on(source, "click", (event) => {
    const s = index(attribute(event, "s"));
    if (isAsking(view)) markSource(view, s);
    else lockWord(view, s, Boolean(view.cursor.edit));
  });
}

function listenLanes(view, on) {
  const { lanes } = view.dom;
  on(lanes, "pointerover", (event) => isMouse(event) && previewStep(view, laneStep(view, attribute(event, "t")), null));
  on(lanes, "click", (event) => {
    const t = index(attribute(event, "t"));
    const branch = event.target.closest("input") ? undefined : attribute(event, "branch");
    if (t !== null) view.acts.show(view, { step: t, lane: attribute(event, "lane") || view.cursor.lane });
    else if (branch && view.model.lanes[branch]) view.acts.show(view, { lane: branch });
  });
}

function listenMap(view, on) {
  const { map } = view.dom;
  on(map, "pointermove", (event) => {
    if (!isMouse(event)) return;
    const cell = cellAt(view.dom, traceOf(view), event);
    previewStep(
      view,
      cell ? cell.t : laneStep(view, attribute(event, "t")),
      cell ? cell.s : index(attribute(event, "s")),
    );
  });
  on(map, "keydown", (event) => pressGridKey(view, event));
  on(map, "click", (event) => {
    const cell = cellAt(view.dom, traceOf(view), event);
    const head = index(attribute(event, "s"));
    const side = index(attribute(event, "t"));
    if (cell) {
      lockWord(view, cell.s, true);
      view.acts.show(view, { step: cell.t });
    } else if (head !== null) lockWord(view, head);
    else if (side !== null) view.acts.show(view, { step: side });
  });
}

// A step of the selected lane, or null: other lanes may be longer.
const laneStep = (view, t) => (t !== undefined && Number(t) < traceOf(view).steps.length ? Number(t) : null);

function previewStep(view, step, column) {
  const { cursor } = view;
  if (cursor.edit || isAsking(view)) return; // the weights on screen are those that are edited
  if (cursor.hover === step && columnOf(cursor) === (column ?? cursor.locked)) return;
  view.cursor = pointAt(cursor, step, column);
  view.acts.paint(view);
}

export function lockWord(view, column, always = false) {
  if (column === null || isAsking(view)) return;
  view.cursor = lockColumn(view.cursor, column, always);
  view.acts.paint(view);
}

function clearSelection(view) {
  stopEditing(view);
  view.cursor = clearMarks(view.cursor);
  view.acts.paint(view);
}

// To the step of ◆; where there is none, the sentence about the lane is read out again, which says so.
function goToDivergence(view) {
  const { divergence, steps } = traceOf(view);
  if (divergence !== null && divergence < steps.length) return view.acts.show(view, { step: divergence });
  view.received.heard = null;
  view.acts.announce(view);
}

function pressKey(view, event) {
  const { show } = view.acts;
  byKey(view.dom.root, event, {
    ArrowLeft: () => show(view, { step: view.cursor.step - 1 }),
    ArrowRight: () => show(view, { step: view.cursor.step + 1 }),
    Home: () => show(view, { step: 0 }),
    End: () => show(view, { step: Infinity }),
    " ": () => play(view, !isPlaying(view)),
    t: () => show(view, { lane: nextLane(view) }),
    e: () => hasAttention(traceOf(view)) && toggleEditing(view, true),
    f: () => toggleFlow(view, true),
    h: () => enterGrid(view),
    d: () => goToDivergence(view),
    w: () => toggleWords(view),
    "?": () => askHelp(view),
    ...gameKeys(view),
    Escape: () => goBack(view) || clearSelection(view),
  });
}
