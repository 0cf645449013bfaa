// Sentences of the locales with their {places} filled as s2s/errors.py fills them, and the little Markdown in them as
// nodes. What is filled in is never read as Markdown: a stranger's text stays a text.

import { el } from "../../player/browser/dom.js";

const PLACE = /\{\{|\}\}|\{(\w+)(?::([^{}]*))?\}/g;
const MARK = /(\*\*|\*|`|\{\{|\}\}|\{\w+(?::[^{}]*)?\})/;
const LONGEST = 400; // characters of a text within a sentence

// At most LONGEST characters, without those that are not seen and change how others are.
const bounded = (text) =>
  String(text)
    .replace(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, " ")
    .slice(0, LONGEST);

// A number as Python's format writes it: ".3f", "+.4f", ",", ",.0f", ".3g".
function formatted(value, spec) {
  if (spec === undefined || spec === "") return String(value);
  if (spec.includes("|")) return spec.split("|")[String(value) === "1" ? 0 : 1];
  const [, sign, comma, digits, kind] = /^(\+?)(,?)(?:\.(\d+))?([dfg]?)$/.exec(spec);
  const plus = sign && value >= 0 ? "+" : "";
  if (kind === "g") return plus + String(Number(value.toPrecision(Number(digits))));
  const text = kind === "f" ? value.toFixed(Number(digits)) : String(value);
  return plus + (comma ? text.replace(/\B(?=(\d{3})+(?!\d))/, ",") : text);
}

const sentence = (template, values = {}) =>
  template.replace(PLACE, (place, name, spec) => (name ? shownValue(values[name], spec) : place[0]));

const shownValue = (value, spec) => (typeof value === "number" ? formatted(value, spec) : bounded(plainValue(value)));
const plainValue = (value) => value?.code ?? value?.quoted ?? value;

// A value of a sentence: { code } in the type of code, { quoted } in quotation marks, anything else as it is.
function valueNode(value, spec) {
  if (value?.code !== undefined) return el("code", { dir: "auto", text: bounded(value.code) });
  if (value?.quoted !== undefined) return `“${bounded(value.quoted)}”`;
  if (spec?.includes("|")) return formatted(value, spec);
  return shownValue(value, spec);
}

// One line of Markdown as nodes: **strong**, *emphasis*, `code`, {places}.
function inline(template, values = {}) {
  const root = el("span");
  const open = [["", root]];
  const tags = { "**": "strong", "*": "em", "`": "code" };
  for (const part of template.split(MARK)) {
    const [mark, node] = open.at(-1);
    if (part === mark && tags[part]) open.pop();
    else if (tags[part]) {
      const inner = el(tags[part]);
      node.append(inner);
      open.push([part, inner]);
    } else if (part === "{{" || part === "}}") node.append(part[0]);
    else if (/^\{\w/.test(part)) {
      const [, name, spec] = /^\{(\w+)(?::([^{}]*))?\}$/.exec(part);
      node.append(valueNode(values[name], spec));
    } else node.append(part);
  }
  return [...root.childNodes];
}

// Paragraphs and lists. ``formula`` stands where the text has one of its own, between two $$.
function paragraphs(template, values = {}, formula = null) {
  return template.split("\n\n").flatMap((part) => {
    if (part.startsWith("$$")) return formula ? [formula] : [];
    const lines = part.split("\n");
    const items = lines.filter((line) => line.startsWith("- "));
    const text = lines.filter((line) => !line.startsWith("- "));
    return [
      ...(text.length ? [el("p", {}, ...inline(text.join(" "), values))] : []),
      ...(items.length ? [el("ul", {}, ...items.map((line) => el("li", {}, ...inline(line.slice(2), values))))] : []),
    ];
  });
}

// The texts of one language: ``say`` a sentence, ``part`` all below a prefix, ``has`` a key; ``formula`` one as a node.
export function textsOf({ sentences, formulas }) {
  const parse = (markup) => new DOMParser().parseFromString(markup, "text/html").body.firstChild;
  return {
    say: (key, values) => sentence(sentences[key], values),
    inline: (key, values) => inline(sentences[key], values),
    paragraphs: (key, values, formula) => paragraphs(sentences[key], values, formula),
    has: (key) => Object.hasOwn(sentences, key),
    part(prefix) {
      const own = Object.entries(sentences).filter(([key]) => key.startsWith(`${prefix}.`));
      return Object.fromEntries(own.map(([key, text]) => [key.slice(prefix.length + 1), text]));
    },
    formula: (name) => document.importNode(parse(formulas[name]), true),
  };
}
