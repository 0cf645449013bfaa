// The search tree: the browser holds the whole search and paints it. Python is asked only to open a hypothesis in the
// player.

import { el, fill, icon, reveal } from "../../../player/browser/dom.js";
import { giveUp, takeKeys } from "../../../player/browser/keys.js";
import { keepPlace, placeIn } from "../places.js";
import { svg } from "../svg.js";
import { buildBest, decimal, paintBeam, paintBest, paintDetail, reasonOf, tokensOf } from "./detail.js";
import { fadeEdges } from "../../../player/browser/room.js";
import { paintTree, placeNodes, scrollToNode, textMeasurer, treeRoom } from "./draw.js";
import { drawnNodes, leader, nodeFacts } from "./layout.js";
import { listen } from "./tree_events.js";

const ACTS = { hoverNode, selectNode, goToStep, play, openInPlayer }; // called by the other files of this folder
const VIEWS = new WeakMap(); // element where the component is mounted → its view
const TICK = 700; // milliseconds a step while it plays
const NEAREST = 5; // pruned nodes a step that are drawn at first
const PRUNED = [[0, "none"], [NEAREST, "near"], [1e9, "all"]]; // the choices of how many pruned nodes a step are drawn
const PAUSE = 250; // milliseconds without a change before a screen reader is told

function buildFrame(view, root) {
  const { strings } = view;
  buildParts(view);
  const { parts } = view;
  const heading = (text) => el("h3", { text });
  const why = el("p", { class: "why", text: endReason(view) });
  const panes = el(
    "div",
    { class: "panes" },
    el("section", {}, heading(strings.selected), parts.detail),
    el("section", {}, parts.caption, el("div", { class: "scroll", tabindex: "0" }, parts.alive)),
  );
  view.root = el(
    "div",
    { class: "beam" },
    ...[parts.bar, parts.tree, buildLegend(strings), why, panes, ...finishedSection(view), parts.live],
  );
  root.replaceChildren(view.root);
  view.measure = textMeasurer(view.root);
}

// The elements that are painted anew, by their names.
function buildParts(view) {
  const { strings } = view;
  const parts = (view.parts = {});
  const part = (name, tag, attributes = {}, ...children) =>
    (parts[name] = el(tag, { class: name, ...attributes }, ...children));
  view.canvas = svg("svg", { "aria-hidden": "true" });
  part("times", "div");
  part(
    "tree",
    "div",
    { class: "tree scroll", tabindex: "0", role: "application", "aria-label": strings.tree_help },
    parts.times,
    view.canvas,
  );
  part("bar", "div", { role: "toolbar", "aria-label": strings.tree });
  part("detail", "div");
  part("caption", "h3");
  part("alive", "table", { class: "alive numbers" });
  part("best", "table", { class: "best numbers" });
  part("live", "div", { "aria-live": "polite" });
}

// The finished hypotheses, the formula of their score and the keys; nothing in a figure, which only shows the tree.
function finishedSection(view) {
  if (view.brief) return [];
  const { strings, tree, parts } = view;
  const { length_penalty: a, coverage_penalty: b } = tree.settings;
  const formula = `score = log P / lp + cp · lp = ((5 + |Y|) / 6)^a, a = ${a} · cp = β Σ log min(Σ α, 1), β = ${b}`;
  return [
    el("h3", { text: fill(strings.n_best, { count: tree.finished.length }) }),
    el("div", { class: "scroll", tabindex: "0" }, parts.best),
    el("p", { class: "why", text: formula }),
    el("p", { class: "keys", text: strings.keys }),
  ];
}

function buildLegend(strings) {
  const item = (kind) => el("span", {}, el("i", { class: kind }), strings[`legend_${kind}`]);
  return el(
    "p",
    { class: "legend" },
    ...["lead", "kept", "finished", "pruned", "greedy"].map(item),
    el("span", { text: strings.legend_p }),
  );
}

// The sentence that says why the search ended.
function endReason(view) {
  const { tree, strings } = view;
  const values = { steps: tree.steps.length, limit: tree.limit, count: tree.finished.length };
  if (tree.ended === "decided") {
    Object.assign(values, { bound: decimal(tree.bound), best: decimal(tree.nodes.score[tree.finished[0].node]) });
  }
  return fill(strings[`ended_${tree.ended}`], values);
}

function buildBar(view) {
  const { strings, tree } = view;
  const button = (name, action) =>
    el("button", { type: "button", "aria-label": strings[name], title: strings[name], onclick: action }, icon(name));
  view.slider = el("input", {
    type: "range",
    min: "0",
    max: String(tree.steps.length - 1),
    step: "1",
    "aria-label": strings.scrub,
  });
  view.slider.addEventListener("input", () => goToStep(view, Number(view.slider.value)));
  view.where = el("span", { class: "where" });
  view.playButton = el("button", { type: "button", class: "play", onclick: () => play(view, !view.timer) });
  const back = button("back", () => goToStep(view, view.time - 1));
  const next = button("next", () => goToStep(view, view.time + 1));
  view.parts.bar.replaceChildren(
    el("span", { class: "group" }, back, view.playButton, next),
    view.slider,
    view.where,
    prunedChoice(view),
  );
  paintPlayButton(view, false);
}

// The choice of how many pruned nodes are drawn. A selected node that goes gives way to the best hypothesis.
function prunedChoice(view) {
  const { strings, tree } = view;
  const choice = el("select", { "aria-label": strings.pruned_shown, title: strings.pruned_shown });
  for (const [value, name] of PRUNED) choice.append(el("option", { value, text: strings[`pruned_${name}`] }));
  choice.value = String(view.most);
  choice.addEventListener("change", () => {
    view.most = Number(choice.value);
    if (!drawnNodes(tree, view.facts, view.most, view.greedy)(view.node)) view.node = view.best;
    placeNodes(view);
    paint(view);
  });
  return choice;
}

function paintPlayButton(view, on) {
  const title = view.strings[on ? "pause" : "play"];
  view.playButton.replaceChildren(icon(on ? "pause" : "play"));
  view.playButton.title = title;
  view.playButton.setAttribute("aria-label", title);
}

function play(view, on) {
  clearInterval(view.timer);
  view.timer = null;
  const last = view.tree.steps.length - 1;
  if (on) {
    goToStep(view, view.time >= last ? 0 : view.time, true);
    view.timer = setInterval(() => {
      if (view.root.isConnected) goToStep(view, view.time + 1, true);
      if (!view.root.isConnected || view.time >= last) play(view, false);
    }, TICK);
  }
  paintPlayButton(view, on);
}

// Show the search as it was after step t, and select the hypothesis that led then.
function goToStep(view, t, playing = false) {
  if (!playing && view.timer) play(view, false);
  view.time = Math.max(0, Math.min(t, view.tree.steps.length - 1));
  view.node = leader(view.tree, view.facts, view.time);
  view.hover = null;
  const { x, width } = view.plan.lefts[view.time];
  const { gap } = view.plan;
  reveal(view.parts.tree, "x", x - gap, width + gap, 0);
  paint(view);
}

function selectNode(view, i) {
  view.node = i;
  view.hover = null;
  if (view.facts.step[i] > view.time) view.time = view.facts.step[i];
  if (!view.plan.position.has(i)) placeNodes(view);
  scrollToNode(view, i);
  paint(view);
}

function hoverNode(view, i) {
  if (view.hover === i) return;
  view.hover = i;
  paintTree(view);
  paintDetail(view);
}

// Ask Python for the hypothesis in the player. Numbers of requests grow, also over a reload of the component.
function openInPlayer(view, i) {
  view.asked = Math.max(view.asked, view.heard) + 1;
  view.setStateValue("open", { seq: view.asked, node: i, tree: view.name });
}

function paint(view) {
  paintTree(view);
  paintDetail(view);
  paintBeam(view);
  if (!view.brief) paintBest(view);
  view.slider.value = String(view.time);
  view.where.textContent = fill(view.strings.where, { step: view.time + 1, steps: view.tree.steps.length });
  clearTimeout(view.later);
  view.later = setTimeout(() => {
    const values = { words: tokensOf(view, view.node).join(" "), reason: reasonOf(view, view.node) };
    view.parts.live.textContent = fill(view.strings.heard, values);
  }, PAUSE);
}

function build(view, data, root) {
  clearInterval(view.timer);
  const same = view.name === data.name;
  if (!same) leave(view);
  const { tree, strings, greedy, brief, name } = data;
  Object.assign(view, { tree, strings, greedy, brief, name, openable: !brief });
  Object.assign(view, { timer: null, hover: null, greedySet: new Set(greedy) });
  view.facts = nodeFacts(tree);
  view.best = leader(tree, view.facts, tree.steps.length - 1);
  if (!same)
    Object.assign(
      view,
      { time: tree.steps.length - 1, node: view.best, scrolled: {} },
      placeIn(`tree ${name} ${brief}`),
    );
  buildFrame(view, root);
  buildBar(view);
  buildBest(view);
  placeNodes(view);
  listen(view);
  Object.assign(view.parts.tree, view.scrolled);
}

// Keep the step, the selected node, the drawn nodes and the scroll position for when the same tree is shown again.
function leave({ name, brief, time, node, most, scrolled }) {
  if (name) keepPlace(`tree ${name} ${brief}`, { time, node, most, scrolled });
}

// Lay the tree out again when it gets another room, as a hidden tab has none, and when fonts of other widths have
// loaded.
function watchRoom(view) {
  view.end?.();
  const boxes = [view.parts.tree, view.parts.alive.parentElement];
  const edges = fadeEdges(boxes, { left: boxes });
  let known = "";
  const fit = () => {
    const room = JSON.stringify(treeRoom(view));
    if (!view.canvas.isConnected || room === known) return;
    known = room;
    placeNodes(view);
    paint(view);
    edges.mark();
  };
  const observer = new ResizeObserver(fit);
  observer.observe(view.parts.tree);
  addEventListener("resize", fit);
  view.end = () => {
    observer.disconnect();
    edges.end();
    removeEventListener("resize", fit);
  };
  if (document.fonts.status === "loaded") return;
  document.fonts.ready.then(() => {
    view.measure = textMeasurer(view.root);
    known = "";
    fit();
  });
}

export default function (component) {
  const { heard, run, ...data } = component.data;
  const root = component.parentElement.querySelector(".lookback");
  let view = VIEWS.get(root);
  if (!view) {
    VIEWS.set(root, (view = { acts: ACTS, most: NEAREST, timer: null, asked: 0 }));
    view.onKey = (event) => view.brief || giveUp(view.parts.tree, event);
    document.addEventListener("keydown", view.onKey);
  }
  view.setStateValue = component.setStateValue;
  view.heard = heard;
  const identity = JSON.stringify(data);
  if (view.identity !== identity) {
    build(view, data, root);
    view.identity = identity;
    watchRoom(view);
  }
  paint(view);
  if (!view.brief) takeKeys(view.parts.tree, run);
  return () => {
    leave(view);
    document.removeEventListener("keydown", view.onKey);
    clearInterval(view.timer);
    clearTimeout(view.later);
    view.end?.();
    VIEWS.delete(root);
  };
}
