// Score functions over source positions, the weights and the context. A score function has two parts: ``keys`` is made
// once a sentence, ``scores`` compares one decoder state with every key. ``terms`` are the columns of one score, whose
// rows are its terms, for the arithmetic that is written out.

import { dot, linear, row, sigmoid, softmax, tanh } from "./kernels.js";

// e_ts = v·tanh(W s + U h_s) (Bahdanau, Cho and Bengio 2015, A.1.2); with coverage + w c_ts inside (See, Liu and
// Manning 2017, eq. 11). Luong's concat, v·tanh(W [h_t; h_s]), is stored in the same two parts (2015, eq. 8).
const additive = {
  keys: ({ weights }, states_SM) => states_SM.map((h_M) => linear(weights.key, h_M)),
  scores({ weights }, state_H, { keys_SA }, coverage_S) {
    const [query_A, v_A] = [linear(weights.query, state_H, weights.queryBias), weights.v.data];
    const w_A = weights.coverage?.data;
    return Float32Array.from(keys_SA, (key_A, s) => {
      let score = 0;
      for (let a = 0; a < v_A.length; a++) {
        score += v_A[a] * Math.tanh(query_A[a] + key_A[a] + (w_A ? w_A[a] * coverage_S[s] : 0));
      }
      return score;
    });
  },
  terms({ weights }, state_H, key_A, coverage) {
    const query_A = linear(weights.query, state_H, weights.queryBias);
    const columns = [weights.v.data, query_A, key_A];
    if (weights.coverage) columns.push(weights.coverage.data.map((w) => w * coverage));
    return columns;
  },
};

// e_ts = h_t·k_s (Luong, Pham and Manning 2015, eq. 8): k_s is the state itself (dot), W h_s (general, local), or a row
// of W for the position (location).
const multiplicative = (keys) => ({
  keys,
  scores: (model, state_H, { keys_SA }) => Float32Array.from(keys_SA, (key_H) => dot(key_H, state_H)),
  terms: (model, state_H, key_H) => [state_H, key_H],
});
const general = multiplicative(({ weights }, states_SM) => states_SM.map((h_M) => linear(weights.key, h_M)));

const SCORES = {
  additive,
  concat: additive,
  dot: multiplicative((model, states_SM) => states_SM),
  general,
  "local-m": general,
  "local-p": general,
  location: multiplicative(({ weights }, states_SM) => states_SM.map((_, s) => row(weights.key, s))),
  none: { keys: () => [], scores: () => new Float32Array(0), terms: () => [] },
};

export const scoresOf = ({ config }) => SCORES[config.attention];
export const isLocal = ({ config }) => config.attention.startsWith("local-");

// Local attention's centre and the log of the Gaussian around it, -∞ outside the window (Luong 2015, section 3.2):
// local-m: p_t = t, or the last word once the source is over; local-p: p_t = S σ(v·tanh(W h_t)) (eq. 9).
export function focus({ config, weights }, state_H, time, length) {
  const predicted = config.attention === "local-p";
  const position = predicted
    ? Math.fround(length * sigmoid(dot(weights.v.data, tanh(linear(weights.query, state_H)))))
    : Math.min(time, length - 1);
  const logFactors_S = Float32Array.from({ length }, (_, s) => {
    const distance = s - position;
    return Math.abs(distance) > config.window ? -Infinity : -2 * (distance / config.window) ** 2; // 2σ² = D²/2
  });
  return { position, logFactors_S };
}

// α = softmax(e), with local attention's factors.
export const attentionWeights = (scores_S, focused) =>
  softmax(focused ? scores_S.map((score, s) => score + focused.logFactors_S[s]) : scores_S);

// c = Σ_s α_s h_s
export function contextOf(attention_S, states_SM) {
  const context_M = new Float64Array(states_SM[0].length);
  states_SM.forEach((h_M, s) => {
    const weight = attention_S[s];
    if (weight) for (let m = 0; m < h_M.length; m++) context_M[m] += weight * h_M[m];
  });
  return Float32Array.from(context_M);
}
