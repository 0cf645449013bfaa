// Attention of every step: one canvas pixel a cell, stretched; labels that stay while it scrolls.

import { argmax, el, label, misses, reveal, shade, standing } from "./dom.js";

export const CELL = { width: 30, height: 26 };

export function buildHeatmap(view) {
  const { trace, parts } = view;
  const S = trace.source.tokens.length;
  const T = trace.steps.length;
  if (!T) return parts.map.replaceChildren(); // nothing is revealed yet
  const unknown = new Set(trace.source.unknown);
  const heads = trace.source.tokens.map((token, s) => {
    const classes = ["head", standing(token), unknown.has(s) ? "unknown" : ""].filter(Boolean);
    return el("div", { class: classes.join(" "), "data-s": s }, label(token));
  });
  const sides = trace.steps.map((step, t) => {
    const mark = step.own_attention ? [el("span", { class: "mark", text: "✎ ", title: view.strings.edited_here })] : [];
    return el("div", { class: "side" + (misses(step) ? " miss" : ""), "data-t": t }, ...mark, label(step.output));
  });
  const canvas = el("canvas", { width: S, height: T, "aria-hidden": "true" });
  view.bandRow = el("div", { class: "band row" });
  view.bandColumn = el("div", { class: "band column" });
  const cells = el("div", { class: "cells" }, canvas, view.bandRow, view.bandColumn);
  cells.style.width = canvas.style.width = `${S * CELL.width}px`;
  cells.style.height = canvas.style.height = `${T * CELL.height}px`;
  view.canvas = canvas;
  view.cells = cells;
  view.heads = heads;
  view.sides = sides;
  parts.map.replaceChildren(
    el("div", { class: "corner", text: view.strings.corner }),
    el("div", { class: "heads" }, ...heads),
    el("div", { class: "sides" }, ...sides),
    cells,
  );
  colourHeatmap(view);
}

// Colours depend on the theme, so this runs again when the theme changes.
export function colourHeatmap(view) {
  const { trace, canvas } = view;
  if (!trace.steps.length) return;
  const [from, to] = [view.palette.background, view.palette.attention];
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

// One row anew: while its attention is edited.
export function paintRow(view, t, row) {
  const [from, to] = [view.palette.background, view.palette.attention];
  const image = new ImageData(row.length, 1);
  row.forEach((weight, s) => {
    for (let c = 0; c < 3; c++) image.data[4 * s + c] = from[c] + shade(weight) * (to[c] - from[c]);
    image.data[4 * s + 3] = 255;
  });
  view.canvas.getContext("2d").putImageData(image, 0, t);
}

export function paintHeatmap(view) {
  view.bandRow.style.transform = `translateY(${view.shown * CELL.height}px)`;
  view.bandColumn.style.transform = `translateX(${(view.column ?? 0) * CELL.width}px)`;
  view.bandColumn.style.display = view.column === null ? "none" : "";
  if (view.markedHead !== view.column) {
    view.heads[view.markedHead]?.classList.remove("marked");
    view.heads[view.column]?.classList.add("marked");
    view.markedHead = view.column;
  }
  if (view.markedSide !== view.shown) {
    view.sides[view.markedSide]?.classList.remove("now");
    view.sides[view.shown]?.classList.add("now");
    view.markedSide = view.shown;
  }
  if (view.hover === null) {
    const { map } = view.parts;
    const [left, top] = [view.cells.offsetLeft, view.cells.offsetTop];
    const column = argmax(view.trace.steps[view.step].attention);
    reveal(map, "y", top + view.step * CELL.height, CELL.height, top);
    reveal(map, "x", left + column * CELL.width, CELL.width, left);
  }
}

// The cell under a pointer, or null. The box as it is on screen: a projector's page is zoomed.
export function cellAt(view, event) {
  const box = view.cells.getBoundingClientRect();
  const [S, T] = [view.trace.source.tokens.length, view.trace.steps.length];
  const s = Math.floor(((event.clientX - box.left) / box.width) * S);
  const t = Math.floor(((event.clientY - box.top) / box.height) * T);
  const inside = s >= 0 && t >= 0 && s < S && t < T;
  return inside ? { s, t } : null;
}
