// The sentence about the selected lane: which one is shown, and when it is read out.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { BRANCH, DATA } from "./lanes.mjs";
import { START } from "../../s2s/player/browser/cursor.js";
import { newGame } from "../../s2s/player/browser/game.js";
import { buildModel } from "../../s2s/player/browser/model.js";
import { newSummary, summaryOf } from "../../s2s/player/browser/summary.js";

const summaries = { forced: { en: "forced", zh: "强制" }, free: { en: "free", zh: "自由" } };
const model = buildModel(
  { ...DATA, summaries, language: "zh" },
  [{ ...BRANCH, summary: { en: "branch", zh: "分支" } }],
  true,
);
const at = (lane, more = {}) => ({
  model,
  cursor: { ...START, lane, ...more },
  received: { traces: "1", heard: null },
});

test("each lane and branch has its own sentence, in the language on screen", () => {
  assert.deepEqual(["forced", "free", "b1"].map((lane) => summaryOf(at(lane))), ["强制", "自由", "分支"]);
  assert.equal(summaryOf({ ...at("b1"), model: { ...model, language: "en" } }), "branch");
});

test("a guessing game shows none, nor does a player that got none", () => {
  assert.equal(summaryOf(at("free", { game: newGame(0) })), "");
  assert.equal(summaryOf({ ...at("free"), model: buildModel(DATA, [BRANCH], true) }), "");
});

test("it is read out once a run", () => {
  const view = at("free");
  assert.deepEqual([newSummary(view), newSummary(view)], ["自由", ""]);
  view.received.traces = "2";
  assert.equal(newSummary(view), "自由");
});
