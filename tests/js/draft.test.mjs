// What stands in the fields after another sentence has come: a draft with what belongs to it.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { paired } from "../../s2s/web/components/draft/draft.js";

const [BEFORE, NOW] = [{ text: "茶", ref: "tea" }, { text: "五月", ref: "05" }];

test("a draft is never beside what belongs to another sentence", () => {
  assert.deepEqual(paired({ text: "水" }, BEFORE, NOW), { text: "水", ref: "" });
  assert.deepEqual(paired({ ref: "a tea" }, BEFORE, NOW), { text: "茶", ref: "a tea" });
  assert.deepEqual(paired({ text: "水", ref: "water" }, BEFORE, NOW), { text: "水", ref: "water" });
});

test("without a draft, and where the sentence stays, nothing changes", () => {
  assert.deepEqual(paired({}, BEFORE, NOW), {});
  assert.deepEqual(paired({ text: "水" }, BEFORE, { ...BEFORE }), { text: "水" });
});
