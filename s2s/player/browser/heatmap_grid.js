// The heatmap for the keyboard and for a screen reader: a grid whose only cell in the document is the active one, so
// that a heatmap of 12,000 cells costs no more than one of nine. The active cell is the selected step and the marked
// word.

import { columnOf, shownStep, traceOf } from "./cursor.js";
import { argmax, el, fill } from "./dom.js";
import { spokenWord } from "./model.js";
import { playWeight } from "./sound.js";

// Make the cells that buildHeatmap has made a grid.
function buildGrid({ model, dom }, trace) {
  const size = { "aria-rowcount": trace.steps.length, "aria-colcount": trace.source.tokens.length };
  dom.activeCell = el("div", { role: "gridcell" });
  dom.activeRow = el("div", { role: "row", class: "activeRow" }, dom.activeCell);
  dom.grid = dom.cells;
  const grid = { role: "grid", tabindex: "0", "aria-label": model.strings.heatmap_help, ...size };
  for (const [name, value] of Object.entries(grid)) dom.grid.setAttribute(name, value);
  dom.grid.append(dom.activeRow);
}

// The active cell: the marked source word, otherwise the one that the step looks at most.
function activeCell(view) {
  const t = shownStep(view);
  return { t, s: columnOf(view.cursor) ?? argmax(traceOf(view).steps[t].attention) };
}

export const activeWeight = (view) => {
  const { s, t } = activeCell(view);
  return traceOf(view).steps[t].attention[s] ?? 0;
};

// What a cell holds, in a sentence.
export function cellSentence({ strings }, trace, { s, t }) {
  const step = trace.steps[t];
  const word = spokenWord(step, trace.mode).token;
  return fill(strings.cell, {
    step: t + 1,
    word,
    source: trace.source.tokens[s],
    weight: step.attention[s].toFixed(2),
  });
}

// Say what the active cell holds. A screen reader speaks when another node becomes active, so there is a new one each
// time.
export function paintGrid(view) {
  const { model, cursor, dom } = view;
  const trace = traceOf(view);
  if (cursor.hover !== null || !trace.steps[0]?.attention.length) return;
  if (dom.grid !== dom.cells) buildGrid(view, trace);
  const { s, t } = activeCell(view);
  const id = `cell-${t}-${s}`;
  const said = cellSentence(model, trace, { s, t });
  if (dom.activeCell.id === id && dom.activeCell.getAttribute("aria-label") === said) return;
  const cell = el("div", { role: "gridcell", id, "aria-colindex": s + 1, "aria-label": said, "aria-selected": "true" });
  const first = !dom.activeCell.id;
  dom.activeRow.setAttribute("aria-rowindex", t + 1);
  dom.activeRow.replaceChildren((dom.activeCell = cell));
  dom.grid.setAttribute("aria-activedescendant", id);
  if (!first) playWeight(trace.steps[t].attention[s]);
}

const columnOfWeights = ({ steps }, s) => steps.map(({ attention }) => attention[s]);

// Where a key leads from a cell; null for a key that is not the grid's.
export function cellFrom(trace, { s, t }, key) {
  const [lastS, lastT] = [trace.source.tokens.length - 1, trace.steps.length - 1];
  const to = {
    ArrowLeft: { s: s - 1, t },
    ArrowRight: { s: s + 1, t },
    ArrowUp: { s, t: t - 1 },
    ArrowDown: { s, t: t + 1 },
    Home: { s: 0, t },
    End: { s: lastS, t },
    m: { s: argmax(trace.steps[t].attention), t },
    n: { s, t: argmax(columnOfWeights(trace, s)) },
  }[key];
  const within = (at, last) => Math.max(0, Math.min(at, last));
  return to ? { s: within(to.s, lastS), t: within(to.t, lastT) } : null;
}

// The keys of the grid while it has the focus; Esc gives the focus back to the player.
export function pressGridKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    view.dom.root.focus({ preventScroll: true });
    return; // and clears the marks, as everywhere
  }
  const cell = cellFrom(traceOf(view), activeCell(view), event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!cell) return;
  event.preventDefault();
  view.acts.lockWord(view, cell.s, true);
  view.acts.show(view, { step: cell.t });
}

export function enterGrid({ dom }) {
  if (dom.grid?.isConnected) dom.grid.focus({ preventScroll: true });
}
