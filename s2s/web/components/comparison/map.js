// The map: a row an aligned step, a column the source tokens that belong together; one canvas pixel a cell.

import { argmax, el, icon, isWide, label, reveal, shade, standing } from "../../../player/browser/dom.js";
import { channelsOf, colourOf } from "../../../player/browser/palette.js";

const CELL = { width: 30, height: 26 };
export const VIEWS_OF_MAP = ["difference", "a", "b"];

export const cell = (view, n, r, c) => view.sides[n].attention[r][c];

// What one cell shows: a share of a colour. A cell that only one side has is grey, never left out.
function tint(view, r, c) {
  const [a, b] = [cell(view, 0, r, c), cell(view, 1, r, c)];
  const { colours } = view;
  if (view.shown === "a") return [colours.a, a ?? 0];
  if (view.shown === "b") return [colours.b, b ?? 0];
  if (a === null || b === null) return [colours.only, a ?? b ?? 0];
  return b >= a ? [colours.b, b - a] : [colours.a, a - b];
}

// The words of one side in a column or a row, joined where there are several.
export const wordsOf = (view, n, column) => (n ? column.b : column.a).map((s) => view.sides[n].tokens[s]);
export const sameWords = (a, b) => a.length === b.length && a.every((word, i) => word === b[i]);

// ⑂, where the runs part: drawn, as few fonts have the sign.
export function fork() {
  const sign = icon("play");
  sign.classList.add("fork");
  sign.firstChild.setAttribute("d", "M8 15V9M8 9C3.5 8 3.5 5 3.5 1M8 9c4.5-1 4.5-4 4.5-8");
  return sign;
}

// A's words struck out and B's after them where they differ; one name where they do not.
function pairLabel(a, b) {
  if (sameWords(a, b)) return a.map((word) => label(word));
  const side = (words, name) => el("span", { class: name }, ...words.flatMap((word, i) => (i ? ["·", label(word)] : [label(word)])));
  return [...(a.length ? [side(a, "was")] : []), ...(a.length && b.length ? [" → "] : []), ...(b.length ? [side(b, "is")] : [])];
}

function unknownColumn(view, column) {
  return column.a.some((s) => view.unknown[0].has(s)) || column.b.some((s) => view.unknown[1].has(s));
}

// As ``standing`` of one word; of several, one beside the other, they run down where none of them has to lie.
function pairStanding(words) {
  const [first, ...others] = new Set(words);
  if (!others.length) return standing(first);
  return [first, ...others].some((word) => standing(word) === "" && !isWide(word)) ? "" : "stacked";
}

export function buildMap(view) {
  const { parts, columns, rows } = view;
  const channels = (name) => channelsOf(colourOf(view.root, name));
  view.colours = { a: channels("other"), b: channels("attention"), only: channels("single") };
  view.heads = columns.map((column, c) => {
    const words = [...wordsOf(view, 0, column), ...wordsOf(view, 1, column)];
    const single = !column.a.length || !column.b.length;
    const classes = ["head", pairStanding(words), unknownColumn(view, column) ? "unknown" : "", single ? "only" : ""];
    return el("div", { class: classes.join(" "), "data-c": c }, ...pairLabel(wordsOf(view, 0, column), wordsOf(view, 1, column)));
  });
  view.marks = rows.map((pair, r) => {
    const [a, b] = pair.map((t, n) => (t === null ? [] : [view.sides[n].steps[t].output]));
    const mark = r === view.parting ? [el("b", { class: "parting" }, fork())] : [];
    return el("div", { class: "side", "data-r": r }, ...mark, ...pairLabel(a, b));
  });
  view.canvas = el("canvas", { width: columns.length, height: rows.length, "aria-hidden": "true" });
  view.bandRow = el("div", { class: "band row" });
  view.bandColumn = el("div", { class: "band column" });
  view.cells = el("div", { class: "cells" }, view.canvas, view.bandRow, view.bandColumn);
  view.cells.style.width = view.canvas.style.width = `${columns.length * CELL.width}px`;
  view.cells.style.height = view.canvas.style.height = `${rows.length * CELL.height}px`;
  parts.map.replaceChildren(
    el("div", { class: "corner", text: view.strings.corner }),
    el("div", { class: "heads" }, ...view.heads),
    el("div", { class: "sides" }, ...view.marks),
    view.cells,
  );
  colourMap(view);
}

// Colours have a transparency, so the map needs no colour of the theme.
export function colourMap(view) {
  const image = new ImageData(Math.max(1, view.columns.length), Math.max(1, view.rows.length));
  view.rows.forEach((_, r) => {
    view.columns.forEach((_, c) => {
      const [colour, weight] = tint(view, r, c);
      image.data.set([...colour, Math.round(255 * shade(weight))], 4 * (r * view.columns.length + c));
    });
  });
  view.canvas.getContext("2d").putImageData(image, 0, 0);
}

export function paintMap(view) {
  view.bandRow.style.transform = `translateY(${view.at * CELL.height}px)`;
  view.bandColumn.style.transform = `translateX(${(view.column ?? 0) * CELL.width}px)`;
  view.bandColumn.style.display = view.column === null ? "none" : "";
  view.heads.forEach((head, c) => head.classList.toggle("marked", c === view.column));
  view.marks.forEach((mark, r) => mark.classList.toggle("now", r === view.at));
  if (view.hover === null) {
    const [left, top] = [view.cells.offsetLeft, view.cells.offsetTop];
    reveal(view.parts.map, "y", top + view.row * CELL.height, CELL.height, top);
    const moved = view.columns.map((_, c) => tint(view, view.row, c)[1]);
    if (moved.some((x) => x > 0)) reveal(view.parts.map, "x", left + argmax(moved) * CELL.width, CELL.width, left);
  }
}

// The cell under a pointer, or null.
export function mapCell(view, event) {
  const box = view.cells.getBoundingClientRect();
  const c = Math.floor((event.clientX - box.left) / CELL.width);
  const r = Math.floor((event.clientY - box.top) / CELL.height);
  return c >= 0 && r >= 0 && c < view.columns.length && r < view.rows.length ? { c, r } : null;
}
