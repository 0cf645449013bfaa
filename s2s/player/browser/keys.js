// Which component gets the keys of the page: the one in sight, except keys that belong to a field or a choice. After a
// run that the reader started, the focus goes to the component that shows its result; Esc moves it there from a field.

const roles = (...names) => names.map((name) => `[role=${name}]`).join(", ");
const FIELDS = "input:not([type=radio], [type=checkbox], [type=range], [type=file]), textarea, [contenteditable=true]";
const PICKED = roles("radio", "radiogroup", "tab", "slider", "option", "listbox", "combobox", "dialog");
const OWN_KEYS = `input, textarea, select, [contenteditable], ${PICKED}`;
const CLOSABLE = `[data-baseweb=popover], ${roles("dialog", "combobox", "listbox")}`; // Esc closes these
const ASKING = "[data-testid=stForm], [data-testid^=stPopover], .st-key-b_text"; // where the reader starts a run

// ``seen``: number of the last run after which the focus was moved. ``busy``: whether the reader went to a field since.
// ``projected``: whether the stage was last seen in projector mode; null before it was seen.
export const FOCUS = (globalThis.lookbackFocus ??= watched({ seen: 0, busy: false, projected: null }));

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

const isShown = (box) => box.getClientRects().length > 0; // false in a closed tab

// Focus ``box`` after the run with the number ``run`` of this visit, unless the reader went on typing or went
// elsewhere.
export function takeKeys(box, run) {
  if (run < FOCUS.seen) FOCUS.seen = run; // the server began a new visit
  if (!(run > FOCUS.seen) || !isShown(box)) return;
  FOCUS.seen = run;
  const at = document.activeElement;
  if (!FOCUS.busy && (!at || at === document.body || at.closest(ASKING))) box.focus({ preventScroll: true });
}

// Focus ``box`` where the projector mode was just entered or left: the control that did it is gone. What is projected
// begins at its top, however far the page was scrolled to that control.
export function takeProjected(box, projected) {
  const changed = FOCUS.projected !== null && FOCUS.projected !== projected;
  FOCUS.projected = projected;
  if (!changed || !isShown(box)) return;
  box.focus({ preventScroll: true });
  if (projected) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
}

const onScreen = (box) => {
  const { top, bottom } = box.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};

// Esc in a field moves the focus to ``box``; the text of the field stays.
export function giveUp(box, event) {
  const at = event.composedPath()[0];
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (!(at instanceof Element) || !at.matches(FIELDS) || at.closest(CLOSABLE) || !isShown(box)) return;
  event.preventDefault();
  box.focus({ preventScroll: onScreen(box) });
}

// Run the action for a key while ``box`` is in sight, except keys of a field or a choice, and Space and Enter on what
// they press. ``actions`` maps names of keys to functions.
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
