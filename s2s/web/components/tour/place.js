// Where the card stands beside what it explains, in pixels of the window.

import { clamp } from "../../../player/browser/room.js";

const GAP = 12; // pixels around the card
const NARROW = 700; // a window that is narrower has no room beside
const ONE_SCREEN = 1000; // from this width on the lanes, the heatmap and the softmax are on one screen
const HEADER = 64; // pixels that the page's header may cover

// How far two spans overlap.
const overlap = (from, to, low, high) => Math.max(0, Math.min(to, high) - Math.max(from, low));

// Where a card of this size has room in the window below, above, right or left of a target; undefined if nowhere.
function beside({ width, height }, target, room) {
  const left = clamp(target.left, GAP, room.width - width - GAP);
  const top = clamp(target.top, HEADER, room.height - height - GAP);
  const ways = [
    { left, top: target.bottom + GAP },
    { left, top: target.top - height - GAP },
    { left: target.right + GAP, top },
    { left: target.left - width - GAP, top },
  ];
  const fits = (at) => at.left >= 0 && at.top >= 0 && at.left + width <= room.width && at.top + height <= room.height;
  return ways.find(fits);
}

// The left and the top of a card beside ``target``, a box. Where there is no room beside it, the card is at the edge of
// the window where it covers the least, of what goes on below the window at the bottom. Without a target it covers the
// form of a wide window, and nothing of what the model did; a narrow one scrolls, and has it at the bottom.
export function placeCard(card, target, room) {
  const { width, height } = card;
  const docked = { left: clamp((room.width - width) / 2, GAP, room.width), top: room.height - height - GAP };
  const raised = { ...docked, top: GAP };
  if (!target) return room.width < ONE_SCREEN ? docked : raised;
  const covered = ({ top }) => overlap(top, top + height, target.top, target.bottom);
  const edge = target.bottom <= room.height && covered(raised) < covered(docked) ? raised : docked;
  return beside(card, target, room) ?? edge;
}

// How far the page has to scroll so that a target is in sight, clear of the header and of what stays above the pixel
// ``stuck`` while the page scrolls, and the card has room beside it.
export function scrollBy(card, target, room, stuck = 0) {
  const header = Math.max(room.width < NARROW ? 2 * HEADER : HEADER, stuck + GAP);
  const inSight = target.top >= header && target.bottom <= room.height;
  if (inSight && beside(card, target, room)) return 0;
  const below = room.height - card.height - 2 * GAP;
  const bottom = room.width < NARROW || target.height <= below - header ? below : room.height;
  return target.top - Math.max(header, (header + bottom - target.height) / 2);
}
