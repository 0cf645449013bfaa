// Draws what both trainings have told so far.

import { decimals, el, fill, joined, percent } from "../../player/browser/dom.js";
import { readPalette } from "../../player/browser/palette.js";
import { DEFAULTS } from "../training/settings.js";
import { SHOWN } from "../training/shown_dates.js";
import { drawLines, grouped } from "./race_chart.js";
import { GOAL } from "./racer.js";
import { attentionTable, describeAttention, drawAttention, drawGradient } from "./weights_map.js";

export const WEIGHT = "decoder.cells.0.weight_hh"; // the weight that is shown at first

// Whether the page is dark, for the style sheet.
export const takeTheme = ({ root }) => root.classList.toggle("dark", readPalette(root).dark);

export function drawButtons({ buttons, mode, strings }) {
  buttons.play.textContent = mode === "paused" ? strings.play : strings.pause;
  buttons.slow.setAttribute("aria-pressed", mode === "slow");
}

// The weights that either model has.
export function drawWeights(view) {
  const names = new Set(view.racers.flatMap(({ parameters }) => (parameters ?? []).map(({ name }) => name)));
  if (!names.has(view.weight)) view.weight = WEIGHT;
  const options = [...names].map((name) => el("option", { value: name, text: name }));
  view.parts.weights.replaceChildren(...options);
  view.parts.weights.value = view.weight;
}

const seconds = (value) => decimals(value, 1);

function stateText({ strings }, racer) {
  if (racer.loss === null) return strings.untrained;
  const { step, batches: steps, scored } = racer;
  const [exact, loss] = [Math.round(racer.exact * scored), decimals(racer.loss)];
  return fill(strings.state, { step, steps, loss, exact, scored, seconds: seconds(racer.seconds) });
}

const namedState = (view, racer) =>
  fill(view.strings.of, { name: view.strings[racer.name], what: stateText(view, racer) });

export function drawRacer(view, racer) {
  const { strings } = view;
  const { state, said, map, none } = racer.parts;
  const reached = racer.reached === null ? "" : fill(strings.reached, { seconds: seconds(racer.reached) });
  state.replaceChildren(stateText(view, racer), el("strong", { text: reached }));
  drawCurves(view);
  const { reading } = racer;
  if (!reading) return;
  const gold = SHOWN.find(([source]) => source === reading.source)?.[1];
  const verdict = gold ? (reading.text === gold ? "right" : "wrong") : "open";
  const after = gold && reading.text !== gold ? fill(strings.right_answer, { date: gold }) : "";
  said.replaceChildren(el("b", { class: verdict, text: reading.text || "∅" }), el("span", { text: after }));
  const attends = reading.attention_TS.length > 0;
  none.textContent = attends ? "" : strings.no_attention;
  map.hidden = !attends;
  if (attends) {
    drawAttention(map, reading);
    map.setAttribute("aria-label", joined(strings.map_help, describeAttention(reading, strings)));
  } else map.replaceChildren();
  racer.details.hidden = !attends;
  drawTable(view, racer);
  drawGradientOf(view, racer);
  drawUnknown(view, reading);
}

export function drawTable({ strings }, racer) {
  const { table } = racer.parts;
  if (racer.details.open && racer.reading) table.replaceChildren(attentionTable(racer.reading, strings));
}

function drawUnknown({ parts, strings }, { tokens, unknown }) {
  const strange = tokens.filter((_, s) => unknown[s]);
  const characters = [...new Set(strange)].join(" ");
  parts.unknown.textContent = characters ? fill(strings.unknown, { characters }) : "";
}

function drawGradientOf({ strings, weight }, racer) {
  const { gradient: canvas, norm } = racer.parts;
  const has = racer.gradient !== null && racer.step > 0;
  racer.gradientBox.hidden = !has;
  if (!has) return;
  const { most, rows, columns } = drawGradient(canvas, racer.gradient);
  const now = decimals(racer.rows.at(-1).norms[weight]);
  const told = fill(strings.gradient_help, { weight, rows, columns, norm: now, most: most.toPrecision(2) });
  canvas.setAttribute("aria-label", told);
  norm.setAttribute("aria-label", fill(strings.norm_help, { norm: now }));
  const points = grouped(racer.rows.map(({ norms }) => norms[weight] ?? 0));
  drawLines(norm, { lines: [{ name: racer.name, points }], end: racer.batches, marks: 2 });
}

export function drawCurves(view) {
  const { racers, strings, parts } = view;
  const lines = racers.flatMap(({ name, rows, marks }) => [
    { name, points: grouped(rows.map(({ loss }) => loss)) },
    { name, points: marks.map(({ step, exact }) => [step, exact]), shares: true },
  ]);
  drawLines(parts.curve, { lines, end: racers[0].batches ?? DEFAULTS.steps });
  const numbers = racers.map((racer) => namedState(view, racer));
  parts.curve.setAttribute("aria-label", joined(strings.curve_help, numbers.join(strings.between)));
}

// A screen reader hears who has reached the goal, and the end; not every batch.
export function announce(view) {
  const { racers, strings, parts } = view;
  const there = racers.filter(({ reached }) => reached !== null);
  const over = racers.every(({ done }) => done);
  if (there.length + over === view.told) return;
  view.told = there.length + over;
  const won = ({ name, reached }) =>
    fill(strings.won, { name: strings[name], goal: percent(GOAL), seconds: seconds(reached) });
  const ends = over ? racers.map((racer) => namedState(view, racer)) : [];
  parts.live.textContent = [...there.map(won), ...ends].join(strings.between);
}
