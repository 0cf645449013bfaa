// The map of the difference: a row for each aligned step, a column for each group of source tokens that belong
// together, a canvas pixel for each cell.

import { argmax, el, icon, isWide, label, reveal, shade, standing } from "../../../player/browser/dom.js";
import { channelsOf, colourOf } from "../../../player/browser/palette.js";
import { clamp, heightBelow } from "../../../player/browser/room.js";

const LEAST = { width: 30, height: 19 }; // pixels of a cell that can still be read and pressed
const MOST = { width: 80, height: 36 };
const LEAST_MAP = 180; // pixels: a lower map scrolls the page instead
const BELOW = 10; // pixels that stay free below the map
const BESIDE = 348; // pixels of the candidates beside the map, and of the gap
export const VIEWS_OF_MAP = ["difference", "a", "b"];

// The weight of a cell in run n (0 is A, 1 is B); null where that run has no such step or column.
export const weightAt = (view, n, r, c) => view.sides[n].attention[r][c];

// The colour of a cell by its name, and the share of it from 0 to 1. In the difference the run with the larger weight
// gives the colour; a cell that only one run has is grey.
export function cellColour(shown, a, b) {
  if (shown === "a") return ["a", a ?? 0];
  if (shown === "b") return ["b", b ?? 0];
  if (a === null || b === null) return ["only", a ?? b ?? 0];
  return b >= a ? ["b", b - a] : ["a", a - b];
}

const colourAt = (view, r, c) => cellColour(view.shown, weightAt(view, 0, r, c), weightAt(view, 1, r, c));

// The words of run n in a column.
export const wordsOf = (view, n, column) => (n ? column.b : column.a).map((s) => view.sides[n].tokens[s]);
export const sameWords = (a, b) => a.length === b.length && a.every((word, i) => word === b[i]);

// The sign ⑂ for the step where the runs part, as a drawing: few fonts have the character.
export function forkSign() {
  const sign = icon("play");
  sign.classList.add("fork");
  sign.firstChild.setAttribute("d", "M8 15V9M8 9C3.5 8 3.5 5 3.5 1M8 9c4.5-1 4.5-4 4.5-8");
  return sign;
}

// A label of A's words: alone if B has the same ones, else struck out and followed by B's.
function pairLabel(a, b) {
  if (sameWords(a, b)) return a.map((word) => label(word));
  const side = (words, name) =>
    el("span", { class: name }, ...words.flatMap((word, i) => (i ? ["·", label(word)] : [label(word)])));
  return [
    ...(a.length ? [side(a, "was")] : []),
    ...(a.length && b.length ? [" → "] : []),
    ...(b.length ? [side(b, "is")] : []),
  ];
}

function unknownColumn(view, column) {
  return column.a.some((s) => view.unknown[0].has(s)) || column.b.some((s) => view.unknown[1].has(s));
}

// How the words of a column's head stand, as ``standing`` says for one: several run down unless one has to lie.
export function standingOf(words) {
  const [first, ...others] = new Set(words);
  if (!others.length) return standing(first);
  return [first, ...others].some((word) => standing(word) === "" && !isWide(word)) ? "" : "stacked";
}

export function buildMap(view) {
  const { parts, columns, rows } = view;
  const channels = (name) => channelsOf(colourOf(view.root, name));
  view.colours = { a: channels("other"), b: channels("attention"), only: channels("single") };
  view.heads = columns.map((column, c) => columnHead(view, column, c));
  view.marks = rows.map((pair, r) => rowHead(view, pair, r));
  view.canvas = el("canvas", { width: columns.length, height: rows.length, "aria-hidden": "true" });
  view.bandRow = el("div", { class: "band row" });
  view.bandColumn = el("div", { class: "band column" });
  view.cells = el("div", { class: "cells" }, view.canvas, view.bandRow, view.bandColumn);
  parts.map.replaceChildren(
    el("div", { class: "corner", text: view.strings.corner }),
    el("div", { class: "heads" }, ...view.heads),
    el("div", { class: "sides" }, ...view.marks),
    view.cells,
  );
  colourMap(view);
  fitMap(view);
}

// Choose the size of the cells for the room that there is. Returns that room, to tell when it has become another.
export function fitMap(view) {
  const { parts: { map }, root, rows, columns } = view;
  const below = Math.max(heightBelow(map) - BELOW, LEAST_MAP);
  const beside = getComputedStyle(map.closest(".panes")).gridTemplateColumns.includes(" ") ? BESIDE : 0;
  const across = (root.clientWidth - beside - view.cells.offsetLeft) / Math.max(1, columns.length);
  const width = clamp(Math.floor(across), LEAST.width, MOST.width);
  map.style.setProperty("--cell-width", `${width}px`);
  layHeads(view, width);
  const down = (below - view.cells.offsetTop - 2) / Math.max(1, rows.length);
  const height = clamp(Math.floor(down), LEAST.height, MOST.height);
  map.style.setProperty("--cell-height", `${height}px`);
  map.style.maxHeight = `${Math.floor(below)}px`;
  view.cells.style.width = view.canvas.style.width = `${columns.length * width}px`;
  view.cells.style.height = view.canvas.style.height = `${rows.length * height}px`;
  view.cell = { width, height };
  return [root.clientWidth, Math.round(below)].join();
}

// Words above the columns lie unless one is wider than its column.
function layHeads(view, width) {
  const { map } = view.parts;
  map.classList.add("wide");
  map.classList.toggle("wide", view.heads.every((head) => head.scrollWidth <= width));
}

function columnHead(view, column, c) {
  const [a, b] = [wordsOf(view, 0, column), wordsOf(view, 1, column)];
  const single = !column.a.length || !column.b.length;
  const classes = [
    "head",
    standingOf([...a, ...b]),
    unknownColumn(view, column) ? "unknown" : "",
    single ? "only" : "",
  ];
  return el("div", { class: classes.join(" "), "data-c": c }, ...pairLabel(a, b));
}

function rowHead(view, pair, r) {
  const [a, b] = pair.map((t, n) => (t === null ? [] : [view.sides[n].steps[t].output]));
  const sign = r === view.parting ? [el("b", { class: "parting" }, forkSign())] : [];
  return el("div", { class: "side", "data-r": r }, ...sign, ...pairLabel(a, b));
}

// The weight is a pixel's opacity, so that the map does not depend on the theme.
export function colourMap(view) {
  const image = new ImageData(Math.max(1, view.columns.length), Math.max(1, view.rows.length));
  view.rows.forEach((_, r) => {
    view.columns.forEach((_, c) => {
      const [colour, weight] = colourAt(view, r, c);
      image.data.set([...view.colours[colour], Math.round(255 * shade(weight))], 4 * (r * view.columns.length + c));
    });
  });
  view.canvas.getContext("2d").putImageData(image, 0, 0);
}

export function paintMap(view) {
  view.bandRow.style.transform = `translateY(${view.at * view.cell.height}px)`;
  view.bandColumn.style.transform = `translateX(${(view.column ?? 0) * view.cell.width}px)`;
  view.bandColumn.style.display = view.column === null ? "none" : "";
  view.heads.forEach((head, c) => head.classList.toggle("marked", c === view.column));
  view.marks.forEach((mark, r) => mark.classList.toggle("now", r === view.at));
  if (view.hover === null) {
    const [left, top] = [view.cells.offsetLeft, view.cells.offsetTop];
    reveal(view.parts.map, "y", top + view.row * view.cell.height, view.cell.height, top);
    const moved = view.columns.map((_, c) => colourAt(view, view.row, c)[1]);
    if (moved.some((x) => x > 0))
      reveal(view.parts.map, "x", left + argmax(moved) * view.cell.width, view.cell.width, left);
  }
}

// The row and column of the cell under a pointer, or null.
export function cellUnder(view, event) {
  const box = view.cells.getBoundingClientRect();
  const c = Math.floor((event.clientX - box.left) / view.cell.width);
  const r = Math.floor((event.clientY - box.top) / view.cell.height);
  return c >= 0 && r >= 0 && c < view.columns.length && r < view.rows.length ? { c, r } : null;
}
