// The ring around what is explained, and the card that explains it. Both are in the browser's top layer: nothing of the
// page covers them. Only the card takes presses.

import { WIRE } from "../../../player/browser/ask.js";
import { el } from "../../../player/browser/dom.js";
import { zoomOf } from "../../../player/browser/room.js";
import { placeCard, scrollBy } from "./place.js";
import { boxAround } from "./stops.js";

const MARGIN = 4; // pixels between a part and its ring

export function buildCard(root, acts) {
  const ring = el("div", { class: "ring", popover: "manual", "aria-hidden": "true" });
  const parts = { place: "p", title: "h2", text: "p", caption: "p", choices: "div" };
  const nodes = { heard: el("div", { class: "heard", role: "status" }) };
  for (const [name, tag] of Object.entries(parts)) nodes[name] = el(tag, { class: name, id: `tour-${name}` });
  for (const name of ["skip", "back", "next"]) {
    nodes[name] = el("button", { type: "button", class: name, onclick: () => acts[name]() });
  }
  const { place, title, text, caption, choices, skip, back, next, heard } = nodes;
  const labels = { "aria-labelledby": "tour-title", "aria-describedby": "tour-text tour-caption" };
  const buttons = el("div", { class: "buttons" }, skip, back, next);
  const shown = [place, title, text, caption, choices, buttons];
  const box = el("div", { class: "card", popover: "manual", role: "dialog", tabindex: "-1", ...labels }, ...shown);
  root.replaceChildren(ring, box, heard);
  return { ring, box, ...nodes, held: "" };
}

// Write the card. ``words`` has title, text, place, and labels of the buttons; a button without a label is hidden.
export function writeCard(card, words) {
  for (const name of ["place", "title", "text", "skip", "back", "next"]) card[name].textContent = words[name] ?? "";
  for (const name of ["place", "text", "skip", "back", "next"]) card[name].hidden = !words[name];
  card.choices.replaceChildren(...(words.choices ?? []));
  writeCaption(card, "");
}

export function writeCaption(card, text) {
  if (card.caption.textContent !== text) card.caption.textContent = text;
  card.caption.hidden = !text;
}

// What has left the page is not shown any more, and the browser refuses to hide it.
export function showCard(card, shown) {
  for (const node of [card.ring, card.box]) if (node.isConnected) node.togglePopover(shown);
  card.held = "";
}

// By a transform: the page is not laid out anew, and nothing counts as moved by it. Places are in pixels of the window,
// of which the projector mode gives several to one of the card's own.
const moveTo = (node, { left, top }, zoom) => (node.style.transform = `translate(${left / zoom}px, ${top / zoom}px)`);
function sizeOf({ box }) {
  const { width, height } = box.getBoundingClientRect();
  return { width, height };
}
const room = () => ({ width: document.documentElement.clientWidth, height: innerHeight });

// Where what stays at the top of the window while the player scrolls ends, if it may cover the nodes.
function stuckEnd(nodes) {
  const root = WIRE.player?.dom.root;
  const inside = nodes.filter((node) => root?.contains(node));
  const parts = inside.length ? [...root.querySelectorAll(".bar, .sourceRow")] : [];
  const ends = parts.map((part) => {
    const { position, top } = getComputedStyle(part);
    const covers = position === "sticky" && inside.some((node) => !part.contains(node));
    return covers ? parseFloat(top) * zoomOf(part) + part.getBoundingClientRect().height : 0;
  });
  return Math.max(0, ...ends);
}

// Scroll the page so that the nodes are clear of the card.
export function bringIntoView(card, nodes) {
  const target = boxAround(nodes);
  const main = document.querySelector("[data-testid=stMain]");
  if (target) main?.scrollBy(0, scrollBy(sizeOf(card), target, room(), stuckEnd(nodes)));
}

// Put the ring around the nodes and the card beside them; called for every frame, as the page may move.
export function moveCard(card, nodes, docked = false) {
  const target = boxAround(nodes);
  const at = placeCard(sizeOf(card), docked ? null : target, room());
  const held = JSON.stringify([target, at]);
  if (held === card.held) return;
  card.held = held;
  const zoom = zoomOf(card.box);
  moveTo(card.box, at, zoom);
  card.ring.style.visibility = target ? "" : "hidden";
  if (!target) return;
  const { left, top, width: wide, height: high } = target;
  moveTo(card.ring, { left: left - MARGIN, top: top - MARGIN }, zoom);
  Object.assign(card.ring.style, {
    width: `${(wide + 2 * MARGIN) / zoom}px`,
    height: `${(high + 2 * MARGIN) / zoom}px`,
  });
}
