// Two runs beside each other: holds both and paints one aligned step. Python is not asked for a step.

import { copyLink, el, enter, fill, icon, shade } from "../../../player/browser/dom.js";
import { byKey, takeKeys } from "../../../player/browser/keys.js";
import { VIEWS_OF_MAP, buildMap, colourMap, fork, mapCell, paintMap } from "./map.js";
import { buildOutputs, buildSources, candidates, numbers, paintOutputs, paintSources, stepOf } from "./step.js";

const VIEWS = new WeakMap(); // one view for each place where the component is mounted

function buildBar(view) {
  const { strings } = view;
  const button = (name, title, action, ...content) => el("button", { type: "button", class: name, title, "aria-label": title, onclick: action }, ...content);
  const go = (name, action) => button(name, strings[name], action, icon(name));
  view.where = el("span", { class: "where" });
  view.switches = VIEWS_OF_MAP.map((name) =>
    el("button", { type: "button", class: "shown", "data-shown": name, text: strings[`show_${name}`], onclick: () => look(view, name) }),
  );
  view.copied = button("link", strings.copy_link, () => copyLink(view, address(view)), strings.link);
  const jump = button("jump", strings.jump, () => show(view, view.parting), fork(), ` ${view.parting + 1}`);
  view.parts.bar.replaceChildren(
    el("span", { class: "group" }, go("first", () => show(view, 0)), go("back", () => show(view, view.row - 1)), go("next", () => show(view, view.row + 1)), go("last", () => show(view, Infinity))),
    view.where,
    ...(view.parting === null ? [] : [jump]),
    el("span", { class: "switch", role: "group", "aria-label": strings.show }, ...view.switches),
    el("span", { class: "group right" }, view.copied),
  );
}

function legend(view) {
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

function frame(view, root) {
  const parts = (view.parts = {});
  const part = (name, tag, attributes = {}, ...children) => (parts[name] = el(tag, { class: name, ...attributes }, ...children));
  const { strings } = view;
  part("bar", "div", { role: "toolbar", "aria-label": strings.comparison });
  part("outputs", "table", { class: "lanes outputs" });
  part("outputsBox", "div", { class: "lanesBox scroll" }, parts.outputs);
  part("sources", "div", { role: "group", "aria-label": strings.sources });
  part("map", "div", { class: "map scroll", role: "img", "aria-label": strings.map_help });
  part("both", "div");
  part("tableBody", "div");
  part("table", "details", {}, el("summary", { text: strings.table }), parts.tableBody);
  part("live", "div", { "aria-live": "polite" });
  parts.table.addEventListener("toggle", () => paint(view));
  view.root = el(
    "div",
    { class: "player comparison", tabindex: "0", role: "group", "aria-label": strings.comparison },
    parts.bar,
    el("h3", { text: strings.outputs }),
    parts.outputsBox,
    el("h3", { text: strings.sources }),
    parts.sources,
    el("div", { class: "panes" }, el("section", {}, el("h3", { text: strings.map }, legend(view)), parts.map), el("section", {}, el("h3", { text: strings.candidates }), parts.both)),
    parts.table,
    el("p", { class: "keys", text: strings.keys }),
    parts.live,
  );
  root.replaceChildren(view.root);
  listen(view);
}

function show(view, row) {
  view.row = Math.max(0, Math.min(row, view.rows.length - 1));
  view.hover = null;
  paint(view);
}

function look(view, shown) {
  view.shown = shown;
  colourMap(view);
  paint(view);
}

function paint(view) {
  view.at = Math.min(view.hover ?? view.row, view.rows.length - 1);
  paintSources(view);
  paintOutputs(view);
  paintMap(view);
  view.parts.both.replaceChildren(candidates(view, 0, view.at), candidates(view, 1, view.at));
  view.parts.tableBody.replaceChildren(...(view.parts.table.open ? [numbers(view, view.at)] : []));
  view.where.textContent = fill(view.strings.where, { step: view.at + 1, steps: view.rows.length });
  for (const node of view.switches) node.setAttribute("aria-pressed", node.dataset.shown === view.shown);
  if (view.hover === null) announce(view);
}

// After a pause: the address gets the step, a screen reader hears it.
function announce(view) {
  clearTimeout(view.later);
  view.later = setTimeout(() => {
    if (!view.root.isConnected) return;
    const word = (n) => stepOf(view, n, view.row)?.said ?? "–";
    view.parts.live.textContent = fill(view.strings.announce, { step: view.row + 1, a: word(0), b: word(1) });
    enter(address(view));
  }, 250);
}

function address(view) {
  return `${location.pathname}?${new URLSearchParams({ ...view.link, step: view.row + 1 })}`;
}

// Hover previews, a click stays, Esc clears, as in the player.
function listen(view) {
  const { sources, outputs, map } = view.parts;
  const guarded = (action) => (event) => {
    try {
      action(event);
    } catch (error) {
      console.error("lookback comparison", error);
    }
  };
  const number = (event, key) => {
    const value = event.target.closest(`[data-${key}]`)?.dataset[key];
    return value === undefined ? null : Number(value);
  };
  const on = (node, type, action) => node.addEventListener(type, guarded(action));
  const over = (action) => (event) => event.pointerType !== "touch" && action(event);
  const preview = (row, column) => {
    const marked = column ?? view.locked;
    if (view.hover === row && view.column === marked) return;
    Object.assign(view, { hover: row, column: marked });
    paint(view);
  };
  const lock = (column, always = false) => {
    view.locked = view.column = view.locked === column && !always ? null : column;
    paint(view);
  };
  on(sources, "pointerover", over((e) => preview(view.hover, number(e, "c"))));
  on(sources, "click", (e) => number(e, "c") !== null && lock(number(e, "c")));
  on(outputs, "pointerover", over((e) => preview(number(e, "r"), null)));
  on(outputs, "click", (e) => number(e, "r") !== null && show(view, number(e, "r")));
  on(map, "pointermove", over((e) => preview(mapCell(view, e)?.r ?? number(e, "r"), mapCell(view, e)?.c ?? number(e, "c"))));
  on(map, "click", (e) => {
    const here = mapCell(view, e);
    if (here) lock(here.c, true);
    else if (number(e, "c") !== null) lock(number(e, "c"));
    const row = here?.r ?? number(e, "r");
    if (row !== null) show(view, row);
  });
  for (const node of [sources, outputs, map]) on(node, "pointerleave", () => preview(null, null));
  view.onKey = guarded((event) => key(view, event));
  document.addEventListener("keydown", view.onKey);
}

// Keys are for the whole page while the comparison is in sight, but never taken from a field or a choice.
function key(view, event) {
  byKey(view.root, event, {
    ArrowLeft: () => show(view, view.row - 1),
    ArrowRight: () => show(view, view.row + 1),
    Home: () => show(view, 0),
    End: () => show(view, Infinity),
    t: () => look(view, VIEWS_OF_MAP[(VIEWS_OF_MAP.indexOf(view.shown) + 1) % VIEWS_OF_MAP.length]),
    Escape: () => (Object.assign(view, { locked: null, column: null, hover: null }), paint(view)),
  });
}

// Where a comparison that has just been mounted begins: at the address's step if the address names what is shown.
function linked(view) {
  const here = new URLSearchParams(location.search);
  const same = Object.entries(view.link).every(([name, value]) => name === "lang" || (here.get(name) ?? value) === value);
  const step = Number.parseInt(here.get("step") ?? "", 10);
  return same && step > 0 ? step - 1 : null;
}

function build(view, data, root) {
  const first = view.link === undefined;
  const before = JSON.stringify([view.rows, view.columns, view.sides]);
  Object.assign(view, data, { hover: null, column: null, locked: null });
  const same = before === JSON.stringify([view.rows, view.columns, view.sides]); // in another language: stay where we are
  view.unknown = view.sides.map((side) => new Set(side.unknown));
  view.row = first ? (linked(view) ?? view.start) : same ? view.row : view.start;
  view.row = view.at = Math.max(0, Math.min(view.row, view.rows.length - 1));
  frame(view, root);
  buildBar(view);
  buildSources(view);
  buildOutputs(view);
  buildMap(view);
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
    clearTimeout(view.later);
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(root);
  };
}
