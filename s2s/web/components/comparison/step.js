// Both sources and outputs as rows of words, and one aligned step in numbers.

import { decimals, el, label, percent, reveal, shade } from "../../../player/browser/dom.js";
import { cell, fork, sameWords, wordsOf } from "./map.js";

const NAMES = ["A", "B"];

export function buildSources(view) {
  view.chips = [0, 1].map((n) => {
    const columnOf = new Map();
    view.columns.forEach((column, c) => (n ? column.b : column.a).forEach((s) => columnOf.set(s, c)));
    return view.sides[n].tokens.map((token, s) => {
      const column = view.columns[columnOf.get(s)];
      const kind = !(n ? column.a : column.b).length ? "only" : sameWords(wordsOf(view, 0, column), wordsOf(view, 1, column)) ? "" : "changed";
      const unknown = view.unknown[n].has(s);
      const chip = el(
        "button",
        { class: `chip ${kind} ${unknown ? "unknown" : ""}`, type: "button", tabindex: "-1", "data-c": columnOf.get(s) },
        label(token),
        el("span", { class: "weight" }),
      );
      const titles = [kind && view.strings[kind], unknown && view.strings.unknown_word].filter(Boolean);
      if (titles.length) chip.title = titles.join(" · ");
      return chip;
    });
  });
  view.parts.sources.replaceChildren(
    ...[0, 1].map((n) => el("div", { class: `strip side-${"ab"[n]}` }, el("b", { text: NAMES[n] }), el("div", { class: "source" }, ...view.chips[n]))),
  );
}

// A chip shows its column's weight, which is the sum where several tokens are one column.
export function paintSources(view) {
  view.chips.forEach((chips, n) => {
    for (const chip of chips) {
      const weight = cell(view, n, view.at, chip.dataset.c);
      chip.style.setProperty("--w", shade(weight ?? 0).toFixed(3));
      chip.lastChild.textContent = weight !== null && weight >= 0.005 ? weight.toFixed(2) : "";
      chip.classList.toggle("marked", Number(chip.dataset.c) === view.column);
    }
  });
}

export const stepOf = (view, n, r) => (view.rows[r][n] === null ? null : view.sides[n].steps[view.rows[r][n]]);
const signed = (x, n) => (x > 0 && Number(x.toFixed(n)) ? "+" : "") + decimals(x, n);

export function buildOutputs(view) {
  const { strings, rows, parts } = view;
  view.outputCells = rows.map(() => []);
  const add = (r, name, ...content) => {
    const td = el("td", { class: name, "data-r": r }, ...content);
    view.outputCells[r].push(td);
    return td;
  };
  const line = (name, title, make) => el("tr", { class: name }, el("th", { scope: "row", text: title }), ...rows.map((_, r) => make(r)));
  const words = (n) => (r) => {
    const step = stepOf(view, n, r);
    if (!step) return add(r, "none", "–");
    const td = add(r, "", label(step.said), el("span", { class: "p", text: percent(Math.exp(step.said === step.output ? step.log_prob : step.top[0].log_prob)) }));
    if (r === view.parting) td.prepend(el("b", { class: "parting", title: strings.parting_here }, fork()));
    return td;
  };
  const change = (r) => {
    const [a, b] = [stepOf(view, 0, r), stepOf(view, 1, r)];
    const x = a && b ? b.log_prob - a.log_prob : null;
    return add(r, x === null ? "none" : x >= 0.005 ? "up" : x <= -0.005 ? "down" : "", x === null ? "–" : signed(x, 2));
  };
  const number = (n) => (r) => (view.rows[r][n] === null ? "–" : String(view.rows[r][n] + 1));
  parts.outputs.replaceChildren(
    el(
      "tbody",
      {},
      line("steps", strings.step, (r) => add(r, "", [...new Set([number(0)(r), number(1)(r)])].join(" / "))),
      ...(view.mode === "forced" ? [line("gold", strings.reference, (r) => add(r, "", label((stepOf(view, 0, r) ?? stepOf(view, 1, r)).output)))] : []),
      line("lane side-a", `A · ${strings.log_prob} ${decimals(view.sides[0].log_prob, 2)}`, words(0)),
      line("lane side-b", `B · ${strings.log_prob} ${decimals(view.sides[1].log_prob, 2)}`, words(1)),
      line("change", strings.change, change),
    ),
  );
}

export function paintOutputs(view) {
  view.outputCells.forEach((cells, r) => {
    for (const td of cells) {
      td.classList.toggle("now", r === view.row);
      td.classList.toggle("preview", r === view.hover && r !== view.row);
    }
  });
  const now = view.outputCells[view.row][0];
  if (view.hover === null) reveal(view.parts.outputsBox, "x", now.offsetLeft, now.offsetWidth, now.parentNode.firstChild.offsetWidth);
}

// The most probable words of one side at a step; the other side's word is marked, wherever it ranks among them.
export function candidates(view, n, r) {
  const [step, other] = [stepOf(view, n, r), stepOf(view, 1 - n, r)];
  const head = el("h4", { text: NAMES[n] });
  if (!step) return el("section", { class: `side-${"ab"[n]}` }, head, el("p", { text: view.strings.no_step }));
  const rows = step.top.map((word, i) => {
    const marks = [];
    if (word.token === step.said) marks.push(el("b", { class: "own", text: "●", title: view.strings.own }));
    if (other && word.token === other.said && other.said !== step.said) marks.push(el("b", { class: "rival", text: NAMES[1 - n], title: view.strings.rival }));
    const fill_ = el("span", { class: "fill" });
    fill_.style.width = `${(100 * Math.exp(word.log_prob)).toFixed(2)}%`;
    return el(
      "li",
      { class: word.token === step.said ? "chosen" : "" },
      el("span", { class: "rank", text: i + 1 }),
      el("span", { class: "word" }, label(word.token), ...marks),
      el("span", { class: "track" }, fill_),
      el("span", { class: "p", text: percent(Math.exp(word.log_prob)) }),
    );
  });
  return el(
    "section",
    { class: `side-${"ab"[n]}` },
    head,
    el("p", { class: "reads" }, label(step.input), " → ", label(step.said)),
    el("ol", { class: "softmax" }, ...rows),
    el("p", { class: "facts", text: `${view.strings.entropy} ${decimals(step.entropy, 2)} nat` }),
  );
}

// The numbers of the step, a row a column of the map.
export function numbers(view, r) {
  const { strings } = view;
  const write = (x) => (x === null ? "–" : decimals(x, 4));
  const rows = view.columns.map((column, c) => {
    const [a, b] = [cell(view, 0, r, c), cell(view, 1, r, c)];
    const cells = [write(a), write(b), a === null || b === null ? "–" : signed(b - a, 4)];
    const words = [0, 1].map((n) => wordsOf(view, n, column).join(" ") || "–");
    return el("tr", {}, ...words.map((text) => el("td", { text })), ...cells.map((text) => el("td", { text })));
  });
  const heads = [`A · ${strings.source_word}`, `B · ${strings.source_word}`, "A", "B", "B − A"];
  return el(
    "div",
    { class: "scroll" },
    el("table", { class: "numbers" }, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })))), el("tbody", {}, ...rows)),
  );
}
