// What is news of long work, and whose focus goes along with it.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { isNews } from "../../s2s/web/components/announce/announce.js";
import { classOf, leads } from "../../s2s/web/components/announce/focus.js";

const mine = { id: "a", run: 1, state: "started 0", live: true, followed: true };
const theirs = { ...mine, run: 0, followed: false };

test("every new state of a work that this visit follows is said, once", () => {
  const heard = new Map();
  const said = ["waiting 0", "started 0", "started 0", "share 1", "share 1", "done"].map((state) =>
    isNews(heard, { ...mine, state }),
  );
  assert.deepEqual(said, [true, true, false, true, false, true]);
  assert.ok(isNews(heard, { ...mine, run: 2, state: "done" })); // too fast to be seen under way
});

test("of another's work only how it stands at first is said, and of what had ended nothing", () => {
  const heard = new Map();
  assert.ok(isNews(heard, theirs));
  for (const state of ["share 1", "done"]) assert.ok(!isNews(heard, { ...theirs, state }));
  assert.ok(!isNews(new Map(), { ...theirs, followed: true, live: false, state: "done" }));
});

const work = { id: "a", run: 1, starts: ["measure", "go-模"], stop: "stop" };

test("a press leads to what it starts, not to another work of the same button", () => {
  assert.ok(leads({ keys: ["st-key-measure"], known: new Set() }, work));
  assert.ok(!leads({ keys: ["st-key-measure"], known: null }, work)); // it had the focus, and was not pressed
  assert.ok(!leads({ keys: ["st-key-measure"], known: new Set(["a 1"]) }, work));
  assert.ok(leads({ keys: ["st-key-stop"], known: new Set(["a 1"]) }, work));
  assert.ok(!leads({ keys: ["st-key-other"], known: new Set() }, work));
  assert.equal(classOf("go-模"), "st-key-go--");
});
