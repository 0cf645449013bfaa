// The search tree: holds a whole search and paints itself. Python hears only of a hypothesis to open in the player.

import { el, fill, icon, reveal } from "../../../player/browser/dom.js";
import { giveUp, takeKeys } from "../../../player/browser/keys.js";
import { buildBest, number, paintBeam, paintBest, paintDetail, reason, tokensOf } from "./detail.js";
import { measurer, paintTree, place, showNode, svg } from "./draw.js";
import { listen } from "./input.js";
import { GAP, drawnNodes, leader, read } from "./layout.js";

const ACTS = { hover, select, scrub, play, open }; // for the files below this one
const VIEWS = new WeakMap(); // one view for each place where the component is mounted
const TICK = 700; // milliseconds a step while it plays
const NEAREST = 5; // pruned nodes a step that are drawn at first

function frame(view, root) {
  const { strings } = view;
  const parts = (view.parts = {});
  const part = (name, tag, attributes = {}, ...children) => (parts[name] = el(tag, { class: name, ...attributes }, ...children));
  const heading = (text) => el("h3", { text });
  view.canvas = svg("svg", { "aria-hidden": "true" });
  part("times", "div");
  part("tree", "div", { class: "tree scroll", tabindex: "0", role: "application", "aria-label": strings.tree_help }, parts.times, view.canvas);
  part("bar", "div", { role: "toolbar", "aria-label": strings.tree });
  part("detail", "div");
  part("caption", "h3");
  part("alive", "table", { class: "alive numbers" });
  part("best", "table", { class: "best numbers" });
  part("live", "div", { "aria-live": "polite" });
  const panes = el(
    "div",
    { class: "panes" },
    el("section", {}, heading(strings.selected), parts.detail),
    el("section", {}, parts.caption, el("div", { class: "scroll" }, parts.alive)),
  );
  const { length_penalty: a, coverage_penalty: b } = view.tree.settings;
  const formula = `score = log P / lp + cp · lp = ((5 + |Y|) / 6)^a, a = ${a} · cp = β Σ log min(Σ α, 1), β = ${b}`;
  const list = view.brief
    ? []
    : [
        heading(fill(strings.n_best, { count: view.tree.finished.length })),
        el("div", { class: "scroll" }, parts.best),
        el("p", { class: "why", text: formula }),
        el("p", { class: "keys", text: strings.keys }),
      ];
  view.root = el("div", { class: "beam" }, parts.bar, parts.tree, legend(strings), el("p", { class: "why", text: over(view) }), panes, ...list);
  view.root.append(parts.live);
  root.replaceChildren(view.root);
  view.measure = measurer(view.root);
}

function legend(strings) {
  const item = (kind) => el("span", {}, el("i", { class: kind }), strings[`legend_${kind}`]);
  return el("p", { class: "legend" }, ...["lead", "kept", "finished", "pruned", "greedy"].map(item), el("span", { text: strings.legend_p }));
}

// Why the search was over.
function over(view) {
  const { tree, strings } = view;
  const values = { steps: tree.steps.length, limit: tree.limit, count: tree.finished.length };
  if (tree.ended === "decided") {
    Object.assign(values, { bound: number(tree.bound), best: number(tree.nodes.score[tree.finished[0].node]) });
  }
  return fill(strings[`ended_${tree.ended}`], values);
}

function buildBar(view) {
  const { strings, tree } = view;
  const last = tree.steps.length - 1;
  view.slider = el("input", { type: "range", min: "0", max: String(last), step: "1", "aria-label": strings.scrub });
  view.slider.addEventListener("input", () => scrub(view, Number(view.slider.value)));
  view.where = el("span", { class: "where" });
  view.playButton = el("button", { type: "button", class: "play", onclick: () => play(view, !view.timer) });
  const back = el("button", { type: "button", "aria-label": strings.back, title: strings.back, onclick: () => scrub(view, view.time - 1) }, icon("back"));
  const next = el("button", { type: "button", "aria-label": strings.next, title: strings.next, onclick: () => scrub(view, view.time + 1) }, icon("next"));
  const choice = el("select", { "aria-label": strings.pruned_shown, title: strings.pruned_shown });
  for (const [value, name] of [[0, "none"], [NEAREST, "near"], [1e9, "all"]]) choice.append(el("option", { value, text: strings[`pruned_${name}`] }));
  choice.value = String(view.most);
  choice.addEventListener("change", () => {
    view.most = Number(choice.value);
    if (!drawnNodes(tree, view.facts, view.most, view.greedy)(view.node)) view.node = view.best;
    place(view);
    paint(view);
  });
  view.parts.bar.replaceChildren(el("span", { class: "group" }, back, view.playButton, next), view.slider, view.where, choice);
  setPlaying(view, false);
}

function setPlaying(view, on) {
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
    scrub(view, view.time >= last ? 0 : view.time, true);
    view.timer = setInterval(() => {
      if (view.root.isConnected) scrub(view, view.time + 1, true);
      if (!view.root.isConnected || view.time >= last) play(view, false);
    }, TICK);
  }
  setPlaying(view, on);
}

// To the search as it was after a step; what led then is selected.
function scrub(view, t, playing = false) {
  if (!playing && view.timer) play(view, false);
  view.time = Math.max(0, Math.min(t, view.tree.steps.length - 1));
  view.node = leader(view.tree, view.facts, view.time);
  view.hover = null;
  const { x, width } = view.plan.lefts[view.time];
  reveal(view.parts.tree, "x", x - GAP, width + GAP, 0);
  paint(view);
}

function select(view, i) {
  view.node = i;
  view.hover = null;
  if (view.facts.step[i] > view.time) view.time = view.facts.step[i];
  if (!view.plan.position.has(i)) place(view);
  showNode(view, i);
  paint(view);
}

function hover(view, i) {
  if (view.hover === i) return;
  view.hover = i;
  paintTree(view);
  paintDetail(view);
}

function open(view, i) {
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
    const said = tokensOf(view, view.node).join(" ");
    view.parts.live.textContent = `${said}. ${reason(view, view.node)}`;
  }, 250);
}

function build(view, data, root) {
  clearInterval(view.timer);
  const same = view.name === data.name;
  const { tree, strings, greedy, brief, name } = data;
  Object.assign(view, { tree, strings, greedy, brief, openable: !brief, name, timer: null, hover: null, greedySet: new Set(greedy) });
  view.facts = read(tree);
  view.best = leader(tree, view.facts, tree.steps.length - 1);
  if (!same) Object.assign(view, { time: tree.steps.length - 1, node: view.best });
  frame(view, root);
  buildBar(view);
  buildBest(view);
  place(view);
  listen(view);
}

// A tab that was hidden has no width, and a font that has not come yet gives other ones.
function watch(view) {
  view.seen?.disconnect();
  view.seen = new ResizeObserver(() => view.canvas.isConnected && paintTree(view));
  view.seen.observe(view.parts.tree);
  if (document.fonts.status === "loaded") return;
  document.fonts.ready.then(() => {
    if (!view.canvas.isConnected) return;
    view.measure = measurer(view.root);
    place(view);
    paint(view);
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
    watch(view);
  }
  paint(view);
  if (!view.brief) takeKeys(view.parts.tree, run);
  return () => {
    document.removeEventListener("keydown", view.onKey);
    clearInterval(view.timer);
    clearTimeout(view.later);
    view.seen?.disconnect();
    VIEWS.delete(root);
  };
}
