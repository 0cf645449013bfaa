// The lanes on screen built anew in place: with the source in words or in pieces, or with other branches.

import { ask } from "./ask.js";
import { clearMarks, hasLeftEdit, settleAt } from "./cursor.js";
import { stopEditing } from "./edit.js";
import { buildLanes, buildSource } from "./lanes.js";
import { placeAmong, withBranches, withReading } from "./model.js";
import { rolled } from "./words.js";

// Show the source in pieces or in words, at the same step.
export function setReading(view, inPieces) {
  view.model = withReading(view.model, inPieces);
  view.cursor = settleAt({ model: view.model, cursor: { ...clearMarks(view.cursor), edit: null } }, view.cursor);
  view.dom.wordsButton.setAttribute("aria-pressed", rolled(view.model));
  buildSource(view);
  buildLanes(view);
  view.acts.buildLane(view);
  view.acts.paint(view);
}

// Change between words and pieces. Python is told, because charts on the page show the same.
export function toggleWords(view) {
  const { model, cursor } = view;
  if (!model.words || cursor.game) return;
  setReading(view, !model.inPieces);
  if (model.page) ask(view.channel, "pieces", { on: view.model.inPieces }, () => {});
}

// Another list of branches beside the same lanes; what is painted of the step is stale until the next paint.
export function setBranches(view, branches) {
  const place = placeAmong(view.model, branches, view.cursor);
  view.model = withBranches(view.model, branches);
  view.cursor = settleAt(view, place);
  if (hasLeftEdit(view.cursor)) stopEditing(view);
  view.cursor = { ...view.cursor, hover: null };
  view.dom.branchBar.dataset.branch = "";
  buildLanes(view);
  view.acts.buildLane(view);
  view.dom.stale = true;
}
