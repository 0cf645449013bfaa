// The moments in which the network is played.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { lastMoment, momentOf, readingMoments, stepAt, wordsRead } from "../../s2s/web/components/network/moments.js";
import { tint } from "../../s2s/web/components/network/panels.js";

const run = (words, steps) => ({ tokens: Array(words).fill("w"), moments: Array(steps).fill({}) });

test("a short source is read word by word, then comes the hand-over, then each step", () => {
  const short = run(3, 2);
  assert.equal(readingMoments(short), 3);
  assert.deepEqual([0, 1, 2, 3, 4].map((now) => wordsRead(short, now)), [0, 1, 2, 3, 3]);
  assert.deepEqual([3, 4, 5, 6].map((now) => stepAt(short, now)), [-2, -1, 0, 1]);
  assert.equal(lastMoment(short), momentOf(short, 1));
});

test("a long source is read in ten moments, of which each reads something and the last reads the end", () => {
  const long = run(24, 5);
  const read = Array.from({ length: 11 }, (_, now) => wordsRead(long, now));
  assert.deepEqual(read, [0, 3, 5, 8, 10, 12, 15, 17, 20, 22, 24]);
  assert.equal(stepAt(long, lastMoment(long)), 4);
});

test("a number's sign chooses the colour, its size the opacity", () => {
  const colours = { above: [1, 2, 3], below: [4, 5, 6] };
  assert.equal(tint(colours, 2, 1), "rgba(1,2,3, 1.000)");
  assert.equal(tint(colours, -0.5, 1), "rgba(4,5,6, 0.616)");
  assert.equal(tint(colours, 0, 1), "rgba(1,2,3, 0.000)");
});
