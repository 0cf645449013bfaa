// The player: shows whole traces a step at a time, without asking Python for a step.
//
// A view is one player on the page. Its parts:
//   model     what is shown (model.js); replaced, never changed
//   cursor    where the player stands in it (cursor.js); replaced, never changed
//   dom       the nodes that are painted (nodes.js), and what of the cursor they show
//   palette   colours of the page's theme (palette.js)
//   channel   requests to Python (ask.js); ``rows`` keeps whole branches by key
//   timers    play, announce, news, colours
//   received  what Python sent last, to tell what is new: identity, traces, pieces; ``heard``: the traces whose
//             sentence was read out
//   evidence, readouts    answers of Python, by page and lane
//   acts      functions of this file for the files that it imports, and those that only the app has (app.js)

import { announce, placeFromAddress } from "./address.js";
import { WIRE, ask, forget, isAsked, lastMessage, openChannel, readAnswer, sendNext } from "./ask.js";
import { buildBar, stopClock } from "./bar.js";
import { START, columnOf, hasLeftEdit, isAsking, moveTo, settleAt, shownStep, traceOf } from "./cursor.js";
import { argmax, el, fill } from "./dom.js";
import { paintEditor, shownRows, startEditing, stopEditing } from "./edit.js";
import { sendPlaceFirst } from "./export.js";
import { paintFlow } from "./flow.js";
import { paintBranchBar } from "./fork.js";
import { fitHeatmap } from "./fit.js";
import { buildHeatmap, colourHeatmap, followCell, paintHeatmap } from "./heatmap.js";
import { paintGrid } from "./heatmap_grid.js";
import { lockWord } from "./input.js";
import { takeKeys, takeProjected } from "./keys.js";
import { buildLanes, buildSource, followLanes, followSource, paintLanes, paintSource } from "./lanes.js";
import { buildModel, knownBranches, learnBranches, placeAmong, sameBranches, withLink } from "./model.js";
import { buildNodes } from "./nodes.js";
import { backgroundOf, readPalette } from "./palette.js";
import { paintGame, startGame } from "./predict.js";
import { setBranches, setReading } from "./reading.js";
import { paintSoftmax } from "./softmax.js";
import { paintSummary } from "./summary.js";
import { paintTable, paintWorked } from "./worked.js";

const ACTS = { show, paint, buildLane, stopEditing, lockWord, announce };
export const VIEWS = new WeakMap(); // the view of each place where the component is mounted

const newView = (more) => ({
  model: null,
  cursor: START,
  dom: null,
  palette: null,
  channel: { ...openChannel(), rows: new Map() },
  timers: { play: null, announce: null, news: null, colours: null },
  received: { identity: null, traces: null, pieces: null, heard: null },
  evidence: new Map(),
  readouts: { answers: new Map(), asked: null },
  acts: { ...ACTS, ...more },
});

// The view of a place where the component has just been mounted. A page that is drawn anew, as in another language,
// mounts its parts anew: the same traces go on with what was opened, edited and guessed in the view that was there.
function firstView(data, more) {
  const [left, view] = [globalThis.lookbackLeft, newView(more)];
  if (!left || left.received.traces !== JSON.stringify(data.lanes)) return view;
  const { model, dom, heardLane, received } = left;
  const cursor = { ...left.cursor, ...(data.link ? placeFromAddress(data) : {}) };
  const channel = { ...view.channel, page: left.channel.page, rows: left.channel.rows };
  return { ...view, model, cursor, dom, heardLane, received: { ...received, identity: null }, channel };
}

// Go to a step, and to a lane.
export function show(view, place) {
  const { lane } = view.cursor;
  view.cursor = moveTo(view, place);
  if (view.cursor.lane !== lane) buildLane(view);
  if (hasLeftEdit(view.cursor)) {
    stopEditing(view);
    startEditing(view);
  }
  paint(view);
}

// Build what shows the whole selected lane.
function buildLane(view) {
  buildHeatmap(view.dom, traceOf(view), view.model.strings, view.palette);
  fitHeatmap(view);
  paintTable(view);
}

// The text of a lane, which is the same at each of its steps.
function paintOutput({ dom, model }, trace) {
  if (dom.outputOf === trace) return;
  dom.outputOf = trace;
  dom.output.replaceChildren(el("span", { text: trace.text, dir: "auto" }));
  if (trace.ended === "length") dom.output.append(el("em", { text: model.strings.cut_off }));
}

function paint(view) {
  const { model, cursor, dom } = view;
  dom.stale = false;
  const trace = traceOf(view);
  const shown = shownStep(view);
  const step = trace.steps[shown];
  if (isAsking(view)) return paintGame(view); // the step is hidden
  const [attention, own] = shownRows(view, step);
  paintSource(view, attention, own);
  paintLanes(view);
  paintHeatmap(dom, shown, columnOf(cursor));
  paintGrid(view);
  paintSoftmax(view, step);
  paintWorked(view, step);
  paintFlow(view, step);
  paintEditor(view);
  paintBranchBar(view);
  view.acts.paintEvidence?.(view, step);
  dom.where.textContent = fill(model.strings.where, { step: shown + 1, steps: trace.steps.length });
  for (const node of dom.laneButtons) node.setAttribute("aria-pressed", node.dataset.lane === cursor.lane);
  paintJump(dom, trace);
  paintSummary(view);
  paintOutput(view, trace);
  paintGame(view);
  if (cursor.hover !== null) return;
  // After all that is painted: each place read anew after a change costs a layout of the page.
  followSource(view, attention);
  followLanes(view);
  followCell(dom, { s: argmax(step.attention), t: shown });
  announce(view);
}

// The button that goes to where the free lane leaves the reference.
function paintJump({ jump }, { divergence, steps }) {
  jump.style.visibility = divergence === null || divergence >= steps.length ? "hidden" : "";
  jump.textContent = divergence === null ? "◆" : `◆ ${divergence + 1}`;
  jump.setAttribute("aria-label", `${jump.textContent} ${jump.title}`);
}

// Build the view anew for what came from Python. The same traces, as in another language, keep the step; another
// sentence begins at its first one.
function buildView(view, data, inPieces, root) {
  const { channel, received, timers } = view;
  const [before, { cursor }] = [view.model, view];
  stopClock(timers);
  const traces = JSON.stringify(data.lanes);
  const same = received.traces === traces;
  const branches = knownBranches(channel.rows, data.branches);
  const first = { step: 0, lane: cursor.lane, ...data.begin };
  const place = before === null ? placeFromAddress(data) : same ? placeAmong(before, branches, cursor) : first;
  const opened = ["worked", "table", "evidence"].filter((name) => view.dom?.[name]?.open);
  const within = view.dom?.root.contains(root.getRootNode().activeElement);
  received.traces = traces;
  view.model = buildModel(data, branches, inPieces);
  const { speed, flow } = cursor;
  const kept = same ? { edit: cursor.edit, locked: cursor.locked } : {};
  view.cursor = settleAt({ model: view.model, cursor: { ...START, speed, flow, ...kept } }, place);
  if (hasLeftEdit(view.cursor)) view.cursor = { ...view.cursor, edit: null };
  if (data.predict) {
    const playing = same ? cursor.game : null;
    startGame(view, playing ? place.step : before === null ? view.cursor.step : 0, playing);
  }
  view.dom?.stopListening();
  buildNodes(view, root);
  buildBar(view);
  buildSource(view);
  buildLanes(view);
  for (const name of opened) view.dom[name].open = true;
  if (within) view.dom.root.focus({ preventScroll: true });
}

// Read a message from Python: the branches, the link to them, an answer.
function readMessage(view) {
  const { channel } = view;
  view.acts.noteMessage?.(view);
  const news = lastMessage(channel);
  if (!news) return;
  const moved = JSON.stringify(view.model.link) !== JSON.stringify(news.link);
  view.model = withLink(view.model, news.link);
  const branches = knownBranches(channel.rows, news.branches);
  // a game hides other lanes
  if (!view.cursor.game && !sameBranches(branches, view.model.branches)) setBranches(view, branches);
  readAnswer(channel);
  view.acts.readHere?.(view);
  if (view.dom.stale) paint(view);
  else if (moved) announce(view);
  const missing = news.branches.some(({ key }) => !channel.rows.has(key));
  if (missing && !isAsked(channel, ({ kind }) => kind === "branches")) ask(channel, "branches", {}, () => {});
  sendNext(channel);
  view.acts.askEvidence?.(view);
}

function readTheme(view) {
  view.palette = readPalette(view.dom.root);
  view.dom.root.classList.toggle("dark", view.palette.dark);
}

// Build the view if what it shows has changed, or colour it if the theme has.
function refresh(view, data, inPieces, root) {
  const { branches, link, pieces, run, projector, model, ...lasting } = data;
  const identity = JSON.stringify(lasting);
  if (view.received.identity !== identity) {
    root.style.minHeight = `${root.offsetHeight}px`; // otherwise the page, shorter for a moment, would scroll
    buildView(view, { ...data, branches: lastMessage(view.channel)?.branches ?? branches }, inPieces, root);
    view.received.identity = identity;
    readTheme(view);
    buildHeatmap(view.dom, traceOf(view), view.model.strings, view.palette);
    fitHeatmap(view);
    paint(view);
    root.style.minHeight = "";
    return;
  }
  if (view.palette.page !== backgroundOf(view.dom.root)) {
    readTheme(view);
    colourHeatmap(view.dom, traceOf(view), view.palette);
    paint(view);
  }
  if (inPieces !== view.model.inPieces) {
    if (view.cursor.game) view.model = { ...view.model, inPieces }; // a game's lanes stay as they are
    else setReading(view, inPieces);
  }
  if (!view.model.page && JSON.stringify(view.model.link) !== JSON.stringify(link)) {
    view.model = withLink(view.model, link); // with Python, its next message brings the link
    announce(view);
  }
}

// Whether the source is shown in pieces: as Python says if that is news, otherwise as the reader left it.
function readingOf({ received, model }, pieces) {
  const news = received.pieces !== pieces;
  received.pieces = pieces;
  return news ? pieces : model?.inPieces ?? false;
}

export function mount(component, more = {}) {
  const { data: sent, parentElement } = component;
  const root = parentElement.querySelector(".lookback");
  if (!VIEWS.has(root)) VIEWS.set(root, firstView(sent, more));
  const view = VIEWS.get(root);
  const { channel, timers } = view;
  if (channel.page !== sent.page) Object.assign(channel, { page: sent.page, queue: [], rows: new Map() });
  const data = view.acts.attachModel?.(view, sent) ?? sent;
  learnBranches(channel.rows, data.branches);
  root.classList.toggle("projected", Boolean(data.projector));
  refresh(view, data, readingOf(view, Boolean(data.pieces)), root);
  if (data.page) {
    WIRE.heard = () => readMessage(view);
    WIRE.player = view;
    sendPlaceFirst();
    readMessage(view);
  }
  view.acts.askEvidence?.(view);
  takeKeys(view.dom.root, data.run);
  if (data.projector != null) takeProjected(view.dom.root, data.projector);
  return () => {
    forget(channel);
    if (WIRE.player === view) Object.assign(WIRE, { heard: null, player: null });
    stopClock(timers);
    clearTimeout(timers.announce);
    view.dom.stopListening();
    VIEWS.delete(root);
    globalThis.lookbackLeft = view;
  };
}
