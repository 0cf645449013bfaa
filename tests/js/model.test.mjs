// What a player shows: lanes, branches, words or pieces, and in a game the steps that are revealed.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { BELOW, BRANCH, DATA } from "./lanes.mjs";
import { branchOf, buildModel, hideComing, knownBranches, laneKey, laneName } from "../../s2s/player/browser/model.js";
import { placeAmong, sameBranches, spokenWord, withBranches, withLink } from "../../s2s/player/browser/model.js";
import { isMiss, withReading } from "../../s2s/player/browser/model.js";
import { inColumn, spanOf } from "../../s2s/player/browser/words.js";

const MODEL = buildModel(DATA, [BRANCH], true);
const outputs = ({ steps }) => steps.map(({ output }) => output).join(" ");

test("a branch is put together from its parent's first steps and its own", () => {
  assert.equal(outputs(MODEL.lanes.b1), "x w <eos>");
  const deeper = withBranches(MODEL, [BRANCH, BELOW]);
  assert.equal(outputs(deeper.lanes.b2), "x w v");
  assert.deepEqual(deeper.order, [["forced", 0], ["free", 0], ["b1", 1], ["b2", 2]]);
  assert.equal(MODEL.lanes.b2, undefined); // a model is never changed
});

test("a word is missed where a lane says another one than the reference, also one that it was made to say", () => {
  const missed = ({ lanes }, name) => lanes[name].steps.map((_, t) => isMiss(lanes[name], t));
  assert.deepEqual(missed(MODEL, "forced"), [false, false, false]);
  assert.deepEqual(missed(MODEL, "free"), [false, true, true, true]); // the last one is past the reference's end
  assert.deepEqual(missed(MODEL, "b1"), [false, true, false]);
  const alone = { ...DATA.lanes.free, reference: null, reference_tokens: [] };
  assert.deepEqual(missed(buildModel({ ...DATA, lanes: { free: alone } }, [], true), "free"), Array(4).fill(false));
  const beside = buildModel({ ...DATA, lanes: { ...DATA.lanes, free: alone } }, [], true);
  assert.deepEqual(missed(beside, "free"), missed(MODEL, "free")); // the reference of one lane is that of both
});

test("a branch that cannot be decoded has a row, but no lane", () => {
  const model = withBranches(MODEL, [{ ...BRANCH, error: "no such word" }]);
  assert.deepEqual([model.order.length, model.lanes.b1, branchOf(model, "b1").error], [3, undefined, "no such word"]);
});

test("a lane is known by its branch's name and key, or by its own", () => {
  assert.deepEqual(
    ["b1", "free"].map((lane) => [laneName(MODEL, lane), laneKey(MODEL, lane)]),
    [
      ["w", "k1"],
      ["Free", "free"],
    ],
  );
  const given = { ...DATA.lanes.free, checkpoint: { attention: "given" } };
  assert.equal(laneName(buildModel({ ...DATA, lanes: { free: given } }, [], true), "free"), "Output");
});

test("in words, the weights of a word's pieces are summed, and the pieces are kept", () => {
  const { lanes } = withReading(MODEL, false);
  assert.deepEqual(lanes.free.source.tokens, ["a", "bc"]);
  assert.deepEqual(lanes.free.source.unknown, [1]);
  assert.deepEqual(lanes.free.steps[0].attention.map((x) => x.toFixed(1)), ["0.6", "0.4"]);
  assert.deepEqual(lanes.free.pieces, MODEL.lanes.free);
  assert.deepEqual(lanes.free.steps[0].pieces, MODEL.lanes.free.steps[0]);
  assert.equal(outputs(lanes.b1), "x w <eos>");
});

test("a source word is a range of pieces", () => {
  const words = withReading(MODEL, false);
  assert.deepEqual([spanOf(words, 1), spanOf(MODEL, 1)], [[1, 3], [1, 2]]);
  assert.deepEqual([0, 1, 2].map((piece) => inColumn(words, 1, piece)), [false, true, true]);
  assert.equal(inColumn(words, null, 0), false);
});

test("a game's model has the revealed steps of one lane, and nothing that gives the others away", () => {
  const hidden = hideComing(withReading(MODEL, false), "free", 1);
  assert.deepEqual(
    [Object.keys(hidden.lanes), outputs(hidden.lanes.free), outputs(hidden.lanes.free.pieces)],
    [["free"], "x", "x"],
  );
  const { reference, reference_tokens, divergence, text } = hidden.lanes.free;
  assert.deepEqual([reference, reference_tokens, divergence, text], [null, [], null, ""]);
  const next = hideComing(hidden, "free", 2);
  assert.deepEqual(
    [outputs(next.lanes.free), next.lanes.free.divergence, outputs(next.whole)],
    ["x z", 1, "x z y <eos>"],
  );
});

test("a branch that came as its head alone is shown once its steps are known, and so are those below it", () => {
  const rows = new Map();
  const heads = [BRANCH, BELOW].map(({ id, name, parent, key }) => ({ id, name, parent, key }));
  assert.deepEqual(knownBranches(rows, [heads[0], BELOW]).length, 0); // its parent is not known
  assert.deepEqual(
    knownBranches(rows, [BRANCH, heads[1]]).map(({ id }) => id),
    ["b1", "b2"],
  );
  assert.deepEqual(
    knownBranches(rows, [{ ...heads[0], name: "renamed" }]).map(({ name, shared }) => [name, shared]),
    [["renamed", 1]],
  );
  assert.deepEqual([...rows.keys()], ["k1"]); // the other one is forgotten
});

test("lists of branches are the same if names, parents and steps are", () => {
  assert.ok(sameBranches([BRANCH], [{ ...BRANCH }]));
  assert.ok(!sameBranches([BRANCH], [{ ...BRANCH, name: "renamed" }]) && !sameBranches([BRANCH], []));
});

test("a new branch is gone to at its first own step, another list keeps the place", () => {
  const place = { lane: "free", step: 3 };
  assert.deepEqual(placeAmong(MODEL, [BRANCH, BELOW], place), { lane: "b2", step: 2 });
  assert.equal(placeAmong(MODEL, [], place), place);
  assert.equal(placeAmong(MODEL, [BRANCH, { ...BELOW, error: "no" }], place), place);
});

test("another link changes nothing else", () => {
  const linked = withLink(MODEL, { text: "b" });
  assert.deepEqual([linked.link, linked.lanes, MODEL.link], [{ text: "b" }, MODEL.lanes, DATA.link]);
});

test("a forced lane says the most probable word, a free one the word that it went on with", () => {
  const [step] = DATA.lanes.free.steps;
  const other = { ...step, top: [{ token: "q", log_prob: -0.05, rank: 1 }] };
  assert.deepEqual(
    [
      spokenWord(other, "forced").token,
      spokenWord(other, "free").token,
      spokenWord({ ...step, top: [] }, "forced").token,
    ],
    ["q", "x", "x"],
  );
});
