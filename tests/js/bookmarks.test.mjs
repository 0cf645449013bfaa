// Bookmarks that a browser keeps.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { bookmarksToSend, mergeIds, parseIds, takeBookmarks } from "../../s2s/web/components/inspection/bookmarks.js";

const FILE = "0".repeat(64);
const given = (ids, known = true) => ({ data: { bookmarks: { file: FILE, ids, known } } });

test("only a list of numbers is read back", () => {
  assert.deepEqual(parseIds("[7,3,12]"), [3, 7, 12]);
  assert.deepEqual(parseIds('[7,"3",-1,2.5,null]'), [7]);
  for (const text of [null, "", "{}", "[7", '"7"']) assert.deepEqual(parseIds(text), []);
});

test("another tab's changes stay", () => {
  assert.deepEqual(mergeIds([1, 5], [1], [1, 3]), [1, 3, 5]);
  assert.deepEqual(mergeIds([1, 5], [1, 2], [2]), [5]);
  assert.deepEqual(mergeIds([], [], []), []);
});

test("a change is sent with every request until it has come back", () => {
  const view = given([], false);
  takeBookmarks(view);
  assert.equal(bookmarksToSend(view), undefined);
  view.changes.set(4, true).set(9, true);
  assert.deepEqual(bookmarksToSend(view), {
    file: FILE,
    stored: [],
    changes: [
      [4, true],
      [9, true],
    ],
  });
  Object.assign(view, given([4]));
  takeBookmarks(view);
  assert.deepEqual(bookmarksToSend(view).changes, [[9, true]]);
  Object.assign(view, given([4, 9]));
  takeBookmarks(view);
  assert.equal(bookmarksToSend(view), undefined);
});

test("a new visit is told what was kept", () => {
  const view = given([], false);
  takeBookmarks(view);
  assert.deepEqual(bookmarksToSend(view).stored, [4, 9]); // from the test before
  Object.assign(view, given([4, 9]));
  takeBookmarks(view);
  Object.assign(view, given([9]));
  takeBookmarks(view);
  const next = given([], false);
  takeBookmarks(next);
  assert.deepEqual(bookmarksToSend(next).stored, [9]);
});
