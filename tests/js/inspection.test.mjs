// Ranges of a chart's bins, and the next row and page of the table.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { axisNumber, binsInRange, describeBins, rangeOfBins } from "../../s2s/web/components/inspection/ranges.js";
import { nextId, pageStarts } from "../../s2s/web/components/inspection/walk.js";

// Three bins, the outer ones open: of numbers, and of whole numbers whose 0 is called 1.
const NUMBERS = {
  from: 0,
  whole: false,
  edges: [0, 0.5, 1, 1.5],
  bounds: [
    [null, 0.4999],
    [0.5, 0.9999],
    [1, null],
  ],
  range: null,
};
const WHOLE = {
  from: 1,
  whole: true,
  edges: [0, 2, 4, 6],
  bounds: [
    [0, 1],
    [2, 3],
    [4, 5],
  ],
  range: null,
};

test("an axis has few digits and a real minus", () => {
  assert.deepEqual(
    [0, 2, 0.25, -3, -1.25, 123.4, -123.4].map((x) => axisNumber(NUMBERS, x)),
    ["0", "2", "0.3", "−3", "−1.3", "123", "−123"],
  );
  assert.equal(axisNumber(WHOLE, 0), "1");
});

test("a range of bins is read back as the same bins", () => {
  for (const chart of [NUMBERS, WHOLE]) {
    for (const bins of [[0, 0], [0, 1], [1, 1], [1, 2], [0, 2]]) {
      assert.deepEqual(binsInRange({ ...chart, range: rangeOfBins(chart, bins) }), bins);
    }
  }
  assert.equal(binsInRange(NUMBERS), null);
  assert.equal(binsInRange({ ...WHOLE, range: [7, 9] }), null);
});

test("bins are described by where they end, open ones by one side", () => {
  assert.deepEqual(
    [
      [0, 1],
      [1, 1],
      [1, 2],
      [0, 2],
    ].map((bins) => describeBins(NUMBERS, ...bins)),
    ["≤ 1", "0.5–1", "≥ 0.5", "0–1.5"],
  );
  assert.deepEqual(
    [
      [0, 0],
      [1, 2],
    ].map((bins) => describeBins(WHOLE, ...bins)),
    ["1–2", "3–6"],
  );
  assert.equal(describeBins({ ...WHOLE, bounds: [[0, 0]], edges: [0, 1] }, 0, 0), "1");
});

test("the next row may be on another page, and none follows the last", () => {
  const next = (open, by) => nextId([3, 1, 2], 9, null, open, by);
  assert.deepEqual([next(3, 1), next(1, -1), next(3, -1), next(2, 1)], [1, 3, 9, null]);
  assert.deepEqual([next(77, 1), next(77, -1)], [3, 2]);
});

test("while no row is open, the first or the last of the page opens, on whichever page", () => {
  for (const [before, after] of [[null, null], [9, null], [null, 9], [8, 9]]) {
    assert.deepEqual([1, -1].map((by) => nextId([3, 1, 2], before, after, null, by)), [3, 2]);
  }
});

test("the last page begins at a whole number of pages", () => {
  assert.deepEqual(pageStarts({ start: 20, count: 10, total: 45 }), { first: 0, back: 10, next: 30, last: 40 });
  assert.equal(pageStarts({ start: 0, count: 10, total: 40 }).last, 30);
});
