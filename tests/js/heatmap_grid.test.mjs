// The heatmap's active cell: where keys lead, what it says, and how a weight sounds.

import "./browserless.mjs";
import assert from "node:assert/strict";
import test from "node:test";

import { cellFrom, cellSentence } from "../../s2s/player/browser/heatmap_grid.js";
import { pitch } from "../../s2s/player/browser/sound.js";

const step = (output, attention) => ({ output, attention, top: [], log_prob: -1 });
const trace = {
  mode: "free",
  source: { tokens: ["早上", "骑", "车"] },
  steps: [step("in", [0.7, 0.2, 0.1]), step("every", [0.82, 0.1, 0.08]), step("ride", [0.1, 0.3, 0.6])],
};
const from = (s, t, key) => {
  const to = cellFrom(trace, { s, t }, key);
  return to && [to.s, to.t];
};

test("arrows go one cell and stop at the edges", () => {
  assert.deepEqual(
    [from(1, 1, "ArrowLeft"), from(1, 1, "ArrowRight"), from(1, 1, "ArrowUp"), from(1, 1, "ArrowDown")],
    [
      [0, 1],
      [2, 1],
      [1, 0],
      [1, 2],
    ],
  );
  assert.deepEqual(
    [from(0, 0, "ArrowLeft"), from(0, 0, "ArrowUp"), from(2, 2, "ArrowRight"), from(2, 2, "ArrowDown")],
    [
      [0, 0],
      [0, 0],
      [2, 2],
      [2, 2],
    ],
  );
});

test("keys lead to the row's ends, to its greatest weight and to the column's", () => {
  assert.deepEqual(
    [from(1, 2, "Home"), from(1, 2, "End"), from(0, 2, "m"), from(0, 2, "n"), from(1, 0, "n")],
    [
      [0, 2],
      [2, 2],
      [2, 2],
      [0, 1],
      [1, 2],
    ],
  );
  assert.equal(from(1, 1, " "), null); // Space still plays
});

test("a cell says its step, the word, the source word and the weight", () => {
  const strings = { cell: "step {step} {word} looks at {source}, {weight}" };
  assert.equal(cellSentence({ strings }, trace, { s: 0, t: 1 }), "step 2 every looks at 早上, 0.82");
});

test("a greater weight sounds higher, over two octaves", () => {
  assert.deepEqual([0, 0.5, 1].map(pitch), [220, 440, 880]);
});
