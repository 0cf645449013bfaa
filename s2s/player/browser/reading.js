// The lanes on screen made anew where they stand: the source read in words or pieces, the branches changed.

import { ask } from "./ask.js";
import { stopEditing } from "./edit.js";
import { newest, putBranches } from "./fork.js";
import { buildLanes, buildSource } from "./lanes.js";
import { rolled } from "./words.js";

// The same place with the other reading of the source.
export function readIn(view, inPieces) {
  Object.assign(view, { inPieces, locked: null, column: null, hover: null, edit: null });
  putBranches(view, view.branches);
  view.acts.settleAt(view, view);
  view.wordsButton.setAttribute("aria-pressed", rolled(view));
  buildSource(view);
  buildLanes(view);
  view.acts.setLane(view, view.lane);
  view.acts.paint(view);
}

// Python is told, where there is one, as charts show the same.
export function turnWords(view) {
  if (!view.words || view.game) return;
  readIn(view, !view.inPieces);
  if (view.page) ask(view, "pieces", { on: view.inPieces }, () => {});
}

// Another list of branches beside the same lanes: their rows alone are made anew.
export function rebranch(view, branches) {
  const place = newest(view, branches);
  putBranches(view, branches);
  view.acts.settleAt(view, { lane: place.lane, step: place.step });
  if (view.edit && (view.edit.lane !== view.lane || view.edit.step !== view.step)) stopEditing(view);
  view.hover = null;
  view.parts.branchBar.dataset.branch = "";
  buildLanes(view);
  view.acts.setLane(view, view.lane);
  view.unpainted = true;
}
