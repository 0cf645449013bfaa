// The film of a training: the browser holds every filmed moment and paints one. Python is not asked for a moment.

import { decimals, el, fill, icon, isSpecial, label, namedHead, percent } from "../../../player/browser/dom.js";
import { CELL, buildHeatmap, colourHeatmap } from "../../../player/browser/heatmap.js";
import { LINES, paintCurve } from "./curve.js";
import { listen } from "./film_events.js";

export const ACTS = { paintBands, paint, goToMoment, play, chooseSentence }; // called by the other files of this folder
export const VIEWS = new WeakMap(); // element where the component is mounted → its view
const TICK = 160; // milliseconds a moment while it plays
const PAUSE = 600; // milliseconds without a change before a screen reader is told
const UNITS = 1000; // weights come as whole thousandths

export const lastMoment = (view) => view.moments.length - 1;
const sentenceOf = (view) => view.sentences[view.which];
const frameOf = (view) => view.frames[view.shown][view.which];

// The frame on screen as a trace for the player's heatmap. Its weights come row after row.
function traceOf(view) {
  const { tokens, unknown, target } = sentenceOf(view);
  const { weights } = frameOf(view);
  const steps = target.map((output, t) => ({
    output,
    attention: weights.slice(t * tokens.length, (t + 1) * tokens.length).map((weight) => weight / UNITS),
  }));
  return { source: { tokens, unknown }, steps, reference_tokens: [] }; // the film marks misses itself
}

function iconButton(view, name, action) {
  const title = view.strings[name];
  return el("button", { type: "button", class: name, title, "aria-label": title, onclick: action }, icon(name));
}

export function buildBar(view) {
  const { strings } = view;
  view.playButton = iconButton(view, "play", () => play(view, !view.timer));
  view.slider = el("input", { type: "range", class: "slider", min: 0, step: 1, "aria-label": strings.slider });
  view.slider.addEventListener("input", () => goToMoment(view, Number(view.slider.value)));
  view.where = el("span", { class: "where" });
  view.parts.bar.replaceChildren(
    el(
      "span",
      { class: "group" },
      iconButton(view, "first", () => goToMoment(view, 0)),
      iconButton(view, "back", () => goToMoment(view, view.at - 1)),
      view.playButton,
      iconButton(view, "next", () => goToMoment(view, view.at + 1)),
      iconButton(view, "last", () => goToMoment(view, Infinity)),
    ),
    view.slider,
    view.where,
  );
  view.choices = view.sentences.map(({ source }, i) =>
    el("button", {
      type: "button",
      "data-which": i,
      dir: "auto",
      text: source,
      onclick: () => chooseSentence(view, i),
    }),
  );
  view.parts.choices.replaceChildren(...view.choices);
}

export function buildFrame(view, root) {
  const { strings } = view;
  buildParts(view);
  const { parts } = view;
  const heading = (text) => el("h3", { text });
  const key = el("span", { class: "key" }, ...LINES.map((name) => el("span", { class: name, text: strings[name] })));
  const panes = el(
    "div",
    { class: "panes" },
    el("section", {}, heading(strings.map), parts.map),
    el("section", {}, heading(strings.curve), key, parts.curve, parts.numbers),
  );
  view.root = el(
    "div",
    { class: "player film", tabindex: "0", role: "group", "aria-label": strings.film },
    parts.bar,
    parts.choices,
    heading(strings.says),
    parts.alone,
    panes,
    heading(strings.forced),
    el("div", { class: "lanesBox scroll", tabindex: "0" }, parts.lanes),
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
  part("bar", "div", { role: "toolbar", "aria-label": strings.film });
  part("choices", "div", { role: "group", "aria-label": strings.sentence });
  part("map", "div", { class: "map scroll", role: "img", tabindex: "0", "aria-label": strings.map_help });
  part("curve", "div", { role: "img", "aria-label": strings.curve_help });
  part("numbers", "p", { class: "sum" });
  part("lanes", "table", { class: "lanes" });
  part("alone", "p", { class: "output" });
  part("tableBody", "div");
  part("table", "details", {}, el("summary", { text: strings.table }), parts.tableBody);
  part("live", "div", { "aria-live": "polite" });
  parts.table.addEventListener("toggle", () => paintTable(view));
}

export function buildSentence(view) {
  const { target } = sentenceOf(view);
  view.trace = traceOf(view);
  buildHeatmap(view.parts, view.trace, view.strings, view.palette);
  view.cellsOfLane = target.map(() => el("td", {}, el("span", { class: "token" }), el("span", { class: "p" })));
  const row = (name, ...cells) =>
    el("tr", { class: name }, el("th", { scope: "row", text: view.strings[`row_${name}`] }), ...cells);
  view.parts.lanes.replaceChildren(
    row("reference", ...target.map((token) => el("td", {}, label(token)))),
    row("model", ...view.cellsOfLane),
  );
}

function goToMoment(view, at) {
  view.at = Math.max(0, Math.min(at, lastMoment(view)));
  view.preview = null;
  view.follow = view.at === lastMoment(view);
  paint(view);
}

function chooseSentence(view, which) {
  view.which = which;
  view.row = view.column = null;
  buildSentence(view);
  paint(view);
}

export function play(view, on) {
  clearInterval(view.timer);
  view.timer = null;
  if (on) {
    if (view.at >= lastMoment(view)) goToMoment(view, 0);
    view.timer = setInterval(() => {
      if (view.root.isConnected) goToMoment(view, view.at + 1);
      if (!view.root.isConnected || view.at >= lastMoment(view)) play(view, false);
    }, TICK);
  }
  const title = view.strings[on ? "pause" : "play"];
  view.playButton.replaceChildren(icon(on ? "pause" : "play"));
  view.playButton.title = title;
  view.playButton.setAttribute("aria-label", title);
}

export function paint(view) {
  view.shown = Math.min(view.preview ?? view.at, lastMoment(view));
  const moment = view.moments[view.shown];
  view.trace = traceOf(view);
  colourHeatmap(view.parts, view.trace, view.palette);
  paintBands(view);
  paintCurve(view, moment);
  paintWords(view);
  Object.assign(view.slider, { max: lastMoment(view), value: view.shown });
  view.where.textContent = fill(view.strings.where, { step: moment.step, steps: view.total });
  view.slider.setAttribute("aria-valuetext", view.where.textContent);
  view.parts.numbers.textContent = momentText(view, moment);
  for (const node of view.choices) node.setAttribute("aria-pressed", Number(node.dataset.which) === view.which);
  if (view.preview === null) {
    paintTable(view);
    announce(view, moment);
  }
}

const lossText = (loss) => (loss === null ? "–" : decimals(loss));

// The moment's losses, exact outputs and time in a sentence.
function momentText({ strings, pairs }, { train, dev, exact, seconds }) {
  return fill(strings.numbers, { train: lossText(train), dev: lossText(dev), exact: percent(exact), pairs, seconds });
}

// Mark the row and column under the pointer, or those of the last click.
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

// The words under teacher forcing, below those of the reference, and the free-running output.
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
  paintOutput(view, text, reference);
}

function paintOutput({ strings, parts }, text, reference) {
  const exact = text === reference;
  const name = exact ? "right" : "wrong";
  parts.alone.replaceChildren(
    el("b", { class: name, dir: "auto", text: text || "–" }),
    el("span", { class: name, text: exact ? ` ✓ ${strings.exact_output}` : " ✗ " }),
    ...(exact ? [] : [el("span", { class: "soft", text: fill(strings.reference, { text: reference }) })]),
  );
}

// The numbers of the map and of the curve as tables.
function paintTable(view) {
  const { strings, parts, moments, frames } = view;
  if (!parts.table.open) return;
  const weights = view.trace.steps.map((step) =>
    tableRow(
      step.output,
      step.attention.map((weight) => weight.toFixed(3)),
    ),
  );
  const losses = moments.map(({ step, train, dev, exact }, i) =>
    tableRow(step, [lossText(train), lossText(dev), percent(exact), frames[i][view.which].text]),
  );
  parts.tableBody.replaceChildren(
    numberTable(
      fill(strings.table_map, { step: moments[view.at].step }),
      [strings.corner, ...sentenceOf(view).tokens],
      weights,
    ),
    numberTable(strings.table_curve, [strings.step, strings.train, strings.dev, strings.exact, strings.says], losses),
  );
}

const tableRow = (name, values) =>
  el("tr", {}, el("th", { scope: "row", text: name }), ...values.map((text) => el("td", { text })));

function numberTable(caption, heads, rows) {
  const head = el("thead", {}, el("tr", {}, ...heads.map(namedHead)));
  return el(
    "div",
    { class: "scroll", tabindex: "0" },
    el("table", { class: "numbers" }, el("caption", { text: caption }), head, el("tbody", {}, ...rows)),
  );
}

// After a pause, tell a screen reader the moment.
function announce(view, moment) {
  clearTimeout(view.later);
  view.later = setTimeout(() => {
    if (!view.root.isConnected) return;
    const values = { where: view.where.textContent, numbers: momentText(view, moment), output: frameOf(view).text };
    view.parts.live.textContent = fill(view.strings.heard, values);
  }, PAUSE);
}
