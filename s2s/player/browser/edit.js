// Edited attention: the weights of the current step dragged, typed or preset; what they would do; a branch from them.

import { ask } from "./ask.js";
import { argmax, button, el, fill, label, percent } from "./dom.js";
import { fork, say, tell } from "./fork.js";
import { cellAt, colourHeatmap, paintRow } from "./heatmap.js";
import { bare, shownRow, spanOf, sum } from "./words.js";

const PIXELS = 160; // a drag of so many lifts a weight from 0 to 1
const CENTS = 10_000; // weights are sent as whole numbers of these

const sameRow = (a, b) => a.every((weight, s) => Math.abs(weight - b[s]) < 1e-6);

// The pieces of one word set to a weight, the others scaled to make up the rest; where there is nothing to scale, shared.
export function weigh(row, [from, to], weight) {
  if (to - from === row.length) return row;
  const held = sum(row.slice(from, to));
  const share = (w, of, have, count) => (have > 1e-9 ? (w * of) / have : of / count);
  return row.map((w, j) => (from <= j && j < to ? share(w, weight, held, to - from) : share(w, 1 - weight, 1 - held, row.length - to + from)));
}

export const normalised = (row) => {
  const total = row.reduce((a, b) => a + b, 0);
  return row.map((w) => w / total);
};

export function startEditing(view) {
  const step = bare(view.trace.steps[view.step]); // a row is of pieces, whatever is on screen
  const own = step.own_attention ?? step.attention;
  view.edit = { lane: view.lane, step: view.step, own, used: step.attention, row: [...step.attention], text: null, top: null };
  if (view.locked === null) view.locked = view.column = argmax(shownRow(view, step.attention));
  Object.assign(view, { hover: null });
  view.parts.editNote.textContent = "";
}

export function stopEditing(view) {
  if (!view.edit) return;
  view.edit = null;
  colourHeatmap(view);
}

export function toggleEditing(view) {
  if (!view.page) return;
  if (view.edit) stopEditing(view);
  else startEditing(view);
  view.acts.paint(view);
}

// The rows of the step on screen: the weights it uses, and where they were edited the model's own.
export function shownRows(view, step) {
  if (!view.edit || view.hover !== null) return [step.attention, step.own_attention];
  return [shownRow(view, view.edit.row), sameRow(view.edit.row, view.edit.own) ? undefined : shownRow(view, view.edit.own)];
}

// ``text`` is what Python is told: a name where the row has one, else the weights.
function setRow(view, row, text = null) {
  view.edit.row = row;
  view.edit.text = text ?? (row.length === 1 ? "1" : row.map((w) => Math.round(w * CENTS) || "").join(","));
  const { lane, step } = view.edit;
  ask(view, "preview", { lane, step, edit: view.edit.text }, (answer) => previewed(view, answer), { latest: true });
  view.acts.paint(view);
}

function previewed(view, answer) {
  if (!view.edit) return;
  say(view, answer.error ?? "", "editNote");
  if (answer.error || answer.lane !== view.edit.lane || answer.step !== view.edit.step) return;
  view.edit.top = answer.top;
  view.parts.change.dataset.seq = answer.seq;
  paintChange(view);
  const [best] = answer.top;
  tell(view, fill(view.strings.preview_says, { word: best.token, before: percent(Math.exp(best.before)), after: percent(Math.exp(best.after)) }));
}

const PRESETS = {
  uniform: (view) => setRow(view, view.edit.row.map((_, __, row) => 1 / row.length), "uniform"),
  only: (view, s) => {
    const [from, to] = spanOf(view, s);
    setRow(view, weigh(view.edit.row, [from, to], 1), to - from === 1 ? String(to) : null);
  },
  previous: (view) => setRow(view, [...bare(view.trace.steps[view.step - 1]).attention], "previous"),
  erase: (view, s) => {
    const { row, own } = view.edit;
    const [from, to] = spanOf(view, s);
    const text = sameRow(row, own) && to - from === 1 ? String(-to) : null;
    if (1 - sum(row.slice(from, to)) > 1e-6) setRow(view, normalised(row.map((w, j) => (from <= j && j < to ? 0 : w))), text);
    else say(view, view.strings.nothing_left, "editNote");
  },
  reset: (view) => (startEditing(view), view.acts.paint(view)),
};

export function buildEditor(view) {
  const { strings, parts } = view;
  const preset = (name) => button(view, "preset", strings[`edit_${name}_help`], () => PRESETS[name](view, view.locked), strings[`edit_${name}`]);
  view.presets = Object.fromEntries(Object.keys(PRESETS).map((name) => [name, preset(name)]));
  view.slider = el("input", { type: "range", min: 0, max: 100, step: 1 });
  view.slider.addEventListener("input", () => setRow(view, weigh(view.edit.row, spanOf(view, view.locked), view.slider.value / 100)));
  view.sliderName = el("span", {});
  view.onward = button(view, "onward", strings.onward_help, () => fork(view, { edit: view.edit.text }), strings.onward);
  parts.editor.replaceChildren(
    el("div", { class: "presets", role: "group", "aria-label": strings.edit }, ...Object.values(view.presets)),
    el("label", { class: "weigh" }, view.sliderName, view.slider),
    view.onward, // above what grows when an answer comes: it must not move from under a finger
    parts.editNote,
    parts.change,
    el("p", { class: "keys", text: strings.edit_help }),
  );
}

export function paintEditor(view) {
  const { edit, parts, strings } = view;
  parts.editor.hidden = !edit;
  view.editButton.setAttribute("aria-pressed", Boolean(edit));
  parts.source.classList.toggle("editing", Boolean(edit));
  if (!edit && !view.wasEditing) return;
  view.wasEditing = Boolean(edit);
  const row = edit && shownRow(view, edit.row);
  view.chips.forEach((chip, s) => paintSliderChip(view, chip, s, row?.[s]));
  if (!edit) return;
  const [word, weight] = [view.trace.source.tokens[view.locked], row[view.locked]];
  const named = fill(strings.weight_of, { word, weight: weight.toFixed(2) });
  view.slider.value = Math.round(100 * weight);
  view.sliderName.textContent = named;
  view.slider.setAttribute("aria-label", named);
  view.presets.previous.disabled = view.step === 0;
  view.onward.disabled = edit.text === null;
  paintChange(view);
  paintRow(view, edit.step, row);
}

// While attention is edited, a chip is a slider; Tab comes to the marked one.
function paintSliderChip(view, chip, s, weight) {
  const { edit } = view;
  if (!edit) {
    for (const name of ["role", "aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-label"]) chip.removeAttribute(name);
    chip.tabIndex = -1;
    return;
  }
  chip.tabIndex = s === view.locked ? 0 : -1;
  const set = { role: "slider", "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": weight.toFixed(2), "aria-label": view.trace.source.tokens[s] };
  for (const [name, value] of Object.entries(set)) chip.setAttribute(name, value);
}

// The leading words before → after.
function paintChange(view) {
  const { edit, parts, strings } = view;
  const rows = edit.top ?? view.trace.steps[edit.step].top.slice(0, 5).map(({ token, log_prob }) => ({ token, before: log_prob, after: log_prob }));
  const lines = rows.map(({ token, before, after }, i) => {
    const [p, q] = [Math.exp(before), Math.exp(after)];
    const bars = el("span", { class: "track both" }, el("span", { class: "was" }), el("span", { class: "fill" }));
    bars.firstChild.style.width = `${(100 * p).toFixed(2)}%`;
    bars.lastChild.style.width = `${(100 * q).toFixed(2)}%`;
    const numbers = el("span", { class: "p" }, `${percent(p)} → `, el("b", { text: percent(q) }));
    return el("li", { class: i >= 5 ? "fell" : "", title: fill(strings.change_help, { before: percent(p), after: percent(q) }) }, label(token), bars, numbers);
  });
  parts.change.replaceChildren(...lines);
}

// Drags: up is more. With a finger only the marked chip is dragged, so that the strip can still be scrolled.
export function listenEdit(view, on) {
  const { source, map } = view.parts;
  const begin = (event, s) => {
    if (!view.edit || event.button > 0 || (event.pointerType === "touch" && s !== view.locked)) return;
    view.drag = { s, y: event.clientY, from: shownRow(view, view.edit.row)[s] };
    view.acts.lock(view, s, true);
  };
  on(source, "pointerdown", (event) => {
    const chip = event.target.closest("[data-s]");
    if (!chip || !view.edit) return;
    begin(event, Number(chip.dataset.s));
    if (view.drag) source.setPointerCapture(event.pointerId);
  });
  on(map, "pointerdown", (event) => {
    const cell = view.edit && event.pointerType !== "touch" && cellAt(view, event);
    if (!cell || cell.t !== view.edit.step) return;
    begin(event, cell.s);
    map.setPointerCapture(event.pointerId);
  });
  for (const box of [source, map]) {
    on(box, "pointermove", (event) => {
      if (!view.drag || !view.edit) return;
      const weight = view.drag.from + (view.drag.y - event.clientY) / PIXELS;
      if (Math.abs(view.drag.y - event.clientY) > 2) setRow(view, weigh(view.edit.row, spanOf(view, view.drag.s), Math.min(1, Math.max(0, weight))));
    });
    for (const type of ["pointerup", "pointercancel"]) on(box, type, () => (view.drag = null));
  }
  on(source, "keydown", (event) => chipKey(view, event));
}

function chipKey(view, event) {
  const chip = event.target.closest("[data-s]");
  if (!view.edit || !chip) return;
  const [s, row] = [Number(chip.dataset.s), shownRow(view, view.edit.row)];
  const weight = { ArrowUp: row[s] + 0.05, ArrowDown: row[s] - 0.05, PageUp: row[s] + 0.2, PageDown: row[s] - 0.2, Home: 0, End: 1 }[event.key];
  const other = { ArrowLeft: s - 1, ArrowRight: s + 1 }[event.key];
  if (weight === undefined && other === undefined) return;
  event.preventDefault();
  if (weight !== undefined) return setRow(view, weigh(view.edit.row, spanOf(view, s), Math.min(1, Math.max(0, weight))));
  if (!view.chips[other]) return;
  view.acts.lock(view, other, true);
  view.chips[other].focus();
}
