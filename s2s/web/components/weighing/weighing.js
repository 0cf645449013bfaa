// Score → softmax → context, side by side for several models. A score can be dragged: softmax and context are computed
// here, the words come from the model through Python.

import { ask, forget, hearOwn } from "../../../player/browser/ask.js";
import { argmax, decimals, el, fill, label, percent, reveal } from "../../../player/browser/dom.js";
import { byKey, takeKeys } from "../../../player/browser/keys.js";
import { FORMULAS, contextSection, formula, scoreSection, softmaxSection } from "../../../player/browser/worked.js";
import { keepPlace, placeIn } from "../places.js";
import { contextOf, softmaxOf } from "./arithmetic.js";

const VIEWS = new WeakMap(); // element where the component is mounted → its view
const ROWS = 400; // source words that are shown; Python gives no more
const PADS = 40; // the most positions of padding
const MOVED = 0.005; // the least change of a score that marks its row
const ROOM = 3; // by how much a score can be dragged beyond the others at least

function buildPanel(view, side, n) {
  const panel = {
    n,
    side,
    step: Math.min(view.steps?.[n] ?? 0, side.trace.steps.length - 1),
    scores: [],
    words: null,
    masked: true,
    pads: 0,
  };
  const { strings } = view;
  panel.path = stepButtons(view, panel);
  panel.rows = side.trace.source.tokens.slice(0, ROWS).map((token, s) => scoreRow(view, panel, token, s));
  panel.pad = el(
    "tr",
    { class: "pad", hidden: "" },
    el("th", {}),
    el("td", { class: "score" }),
    el("td", {}),
    weightCell(),
  );
  panel.table = scoreTable(view, panel);
  panel.context = el("p", { class: "context" });
  panel.top = el("ol", { class: "top" });
  panel.problem = el("p", { class: "problem", role: "alert" });
  panel.reset = el("button", {
    type: "button",
    class: "reset",
    text: strings.reset,
    onclick: () => goToStep(view, panel, panel.step),
  });
  panel.arithmetic = el("div");
  panel.details = el("details", {}, el("summary", { text: strings.arithmetic }), panel.arithmetic);
  panel.details.addEventListener("toggle", () => paintArithmetic(view, panel));
  panel.root = el(
    "section",
    { class: "panel", "data-n": n },
    ...panelHead(view, side.trace.checkpoint),
    panel.path,
    ...(side.padding.length ? [maskControls(view, panel)] : []),
    panel.table,
    panel.context,
    el("div", { class: "topHead" }, el("h4", { text: strings.says }), panel.reset),
    panel.top,
    panel.problem,
    panel.details,
  );
  return panel;
}

// The kind of attention, the model's name, and the formula of a score where the kind has one.
function panelHead(view, { attention, name }) {
  const title = el("h3", {}, view.strings[`kind_${attention}`] ?? attention, el("small", { text: ` ${name}` }));
  return FORMULAS[attention] ? [title, formula(FORMULAS[attention].score)] : [title];
}

function stepButtons(view, panel) {
  const button = (step, t) =>
    el(
      "button",
      { type: "button", "data-t": t, onclick: () => goToStep(view, panel, t) },
      el("small", { text: t + 1 }),
      label(step.output),
    );
  return el(
    "div",
    { class: "path", role: "group", "aria-label": view.strings.steps },
    ...panel.side.trace.steps.map(button),
  );
}

const weightCell = () => el("td", { class: "weight" }, el("i"), el("span"));

// A source word with its score, the slider that changes it, and its weight.
function scoreRow(view, panel, token, s) {
  const range = el("input", {
    type: "range",
    step: "0.01",
    "aria-label": fill(view.strings.score_of, { word: token }),
  });
  range.addEventListener("input", () => drag(view, panel, s, Number(range.value)));
  const row = el(
    "tr",
    {},
    el("th", { scope: "row" }, label(token)),
    el("td", { class: "score" }),
    el("td", {}, range),
    weightCell(),
  );
  return { row, range, score: row.children[1], bar: row.lastChild.firstChild, weight: row.lastChild.lastChild };
}

function scoreTable(view, panel) {
  const heads = ["word", "score", "drag", "weight"].map((key) => el("th", { scope: "col", text: view.strings[key] }));
  const body = el("tbody", {}, ...panel.rows.map(({ row }) => row), panel.pad);
  return el("div", { class: "table", tabindex: "0" }, el("table", {}, el("thead", {}, el("tr", {}, ...heads)), body));
}

function maskControls(view, panel) {
  const { strings } = view;
  const count = el("input", { type: "range", min: 0, max: PADS, value: 0, "aria-label": strings.pads });
  const masked = el("input", { type: "checkbox", checked: "" });
  panel.maskNote = el("span", { class: "maskNote", "aria-live": "polite" });
  count.addEventListener("input", () => ((panel.pads = Number(count.value)), paintPanel(view, panel)));
  masked.addEventListener("change", () => ((panel.masked = masked.checked), paintPanel(view, panel)));
  return el(
    "div",
    { class: "mask" },
    el("label", {}, strings.pads, count),
    el("label", {}, masked, strings.masked),
    panel.maskNote,
  );
}

// Show a step with the model's own scores. The sliders reach beyond them by their span.
function goToStep(view, panel, t) {
  panel.step = Math.max(0, Math.min(t, panel.side.trace.steps.length - 1));
  panel.scores = [...panel.side.trace.steps[panel.step].scores];
  panel.words = null;
  panel.asked = (panel.asked ?? 0) + 1; // answers about other scores are out of date
  const [low, high] = [Math.min(...panel.scores), Math.max(...panel.scores)];
  const room = Math.max(ROOM, high - low);
  for (const { range } of panel.rows)
    Object.assign(range, { min: (low - room).toFixed(2), max: (high + room).toFixed(2) });
  panel.rows.forEach(({ range }, s) => (range.value = panel.scores[s]));
  panel.problem.textContent = "";
  paintPanel(view, panel);
  paintArithmetic(view, panel);
  const { row } = panel.rows[argmax(panel.scores)];
  reveal(panel.table, "y", row.offsetTop, row.offsetHeight, 40);
}

// Paint with a changed score at once, and ask Python for the words under the new weights.
function drag(view, panel, s, value) {
  panel.scores[s] = value;
  paintPanel(view, panel);
  const asked = (panel.asked = (panel.asked ?? 0) + 1);
  const weights = softmaxOf(panel.scores).weights;
  ask(view, "words", { side: panel.n, step: panel.step, weights }, (answer) => {
    if (asked !== panel.asked) return;
    panel.problem.textContent = answer.error ?? "";
    if (!answer.error) panel.words = answer.top;
    paintTop(view, panel);
  }, { latest: true });
}

function paintPanel(view, panel) {
  const step = panel.side.trace.steps[panel.step];
  const { weights, taken } = softmaxOf(panel.scores, panel.masked ? 0 : panel.pads, panel.side.padding[panel.step]);
  panel.rows.forEach((cells, s) => {
    cells.score.textContent = decimals(panel.scores[s], 2);
    cells.bar.style.width = `${100 * weights[s]}%`;
    cells.weight.textContent = weights[s].toFixed(3);
    cells.row.classList.toggle("moved", Math.abs(panel.scores[s] - step.scores[s]) > MOVED);
  });
  paintPadding(view, panel, taken);
  paintContext(view, panel, weights, step);
  paintTop(view, panel);
  [...panel.path.children].forEach((node, t) => node.setAttribute("aria-pressed", t === panel.step));
}

// The row of the padding, and the sentence that says what the mask does.
function paintPadding(view, panel, taken) {
  panel.pad.hidden = panel.pads === 0;
  const [name, score, , weight] = panel.pad.children;
  name.textContent = `<pad> × ${panel.pads}`;
  score.textContent = panel.masked ? "−∞" : decimals(panel.side.padding[panel.step] ?? 0, 2);
  weight.firstChild.style.width = `${100 * taken}%`;
  weight.lastChild.textContent = taken.toFixed(3);
  if (!panel.maskNote) return;
  const { mask_on, mask_off } = view.strings;
  panel.maskNote.textContent =
    panel.pads === 0 ? "" : panel.masked ? mask_on : fill(mask_off, { share: percent(taken), pads: panel.pads });
}

// c = 0.52·h(我) + … for the largest weights, the leading numbers of c, and the model's own where they differ.
function paintContext(view, panel, weights, step) {
  const { trace } = panel.side;
  const order = weights.map((_, s) => s).sort((a, b) => weights[b] - weights[a]).slice(0, 3);
  const sum = el("span", {}, "c = ");
  order.forEach((s, i) =>
    sum.append(`${i ? " + " : ""}${weights[s].toFixed(2)}·h(`, label(trace.source.tokens[s]), ")"),
  );
  if (weights.length > order.length) sum.append(" + …");
  const after = contextOf(weights, trace.source.memory).map((x) => decimals(x)).join(", ");
  const before = step.context.map((x) => decimals(x)).join(", ");
  panel.context.replaceChildren(sum, el("span", { class: "numbers", text: `= (${after}, …)` }));
  if (after !== before) panel.context.append(el("small", { text: `${view.strings.own} (${before}, …)` }));
}

// The most probable words: with the model's own weights, and after a drag with the changed ones beside them.
function paintTop(view, panel) {
  const step = panel.side.trace.steps[panel.step];
  const own = step.top.slice(0, 5).map(({ token, log_prob }) => ({ token, before: log_prob, after: log_prob }));
  const rows = (panel.words ?? own).slice(0, 6).map(({ token, before, after }) => {
    const bar = el("i");
    bar.style.width = `${100 * Math.exp(after)}%`;
    const p = percent(Math.exp(after));
    return el(
      "li",
      {},
      label(token),
      el("span", { class: "track" }, bar),
      el("span", { class: "p", text: panel.words ? `${percent(Math.exp(before))} → ${p}` : p }),
    );
  });
  panel.top.replaceChildren(...rows);
}

// The arithmetic of the model's own step, as the player shows it.
function paintArithmetic(view, panel) {
  if (!panel.details.open) return;
  const { trace } = panel.side;
  const step = trace.steps[panel.step];
  const order = step.attention.map((_, s) => s).sort((a, b) => step.attention[b] - step.attention[a]);
  const shown = { trace, strings: view.worked };
  panel.arithmetic.replaceChildren(
    ...scoreSection(shown, step, order),
    ...softmaxSection(shown, step, order),
    ...contextSection(shown, step, order),
  );
}

function build(view, data) {
  const open = view.panels?.map((panel) => panel.details.open) ?? [];
  view.steps = view.panels?.map((panel) => panel.step) ?? placeIn(view.name);
  view.panels = data.sides.map((side, n) => buildPanel(view, side, n));
  view.root.replaceChildren(...view.panels.map((panel) => panel.root));
  view.panels.forEach((panel, n) => {
    panel.details.open = Boolean(open[n]);
    goToStep(view, panel, panel.step);
  });
}

// Keys move all panels; a slider that has the focus keeps its arrows.
function pressKey(view, event) {
  const move = (to) => () => view.panels.forEach((panel) => goToStep(view, panel, to(panel.step)));
  byKey(view.root, event, {
    ArrowLeft: move((t) => t - 1),
    ArrowRight: move((t) => t + 1),
    Home: move(() => 0),
    End: move(() => Infinity),
  });
}

function leave(view) {
  if (view.panels) keepPlace(view.name, view.panels.map((panel) => panel.step));
  view.panels = null;
}

export default function mount({ data, parentElement, setStateValue }) {
  const { asking, run, ...shown } = data;
  const root = parentElement.querySelector(".weighing");
  let view = VIEWS.get(root);
  if (!view) {
    VIEWS.set(root, (view = { root, seq: 0, queue: [], waiting: null }));
    root.tabIndex = -1; // scripts focus it, Tab goes to its sliders
    view.onKey = (event) => pressKey(view, event);
    document.addEventListener("keydown", view.onKey);
  }
  const identity = JSON.stringify(shown);
  if (view.identity !== identity) {
    Object.assign(view, { identity, strings: data.strings, worked: data.worked });
    const sides = JSON.stringify(data.sides);
    if (view.sides !== sides) leave(view); // the panels of another sentence begin at its first step
    view.sides = sides;
    const read = data.sides.map(({ trace }) => [trace.checkpoint.name, trace.source.tokens]);
    view.name = `weighing ${JSON.stringify(read)}`;
    build(view, data);
  }
  hearOwn(view, asking, setStateValue);
  takeKeys(root, run);
  return () => {
    leave(view);
    forget(view);
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(root);
  };
}
