// A page of the table: headings sort, rows open, J and K walk. Python holds all rows; the browser has these alone.

import { el, enter, fill, icon } from "../../../player/browser/dom.js";

const VIEWS = new WeakMap(); // one view for each place where the component is mounted

function send(view, payload) {
  view.seq += 1;
  view.setStateValue("request", { ...payload, seq: view.seq });
}

function heading(view, column) {
  const { sort, descending } = view.data;
  if (!column.number && column.name !== "label") return el("th", { scope: "col", text: column.title });
  const own = sort === column.name;
  const order = own ? (descending ? "descending" : "ascending") : "none";
  const sortBy = () => send(view, { kind: "sort", name: column.name });
  const mark = own ? (descending ? "\u00a0↓" : "\u00a0↑") : "";
  return el("th", { scope: "col", class: column.number ? "number" : "sorts", "aria-sort": order }, el("button", { type: "button", "data-sort": column.name, "aria-pressed": String(own), title: column.hint, onclick: sortBy, text: column.title + mark }));
}

function row(view, values) {
  const cells = view.data.columns.map((column, i) => {
    const value = values.cells[i];
    if (column.number) return el("td", { class: "number", "data-name": column.title, text: value });
    return el("td", { class: "text", "data-name": column.title }, el("span", { text: value, dir: "auto" }));
  });
  const tags = el("td", { class: "tags" }, ...values.tags.map((tag) => el("span", { class: "tag", text: tag })));
  const labels = view.data.label === null ? [] : [el("td", { class: "labels", "data-name": view.data.label }, ...values.labels.map((one) => labelled(one, values.labels.length > 1)))];
  return el("tr", { "data-id": values.id, "aria-selected": String(values.id === view.open), onclick: () => (open(view, values.id), follow()) }, ...cells, tags, ...labels);
}

// What one person says; the name where several do.
function labelled({ person, verdict, categories, note }, several) {
  const words = [verdict && el("b", { text: verdict }), ...categories.map((name) => el("span", { class: "tag", text: name, dir: "auto" }))];
  const said = el("div", { class: "label", title: person }, ...(several ? [el("span", { class: "person", text: person, dir: "auto" })] : []), ...words.filter(Boolean));
  if (note) said.append(el("span", { class: "note", text: note, dir: "auto" }));
  return said;
}

function mark(view) {
  for (const node of view.root.querySelectorAll("tr[data-id]")) node.setAttribute("aria-selected", String(Number(node.dataset.id) === view.open));
}

function open(view, id) {
  view.open = id;
  mark(view);
  send(view, { kind: "open", id });
}

// A click brings what it opened into view, if that is below the window; the next row's keys leave the window alone.
function follow() {
  const until = performance.now() + 3000;
  const look = () => {
    const head = document.querySelector("[class*=st-key-inspect_head]");
    if (!head) return performance.now() < until && requestAnimationFrame(look);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (head.getBoundingClientRect().top > 0.7 * innerHeight) head.scrollIntoView({ behavior: still ? "auto" : "smooth" });
  };
  look();
}

// The next row of the order, which may be on another page: the first and last ids beyond this one come along.
function walk(view, by) {
  const ids = [view.data.before, ...view.data.rows.map(({ id }) => id), view.data.after];
  const at = ids.indexOf(view.open);
  const next = at < 0 ? ids[by > 0 ? 1 : ids.length - 2] : ids[at + by];
  if (next !== null && next !== undefined) open(view, next);
}

function key(view, event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const at = event.composedPath()[0];
  if (at instanceof Element && at.closest("input, textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=dialog]")) return;
  const here = view.root.contains(view.host.getRootNode().activeElement);
  const by = { j: 1, k: -1, ...(here ? { ArrowDown: 1, ArrowUp: -1 } : {}) }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!by) return;
  event.preventDefault();
  walk(view, by);
}

function turning(view) {
  const { strings, data } = view;
  const { start, count, total } = data;
  const to = (title, where, off) => el("button", { type: "button", title, "aria-label": title, ...(off ? { disabled: "" } : {}), onclick: () => send(view, { kind: "turn", start: { first: 0, back: start - count, next: start + count, last: Math.floor((total - 1) / count) * count }[where] }) }, icon(where));
  const atEnd = start + count >= total;
  return el(
    "div",
    { class: "turn" },
    to(strings.first, "first", start === 0),
    to(strings.back, "back", start === 0),
    el("span", { text: fill(strings.where, { from: total ? start + 1 : 0, to: Math.min(start + count, total), total: total.toLocaleString() }) }),
    to(strings.next, "next", atEnd),
    to(strings.last, "last", atEnd),
    el("span", { class: "keys", text: strings.keys }),
  );
}

export default function mount(component) {
  const { data, parentElement } = component;
  const host = parentElement.querySelector(".lookback");
  let view = VIEWS.get(host);
  if (!view) VIEWS.set(host, (view = { seq: 0, host }));
  view.setStateValue = component.setStateValue;
  view.seq = Math.max(view.seq, data.heard);
  const identity = JSON.stringify(data);
  if (view.identity !== identity) {
    Object.assign(view, { identity, data, strings: data.strings, open: data.open });
    const within = host.getRootNode().activeElement;
    const sorted = within?.dataset?.sort;
    const head = el("tr", {}, ...data.columns.map((column) => heading(view, column)), el("th", { scope: "col", text: data.strings.causes }), ...(data.label === null ? [] : [heading(view, { name: "label", title: data.label, hint: data.label })]));
    const table = el("table", { "aria-label": data.strings.table }, el("thead", {}, head), el("tbody", {}, ...data.rows.map((values) => row(view, values))));
    view.root = el("div", { class: "rows", tabindex: "0", "aria-label": data.strings.table }, el("div", { class: "scroll" }, table), ...(data.total ? [] : [el("p", { class: "none", text: data.strings.none })]), turning(view));
    host.replaceChildren(view.root);
    if (sorted) view.root.querySelector(`[data-sort="${sorted}"]`)?.focus({ preventScroll: true });
    else if (within) view.root.focus({ preventScroll: true });
  }
  if (!view.onKey) document.addEventListener("keydown", (view.onKey = (event) => key(view, event)));
  // The player, where one is shown, writes the address with its step; here the page's own.
  if (data.link) enter(`${location.pathname}?${new URLSearchParams(data.link)}`);
  return () => {
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(host);
  };
}
