// Tables of the chapters: numbers with bars, and rows of a name and a text.

import { el, namedHead, percent } from "../../player/browser/dom.js";

// A probability that a table shows with a bar.
export class Bar {
  constructor(value) {
    this.value = value;
  }
}

// A number with a minus sign and five decimals or digits, a Bar with its bar, a text.
function numberText(value) {
  if (typeof value !== "number") return String(value);
  const text = Math.abs(value) < 10 ? value.toFixed(5) : String(Number(value.toPrecision(5)));
  return text.replace("-0.00000", "0.00000").replace("-", "−");
}

function cell(value) {
  if (!(value instanceof Bar)) return el("td", { dir: "auto", text: numberText(value) });
  const bar = el("i");
  bar.style.width = `${(60 * Math.min(1, value.value)).toFixed(1)}px`;
  return el("td", {}, bar, value.value.toFixed(5));
}

// A table of numbers; the row ``chosen``, from 0, is marked. ``label`` names the box, which may scroll.
export function numbersTable(heads, rows, label, chosen = -1) {
  const head = el("thead", {}, el("tr", {}, ...heads.map(namedHead)));
  const body = rows.map((row, n) => el("tr", { class: n === chosen ? "on" : null }, ...row.map(cell)));
  return el(
    "div",
    { class: "numbers", tabindex: "0", role: "group", "aria-label": label },
    el("table", {}, head, el("tbody", {}, ...body)),
  );
}

// Rows of a name and texts.
export function textTable(heads, rows) {
  const head = el("thead", {}, el("tr", {}, ...heads.map(namedHead)));
  const body = rows.map((row) => el("tr", {}, ...row.map((text) => el("td", { dir: "auto", text }))));
  return el("table", { class: "rest" }, head, el("tbody", {}, ...body));
}

// The most probable words of a step of a trace; ★ marks the reference's, added if it ranks lower.
export function wordTable({ top, target }, strings, most = 5) {
  const shown = [...top.slice(0, most), ...(target && target.rank > most ? [target] : [])];
  const rows = shown.map((row) => {
    const gold = target?.rank === row.rank;
    const bar = el("i");
    bar.style.width = `${100 * Math.exp(row.log_prob)}%`;
    const word = el("td", { class: "word", dir: "auto" }, row.token);
    if (gold) word.append(" ", el("b", { title: strings.reference_word, text: "★" }));
    const p = el("td", { class: "p", text: percent(Math.exp(row.log_prob)) });
    const rank = el("td", { class: "rank", text: row.rank });
    return el("tr", { class: gold ? "gold" : null }, rank, word, el("td", { class: "bar" }, bar), p);
  });
  return el("table", { class: "words" }, el("tbody", {}, ...rows));
}
