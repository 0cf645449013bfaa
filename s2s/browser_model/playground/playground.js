// Two small models learn to read dates in this page, side by side, each in a worker of its own: their loss, their exact
// dates, how their attention forms, and the gradient of a weight.

import { DEFAULTS } from "../training/settings.js";
import { SHOWN } from "../training/shown_dates.js";
import { WEIGHT, announce, drawButtons, drawCurves, drawRacer, drawWeights, takeTheme } from "./race_drawing.js";
import { buildRace } from "./race_view.js";
import { Racer } from "./racer.js";

const NAMES = ["first", "second"];
const OTHER = { attention: "none" }; // what the second model does otherwise at first
const TURN = 120; // milliseconds that a model trains before it is drawn
const SLOW = 700; // milliseconds between two batches of the slow motion

// Build the playground in ``root``; ``worker`` is { url } or { code }, the script of training/worker.js; ``settings``
// are those of both models at first. Returns { redraw, end }: draw anew, as after another theme; end it.
export function mountPlayground(root, { strings, worker, settings = {} }) {
  const racers = NAMES.map((name, k) => new Racer(name, worker, { ...DEFAULTS, ...(k ? OTHER : {}), ...settings }));
  const shown = { source: SHOWN[0][0], weight: WEIGHT };
  const view = { strings, racers, ...shown, mode: "paused", turn: 0, told: 0, timers: new Set() };
  buildRace(view, root, { acts: ACTS, lookAll, begin });
  view.root.addEventListener("keydown", (event) => pressKey(view, event));
  begin(view);
  const watch = new ResizeObserver(() => drawCurves(view));
  watch.observe(view.parts.curve);
  return {
    redraw() {
      takeTheme(view);
      racers.forEach((racer) => drawRacer(view, racer));
    },
    end() {
      view.ended = true;
      pause(view);
      watch.disconnect();
      racers.forEach((racer) => racer.stop());
    },
  };
}

function pressKey(view, event) {
  const { target, key, ctrlKey, metaKey, altKey } = event;
  const own = key === " " ? "input, select, button, summary" : "input, select"; // space presses a button
  if (ctrlKey || metaKey || altKey || target.closest(own)) return;
  const act = { " ": "play", ".": "step", s: "slow", r: "reset" }[key];
  if (!act) return;
  event.preventDefault();
  event.stopPropagation(); // the page around it has keys of its own
  ACTS[act](view);
}

const ACTS = {
  step: (view) => {
    pause(view);
    view.racers.forEach((racer) => advance(view, racer, { batches: 1 }));
  },
  slow: (view) => (view.mode === "slow" ? pause(view) : run(view, "slow")),
  play: (view) => {
    if (view.mode !== "paused") return pause(view);
    if (view.racers.every(({ done }) => done)) begin(view); // once more, from the beginning
    run(view, "playing");
  },
  reset: (view) => begin(view),
};

// Begin both anew, so that they start together.
function begin(view) {
  pause(view);
  view.told = 0;
  view.parts.live.textContent = "";
  for (const racer of view.racers) {
    guarded(view, racer, racer.begin(racer.settings, view.source, view.weight)).then(() => {
      if (view.ended || racer.failed) return;
      drawWeights(view);
      drawRacer(view, racer);
    });
    drawRacer(view, racer);
  }
}

function pause(view) {
  view.mode = "paused";
  view.turn++; // whoever trains now is the last to draw
  for (const wake of view.timers) wake();
  drawButtons(view);
}

function run(view, mode) {
  pause(view);
  view.mode = mode;
  drawButtons(view);
  view.racers.forEach((racer) => keepGoing(view, racer, mode, view.turn));
}

// Train and draw in turns, for as long as nobody pauses.
async function keepGoing(view, racer, mode, turn) {
  const given = mode === "slow" ? { batches: 1 } : { batches: Infinity, milliseconds: TURN };
  while (view.turn === turn && !racer.done && (await advance(view, racer, given))) {
    if (mode === "slow") await sleep(view, SLOW);
  }
  if (view.turn === turn && view.racers.every(({ done, failed }) => done || failed)) pause(view);
}

function sleep(view, milliseconds) {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      view.timers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    view.timers.add(wake);
  });
}

// Whether a model is training now.
function markBusy(racer, more) {
  racer.busy = (racer.busy ?? 0) + more;
  racer.parts.pane.setAttribute("aria-busy", racer.busy > 0);
}

async function advance(view, racer, given) {
  markBusy(racer, 1);
  const going = await guarded(view, racer, racer.train(given, view.source, view.weight));
  markBusy(racer, -1);
  if (view.ended || racer.failed) return false;
  drawRacer(view, racer);
  announce(view);
  return going;
}

// A worker that fails says so, and nothing goes on.
async function guarded(view, racer, promise) {
  try {
    return await promise;
  } catch {
    racer.failed = true;
    if (!view.ended) racer.parts.state.textContent = view.strings.failed;
    return false;
  }
}

function lookAll(view) {
  for (const racer of view.racers) {
    if (!racer.parameters) continue;
    guarded(view, racer, racer.look(view.source, view.weight)).then(() => view.ended || drawRacer(view, racer));
  }
}

