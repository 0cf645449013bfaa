// What a word owes to the source, and what to the words said before it (``s2s/explain/prefix.py``): rows over both. The
// functions with a star stop after every run, so that other requests can be answered. ``against`` is a second word of
// the one step that is explained, or null: then all is about log p(first) - log p(second).

import { decoderStep } from "./decoder.js";
import { attributing } from "./gradients.js";
import { row } from "./kernels.js";
import { editedWeights, placesOf } from "./replay.js";
import { fixed, significant } from "./rounding.js";
import { encode, step } from "./seq2seq.js";
import { UNK } from "./text/vocab.js";

const ORIGINS = ["gradient", "integrated", "unknown", "deletion"];
const JOINT_POINTS = 80; // quadrature points: along a path that scales the prefix, too, log p bends more
const five = (value) => significant(value, 5);

// The value of steps after other words: ``places`` are the source's that are kept, ``times`` the lane's steps that the
// reading of ``read`` stands for.
function rerun(model, lane, { source, places, read, times }, wanted, against) {
  const { memory, state } = encode(model, source);
  const found = new Map();
  let now = state;
  for (const [n, t] of times.entries()) {
    const given_S = editedWeights(lane, t, places);
    if (wanted.includes(t)) {
      const { logProbs_V, state: after } = step(model, now, read[n], memory, given_S);
      const value = logProbs_V[lane.words[t]];
      found.set(t, against === null ? value : value - logProbs_V[against]);
      now = after;
    } else now = decoderStep(model, row(model.weights.embedding, read[n]), now, memory, given_S).state;
  }
  return found;
}

const unknownAt = (ids, n) => ids.map((id, i) => (i === n ? UNK : id));
const withoutPlace = (items, n) => items.filter((_, i) => i !== n);

// The rows of some steps, which are in order, each by itself.
export function* tracingOrigins(model, lane, steps, against = null) {
  const [places, last] = [placesOf(lane), steps.at(-1)];
  const [read, times] = [lane.read.slice(0, last + 1), Array.from({ length: last + 1 }, (_, t) => t)];
  const whole = { source: lane.source, places, read, times };
  const values = rerun(model, lane, whole, steps, against);
  const attributed = yield* attributing(model, lane, steps, { points: JOINT_POINTS, prefix: true, against });
  const found = steps.map((t, k) => {
    const { gradient, integrated, gap } = attributed[k];
    const [S, value] = [places.length, values.get(t)];
    const cut = (all) => ({ source: all.slice(0, S), prefix: all.slice(S, S + t) });
    const empty = () => ({ source: [], prefix: [] });
    const rows = { gradient: cut(gradient), integrated: cut(integrated), unknown: empty(), deletion: empty() };
    return { step: t, value, rows, gap };
  });
  const keep = (name, side, later) => {
    for (const one of found) if (later.has(one.step)) one.rows[name][side].push(one.value - later.get(one.step));
  };
  for (const s of places) {
    keep("unknown", "source", rerun(model, lane, { ...whole, source: unknownAt(lane.source, s) }, steps, against));
    yield;
    const kept = withoutPlace(places, s);
    const source = kept.length ? kept.map((place) => lane.source[place]) : [UNK];
    keep("deletion", "source", rerun(model, lane, { ...whole, source, places: kept }, steps, against));
    yield;
  }
  for (let i = 1; i <= last; i++) {
    const later = steps.filter((t) => t >= i);
    keep("unknown", "prefix", rerun(model, lane, { ...whole, read: unknownAt(read, i) }, later, against));
    yield;
    const fewer = { ...whole, read: withoutPlace(read, i), times: withoutPlace(times, i - 1) };
    keep("deletion", "prefix", rerun(model, lane, fewer, later, against));
    yield;
  }
  return found;
}

const sizeOf = (values) => values.reduce((sum, value) => sum + Math.abs(value), 0);

// The source's part of all absolute values; null if all are 0.
function shareOf({ source, prefix }) {
  const [own, others] = [sizeOf(source), sizeOf(prefix)];
  return own + others > 0 ? own / (own + others) : null;
}

// The plain values for the player, numbers to 5 significant digits.
export function originValues({ step: t, value, rows, gap }) {
  const byName = (make) => Object.fromEntries(ORIGINS.map((name) => [name, make(rows[name])]));
  return {
    step: t,
    value: five(value),
    rows: byName(({ source, prefix }) => ({ source: source.map(five), prefix: prefix.map(five) })),
    share: byName((both) => {
      const share = shareOf(both);
      return share === null ? null : Number(fixed(share, 5));
    }),
    gap: five(gap),
  };
}
