// One step of a GRU or an LSTM. A state is { h, u }: u is what papers call an LSTM's cell, null in a GRU.

import { linear, sigmoid } from "./kernels.js";

// r, z = σ(a + b), n = tanh(a + r b), h' = (1 - z) n + z h (Cho et al. 2014); the thirds of a and b are r, z, n.
function gru(input_3H, hidden_3H, { h }) {
  const [size, next_H] = [h.length, new Float32Array(h.length)];
  for (let k = 0; k < size; k++) {
    const r = sigmoid(input_3H[k] + hidden_3H[k]);
    const z = sigmoid(input_3H[size + k] + hidden_3H[size + k]);
    const n = Math.tanh(input_3H[2 * size + k] + r * hidden_3H[2 * size + k]);
    next_H[k] = (1 - z) * n + z * h[k];
  }
  return { h: next_H, u: null };
}

// u' = σ(f) u + σ(i) tanh(g), h' = σ(o) tanh(u') (Hochreiter and Schmidhuber 1997); the quarters are i, f, g, o.
function lstm(input_4H, hidden_4H, { h, u }) {
  const [size, next_H, cell_H] = [h.length, new Float32Array(h.length), new Float32Array(h.length)];
  for (let k = 0; k < size; k++) {
    const [i, f, g, o] = [0, 1, 2, 3].map((gate) => input_4H[gate * size + k] + hidden_4H[gate * size + k]);
    cell_H[k] = sigmoid(f) * u[k] + sigmoid(i) * Math.tanh(g);
    next_H[k] = sigmoid(o) * Math.tanh(cell_H[k]);
  }
  return { h: next_H, u: cell_H };
}

// A cell by its weights { input, hidden, inputBias, hiddenBias }: the state after reading x.
export function cellStep({ input, hidden, inputBias, hiddenBias }, x_I, state) {
  const gates = state.u ? lstm : gru;
  return gates(linear(input, x_I, inputBias), linear(hidden, state.h, hiddenBias), state);
}

export const zeroState = (size, isLstm) => ({
  h: new Float32Array(size),
  u: isLstm ? new Float32Array(size) : null,
});
