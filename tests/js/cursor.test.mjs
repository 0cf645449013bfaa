// Where a player stands: every change of it, and what is derived.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { BRANCH, DATA } from "./lanes.mjs";
import { START, changeEdit, changeGame, clearMarks, columnOf, hasLeftEdit } from "../../s2s/player/browser/cursor.js";
import { isAsking, isFinished, lastStep, lockColumn, moveTo, nextLane } from "../../s2s/player/browser/cursor.js";
import { pointAt, settleAt, shownStep, startEdit, traceOf } from "../../s2s/player/browser/cursor.js";
import { shownRows } from "../../s2s/player/browser/edit.js";
import { missingSteps } from "../../s2s/player/browser/evidence.js";
import { newGame, revealStep, wordChoices } from "../../s2s/player/browser/game.js";
import { buildModel, hideComing } from "../../s2s/player/browser/model.js";

const model = buildModel(DATA, [BRANCH], true);
const free = { ...START, lane: "free" };
const viewAt = (change) => ({ model, cursor: { ...free, ...change } });

test("a step stays within the lane, a lane that does not exist is not gone to", () => {
  const place = (change) =>
    (({ lane, step, hover }) => [lane, step, hover])(moveTo(viewAt({ step: 2, hover: 1 }), change));
  assert.deepEqual(place({ step: -3 }), ["free", 0, null]);
  assert.deepEqual(place({ step: Infinity }), ["free", 3, null]);
  assert.deepEqual(place({ lane: "b1" }), ["b1", 2, null]);
  assert.deepEqual(place({ lane: "forced", step: 3 }), ["forced", 2, null]);
  assert.deepEqual(place({ lane: "b7", step: 1 }), ["free", 1, null]);
  assert.deepEqual(place({ lane: null, step: 1 }), ["free", 1, null]);
});

test("in another model the cursor settles at a lane and a step that there are", () => {
  const settled = (place) => (({ lane, step }) => [lane, step])(settleAt({ model, cursor: START }, place));
  assert.deepEqual(
    [settled({ lane: "b1", step: 9 }), settled({ lane: "b7", step: 1 }), settled({ lane: null, step: 0 })],
    [
      ["b1", 2],
      ["free", 1],
      ["free", 0],
    ],
  );
  const forced = buildModel({ ...DATA, lanes: { forced: DATA.lanes.forced, free: null } }, [], true);
  assert.equal(settleAt({ model: forced, cursor: START }, { lane: "free", step: 0 }).lane, "forced");
});

test("a change makes another cursor", () => {
  const cursor = Object.freeze({ ...free });
  for (const changed of [
    moveTo({ model, cursor }, { step: 1 }),
    pointAt(cursor, 1, 2),
    lockColumn(cursor, 1),
    clearMarks(cursor),
  ])
    assert.notEqual(changed, cursor);
});

test("the lanes are gone through in the order of their rows", () => {
  assert.deepEqual(["forced", "free", "b1"].map((lane) => nextLane(viewAt({ lane }))), ["free", "b1", "forced"]);
});

test("the step under the pointer is painted, and the word under it is marked before the locked one", () => {
  assert.deepEqual(
    [
      shownStep(viewAt({ step: 3 })),
      shownStep(viewAt({ step: 3, hover: 1 })),
      shownStep(viewAt({ lane: "forced", step: 2, hover: 9 })),
    ],
    [3, 1, 2],
  );
  const locked = lockColumn(free, 1);
  const marks = [
    free,
    locked,
    pointAt(locked, null, 0),
    pointAt(locked, null, null),
    lockColumn(pointAt(locked, null, 0), 1),
    lockColumn(locked, 1, true),
    clearMarks(locked),
  ];
  assert.deepEqual(marks.map(columnOf), [null, 1, 0, 1, null, 1, null]);
});

test("editing begins with the row in use, and with a source word marked", () => {
  const step = { attention: [0.5, 0.5, 0], own_attention: [0.1, 0.2, 0.7] };
  const editing = startEdit({ ...free, step: 1, hover: 0, pointed: 2 }, step, 0);
  assert.deepEqual(
    [editing.edit.row, editing.edit.own, editing.hover, columnOf(editing)],
    [step.attention, step.own_attention, null, 0],
  );
  assert.equal(columnOf(startEdit(lockColumn(free, 1), step, 0)), 1);
  assert.notEqual(editing.edit.row, step.attention); // a copy
  assert.deepEqual(
    [
      hasLeftEdit(free),
      hasLeftEdit(editing),
      hasLeftEdit({ ...editing, step: 2 }),
      hasLeftEdit({ ...editing, lane: "b1" }),
    ],
    [false, false, true, true],
  );
});

test("edited weights are shown with the model's own, but not under a preview", () => {
  const step = traceOf(viewAt({})).steps[0];
  const cursor = startEdit(free, step, 0);
  const edited = changeEdit(cursor, { row: [1, 0, 0] });
  assert.deepEqual(shownRows({ model, cursor }, step), [step.attention, undefined]);
  assert.deepEqual(shownRows({ model, cursor: edited }, step), [[1, 0, 0], step.attention]);
  assert.deepEqual(shownRows({ model, cursor: pointAt(edited, 1, null) }, step), [step.attention, undefined]);
});

test("a game asks about the first hidden step until none is left", () => {
  const at = (known, step) => ({
    model: hideComing(model, "free", known),
    cursor: { ...free, step, game: newGame(known) },
  });
  assert.deepEqual(
    [isAsking(viewAt({})), isAsking(at(0, 0)), isAsking(at(2, 2)), isAsking(at(2, 1)), isAsking(at(4, 3))],
    [false, true, true, false, false],
  );
  assert.deepEqual([lastStep(at(0, 0)), lastStep(at(2, 1)), lastStep(at(4, 3)), lastStep(viewAt({}))], [0, 2, 3, 3]);
  assert.deepEqual([isFinished(at(3, 0)), isFinished(at(4, 0))], [false, true]);
  assert.deepEqual([shownStep(at(2, 2)), shownStep(at(2, 1)), moveTo(at(2, 1), { step: 9 }).step], [2, 1, 2]);
});

test("a revealed step keeps the guess with its points, and the next guess is empty", () => {
  const { game } = changeGame({ ...free, game: newGame(0) }, { guess: { place: 0, word: "X", typed: true } });
  const next = revealStep(game, model.lanes.free);
  assert.deepEqual(next.given, [{ place: 0, word: "X", typed: true, look: 10, said: 10, rank: 1 }]);
  assert.deepEqual([next.known, next.guess, game.given], [1, { place: null, word: null, typed: false }, []]);
});

test("the offered words depend on source and step alone", () => {
  const top = ["x", "p", "q", "r", "s", "t"].map((token, i) => ({ token, log_prob: -i, rank: i + 1 }));
  const whole = { ...model.lanes.free, steps: model.lanes.free.steps.map((step) => ({ ...step, top })) };
  assert.deepEqual([...wordChoices(whole, 0)].sort(), ["p", "q", "r", "s", "x"]);
  assert.deepEqual(wordChoices(whole, 0), wordChoices({ ...whole }, 0));
});

test("evidence is asked for from the selected step on, a few steps at a time", () => {
  assert.deepEqual(missingSteps([], 2, [3, 6]), { first: 2, count: 1 });
  const some = [, , true, , , true];
  assert.deepEqual(missingSteps(some, 2, [3, 6]), { first: 3, count: 2 });
  assert.deepEqual(missingSteps([, , true, true, true, true], 2, [3, 6]), { first: 0, count: 2 });
  assert.equal(missingSteps([true, true], 0, [3, 2]), null);
  assert.equal(missingSteps([true], 0, [100, 10]), null); // too large to ask for the whole lane
});
