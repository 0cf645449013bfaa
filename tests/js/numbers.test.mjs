// Numbers as the player writes and weighs them.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { argmax, decimals, fill, isReference, percent, shade, standing } from "../../s2s/player/browser/dom.js";
import { normalised, weigh } from "../../s2s/player/browser/edit.js";

const near = (found, wanted) =>
  found.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-12, `${found} is not ${wanted}`));

test("a share is never rounded to nothing or to everything", () => {
  assert.deepEqual([0.8789, 0.0001, 0.9999, 0, 1].map(percent), ["87.9 %", "<0.1 %", ">99.9 %", "0.0 %", "100.0 %"]);
});

test("a negative number has a minus sign, a rounded zero has none", () => {
  assert.deepEqual([decimals(-1.25, 2), decimals(-0.0001), decimals(0.5)], ["−1.25", "0.000", "0.500"]);
});

test("of equal weights the first is the largest", () => {
  assert.deepEqual([argmax([0.1, 0.6, 0.3]), argmax([0.5, 0.5]), argmax([])], [1, 0, 0]);
});

test("small weights have more than their share of colour, within nothing and all", () => {
  assert.deepEqual([shade(-1), shade(0), shade(1), shade(2)], [0, 0, 1, 1]);
  assert.ok(shade(0.1) > 0.1);
});

test("an unknown word is never the reference's", () => {
  assert.deepEqual(
    [isReference("tea", "tea"), isReference("tea", "Tea"), isReference("<unk>", "<unk>")],
    [true, false, false],
  );
});

test("a token stands as its script does", () => {
  assert.deepEqual(["喜欢", "a", "tea2morrow", "2026-11", "喝tea"].map(standing), ["", "flat", "", "stacked", "stacked"]);
});

test("a weight that is set leaves the others their proportions", () => {
  near(weigh([0.5, 0.3, 0.2], [0, 1], 0.2), [0.2, 0.48, 0.32]);
  near(weigh([0.2, 0.2, 0.6], [0, 2], 0.8), [0.4, 0.4, 0.2]);
  near(weigh([1, 0, 0], [0, 1], 0.5), [0.5, 0.25, 0.25]); // nothing to scale: shared
  near(weigh([0.4, 0.6], [0, 2], 0.1), [0.4, 0.6]); // the whole row stays
});

test("a row is made to sum to one", () => near(normalised([1, 3, 0]), [0.25, 0.75, 0]));

test("a sentence's places are filled, and a choice by number is the first word for 1", () => {
  const sentence = "{count} {count:word|words} of {of}";
  assert.equal(fill(sentence, { count: 1, of: "a" }), "1 word of a");
  assert.equal(fill(sentence, { count: "1", of: "{count}" }), "1 word of {count}");
  assert.equal(fill(sentence, { count: 0, of: 2 }), "0 words of 2");
});
