// One step again with other attention weights: uniform, in random order, or with the largest ones erased; all earlier
// steps keep theirs (``s2s/explain/counterfactual.py``). The functions with a star stop after every run, so that other
// requests can be answered.

import { argmax } from "./kernels.js";
import { permutation, twister } from "./random.js";
import { step } from "./seq2seq.js";

const PERMUTATIONS = 20; // random orders that a permuted change is the mean of
const SEED = 0; // of the orders of each step

const stepWith = (model, { read, memory, state }, given_S) => step(model, state, read, memory, given_S).logProbs_V;

// Total variation ½ Σ_v |p_v - p'_v|, and p - p' of a word, both the mean over some rows of weights.
function* changeOf(model, moment, word, rows_NS) {
  const p_V = moment.output.logProbs_V.map(Math.exp);
  let [variation, other] = [0, 0];
  for (const row_S of rows_NS) {
    const changed_V = stepWith(model, moment, row_S).map(Math.exp);
    for (let v = 0; v < p_V.length; v++) variation += Math.abs(changed_V[v] - p_V[v]) / 2;
    other += changed_V[word];
    yield;
  }
  return { variation: variation / rows_NS.length, drop: p_V[word] - other / rows_NS.length };
}

export function* uniformChange(model, moment, word) {
  const { attention_S } = moment.output.attended;
  return yield* changeOf(model, moment, word, [attention_S.map(() => 1 / attention_S.length)]);
}

// The same weights in random order (Jain and Wallace 2019, section 4.2.1).
export function* permutedChange(model, moment, word) {
  const [{ attention_S }, next] = [moment.output.attended, twister(SEED)];
  const inRandomOrder = () => Float32Array.from(permutation(attention_S.length, next), (s) => attention_S[s]);
  return yield* changeOf(model, moment, word, Array.from({ length: PERMUTATIONS }, inRandomOrder));
}

// The number of weights that must be erased, largest first, until another word is the most probable (Serrano and Smith
// 2019, section 4). Null if that never happens; the last weight above 0 is not erased.
export function* flipOf(model, moment) {
  const { attention_S } = moment.output.attended;
  const order = [...attention_S.keys()].sort((a, b) => attention_S[b] - attention_S[a] || a - b);
  const [left_S, winner] = [Float64Array.from(attention_S), argmax(moment.output.logProbs_V)];
  for (let gone = 1; gone < order.length; gone++) {
    left_S[order[gone - 1]] = 0;
    const sum = left_S.reduce((total, w) => total + w, 0);
    if (!(sum > 0)) return null;
    if (argmax(stepWith(model, moment, Float32Array.from(left_S, (w) => w / sum))) !== winner) return gone;
    yield;
  }
  return null;
}
