// A replacement for one step's attention row, as ``s2s/trace/branch.py`` has it: { kind, place, weights }. Every row is
// normalised to sum to 1. Places count from 0 here and from 1 in the text.

import { UserError } from "./errors.js";

const MAX_PLACES = 400; // weights of one row
const MAX_TEXT = 6_000; // characters
const significant = (value, digits) => Number(value.toPrecision(digits));

// ``uniform``, ``previous``, ``3`` (only the third), ``-3`` (without it), ``w1,w2,…``
export function parseEdit(text) {
  if (text === "uniform" || text === "previous") return { kind: text, place: 0, weights: [] };
  if (/^-?[1-9]\d{0,3}$/.test(text)) {
    const place = Math.abs(Number(text)) - 1;
    if (place >= MAX_PLACES) throw new UserError("edit_text", { found: text });
    return { kind: text[0] === "-" ? "erase" : "only", place, weights: [] };
  }
  if (!text.includes(",") || text.length > MAX_TEXT) throw new UserError("edit_text", { found: text.slice(0, 60) });
  const weights = text.split(",").map((part) => (part.trim() ? significant(Number(part), 6) : 0));
  if (weights.some(Number.isNaN)) throw new UserError("edit_text", { found: text.slice(0, 60) });
  const usable = weights.length >= 2 && weights.length <= MAX_PLACES && weights.every((w) => w >= 0 && w <= 1e9);
  if (!usable || !(total(weights) > 1e-9)) throw new UserError("edit_weights", { found: text.slice(0, 60) });
  return { kind: "weights", place: 0, weights };
}

export function editText({ kind, place, weights }) {
  if (kind === "uniform" || kind === "previous") return kind;
  if (kind !== "weights") return `${kind === "erase" ? "-" : ""}${place + 1}`;
  return weights.map((w) => (w ? String(w) : "")).join(",");
}

const total = (row) => row.reduce((sum, w) => sum + w, 0);

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
