// Mouse, touch and keys of the film.

import { cellAt } from "../../../player/browser/heatmap.js";
import { byKey } from "../../../player/browser/keys.js";
import { momentAt } from "./curve.js";

export function listen(view) {
  const { map, curve } = view.parts;
  const guarded = (action) => (event) => {
    try {
      action(event);
    } catch (error) {
      console.error("lookback film", error);
    }
  };
  const on = (node, type, action) => node.addEventListener(type, guarded(action));
  const point = (event) => {
    const cell = cellAt(view.parts, view.trace, event);
    const of = (key) => event.target.closest(`[data-${key}]`)?.dataset[key];
    const number = (value) => (value === undefined ? null : Number(value));
    return cell ? [cell.t, cell.s] : [number(of("t")), number(of("s"))];
  };
  const mark = ([row, column]) => {
    Object.assign(view, { row, column });
    view.acts.paintBands(view);
  };
  on(map, "pointermove", (e) => e.pointerType !== "touch" && mark(point(e)));
  on(map, "pointerleave", () => mark(view.locked ?? [null, null]));
  on(map, "click", (e) => mark((view.locked = point(e))));
  on(curve, "pointermove", (e) => {
    if (e.pointerType === "touch") return;
    view.preview = momentAt(view, e);
    view.acts.paint(view);
  });
  on(curve, "pointerleave", () => {
    view.preview = null;
    view.acts.paint(view);
  });
  on(curve, "click", (e) => view.acts.show(view, momentAt(view, e)));
  view.onKey = guarded((event) => key(view, event));
  document.addEventListener("keydown", view.onKey);
}

// Keys are for the whole page while the film is in sight, but never taken from a field or a choice.
function key(view, event) {
  byKey(view.root, event, {
    ArrowLeft: () => view.acts.show(view, view.at - 1),
    ArrowRight: () => view.acts.show(view, view.at + 1),
    Home: () => view.acts.show(view, 0),
    End: () => view.acts.show(view, Infinity),
    " ": () => view.acts.play(view, !view.timer),
    t: () => view.acts.choose(view, (view.which + 1) % view.sentences.length),
    Escape: () => {
      Object.assign(view, { locked: null, row: null, column: null, preview: null });
      view.acts.paint(view);
    },
  });
}
