// What a cell of the comparison's map shows, and how labels and numbers are written.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { cellColour, sameWords, standingOf } from "../../s2s/web/components/comparison/map.js";
import { signed } from "../../s2s/web/components/comparison/step.js";

test("the run with the larger weight gives the colour of a difference", () => {
  assert.deepEqual(cellColour("difference", 0.75, 0.25), ["a", 0.5]);
  assert.deepEqual(cellColour("difference", 0.25, 0.75), ["b", 0.5]);
  assert.deepEqual(cellColour("difference", 0.5, 0.5), ["b", 0]);
});

test("a cell that only one run has is grey in the difference, and empty where the other run is shown", () => {
  assert.deepEqual(cellColour("difference", null, 0.4), ["only", 0.4]);
  assert.deepEqual(cellColour("difference", 0.4, null), ["only", 0.4]);
  assert.deepEqual(cellColour("difference", null, null), ["only", 0]);
  assert.deepEqual([cellColour("a", null, 0.4), cellColour("b", null, 0.4)], [["a", 0], ["b", 0.4]]);
});

test("words are the same in number and order", () => {
  assert.deepEqual(
    [sameWords(["a", "b"], ["a", "b"]), sameWords(["a"], ["a", "b"]), sameWords(["b", "a"], ["a", "b"])],
    [true, false, false],
  );
});

test("one word stands alone as it does elsewhere; several run down unless one has to lie", () => {
  assert.deepEqual([["喝"], ["喝", "喝"], ["tea"], ["喝", "茶"], ["喝", "coffee"]].map(standingOf), [
    "",
    "",
    "flat",
    "stacked",
    "",
  ]);
});

test("a change has its sign, one that is rounded to zero has none", () => {
  assert.deepEqual(
    [signed(0.5, 2), signed(-0.5, 2), signed(0.001, 2), signed(-0.001, 2)],
    ["+0.50", "−0.50", "0.00", "0.00"],
  );
});
