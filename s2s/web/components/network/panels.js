// The drawing of the network: columns of strips for the encoder's words and the decoder's steps, and the bridge
// between.

import { el, fill, label, percent, shade } from "../../../player/browser/dom.js";

// The colour of a number: of attention above zero, blue below; its opacity grows with the number.
export function tint({ above, below }, x, scale) {
  return `rgba(${x < 0 ? below : above}, ${shade(Math.abs(x) / scale).toFixed(3)})`;
}

// A vector as a strip of coloured bands, a band for each of its leading numbers. ``name`` describes it to a reader,
// ``letter`` is the size of the whole vector in ``run.sizes``; numbers of ``scale`` and more get the full colour.
function strip(view, values, name, letter, scale = 1) {
  const part = 100 / values.length;
  const bands = values.map(
    (x, i) => `${tint(view.colours, x, scale)} ${(i * part).toFixed(2)}% ${((i + 1) * part).toFixed(2)}%`,
  );
  const node = el("button", { type: "button", class: "strip", tabindex: "-1", "aria-label": name });
  node.style.backgroundImage = `linear-gradient(to bottom, ${bands.join(", ")})`;
  view.vectors.set(node, { name, values, letter });
  return node;
}

// A column of the encoder: the word, its embedding, the states of both directions, the word's attention weight.
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

function probabilityRow(word, p, chosen) {
  const bar = el("i");
  bar.style.width = `${100 * p}%`;
  return el(
    "li",
    { class: chosen ? "chosen" : "" },
    label(word),
    el("span", { class: "track" }, bar),
    el("span", { class: "p", text: percent(p) }),
  );
}

// A column of the decoder: the word that it reads, its vectors, its most probable words, the word that it outputs.
function decoderColumn(view, t) {
  const { run, strings } = view;
  const moment = run.moments[t];
  const named = (key) => fill(strings[key], { step: t + 1, word: moment.input });
  const rows = moment.top.map(([word, p]) => probabilityRow(word, p, word === moment.output));
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

// The names of a panel's rows with their shapes; ``kind`` is the class of a row that is lower or higher than a strip.
function rowNames(view, rows) {
  const named = rows.map(([key, shape, kind = ""]) =>
    el("div", { class: `name ${kind}` }, el("b", { text: view.strings[key] }), el("small", { text: shape })),
  );
  return el("div", { class: "names" }, ...named);
}

function encoderPanel(view) {
  const { run } = view;
  const { S, E, N } = run.sizes;
  const names = rowNames(view, [
    ["words", `S = ${S}`, "short"],
    ["embedding", `${S} × ${E}`],
    ["forward", `${S} × ${N}`],
    ["backward", `${S} × ${N}`],
    ...(run.attention === "none" ? [] : [["alpha", `S = ${S}`, "short"]]),
  ]);
  view.encoder = el(
    "div",
    { class: "columns scroll", tabindex: "0" },
    ...run.tokens.map((_, s) => encoderColumn(view, s)),
  );
  return el("div", { class: "panel" }, names, view.encoder);
}

function decoderPanel(view) {
  const { run } = view;
  const { E, M, H, R, V, T } = run.sizes;
  const names = rowNames(view, [
    ["input", `T = ${T}`, "short"],
    ["embedding", `${E}`],
    [run.attention === "none" ? "fixed" : "context", `${M}`],
    ["state", `${H}`],
    ["readout", `${R}`],
    ["softmax", `V = ${V}`, "long"],
    ["output", "", "short"],
  ]);
  view.decoder = el(
    "div",
    { class: "columns scroll", tabindex: "0" },
    ...run.moments.map((_, t) => decoderColumn(view, t)),
  );
  return el("div", { class: "panel" }, names, view.decoder);
}

// The hand-over: the encoder's last states become the decoder's first one.
function bridge(view) {
  const { run, strings } = view;
  const { S, M } = run.sizes;
  const last = strip(view, run.last, strings.last, "N");
  const first = strip(view, run.first, strings.first, "N");
  const note = fill(strings[run.attention === "none" ? "hand_over_blind" : "hand_over"], {
    words: S,
    numbers: S * M,
    size: M,
  });
  view.bridge = el(
    "div",
    { class: "bridge" },
    el("span", { class: "pair", title: strings.summary }, last, first),
    el("span", { text: `→ tanh(W·[h→; h←] + b) →` }),
    strip(view, run.start, strings.start, "H"),
    el("span", { class: "note" }, el("b", { text: note })),
  );
  return view.bridge;
}

export function buildPanels(view) {
  const heading = (key) => el("h3", { text: view.strings[key] });
  return [
    heading("encoder"),
    encoderPanel(view),
    heading("bridge"),
    bridge(view),
    heading("decoder"),
    decoderPanel(view),
  ];
}
