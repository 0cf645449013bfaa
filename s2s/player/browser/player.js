// The player: holds whole traces and paints one step of them. Python is not asked for a step.

import { announce, linked } from "./address.js";
import { WIRE, ask, forget, hear, sendNext, told } from "./ask.js";
import { buildBar } from "./bar.js";
import { button, el, fill, looks, shade, speaks } from "./dom.js";
import { buildEditor, paintEditor, shownRows, startEditing, stopEditing, toggleEditing } from "./edit.js";
import { buildEvidence, gather, paintEvidence } from "./evidence.js";
import { carryPlace, heatmapDownloads } from "./export.js";
import { branchRows, headsOf, learn, newest, paintBranchBar, putBranches, sayForm } from "./fork.js";
import { buildHeatmap, colourHeatmap, paintHeatmap } from "./heatmap.js";
import { listen, lock } from "./input.js";
import { takeKeys } from "./keys.js";
import { buildLanes, buildSource, paintLanes, paintSource } from "./lanes.js";
import { backgroundOf, readPalette } from "./palette.js";
import { asking, lastStep, paintGame, startGame } from "./predict.js";
import { readIn, rebranch, turnWords } from "./reading.js";
import { paintSoftmax } from "./softmax.js";
import { hearPieces, rolled } from "./words.js";
import { paintTable, paintWorked } from "./worked.js";

// What files that stand below this one do with the whole player.
const ACTS = { show, paint, settleAt, setLane, stopEditing, lock, announce };
export const VIEWS = new WeakMap(); // one view for each place where the component is mounted

// What the colours of a weight stand for, from 0 to 1.
function legend() {
  const steps = Array.from({ length: 6 }, (_, i) => {
    const swatch = el("i");
    swatch.style.setProperty("--w", shade(i / 5));
    return swatch;
  });
  return el("span", { class: "legend" }, "0", ...steps, "1");
}

// What the keys do here: attention is edited where there is any and somebody to ask, words are put together where they are cut.
function keysOf({ strings, page, trace, words }) {
  const more = [...(page && looks(trace) ? [strings.key_edit] : []), ...(words ? [strings.key_words] : [])];
  return fill(strings.keys, { more: more.join("") });
}

function frame(view, root) {
  const parts = (view.parts = {});
  const part = (name, tag, attributes = {}, ...children) => (parts[name] = el(tag, { class: name, ...attributes }, ...children));
  const { strings } = view;
  part("bar", "div", { role: "toolbar", "aria-label": strings.player });
  part("source", "div", { role: "group", "aria-label": strings.source });
  part("predict", "div", { hidden: "", role: "group", "aria-label": strings.predict });
  parts.editNote = el("p", { class: "note", role: "alert" });
  part("change", "ol");
  part("editor", "div", { hidden: "" });
  part("branchBar", "div", { hidden: "" });
  parts.branchNote = el("p", { class: "note", role: "alert" });
  part("note", "p", { role: "alert" });
  part("news", "div", { "aria-live": "polite" });
  parts.say = view.page ? sayForm(view) : "";
  view.wordsButton = button(view, "edit", strings.words_help, () => turnWords(view), strings.words);
  view.wordsButton.setAttribute("aria-pressed", rolled(view));
  view.editButton = button(view, "edit", strings.edit_start_help, () => toggleEditing(view), `✎ ${strings.edit}`);
  part("lanes", "table");
  part("lanesBox", "div", { class: "lanesBox scroll" }, parts.lanes);
  part("map", "div", { class: "map scroll", role: "img", "aria-label": strings.heatmap_help });
  part("reads", "p");
  part("softmax", "ol");
  part("about", "dl");
  const distributionPane = el("section", { class: "distribution" }, el("h3", { text: strings.softmax }), parts.reads, parts.softmax, parts.say, parts.note, parts.about);
  part("workedBody", "div");
  part("worked", "details", {}, el("summary", { text: strings.worked }), parts.workedBody);
  buildEvidence(view);
  part("tableBody", "div");
  part("table", "details", {}, el("summary", { text: strings.table }), parts.tableBody);
  part("live", "div", { "aria-live": "polite" });
  parts.worked.addEventListener("toggle", () => paint(view));
  parts.table.addEventListener("toggle", () => paintTable(view));
  const heading = (text) => el("h3", { text });
  view.root = el(
    "div",
    { class: "player", tabindex: "0", role: "group", "aria-label": strings.player },
    parts.bar,
    el("h3", {}, strings.source, ...(view.page ? [view.editButton] : []), ...(view.words && !view.game ? [view.wordsButton] : [])),
    parts.source,
    el("p", { class: "blindNote", text: strings.no_attention }),
    parts.predict,
    parts.editor,
    el("h3", { class: "outputsHead", text: strings.outputs }),
    parts.lanesBox,
    parts.branchBar,
    parts.branchNote,
    el("div", { class: "panes" }, el("section", { class: "mapPane" }, el("h3", { class: "mapHead", text: strings.heatmap }, heatmapDownloads(view), legend()), parts.map), distributionPane),
    parts.worked,
    parts.evidence,
    parts.table,
    el("p", { class: "keys", text: view.game ? strings.predict_keys : keysOf(view) }),
    parts.live,
    parts.news,
  );
  root.replaceChildren(view.root);
  view.root.classList.toggle("blind", !looks(view.trace));
  view.root.classList.toggle("mute", !Object.values(view.lanes).some((lane) => lane?.steps.some(speaks)));
  buildEditor(view);
  listen(view);
}

export function show(view, { step = view.step, lane = view.lane }) {
  if (view.lanes[lane] && lane !== view.lane) setLane(view, lane);
  view.step = Math.max(0, Math.min(step, lastStep(view)));
  view.hover = null;
  if (view.edit && (view.edit.lane !== view.lane || view.edit.step !== view.step)) {
    stopEditing(view);
    startEditing(view);
  }
  paint(view);
}

function setLane(view, lane) {
  view.lane = lane;
  view.trace = view.lanes[lane];
  view.markedSide = view.markedHead = null;
  buildHeatmap(view);
  paintTable(view);
}

function paint(view) {
  view.unpainted = false;
  if (asking(view)) {
    view.shown = view.step;
    return paintGame(view);
  }
  view.shown = Math.min(view.hover ?? view.step, view.trace.steps.length - 1);
  const step = view.trace.steps[view.shown];
  paintSource(view, ...shownRows(view, step));
  paintLanes(view);
  paintHeatmap(view);
  paintSoftmax(view, step);
  paintWorked(view, step);
  paintEditor(view);
  paintBranchBar(view);
  paintEvidence(view, step);
  view.where.textContent = fill(view.strings.where, { step: view.shown + 1, steps: view.trace.steps.length });
  for (const node of view.laneButtons) node.setAttribute("aria-pressed", node.dataset.lane === view.lane);
  const at = view.trace.divergence;
  view.jump.style.visibility = at === null || at >= view.trace.steps.length ? "hidden" : "";
  view.jump.textContent = at === null ? "◆" : `◆ ${at + 1}`;
  paintGame(view);
  if (view.hover === null) announce(view);
}

// Go to a lane that there is, and to a step that it has.
function settleAt(view, { lane, step }) {
  view.lane = view.lanes[lane] ? lane : view.lanes.free ? "free" : "forced";
  view.trace = view.lanes[view.lane];
  view.step = Math.max(0, Math.min(step, view.trace.steps.length - 1));
}

function build(view, data, root) {
  clearInterval(view.timer);
  const traces = JSON.stringify(data.lanes); // the same in another language: stay where we are
  const branches = branchRows(view, data.branches);
  const other = { step: 0, lane: view.lane, ...data.begin };
  const place = view.traces === undefined ? linked(data) : view.traces === traces ? newest(view, branches) : other;
  const playing = data.predict && view.game && view.traces === traces ? view.game : null;
  const first = view.traces === undefined;
  const opened = ["worked", "table"].filter((name) => view.parts?.[name].open);
  const within = view.root?.contains(root.getRootNode().activeElement);
  Object.assign(view, {
    traces,
    timer: null,
    own: data.lanes,
    strings: data.strings,
    link: data.link,
    fragment: data.fragment,
    begin: data.begin,
    vocabulary: data.vocabulary,
    words: data.words,
    locked: null,
    column: null,
    hover: null,
    edit: null,
    drag: null,
  });
  putBranches(view, branches);
  settleAt(view, place);
  view.game = null;
  if (data.predict) startGame(view, playing ? place.step : first ? view.step : 0, playing);
  frame(view, root);
  buildBar(view);
  buildSource(view);
  buildLanes(view);
  for (const name of opened) view.parts[name].open = true;
  if (within) view.root.focus({ preventScroll: true });
}

// What came from Python: the branches as they are now, the link to them, an answer.
function take(view) {
  const news = told(view);
  if (!news) return;
  const moved = JSON.stringify(view.link) !== JSON.stringify(news.link);
  view.link = news.link;
  const branches = branchRows(view, news.branches);
  if (!view.game && headsOf(branches) !== view.heads) rebranch(view, branches); // a game shows one lane, and that in part
  hear(view);
  if (view.unpainted) paint(view);
  else if (moved) announce(view);
  const missing = news.branches.some(({ key }) => !view.rows.has(key));
  if (missing && !view.queue.some(({ kind }) => kind === "branches") && view.waiting?.kind !== "branches") ask(view, "branches", {}, () => {});
  sendNext(view);
  gather(view);
}

function colour(view) {
  view.background = backgroundOf(view.root);
  view.palette = readPalette(view.root);
  view.root.classList.toggle("dark", view.palette.dark);
}

export function mount(component, more = {}) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".lookback");
  let view = VIEWS.get(root);
  if (!view) VIEWS.set(root, (view = { acts: { ...ACTS, ...more }, speed: 1, inPieces: false, timer: null, seq: 0, queue: [], waiting: null, rows: new Map(), branches: [] }));
  if (view.page !== data.page) Object.assign(view, { page: data.page, queue: [], rows: new Map() });
  const { branches, link, pieces, run, ...lasting } = data;
  const turned = hearPieces(view, Boolean(pieces));
  if (turned) view.inPieces = view.toldPieces;
  learn(view, branches);
  const identity = JSON.stringify(lasting);
  const same = view.identity === identity;
  if (!same) {
    if (view.onKey) document.removeEventListener("keydown", view.onKey);
    root.style.minHeight = `${root.offsetHeight}px`; // else the page, shorter for a moment, would scroll
    build(view, { ...data, branches: told(view)?.branches ?? branches }, root);
    view.identity = identity;
    colour(view);
    buildHeatmap(view);
    paint(view);
  } else if (view.background !== backgroundOf(view.root)) {
    colour(view);
    colourHeatmap(view);
    paint(view);
  }
  if (turned && same && !view.game) readIn(view, view.toldPieces);
  if (same && !view.page && JSON.stringify(view.link) !== JSON.stringify(link)) {
    view.link = link; // the page's state changed around the same lanes; with somebody to ask, the answer brings it
    announce(view);
  }
  root.style.minHeight = "";
  if (view.page) {
    WIRE.heard = () => take(view);
    WIRE.player = view;
    carryPlace();
    take(view);
  }
  gather(view);
  takeKeys(view.root, run);
  return () => {
    forget(view);
    if (WIRE.player === view) Object.assign(WIRE, { heard: null, player: null });
    clearInterval(view.timer);
    clearTimeout(view.later);
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(root);
  };
}
