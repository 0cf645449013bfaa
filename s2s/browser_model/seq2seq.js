// P(y|x) = Π_t P(y_t | y_<t, x) with attention over the encoder's states. A model is { config, sizes, weights }: the
// settings of config.json, the lengths of vectors, and the weights of docs/FORMATS.md under short names.

import { scoresOf } from "./attention.js";
import { decoderStep, startState } from "./decoder.js";
import { bridge, encodeSource } from "./encoder.js";
import { UserError } from "./errors.js";
import { dot, joined, linear, logSigmoid, logSumExp, row } from "./kernels.js";

const FIRST_WORD = 4; // id; those before it are special tokens
const DEFAULTS = {
  cell: "gru",
  bridge: "tanh",
  readout: "tanh",
  carry_state: true,
  coverage: false,
  pointer: false,
  prior: false,
  shared_embeddings: false,
  attention_bias: false,
};

// The model of a config's ``model`` table and the tensors of its safetensors file. UserError for a tensor that is
// missing.
export function buildModel(given, tensors) {
  const config = { ...DEFAULTS, ...given };
  const take = (name) => {
    if (!tensors.has(name)) throw new UserError("weights_unreadable", { name });
    return tensors.get(name);
  };
  const takeIf = (there, name) => (there ? take(name) : null);
  const sourceEmbedding = take("encoder.embedding.weight");
  const embedding = config.shared_embeddings ? sourceEmbedding : take("embedding.weight");
  const { attention, decoder_size } = config;
  const isAdditive = attention === "additive" || attention === "concat";
  const weights = {
    sourceEmbedding,
    embedding,
    encoder: Array.from({ length: config.encoder_layers }, (_, k) => ({
      forward: encoderCell(take, k, ""),
      backward: encoderCell(take, k, "_reverse"),
    })),
    bridge: takeIf(config.bridge !== "copy", "bridge.weight"),
    bridgeBias: takeIf(config.bridge !== "copy", "bridge.bias"),
    query: takeIf(isAdditive || attention === "local-p", "decoder.attention.query.weight"),
    queryBias: takeIf(config.attention_bias, "decoder.attention.query.bias"),
    key: takeIf(attention !== "dot" && attention !== "none", "decoder.attention.key.weight"),
    v: takeIf(isAdditive || attention === "local-p", "decoder.attention.v.weight"),
    coverage: takeIf(config.coverage, "decoder.attention.coverage.weight"),
    cells: Array.from({ length: config.decoder_layers }, (_, k) => decoderCell(take, k)),
    readout: takeIf(config.readout !== "state", "decoder.readout.weight"),
    readoutBias: takeIf(config.readout !== "state", "decoder.readout.bias"),
    output: config.tied_embeddings ? embedding : take("output.weight"),
    outputBias: take("output.bias"),
    priorScale: takeIf(config.prior, "prior.log_scale"),
    priorShift: takeIf(config.prior, "prior.shift"),
    gate: takeIf(config.pointer, "pointer.gate.weight"),
    gateBias: takeIf(config.pointer, "pointer.gate.bias"),
  };
  const sizes = {
    memory: 2 * config.encoder_size,
    readout: config.tied_embeddings ? config.embedding_size : decoder_size,
    vocabulary: weights.output.shape[0],
  };
  return { config, sizes, weights };
}

const encoderCell = (take, k, end) => ({
  input: take(`encoder.rnn.weight_ih_l${k}${end}`),
  hidden: take(`encoder.rnn.weight_hh_l${k}${end}`),
  inputBias: take(`encoder.rnn.bias_ih_l${k}${end}`),
  hiddenBias: take(`encoder.rnn.bias_hh_l${k}${end}`),
});

const decoderCell = (take, k) => ({
  input: take(`decoder.cells.${k}.weight_ih`),
  hidden: take(`decoder.cells.${k}.weight_hh`),
  inputBias: take(`decoder.cells.${k}.bias_ih`),
  hiddenBias: take(`decoder.cells.${k}.bias_hh`),
});

// The longest source in tokens, or Infinity: location attention has weights for so many.
const longestSource = ({ config }) => (config.attention === "location" ? config.max_source_length : Infinity);

// Source ids to what every step reads of them, and the decoder's first state.
export function encode(model, ids) {
  const limit = longestSource(model);
  if (ids.length > limit) throw new UserError("source_too_long", { found: ids.length, limit });
  const { states_SM, ends } = encodeSource(model, ids);
  const memory = {
    ids,
    states_SM,
    keys_SA: scoresOf(model).keys(model, states_SM),
    prior_V: model.config.prior ? priorOf(model, ids) : null,
    summary_M: model.config.attention === "none" ? ends.at(-1).h : null,
  };
  return { memory, state: startState(model, bridge(model, ends), ids.length) };
}

// ŷ = exp(log_scale) ⊗ x + shift, x_v = 1 where word v is in the source (Su Jianlin's title generator).
export function priorOf({ weights }, ids) {
  const prior_V = weights.priorShift.data.slice();
  for (const id of new Set(ids)) if (id >= FIRST_WORD) prior_V[id] += Math.exp(weights.priorScale.data[id]);
  return prior_V;
}

// Read one token: the next token's log-probabilities, the next state, and what the step saw.
export function step(model, state, token, memory, given_S = null) {
  const y_E = row(model.weights.embedding, token);
  const { state: next, attended } = decoderStep(model, y_E, state, memory, given_S);
  const logits_V = linear(model.weights.output, next.readout_R, model.weights.outputBias);
  if (memory.prior_V) for (let v = 0; v < logits_V.length; v++) logits_V[v] = (logits_V[v] + memory.prior_V[v]) / 2;
  const normaliser = logSumExp(logits_V);
  const logProbs_V = logits_V.map((logit) => logit - normaliser);
  if (!model.config.pointer) return { state: next, attended, logProbs_V, normaliser, gate: null };
  const gate = pointerGate(model, attended.context_M, next.layers.at(-1).h, y_E);
  const mixed_V = mix(logProbs_V, gate, attended.attention_S, memory.ids);
  return { state: next, attended, logProbs_V: mixed_V, normaliser, gate };
}

// The logit of p_gen = σ(w·[c; s'; y] + b) (See, Liu and Manning 2017, eq. 8).
const pointerGate = ({ weights }, context_M, state_H, y_E) =>
  dot(weights.gate.data, joined(context_M, state_H, y_E)) + weights.gateBias.data[0];

// log(p_gen P_vocab(w) + (1 - p_gen) Σ_{i: x_i = w} α_i) (eq. 9)
function mix(logProbs_V, gate, attention_S, ids) {
  const copied = new Map();
  ids.forEach((id, s) => copied.set(id, (copied.get(id) ?? 0) + attention_S[s]));
  const mixed_V = logProbs_V.map((logProb) => logProb + logSigmoid(gate));
  for (const [id, weight] of copied) {
    if (weight === 0) continue;
    const [generated, copy] = [mixed_V[id], Math.log(weight) + logSigmoid(-gate)];
    mixed_V[id] = Math.max(generated, copy) + Math.log1p(Math.exp(-Math.abs(generated - copy)));
  }
  return mixed_V;
}
