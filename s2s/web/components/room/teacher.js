// The teacher's room, kept by this browser: after a reload and in another tab it is theirs again. Its key stands in no
// address and nowhere on the page, which is projected.

import { el } from "../../../player/browser/dom.js";

const VIEWS = new WeakMap();
const STORED = "lookback-teaches";

function kept() {
  try {
    const room = JSON.parse(localStorage.getItem(STORED));
    return typeof room?.code === "string" && typeof room?.key === "string" ? room : null;
  } catch {
    return null;
  }
}

function keep(room) {
  try {
    localStorage.setItem(STORED, JSON.stringify(room));
  } catch {
    // the teacher's link is the way back then
  }
}

function lose(left) {
  const known = kept();
  try {
    if (known?.code === left.code && known.key === left.key) localStorage.removeItem(STORED);
  } catch {
    // there was nothing to lose
  }
}

// The state that is on screen, and the key.
function link({ code, key }) {
  const query = new URLSearchParams(location.search);
  query.set("teach", `${code}.${key}`);
  return `${location.origin}${location.pathname}?${query}`;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedByHand(text); // no clipboard without https
  }
}

function copiedByHand(text) {
  const field = el("textarea", { "aria-hidden": "true", style: "position:fixed;opacity:0" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

function paint(view) {
  const { root, room, strings } = view;
  const said = el("p", { role: "status" });
  const copy = async () => (said.textContent = strings[(await copied(link(room))) ? "copied" : "not_copied"]);
  root.replaceChildren(...(room ? [el("button", { type: "button", text: strings.copy, onclick: copy }), said] : []));
}

export default function mount({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".teacher");
  const view = VIEWS.get(root) ?? { root };
  VIEWS.set(root, view);
  const { room, left } = data;
  const same = room?.code === view.room?.code && view.strings?.copy === data.strings.copy;
  if (room && room.code !== view.room?.code) keep(room);
  if (left) lose(left);
  if (!room && !data.heard && !view.told) {
    view.told = true;
    const known = kept();
    if (known) setStateValue("kept", known);
  }
  Object.assign(view, data);
  if (!same || !root.childElementCount) paint(view);
}
