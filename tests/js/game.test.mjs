// The guessing game's points, and where an address says that a player begins.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { placeFromAddress } from "../../s2s/player/browser/address.js";
import { gameScore, guessPoints } from "../../s2s/player/browser/game.js";

const STEP = {
  output: "tea",
  log_prob: -0.1,
  attention: [0.1, 0.8, 0.1],
  top: ["tea", "coffee", "water", "milk"].map((token, i) => ({ token, log_prob: -i - 0.1, rank: i + 1 })),
};

test("a place earns its share of the largest weight, a word by its rank", () => {
  const free = (place, word) => guessPoints(STEP, "free", { place, word, typed: true });
  assert.deepEqual(free(1, "Tea"), { look: 10, said: 10, rank: 1 });
  assert.deepEqual(free(0, "water"), { look: 1, said: 3, rank: 3 });
  assert.deepEqual(free(null, "milk"), { look: null, said: 0, rank: 4 });
  assert.deepEqual(free(2, "juice"), { look: 1, said: 0, rank: null });
  assert.deepEqual(free(2, null), { look: 1, said: null, rank: null });
});

test("a word that was typed may have other capitals, an offered one is meant as it stands", () => {
  const two = {
    ...STEP,
    output: "He",
    top: ["He", "he"].map((token, i) => ({ token, log_prob: -i - 0.1, rank: i + 1 })),
  };
  const said = (word, typed) => guessPoints(two, "free", { place: null, word, typed });
  assert.deepEqual([said("He", false), said("he", false)].map(({ said, rank }) => [said, rank]), [[10, 1], [3, 2]]);
  assert.deepEqual([said("HE", true), said("he", true)].map(({ said, rank }) => [said, rank]), [[10, 1], [10, 2]]);
});

test("a streak ends with an answer below half, a step that was not guessed counts nothing", () => {
  const given = [{ look: 10, said: 10 }, null, { look: 5, said: null }, { look: 2, said: 10 }, { look: 8, said: 10 }];
  const { got, of, streak, longest, looks } = gameScore({ given });
  assert.deepEqual({ got, of, streak, longest, looks }, { got: 55, of: 70, streak: 1, longest: 2, looks: 4 });
});

test("an address counts only where it names what is shown", () => {
  globalThis.location = { search: "?text=a&step=3&lane=free&lang=zh", hash: "#step=2" };
  assert.deepEqual(placeFromAddress({ link: { text: "a", lang: "en" } }), { step: 2, lane: "free" });
  assert.deepEqual(placeFromAddress({ link: { text: "b" }, begin: { step: 4, lane: "forced" } }), {
    step: 4,
    lane: "free",
  });
  for (const [asked, step] of [
    ["5.5", 0],
    ["-3", 0],
    ["1e3", 0],
    ["9".repeat(21), 0],
    ["10000", 9999],
    ["07", 6],
  ]) {
    globalThis.location = { search: `?text=a&step=${asked}`, hash: "" };
    assert.equal(placeFromAddress({ link: { text: "a" } }).step, step, asked);
  }
  globalThis.location = { search: "?text=a&step=3&lane=free&lang=zh", hash: "#step=2" };
  assert.deepEqual(placeFromAddress({ link: {}, fragment: true }), { step: 1, lane: null });
  assert.deepEqual(placeFromAddress({ link: null, begin: { step: 1 } }), { step: 1, lane: null });
});
