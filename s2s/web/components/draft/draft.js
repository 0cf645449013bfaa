// What a field holds that has not been run: the server does not know it, so the browser says whose the figures are.

import { el, fill } from "../../../player/browser/dom.js";

const NAMES = ["text", "ref"];
const field = (name) => document.querySelector(`.st-key-${name} textarea`);
const form = (node) => NAMES.some((name) => node === field(name));

// As if it was typed: React hears of no value that is only set.
function type(name, text) {
  const node = field(name);
  if (!node || node.value === text) return;
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(node, text);
  node.dispatchEvent(new Event("input", { bubbles: true }));
}

function sentence({ data, drafts }) {
  const short = [...data.shown.text].length > 60 ? `${[...data.shown.text].slice(0, 59).join("")}…` : data.shown.text;
  return drafts.text === undefined ? data.strings.stale_reference : fill(data.strings.stale, { text: short });
}

// Not while it is being typed, nor between the press and the release of a button, which would move away.
function paint(view) {
  if (view.held) return;
  for (const name of NAMES) {
    const held = field(name)?.value;
    if (held === undefined || held === view.data.shown[name]) delete view.drafts[name];
    else view.drafts[name] = held;
  }
  const told = Object.keys(view.drafts).length > 0 && !form(document.activeElement) && !view.pressed;
  view.root.replaceChildren();
  if (!told) return;
  const { stale_run, stale_back } = view.data.strings;
  const back = () => NAMES.forEach((name) => type(name, view.data.shown[name]));
  view.root.append(
    el("p", { text: sentence(view), role: "status", dir: "auto" }),
    el("button", { text: stale_run, onclick: () => document.querySelector(".st-key-run button")?.click() }),
    el("button", { text: stale_back, onclick: () => (back(), paint(view)) }),
  );
}

// Fields get their new values before a run ends.
function settled(then) {
  const running = document.querySelector("[data-testid=stApp][data-test-script-state=running]");
  requestAnimationFrame(running ? () => settled(then) : then);
}

// Another model brings its own example, where an example stood; what somebody is typing over it stays.
function follow(view, data) {
  if (data.switches > view.data.switches) view.held ??= { ...view.drafts };
  view.data = data;
  settled(() => {
    for (const [name, text] of Object.entries(view.held ?? {})) type(name, text);
    view.held = null;
    paint(view);
  });
}

function listen(view) {
  const later = () => setTimeout(() => paint(view));
  const press = (pressed) => () => ((view.pressed = pressed), pressed || later());
  const focus = { focusin: later, focusout: later, input: later };
  const on = { ...focus, pointerdown: press(true), pointerup: press(false), pointercancel: press(false) };
  for (const [type, act] of Object.entries(on)) document.addEventListener(type, act, true);
  return () => Object.entries(on).forEach(([type, act]) => document.removeEventListener(type, act, true));
}

const VIEWS = new WeakMap();

export default ({ data, parentElement }) => {
  let view = VIEWS.get(parentElement);
  if (view) follow(view, data);
  else {
    view = { data, drafts: {}, held: null, pressed: false, root: parentElement.querySelector(".draft") };
    VIEWS.set(parentElement, view);
    view.leave = listen(view);
    settled(() => paint(view));
  }
  return () => (view.leave(), VIEWS.delete(parentElement));
};
