// Where the focus goes when long work starts and ends: to its Stop, and to what came of it. Only who had the focus on a
// control of the work that is gone or switched off is led there, and nobody who was elsewhere since.

const TARGETS = "h1, h2, h3, h4, h5, h6, a[href], button, input, select, textarea, summary";
const HELP = "[data-testid=stTooltipIcon]";

// ``node``: what had the focus last, and the ``keys`` of Streamlit's containers around it. ``byMouse``: it was pressed
// with one. ``known``: the works when it was pressed, null before.
const HELD = (globalThis.lookbackHeld ??= { node: null, keys: [], byMouse: false, known: null, watching: false });

// The class by which Streamlit marks what has a key.
export const classOf = (key) => `st-key-${key.trim().replace(/[^a-zA-Z0-9_-]/g, "-")}`;

const nameOf = ({ id, run }) => `${id} ${run}`;

function keysOf(node) {
  const boxes = [];
  for (let box = node; box; box = box.parentElement) boxes.push(box);
  return boxes.flatMap((box) => [...box.classList]).filter((name) => name.startsWith("st-key-"));
}

// Whether the focus was lost with a control that started or stopped a work: a start leads to what it started.
export function leads({ keys, known }, work) {
  const holds = (key) => keys.includes(classOf(key));
  return holds(work.stop) || (known !== null && work.starts.some(holds) && !known.has(nameOf(work)));
}

function isLost() {
  const { node } = HELD;
  if (!node || (node.isConnected && !node.disabled)) return false;
  const at = document.activeElement;
  return !at || at === document.body || at === node;
}

function targetIn(key) {
  const canTake = (node) => !node.disabled && node.checkVisibility({ visibilityProperty: true }) && !node.closest(HELP);
  return [...document.querySelectorAll(`.${classOf(key)} :is(${TARGETS})`)].find(canTake);
}

export function moveFocus(works) {
  if (!works.length || HELD.byMouse || !isLost()) return;
  const target = works.findLast((work) => leads(HELD, work) && targetIn(work.to));
  if (!target) return;
  const node = targetIn(target.to);
  if (/^H\d$/.test(node.tagName)) node.tabIndex = -1;
  node.focus({ preventScroll: true }); // the page stays where its reader has scrolled it
}

function hold({ target }) {
  if (target === HELD.node) return;
  Object.assign(HELD, { node: target, keys: keysOf(target), byMouse: false, known: null });
}

// A press elsewhere, also on what takes no focus.
function release({ target }) {
  if (HELD.node && !HELD.node.contains(target)) HELD.node = null;
}

export function watchHeld(works) {
  if (HELD.watching) return;
  HELD.watching = true;
  const press = (event) => {
    const node = event.target.closest?.("button, summary");
    if (!node) return;
    hold({ target: node });
    Object.assign(HELD, { byMouse: event.detail > 0, known: new Set(works().map(nameOf)) });
  };
  document.addEventListener("focusin", hold, true);
  document.addEventListener("pointerdown", release, true);
  document.addEventListener("click", press, true);
}
