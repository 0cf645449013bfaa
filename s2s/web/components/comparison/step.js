// The sources and outputs of both runs as rows of words, and one aligned step in words and numbers.

import { decimals, el, fill, label, namedHead, percent, reveal, shade } from "../../../player/browser/dom.js";
import { forkSign, sameWords, weightAt, wordsOf } from "./map.js";

const NAMES = ["A", "B"];
const SIDES = ["side-a", "side-b"]; // the classes of what belongs to a run
const SMALLEST = 0.005; // the least weight, or change of log P, that is shown

export function buildSources(view) {
  view.chips = [0, 1].map((n) => {
    const columnOf = new Map(); // index of a source token → index of its column
    view.columns.forEach((column, c) => (n ? column.b : column.a).forEach((s) => columnOf.set(s, c)));
    return view.sides[n].tokens.map((token, s) => buildChip(view, n, s, columnOf.get(s)));
  });
  view.parts.sources.replaceChildren(
    ...[0, 1].map((n) =>
      el(
        "div",
        { class: `strip ${SIDES[n]}` },
        el("b", { text: NAMES[n] }),
        el("div", { class: "source", tabindex: "0" }, ...view.chips[n]),
      ),
    ),
  );
}

// Token s of run n: marked if the other run has no or other words in its column, or if it is unknown to the model.
function buildChip(view, n, s, c) {
  const { strings, columns } = view;
  const [a, b] = [wordsOf(view, 0, columns[c]), wordsOf(view, 1, columns[c])];
  const kind = !(n ? a : b).length ? "only" : sameWords(a, b) ? "" : "changed";
  const unknown = view.unknown[n].has(s);
  const chip = el(
    "button",
    { class: `chip ${kind} ${unknown ? "unknown" : ""}`, type: "button", tabindex: "-1", "data-c": c },
    label(view.sides[n].tokens[s]),
    el("span", { class: "weight" }),
  );
  const titles = [kind && strings[kind], unknown && strings.unknown_word].filter(Boolean);
  if (titles.length) chip.title = titles.join(" · ");
  return chip;
}

// A chip shows the weight of its column: of several tokens in one column, their sum.
export function paintSources(view) {
  view.chips.forEach((chips, n) => {
    for (const chip of chips) {
      const weight = weightAt(view, n, rowShown(view, n, view.at), chip.dataset.c);
      chip.style.setProperty("--w", shade(weight ?? 0).toFixed(3));
      chip.lastChild.textContent = weight !== null && weight >= SMALLEST ? weight.toFixed(2) : "";
      chip.classList.toggle("marked", Number(chip.dataset.c) === view.column);
    }
  });
}

// The step of run n in row r; null where the run has none.
export const stepOf = (view, n, r) => (view.rows[r][n] === null ? null : view.sides[n].steps[view.rows[r][n]]);

// The row that shows run n for row r. Where the runs part both have a step, though the alignment may put the step of
// one into a later row.
function rowShown(view, n, r) {
  const step =
    r === view.parting && view.rows[r][n] === null ? view.rows.findIndex((row) => row[n] === view.rows[r][1 - n]) : r;
  return step < 0 ? r : step;
}

// A number with its sign, unless it is rounded to zero.
export const signed = (x, n) => (x > 0 && Number(x.toFixed(n)) ? "+" : "") + decimals(x, n);

export function buildOutputs(view) {
  const { strings, rows, sides } = view;
  view.outputCells = rows.map(() => []);
  const line = (name, title, cellOf) =>
    el(
      "tr",
      { class: name },
      el("th", { scope: "row", text: title }),
      ...rows.map((_, r) => addCell(view, r, ...cellOf(view, r))),
    );
  const lane = (n) =>
    line(`lane ${SIDES[n]}`, `${NAMES[n]} · ${strings.log_prob} ${decimals(sides[n].log_prob, 2)}`, (_, r) =>
      wordCell(view, n, r),
    );
  const gold = view.mode === "forced" ? [line("gold", strings.reference, goldCell)] : [];
  view.parts.outputs.replaceChildren(
    el(
      "tbody",
      {},
      line("steps", strings.step, stepCell),
      ...gold,
      lane(0),
      lane(1),
      line("change", strings.change, changeCell),
    ),
  );
}

// A cell of a class in row r of the map, which is a column of the outputs.
function addCell(view, r, name, ...content) {
  const cell = el("td", { class: name, "data-r": r }, ...content);
  view.outputCells[r].push(cell);
  return cell;
}

// The class and content of each kind of cell.
function stepCell(view, r) {
  const numbers = view.rows[r].map((t) => (t === null ? "–" : String(t + 1)));
  return ["", [...new Set(numbers)].join(" / ")];
}

const goldCell = (view, r) => ["", label((stepOf(view, 0, r) ?? stepOf(view, 1, r)).output)];

function wordCell(view, n, r) {
  const step = stepOf(view, n, r);
  if (!step) return ["none", "–"];
  const log_prob = step.said === step.output ? step.log_prob : step.top[0].log_prob;
  const sign = r === view.parting ? [el("b", { class: "parting", title: view.strings.parting_here }, forkSign())] : [];
  return ["", ...sign, label(step.said), el("span", { class: "p", text: percent(Math.exp(log_prob)) })];
}

// By how much B's log P of the step is above A's.
function changeCell(view, r) {
  const [a, b] = [stepOf(view, 0, r), stepOf(view, 1, r)];
  if (!a || !b) return ["none", "–"];
  const change = b.log_prob - a.log_prob;
  return [change >= SMALLEST ? "up" : change <= -SMALLEST ? "down" : "", signed(change, 2)];
}

export function paintOutputs(view) {
  view.outputCells.forEach((cells, r) => {
    for (const td of cells) {
      td.classList.toggle("now", r === view.row);
      td.classList.toggle("preview", r === view.hover && r !== view.row);
    }
  });
  const now = view.outputCells[view.row][0];
  if (view.hover === null)
    reveal(view.parts.outputsBox, "x", now.offsetLeft, now.offsetWidth, now.parentNode.firstChild.offsetWidth);
}

// The most probable words of run n at a step; where the other run said another word, that is marked among them.
export function candidateList(view, n, r) {
  const row = rowShown(view, n, r);
  const step = stepOf(view, n, row);
  const side = (...content) => el("section", { class: SIDES[n] }, el("h4", { text: NAMES[n] }), ...content);
  if (!step) return side(el("p", { text: view.strings.no_step }));
  const other = stepOf(view, 1 - n, rowShown(view, 1 - n, r))?.said;
  const elsewhere = row === r ? "" : fill(view.strings.elsewhere, { step: view.rows[row][n] + 1, row: row + 1 });
  return side(
    el(
      "p",
      { class: "reads" },
      label(step.input),
      " → ",
      label(step.said),
      elsewhere && el("small", { text: ` ${elsewhere}` }),
    ),
    el("ol", { class: "softmax" }, ...step.top.map((word, i) => candidateRow(view, n, word, i, step.said, other))),
    el("p", { class: "facts", text: `${view.strings.entropy} ${decimals(step.entropy, 2)} nat` }),
  );
}

function candidateRow(view, n, { token, log_prob }, i, own, other) {
  const { strings } = view;
  const marks = [];
  if (token === own) marks.push(el("b", { class: "own", text: "●", title: strings.own }));
  else if (token === other) marks.push(el("b", { class: "rival", text: NAMES[1 - n], title: strings.rival }));
  const bar = el("span", { class: "fill" });
  bar.style.width = `${(100 * Math.exp(log_prob)).toFixed(2)}%`;
  return el(
    "li",
    { class: token === own ? "chosen" : "" },
    el("span", { class: "rank", text: i + 1 }),
    el("span", { class: "word" }, label(token), ...marks),
    el("span", { class: "track" }, bar),
    el("span", { class: "p", text: percent(Math.exp(log_prob)) }),
  );
}

// The weights of a step as a table, a row for each column of the map.
export function weightTable(view, r) {
  const { strings } = view;
  const write = (x) => (x === null ? "–" : decimals(x, 4));
  const rows = view.columns.map((column, c) => {
    const [a, b] = [weightAt(view, 0, r, c), weightAt(view, 1, r, c)];
    const cells = [write(a), write(b), a === null || b === null ? "–" : signed(b - a, 4)];
    const words = [0, 1].map((n) => wordsOf(view, n, column).join(" ") || "–");
    return el("tr", {}, ...words.map((text) => el("td", { text })), ...cells.map((text) => el("td", { text })));
  });
  const heads = [`A · ${strings.source_word}`, `B · ${strings.source_word}`, "A", "B", "B − A"];
  return el(
    "div",
    { class: "scroll", tabindex: "0" },
    el("table", { class: "numbers" }, el("thead", {}, el("tr", {}, ...heads.map(namedHead))), el("tbody", {}, ...rows)),
  );
}
