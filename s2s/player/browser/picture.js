// A step as an SVG for print: source, lanes, heatmap and softmax as the player shows them, drawn from model and cursor
// alone. Long sources continue in further lines and panels; nothing is cut off.

import { columnOf, traceOf } from "./cursor.js";
import { fill, hasAttention, hasNumbers, isWide, percent, shade } from "./dom.js";
import { CELL } from "./heatmap.js";
import { isMiss, laneName, spokenWord } from "./model.js";
import { heading, measure, paper, round, underline, word, wrapped } from "./paper.js";
import { drawSoftmax, softmaxRows } from "./picture_softmax.js";

const SHEET = { width: 1024, wide: 2048, margin: 28, gap: 30 };
const LONG = 80; // source tokens from which on the sheet is wide
const CHIP = { height: 46, gap: 4 };
const ROW = { steps: 18, gold: 26, lane: 44, block: 16 };
const ROOMY = { ...CELL, size: 14, letter: 16 };
const TIGHT = { width: 23, height: 20, size: 12, letter: 13.5 };
const SCALE = 116; // pixels of the scale of the weights
const sheetWidth = (trace) => (trace.source.tokens.length > LONG ? SHEET.wide : SHEET.width);

function drawTitle(pen, view, y, width) {
  const { strings } = view.model;
  const trace = traceOf(view);
  const { name, digest } = trace.checkpoint;
  const where = fill(strings.where, { step: view.cursor.step + 1, steps: trace.steps.length });
  const title = [name, laneName(view.model, view.cursor.lane), where].filter(Boolean).join(" · ");
  pen.text(SHEET.margin, y + 14, title, { "font-size": 15, "font-weight": 700 });
  if (digest)
    pen.text(SHEET.margin + measure(title, 15, 700) + 14, y + 14, digest, { "font-size": 12, fill: pen.ink.soft });
  const lines = wrapped(trace.source.text, width, 15);
  lines.forEach((line, i) => pen.text(SHEET.margin, y + 42 + 23 * i, line, { "font-size": 15 }));
  return y + 42 + 23 * lines.length;
}

const chipWidth = (token) => Math.max(36, measure(token, 16) + 18);

function drawSource(pen, view, step, y, width) {
  const { strings } = view.model;
  const trace = traceOf(view);
  const unknown = new Set(trace.source.unknown);
  heading(pen, SHEET.margin, y, strings.source);
  let [left, top] = [SHEET.margin, y + 9];
  trace.source.tokens.forEach((token, s) => {
    const [wide, weight] = [chipWidth(token), step.attention[s] ?? 0];
    if (left > SHEET.margin && left + wide > SHEET.margin + width)
      [left, top] = [SHEET.margin, top + CHIP.height + CHIP.gap];
    const [edge, line] = s === columnOf(view.cursor) ? [pen.ink.other, 2.5] : [pen.ink.line, 1];
    const ground = {
      fill: pen.ink.attention,
      "fill-opacity": shade(weight).toFixed(3),
      stroke: edge,
      "stroke-width": line,
    };
    pen.rect(left, top, wide, CHIP.height, ground);
    const middle = { "text-anchor": "middle" };
    word(pen, left + wide / 2, top + 22, token, { "font-size": 16, ...middle }, unknown.has(s));
    if (weight >= 0.005) pen.text(left + wide / 2, top + 39, weight.toFixed(2), { "font-size": 11, ...middle });
    left += wide + CHIP.gap;
  });
  return top + CHIP.height;
}

// Every row of the lanes as texts: the content of each column, null after the row's end.
function laneTable({ model, cursor }) {
  const lanes = model.order.map(([name]) => [name, model.lanes[name]]).filter(([, lane]) => lane);
  const { reference_tokens: reference } = lanes
    .map(([, lane]) => lane)
    .find((lane) => lane.reference_tokens.length) ?? { reference_tokens: [] };
  const gold = reference.length ? [...reference, "<eos>"] : [];
  const length = Math.max(gold.length, ...lanes.map(([, lane]) => lane.steps.length));
  const cells = (make) => Array.from({ length }, (_, t) => make(t));
  const rows = [{ kind: "steps", title: model.strings.step, cells: cells((t) => ({ token: String(t + 1) })) }];
  if (gold.length)
    rows.push({
      kind: "gold",
      title: model.strings.reference,
      cells: cells((t) => (t in gold ? { token: gold[t] } : null)),
    });
  for (const [name, lane] of lanes) {
    const cell = (t) => {
      if (!(t in lane.steps)) return null;
      const { token, log_prob } = spokenWord(lane.steps[t], lane.mode);
      return {
        token,
        p: log_prob === undefined ? null : Math.exp(log_prob),
        miss: isMiss(lane, t),
        diverges: lane.divergence === t,
      };
    };
    rows.push({ kind: "lane", title: laneName(model, name), active: name === cursor.lane, cells: cells(cell) });
  }
  return rows;
}

function drawCell(pen, row, { token, p, miss, diverges }, x, y, width) {
  const centre = { "text-anchor": "middle" };
  if (row.kind === "steps")
    return pen.text(x + width / 2, y + 13, token, { ...centre, "font-size": 11, fill: pen.ink.soft });
  if (row.kind === "gold")
    return word(pen, x + width / 2, y + 18, token, { ...centre, "font-size": 15, fill: pen.ink.gold });
  pen.rect(x, y, width, ROW.lane - 2, { fill: pen.ink.other, "fill-opacity": (0.26 * shade(p ?? 0)).toFixed(3) });
  word(pen, x + width / 2, y + 18, token, { ...centre, "font-size": 15 });
  if (miss) underline(pen, x + width / 2, y + 18, measure(token, 15));
  if (p !== null) pen.text(x + width / 2, y + 36, percent(p), { ...centre, "font-size": 11, fill: pen.ink.soft });
  if (diverges) pen.text(x + width - 1, y + 9, "◆", { "text-anchor": "end", "font-size": 12, fill: pen.ink.alarm });
}

const columnWidth = (cell) => (cell ? Math.max(46, measure(cell.token, 15) + 24) : 46);
const headWidth = (rows) => Math.max(...rows.map((row) => measure(row.title, 13, 700))) + 14;

// The lanes on one time axis, in as many blocks of lines as the width needs.
function drawLanes(pen, view, y, width) {
  const rows = laneTable(view);
  const left = SHEET.margin + headWidth(rows);
  const height = rows.reduce((sum, row) => sum + ROW[row.kind], 0);
  heading(pen, SHEET.margin, y, view.model.strings.outputs);
  let [x, top] = [SHEET.margin + width, y + 10 - height - ROW.block]; // the first column begins the first block
  rows[0].cells.forEach((_, t) => {
    const wide = Math.max(...rows.map((row) => columnWidth(row.cells[t])));
    const begins = x + wide > SHEET.margin + width;
    if (begins) [x, top] = [left, top + height + ROW.block];
    let line = top;
    for (const row of rows) {
      const bold = row.active ? { "font-weight": 700, fill: pen.ink.attention } : { fill: pen.ink.soft };
      if (begins)
        pen.text(SHEET.margin, line + (row.kind === "steps" ? 13 : 18), row.title, {
          "font-size": row.kind === "steps" ? 11 : 13,
          ...bold,
        });
      if (row.cells[t]) drawCell(pen, row, row.cells[t], x, line, wide);
      line += ROW[row.kind];
    }
    if (t === view.cursor.step)
      pen.rect(x, top - 2, wide, height + 2, { fill: "none", stroke: pen.ink.attention, "stroke-width": 2 });
    x += wide;
  });
  return top + height;
}

// The sizes of a heatmap: its labels, and how many columns fit beside each other. Chinese labels stand upright, others
// lean.
function measureHeatmap(trace, width, cell) {
  const { tokens } = trace.source;
  const [wide, leans] = [
    (text) => measure(text, cell.size),
    (text) => !isWide(text) && measure(text, cell.size) > cell.width,
  ];
  const side = 20 + Math.max(...trace.steps.map((step) => wide(spokenWord(step, trace.mode).token)));
  const tall = (t) => (isWide(t) ? cell.letter * [...t].length : leans(t) ? wide(t) * 0.71 + 6 : cell.letter);
  const over = Math.max(8, ...tokens.map((t) => (leans(t) ? wide(t) * 0.71 : 0)));
  const fit = Math.max(8, Math.floor((width - side - over) / cell.width));
  const panels = Math.ceil(tokens.length / fit);
  const columns = Math.ceil(tokens.length / panels);
  const head = (from, to) => 14 + Math.max(...tokens.slice(from, to).map(tall));
  return { cell, side, head, leans, panels, columns, width: side + columns * cell.width + over };
}

// The sizes for a width; cells are smaller if a source needs several panels.
function heatmapLayout(trace, width) {
  const layout = measureHeatmap(trace, width, ROOMY);
  return layout.panels === 1 ? layout : measureHeatmap(trace, width, TIGHT);
}

function drawHeads(pen, view, { cell, leans }, x, y, from, to) {
  const unknown = new Set(traceOf(view).source.unknown);
  traceOf(view)
    .source.tokens.slice(from, to)
    .forEach((token, i) => {
      const centre = x + (i + 0.5) * cell.width;
      const style = {
        "font-size": cell.size,
        ...(from + i === columnOf(view.cursor) ? { fill: pen.ink.other, "font-weight": 700 } : {}),
      };
      if (leans(token))
        word(pen, centre + 4, y - 7, token, {
          transform: `rotate(-45 ${round(centre + 4)} ${round(y - 7)})`,
          ...style,
        });
      else {
        const letters = isWide(token) ? [...token] : [token];
        const line = (n) => y - 8 - cell.letter * (letters.length - 1 - n);
        letters.forEach((c, n) => pen.text(centre, line(n), c, { "text-anchor": "middle", ...style }));
      }
      if (unknown.has(from + i)) underline(pen, centre, y - 8, cell.width - 10, { "stroke-dasharray": "3 2" });
    });
}

function drawGrid(pen, left, top, width, height, cell) {
  const thin = { stroke: pen.ink.line, "stroke-width": 0.4 };
  for (let x = cell.width; x < width; x += cell.width) pen.line(left + x, top, left + x, top + height, thin);
  for (let y = cell.height; y < height; y += cell.height) pen.line(left, top + y, left + width, top + y, thin);
  pen.rect(left, top, width, height, { fill: "none", stroke: pen.ink.frame });
}

function drawRow(pen, trace, t, layout, left, top, from, to, here) {
  const [{ cell }, step] = [layout, trace.steps[t]];
  const said = spokenWord(step, trace.mode).token;
  const line = top + cell.height / 2 + cell.size * 0.36;
  word(pen, left - 9, line, said, { "text-anchor": "end", "font-size": cell.size, ...here });
  if (isMiss(trace, t)) {
    const wide = measure(said, cell.size);
    underline(pen, left - 9 - wide / 2, line, wide);
  }
  for (let s = from; s < to; s++) {
    if (step.attention[s] < 0.0005) continue;
    const colour = { fill: pen.ink.attention, "fill-opacity": shade(step.attention[s]).toFixed(3) };
    pen.rect(left + (s - from) * cell.width, top, cell.width, cell.height, colour);
  }
}

function drawPanel(pen, view, layout, x, y, from, now) {
  const trace = traceOf(view);
  const { cell } = layout;
  const to = Math.min(trace.source.tokens.length, from + layout.columns);
  const [left, top] = [x + layout.side, y + layout.head(from, to)];
  const [width, height] = [(to - from) * cell.width, trace.steps.length * cell.height];
  if (layout.panels > 1)
    pen.text(left - 9, top - 8, `${from + 1}–${to}`, { "font-size": 11, fill: pen.ink.soft, "text-anchor": "end" });
  drawHeads(pen, view, layout, left, top, from, to);
  trace.steps.forEach((_, t) => {
    const here = t === now ? { fill: pen.ink.attention, "font-weight": 700 } : {};
    drawRow(pen, trace, t, layout, left, top + t * cell.height, from, to, here);
  });
  drawGrid(pen, left, top, width, height, cell);
  const frame = { fill: "none", "stroke-width": 2 };
  const column = columnOf(view.cursor);
  if (column !== null && column >= from && column < to) {
    pen.rect(left + (column - from) * cell.width, top, cell.width, height, { ...frame, stroke: pen.ink.other });
  }
  if (now !== null)
    pen.rect(left, top + now * cell.height, width, cell.height, { ...frame, stroke: pen.ink.attention });
  return top + height;
}

// The lane's attention; ``now`` is the row that is marked, or null.
function drawHeatmap(pen, view, layout, x, y, now) {
  pen.right = Math.max(pen.right, x + layout.width);
  heading(pen, x, y, view.model.strings.heatmap);
  const scale = x + scaleLeft(view);
  pen.text(scale, y, "0", { "font-size": 11, fill: pen.ink.soft });
  for (let i = 0; i < 6; i++) {
    const colour = {
      fill: pen.ink.attention,
      "fill-opacity": shade(i / 5).toFixed(3),
      stroke: pen.ink.line,
      "stroke-width": 0.5,
    };
    pen.rect(scale + 11 + 15 * i, y - 10, 15, 11, colour);
  }
  pen.text(scale + SCALE - 10, y, "1", { "font-size": 11, fill: pen.ink.soft });
  let bottom = y;
  for (let panel = 0; panel < layout.panels; panel++) {
    bottom = drawPanel(pen, view, layout, x, bottom + (panel ? 18 : 8), panel * layout.columns, now);
  }
  return bottom;
}

// Where the scale of the weights begins beside the heatmap's heading.
const scaleLeft = (view) => measure(view.model.strings.heatmap, 13, 600) + 22;

// The picture of the selected step. Heatmap and softmax are side by side if both fit, otherwise one below the other.
export function pictureSvg(view) {
  const trace = traceOf(view);
  const step = trace.steps[view.cursor.step];
  const pen = paper(view.dom.root);
  const width = sheetWidth(trace);
  let y = drawTitle(pen, view, SHEET.margin, width) + SHEET.gap - 12;
  y = drawSource(pen, view, step, y, width) + SHEET.gap;
  y = drawLanes(pen, view, y, width) + SHEET.gap;
  const softmax = softmaxRows(view, step);
  if (!hasNumbers(step)) {
    y = drawHeatmap(pen, view, heatmapLayout(trace, width), SHEET.margin, y, view.cursor.step);
    return pen.svg(y, SHEET.margin, `${trace.checkpoint.name}: ${trace.source.text}`);
  }
  if (!hasAttention(trace)) {
    y = drawSoftmax(pen, view, step, softmax, SHEET.margin, y);
    return pen.svg(y, SHEET.margin, `${trace.checkpoint.name}: ${trace.source.text}`);
  }
  const beside = heatmapLayout(trace, width - softmax.width - 2 * SHEET.gap);
  const right = SHEET.margin + Math.max(beside.width, scaleLeft(view) + SCALE) + 2 * SHEET.gap;
  if (beside.panels === 1 && right + softmax.width <= SHEET.margin + width) {
    y = Math.max(
      drawHeatmap(pen, view, beside, SHEET.margin, y, view.cursor.step),
      drawSoftmax(pen, view, step, softmax, right, y),
    );
  } else {
    y = drawSoftmax(pen, view, step, softmax, SHEET.margin, y) + SHEET.gap;
    y = drawHeatmap(pen, view, heatmapLayout(trace, width), SHEET.margin, y, view.cursor.step);
  }
  return pen.svg(y, SHEET.margin, `${trace.checkpoint.name}: ${trace.source.text}`);
}

// The heatmap of the lane alone, under a title.
export function heatmapSvg(view) {
  const trace = traceOf(view);
  const title = `${trace.checkpoint.name} · ${laneName(view.model, view.cursor.lane)}`;
  const pen = paper(view.dom.root);
  pen.text(SHEET.margin, SHEET.margin + 12, title, { "font-size": 15, "font-weight": 700 });
  const bottom = drawHeatmap(pen, view, heatmapLayout(trace, sheetWidth(trace)), SHEET.margin, SHEET.margin + 42, null);
  return pen.svg(bottom, SHEET.margin, title);
}
