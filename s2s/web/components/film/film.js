// The film of a training: holds every moment and paints one. Python is not asked while one looks through them.

import { decimals, el, fill, icon, isSpecial, label, percent } from "../../../player/browser/dom.js";
import { CELL, buildHeatmap, colourHeatmap } from "../../../player/browser/heatmap.js";
import { LINES, paintCurve } from "./curve.js";
import { listen } from "./input.js";

export const ACTS = { paintBands, paint, show, play, choose }; // for the files below this one
export const VIEWS = new WeakMap(); // one view for each place where the component is mounted
const TICK = 160; // milliseconds a moment

export const last = (view) => view.moments.length - 1;
const sentenceOf = (view) => view.sentences[view.which];
const frameOf = (view) => view.frames[view.shown][view.which];

// One frame as the player's heatmap reads a trace; weights came as whole thousandths, row after row.
function traceOf(view) {
  const { tokens, unknown, target } = sentenceOf(view);
  const { weights } = frameOf(view);
  const steps = target.map((output, t) => ({
    output,
    attention: weights.slice(t * tokens.length, (t + 1) * tokens.length).map((w) => w / 1000),
  }));
  return { source: { tokens, unknown }, steps };
}

function pressable(view, name, action) {
  const title = view.strings[name];
  return el("button", { type: "button", class: name, title, "aria-label": title, onclick: action }, icon(name));
}

export function buildBar(view) {
  const { strings } = view;
  view.playButton = pressable(view, "play", () => play(view, !view.timer));
  view.slider = el("input", { type: "range", class: "slider", min: 0, step: 1, "aria-label": strings.slider });
  view.slider.addEventListener("input", () => show(view, Number(view.slider.value)));
  view.where = el("span", { class: "where" });
  view.parts.bar.replaceChildren(
    el(
      "span",
      { class: "group" },
      pressable(view, "first", () => show(view, 0)),
      pressable(view, "back", () => show(view, view.at - 1)),
      view.playButton,
      pressable(view, "next", () => show(view, view.at + 1)),
      pressable(view, "last", () => show(view, Infinity)),
    ),
    view.slider,
    view.where,
  );
  view.choices = view.sentences.map(({ source }, i) =>
    el("button", { type: "button", "data-which": i, dir: "auto", text: source, onclick: () => choose(view, i) }),
  );
  view.parts.choices.replaceChildren(...view.choices);
}

export function frame(view, root) {
  const parts = (view.parts = {});
  const part = (name, tag, attributes = {}, ...children) => (parts[name] = el(tag, { class: name, ...attributes }, ...children));
  const { strings } = view;
  part("bar", "div", { role: "toolbar", "aria-label": strings.film });
  part("choices", "div", { role: "group", "aria-label": strings.sentence });
  part("map", "div", { class: "map scroll", role: "img", "aria-label": strings.map_help });
  part("curve", "div", { role: "img", "aria-label": strings.curve_help });
  part("numbers", "p", { class: "sum" });
  part("lanes", "table", { class: "lanes" });
  part("alone", "p", { class: "output" });
  part("tableBody", "div");
  part("table", "details", {}, el("summary", { text: strings.table }), parts.tableBody);
  part("live", "div", { "aria-live": "polite" });
  parts.table.addEventListener("toggle", () => paintTable(view));
  const key = el("span", { class: "key" }, ...LINES.map((name) => el("span", { class: name, text: strings[name] })));
  view.root = el(
    "div",
    { class: "player film", tabindex: "0", role: "group", "aria-label": strings.film },
    parts.bar,
    parts.choices,
    el("h3", { text: strings.says }),
    parts.alone,
    el("div", { class: "panes" },
      el("section", {}, el("h3", { text: strings.map }), parts.map),
      el("section", {}, el("h3", { text: strings.curve }), key, parts.curve, parts.numbers)),
    el("h3", { text: strings.forced }),
    el("div", { class: "lanesBox scroll" }, parts.lanes),
    parts.table,
    el("p", { class: "keys", text: strings.keys }),
    parts.live,
  );
  root.replaceChildren(view.root);
  listen(view);
}

export function buildSentence(view) {
  const { target } = sentenceOf(view);
  view.trace = traceOf(view);
  buildHeatmap(view.parts, view.trace, view.strings, view.palette);
  view.cellsOfLane = target.map(() => el("td", {}, el("span", { class: "token" }), el("span", { class: "p" })));
  const row = (name, ...cells) => el("tr", { class: name }, el("th", { scope: "row", text: view.strings[`row_${name}`] }), ...cells);
  view.parts.lanes.replaceChildren(row("reference", ...target.map((token) => el("td", {}, label(token)))), row("model", ...view.cellsOfLane));
}

function show(view, at) {
  view.at = Math.max(0, Math.min(at, last(view)));
  view.preview = null;
  view.follow = view.at === last(view);
  paint(view);
}

function choose(view, which) {
  view.which = which;
  view.row = view.column = null;
  buildSentence(view);
  paint(view);
}

export function play(view, on) {
  clearInterval(view.timer);
  view.timer = null;
  if (on) {
    if (view.at >= last(view)) show(view, 0);
    view.timer = setInterval(() => {
      if (view.root.isConnected) show(view, view.at + 1);
      if (!view.root.isConnected || view.at >= last(view)) play(view, false);
    }, TICK);
  }
  const title = view.strings[on ? "pause" : "play"];
  view.playButton.replaceChildren(icon(on ? "pause" : "play"));
  view.playButton.title = title;
  view.playButton.setAttribute("aria-label", title);
}

export function paint(view) {
  view.shown = Math.min(view.preview ?? view.at, last(view));
  const moment = view.moments[view.shown];
  view.trace = traceOf(view);
  colourHeatmap(view.parts, view.trace, view.palette);
  paintBands(view);
  paintCurve(view, moment);
  paintWords(view);
  Object.assign(view.slider, { max: last(view), value: view.shown });
  view.where.textContent = fill(view.strings.where, { step: moment.step, steps: view.total });
  view.slider.setAttribute("aria-valuetext", view.where.textContent);
  view.parts.numbers.textContent = numbers(view, moment);
  for (const node of view.choices) node.setAttribute("aria-pressed", Number(node.dataset.which) === view.which);
  if (view.preview === null) {
    paintTable(view);
    announce(view, moment);
  }
}

function numbers(view, moment) {
  const loss = (x) => (x === null ? "–" : decimals(x));
  return fill(view.strings.numbers, { train: loss(moment.train), dev: loss(moment.dev), exact: percent(moment.exact), pairs: view.pairs, seconds: moment.seconds });
}

// The row and column under the pointer, or those that a click marked.
function paintBands(view) {
  const mark = (band, value, axis, size) => {
    band.style.display = value === null ? "none" : "";
    band.style.transform = `translate${axis}(${(value ?? 0) * size}px)`;
  };
  mark(view.parts.bandRow, view.row, "Y", CELL.height);
  mark(view.parts.bandColumn, view.column, "X", CELL.width);
  view.parts.heads.forEach((head, s) => head.classList.toggle("marked", s === view.column));
  view.parts.sides.forEach((side, t) => side.classList.toggle("now", t === view.row));
}

// What it says beside the reference's words, and what it says left alone.
function paintWords(view) {
  const { target, reference } = sentenceOf(view);
  const { said, right, text } = frameOf(view);
  view.cellsOfLane.forEach((cell, t) => {
    const [word, p] = cell.children;
    word.textContent = said[t];
    word.classList.toggle("special", isSpecial(said[t]));
    p.textContent = percent(right[t]);
    cell.className = said[t] === target[t] ? "" : "miss";
    cell.style.setProperty("--p", right[t]);
    view.parts.sides[t].classList.toggle("miss", said[t] !== target[t]);
  });
  const exact = text === reference;
  view.parts.alone.replaceChildren(
    el("b", { class: exact ? "right" : "wrong", dir: "auto", text: text || "–" }),
    el("span", { class: exact ? "right" : "wrong", text: exact ? ` ✓ ${view.strings.exact_output}` : " ✗ " }),
    ...(exact ? [] : [el("span", { class: "soft", text: fill(view.strings.reference, { text: reference }) })]),
  );
}

function paintTable(view) {
  if (!view.parts.table.open) return;
  const { tokens } = sentenceOf(view);
  const cells = (tag, values, attributes = {}) => values.map((text) => el(tag, { text, ...attributes }));
  const head = (values) => el("thead", {}, el("tr", {}, ...cells("th", values, { scope: "col" })));
  const table = (caption, heads, rows) =>
    el("div", { class: "scroll" }, el("table", { class: "numbers" }, el("caption", { text: caption }), head(heads), el("tbody", {}, ...rows)));
  const row = (name, values) => el("tr", {}, el("th", { scope: "row", text: name }), ...cells("td", values));
  const { strings } = view;
  const loss = (x) => (x === null ? "–" : decimals(x));
  view.parts.tableBody.replaceChildren(
    table(fill(strings.table_map, { step: view.moments[view.at].step }), [strings.corner, ...tokens], view.trace.steps.map((step) => row(step.output, step.attention.map((w) => w.toFixed(3))))),
    table(strings.table_curve, [strings.step, strings.train, strings.dev, strings.exact, strings.says], view.moments.map((m, i) => row(m.step, [loss(m.train), loss(m.dev), percent(m.exact), view.frames[i][view.which].text]))),
  );
}

// After a pause, a screen reader hears the moment.
function announce(view, moment) {
  clearTimeout(view.later);
  view.later = setTimeout(() => {
    if (view.root.isConnected) view.parts.live.textContent = `${view.where.textContent}. ${numbers(view, moment)} ${frameOf(view).text}`;
  }, 600);
}
