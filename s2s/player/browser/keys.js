// Who has the keys: the component that is in sight, but never a field's or a choice's own. A run that a person asked
// for ends with the focus at the component that shows it, and Esc gives a field up to it.

const roles = (...names) => names.map((name) => `[role=${name}]`).join(", ");
const FIELDS = "input:not([type=radio], [type=checkbox], [type=range], [type=file]), textarea, [contenteditable=true]";
const PICKED = roles("radio", "radiogroup", "tab", "slider", "option", "listbox", "combobox", "dialog");
const OWN_KEYS = `input, textarea, select, [contenteditable], ${PICKED}`;
const CLOSABLE = `[data-baseweb=popover], ${roles("dialog", "combobox", "listbox")}`; // Esc closes these
const ASKING = "[data-testid=stForm], [data-testid=stPopoverBody], .st-key-b_text"; // where a run is asked for

// ``seen``: the last run that was answered with the focus. ``busy``: since it was asked for, somebody went to a field.
export const FOCUS = (globalThis.lookbackFocus ??= watched({ seen: 0, busy: false }));

function watched(focus) {
  const origin = (event) => event.composedPath()[0];
  const matches = (node, selector) => node instanceof Element && Boolean(node.closest(selector));
  const note = (event) => matches(origin(event), FIELDS) && (focus.busy = true);
  for (const type of ["input", "focusin", "pointerdown"]) addEventListener(type, note, true);
  addEventListener("click", (event) => matches(origin(event), "button") && (focus.busy = false), true);
  const sends = ({ key, ctrlKey, metaKey }) => key === "Enter" && (ctrlKey || metaKey);
  addEventListener("keydown", (event) => sends(event) && (focus.busy = false), true);
  return focus;
}

const isShown = (box) => box.getClientRects().length > 0; // not in a tab that is closed

// After a run, the visit's ``run``-th, ``box`` gets the focus; not from whoever went on typing or is elsewhere by now.
export function takeKeys(box, run) {
  if (run < FOCUS.seen) FOCUS.seen = run; // the server began a new visit
  if (!(run > FOCUS.seen) || !isShown(box)) return;
  FOCUS.seen = run;
  const at = document.activeElement;
  if (!FOCUS.busy && (!at || at === document.body || at.closest(ASKING))) box.focus({ preventScroll: true });
}

const onScreen = (box) => {
  const { top, bottom } = box.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};

// Esc in a field of the page, or of the component: the keys are the component's again, what was typed stays.
export function giveUp(box, event) {
  const at = event.composedPath()[0];
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (!(at instanceof Element) || !at.matches(FIELDS) || at.closest(CLOSABLE) || !isShown(box)) return;
  event.preventDefault();
  box.focus({ preventScroll: onScreen(box) });
}

// Do what ``actions`` has for a key. Keys are for the whole page while ``box`` is in sight, but never taken from a
// field or a choice, nor Space and Enter from what they press.
export function byKey(box, event, actions) {
  giveUp(box, event);
  if (!onScreen(box)) return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const at = event.composedPath()[0];
  const within = (selector) => at instanceof Element && at.closest(selector);
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const presses = event.key === " " || event.key === "Enter";
  if (!action || within(OWN_KEYS) || (presses && within("button, a, summary"))) return;
  event.preventDefault();
  action();
}
