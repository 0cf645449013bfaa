// The readout of a step in detail: h̃ from context and state, and each word's logit as a product with h̃
// (``s2s/explain/readout.py``).

import { looksFirst } from "./decoder.js";
import { dot, largest, row } from "./kernels.js";
import { momentsOf } from "./replay.js";
import { EOS, SPECIALS, UNK } from "./text/vocab.js";

const COMPONENTS = 4; // components of h̃ that are listed
const LISTED = 5; // most probable words that are listed

// The readout of step ``t`` of a trace, whose lane is given, as plain values for the player.
export function readoutValues({ model, target }, lane, { steps }, t) {
  const { weights, config } = model;
  const [{ read, memory, output }] = momentsOf(model, lane, [t]);
  const { readout_R, layers } = output.state;
  const parts = partsOf(model, output.attended.context_M, layers.at(-1).h, row(weights.embedding, read));
  const { tokens, ids: listed } = target.vocab;
  const idOf = (token) => (token === SPECIALS[EOS] ? EOS : (listed.get(token) ?? UNK));
  const named = [steps[t].output, ...(steps[t].target ? [steps[t].target.token] : [])];
  const ids = new Set([...largest(output.logProbs_V, Math.min(LISTED, tokens.length)), ...named.map(idOf)]);
  return {
    act: config.readout,
    sizes: Object.fromEntries(parts.map(([name, vector]) => [name, vector.length])),
    size: readout_R.length,
    norm: Math.sqrt(dot(readout_R, readout_R)),
    rows: rowsOf(model, parts, readout_R),
    biased: Boolean(weights.readoutBias),
    words: [...ids].map((id) => ({ token: tokens[id], ...logitOf(model, memory.prior_V, readout_R, id) })),
  };
}

// The vectors that the readout is made of, [name, vector], in the order of the columns of W.
function partsOf(model, context_M, state_H, y_E) {
  if (model.config.readout === "state") return [["s", state_H]];
  const [state, context] = [[looksFirst(model) ? "s" : "h", state_H], ["c", context_M]];
  return looksFirst(model) ? [state, context, ["y", y_E]] : [context, state];
}

// A row for each of the first components of h̃: each part's contribution, the bias if any, and h̃_i.
function rowsOf({ config, weights }, parts, readout_R) {
  return Array.from(readout_R.subarray(0, COMPONENTS), (own, i) => {
    if (config.readout === "state") return [own];
    let at = 0;
    const contributions = parts.map(([, vector]) => {
      const columns = row(weights.readout, i).subarray(at, (at += vector.length));
      return dot(columns, vector);
    });
    return [...contributions, ...(weights.readoutBias ? [weights.readoutBias.data[i]] : []), own];
  });
}

// z = y = Σ_i h̃_i w_i + b, or with a prior ŷ z = (y + ŷ) / 2.
function logitOf({ weights }, prior_V, readout_R, id) {
  const w_R = row(weights.output, id);
  const products = Array.from(readout_R.subarray(0, COMPONENTS), (x, i) => [x, w_R[i]]);
  const [bias, rest] = [weights.outputBias.data[id], dot(readout_R.subarray(COMPONENTS), w_R.subarray(COMPONENTS))];
  const own = dot(readout_R, w_R) + bias;
  const prior = prior_V ? prior_V[id] : null;
  return { products, rest, bias, own, prior, logit: prior === null ? own : (own + prior) / 2 };
}
