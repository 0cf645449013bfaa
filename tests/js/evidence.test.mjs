// What the search for another attention says of a word.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { outcomeOf } from "../../s2s/player/browser/evidence.js";

test("a fault is spoken of only where the word that cannot win is the reference's", () => {
  const said = (outcome, word, target) => outcomeOf({ outcome }, word, { target });
  for (const outcome of ["none_found", "none_exists"]) {
    assert.equal(said(outcome, "see", { token: "see" }), `${outcome}_reference`);
    assert.equal(said(outcome, "see", { token: "watch" }), outcome);
    assert.equal(said(outcome, "see", null), outcome); // without a reference, or after it was left
    assert.equal(said(outcome, "<unk>", { token: "<unk>" }), outcome); // two unknown words need not be the same
  }
  for (const outcome of ["already", "found"]) assert.equal(said(outcome, "see", { token: "see" }), outcome);
});
