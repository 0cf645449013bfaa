// Long work for those who do not see the screen: one live region of the page, which stays over its runs, and what the
// parts of the page that show such work tell this script about it.

import { el, joined } from "../../../player/browser/dom.js";
import { classOf, moveFocus, watchHeld } from "./focus.js";

const PAUSE = 100; // milliseconds in which what is new becomes one text
const UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)";

// ``works``: the last data of each work by its id, by their starts; ``heard``: its last state. ``waiting``: texts that
// were not read yet.
const OWN = (globalThis.lookbackAnnounce ??= {
  region: null,
  works: new Map(),
  heard: new Map(),
  waiting: [],
  timer: null,
  watching: false,
});

// Whether a state is to be said, which is then known. Of work that was not seen before only what is under way is, or
// what this visit has started; of work that somebody else runs nothing after that.
export function isNews(heard, { id, run, state, live, followed }) {
  const [before, now] = [heard.get(id), `${run} ${state}`];
  heard.set(id, now);
  if (now === before) return false;
  return before === undefined ? live || run > 0 : followed;
}

function speak() {
  if (!OWN.region?.isConnected || !OWN.waiting.length) return;
  OWN.region.replaceChildren(joined(...OWN.waiting.splice(0)));
}

function say(text) {
  OWN.waiting.push(text);
  clearTimeout(OWN.timer);
  OWN.timer = setTimeout(speak, PAUSE);
}

// Streamlit names every bar of progress alike.
function nameBars() {
  for (const { bar, name } of OWN.works.values())
    document.querySelector(`.${classOf(bar)} [role=progressbar]`)?.setAttribute("aria-label", name);
}

function follow() {
  nameBars();
  moveFocus([...OWN.works.values()]);
}

function watch() {
  if (OWN.watching) return;
  OWN.watching = true;
  watchHeld(() => [...OWN.works.values()]);
  const changes = { subtree: true, childList: true, attributeFilter: ["disabled"] };
  new MutationObserver(() => OWN.works.size && follow()).observe(document.body, changes);
}

export default ({ data, parentElement }) => {
  watch();
  if (data.id) {
    OWN.works.set(data.id, data);
    if (isNews(OWN.heard, data)) say(data.text);
    follow();
  } else {
    OWN.region = parentElement.querySelector("p") ?? el("p", { role: "status", dir: "auto", style: UNSEEN });
    if (!OWN.region.isConnected) parentElement.append(OWN.region);
    speak();
  }
};
