// Erasure of single words of source and prefix, many rows at once (``s2s/explain/prefix.py``). A word is replaced by
// <unk>, or deleted; with a word of the prefix the step that said it is left out, too.

import { inPieces } from "./gradients.js";
import { editedWeights, placesOf } from "./replay.js";
import { Room } from "./rows.js";
import { priorOf } from "./seq2seq.js";
import { Tape } from "./tape.js";
import { encodeOnTape, logProbsOnTape, rowsTogether, stepOnTape } from "./taped_model.js";
import { Projections, Words } from "./taped_words.js";
import { UNK } from "./text/vocab.js";

const withUnknown = (ids, n) => ids.map((id, i) => (i === n ? UNK : id));
const withoutPlace = (items, n) => items.filter((_, i) => i !== n);

// The value of each row after a step of the lane.
function valuesOf(tape, { model, lane, against }, after, memory, t) {
  const words = [lane.words[t], ...(against === null ? [] : [against])];
  const { x, stride, count } = logProbsOnTape(tape, model, after, memory, words);
  return Array.from({ length: count }, (_, n) => x[n * stride] - (against === null ? 0 : x[n * stride + 1]));
}

// Values at each of some steps of every row, { source, kept } each, of equal length: the ids that are read, and the
// places of the lane's source that are kept.
function walkSources(about, rows) {
  const { model, lane, steps, projections } = about;
  const { weights, config } = model;
  const tape = new Tape(new Room(weights.output), false);
  const sources = rows.map(({ source }) => source);
  const word = (table, ids) => new Words(projections, table, ids);
  const words = sources[0].map((_, s) => word(weights.sourceEmbedding, sources.map((ids) => ids[s])));
  const prior = config.prior ? sources.map((ids) => priorOf(model, ids)) : null;
  const found = [];
  let { memory, state } = encodeOnTape(tape, model, words, sources, prior);
  for (let t = 0; t <= steps.at(-1); t++) {
    const given = rows.map(({ kept }) => editedWeights(lane, t, kept));
    state = stepOnTape(tape, model, word(weights.embedding, rows.map(() => lane.read[t])), state, memory, given);
    if (steps.includes(t)) found.push(valuesOf(tape, about, state, memory, t));
  }
  return found;
}

// The values of each step without each word of the source: { unknown, deletion }, a list by word each.
function* erasingSource(about) {
  const { model, lane, steps } = about;
  const places = placesOf(lane);
  const kinds = {
    unknown: places.map((s) => ({ source: withUnknown(lane.source, s), kept: places })),
    deletion: places.map((s) => {
      const kept = withoutPlace(places, s);
      return { source: kept.length ? kept.map((place) => lane.source[place]) : [UNK], kept };
    }),
  };
  const most = rowsTogether(model, places.length, steps, false);
  const found = steps.map(() => ({ unknown: [], deletion: [] }));
  for (const [kind, rows] of Object.entries(kinds)) {
    for (const some of inPieces(rows, most)) {
      walkSources(about, some).forEach((values, k) => found[k][kind].push(...values));
      yield;
    }
  }
  return found;
}

// A state with more rows: the first ones of other states.
function grown(tape, state, others) {
  const grow = (pick) => {
    const a = pick(state);
    if (!a) return a;
    const made = tape.node(a.count + others.length, a.size);
    made.x.set(a.x);
    others.forEach((other, n) => made.x.set(pick(other).x.subarray(0, a.size), (a.count + n) * made.stride));
    return made;
  };
  const layer = (k) => ({ h: grow(({ layers }) => layers[k].h), u: grow(({ layers }) => layers[k].u) });
  return {
    layers: state.layers.map((_, k) => layer(k)),
    readout: grow(({ readout }) => readout),
    coverage: grow(({ coverage }) => coverage),
    times: [...state.times, ...others.map(({ times }) => times[0])],
  };
}

// The memory of one row for many.
function sharedBy(tape, { summary, ids_N, prior_N, ...memory }, count) {
  const same = (one_N) => one_N && Array.from({ length: count }, () => one_N[0]);
  const whole = summary && tape.given(count, summary.x.subarray(0, summary.size));
  return { ...memory, isShared: true, summary: whole, ids_N: same(ids_N), prior_N: same(prior_N) };
}

// The values of steps without each of some words of the prefix: of each step a list of { unknown, deletion }. Row 0 is
// the lane itself; where it comes to a word, two rows leave it: one reads <unk>; the other, a step behind, leaves out
// the step that said the word, and reads the word before.
function walkPrefix(about, places) {
  const { model, lane, steps, projections } = about;
  const { weights, config } = model;
  const tape = new Tape(new Room(weights.output), false);
  const words = lane.source.map((id) => new Words(projections, weights.sourceEmbedding, [id]));
  const prior = config.prior ? [priorOf(model, lane.source)] : null;
  const { memory, state: first } = encodeOnTape(tape, model, words, [lane.source], prior);
  const [found, left, every] = [[], [], placesOf(lane)];
  for (let t = 0, state = first, before = null; t <= steps.at(-1); t++) {
    let ids = state.times.map(() => lane.read[t]);
    let now = state;
    if (places.includes(t)) {
      now = grown(tape, state, [state, before]);
      ids = [...ids, UNK, lane.read[t - 1]];
      left.push(t);
    }
    const given = ids.map(() => editedWeights(lane, t, every));
    const shared = sharedBy(tape, memory, ids.length);
    before = state;
    state = stepOnTape(tape, model, new Words(projections, weights.embedding, ids), now, shared, given);
    if (!steps.includes(t)) continue;
    const values = valuesOf(tape, about, state, shared, t);
    found.push(left.map((_, n) => ({ unknown: values[2 * n + 1], deletion: values[2 * n + 2] })));
  }
  return found;
}

// The values of each step without each word before it: { unknown, deletion }, a list by word each.
function* erasingPrefix(about) {
  const { model, lane, steps } = about;
  const found = steps.map(() => ({ unknown: [], deletion: [] }));
  const places = Array.from({ length: steps.at(-1) }, (_, n) => n + 1);
  if (!places.length) return found;
  const most = rowsTogether(model, lane.source.length, steps, false) / 2;
  for (const some of inPieces(places, Math.max(1, Math.floor(most)))) {
    walkPrefix(about, some).forEach((values, k) => {
      for (const { unknown, deletion } of values) {
        found[k].unknown.push(unknown);
        found[k].deletion.push(deletion);
      }
    });
    yield;
  }
  return found;
}

// Of each step { source, prefix }, each with the step's value after erasing each word as { unknown, deletion }. Stops
// between pieces of work, so that other requests can be answered.
export function* erasingEach(model, lane, steps, against) {
  const about = { model, lane, steps, against, projections: new Projections() };
  const source = yield* erasingSource(about);
  const prefix = yield* erasingPrefix(about);
  return steps.map((_, k) => ({ source: source[k], prefix: prefix[k] }));
}
