// Settings of a free-running lane, and functions that choose a token from one step's log-probabilities.

import { argmax, logSumExp } from "./kernels.js";
import { generator } from "./random.js";

export const DEFAULT_SETTINGS = {
  strategy: "greedy", // greedy | sampling | beam
  temperature: 1,
  top_k: 0, // no limit
  top_p: 1,
  seed: 0,
  max_length: 0, // 2 S + 10
  beam: 5,
  length_penalty: 0.6,
  coverage_penalty: 0,
};

// The greatest length of an output in tokens that begins with ``first``.
export const maxTokens = (settings, sourceLength, first) =>
  Math.max(settings.max_length || 2 * sourceLength + 10, first.length + 1);

const normalise = (x_V) => {
  const normaliser = logSumExp(x_V);
  return x_V.map((x) => x - normaliser);
};

// Log-probabilities to sample from: temperature, then top k, then the nucleus, the smallest set of most probable tokens
// whose mass reaches ``top_p`` (Holtzman et al. 2020, eq. 2), each time normalised.
function filtered(logProbs_V, { temperature, top_k, top_p }) {
  let scaled_V = normalise(logProbs_V.map((x) => x / temperature));
  if (top_k > 0 && top_k < scaled_V.length) {
    const threshold = scaled_V.toSorted((a, b) => b - a)[top_k - 1];
    scaled_V = normalise(scaled_V.map((x) => (x < threshold ? -Infinity : x)));
  }
  if (top_p >= 1) return normalise(scaled_V);
  const order = Array.from(scaled_V.keys()).sort((a, b) => scaled_V[b] - scaled_V[a]);
  let before = 0;
  for (const v of order) {
    const p = Math.exp(scaled_V[v]);
    if (before >= top_p) scaled_V[v] = -Infinity;
    before += p;
  }
  return normalise(scaled_V);
}

// The token at which the distribution function first exceeds a number drawn uniformly from [0, 1).
function draw(logProbs_V, uniform) {
  const probabilities = Array.from(logProbs_V, Math.exp);
  const goal = uniform * probabilities.reduce((sum, p) => sum + p, 0);
  let below = 0;
  for (let v = 0; v < probabilities.length; v++) {
    below += probabilities[v];
    if (below > goal) return v;
  }
  return probabilities.findLastIndex((p) => p > 0);
}

// The strategy as a function of one step's log-probabilities.
export function chooser(settings) {
  if (settings.strategy !== "sampling") return argmax;
  const next = generator(settings.seed);
  return (logProbs_V) => draw(filtered(logProbs_V, settings), next());
}

// Force a prefix of ids, then let the strategy choose. It is called at forced steps, too, so that a sampled step draws
// the same number after any prefix.
export function forcing(prefix, choose) {
  return (logProbs_V, t) => {
    const own = choose(logProbs_V);
    return t < prefix.length ? prefix[t] : own;
  };
}
