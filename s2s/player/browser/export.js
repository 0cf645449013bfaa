// Downloads made in the browser: the trace as JSON and CSV, the step or the heatmap alone as SVG and PNG.

import { WIRE, ask } from "./ask.js";
import { traceOf } from "./cursor.js";
import { button, el, fill, hasAttention, menu } from "./dom.js";
import { heatmapSvg, pictureSvg } from "./picture.js";
import { bare } from "./words.js";

// Like s2s/spreadsheet.py: an apostrophe before a text, or a part of it, that a spreadsheet would take as a formula.
const BLANK = String.raw` \v\f\0\x1c-\x1f\x85\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff'"`;
const FORMULA = new RegExp(String.raw`(^|[;\t\r\n])(?=[${BLANK}]*[=+\-@＝＋－＠])`, "g");
const plainCell = (value) => (typeof value === "string" ? value.replace(FORMULA, "$1'") : String(value));
const quotedCell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function traceCsv(trace) {
  const head = ["step", "input", "output", "log_prob", "rank", "entropy", "target", "target_log_prob"];
  const heads = hasAttention(trace) ? trace.source.tokens.map((token, s) => `${s}:${token}`) : [];
  const rows = [[...head, ...heads]];
  trace.steps.forEach((step, t) => {
    const gold = step.target ? [step.target.token, step.target.log_prob] : ["", ""];
    const known = [step.log_prob, step.rank, step.entropy].map((number) => number ?? "");
    rows.push([t, step.input, step.output, ...known, ...gold, ...step.attention]);
  });
  return rows.map((row) => row.map((value) => quotedCell(plainCell(value))).join(",")).join("\r\n") + "\r\n";
}

function saveBlob(name, blob) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// The largest side and area, in pixels, that every browser can paint; a larger picture is saved at less than twice its
// size.
const [MOST_SIDE, MOST_AREA] = [16_000, 2 ** 24];

function savePng(svg, name) {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  image.onload = () => {
    const scale = Math.min(
      2,
      MOST_SIDE / Math.max(image.width, image.height),
      Math.sqrt(MOST_AREA / (image.width * image.height)),
    );
    const canvas = el("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    context.drawImage(image, 0, 0);
    URL.revokeObjectURL(url);
    canvas.toBlob((blob) => saveBlob(name, blob), "image/png");
  };
  image.src = url;
}

// Save as ``kind``; a picture is of the ``step`` on screen or of the ``heatmap`` alone.
function download(view, kind, what) {
  const trace = bare(traceOf(view));
  const part = kind === "json" || kind === "csv" ? "" : what === "step" ? `-${view.cursor.step + 1}` : "-heatmap";
  const name = `lookback-${trace.checkpoint.name}-${view.cursor.lane}${part}.${kind}`;
  if (kind === "json") return saveBlob(name, new Blob([JSON.stringify(trace)], { type: "application/json" }));
  if (kind === "csv") return saveBlob(name, new Blob(["\ufeff" + traceCsv(trace)], { type: "text/csv" }));
  const svg = what === "step" ? pictureSvg(view) : heatmapSvg(view);
  if (kind === "svg") return saveBlob(name, new Blob([svg], { type: "image/svg+xml" }));
  return savePng(svg, name);
}

// Python makes the page's own download but does not know the selected step: a click is held until Python was told.
export function sendPlaceFirst() {
  if (WIRE.carrying) return;
  WIRE.carrying = true;
  let isTold = false;
  const carry = (event) => {
    const pressed = event.target.closest?.(".st-key-html button");
    const view = WIRE.player;
    if (!pressed || !view || isTold) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(view.channel, "place", { lane: view.cursor.lane, step: view.cursor.step }, () => {
      isTold = true; // also after an error: then the page begins at its first step
      pressed.click();
      isTold = false;
    });
  };
  document.addEventListener("click", carry, true);
}

// The menu of downloads: of the step or the whole lane, and of the heatmap alone. A choice, Esc and a press elsewhere
// close it.
export function exportMenu(view) {
  const { strings } = view.model;
  const save = (kind, what, title) => button("download", title, () => download(view, kind.toLowerCase(), what), kind);
  const whole = ["PNG", "SVG", "CSV", "JSON"].map((kind) => save(kind, "step", fill(strings.download, { kind })));
  const alone = ["PNG", "SVG"].map((kind) => save(kind, "heatmap", fill(strings.download_heatmap, { kind })));
  const list = el("div", { class: "menuList" }, el("span", { class: "whole" }, ...whole));
  if (hasAttention(traceOf(view)))
    list.append(el("span", { class: "what", text: strings.heatmap }), el("span", { class: "alone" }, ...alone));
  return menu("exports", strings.export, list);
}
