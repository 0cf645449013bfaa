// Where the focus goes when what was pressed is gone: a deleted line, a button that another one replaced. Browsers then
// leave it at the top of the document, from where Tab begins anew.

const MAIN = "[data-testid=stMainBlockContainer]";
const ABOVE = "[data-testid=stPopoverBody], [data-testid=stDialog], [role=dialog]";
const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex='0']";
const ASIDE = "[data-testid=stTooltipIcon], .st-key-language-switch"; // help, and what an arrow key would change
const AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]";
const FRAMES = 20; // at rest until it is taken that nothing else takes the focus

// ``node``: what was pressed last, or what opened the menu that it was in; the ``boxes`` around it, the nearest first;
// the ``controls`` of the page and the ``page`` then.
const LOST = (globalThis.lookbackLost ??= { pressed: null, settling: false, watching: false });

const isLost = () => !document.activeElement || document.activeElement === document.body;
const isGone = ({ node, page }) => !node.isConnected && page === location.pathname;
const controls = (root) => [...root.querySelectorAll(FOCUSABLE)];
const canFocus = (node) =>
  node.isConnected &&
  !node.disabled &&
  node.tabIndex >= 0 &&
  node.checkVisibility({ visibilityProperty: true }) &&
  !node.closest(ASIDE);

function boxesAround(node) {
  const boxes = [];
  for (let box = node.parentElement; box && !box.matches(MAIN); box = box.parentElement) boxes.push(box);
  return boxes.slice(0, -1); // without the one that holds the whole page
}

function note({ target }) {
  if (target.closest?.(ABOVE)) return; // what opened it counts
  const [node, main] = [target.closest?.("button, a, summary"), document.querySelector(MAIN)];
  const known = node && main?.contains(node);
  const here = { node, page: location.pathname };
  LOST.pressed = known ? { ...here, boxes: boxesAround(node), controls: controls(main) } : null;
}

// What replaced the control, else the nearest one before it that is still there, else the page.
function heir({ node, boxes, controls: before }) {
  const main = document.querySelector(MAIN);
  const isFresh = (each) => canFocus(each) && !before.includes(each);
  const freshIn = (box) => box && controls(box).find(isFresh);
  const earlier = before.slice(0, before.indexOf(node)).findLast(canFocus);
  return freshIn(boxes.find((each) => each.isConnected)) ?? earlier ?? freshIn(main) ?? main;
}

function settle(frames = FRAMES) {
  const { pressed } = LOST;
  LOST.settling = Boolean(pressed && isGone(pressed) && isLost() && !document.querySelector(ABOVE));
  if (!LOST.settling) return;
  const left = document.querySelector(AT_REST) ? frames - 1 : FRAMES;
  if (left) return requestAnimationFrame(() => settle(left));
  LOST.settling = false;
  LOST.pressed = null;
  const node = heir(pressed);
  if (node.matches(MAIN)) Object.assign(node, { tabIndex: -1 }).style.outline = "none";
  node.focus({ preventScroll: true });
}

export function watchFocus() {
  if (LOST.watching) return;
  LOST.watching = true;
  document.addEventListener("click", note, true);
  new MutationObserver(() => LOST.settling || settle()).observe(document.body, { subtree: true, childList: true });
}
