// A page of the table: heads sort, rows open, J and K go from row to row. Python holds all rows, the browser those of
// the page.

import { el, enter, fill, icon } from "../../../player/browser/dom.js";
import { bookmarkCell, bookmarksToSend, showBookmarks, takeBookmarks, toggleBookmark } from "./bookmarks.js";
import { nextId, pageStarts } from "./walk.js";

const VIEWS = new WeakMap(); // element where the component is mounted → its view
const PATIENCE = 3000; // milliseconds in which an opened example has to come
const ARRIVAL = 15_000; // milliseconds in which a slow page has come to rest around the example of a link
const OWN_KEYS = "input, textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=dialog]";

function sendRequest(view, payload) {
  view.seq += 1;
  view.setStateValue("request", { ...payload, bookmarks: bookmarksToSend(view), seq: view.seq });
}

// The head of a column: a button that sorts by it, or its title alone for a column of text.
function columnHead(view, column) {
  const { sort, descending } = view.data;
  if (!column.number && column.name !== "label") return el("th", { scope: "col", text: column.title });
  const sorted = sort === column.name;
  const order = sorted ? (descending ? "descending" : "ascending") : "none";
  const arrow = { descending: "\u00a0↓", ascending: "\u00a0↑", none: "" }[order];
  const attributes = { type: "button", "data-sort": column.name, "aria-pressed": String(sorted), title: column.hint };
  const sortBy = () => sendRequest(view, { kind: "sort", name: column.name });
  const button = el("button", { ...attributes, onclick: sortBy, text: column.title + arrow });
  return el("th", { scope: "col", class: column.number ? "number" : "sorts", "aria-sort": order }, button);
}

function tableHead(view) {
  const { columns, label, strings } = view.data;
  const causes = el("th", { scope: "col", text: strings.causes });
  const labels = label === null ? [] : [columnHead(view, { name: "label", title: label, hint: label })];
  const bookmarks = el("th", { scope: "col", class: "bookmark" }, el("span", { text: strings.bookmarks }));
  const heads = columns.map((column) => columnHead(view, column));
  return el("thead", {}, el("tr", {}, bookmarks, ...heads, causes, ...labels));
}

function tableRow(view, row) {
  const { columns, label } = view.data;
  const cells = columns.map((column, i) => {
    const text = row.cells[i];
    if (column.number) return el("td", { class: "number", "data-name": column.title, text });
    const mark = (part, n) => (n % 2 ? el(column.tag, { text: part }) : part);
    const parts = (row.marked[column.name] ?? [text]).map(mark);
    return el("td", { class: "text", "data-name": column.title }, el("span", { dir: "auto" }, ...parts));
  });
  const tags = el("td", { class: "tags" }, ...row.tags.map((tag) => el("span", { class: "tag", text: tag })));
  const several = row.labels.length > 1;
  const labels =
    label === null
      ? []
      : [el("td", { class: "labels", "data-name": label }, ...row.labels.map((one) => labelOf(one, several)))];
  const open = () => (openRow(view, row.id), scrollToExample());
  return el(
    "tr",
    { "data-id": row.id, "aria-selected": String(row.id === view.open), onclick: open },
    bookmarkCell(view, row.id, (payload) => sendRequest(view, payload)),
    ...cells,
    tags,
    ...labels,
  );
}

// One person's label, with the person's name where several have labelled the row.
function labelOf({ person, verdict, categories, note }, several) {
  return el(
    "div",
    { class: "label", title: person },
    ...(several ? [el("span", { class: "person", text: person, dir: "auto" })] : []),
    ...(verdict ? [el("b", { text: verdict })] : []),
    ...categories.map((name) => el("span", { class: "tag", text: name, dir: "auto" })),
    ...(note ? [el("span", { class: "note", text: note, dir: "auto" })] : []),
  );
}

function openRow(view, id) {
  Object.assign(view, { open: id, opening: view.seq + 1 });
  for (const row of view.root.querySelectorAll("tr[data-id]"))
    row.setAttribute("aria-selected", String(Number(row.dataset.id) === id));
  sendRequest(view, { kind: "open", id });
}

let arrived = false; // whether a table has been drawn on this page: a link that opens an example leads to it

const exampleHead = () => document.querySelector("[class*=st-key-inspect_head]");

const isBelow = (head) => head.getBoundingClientRect().top > 0.7 * innerHeight;

function scrollTo(head, behavior) {
  head.style.scrollMarginTop = "calc(var(--lookback-top, 0px) + 60px)"; // below the page's own bar
  head.scrollIntoView({ behavior });
}

// After a click, scroll to the opened example, once it is there and if it is below the window. Keys do not scroll.
function scrollToExample() {
  const until = performance.now() + PATIENCE;
  const scroll = () => {
    const head = exampleHead();
    if (!head) return performance.now() < until && requestAnimationFrame(scroll);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (isBelow(head)) scrollTo(head, still ? "auto" : "smooth");
  };
  scroll();
}

const ACTS = ["wheel", "touchstart", "pointerdown", "keydown"];

// From a link: the parts of the page above the example come one after the other and move it, so it is scrolled to again
// until the reader acts, at most as long as a slow page takes.
function arriveAtExample() {
  const until = performance.now() + ARRIVAL;
  let acted = false;
  const act = () => (acted = true);
  for (const name of ACTS) addEventListener(name, act, { capture: true, once: true, passive: true });
  const follow = () => {
    const head = exampleHead();
    if (head && (isBelow(head) || head.getBoundingClientRect().top < 0)) scrollTo(head, "auto");
    if (!acted && performance.now() < until) return requestAnimationFrame(follow);
    for (const name of ACTS) removeEventListener(name, act, { capture: true });
  };
  follow();
}

// J, K and B on the whole page, arrows too while the table has the focus; never while a field or a choice has it.
function pressKey(view, event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.composedPath()[0];
  if (target instanceof Element && target.closest(OWN_KEYS)) return;
  const focused = view.root.contains(view.host.getRootNode().activeElement);
  const by = { j: 1, k: -1, ...(focused ? { ArrowDown: 1, ArrowUp: -1 } : {}) }[
    event.key.length === 1 ? event.key.toLowerCase() : event.key
  ];
  if (event.key.toLowerCase() === "b" && view.open !== null) {
    event.preventDefault();
    toggleBookmark(view, view.open, (payload) => sendRequest(view, payload));
  }
  if (!by) return;
  event.preventDefault();
  const { rows, before, after } = view.data;
  const next = nextId(rows.map(({ id }) => id), before, after, view.open, by);
  if (next !== null && next !== undefined) openRow(view, next);
}

// The buttons that turn pages, and which rows this one has.
function pageBar(view) {
  const { strings, data } = view;
  const { start, count, total } = data;
  const starts = pageStarts(data);
  const turn = (name, off) => {
    const title = strings[name];
    const disabled = off ? { disabled: "" } : {};
    const send = () => sendRequest(view, { kind: "turn", start: starts[name] });
    return el("button", { type: "button", title, "aria-label": title, ...disabled, onclick: send }, icon(name));
  };
  const end = Math.min(start + count, total);
  const [atStart, atEnd] = [start === 0, start + count >= total];
  return el(
    "div",
    { class: "turn" },
    turn("first", atStart),
    turn("back", atStart),
    el("span", { text: fill(strings.where, { from: total ? start + 1 : 0, to: end, total: total.toLocaleString() }) }),
    turn("next", atEnd),
    turn("last", atEnd),
    el("span", { class: "keys", text: strings.keys }),
  );
}

// Build the table anew; the focus stays at the head that sorted, at the bookmark, or in the table.
function build(view) {
  const { host, data } = view;
  const { strings, rows, total } = data;
  const active = host.getRootNode().activeElement;
  const sorted = active?.dataset?.sort;
  const bookmark = active?.dataset?.bookmark;
  const table = el(
    "table",
    { "aria-label": strings.table },
    tableHead(view),
    el("tbody", {}, ...rows.map((row) => tableRow(view, row))),
  );
  const none = total ? [] : [el("p", { class: "none", text: strings.none })];
  view.root = el(
    "div",
    { class: "rows", tabindex: "0", role: "group", "aria-label": strings.table },
    el("div", { class: "scroll", tabindex: "0" }, table),
    ...none,
    pageBar(view),
  );
  host.replaceChildren(view.root);
  const again = sorted ? `[data-sort="${sorted}"]` : bookmark ? `[data-bookmark="${bookmark}"]` : null;
  const found = again && view.root.querySelector(again);
  if (found) found.focus({ preventScroll: true });
  else if (active) view.root.focus({ preventScroll: true });
}

// Take over what Python gave. A table of the same rows is not built anew, so that a press on it is not lost; a row that
// was opened since Python last heard stays the open one.
function takeData(view, data) {
  const identity = JSON.stringify({ ...data, bookmarks: data.bookmarks.file, heard: null });
  const open = view.opening > data.heard ? view.open : data.open;
  Object.assign(view, { data, strings: data.strings });
  takeBookmarks(view);
  if (view.identity !== identity) {
    Object.assign(view, { identity, open });
    build(view);
    if (!arrived && open !== null) arriveAtExample();
    arrived = true;
  }
  showBookmarks(view);
  if (!data.bookmarks.known && view.told !== data.bookmarks.file && bookmarksToSend(view)) {
    view.told = data.bookmarks.file;
    sendRequest(view, { kind: "bookmarks" });
  }
}

export default function mount(component) {
  const { data, parentElement } = component;
  const host = parentElement.querySelector(".lookback");
  let view = VIEWS.get(host);
  if (!view) VIEWS.set(host, (view = { seq: 0, host }));
  view.setStateValue = component.setStateValue;
  view.seq = Math.max(view.seq, data.heard);
  takeData(view, data);
  if (!view.onKey) document.addEventListener("keydown", (view.onKey = (event) => pressKey(view, event)));
  // A player on the page writes the address, with its step; without one the table does.
  if (data.link) enter(`${location.pathname}?${new URLSearchParams(data.link)}`);
  return () => {
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(host);
  };
}
