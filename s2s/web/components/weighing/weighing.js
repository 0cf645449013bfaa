// Score → softmax → context, side by side for several models; a score can be dragged. Softmax and context are
// computed here as the score moves, the words come from the model through Python.

import { ask, forget, hearOwn } from "../../../player/browser/ask.js";
import { argmax, decimals, el, fill, label, percent, reveal } from "../../../player/browser/dom.js";
import { byKey, takeKeys } from "../../../player/browser/keys.js";
import { FORMULAS, contextSection, formula, scoreSection, softmaxSection } from "../../../player/browser/worked.js";

const VIEWS = new WeakMap(); // one view for each place where the component is mounted
const ROWS = 400; // source words; more there cannot be
const PADS = 40;

// exp(e - max) / Σ; ``pads`` further positions of score ``pad`` take part if nothing masks them.
function softmaxOf(scores, pads = 0, pad = 0) {
  const highest = Math.max(...scores, ...(pads ? [pad] : []));
  const powers = scores.map((e) => Math.exp(e - highest));
  const taken = pads * Math.exp(pad - highest);
  const total = powers.reduce((a, b) => a + b, 0) + taken;
  return { weights: powers.map((x) => x / total), taken: taken / total };
}

// Σ α_s h_s of the first components of the states.
function contextOf(weights, memory) {
  return memory[0].map((_, i) => weights.reduce((sum, w, s) => sum + w * memory[s][i], 0));
}

function panelOf(view, side, n) {
  const { strings } = view;
  const { trace } = side;
  const panel = { n, side, step: Math.min(view.steps?.[n] ?? 0, trace.steps.length - 1), scores: [], words: null, masked: true, pads: 0 };
  panel.path = el("div", { class: "path", role: "group", "aria-label": strings.steps });
  trace.steps.forEach((step, t) =>
    panel.path.append(el("button", { type: "button", "data-t": t, onclick: () => pick(view, panel, t) }, el("small", { text: t + 1 }), label(step.output))),
  );
  panel.rows = trace.source.tokens.slice(0, ROWS).map((token, s) => {
    const range = el("input", { type: "range", step: "0.01", "aria-label": fill(strings.score_of, { word: token }) });
    range.addEventListener("input", () => drag(view, panel, s, Number(range.value)));
    const row = el("tr", {}, el("th", { scope: "row" }, label(token)), el("td", { class: "score" }), el("td", {}, range), el("td", { class: "weight" }, el("i"), el("span")));
    return { row, range, score: row.children[1], bar: row.lastChild.firstChild, weight: row.lastChild.lastChild };
  });
  panel.pad = el("tr", { class: "pad", hidden: "" }, el("th", {}), el("td", { class: "score" }), el("td", {}), el("td", { class: "weight" }, el("i"), el("span")));
  panel.context = el("p", { class: "context" });
  panel.top = el("ol", { class: "top" });
  panel.problem = el("p", { class: "problem", role: "alert" });
  panel.reset = el("button", { type: "button", class: "reset", text: strings.reset, onclick: () => pick(view, panel, panel.step) });
  panel.arithmetic = el("div");
  panel.details = el("details", {}, el("summary", { text: strings.arithmetic }), panel.arithmetic);
  panel.details.addEventListener("toggle", () => paintArithmetic(view, panel));
  const head = el("tr", {}, ...["word", "score", "drag", "weight"].map((key) => el("th", { scope: "col", text: strings[key] })));
  const body = el("tbody", {}, ...panel.rows.map(({ row }) => row), panel.pad);
  panel.table = el("div", { class: "table", tabindex: "0" }, el("table", {}, el("thead", {}, head), body));
  const kind = FORMULAS[trace.checkpoint.attention];
  panel.root = el(
    "section",
    { class: "panel", "data-n": n },
    el("h3", {}, strings[`kind_${trace.checkpoint.attention}`] ?? trace.checkpoint.attention, el("small", { text: ` ${trace.checkpoint.name}` })),
    ...(kind ? [formula(kind.score)] : []),
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

function maskControls(view, panel) {
  const { strings } = view;
  const count = el("input", { type: "range", min: 0, max: PADS, value: 0, "aria-label": strings.pads });
  const masked = el("input", { type: "checkbox", checked: "" });
  panel.maskNote = el("span", { class: "maskNote", "aria-live": "polite" });
  count.addEventListener("input", () => ((panel.pads = Number(count.value)), paintPanel(view, panel)));
  masked.addEventListener("change", () => ((panel.masked = masked.checked), paintPanel(view, panel)));
  return el("div", { class: "mask" }, el("label", {}, strings.pads, count), el("label", {}, masked, strings.masked), panel.maskNote);
}

function pick(view, panel, t) {
  panel.step = Math.max(0, Math.min(t, panel.side.trace.steps.length - 1));
  panel.scores = [...panel.side.trace.steps[panel.step].scores];
  panel.words = null;
  panel.asked = (panel.asked ?? 0) + 1; // an answer about what was dragged before no longer fits
  const [low, high] = [Math.min(...panel.scores), Math.max(...panel.scores)];
  const room = Math.max(3, high - low);
  for (const { range } of panel.rows) Object.assign(range, { min: (low - room).toFixed(2), max: (high + room).toFixed(2) });
  panel.rows.forEach(({ range }, s) => (range.value = panel.scores[s]));
  panel.problem.textContent = "";
  paintPanel(view, panel);
  paintArithmetic(view, panel);
  const { row } = panel.rows[argmax(panel.scores)];
  reveal(panel.table, "y", row.offsetTop, row.offsetHeight, 40);
}

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
  const { trace, padding } = panel.side;
  const step = trace.steps[panel.step];
  const open = !panel.masked && panel.pads > 0;
  const { weights, taken } = softmaxOf(panel.scores, open ? panel.pads : 0, padding[panel.step]);
  panel.rows.forEach((cells, s) => {
    cells.score.textContent = decimals(panel.scores[s], 2);
    cells.bar.style.width = `${100 * weights[s]}%`;
    cells.weight.textContent = weights[s].toFixed(3);
    cells.row.classList.toggle("moved", Math.abs(panel.scores[s] - step.scores[s]) > 0.005);
  });
  panel.pad.hidden = panel.pads === 0;
  const [name, score, , weight] = panel.pad.children;
  name.textContent = `<pad> × ${panel.pads}`;
  score.textContent = panel.masked ? "−∞" : decimals(padding[panel.step] ?? 0, 2);
  weight.firstChild.style.width = `${100 * taken}%`;
  weight.lastChild.textContent = taken.toFixed(3);
  if (panel.maskNote) {
    const key = panel.pads === 0 ? "" : panel.masked ? view.strings.mask_on : fill(view.strings.mask_off, { share: percent(taken), pads: panel.pads });
    panel.maskNote.textContent = key;
  }
  paintContext(view, panel, weights, step);
  paintTop(view, panel);
  [...panel.path.children].forEach((node, t) => node.setAttribute("aria-pressed", t === panel.step));
}

// c = 0.52·h(我) + …, and its first numbers: from the weights above.
function paintContext(view, panel, weights, step) {
  const { trace } = panel.side;
  const order = weights.map((_, s) => s).sort((a, b) => weights[b] - weights[a]).slice(0, 3);
  const sum = el("span", {}, "c = ");
  order.forEach((s, i) => sum.append(`${i ? " + " : ""}${weights[s].toFixed(2)}·h(`, label(trace.source.tokens[s]), ")"));
  if (weights.length > order.length) sum.append(" + …");
  const after = contextOf(weights, trace.source.memory).map((x) => decimals(x)).join(", ");
  const before = step.context.map((x) => decimals(x)).join(", ");
  panel.context.replaceChildren(sum, el("span", { class: "numbers", text: `= (${after}, …)` }));
  if (after !== before) panel.context.append(el("small", { text: `${view.strings.own} (${before}, …)` }));
}

// The words that lead, with the model's own weights and with those that were made.
function paintTop(view, panel) {
  const step = panel.side.trace.steps[panel.step];
  const own = step.top.slice(0, 5).map(({ token, log_prob }) => ({ token, before: log_prob, after: log_prob }));
  const rows = (panel.words ?? own).slice(0, 6).map(({ token, before, after }) => {
    const bar = el("i");
    bar.style.width = `${100 * Math.exp(after)}%`;
    const p = percent(Math.exp(after));
    return el("li", {}, label(token), el("span", { class: "track" }, bar), el("span", { class: "p", text: panel.words ? `${percent(Math.exp(before))} → ${p}` : p }));
  });
  panel.top.replaceChildren(...rows);
}

// The worked arithmetic of the model's own step, as the player shows it.
function paintArithmetic(view, panel) {
  if (!panel.details.open) return;
  const { trace } = panel.side;
  const step = trace.steps[panel.step];
  const order = step.attention.map((_, s) => s).sort((a, b) => step.attention[b] - step.attention[a]);
  const shown = { trace, strings: view.worked };
  panel.arithmetic.replaceChildren(...scoreSection(shown, step, order), ...softmaxSection(shown, step, order), ...contextSection(shown, step, order));
}

function build(view, data) {
  const open = view.panels?.map((panel) => panel.details.open) ?? [];
  view.steps = view.panels?.map((panel) => panel.step);
  view.panels = data.sides.map((side, n) => panelOf(view, side, n));
  view.root.replaceChildren(...view.panels.map((panel) => panel.root));
  view.panels.forEach((panel, n) => {
    panel.details.open = Boolean(open[n]);
    pick(view, panel, panel.step);
  });
}

// ← → move all models; a slider keeps its own arrows.
function key(view, event) {
  const move = (to) => () => view.panels.forEach((panel) => pick(view, panel, to(panel.step)));
  byKey(view.root, event, { ArrowLeft: move((t) => t - 1), ArrowRight: move((t) => t + 1), Home: move(() => 0), End: move(() => Infinity) });
}

export default function mount({ data, parentElement, setStateValue }) {
  const { asking, run, ...shown } = data;
  const root = parentElement.querySelector(".weighing");
  let view = VIEWS.get(root);
  if (!view) {
    VIEWS.set(root, (view = { root, seq: 0, queue: [], waiting: null }));
    root.tabIndex = -1; // it is given the focus; Tab goes to its sliders
    view.onKey = (event) => key(view, event);
    document.addEventListener("keydown", view.onKey);
  }
  const identity = JSON.stringify(shown);
  if (view.identity !== identity) {
    Object.assign(view, { identity, strings: data.strings, worked: data.worked });
    const sides = JSON.stringify(data.sides);
    if (view.sides !== sides) view.panels = null; // another sentence begins at its first step
    view.sides = sides;
    build(view, data);
  }
  hearOwn(view, asking, setStateValue);
  takeKeys(root, run);
  return () => {
    forget(view);
    document.removeEventListener("keydown", view.onKey);
    VIEWS.delete(root);
  };
}
