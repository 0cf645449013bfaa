// The network of one sentence, drawn and played: words → embeddings → encoder states → the decoder's steps.
// Every strip is the first numbers of a real vector; hovering, focusing or tapping one reads them out.

import { argmax, decimals, el, fill, icon, label, percent, reveal, shade } from "../../../player/browser/dom.js";
import { byKey, takeKeys } from "../../../player/browser/keys.js";
import { channelsOf, colourOf } from "../../../player/browser/palette.js";

const VIEWS = new WeakMap(); // one view for each place where the component is mounted
const BEAT = 700; // milliseconds from one moment to the next
const READING = 10; // moments at most in which the encoder reads, however long the source

// Moments in their order: 0 the words, 1…R the encoder reads, R+1 the hand-over, then a moment a decoder step.
const reads = (run) => Math.min(READING, run.tokens.length);
const lastMoment = (run) => reads(run) + 1 + run.moments.length; // its number, from 0
const stepAt = (run, now) => now - reads(run) - 2; // the decoder's step, below 0 before its first
// How many words each direction has read by now.
const wordsRead = (run, now) => Math.min(run.tokens.length, Math.ceil((run.tokens.length * now) / reads(run)));

// The colour of a number: of attention above zero, blue below; its opacity grows with the number.
function tint({ above, below }, x, scale) {
  return `rgba(${x < 0 ? below : above}, ${shade(Math.abs(x) / scale).toFixed(3)})`;
}

// A vector as a strip; ``name`` says what it is, ``letter`` how many numbers the whole has.
function strip(view, values, name, letter, scale = 1) {
  const part = 100 / values.length;
  const bands = values.map((x, i) => `${tint(view.colours, x, scale)} ${(i * part).toFixed(2)}% ${((i + 1) * part).toFixed(2)}%`);
  const node = el("button", { type: "button", class: "strip", tabindex: "-1", "aria-label": name });
  node.style.backgroundImage = `linear-gradient(to bottom, ${bands.join(", ")})`;
  view.told.set(node, { name, values, letter });
  return node;
}

const size = (view, letter) => `${letter} = ${view.run.sizes[letter]}`;

// One column of the encoder: the word, its embedding, the two directions' states, the attention that is paid to it.
function encoderColumn(view, s) {
  const { run, strings } = view;
  const named = (key) => fill(strings[key], { word: run.tokens[s], place: s + 1 });
  const forward = strip(view, run.forward[s], named("forward_of"), "N");
  const backward = strip(view, run.backward[s], named("backward_of"), "N");
  forward.dataset.forward = backward.dataset.backward = s;
  return el(
    "div",
    { class: "column", "data-s": s },
    el("div", { class: "word" }, label(run.tokens[s])),
    strip(view, run.embeddings[s], named("embedding_of"), "E", view.scale),
    el("div", { class: "way forwardWay" }, forward),
    el("div", { class: "way backwardWay" }, backward),
    ...(run.attention === "none" ? [] : [el("div", { class: "alpha" }, el("i"), el("span"))]),
  );
}

function decoderColumn(view, t) {
  const { run, strings } = view;
  const moment = run.moments[t];
  const named = (key) => fill(strings[key], { step: t + 1, word: moment.input });
  const rows = moment.top.map(([word, p]) => {
    const bar = el("i");
    bar.style.width = `${100 * p}%`;
    return el("li", { class: word === moment.output ? "chosen" : "" }, label(word), el("span", { class: "track" }, bar), el("span", { class: "p", text: percent(p) }));
  });
  return el(
    "div",
    { class: "column step", "data-t": t },
    el("div", { class: "word" }, label(moment.input)),
    strip(view, moment.embedding, named("read_of"), "E", view.scale),
    strip(view, moment.context, named(run.attention === "none" ? "fixed_of" : "context_of"), "M"),
    el("div", { class: "way forwardWay" }, strip(view, moment.state, named("state_of"), "H")),
    strip(view, moment.readout, named("readout_of"), "R"),
    el("ol", { class: "softmax" }, ...rows),
    el("div", { class: "word said" }, label(moment.output)),
  );
}

// The names of a panel's rows, each with its shape beside it.
function names(view, rows) {
  const named = rows.map(([key, shape, kind = ""]) =>
    el("div", { class: `name ${kind}` }, el("b", { text: view.strings[key] }), el("small", { text: shape })),
  );
  return el("div", { class: "names" }, ...named);
}

function panels(view) {
  const { run, strings } = view;
  const { S, E, N, M, H, R, V, T } = run.sizes;
  const blind = run.attention === "none";
  const encoder = names(view, [
    ["words", `S = ${S}`, "short"],
    ["embedding", `${S} × ${E}`],
    ["forward", `${S} × ${N}`],
    ["backward", `${S} × ${N}`],
    ...(blind ? [] : [["alpha", `S = ${S}`, "short"]]),
  ]);
  const decoder = names(view, [
    ["input", `T = ${T}`, "short"],
    ["embedding", `${E}`],
    [blind ? "fixed" : "context", `${M}`],
    ["state", `${H}`],
    ["readout", `${R}`],
    ["softmax", `V = ${V}`, "long"],
    ["output", "", "short"],
  ]);
  view.encoder = el("div", { class: "columns scroll", tabindex: "-1" }, ...run.tokens.map((_, s) => encoderColumn(view, s)));
  view.decoder = el("div", { class: "columns scroll", tabindex: "-1" }, ...run.moments.map((_, t) => decoderColumn(view, t)));
  const last = strip(view, run.last, strings.last, "N");
  const first = strip(view, run.first, strings.first, "N");
  view.bridge = el(
    "div",
    { class: "bridge" },
    el("span", { class: "pair", title: strings.summary }, last, first),
    el("span", { text: `→ tanh(W·[h→; h←] + b) →` }),
    strip(view, run.start, strings.start, "H"),
    el("span", { class: "note" }, el("b", { text: fill(strings[blind ? "hand_over_blind" : "hand_over"], { words: S, numbers: S * M, size: M }) })),
  );
  const heading = (key) => el("h3", { text: strings[key] });
  return [
    heading("encoder"),
    el("div", { class: "panel" }, encoder, view.encoder),
    heading("bridge"),
    view.bridge,
    heading("decoder"),
    el("div", { class: "panel" }, decoder, view.decoder),
  ];
}

function bar(view) {
  const { strings } = view;
  const go = (name, title, to) =>
    el("button", { type: "button", title, "aria-label": title, onclick: () => (play(view, false), goTo(view, to())) }, icon(name));
  view.playButton = el("button", { type: "button", class: "play", title: strings.play, "aria-label": strings.play, onclick: () => play(view, !view.timer) }, icon("play"));
  view.where = el("span", { class: "where" });
  const runs = view.runs.map((run, n) =>
    el("button", { type: "button", class: "run", "data-run": n, text: run.checkpoint, onclick: () => choose(view, n) }),
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
  view.told = new WeakMap();
  view.colours = { above: channelsOf(colourOf(view.box, "attention")), below: channelsOf(colourOf(view.box, "other")) };
  view.scale = Math.max(...view.run.embeddings.flat().map(Math.abs), 1e-6);
  view.detail = el("p", { class: "detail", "aria-live": "polite", text: view.strings.hover });
  view.box.replaceChildren(bar(view), view.detail, ...panels(view), el("p", { class: "keys", text: view.strings.keys }));
  for (const node of view.box.querySelectorAll(".run")) {
    node.setAttribute("aria-pressed", view.runs[node.dataset.run] === view.run);
  }
  paint(view);
}

function choose(view, n) {
  play(view, false);
  view.run = view.runs[n];
  view.now = Math.min(view.now, lastMoment(view.run));
  build(view);
}

function goTo(view, now) {
  view.now = Math.max(0, Math.min(now, lastMoment(view.run)));
  paint(view);
}

// What has happened by now is drawn, what is yet to come is empty; what happens now is outlined.
function paint(view) {
  const { run, now, strings } = view;
  const [S, done, t] = [run.tokens.length, wordsRead(run, now), stepAt(run, now)];
  const before = now > 0 ? wordsRead(run, now - 1) : 0;
  const reading = now > 0 && now <= reads(run);
  [...view.encoder.children].forEach((column, s) => {
    const set = (node, there, active) => (node.classList.toggle("there", there), node.classList.toggle("now", active));
    column.querySelector(".strip").classList.add("there");
    set(column.querySelector("[data-forward]"), s < done, reading && s < done && s >= before);
    set(column.querySelector("[data-backward]"), S - 1 - s < done, reading && S - 1 - s < done && S - 1 - s >= before);
    const alpha = column.querySelector(".alpha");
    if (alpha) {
      const weight = t >= 0 ? run.moments[t].attention[s] : 0;
      alpha.style.setProperty("--w", shade(weight).toFixed(3));
      alpha.lastChild.textContent = weight >= 0.005 ? weight.toFixed(2) : "";
    }
  });
  const handed = now > reads(run);
  view.bridge.classList.toggle("there", handed);
  view.bridge.classList.toggle("now", now === reads(run) + 1 || (handed && run.attention === "none"));
  [...view.decoder.children].forEach((column, n) => {
    column.classList.toggle("there", n <= t);
    column.classList.toggle("now", n === t);
  });
  const what = now === 0 ? "at_words" : reading ? "at_reading" : t < 0 ? "at_bridge" : run.attention === "none" ? "at_step_blind" : "at_step";
  const moment = run.moments[Math.max(0, t)];
  view.where.textContent = fill(strings[what], { step: t + 1, steps: run.moments.length, word: moment.output, words: done, of: S, size: run.sizes.M });
  follow(view, t, done);
}

// Keep what happens in sight; the page itself never moves.
function follow(view, t, done) {
  const inSight = (box, node) => node && reveal(box, "x", node.offsetLeft - box.offsetLeft, node.offsetWidth, 0);
  if (t >= 0) {
    inSight(view.decoder, view.decoder.children[t]);
    const { attention } = view.run.moments[t];
    if (attention.length) inSight(view.encoder, view.encoder.children[argmax(attention)]);
  } else inSight(view.encoder, view.encoder.children[Math.max(0, done - 1)]);
}

function play(view, on) {
  clearInterval(view.timer);
  view.timer = null;
  if (on) {
    if (view.now >= lastMoment(view.run)) goTo(view, 0);
    view.timer = setInterval(() => {
      if (view.box.isConnected) goTo(view, view.now + 1);
      if (!view.box.isConnected || view.now >= lastMoment(view.run)) play(view, false);
    }, BEAT);
  }
  const title = view.strings[on ? "pause" : "play"];
  view.playButton.replaceChildren(icon(on ? "pause" : "play"));
  view.playButton.title = title;
  view.playButton.setAttribute("aria-label", title);
}

// The numbers of a vector, as far as they are known here, and how many more there are.
function tell(view, node) {
  const told = node && view.told.get(node);
  if (!told) return;
  const rest = view.run.sizes[told.letter] - told.values.length;
  const values = told.values.map((x) => decimals(x)).join("  ");
  view.detail.replaceChildren(
    el("b", { text: `${told.name} · ${size(view, told.letter)}` }),
    el("span", { class: "values", text: rest > 0 ? `${values} ${fill(view.strings.more, { count: rest })}` : values }),
  );
}

function listen(view) {
  const guarded = (action) => (event) => {
    try {
      action(event);
    } catch (error) {
      console.error("lookback network", error);
    }
  };
  const at = (event) => event.target.closest(".strip");
  for (const type of ["pointerover", "focusin", "click"]) view.box.addEventListener(type, guarded((e) => tell(view, at(e))));
  view.box.addEventListener("click", guarded((e) => {
    const column = e.target.closest(".step");
    if (column) goTo(view, reads(view.run) + 2 + Number(column.dataset.t));
  }));
  view.onKey = guarded((event) => key(view, event));
  document.addEventListener("keydown", view.onKey);
}

// Keys are for the whole page while the figure is in sight, but never taken from a field or a control.
function key(view, event) {
  byKey(view.box, event, {
    ArrowLeft: () => goTo(view, view.now - 1),
    ArrowRight: () => goTo(view, view.now + 1),
    Home: () => goTo(view, 0),
    End: () => goTo(view, Infinity),
    " ": () => play(view, !view.timer),
  });
}

export default function mount({ data: { run, ...data }, parentElement }) {
  const box = parentElement.querySelector(".network");
  let view = VIEWS.get(box);
  if (!view) {
    VIEWS.set(box, (view = { box, timer: null, now: 0 }));
    box.tabIndex = -1; // it is given the focus; Tab goes to its buttons
    listen(view);
  }
  const runs = JSON.stringify(data.runs);
  const identity = JSON.stringify(data);
  if (view.identity !== identity) {
    const same = view.shown === runs; // only the language is another: stay where we are
    const n = same ? view.runs.indexOf(view.run) : 0;
    clearInterval(view.timer);
    Object.assign(view, { runs: data.runs, run: data.runs[n], strings: data.strings, shown: runs, identity, timer: null });
    if (!same) view.now = lastMoment(view.run);
    build(view);
  }
  takeKeys(box, run);
  return () => {
    clearInterval(view.timer);
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(box);
  };
}
