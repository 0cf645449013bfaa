// A replacement for one step's attention row, as ``s2s/trace/branch.py`` has it: { kind, place, weights }. Every row is
// normalised to sum to 1. Places count from 0 here and from 1 in the text.

import { UserError } from "./errors.js";
import { generalText, significant } from "./rounding.js";
import { lengthOf, strip } from "./text/clean.js";

const MAX_PLACES = 400; // weights of one row
const MAX_TEXT = 6_000; // characters
const DIGITS = 6; // significant ones of a weight
const NUMBER = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const NO_WEIGHT = /^[+-]?(?:nan|inf|infinity)$/i; // numbers in Python, too

const refusal = (key, text) => new UserError(key, { found: Array.from(text).slice(0, 60).join("") });
const total = (row) => row.reduce((sum, w) => sum + w, 0);

// ``uniform``, ``previous``, ``3`` (only the third), ``-3`` (without it), ``w1,w2,…``
export function parseEdit(text) {
  if (text === "uniform" || text === "previous") return { kind: text, place: 0, weights: [] };
  if (/^-?[1-9]\d{0,3}$/.test(text)) {
    const [kind, place] = [text[0] === "-" ? "erase" : "only", Math.abs(Number(text)) - 1];
    if (place >= MAX_PLACES) throw refusal("edit_text", `${kind} ${place + 1}`);
    return { kind, place, weights: [] };
  }
  if (!text.includes(",") || lengthOf(text) > MAX_TEXT) throw refusal("edit_text", text);
  const parts = text.split(",").map(strip);
  const isNumber = (part) => part === "" || NUMBER.test(part) || NO_WEIGHT.test(part);
  if (!parts.every(isNumber)) throw refusal("edit_text", text);
  const given = parts.map((part) => Number(part.replaceAll("_", "")));
  if (!given.every(Number.isFinite)) throw refusal("edit_weights", text);
  const edit = { kind: "weights", place: 0, weights: given.map((w) => significant(w, DIGITS)) };
  const usable = parts.length <= MAX_PLACES && edit.weights.every((w) => w >= 0 && w <= 1e9);
  if (!usable || !(total(edit.weights) > 1e-9)) throw refusal("edit_weights", editText(edit));
  return edit;
}

export function editText({ kind, place, weights }) {
  if (kind === "uniform" || kind === "previous") return kind;
  if (kind !== "weights") return `${kind === "erase" ? "-" : ""}${place + 1}`;
  return weights.map((w) => (w ? generalText(w, DIGITS) : "")).join(",");
}

// The weights (S,) that replace the model's ``own_S``. UserError if the edit does not fit this source or this step.
export function editRow({ kind, place, weights }, own_S, previous_S) {
  const size = own_S.length;
  if ((kind === "only" || kind === "erase") && place >= size) {
    throw new UserError("edit_place", { found: place + 1, tokens: size });
  }
  if (kind === "weights" && weights.length !== size) {
    throw new UserError("edit_length", { found: weights.length, tokens: size });
  }
  if (kind === "previous" && !previous_S) throw new UserError("edit_first");
  const rows = {
    uniform: () => Array(size).fill(1),
    previous: () => [...previous_S],
    only: () => Array.from({ length: size }, (_, s) => Number(s === place)),
    erase: () => Array.from(own_S, (w, s) => (s === place ? 0 : w)),
    weights: () => weights,
  };
  const row_S = rows[kind]();
  const sum = total(row_S);
  if (sum < 1e-9) throw new UserError("edit_nothing_left", { found: place + 1 });
  return Float32Array.from(row_S, (w) => w / sum);
}
