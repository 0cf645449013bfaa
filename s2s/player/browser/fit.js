// The stage fits the window: cells of the heatmap as large as there is room for, so that source, lanes, heatmap and
// softmax are seen without scrolling. What is larger than its box scrolls, and fades where it goes on.

import { traceOf } from "./cursor.js";
import { argmax } from "./dom.js";
import { followCell, paintHeatmap, sizeCells } from "./heatmap.js";
import { clamp, fadeEdges, heightBelow, isProjected, zoomOf } from "./room.js";

const LEAST = { width: 30, height: 19 }; // pixels of a cell that can still be read and pressed
const LEAST_PROJECTED = 14; // pixels: nobody presses there, and the page enlarges them
const MOST = { width: 96, height: 44 };
const SOFTMAX = { wide: 400, narrow: 320, projected: 250 }; // pixels that the distribution needs beside the heatmap
const BETWEEN = 28; // pixels between the two
const BELOW = 10; // pixels that stay free below the heatmap
const LEAST_MAP = 180; // pixels: a lower heatmap scrolls the page instead

// Words above the columns stand upright in rows of letters unless every word fits its column, Chinese ones in lines of
// at least two letters.
function layWords({ heads, map }, width) {
  const room = width - 4;
  const isChinese = (letter) => letter > "\u2e7f";
  const wide = (text) => [...text].reduce((sum, letter) => sum + (isChinese(letter) ? 16 : 9), 0); // about, in pixels
  const breaks = (head) => room >= 32 && [...head.textContent].every(isChinese);
  const lies = (head) => wide(head.textContent) <= room || breaks(head);
  map.classList.toggle("wide", heads.every(lies));
}

// The width of what stands beside the heatmap; on a phone the distribution is below it.
function widthBeside({ panes }, projected) {
  if (!getComputedStyle(panes).gridTemplateColumns.includes(" ")) return 0;
  if (projected) return BETWEEN + SOFTMAX.projected;
  return BETWEEN + (panes.clientWidth < 1000 ? SOFTMAX.narrow : SOFTMAX.wide);
}

// Whether a step's row is in sight; a reader may have scrolled it away.
const isInSight = ({ cell, cells, map }, row) => {
  const from = row * cell.height - map.scrollTop;
  return from >= 0 && from < map.clientHeight - cells.offsetTop;
};

// Choose the size of the cells for the room that there is, and mark the selected ones again. A page in a frame is as
// high as it needs to be, so it has no height to fit.
export function fitHeatmap(view) {
  const { dom } = view;
  const { steps, source } = traceOf(view);
  if (!dom.cells?.isConnected || !steps.length || !dom.map.clientWidth) return;
  const { markedSide: row, markedHead: column } = dom;
  const followed = row !== null && isInSight(dom, row);
  const projected = isProjected(view);
  const room = dom.panes.clientWidth - widthBeside(dom, projected) - dom.cells.offsetLeft - 2;
  const width = clamp(Math.floor(room / source.tokens.length), LEAST.width, MOST.width);
  layWords(dom, width);
  sizeCells(dom, { width, height: dom.cell.height });
  if (document.documentElement.dataset.framed === undefined) {
    const high = Math.max(heightBelow(dom.map) - BELOW, LEAST_MAP);
    dom.map.style.maxHeight = `${Math.floor(high)}px`;
    const each = Math.floor((high - dom.cells.offsetTop - 2) / steps.length);
    sizeCells(dom, { width, height: clamp(each, projected ? LEAST_PROJECTED : LEAST.height, MOST.height) });
  }
  if (row !== null) paintHeatmap(dom, row, column);
  if (followed) followCell(dom, { t: row, s: column ?? argmax(steps[row].attention) });
  dom.edges?.mark();
}

// Give the flow's drawing the height that is left of the window above the line of what was pressed.
export function fitFlow({ dom }) {
  const { box } = dom.drawing;
  if (!box.clientWidth || document.documentElement.dataset.framed !== undefined) return;
  const zoom = zoomOf(box);
  const below = (dom.flow.getBoundingClientRect().bottom - box.getBoundingClientRect().bottom) / zoom;
  dom.flow.style.setProperty("--flow-room", `${Math.floor(heightBelow(box) - below - BELOW)}px`);
}

// Fit the stage now and whenever the room changes. Returns a function that ends this.
export function watchRoom(view) {
  const { dom } = view;
  const edges = (dom.edges = fadeEdges([dom.source, dom.lanesBox, dom.map], { left: [dom.source] }));
  let known = "";
  const fit = () => {
    const room = [dom.root.clientWidth, Math.round(heightBelow(dom.map)), dom.cells?.offsetTop].join();
    if (room !== known) fitHeatmap(view);
    fitFlow(view);
    known = room;
    edges.mark();
  };
  const observer = new ResizeObserver(fit);
  for (const node of [dom.root, dom.lanesBox, dom.source]) observer.observe(node);
  addEventListener("resize", fit);
  return () => {
    observer.disconnect();
    edges.end();
    removeEventListener("resize", fit);
  };
}
