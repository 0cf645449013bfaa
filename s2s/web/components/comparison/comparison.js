// Two runs beside each other: the browser holds both and paints one aligned step. Python is not asked for a step.

import { button, copyLink, el, enter, fill, icon, namedStep, shade } from "../../../player/browser/dom.js";
import { byKey, takeKeys } from "../../../player/browser/keys.js";
import { fadeEdges } from "../../../player/browser/room.js";
import { guarded, numberAt } from "../events.js";
import { keepPlace, placeIn } from "../places.js";
import { VIEWS_OF_MAP, buildMap, cellUnder, colourMap, fitMap, forkSign, paintMap } from "./map.js";
import { buildOutputs, buildSources, candidateList, paintOutputs, paintSources, stepOf, weightTable } from "./step.js";

const VIEWS = new WeakMap(); // element where the component is mounted → its view
const PAUSE = 250; // milliseconds without a change before the address and a screen reader are told

function buildBar(view) {
  const { strings, parting } = view;
  const go = (name, action) => button(name, strings[name], action, icon(name));
  view.where = el("span", { class: "where" });
  view.switches = VIEWS_OF_MAP.map((name) =>
    el("button", {
      type: "button",
      class: "shown",
      "data-shown": name,
      text: strings[`show_${name}`],
      onclick: () => showOnMap(view, name),
    }),
  );
  view.copied = button("link", strings.copy_link, () => copyLink(view, address(view)), strings.link);
  const steps = [
    go("first", () => goToRow(view, 0)),
    go("back", () => goToRow(view, view.row - 1)),
    go("next", () => goToRow(view, view.row + 1)),
    go("last", () => goToRow(view, Infinity)),
  ];
  const jump =
    parting === null ? [] : [button("jump", strings.jump, () => goToRow(view, parting), forkSign(), ` ${parting + 1}`)];
  view.parts.bar.replaceChildren(
    el("span", { class: "group" }, ...steps),
    view.where,
    ...jump,
    el("span", { class: "switch", role: "group", "aria-label": strings.show }, ...view.switches),
    el("span", { class: "group right" }, view.copied),
  );
}

// The colours of the map: more weight in A, more in B, a cell that only one run has.
function buildLegend(view) {
  const swatches = (name, weights) =>
    weights.map((w) => {
      const swatch = el("i", { class: name });
      swatch.style.setProperty("--w", shade(w));
      return swatch;
    });
  return el(
    "span",
    { class: "legend" },
    el("span", { text: view.strings.more_a }),
    ...swatches("a", [1, 0.6, 0.3, 0.1]),
    ...swatches("b", [0, 0.1, 0.3, 0.6, 1]),
    el("span", { text: view.strings.more_b }),
    ...swatches("only", [0.5]),
    el("span", { text: view.strings.one_side }),
  );
}

function buildFrame(view, root) {
  const { strings } = view;
  buildParts(view);
  const { parts } = view;
  const heading = (text, ...more) => el("h3", { text }, ...more);
  const panes = el(
    "div",
    { class: "panes" },
    el("section", {}, heading(strings.map, buildLegend(view)), parts.map),
    el("section", {}, heading(strings.candidates), parts.both),
  );
  view.root = el(
    "div",
    { class: "player comparison", tabindex: "0", role: "group", "aria-label": strings.comparison },
    parts.bar,
    parts.outputsBox,
    panes,
    heading(strings.sources),
    parts.sources,
    parts.table,
    el("p", { class: "keys", text: strings.keys }),
    parts.live,
  );
  root.replaceChildren(view.root);
  listen(view);
}

// The elements that are painted anew, by their names.
function buildParts(view) {
  const parts = (view.parts = {});
  const part = (name, tag, attributes = {}, ...children) =>
    (parts[name] = el(tag, { class: name, ...attributes }, ...children));
  const { strings } = view;
  part("bar", "div", { role: "toolbar", "aria-label": strings.comparison });
  part("outputs", "table", { class: "lanes outputs" });
  part(
    "outputsBox",
    "div",
    { class: "lanesBox scroll", tabindex: "0", role: "group", "aria-label": strings.outputs },
    parts.outputs,
  );
  part("sources", "div", { role: "group", "aria-label": strings.sources });
  part("map", "div", { class: "map scroll", role: "img", tabindex: "0", "aria-label": strings.map_help });
  part("both", "div");
  part("tableBody", "div");
  part("table", "details", {}, el("summary", { text: strings.table }), parts.tableBody);
  part("live", "div", { "aria-live": "polite" });
  parts.table.addEventListener("toggle", () => paint(view));
}

function goToRow(view, row) {
  view.row = Math.max(0, Math.min(row, view.rows.length - 1));
  view.hover = null;
  paint(view);
}

// Show the difference or the weights of one run.
function showOnMap(view, shown) {
  view.shown = shown;
  colourMap(view);
  paint(view);
}

function paint(view) {
  view.at = Math.min(view.hover ?? view.row, view.rows.length - 1);
  paintSources(view);
  paintOutputs(view);
  paintMap(view);
  view.parts.both.replaceChildren(candidateList(view, 0, view.at), candidateList(view, 1, view.at));
  view.parts.tableBody.replaceChildren(...(view.parts.table.open ? [weightTable(view, view.at)] : []));
  view.where.textContent = fill(view.strings.where, { step: view.at + 1, steps: view.rows.length });
  for (const node of view.switches) node.setAttribute("aria-pressed", node.dataset.shown === view.shown);
  if (view.hover === null) announce(view);
}

// After a pause, write the step into the address and tell a screen reader.
function announce(view) {
  clearTimeout(view.later);
  view.later = setTimeout(() => {
    if (!view.root.isConnected) return;
    const word = (n) => stepOf(view, n, view.row)?.said ?? "–";
    view.parts.live.textContent = fill(view.strings.announce, { step: view.row + 1, a: word(0), b: word(1) });
    enter(address(view));
  }, PAUSE);
}

function address(view) {
  return `${location.pathname}?${new URLSearchParams({ ...view.link, step: view.row + 1 })}`;
}

// Pointing previews a row and a column, a click stays there, Esc gives up what was clicked; all as in the player.
function listen(view) {
  const { sources, outputs, map } = view.parts;
  const on = (node, type, action) => node.addEventListener(type, guarded("comparison", action));
  const point = (action) => (event) => event.pointerType !== "touch" && action(event);
  on(sources, "pointerover", point((e) => preview(view, view.hover, numberAt(e, "c"))));
  on(sources, "click", (e) => numberAt(e, "c") !== null && lockColumn(view, numberAt(e, "c")));
  on(outputs, "pointerover", point((e) => preview(view, numberAt(e, "r"), null)));
  on(outputs, "click", (e) => numberAt(e, "r") !== null && goToRow(view, numberAt(e, "r")));
  on(map, "pointermove", point((e) => preview(view, ...mapPosition(view, e))));
  on(map, "click", (e) => clickMap(view, e));
  for (const node of [sources, outputs, map]) on(node, "pointerleave", () => preview(view, null, null));
  view.onKey = guarded("comparison", (event) => pressKey(view, event));
  document.addEventListener("keydown", view.onKey);
}

function preview(view, row, column) {
  const marked = column ?? view.locked;
  if (view.hover === row && view.column === marked) return;
  Object.assign(view, { hover: row, column: marked });
  paint(view);
}

// Keep a column marked. With ``toggle`` a second click on it ends that.
function lockColumn(view, column, toggle = true) {
  view.locked = view.column = toggle && view.locked === column ? null : column;
  paint(view);
}

// Row and column of the cell or the head under a pointer; null for what there is not.
function mapPosition(view, event) {
  const cell = cellUnder(view, event);
  return [cell?.r ?? numberAt(event, "r"), cell?.c ?? numberAt(event, "c")];
}

function clickMap(view, event) {
  const [row, column] = mapPosition(view, event);
  if (column !== null) lockColumn(view, column, !cellUnder(view, event));
  if (row !== null) goToRow(view, row);
}

function pressKey(view, event) {
  byKey(view.root, event, {
    ArrowLeft: () => goToRow(view, view.row - 1),
    ArrowRight: () => goToRow(view, view.row + 1),
    Home: () => goToRow(view, 0),
    End: () => goToRow(view, Infinity),
    t: () => showOnMap(view, VIEWS_OF_MAP[(VIEWS_OF_MAP.indexOf(view.shown) + 1) % VIEWS_OF_MAP.length]),
    Escape: () => (Object.assign(view, { locked: null, column: null, hover: null }), paint(view)),
  });
}

// The row of the address's step, from 0; null if the address names another comparison or no step.
function linkedRow(view) {
  const here = new URLSearchParams(location.search);
  const same = Object.entries(view.link).every(
    ([name, value]) => name === "lang" || (here.get(name) ?? value) === value,
  );
  return same ? namedStep(here.get("step")) : null;
}

// The name of what is compared, in any language.
const nameOf = ({ lang, ...link }) => `comparison ${JSON.stringify(link)}`;

function leave({ link, row }) {
  if (link) keepPlace(nameOf(link), row);
}

function build(view, data, root) {
  const first = view.link === undefined;
  leave(view);
  const before = JSON.stringify([view.rows, view.columns, view.sides]);
  Object.assign(view, data, { hover: null, column: null, locked: null });
  // if only the language has changed, the row stays
  const same = before === JSON.stringify([view.rows, view.columns, view.sides]);
  view.unknown = view.sides.map((side) => new Set(side.unknown));
  const place = placeIn(nameOf(view.link)) ?? view.start;
  view.row = first ? (linkedRow(view) ?? place) : same ? view.row : place;
  view.row = view.at = Math.max(0, Math.min(view.row, view.rows.length - 1));
  buildFrame(view, root);
  buildBar(view);
  buildSources(view);
  buildOutputs(view);
  buildMap(view);
  watchRoom(view);
}

// Fit the map whenever the room changes, and fade what goes on.
function watchRoom(view) {
  view.end?.();
  const { outputsBox, map } = view.parts;
  const edges = fadeEdges([outputsBox, map]);
  let known = fitMap(view);
  const fit = () => {
    const room = fitMap(view);
    if (room === known || !view.root.isConnected) return;
    known = room;
    paint(view);
    edges.mark();
  };
  const observer = new ResizeObserver(fit);
  for (const node of [view.root, outputsBox]) observer.observe(node);
  addEventListener("resize", fit);
  view.end = () => {
    observer.disconnect();
    edges.end();
    removeEventListener("resize", fit);
  };
}

export default function (component) {
  const { run, ...data } = component.data;
  const root = component.parentElement.querySelector(".lookback");
  let view = VIEWS.get(root);
  if (!view) VIEWS.set(root, (view = { shown: "difference" }));
  const identity = JSON.stringify(data);
  if (view.identity !== identity) {
    if (view.onKey) document.removeEventListener("keydown", view.onKey);
    build(view, data, root);
    view.identity = identity;
  }
  paint(view);
  takeKeys(view.root, run);
  return () => {
    leave(view);
    view.end();
    clearTimeout(view.later);
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(root);
  };
}
