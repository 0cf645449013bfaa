// Replay of a lane as ids: the model's probabilities along it, from its own source or from part of it. A lane is
// { source, read, words, edited }: S ids of the source, the T ids that the decoder reads, the T ids that are explained,
// and the weights by step that replace the model's own (``s2s/explain/replay.py``).

import { decoderStep } from "./decoder.js";
import { referenceIds, sourceIds } from "./inputs.js";
import { row } from "./kernels.js";
import { encode, step } from "./seq2seq.js";
import { BOS, EOS, SPECIALS, UNK } from "./text/vocab.js";

// The id of a word that the model says.
export const idOf = ({ target: { vocab } }, token) =>
  SPECIALS.includes(token) ? SPECIALS.indexOf(token) : (vocab.ids.get(token) ?? UNK);

// The lane of a trace. Explained is the output of a free-running trace, the most probable token of a forced one.
export function laneOf(checkpoint, { mode, source, reference, steps }) {
  const isForced = mode === "forced";
  const words = steps.map(({ top, output }) => idOf(checkpoint, isForced ? top[0].token : output));
  const outputs = isForced ? [...referenceIds(checkpoint, reference).ids, EOS] : words;
  const edited = new Map(steps.flatMap((one, t) => (one.own_attention ? [[t, one.attention]] : [])));
  return { source: sourceIds(checkpoint, source.tokens).ids, read: [BOS, ...outputs.slice(0, -1)], words, edited };
}

export const placesOf = ({ source }) => [...source.keys()];

// The edited weights of step t, divided by the sum of those at the places that are kept; null where none are edited,
// and where all are 0, so that the model's own are used.
export function editedWeights({ edited }, t, kept) {
  const left = edited.has(t) ? kept.map((s) => edited.get(t)[s]) : [];
  const sum = left.reduce((total, w) => total + w, 0);
  return sum > 1e-9 ? Float32Array.from(left, (w) => w / sum) : null;
}

const advance = (model, state, token, memory, given_S) =>
  decoderStep(model, row(model.weights.embedding, token), state, memory, given_S).state;

// Run the lane from the source tokens at the places that are kept, <unk> if there are none: the log-probability of
// the lane's word at each of some steps, which are in order.
export function replay(model, lane, kept, steps) {
  const source = kept.length ? kept.map((s) => lane.source[s]) : [UNK];
  const { memory, state } = encode(model, source);
  const [found, last] = [[], steps.at(-1)];
  for (let t = 0, now = state; t <= last; t++) {
    const given_S = editedWeights(lane, t, kept);
    if (steps.includes(t)) {
      const output = step(model, now, lane.read[t], memory, given_S);
      found.push(output.logProbs_V[lane.words[t]]);
      now = output.state;
    } else now = advance(model, now, lane.read[t], memory, given_S);
  }
  return found;
}

// What some steps of the lane read, { read, memory, state }, and their output with the weights in use.
export function momentsOf(model, lane, steps) {
  const { memory, state } = encode(model, lane.source);
  const [found, every] = [[], placesOf(lane)];
  for (let t = 0, now = state; t <= steps.at(-1); t++) {
    const [read, given_S] = [lane.read[t], editedWeights(lane, t, every)];
    if (steps.includes(t)) {
      const output = step(model, now, read, memory, given_S);
      found.push({ read, memory, state: now, output });
      now = output.state;
    } else now = advance(model, now, read, memory, given_S);
  }
  return found;
}
