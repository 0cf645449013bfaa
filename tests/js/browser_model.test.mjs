// The model in the browser on a network of a few weights: lanes, forks, and what is said of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { packBranches, unpackBranches, withoutForced } from "../../s2s/browser_model/branches.js";
import { openCheckpoint } from "../../s2s/browser_model/checkpoint.js";
import { Session } from "../../s2s/browser_model/session.js";
import { sourceWords } from "../../s2s/browser_model/subwords.js";
import { sentenceOf } from "../../s2s/browser_model/summary.js";
import { smallCheckpoint } from "./small_checkpoint.mjs";

const open = () => new Session(openCheckpoint(smallCheckpoint()));
const ALL = { source: "a b a", reference: "x y", settings: { max_length: 4 } };

test("a sentence has a free and a forced lane, a fork shares its first steps with its parent", () => {
  const session = open();
  const { lanes, clauses } = session.run(ALL);
  assert.deepEqual(lanes.forced.steps.map(({ output }) => output), ["x", "y", "<eos>"]);
  assert.ok(lanes.free.steps.length >= 1 && clauses.free.length >= 1);
  const { branches, answer } = session.fork([], { lane: "forced", step: 1, word: "x" });
  assert.deepEqual(answer, { branch: "b1", step: 1 });
  const [row] = session.rows(branches);
  assert.deepEqual([row.shared, row.prefix, row.steps[0].output], [1, 2, "x"]);
});

test("branches survive a link, and those of the forced lane go with the reference", () => {
  const session = open();
  session.run(ALL);
  const first = session.fork([], { lane: "forced", step: 1, word: "x" }).branches;
  const both = session.fork(first, { lane: "b1", step: 1, edit: "uniform" }).branches;
  const free = session.fork(both, { lane: "free", step: 0, word: "y" }).branches;
  assert.deepEqual(unpackBranches(packBranches(free)), free);
  assert.deepEqual(withoutForced(free).map(({ id }) => id), ["b3"]);
  assert.equal(unpackBranches("[{}]"), null);
});

test("clauses become a sentence, and pieces of words words", () => {
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const strings = { whole: "{clauses}.", and: "; ", far: "at {step}", word: "“{word}”", lost: "{words} gone" };
  const clauses = [["far", { step: 3 }], ["lost", { words: [{ text: "tea", p: null, rank: null }] }]];
  assert.equal(sentenceOf(clauses, strings, ", ", fill), "at 3; “tea” gone.");
  assert.deepEqual(sourceWords(["▁ap", "ple", "▁tea"]), { labels: ["apple", "tea"], spans: [[0, 2], [2, 3]] });
  assert.equal(sourceWords(["a", "b"]), null);
});
