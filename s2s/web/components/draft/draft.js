// The notice about fields that hold another text than the one that was run. The server does not know it, so the browser
// says which sentence the figures are of.

import { el, fill } from "../../../player/browser/dom.js";

const VIEWS = new WeakMap(); // element where the component is mounted → its view
const NAMES = ["text", "ref"]; // keys of the fields
const STORED = "lookback-drafts"; // in this tab: the drafts, and the sentence that was shown with them
const FILLING = 60; // frames to wait for a field's first value, which the browser may have changed (its line breaks)
const LONGEST = 60; // characters of the sentence in the notice
const field = (name) => document.querySelector(`.st-key-${name} textarea`);
const isField = (node) => NAMES.some((name) => node === field(name));

// Set a field's value and tell Streamlit, which does not notice a value that is only set: first that somebody types,
// then that the field is left, because what is still being typed is not replaced by what the server sends.
function typeInto(name, text) {
  const node = field(name);
  if (!node || node.value === text) return;
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(node, text);
  node.dispatchEvent(new Event("input", { bubbles: true }));
  if (node !== document.activeElement) {
    setTimeout(() => node.dispatchEvent(new FocusEvent("focusout", { bubbles: true })));
  }
}

// A text of at most ``longest`` characters; one that is cut ends in "…".
export function shortened(text, longest) {
  const characters = [...text];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : text;
}

function noticeText({ data, drafts }) {
  const { stale, stale_reference } = data.strings;
  return drafts.text === undefined ? stale_reference : fill(stale, { text: shortened(data.shown.text, LONGEST) });
}

// Show or remove the notice: none while a field has the focus. Between the press and the release of a mouse button
// nothing changes, as that would move or remove what is pressed; and a notice that stays the same stays the same
// elements, which may have the focus.
function paint(view) {
  if (view.held || view.pressed) return;
  for (const name of NAMES) {
    const held = field(name)?.value;
    if (held === undefined || held === view.data.shown[name]) delete view.drafts[name];
    else view.drafts[name] = held;
  }
  if (NAMES.every(field)) storeDrafts(view); // while a page is left its fields go first
  const shown = Object.keys(view.drafts).length > 0 && !isField(document.activeElement);
  const notice = shown ? noticeText(view) : "";
  if (view.root.firstChild?.textContent === notice) return;
  view.root.replaceChildren();
  if (!shown) return;
  const { stale_run, stale_back } = view.data.strings;
  const run = () => afterRun(() => document.querySelector(".st-key-run button")?.click());
  const back = () => NAMES.forEach((name) => typeInto(name, view.data.shown[name]));
  view.root.append(
    el("p", { text: notice, role: "status", dir: "auto" }),
    el("button", { text: stale_run, onclick: run }),
    el("button", { text: stale_back, onclick: () => (back(), paint(view)) }),
  );
}

// Call ``then`` after the run, when the fields have their new values.
function afterRun(then) {
  const running = document.querySelector("[data-testid=stApp][data-test-script-state=running]");
  requestAnimationFrame(running ? () => afterRun(then) : then);
}

// Call ``then`` when new fields have their first values, which come some frames after the fields, or somebody has
// typed.
function whenFilled(view, then, frames = FILLING) {
  if (view.gone) return;
  const there = NAMES.every(field);
  const filled = there && NAMES.every((name) => field(name).value === view.data.shown[name]);
  if (filled || view.typed || !frames) then();
  else requestAnimationFrame(() => whenFilled(view, then, frames - there));
}

function storeDrafts({ data, drafts }) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify([data.shown, drafts]));
  } catch {
    // without storage the drafts last until the page is left
  }
}

// The drafts that this tab stored while it showed the same sentence.
function storedDrafts(shown) {
  try {
    const [before, drafts] = JSON.parse(sessionStorage.getItem(STORED));
    return NAMES.every((name) => before[name] === shown[name]) ? drafts : {};
  } catch {
    return {};
  }
}

// Drafts with what belongs to them: where another sentence came into the fields, a draft of the reference brings the
// sentence that it was typed for, and a draft of the sentence no reference.
export function paired(drafts, before, now) {
  const none = Object.keys(drafts).length === 0;
  if (none || NAMES.every((name) => before[name] === now[name])) return { ...drafts };
  return { text: before.text, ref: "", ...drafts };
}

// Take new data. Another model may have brought its own example into the fields, and another language other fields:
// drafts are then typed in again. After Back or Forward the fields hold what is shown.
function update(view, data) {
  if (data.switches > view.data.switches || data.strings.stale_run !== view.data.strings.stale_run)
    view.held ??= paired(view.drafts, view.data.shown, data.shown);
  if (data.backs > view.data.backs) view.held = { ...data.shown };
  view.data = data;
  retype(view);
}

// After the run type the held drafts into the fields.
function retype(view) {
  afterRun(() => {
    for (const [name, text] of Object.entries(view.held ?? {})) typeInto(name, text);
    view.held = null;
    paint(view);
  });
}

function listen(view) {
  const later = () => setTimeout(() => paint(view));
  const typed = ({ isTrusted, target }) => ((view.typed ||= isTrusted && isField(target)), later());
  const press = (pressed) => () => ((view.pressed = pressed), pressed || later());
  const focus = { focusin: later, focusout: later, input: typed };
  const on = { ...focus, pointerdown: press(true), pointerup: press(false), pointercancel: press(false) };
  for (const [type, act] of Object.entries(on)) document.addEventListener(type, act, true);
  return () => Object.entries(on).forEach(([type, act]) => document.removeEventListener(type, act, true));
}

export default ({ data, parentElement }) => {
  let view = VIEWS.get(parentElement);
  if (view) update(view, data);
  else {
    const untouched = { drafts: {}, held: storedDrafts(data.shown), pressed: false, typed: false, gone: false };
    view = { data, ...untouched, root: parentElement.querySelector(".draft") };
    VIEWS.set(parentElement, view);
    view.leave = listen(view);
    whenFilled(view, () => retype(view));
  }
  return () => (view.leave(), (view.gone = true), VIEWS.delete(parentElement));
};
