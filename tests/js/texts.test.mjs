// Streamlit's texts as they are translated, and a long sentence as the notice about drafts shows it.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { compileRules, translate } from "../../s2s/web/components/builtin/builtin.js";
import { isWhole } from "../../s2s/web/components/builtin/whole.js";
import { shortened } from "../../s2s/web/components/draft/draft.js";

const RULES = compileRules({
  "Search (all)": "搜索",
  "{count} of {total} rows": "共 {total} 行，{count} 行",
  "Limit {size}": "上限 {size}",
});

test("a text is translated as a whole, with its places filled in the other language's order", () => {
  assert.equal(translate("3 of 40 rows", RULES), "共 40 行，3 行");
  assert.equal(translate("  Search (all)\n", RULES), "搜索");
  assert.equal(translate("Limit 5MB\nper file", RULES), "上限 5MB\nper file");
});

test("what no rule fits stays as it is, spaces included", () => {
  for (const text of ["", "  ", " Search all ", "Search (all) now", "3 of rows"])
    assert.equal(translate(text, RULES), text);
});

test("a text is cut between characters, not within one", () => {
  assert.equal(shortened("一二三四", 4), "一二三四");
  assert.equal(shortened("一二三四五", 4), "一二三…");
  assert.equal(shortened("🙂🙂🙂", 2), "🙂…");
});

test("a whole number is written in digits alone", () => {
  for (const text of ["0", "12", "-3", ""]) assert.ok(isWhole(text), text);
  for (const text of ["1e5", "2.5", "-", "+1", "1,000", " 1", "５"]) assert.ok(!isWhole(text), text);
});
