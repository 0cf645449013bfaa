// The stops of the guided tour: which parts of the page each one rings, and what it opens. The number of a stop, from
// 1, is the parameter "tour" of a link.

import { WIRE } from "../../../player/browser/ask.js";

const nothing = () => {};

// Whether a node is on the page and takes room.
const isShown = (node) => Boolean(node?.isConnected && node.getClientRects().length && isVisible(node));
const isVisible = (node) => getComputedStyle(node).visibility !== "hidden";

const presses = (button) => {
  button.click();
  return () => button.isConnected && button.getAttribute("aria-expanded") === "true" && button.click();
};

// Streamlit's list of pages: above the page, beside it, or behind a button.
const PAGES = ["stTopNavSection", "stTopNavLinkContainer", "stSidebarNav", "stExpandSidebarButton"]
  .map((name) => `[data-testid=${name}]`)
  .join();
const EXAMPLES = "[class*=st-key-examples-] button";

function openExamples() {
  const button = document.querySelector(EXAMPLES);
  return !isShown(button) || button.getAttribute("aria-expanded") === "true" ? nothing : presses(button);
}

// Go to a step that has something to show, and come back.
const goTo = (stepOf) => (view) => {
  const { lane, step } = view.cursor;
  view.acts.show(view, { step: stepOf(view) });
  return () => view.acts.show(view, { lane, step });
};

const divergence = (view) => {
  const { divergence, steps } = view.model.lanes[view.cursor.lane];
  return divergence === null || divergence >= steps.length ? view.cursor.step : divergence;
};

// The editor marks a word; the mark goes with it.
function openEditor(view) {
  const { locked } = view.cursor;
  if (!view.cursor.edit) view.dom.editButton.click();
  return () => {
    if (view.cursor.edit) view.dom.editButton.click();
    view.cursor = { ...view.cursor, locked };
    view.acts.paint(view);
  };
}

const unfold = (name) => (view) => {
  const was = view.dom[name].open;
  view.dom[name].open = true;
  return () => (view.dom[name].open = was);
};

// ``page`` selects in the page, ``player`` in the player; all that is shown of it is ringed. ``opens`` makes the change
// that the stop needs, with the player's view if it has a ``player``, and returns how to undo it.
export const STOPS = [
  { name: "sentence", page: ".st-key-text, .st-key-ref, .st-key-run" },
  { name: "examples", page: `${EXAMPLES}, [data-testid=stPopoverBody]`, opens: openExamples },
  { name: "transport", player: ".first, .back, .play, .next, .last, .where", opens: goTo(() => 1) },
  { name: "source", player: ".source", opens: goTo(({ cursor }) => cursor.step || 1) },
  { name: "lanes", player: ".lanesBox", opens: goTo(divergence) },
  { name: "heatmap", player: ".map", needs: ".cells" },
  { name: "softmax", player: ".softmax, .reads", opens: goTo(divergence) },
  { name: "fork", player: ".say, .softmax", needs: ".softmax .pick", opens: goTo(divergence) },
  { name: "edit", player: ".editor, .source", needs: "button.edit", opens: openEditor },
  { name: "worked", player: "details.worked", opens: unfold("worked") },
  { name: "pages", page: PAGES },
];

const playerNodes = (selector) => (WIRE.player ? [...WIRE.player.dom.root.querySelectorAll(selector)] : []);

// The nodes of a stop that are shown now.
export function nodesOf({ page, player }) {
  return (page ? [...document.querySelectorAll(page)] : playerNodes(player)).filter(isShown);
}

// Whether the page has what a stop is about; what it opens may not be shown yet.
export function isPresent(stop) {
  if (stop.needs) return playerNodes(stop.needs).some(isShown);
  return nodesOf(stop).length > 0;
}

// The place of the stop that is shown for the one at ``at``: itself if the page has it, else the next that the page
// has, else the last before it; undefined on a page without any.
export function shownPlace(present, at) {
  return present.find((place) => place >= at) ?? present.at(-1);
}

// What the page hides of the tour, whatever a stop opens: it changes with the projector mode.
export const arrangement = () =>
  STOPS.filter((stop) => (stop.page || stop.name === "worked") && isPresent(stop))
    .map(({ name }) => name)
    .join();

// Make the change that a stop needs; returns how to undo it.
export function open({ player, opens = () => nothing }) {
  return player && !WIRE.player ? nothing : opens(WIRE.player);
}

// The box around nodes on screen; null without any.
export function boxAround(nodes) {
  const boxes = nodes.map((node) => node.getBoundingClientRect()).filter(({ width, height }) => width && height);
  if (!boxes.length) return null;
  const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
  const [right, bottom] = [Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
  return { left, top, right, bottom, width: right - left, height: bottom - top };
}
