// Softmax and context as they are computed under a dragged score.

import assert from "node:assert/strict";
import test from "node:test";
import { contextOf, softmaxOf } from "../../s2s/web/components/weighing/arithmetic.js";

const near = (value, wanted) => assert.ok(Math.abs(value - wanted) < 1e-12, `${value} is not ${wanted}`);

test("weights sum to one and do not depend on what is added to all scores", () => {
  const { weights, taken } = softmaxOf([0, Math.log(3)]);
  near(weights[0], 0.25);
  near(weights[1], 0.75);
  assert.equal(taken, 0);
  assert.deepEqual(
    softmaxOf([1000, 1000 + Math.log(3)]).weights.map((w) => w.toFixed(9)),
    weights.map((w) => w.toFixed(9)),
  );
});

test("padding takes its share, and none where there is none, whatever its score", () => {
  const { weights, taken } = softmaxOf([0, 0], 2, 0);
  near(weights[0], 0.25);
  near(taken, 0.5);
  near(softmaxOf([0, 0], 1, 5000).taken, 1);
  assert.deepEqual(softmaxOf([0, 0], 0, 5000), { weights: [0.5, 0.5], taken: 0 });
});

test("a context is the weighted sum of the states", () => {
  assert.deepEqual(contextOf([0.25, 0.75], [[4, 0], [0, 4]]), [1, 3]);
});
