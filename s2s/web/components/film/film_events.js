// Mouse, touch and keys of the film.

import { cellAt } from "../../../player/browser/heatmap.js";
import { byKey } from "../../../player/browser/keys.js";
import { guarded, numberAt } from "../events.js";
import { momentAt } from "./curve.js";

export function listen(view) {
  const { map, curve } = view.parts;
  const on = (node, type, action) => node.addEventListener(type, guarded("film", action));
  // The row and column of the cell or the label under a pointer; null for what there is not.
  const point = (event) => {
    const cell = cellAt(view.parts, view.trace, event);
    return cell ? [cell.t, cell.s] : [numberAt(event, "t"), numberAt(event, "s")];
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
  on(curve, "click", (e) => view.acts.goToMoment(view, momentAt(view, e)));
  view.onKey = guarded("film", (event) => pressKey(view, event));
  document.addEventListener("keydown", view.onKey);
}

function pressKey(view, event) {
  byKey(view.root, event, {
    ArrowLeft: () => view.acts.goToMoment(view, view.at - 1),
    ArrowRight: () => view.acts.goToMoment(view, view.at + 1),
    Home: () => view.acts.goToMoment(view, 0),
    End: () => view.acts.goToMoment(view, Infinity),
    " ": () => view.acts.play(view, !view.timer),
    t: () => view.acts.chooseSentence(view, (view.which + 1) % view.sentences.length),
    Escape: () => {
      Object.assign(view, { locked: null, row: null, column: null, preview: null });
      view.acts.paint(view);
    },
  });
}
