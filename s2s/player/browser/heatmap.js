// The heatmap of a lane's attention: a canvas with one pixel a cell, stretched, and labels that stay while it scrolls.

import { el, label, reveal, shade, standing } from "./dom.js";
import { isMiss, spokenWord } from "./model.js";

export const CELL = { width: 30, height: 26 }; // pixels of the page, unless ``sizeCells`` sets others

// Build the heatmap of a trace into ``dom.map``; its nodes go into ``dom``, too.
export function buildHeatmap(dom, trace, strings, palette) {
  const S = trace.source.tokens.length;
  const T = trace.steps.length;
  if (!T) return dom.map.replaceChildren(); // no step is revealed yet
  const unknown = new Set(trace.source.unknown);
  const heads = trace.source.tokens.map((token, s) => {
    const classes = ["head", standing(token), unknown.has(s) ? "unknown" : ""].filter(Boolean);
    return el("div", { class: classes.join(" "), "data-s": s }, label(token));
  });
  const sides = trace.steps.map((step, t) => {
    const mark = step.own_attention ? [el("span", { class: "mark", text: "✎ ", title: strings.edited_here })] : [];
    const said = label(spokenWord(step, trace.mode).token);
    return el("div", { class: "side" + (isMiss(trace, t) ? " miss" : ""), "data-t": t }, ...mark, said);
  });
  const canvas = el("canvas", { width: S, height: T, "aria-hidden": "true" });
  dom.bandRow = el("div", { class: "band row" });
  dom.bandColumn = el("div", { class: "band column" });
  const cells = el("div", { class: "cells" }, canvas, dom.bandRow, dom.bandColumn);
  cells.style.width = canvas.style.width = `calc(${S} * var(--cell-width))`;
  cells.style.height = canvas.style.height = `calc(${T} * var(--cell-height))`;
  Object.assign(dom, { canvas, cells, heads, sides, markedHead: null, markedSide: null });
  sizeCells(dom, CELL);
  dom.map.replaceChildren(
    el("div", { class: "corner", text: strings.corner }),
    el("div", { class: "heads" }, ...heads),
    el("div", { class: "sides" }, ...sides),
    cells,
  );
  colourHeatmap(dom, trace, palette);
}

// Set the size of all cells, in pixels.
export function sizeCells(dom, cell) {
  dom.cell = cell;
  dom.map.style.setProperty("--cell-width", `${cell.width}px`);
  dom.map.style.setProperty("--cell-height", `${cell.height}px`);
}

// Paint all cells. Colours depend on the theme, so this runs again when the theme changes.
export function colourHeatmap({ canvas }, trace, palette) {
  if (!trace.steps.length) return;
  const [from, to] = [palette.background, palette.attention];
  const image = new ImageData(canvas.width, canvas.height);
  trace.steps.forEach((step, t) => {
    step.attention.forEach((weight, s) => {
      const at = 4 * (t * canvas.width + s);
      const share = shade(weight);
      for (let c = 0; c < 3; c++) image.data[at + c] = from[c] + share * (to[c] - from[c]);
      image.data[at + 3] = 255;
    });
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// Colour one row while its attention is edited.
export function paintRow({ canvas }, palette, t, row) {
  const [from, to] = [palette.background, palette.attention];
  const image = new ImageData(row.length, 1);
  row.forEach((weight, s) => {
    for (let c = 0; c < 3; c++) image.data[4 * s + c] = from[c] + shade(weight) * (to[c] - from[c]);
    image.data[4 * s + 3] = 255;
  });
  canvas.getContext("2d").putImageData(image, 0, t);
}

// Mark a row and a column (null: none).
export function paintHeatmap(dom, row, column) {
  dom.bandRow.style.transform = `translateY(${row * dom.cell.height}px)`;
  dom.bandColumn.style.transform = `translateX(${(column ?? 0) * dom.cell.width}px)`;
  dom.bandColumn.style.display = column === null ? "none" : "";
  if (dom.markedHead !== column) {
    dom.heads[dom.markedHead]?.classList.remove("marked");
    dom.heads[column]?.classList.add("marked");
    dom.markedHead = column;
  }
  if (dom.markedSide !== row) {
    dom.sides[dom.markedSide]?.classList.remove("now");
    dom.sides[row]?.classList.add("now");
    dom.markedSide = row;
  }
}

// Scroll so that a cell is seen.
export function followCell(dom, { s, t }) {
  const [left, top] = [dom.cells.offsetLeft, dom.cells.offsetTop];
  const { width, height } = dom.cell;
  reveal(dom.map, "y", top + t * height, height, top);
  reveal(dom.map, "x", left + s * width, width, left);
}

// The cell {s, t} under a pointer, or null. The box is measured on screen, because a projector's page is zoomed.
export function cellAt({ cells }, trace, event) {
  const box = cells.getBoundingClientRect();
  const [S, T] = [trace.source.tokens.length, trace.steps.length];
  const s = Math.floor(((event.clientX - box.left) / box.width) * S);
  const t = Math.floor(((event.clientY - box.top) / box.height) * T);
  const inside = s >= 0 && t >= 0 && s < S && t < T;
  return inside ? { s, t } : null;
}
