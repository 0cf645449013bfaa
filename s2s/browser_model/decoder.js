// One decoder step, in the order of Bahdanau's or of Luong's paper. Bahdanau: the previous state looks back, and the
// context is an input of the recurrent step. Luong: the recurrent step comes first, the current state looks back, and
// the readout is fed to the next step. Without attention the context is one vector of the source (Cho et al. 2014).
//
// A decoder state is { layers: [{ h, u }], readout_R, coverage_S, time }; a step never changes the one it was given.

import { attentionWeights, contextOf, focus, isLocal, scoresOf } from "./attention.js";
import { joined, linear, tanh } from "./kernels.js";
import { cellStep, zeroState } from "./recurrent.js";

export const looksFirst = ({ config }) => config.attention === "additive" || config.attention === "none";

export const startState = ({ config, sizes }, layers, length) => ({
  layers,
  readout_R: new Float32Array(sizes.readout),
  coverage_S: config.coverage ? new Float32Array(length) : null,
  time: 0,
});

// Scores, weights, context. Given weights replace the softmax, not the scores.
function attend(model, state_H, state, memory, given_S) {
  if (memory.summary_M) {
    const none = new Float32Array(0);
    return { query_H: state_H, scores_S: none, attention_S: none, context_M: memory.summary_M, focused: null };
  }
  const scores_S = scoresOf(model).scores(model, state_H, memory, state.coverage_S);
  const focused = isLocal(model) ? focus(model, state_H, state.time, memory.states_SM.length) : null;
  const attention_S = given_S ?? attentionWeights(scores_S, focused);
  const context_M = contextOf(attention_S, memory.states_SM);
  return { query_H: state_H, scores_S, attention_S, context_M, focused, coverage_S: state.coverage_S };
}

// The states of all layers after reading x.
function recur({ config, weights }, x_I, { layers }) {
  let read = x_I;
  return weights.cells.map((cell, k) => {
    const before = config.carry_state ? layers[k] : zeroState(config.decoder_size, config.cell === "lstm");
    const after = cellStep(cell, read, before);
    read = after.h;
    return after;
  });
}

// What the output layer reads: tanh(W [parts] + b), or the state itself, the first part.
function readoutOf({ config, weights }, parts) {
  if (config.readout === "state") return parts[0];
  const mixed_R = linear(weights.readout, joined(...parts), weights.readoutBias);
  return config.readout === "tanh" ? tanh(mixed_R) : mixed_R;
}

// The state after a step that reads the embedded token y, and what it looked at.
export function decoderStep(model, y_E, state, memory, given_S = null) {
  let layers, attended, readout_R;
  if (looksFirst(model)) {
    attended = attend(model, state.layers.at(-1).h, state, memory, given_S);
    layers = recur(model, joined(y_E, attended.context_M), state);
    readout_R = readoutOf(model, [layers.at(-1).h, attended.context_M, y_E]);
  } else {
    layers = recur(model, model.config.input_feeding ? joined(y_E, state.readout_R) : y_E, state);
    attended = attend(model, layers.at(-1).h, state, memory, given_S);
    readout_R = readoutOf(model, [attended.context_M, layers.at(-1).h]);
  }
  const coverage_S = state.coverage_S && state.coverage_S.map((sum, s) => sum + attended.attention_S[s]);
  return { state: { layers, readout_R, coverage_S, time: state.time + 1 }, attended };
}
