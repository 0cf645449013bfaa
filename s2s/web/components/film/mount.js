// Mounts the film. One that has grown keeps the moment on screen, unless that was the last one: then it shows the new
// last.

import { takeKeys } from "../../../player/browser/keys.js";
import { backgroundOf, readPalette } from "../../../player/browser/palette.js";
import { buildCurve, curveWidth } from "./curve.js";
import { keepPlace, placeIn } from "../places.js";
import { ACTS, VIEWS, buildBar, buildFrame, buildSentence, lastMoment, paint, play } from "./film.js";

function readColours(view) {
  view.background = backgroundOf(view.root);
  view.palette = readPalette(view.root);
  view.root.classList.toggle("dark", view.palette.dark);
}

function build(view, data, root) {
  const same = view.name === data.name;
  const built = same && view.root?.isConnected && view.strings.film === data.strings.film;
  if (!same) {
    leave(view);
    Object.assign(view, { which: 0, at: 0, follow: true }, placeIn(`film ${data.name}`));
  }
  Object.assign(view, data);
  view.at = view.follow ? lastMoment(view) : Math.min(view.at, lastMoment(view));
  view.shown = view.at;
  if (built) return;
  if (view.timer) play(view, false);
  if (view.onKey) document.removeEventListener("keydown", view.onKey);
  Object.assign(view, { row: null, column: null, locked: null, preview: null });
  buildFrame(view, root);
  buildBar(view);
  readColours(view);
  buildSentence(view);
}

function leave({ name, which, at, follow }) {
  if (name) keepPlace(`film ${name}`, { which, at, follow });
}

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".lookback");
  let view = VIEWS.get(root);
  if (!view) VIEWS.set(root, (view = { acts: ACTS, timer: null }));
  const size = `${data.name} ${data.moments.length} ${data.total} ${data.strings.film}`;
  if (view.size !== size || view.background !== backgroundOf(view.root)) {
    view.size = size;
    build(view, data, root);
    readColours(view);
    buildCurve(view);
    paint(view);
  }
  view.watch ??= new ResizeObserver(() => {
    if (view.scale && curveWidth(view) !== view.scale.width) {
      buildCurve(view);
      paint(view);
    }
  });
  view.watch.observe(view.parts.curve);
  takeKeys(view.root, data.run);
  return () => {
    leave(view);
    view.watch.disconnect();
    clearInterval(view.timer);
    clearTimeout(view.later);
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(root);
  };
}
