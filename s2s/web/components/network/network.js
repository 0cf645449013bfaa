// The network of one sentence, drawn and played: words → embeddings → encoder states → the decoder's steps. A strip
// shows the leading numbers of a vector of the model; pointing at one, focusing or tapping it writes them out.

import { argmax, decimals, el, fill, icon, reveal, shade } from "../../../player/browser/dom.js";
import { byKey, takeKeys } from "../../../player/browser/keys.js";
import { channelsOf, colourOf } from "../../../player/browser/palette.js";
import { fadeEdges } from "../../../player/browser/room.js";
import { guarded } from "../events.js";
import { keepPlace, placeIn } from "../places.js";
import { lastMoment, momentOf, readingMoments, stepAt, wordsRead } from "./moments.js";
import { buildPanels } from "./panels.js";

const VIEWS = new WeakMap(); // element where the component is mounted → its view
const TICK = 700; // milliseconds a moment while it plays
const AGAIN = 2000; // milliseconds within which a new box is the same network, put there anew
const SMALLEST = 0.005; // the least attention weight that is written out

function buildBar(view) {
  const { strings } = view;
  const go = (name, title, to) =>
    el(
      "button",
      { type: "button", title, "aria-label": title, onclick: () => (play(view, false), goToMoment(view, to())) },
      icon(name),
    );
  view.playButton = el(
    "button",
    {
      type: "button",
      class: "play",
      title: strings.play,
      "aria-label": strings.play,
      onclick: () => play(view, !view.timer),
    },
    icon("play"),
  );
  view.where = el("span", { class: "where" });
  const runs = view.runs.map((run, n) =>
    el("button", {
      type: "button",
      class: "run",
      "data-run": n,
      text: run.checkpoint,
      onclick: () => chooseRun(view, n),
    }),
  );
  return el(
    "div",
    { class: "bar", role: "toolbar", "aria-label": strings.network },
    el("span", { class: "group" },
      go("first", strings.first_moment, () => 0), go("back", strings.back, () => view.now - 1),
      view.playButton,
      go("next", strings.next, () => view.now + 1), go("last", strings.last_moment, () => lastMoment(view.run))),
    view.where,
    ...(runs.length > 1 ? [el("span", { class: "switch", role: "group", "aria-label": strings.runs }, ...runs)] : []),
  );
}

function build(view) {
  view.vectors = new WeakMap(); // strip → the vector that it shows
  view.colours = { above: channelsOf(colourOf(view.box, "attention")), below: channelsOf(colourOf(view.box, "other")) };
  view.scale = Math.max(...view.run.embeddings.flat().map(Math.abs), 1e-6);
  view.detail = el("p", { class: "detail", "aria-live": "polite", text: view.strings.hover });
  view.box.replaceChildren(
    buildBar(view),
    view.detail,
    ...buildPanels(view),
    el("p", { class: "keys", text: view.strings.keys }),
  );
  for (const node of view.box.querySelectorAll(".run")) {
    node.setAttribute("aria-pressed", view.runs[node.dataset.run] === view.run);
  }
  view.edges?.end();
  const boxes = [view.encoder, view.decoder];
  view.edges = fadeEdges(boxes, { left: boxes });
  paint(view);
}

function chooseRun(view, n) {
  play(view, false);
  view.run = view.runs[n];
  view.now = Math.min(view.now, lastMoment(view.run));
  build(view);
}

function goToMoment(view, now) {
  view.now = Math.max(0, Math.min(now, lastMoment(view.run)));
  paint(view);
}

// Draw what has happened by the moment on screen, leave empty what is still to come, outline what happens now.
function paint(view) {
  paintEncoder(view);
  paintDecoder(view);
  paintWhere(view);
  scrollToMoment(view);
}

const mark = (node, there, now) => (node.classList.toggle("there", there), node.classList.toggle("now", now));
const isReading = ({ run, now }) => now > 0 && now <= readingMoments(run);

function paintEncoder(view) {
  const { run, now } = view;
  const [last, done, t] = [run.tokens.length - 1, wordsRead(run, now), stepAt(run, now)];
  const before = now > 0 ? wordsRead(run, now - 1) : 0;
  const markRead = (node, place) => mark(node, place < done, isReading(view) && place < done && place >= before);
  [...view.encoder.children].forEach((column, s) => {
    column.querySelector(".strip").classList.add("there");
    markRead(column.querySelector("[data-forward]"), s);
    markRead(column.querySelector("[data-backward]"), last - s);
    const alpha = column.querySelector(".alpha");
    if (alpha) paintWeight(alpha, t >= 0 ? run.moments[t].attention[s] : 0);
  });
}

function paintWeight(node, weight) {
  node.style.setProperty("--w", shade(weight).toFixed(3));
  node.lastChild.textContent = weight >= SMALLEST ? weight.toFixed(2) : "";
}

// The bridge and the decoder. A model without attention uses the bridge's vector at every step.
function paintDecoder(view) {
  const { run, now } = view;
  const [handOver, t] = [readingMoments(run) + 1, stepAt(run, now)];
  mark(view.bridge, now >= handOver, now === handOver || (now > handOver && run.attention === "none"));
  [...view.decoder.children].forEach((column, n) => mark(column, n <= t, n === t));
}

// The line that says what happens.
function paintWhere(view) {
  const { run, now, strings } = view;
  const t = stepAt(run, now);
  const step = run.attention === "none" ? "at_step_blind" : "at_step";
  const key = now === 0 ? "at_words" : isReading(view) ? "at_reading" : t < 0 ? "at_bridge" : step;
  const values = { step: t + 1, steps: run.moments.length, word: run.moments[Math.max(0, t)].output };
  view.where.textContent = fill(strings[key], {
    ...values,
    words: wordsRead(run, now),
    of: run.tokens.length,
    size: run.sizes.M,
  });
}

// Scroll the panels to what happens now: the step and the word with the largest weight, or the word that was read.
function scrollToMoment(view) {
  const { run, now } = view;
  const t = stepAt(run, now);
  const scrollTo = (box, node) => node && reveal(box, "x", node.offsetLeft - box.offsetLeft, node.offsetWidth, 0);
  if (t < 0) return scrollTo(view.encoder, view.encoder.children[Math.max(0, wordsRead(run, now) - 1)]);
  scrollTo(view.decoder, view.decoder.children[t]);
  const { attention } = run.moments[t];
  if (attention.length) scrollTo(view.encoder, view.encoder.children[argmax(attention)]);
}

function play(view, on) {
  clearInterval(view.timer);
  view.timer = null;
  if (on) {
    if (view.now >= lastMoment(view.run)) goToMoment(view, 0);
    view.timer = setInterval(() => {
      if (view.box.isConnected) goToMoment(view, view.now + 1);
      if (!view.box.isConnected || view.now >= lastMoment(view.run)) play(view, false);
    }, TICK);
  }
  const title = view.strings[on ? "pause" : "play"];
  view.playButton.replaceChildren(icon(on ? "pause" : "play"));
  view.playButton.title = title;
  view.playButton.setAttribute("aria-label", title);
}

// Write out the numbers of a strip, and how many more the vector has.
function describeStrip(view, node) {
  const vector = node && view.vectors.get(node);
  if (!vector) return;
  const size = view.run.sizes[vector.letter];
  const rest = size - vector.values.length;
  const values = vector.values.map((x) => decimals(x)).join("  ");
  view.detail.replaceChildren(
    el("b", { text: `${vector.name} · ${vector.letter} = ${size}` }),
    el("span", { class: "values", text: rest > 0 ? `${values} ${fill(view.strings.more, { count: rest })}` : values }),
  );
}

function listen(view) {
  const on = (node, type, action) => node.addEventListener(type, guarded("network", action));
  for (const type of ["pointerover", "focusin", "click"]) {
    on(view.box, type, (event) => describeStrip(view, event.target.closest(".strip")));
  }
  on(view.box, "click", (event) => {
    const column = event.target.closest(".step");
    if (column) goToMoment(view, momentOf(view.run, Number(column.dataset.t)));
  });
  view.onKey = guarded("network", (event) => pressKey(view, event));
  document.addEventListener("keydown", view.onKey);
}

function pressKey(view, event) {
  byKey(view.box, event, {
    ArrowLeft: () => goToMoment(view, view.now - 1),
    ArrowRight: () => goToMoment(view, view.now + 1),
    Home: () => goToMoment(view, 0),
    End: () => goToMoment(view, Infinity),
    " ": () => play(view, !view.timer),
  });
}

const nameOf = (runs) => `network ${JSON.stringify(runs.map(({ checkpoint, tokens }) => [checkpoint, tokens]))}`;

// A page that runs again may put the network into a new box: what was playing goes on there.
function leave({ name, runs, run, now, timer }) {
  if (name) keepPlace(name, { n: runs.indexOf(run), now, played: timer ? performance.now() : -Infinity });
}

export default function mount({ data: { run, ...data }, parentElement }) {
  const box = parentElement.querySelector(".network");
  let view = VIEWS.get(box);
  if (!view) {
    VIEWS.set(box, (view = { box, timer: null, now: 0 }));
    box.tabIndex = -1; // scripts focus it, Tab goes to its buttons
    listen(view);
  }
  const runs = JSON.stringify(data.runs);
  const identity = JSON.stringify(data);
  if (view.identity !== identity) {
    const same = view.shown === runs; // only the language has changed, so the moment stays
    const name = nameOf(data.runs);
    if (!same) leave(view);
    const { n, now, played } = same
      ? { n: view.runs.indexOf(view.run), now: view.now }
      : (placeIn(name) ?? { n: 0, now: Infinity });
    clearInterval(view.timer);
    Object.assign(view, {
      name,
      runs: data.runs,
      run: data.runs[n],
      strings: data.strings,
      shown: runs,
      identity,
      timer: null,
    });
    view.now = Math.min(now, lastMoment(view.run));
    build(view);
    if (performance.now() - played < AGAIN) play(view, true);
  }
  takeKeys(box, run);
  return () => {
    leave(view);
    clearInterval(view.timer);
    view.edges.end();
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(box);
  };
}
