// The marks of the curve's axes.

import assert from "node:assert/strict";
import test from "node:test";
import { axisMarks } from "../../s2s/web/components/film/curve.js";

const near = (marks, wanted) => {
  assert.equal(marks.length, wanted.length, `${marks}`);
  marks.forEach((mark, i) => assert.ok(Math.abs(mark - wanted[i]) < 1e-9, `${marks} is not ${wanted}`));
};

test("marks are round and no more than wanted beside the first", () => {
  near(axisMarks(10, 4), [0, 5, 10]);
  near(axisMarks(7.3, 4), [0, 2, 4, 6]);
  near(axisMarks(0.3, 4), [0, 0.1, 0.2, 0.3]);
  near(axisMarks(1250, 6), [0, 500, 1000]);
});

test("an axis of one step, or of none, still has its first mark", () => {
  near(axisMarks(1, 6), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.equal(axisMarks(0, 4)[0], 0);
});
