// The line below the lanes that says what their marks mean, those that are on screen. A reader can dismiss it, and
// bring it back with the button "?".

import { button, el, hasAttention, hasProbability, icon } from "./dom.js";
import { isMiss } from "./model.js";
import { recall, remember } from "./stored.js";

const LEGEND = "legend"; // "off" once the line was dismissed

const parts = (step) => [{ token: step.output, log_prob: step.log_prob }, ...step.top];
const sign = (text, name) => el("b", { class: `sign ${name}`, "aria-hidden": "true", text });
const sample = (name) => el("i", { class: `sample ${name}`, "aria-hidden": "true" });
const PICTURES = {
  diverges: () => sign("◆", "alarm"),
  miss: () => sample("missed"),
  probability: () => sample("probable"),
  attention: () => sample("attended"),
  said: () => sign("●", "own"),
  reference: () => sign("★", "right"),
  unknown: () => sample("unknowns"),
  fork: () => icon("fork"),
};

// The names of the marks that the lanes, the source and the distributions of a model show, in the order of the line.
export function marksOf(model) {
  const lanes = Object.values(model.lanes).filter(Boolean);
  const steps = lanes.flatMap((lane) => lane.steps);
  const shown = {
    diverges: lanes.some(({ divergence, steps }) => divergence !== null && divergence < steps.length),
    miss: lanes.some((lane) => lane.steps.some((_, t) => isMiss(lane, t))),
    probability: steps.some((step) => parts(step).some(hasProbability)),
    attention: lanes.some((lane) => lane.steps.length && hasAttention(lane)),
    said: steps.some(({ top }) => top.length),
    reference: steps.some(({ target, top }) => Boolean(target) && top.length),
    unknown: Boolean(lanes[0]?.source.unknown.length),
    fork: model.branches.length > 0,
  };
  return Object.keys(PICTURES).filter((name) => shown[name]);
}

// Write the line anew. A guessing game has none: it would say whether the hidden words are right.
export function paintLegend(view) {
  const { symbols } = view.dom;
  const { strings } = view.model;
  symbols.hidden = Boolean(view.cursor.game) || recall(LEGEND) === "off";
  if (symbols.hidden) return symbols.replaceChildren();
  const item = (name) => el("span", { class: "symbol" }, PICTURES[name](), strings[`legend_${name}`]);
  const hidden = view.model.hide?.includes("softmax") ? ["said", "reference"] : []; // nothing else shows these
  const items = marksOf(view.model).filter((name) => !hidden.includes(name)).map(item);
  symbols.replaceChildren(...items, button("dismiss", strings.legend_dismiss, () => toggleLegend(view), "×"));
}

export function toggleLegend(view) {
  remember(LEGEND, view.dom.symbols.hidden ? "on" : "off");
  paintLegend(view);
  view.dom.root.focus({ preventScroll: true }); // the button that was pressed may be gone
}

// The button "?": the app answers with its tour, an exported page with the legend alone.
export function helpButton(view) {
  const { page, strings } = view.model;
  return button("help", page ? strings.help : strings.help_marks, () => askHelp(view), "?");
}

export function askHelp(view) {
  if (view.cursor.game) return;
  if (dispatchEvent(new CustomEvent("lookback-help", { cancelable: true }))) toggleLegend(view);
}
