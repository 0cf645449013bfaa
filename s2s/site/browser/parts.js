// The app's components on a page of the site: each in a shadow tree with its own style, mounted as the app mounts it.

import { el } from "../../player/browser/dom.js";

const BOXES = { network: "network", weighing: "weighing" }; // the class of their boxes; of others "lookback"
const MOUNTED = new Set(); // what is on the page now

// Put a component into ``box`` and show ``data``; ``heard`` gets its requests. Returns a function for other data.
export async function showPart(box, name, data, heard = () => {}) {
  const host = el("div", { class: `part part-${name}` });
  const root = host.attachShadow({ mode: "open" });
  const style = el("link", { rel: "stylesheet", href: `parts/${name}.css` });
  const styled = new Promise((resolve) => ["load", "error"].forEach((type) => style.addEventListener(type, resolve)));
  root.append(style, el("div", { class: BOXES[name] ?? "lookback" }));
  box.append(host);
  const [{ default: mount }] = await Promise.all([import(`./parts/${name}.js`), styled]);
  const part = { host, data, end: null };
  part.draw = () => {
    const component = { data: part.data, parentElement: root, setStateValue: (_, value) => heard(value) };
    if (host.isConnected) part.end = mount(component) ?? part.end;
  };
  if (!host.isConnected) return () => {}; // the visitor has gone on
  MOUNTED.add(part);
  part.draw();
  return (next) => {
    part.data = next;
    part.draw();
  };
}

// Take part in what follows: { draw, end } of something that is mounted in another way.
export const keepPart = (part) => MOUNTED.add(part);

// Draw all components anew, as after another theme.
export const redrawParts = () => MOUNTED.forEach((part) => part.draw());

// End the components, before their page goes.
export function endParts() {
  for (const { end } of MOUNTED) end?.();
  MOUNTED.clear();
}

// What the player is given of a run: { lanes, summaries }.
export function playerData({ texts, place, models, runs }, { lanes, summaries = {}, words = null }, predict = false) {
  return {
    lanes,
    summaries,
    words,
    predict,
    language: place.lang,
    strings: texts.part("player"),
    vocabulary: models.row(place.model).vocabulary ?? null,
    pieces: false,
    link: null,
    page: null,
    branches: [],
    run: runs,
  };
}
