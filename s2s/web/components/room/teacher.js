// The teacher's room. This browser stores its key, so that a reload or another tab opens the room again. The key stands
// in no address and nowhere on the page, since the page is projected.

import { el } from "../../../player/browser/dom.js";
import { STORED, storedRoom } from "./stored.js";

const VIEWS = new WeakMap(); // element where the component is mounted → its view

function storeRoom(room) {
  try {
    localStorage.setItem(STORED, JSON.stringify(room));
  } catch {
    // without storage the teacher's link is the way back
  }
}

// Forget a room that was left, unless another one is stored by now.
function forgetRoom(left) {
  const known = storedRoom();
  try {
    if (known?.code === left.code && known.key === left.key) localStorage.removeItem(STORED);
  } catch {
    // without storage nothing is stored
  }
}

// The address of what is on screen, with the room's key.
function teacherLink({ code, key }) {
  const query = new URLSearchParams(location.search);
  query.set("teach", `${code}.${key}`);
  return `${location.origin}${location.pathname}?${query}`;
}

// Whether the text could be copied.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text); // without https there is no clipboard
  }
}

function copyByCommand(text) {
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
  const copy = async () => (said.textContent = strings[(await copyText(teacherLink(room))) ? "copied" : "not_copied"]);
  root.replaceChildren(...(room ? [el("button", { type: "button", text: strings.copy, onclick: copy }), said] : []));
}

export default function mount({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".teacher");
  const view = VIEWS.get(root) ?? { root };
  VIEWS.set(root, view);
  const { room, left } = data;
  const same = room?.code === view.room?.code && view.strings?.copy === data.strings.copy;
  if (room && room.code !== view.room?.code) storeRoom(room);
  if (left) forgetRoom(left);
  if (!room && !data.heard && !view.told) {
    view.told = true;
    const known = storedRoom();
    if (known) setStateValue("kept", known);
  }
  Object.assign(view, data);
  if (!same || !root.childElementCount) paint(view);
}
