// Source ids to the memory: embedding and a bidirectional recurrent network (Bahdanau 2015, section 3.2).

import { joined, linear, row, tanh } from "./kernels.js";
import { cellStep, zeroState } from "./recurrent.js";

// The states of one direction in the order of the source; the backward one reads it from its end.
function runDirection(cell, inputs_SI, size, isLstm, backward) {
  const states = new Array(inputs_SI.length);
  let state = zeroState(size, isLstm);
  for (let n = 0; n < inputs_SI.length; n++) {
    const s = backward ? inputs_SI.length - 1 - n : n;
    states[s] = state = cellStep(cell, inputs_SI[s], state);
  }
  return states;
}

// h_s = [forward_s; backward_s] of the top layer, and of each layer the last states of both directions, joined.
export function encodeSource({ config, weights }, ids) {
  const [last, isLstm] = [ids.length - 1, config.cell === "lstm"];
  let states_SM = ids.map((id) => row(weights.sourceEmbedding, id));
  const ends = [];
  for (const { forward, backward } of weights.encoder) {
    const to = runDirection(forward, states_SM, config.encoder_size, isLstm, false);
    const from = runDirection(backward, states_SM, config.encoder_size, isLstm, true);
    states_SM = to.map(({ h }, s) => joined(h, from[s].h));
    const u = isLstm ? joined(to[last].u, from[0].u) : null;
    ends.push({ h: joined(to[last].h, from[0].h), u });
  }
  return { states_SM, ends };
}

// The decoder's first states, a layer each, from the encoder's last: d = tanh(W [forward; backward] + b).
export function bridge({ config, weights }, ends) {
  const { decoder_layers: layers, decoder_size: size } = config;
  const cut = (x, k) => x && x.slice(k * size, (k + 1) * size);
  if (config.bridge === "copy") return ends.slice(0, layers).map(({ h, u }) => ({ h: cut(h, 0), u: cut(u, 0) }));
  const top = ends.at(-1);
  const whole = linear(weights.bridge, top.u ? joined(top.h, top.u) : top.h, weights.bridgeBias);
  const first = config.bridge === "tanh" ? tanh(whole) : whole;
  return Array.from({ length: layers }, (_, k) => ({ h: cut(first, k), u: top.u ? cut(first, layers + k) : null }));
}
