// What a model in the browser says in place of Python: a mistake as a sentence, and what is said about a lane.

import { sentenceOf } from "../../browser_model/summary.js";
import { printable } from "../../browser_model/text/clean.js";
import { fill } from "./dom.js";

const LONGEST_VALUE = 160; // characters of a value in a sentence, as in s2s/errors.py

// A mistake { key, values } as a sentence of a language, whose sentences by key are ``errors``.
export function mistakeText({ key, values }, errors) {
  const shown = Object.entries(values ?? {}).map(([name, value]) => [name, boundedValue(value)]);
  return fill(errors[key] ?? key, Object.fromEntries(shown));
}

function boundedValue(value) {
  if (typeof value === "number") return value;
  const letters = Array.from(printable(String(value).replaceAll("\n", " "), "\ufffd"));
  if (letters.length <= LONGEST_VALUE) return letters.join("");
  return `${letters.slice(0, 100).join("")}…${letters.slice(101 - LONGEST_VALUE).join("")}`;
}

// What is said about a lane in every language, as the player takes it; ``texts`` by language: { summary, list }.
export function summaryInAll(clauses, texts) {
  const said = ({ summary, list }) => sentenceOf(clauses, summary, list, fill);
  return Object.fromEntries(Object.entries(texts).map(([language, own]) => [language, said(own)]));
}

// The same of several lanes, by lane.
export const summariesInAll = (clauses, texts) =>
  Object.fromEntries(Object.entries(clauses).map(([lane, own]) => [lane, summaryInAll(own, texts)]));
