// The first minute and the guided tour of Step through. The script shows them on the page itself: it presses its
// buttons and moves its player. Python is asked for nothing but an example.

import { WIRE } from "../../../player/browser/ask.js";
import { HERE, el, fill, writeTour } from "../../../player/browser/dom.js";
import { toggleLegend } from "../../../player/browser/legend.js";
import { recall, remember } from "../../../player/browser/stored.js";
import { bringIntoView, buildCard, moveCard, showCard, writeCaption, writeCard } from "./card.js";
import { SCENES, isAtWork, isOnScreen } from "./first_minute.js";
import { STOPS, arrangement, boxAround, isPresent, nodesOf, open, shownPlace } from "./stops.js";

const FIRST_MINUTE = "first-minute"; // "seen" once the first minute was dismissed
const VIEWS = new WeakMap(); // element where the component is mounted → its view
const RESTS = 12; // frames in which a part does not move until it is taken to rest
// What one types into; a choice of the language is an input, too.
const TYPED_INTO = "textarea, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=range])";

// Begin to show ``run``: {kind: "help" | "tour" | "first", at, …}.
function begin(view, run) {
  end(view);
  view.run = { undo: () => {}, nodes: () => [], clock: null, ...run };
  view.card.box.classList.toggle("wide", run.kind === "first");
  const frame = () => {
    if (!view.run) return;
    guarded(() => ON_FRAME[view.run.kind](view))();
    view.frame = requestAnimationFrame(frame);
  };
  visit(view, run.at);
  frame(); // at its place before it is painted
}

// End what is shown, and undo what it opened.
function end(view) {
  const { run } = view;
  if (!run) return;
  view.run = null;
  cancelAnimationFrame(view.frame);
  clearInterval(run.clock);
  run.undo();
  showCard(view.card, false);
  view.card.heard.textContent = "";
  if (run.kind === "tour") writeTour(null);
}

// What the focus goes back to: the button "?", the stage where the projector mode hides the button.
function opener() {
  const stage = WIRE.player?.dom.root;
  const help = stage?.querySelector(".help");
  return help?.checkVisibility() ? help : stage ?? document.body;
}

// End it because the reader says so: the first minute does not come back.
function dismiss(view) {
  const { kind } = view.run;
  const inside = view.root.activeElement;
  if (kind === "first") remember(FIRST_MINUTE, "seen");
  end(view);
  if (inside) opener().focus({ preventScroll: true });
}

function visit(view, at) {
  const { run, card } = view;
  run.undo();
  run.undo = () => {};
  clearInterval(run.clock);
  run.at = run.wanted = at;
  run.ready = run.asked = false;
  run.player = null;
  ENTER[run.kind](view);
  if (view.run) showCard(card, true);
}

const present = () => [...STOPS.keys()].filter((place) => isPresent(STOPS[place]));

const ENTER = {
  help: (view) => {
    const { strings, run } = view;
    const choice = (text, action) => el("button", { type: "button", text, onclick: action });
    const legend = choice(strings["help.legend"], () => (dismiss(view), toggleLegend(WIRE.player)));
    const choices = [
      choice(strings["help.tour"], () => begin(view, { kind: "tour", at: 0 })),
      ...(view.scenes.length ? [choice(strings["help.first"], () => begin(view, { kind: "first", at: 0 }))] : []),
      ...(WIRE.player?.dom.root.closest(".projected") ? [] : [legend]), // a projected stage has no room for it
    ];
    writeCard(view.card, { title: strings["help.title"], skip: strings.close, choices });
    run.nodes = () => (WIRE.player ? [...WIRE.player.dom.root.querySelectorAll(".help")] : []);
    focusCard(view);
  },
  tour: (view) => {
    const { strings, run, card } = view;
    const stops = present();
    if (!stops.length) return end(view);
    run.at = shownPlace(stops, run.wanted);
    run.arranged = arrangement();
    const stop = STOPS[run.at];
    const place = stops.indexOf(run.at);
    run.undo = open(stop);
    run.nodes = () => nodesOf(stop);
    writeTour(run.at + 1);
    const last = place === stops.length - 1;
    writeCard(card, {
      place: fill(strings.place, { at: place + 1, all: stops.length }),
      title: strings[`${stop.name}.title`],
      text: strings[`${stop.name}.text`],
      skip: last ? "" : strings.skip,
      back: place > 0 ? strings.back : "",
      next: last ? strings.done : strings.next,
    });
    card.box.dataset.stop = stop.name;
    focusCard(view);
  },
  first: (view) => {
    const { strings, run, card } = view;
    const scene = view.scenes[run.at];
    const last = run.at === view.scenes.length - 1;
    const [title, text] = [strings[`first.${scene}.title`], strings[`first.${scene}.text`]];
    writeCard(card, { title, text, skip: strings["first.skip"], next: last ? strings.done : strings.next });
    card.box.dataset.stop = scene;
    card.heard.textContent = fill(strings.heard, { title, text });
  },
};

// Bring the part of a stop into view until it rests: what the stop opens is laid out some frames later.
function bringToRest(run, card) {
  if (run.ready) return;
  const at = JSON.stringify(boxAround(run.nodes()));
  run.rests = at === run.box ? run.rests + 1 : 0;
  run.box = at;
  run.ready = run.rests > RESTS;
  bringIntoView(card, run.nodes());
}

// Whether parts that the tour shows have come or gone for good, as where the projector mode is entered.
function isRearranged(run) {
  if (!WIRE.player?.dom.root.isConnected) return false; // it is being drawn anew
  const now = arrangement();
  run.steady = now === run.now ? run.steady + 1 : 0;
  run.now = now;
  return run.steady > RESTS && now !== run.arranged;
}

const ON_FRAME = {
  help: ({ run, card }) => moveCard(card, run.nodes()),
  tour: (view) => {
    const { run, card } = view;
    if (isRearranged(run)) return visit(view, run.wanted);
    bringToRest(run, card);
    moveCard(card, run.nodes());
  },
  first: (view) => {
    const { run, card, strings } = view;
    const scene = SCENES[view.scenes[run.at]];
    const example = view.examples[scene.example];
    const { player } = WIRE;
    if (!player) return moveCard(card, [], true); // it is being drawn anew, as in another language
    const shown = isOnScreen(example);
    if (!shown && !run.player && !run.asked) {
      run.asked = true;
      view.send("request", { seq: ++view.seq, kind: "example", number: example.number });
    }
    if (run.player && !shown) return dismiss(view); // the reader runs a sentence of their own
    if (shown && run.player !== player) {
      if (run.worked !== run.at) scene.begin(player, run); // whoever works in the player is left where they are
      run.nodes = scene.nodes;
      bringIntoView(card, run.nodes());
      run.player = player;
    }
    if (run.player) writeCaption(card, scene.caption(player, strings, run));
    moveCard(card, run.player ? run.nodes() : [], true);
  },
};

// Focus the card, so that a screen reader reads it and the keys are its own.
const focusCard = ({ card }) => (showCard(card, true), card.box.focus({ preventScroll: true }));

// Go to the next or the last part; beyond the last one it ends.
function go(view, by) {
  const { run } = view;
  if (run.kind === "help") return;
  if (run.kind === "first") return run.at + by < view.scenes.length ? visit(view, run.at + by) : dismiss(view);
  run.undo(); // before what is present is asked for
  run.undo = () => {};
  const stops = present();
  const next = stops.indexOf(run.at) + by;
  if (next >= stops.length) dismiss(view);
  else visit(view, stops[Math.max(next, 0)]);
}

const guarded = (action) => (event) => {
  try {
    action(event);
  } catch (error) {
    console.error("lookback tour", error);
  }
};

const KEYS = { ArrowRight: 1, ArrowLeft: -1 };

function pressKey(view, event) {
  if (!view.run || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const inside = event.composedPath().includes(view.card.box);
  const by = inside && view.run.kind === "tour" ? KEYS[event.key] : undefined;
  if (event.key === "Escape") dismiss(view);
  else if (by) go(view, by);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// Somebody who types goes before the first minute.
function typed(view, event) {
  const at = event.composedPath()[0];
  if (!event.isTrusted || !(at instanceof Element) || !at.matches(TYPED_INTO)) return;
  view.typed = true;
  if (view.run?.kind === "first") dismiss(view);
}

// Who works in the player is not taken to another step.
function worked({ run }, event) {
  if (run?.kind !== "first" || !run.player || !isAtWork(event)) return;
  run.worked = run.at;
  clearInterval(run.clock);
}

// The button "?" opens the help, in place of the first minute, and closes the help and the tour.
function askedForHelp(view, event) {
  event.preventDefault(); // the player leaves it to us
  const closes = view.run && view.run.kind !== "first";
  if (view.run) dismiss(view);
  if (!closes) begin(view, { kind: "help", at: 0 });
}

function listen(view) {
  const on = [
    [document, "keydown", (event) => pressKey(view, event)],
    [document, "input", (event) => typed(view, event)],
    ...["focusin", "keydown", "keyup", "click"].map((type) => [document, type, (event) => worked(view, event)]),
    [globalThis, "lookback-help", (event) => askedForHelp(view, event)],
  ].map(([target, type, action]) => [target, type, guarded(action)]);
  for (const [target, type, action] of on) target.addEventListener(type, action, true);
  return () => on.forEach(([target, type, action]) => target.removeEventListener(type, action, true));
}

// What Python sent: texts, the marked examples of the model, whether a visit begins.
function take(view, { data, setStateValue }) {
  const { strings, examples, seq } = data;
  view.send = setStateValue;
  view.seq = Math.max(view.seq, seq);
  const spoken = view.strings !== null && JSON.stringify(view.strings) !== JSON.stringify(strings);
  const scenes = Object.keys(SCENES).filter((scene) => examples[SCENES[scene].example]);
  if (!view.run) Object.assign(view, { scenes, examples });
  view.strings = strings;
  if (spoken && view.run) begin(view, view.run); // in the other language
}

// Begin where the link says, or with the first minute of a first visit.
function start(view, first) {
  const at = Number(HERE.tour) - 1;
  if (STOPS[at]) return whenReady(view, () => begin(view, { kind: "tour", at }));
  HERE.tour = null; // there is no such stop
  if (first && view.scenes.length && recall(FIRST_MINUTE) === null) {
    whenReady(view, () => view.typed || begin(view, { kind: "first", at: 0 }));
  }
}

// Call ``then`` when the player is there and no dialog of Streamlit's is open.
function whenReady(view, then) {
  if (view.gone || view.run) return;
  if (WIRE.player?.dom && !document.querySelector("[data-testid=stDialog]")) guarded(then)();
  else requestAnimationFrame(() => whenReady(view, then));
}

export default (component) => {
  const { parentElement } = component;
  let view = VIEWS.get(parentElement);
  if (view) take(view, component);
  else {
    const untold = { strings: null, scenes: [], examples: {}, seq: 0 };
    view = { root: parentElement, run: null, typed: false, gone: false, ...untold };
    VIEWS.set(parentElement, view);
    const acts = { skip: () => dismiss(view), back: () => go(view, -1), next: () => go(view, 1) };
    view.card = buildCard(parentElement.querySelector(".tour"), acts);
    take(view, component);
    const leave = listen(view);
    view.leave = () => (leave(), (view.gone = true), end(view), VIEWS.delete(parentElement));
    start(view, component.data.first);
  }
  return view.leave;
};
