// Bookmarks of examples: a button in each row, and what this browser keeps of them, by file. Python holds those of the
// visit; the browser tells it once what earlier visits left, and keeps each change.

import { el, fill, icon } from "../../../player/browser/dom.js";
import { recall, remember } from "../../../player/browser/stored.js";

const keptName = (file) => `bookmarks.${file.slice(0, 16)}`;

// The ids that this browser has kept, in rising order; none if they are not a list of numbers.
export function parseIds(text) {
  try {
    const ids = JSON.parse(text ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => Number.isSafeInteger(id) && id > 0).sort((a, b) => a - b) : [];
  } catch {
    return [];
  }
}

// What is kept after the visit's bookmarks went from ``before`` to ``now``: another tab's changes stay.
export function mergeIds(kept, before, now) {
  const removed = before.filter((id) => !now.includes(id));
  const added = now.filter((id) => !before.includes(id));
  return [...new Set([...kept, ...added])].filter((id) => !removed.includes(id)).sort((a, b) => a - b);
}

const keptIds = (file) => parseIds(recall(keptName(file)));

// What a request says of bookmarks: what was kept, until Python knows, and the changes that have not come back from it,
// so that none is lost if the next request follows at once. Undefined if there is nothing to say.
export function bookmarksToSend(view) {
  const { file, known } = view.data.bookmarks;
  const stored = known ? [] : keptIds(file);
  const changes = [...view.changes];
  return stored.length || changes.length ? { file, stored, changes } : undefined;
}

// Take over the bookmarks that Python gave, and keep in the browser what has changed.
export function takeBookmarks(view) {
  const { file, ids, known } = view.data.bookmarks;
  if (view.bookmarked?.file !== file) Object.assign(view, { bookmarked: { file, ids: [] }, changes: new Map() });
  if (!known) return;
  for (const [id, on] of view.changes) if (ids.includes(id) === on) view.changes.delete(id);
  const kept = keptIds(file);
  const merged = mergeIds(kept, view.bookmarked.ids, ids);
  view.bookmarked = { file, ids };
  if (JSON.stringify(kept) !== JSON.stringify(merged)) remember(keptName(file), JSON.stringify(merged));
}

const isBookmarked = (view, id) => view.changes.get(id) ?? view.data.bookmarks.ids.includes(id);

export function showBookmarks(view) {
  for (const button of view.root.querySelectorAll("[data-bookmark]"))
    button.setAttribute("aria-pressed", String(isBookmarked(view, Number(button.dataset.bookmark))));
}

// Add a bookmark, or remove it; the button shows it at once.
export function toggleBookmark(view, id, send) {
  view.changes.set(id, !isBookmarked(view, id));
  showBookmarks(view);
  send({ kind: "bookmarks" });
}

export function bookmarkCell(view, id, send) {
  const label = fill(view.data.strings.bookmark, { id });
  const attributes = { type: "button", "data-bookmark": id, "aria-label": label, title: label };
  const press = (event) => (event.stopPropagation(), toggleBookmark(view, id, send));
  return el("td", { class: "bookmark" }, el("button", { ...attributes, onclick: press }, icon("bookmark")));
}
