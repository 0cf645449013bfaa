// Where a search tree's nodes stand: two steps of a beam of two, of which the second's first child is the best output.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { lengthPenalty } from "../../s2s/web/components/beam/detail.js";
import { wholePercent } from "../../s2s/web/components/beam/draw.js";
import { layout, leader, nodeFacts, pathOf, scaleFor, stateAt } from "../../s2s/web/components/beam/layout.js";

const TREE = {
  steps: [
    { recorded: 3, kept: 2 },
    { recorded: 3, kept: 2 },
  ],
  nodes: {
    parent: [-1, -1, -1, 1, 0, 0],
    fate: ["kept", "kept", "pruned", "finished", "kept", "pruned"],
    total: [-1, -2, -3, -2.5, -2.6, -9],
    token: ["a", "b", "c", "<eos>", "d", "e"],
  },
  finished: [{ node: 3 }],
};
const FACTS = nodeFacts(TREE);

test("a node knows its step, its children and what becomes of it", () => {
  assert.deepEqual(FACTS.step, [0, 0, 0, 1, 1, 1]);
  assert.deepEqual(FACTS.root, [0, 1, 2]);
  assert.deepEqual(FACTS.children[0], [4, 5]);
  assert.deepEqual(FACTS.rank.slice(0, 2), [Infinity, 0]);
  assert.deepEqual(pathOf(TREE, 3), [1, 3]);
  assert.deepEqual([leader(TREE, FACTS, 0), leader(TREE, FACTS, 1)], [0, 3]);
});

test("the best output is the top row, and pruned nodes wait until they are asked for", () => {
  const options = { always: [], measure: (token) => 10 * token.length, room: { width: 400, height: 400 } };
  assert.deepEqual(layout(TREE, FACTS, { ...options, most: 0 }).order, [[1, 0], [3, 4]]);
  assert.deepEqual(layout(TREE, FACTS, { ...options, most: 1 }).order, [[1, 0, 2], [3, 4, 5]]);
  assert.deepEqual(layout(TREE, FACTS, { ...options, most: 0, always: [5] }).order[1], [3, 4, 5]);
});

test("a tree fits its room, as far as its words can be read and pressed", () => {
  const at = (width, height) =>
    layout(TREE, FACTS, { most: 1, always: [], measure: () => 40, room: { width, height } });
  const first = at(1000, 96);
  assert.equal(first.scale, 1);
  assert.deepEqual([first.width, first.height], [358, 96]);
  const small = at(0.9 * 358, 1000);
  assert.deepEqual([small.width, small.height].map(Math.round), [322, 86]);
  assert.ok([...small.position.values()].every(({ x, width }) => x + width <= 322));
  assert.deepEqual([at(100, 1000).scale, at(5000, 5000).scale], [0.8, 1.4]);
  assert.equal(scaleFor({ width: 100, height: 100 }, { width: 110, height: 90 }), 0.9);
});

test("a node is seen as it was after a step", () => {
  assert.deepEqual([3, 2, 0].map((i) => stateAt(TREE, FACTS, i, 0)), ["future", "pruned", "alive"]);
});

test("a longer output is divided by more, one of a single token by nothing", () => {
  assert.equal(lengthPenalty(1, 0.6), 1);
  assert.equal(lengthPenalty(7, 1), 2);
  assert.equal(lengthPenalty(7, 0), 1);
});

test("a node's per cent are never rounded to nothing or to everything", () => {
  assert.deepEqual([0, 0.0049, 0.005, 0.634, 0.995, 0.9951, 1].map(wholePercent), [
    "<1",
    "<1",
    "1",
    "63",
    "100",
    ">99",
    "100",
  ]);
});
