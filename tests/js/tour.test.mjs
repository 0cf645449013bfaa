// Where the tour's card stands, what the first minute says about lanes, and which marks the legend explains.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { BRANCH, DATA } from "./lanes.mjs";
import { marksOf } from "../../s2s/player/browser/legend.js";
import { buildModel, withBranches } from "../../s2s/player/browser/model.js";
import { breakCaption, rightAfter, stepCaption } from "../../s2s/web/components/tour/captions.js";
import { placeCard, scrollBy } from "../../s2s/web/components/tour/place.js";
import { shownPlace } from "../../s2s/web/components/tour/stops.js";

const ROOM = { width: 1280, height: 720 };
const CARD = { width: 352, height: 180 };
const box = (left, top, width, height) => ({ left, top, width, height, right: left + width, bottom: top + height });
const covers = (at, target) =>
  at.left < target.right &&
  at.left + CARD.width > target.left &&
  at.top < target.bottom &&
  at.top + CARD.height > target.top;

test("the card is in the window, and beside its target wherever there is room", () => {
  for (let left = 0; left < 1200; left += 60) {
    for (let top = 64; top < 700; top += 40) {
      for (const [width, height] of [[60, 20], [400, 300], [1200, 60], [300, 600]]) {
        if (left + width > ROOM.width || top + height > ROOM.height) continue;
        const target = box(left, top, width, height);
        const at = placeCard(CARD, target, ROOM);
        assert.ok(
          at.left >= 0 && at.top >= 0 && at.left + CARD.width <= ROOM.width && at.top + CARD.height <= ROOM.height,
        );
        assert.ok(!covers(at, target), JSON.stringify([target, at]));
      }
    }
  }
});

test("of what is larger than the window the beginning is seen", () => {
  const target = box(12, 124, 366, 1780);
  const at = placeCard(CARD, target, { width: 390, height: 844 });
  assert.ok(at.top > 600 && at.top + CARD.height <= 844);
});

test("the page scrolls only for what is hidden, and then clear of the header and of the card", () => {
  assert.equal(scrollBy(CARD, box(10, 100, 300, 50), ROOM), 0);
  const phone = { width: 390, height: 844 };
  for (const target of [box(10, 900, 300, 50), box(10, -300, 300, 50), box(10, 500, 300, 380)]) {
    const by = scrollBy(CARD, target, phone);
    assert.notEqual(by, 0);
    assert.ok(target.top - by >= 128 && target.bottom - by <= 844 - 180 - 24);
  }
});

test("what stays at the top of the window does not cover what the page scrolls to", () => {
  assert.equal(scrollBy(CARD, box(10, 110, 300, 50), ROOM, 94), 0);
  for (const target of [box(10, 70, 300, 50), box(10, -300, 300, 50), box(10, 900, 1200, 1780)]) {
    assert.ok(target.top - scrollBy(CARD, target, ROOM, 94) >= 94 + 10);
  }
});

test("in place of a stop that is hidden stands the next that is shown, else the last before it", () => {
  const projected = [2, 3, 4, 5, 6, 7];
  assert.deepEqual([0, 1, 2, 5, 8, 10].map((at) => shownPlace(projected, at)), [2, 2, 2, 5, 7, 7]);
  assert.equal(shownPlace([], 3), undefined);
});

const STRINGS = {
  "first.step": "{step}/{steps} {word} {p} {source} {weight}",
  "first.step_plain": "{step}/{steps} {word} {p}",
  "first.break": "{step}: {said} {p}, {gold} {rank} {q}.",
  "first.break_plain": "{step}: {said}, {gold}.",
  "first.teacher": "{gold}: {forced} of {rest}, {free}.",
};
const { forced, free } = DATA.lanes;

test("a step's caption has its word and where it looks, if the model looks anywhere", () => {
  assert.equal(stepCaption(free, 1, STRINGS), "2/4 z 90.5 % c 0.70");
  const blind = {
    ...free,
    checkpoint: { attention: "none" },
    steps: free.steps.map((step) => ({ ...step, attention: [] })),
  };
  assert.equal(stepCaption(blind, 1, STRINGS), "2/4 z 90.5 %");
});

test("a break's caption counts what both lanes get right afterwards", () => {
  const target = { token: "y", log_prob: -2, rank: 3 };
  const steps = free.steps.map((step, t) => (t === 1 ? { ...step, target } : step));
  assert.equal(breakCaption({ free: { ...free, steps }, forced }, STRINGS), "2: z 90.5 %, y 3 13.5 %. y: 1 of 1, 0.");
  assert.equal(breakCaption({ free, forced: null }, STRINGS), "2: z, y.");
  assert.equal(rightAfter(forced, ["x", "y", "<eos>"], 0), 2);
  assert.equal(rightAfter(free, ["x", "y", "<eos>"], 2), 0);
});

test("the legend has the marks that are on screen and no others", () => {
  const model = buildModel(DATA, [], true);
  assert.deepEqual(marksOf(model), ["diverges", "miss", "probability", "attention", "said", "unknown"]);
  assert.ok(marksOf(withBranches(model, [BRANCH])).includes("fork"));
  const alone = {
    ...free,
    reference: null,
    reference_tokens: [],
    divergence: null,
    checkpoint: { attention: "none" },
    source: { tokens: ["a"], unknown: [] },
  };
  assert.deepEqual(marksOf(buildModel({ ...DATA, words: null, lanes: { forced: null, free: alone } }, [], true)), [
    "probability",
    "said",
  ]);
  const target = { token: "x", log_prob: -1, rank: 1 };
  const judged = { ...free, steps: free.steps.map((step) => ({ ...step, target })) };
  assert.ok(marksOf(buildModel({ ...DATA, lanes: { forced: null, free: judged } }, [], true)).includes("reference"));
});
