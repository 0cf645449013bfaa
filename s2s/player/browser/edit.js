// Edited attention: the weights of the selected step dragged, typed or preset; a preview of their effect; a branch.

import { ask } from "./ask.js";
import { changeEdit, startEdit, traceOf } from "./cursor.js";
import { argmax, button, el, fill, label, percent } from "./dom.js";
import { fork, showNote, speakNews } from "./fork.js";
import { cellAt, colourHeatmap, paintRow } from "./heatmap.js";
import { bare, shownRow, spanOf, sum } from "./words.js";

const PIXELS = 160; // a drag of this length lifts a weight from 0 to 1
const PARTS = 10_000; // weights are sent as whole multiples of 1 / PARTS

const sameRow = (a, b) => a.every((weight, s) => Math.abs(weight - b[s]) < 1e-6);

// Set the pieces [from, to) of a word to a weight and scale the others to make up the rest; if all others are 0, they
// share it equally.
export function weigh(row, [from, to], weight) {
  if (to - from === row.length) return row;
  const held = sum(row.slice(from, to));
  const share = (w, of, have, count) => (have > 1e-9 ? (w * of) / have : of / count);
  return row.map((w, j) =>
    from <= j && j < to ? share(w, weight, held, to - from) : share(w, 1 - weight, 1 - held, row.length - to + from),
  );
}

export const normalised = (row) => {
  const total = row.reduce((a, b) => a + b, 0);
  return row.map((w) => w / total);
};

export function startEditing(view) {
  view.channel.here?.asked("preview"); // whoever opens the editor will ask
  const step = bare(traceOf(view).steps[view.cursor.step]); // a row is of pieces, also if words are on screen
  view.cursor = startEdit(view.cursor, step, argmax(shownRow(view.model, step.attention)));
  view.dom.editNote.textContent = "";
}

export function stopEditing(view) {
  if (!view.cursor.edit) return;
  view.cursor = { ...view.cursor, edit: null };
  colourHeatmap(view.dom, traceOf(view), view.palette);
}

// Begun by a key it gives the focus to the marked word, whose weight the arrow keys change.
export function toggleEditing(view, byKey = false) {
  if (!view.model.page) return;
  if (view.cursor.edit) stopEditing(view);
  else startEditing(view);
  view.acts.paint(view);
  if (byKey && view.cursor.edit) view.dom.chips.find((chip) => chip.tabIndex === 0)?.focus({ preventScroll: true });
}

// The rows of the step on screen: the weights in use and, if they were edited, the model's own.
export function shownRows({ model, cursor }, step) {
  const { edit, hover } = cursor;
  if (!edit || hover !== null) return [step.attention, step.own_attention];
  return [shownRow(model, edit.row), sameRow(edit.row, edit.own) ? undefined : shownRow(model, edit.own)];
}

const weightsText = (row) => (row.length === 1 ? "1" : row.map((w) => Math.round(w * PARTS) || "").join(","));

// Edit the row and ask for a preview. ``name`` is a preset's, for Python; otherwise Python gets the weights.
function setRow(view, row, name = null) {
  const text = name ?? weightsText(row);
  view.cursor = changeEdit(view.cursor, { row, text });
  const { lane, step } = view.cursor.edit;
  ask(view.channel, "preview", { lane, step, edit: text }, (answer) => paintPreview(view, answer), { latest: true });
  view.acts.paint(view);
}

// Set the weight of a source word on screen.
const setWeight = (view, s, weight) =>
  setRow(view, weigh(view.cursor.edit.row, spanOf(view.model, s), Math.min(1, Math.max(0, weight))));

function paintPreview(view, answer) {
  const { edit } = view.cursor;
  if (!edit) return;
  showNote(view, answer.error ?? "", "editNote");
  if (answer.error || answer.lane !== edit.lane || answer.step !== edit.step) return;
  view.cursor = changeEdit(view.cursor, { top: answer.top });
  view.dom.change.dataset.seq = answer.seq;
  paintChange(view);
  const [best] = answer.top;
  const values = { word: best.token, before: percent(Math.exp(best.before)), after: percent(Math.exp(best.after)) };
  speakNews(view, fill(view.model.strings.preview_says, values));
}

const PRESETS = {
  uniform: (view) => setRow(view, view.cursor.edit.row.map((_, __, row) => 1 / row.length), "uniform"),
  only: (view, s) => {
    const [from, to] = spanOf(view.model, s);
    setRow(view, weigh(view.cursor.edit.row, [from, to], 1), to - from === 1 ? String(to) : null);
  },
  previous: (view) => setRow(view, [...bare(traceOf(view).steps[view.cursor.step - 1]).attention], "previous"),
  erase: (view, s) => {
    const { row, own } = view.cursor.edit;
    const [from, to] = spanOf(view.model, s);
    const text = sameRow(row, own) && to - from === 1 ? String(-to) : null;
    if (1 - sum(row.slice(from, to)) > 1e-6)
      setRow(view, normalised(row.map((w, j) => (from <= j && j < to ? 0 : w))), text);
    else showNote(view, view.model.strings.nothing_left, "editNote");
  },
  reset: (view) => (startEditing(view), view.acts.paint(view)),
};

export function buildEditor(view) {
  const { dom } = view;
  const { strings } = view.model;
  const preset = (name) =>
    button(
      "preset",
      strings[`edit_${name}_help`],
      () => PRESETS[name](view, view.cursor.locked),
      strings[`edit_${name}`],
    );
  dom.presets = Object.fromEntries(Object.keys(PRESETS).map((name) => [name, preset(name)]));
  dom.slider = el("input", { type: "range", min: 0, max: 100, step: 1 });
  dom.slider.addEventListener("input", () => setWeight(view, view.cursor.locked, dom.slider.value / 100));
  dom.sliderName = el("span", {});
  dom.onward = button("onward", strings.onward_help, () => fork(view, { edit: view.cursor.edit.text }), strings.onward);
  dom.editor.replaceChildren(
    el("div", { class: "presets", role: "group", "aria-label": strings.edit }, ...Object.values(dom.presets)),
    el("label", { class: "weigh" }, dom.sliderName, dom.slider),
    dom.onward, // above the list that grows with an answer: it must not move away from a finger
    dom.editNote,
    dom.change,
    el("p", { class: "keys", text: strings.edit_help }),
  );
}

export function paintEditor(view) {
  const { model, dom } = view;
  const { edit, locked, step } = view.cursor;
  dom.editor.hidden = !edit;
  dom.editButton.setAttribute("aria-pressed", Boolean(edit));
  dom.source.classList.toggle("editing", Boolean(edit));
  if (!edit && !dom.wasEditing) return;
  dom.wasEditing = Boolean(edit);
  const row = edit && shownRow(model, edit.row);
  const { tokens } = traceOf(view).source;
  dom.chips.forEach((chip, s) =>
    edit ? paintSliderChip(chip, tokens[s], row[s], s === locked) : paintPlainChip(chip),
  );
  if (!edit) return;
  const named = fill(model.strings.weight_of, { word: tokens[locked], weight: row[locked].toFixed(2) });
  dom.slider.value = Math.round(100 * row[locked]);
  dom.sliderName.textContent = named;
  dom.slider.setAttribute("aria-label", named);
  dom.presets.previous.disabled = step === 0;
  dom.onward.disabled = edit.text === null;
  paintChange(view);
  paintRow(dom, view.palette, edit.step, row);
}

// While attention is edited, a chip is a slider; Tab stops at the marked one.
function paintSliderChip(chip, token, weight, marked) {
  chip.tabIndex = marked ? 0 : -1;
  const set = {
    role: "slider",
    "aria-valuemin": 0,
    "aria-valuemax": 1,
    "aria-valuenow": weight.toFixed(2),
    "aria-label": token,
  };
  for (const [name, value] of Object.entries(set)) chip.setAttribute(name, value);
}

function paintPlainChip(chip) {
  for (const name of ["role", "aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-label"])
    chip.removeAttribute(name);
  chip.tabIndex = -1;
}

// The leading words with their probabilities before → after.
function paintChange(view) {
  const { strings } = view.model;
  const { edit } = view.cursor;
  const rows =
    edit.top ??
    traceOf(view)
      .steps[edit.step].top.slice(0, 5)
      .map(({ token, log_prob }) => ({ token, before: log_prob, after: log_prob }));
  const lines = rows.map(({ token, before, after }, i) => {
    const [p, q] = [Math.exp(before), Math.exp(after)];
    const bars = el("span", { class: "track both" }, el("span", { class: "was" }), el("span", { class: "fill" }));
    bars.firstChild.style.width = `${(100 * p).toFixed(2)}%`;
    bars.lastChild.style.width = `${(100 * q).toFixed(2)}%`;
    const numbers = el("span", { class: "p" }, `${percent(p)} → `, el("b", { text: percent(q) }));
    return el(
      "li",
      { class: i >= 5 ? "fell" : "", title: fill(strings.change_help, { before: percent(p), after: percent(q) }) },
      label(token),
      bars,
      numbers,
    );
  });
  view.dom.change.replaceChildren(...lines);
}

const setDrag = (view, drag) => (view.cursor = { ...view.cursor, drag });

// Dragging up gives more weight. A finger drags only the marked chip, so that it can still scroll the strip.
export function listenEdit(view, on) {
  const { source, map } = view.dom;
  const begin = (event, s) => {
    const { edit, locked } = view.cursor;
    if (!edit || event.button > 0 || (event.pointerType === "touch" && s !== locked)) return;
    setDrag(view, { s, y: event.clientY, from: shownRow(view.model, edit.row)[s] });
    view.acts.lockWord(view, s, true);
  };
  on(source, "pointerdown", (event) => {
    const chip = event.target.closest("[data-s]");
    if (!chip || !view.cursor.edit) return;
    begin(event, Number(chip.dataset.s));
    if (view.cursor.drag) source.setPointerCapture(event.pointerId);
  });
  on(map, "pointerdown", (event) => {
    const { edit } = view.cursor;
    const cell = edit && event.pointerType !== "touch" && cellAt(view.dom, traceOf(view), event);
    if (!cell || cell.t !== edit.step) return;
    begin(event, cell.s);
    map.setPointerCapture(event.pointerId);
  });
  for (const box of [source, map]) {
    on(box, "pointermove", (event) => {
      const { drag, edit } = view.cursor;
      if (!drag || !edit) return;
      const lifted = drag.y - event.clientY;
      if (Math.abs(lifted) > 2) setWeight(view, drag.s, drag.from + lifted / PIXELS);
    });
    for (const type of ["pointerup", "pointercancel"]) on(box, type, () => setDrag(view, null));
  }
  on(source, "keydown", (event) => pressChip(view, event));
}

// Keys of a chip while attention is edited, as a slider has them; Esc and E end it.
function pressChip(view, event) {
  const chip = event.target.closest("[data-s]");
  const { edit } = view.cursor;
  if (!edit || !chip) return;
  if (event.key === "Escape" || event.key.toLowerCase() === "e") {
    event.preventDefault();
    toggleEditing(view);
    return view.dom.root.focus({ preventScroll: true });
  }
  const [s, row] = [Number(chip.dataset.s), shownRow(view.model, edit.row)];
  const weight = {
    ArrowUp: row[s] + 0.05,
    ArrowDown: row[s] - 0.05,
    PageUp: row[s] + 0.2,
    PageDown: row[s] - 0.2,
    Home: 0,
    End: 1,
  }[event.key];
  const other = { ArrowLeft: s - 1, ArrowRight: s + 1 }[event.key];
  if (weight === undefined && other === undefined) return;
  event.preventDefault();
  if (weight !== undefined) return setWeight(view, s, weight);
  if (!view.dom.chips[other]) return;
  view.acts.lockWord(view, other, true);
  view.dom.chips[other].focus();
}
