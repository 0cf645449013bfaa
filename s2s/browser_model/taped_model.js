// The network on a tape: log-probabilities of many rows at once, along a lane. The equations are those of encoder.js,
// decoder.js and seq2seq.js.

import { looksFirst } from "./decoder.js";
import { attendOnTape, keysOnTape } from "./taped_attention.js";
import { cellOnTape, zerosOnTape } from "./taped_cells.js";

const PIECE = 2e9; // products of two numbers until other requests are answered
const SLOWER = 12; // times, without WebAssembly
const MOST_NUMBERS = 12e6; // numbers that are computed together; there is room for some more (placed.js)

// The states of all layers at all places of the source: of each place the parts, forward and backward; and of each
// layer the last parts of both directions.
function runEncoder(tape, { config, weights }, words_S) {
  const [isLstm, last, [{ count }]] = [config.cell === "lstm", words_S.length - 1, words_S];
  const run = (cell, order, parts_S) => {
    const states = [];
    let state = zerosOnTape(tape, count, config.encoder_size, isLstm);
    for (const s of order) states[s] = state = cellOnTape(tape, cell, parts_S[s], state);
    return states;
  };
  const [onwards, back] = [[...words_S.keys()], [...words_S.keys()].reverse()];
  let parts_S = words_S.map((word) => [word]);
  const ends = [];
  for (const { forward, backward } of weights.encoder) {
    const [to, from] = [run(forward, onwards, parts_S), run(backward, back, parts_S)];
    parts_S = to.map(({ h }, s) => [h, from[s].h]);
    ends.push({ h: [to[last].h, from[0].h], u: isLstm ? [to[last].u, from[0].u] : null });
  }
  return { parts_S, ends };
}

function firstStates(tape, { config, weights }, ends) {
  const { decoder_layers: layers, decoder_size: size } = config;
  const cut = (a, k) => a && tape.slice(a, k * size, size);
  const joined = (parts) => parts && tape.joined(parts);
  if (config.bridge === "copy") {
    return ends.slice(0, layers).map(({ h, u }) => ({ h: cut(joined(h), 0), u: cut(joined(u), 0) }));
  }
  const { h, u } = ends.at(-1);
  const linear = tape.linear(weights.bridge, u ? [...h, ...u] : h, weights.bridgeBias);
  const whole = config.bridge === "tanh" ? tape.tanh(linear) : linear;
  return Array.from({ length: layers }, (_, k) => ({ h: cut(whole, k), u: u ? cut(whole, layers + k) : null }));
}

// What every step reads of the source, and the decoder's first state. ``ids_N`` and ``prior_N`` are what pointer and
// prior read of each row's source.
export function encodeOnTape(tape, model, words_S, ids_N, prior_N) {
  const { config, sizes } = model;
  const [length, [{ count }]] = [words_S.length, words_S];
  const { parts_S, ends } = runEncoder(tape, model, words_S);
  const states = tape.stacked(parts_S);
  const summary = config.attention === "none" ? tape.joined(ends.at(-1).h) : null;
  const keys = summary ? null : keysOnTape(tape, model, states, length);
  const state = {
    layers: firstStates(tape, model, ends),
    readout: tape.zeros(count, sizes.readout),
    coverage: config.coverage ? tape.zeros(count, length) : null,
    times: Array.from({ length: count }, () => 0),
  };
  return { memory: { states, keys, length, summary, ids_N, prior_N, isShared: false }, state };
}

// One step that reads a word in each row; ``given_N`` has weights, or null, for each.
export function stepOnTape(tape, model, word, state, memory, given_N) {
  const { config, weights } = model;
  const recur = (parts) => {
    let read = parts;
    return weights.cells.map((cell, k) => {
      const zero = () => zerosOnTape(tape, word.count, config.decoder_size, config.cell === "lstm");
      const after = cellOnTape(tape, cell, read, config.carry_state ? state.layers[k] : zero());
      read = [after.h];
      return after;
    });
  };
  const attend = (h) => attendOnTape(tape, model, h, state, memory, given_N);
  let [attended, layers] = [null, null];
  if (looksFirst(model)) {
    attended = attend(state.layers.at(-1).h);
    layers = recur([word, attended.context]);
  } else {
    layers = recur(config.input_feeding ? [word, state.readout] : [word]);
    attended = attend(layers.at(-1).h);
  }
  const [{ h }, { context, attention }] = [layers.at(-1), attended];
  const readout = readoutOnTape(tape, model, looksFirst(model) ? [h, context, word] : [context, h]);
  const coverage = state.coverage && tape.add(state.coverage, attention);
  return { layers, readout, coverage, times: state.times.map((time) => time + 1), attention, context, word };
}

function readoutOnTape(tape, { config, weights }, parts) {
  if (config.readout === "state") return parts[0];
  const linear = tape.linear(weights.readout, parts, weights.readoutBias);
  return config.readout === "tanh" ? tape.tanh(linear) : linear;
}

// log p of some words after a step, a number each; with a pointer log(p_gen P(w) + (1 - p_gen) Σ_{i: x_i = w} α_i).
export function logProbsOnTape(tape, model, after, memory, words) {
  const { config, weights } = model;
  const own = tape.linear(weights.output, [after.readout], weights.outputBias);
  const generated = logSoftmaxAt(tape, own, memory.prior_N, words);
  if (!config.pointer) return generated;
  const { attention, context, layers, word } = after;
  const gate = tape.linear(weights.gate, [context, layers.at(-1).h, word], weights.gateBias);
  const made = tape.node(generated.count, words.length);
  const mixes = [];
  for (let n = 0; n < made.count; n++) {
    const p = 1 / (1 + Math.exp(-gate.x[n * gate.stride]));
    words.forEach((id, j) => {
      const copies = memory.ids_N[n].flatMap((other, s) => (other === id ? [n * attention.stride + s] : []));
      const copied = copies.reduce((sum, at) => sum + attention.x[at], 0);
      const said = Math.exp(generated.x[n * generated.stride + j]);
      const whole = p * said + (1 - p) * copied;
      made.x[n * made.stride + j] = Math.log(whole);
      mixes.push({ n, j, p, copies, copied, said, whole });
    });
  }
  return tape.make(made, (d) => {
    const [dg, dp, da] = [generated, gate, attention].map((one) => tape.slope(one));
    for (const { n, j, p, copies, copied, said, whole } of mixes) {
      const one = d[n * made.stride + j] / whole;
      dg[n * generated.stride + j] += one * p * said;
      dp[n * gate.stride] += one * p * (1 - p) * (said - copied);
      for (const at of copies) da[at] += one * (1 - p);
    }
  });
}

// log softmax(a) of some words, with prior knowledge that of (a + prior) / 2. The numbers of a become p.
function logSoftmaxAt(tape, a, prior_N, words) {
  const [made, factor] = [tape.node(a.count, words.length), prior_N ? 0.5 : 1];
  const rowOf = (x, n) => x.subarray(n * a.stride, n * a.stride + a.size);
  for (let n = 0; n < a.count; n++) {
    const [logits, prior] = [rowOf(a.x, n), prior_N?.[n]];
    let [most, total] = [-Infinity, 0];
    for (let v = 0; v < logits.length; v++) {
      if (prior) logits[v] = (logits[v] + prior[v]) / 2;
      if (logits[v] > most) most = logits[v];
    }
    const said = words.map((id) => logits[id]);
    for (let v = 0; v < logits.length; v++) total += logits[v] = Math.exp(logits[v] - most);
    for (let v = 0; v < logits.length; v++) logits[v] /= total;
    said.forEach((logit, j) => (made.x[n * made.stride + j] = logit - most - Math.log(total)));
  }
  return tape.make(made, (d) => {
    const to = tape.slope(a);
    for (let n = 0; n < a.count; n++) {
      const [p, slopes] = [rowOf(a.x, n), rowOf(to, n)];
      const own = words.map((_, j) => factor * d[n * made.stride + j]);
      const sum = own.reduce((total, one) => total + one, 0);
      if (sum) for (let v = 0; v < p.length; v++) slopes[v] -= sum * p[v];
      words.forEach((id, j) => (slopes[id] += own[j]));
    }
  });
}

// How many rows of S source words and up to the last of some steps run together, so that other requests need not wait
// long and what is computed has room. ``isBack`` is a run with derivatives.
export function rowsTogether(model, S, steps, isBack) {
  const { config, weights } = model;
  const sizeOf = (...matrices) => matrices.reduce((sum, one) => sum + (one ? one.shape[0] * one.shape[1] : 0), 0);
  const encoder = weights.encoder.flatMap(({ forward, backward }) => [forward.hidden, backward.hidden]);
  const decoder = weights.cells.flatMap(({ input, hidden }) => [input, hidden]);
  const [once, output] = [S * sizeOf(...encoder, weights.key), sizeOf(weights.output)];
  const step = sizeOf(...decoder, weights.readout, weights.query);
  const [T, K] = [steps.at(-1) + 1, steps.length];
  const products = once + T * step + K * output; // there, and as many back from the last step
  const piece = weights.output.multiply ? PIECE : PIECE / SLOWER;
  const taken = numbersOf(model, S, T) + (K + isBack) * model.sizes.vocabulary;
  return Math.max(1, Math.floor(Math.min(piece / products, MOST_NUMBERS / taken)));
}

// Numbers of a row in S words of the source and T steps, without those of the output layer; rather more than less.
function numbersOf({ config, weights, sizes }, S, T) {
  const { encoder_size: E, decoder_size: H } = config;
  const ofCell = config.cell === "lstm" ? 28 : 12;
  const encoder = 2 * ofCell * E * weights.encoder.length + 6 * sizes.memory;
  const scored = weights.v ? S * (weights.v.data.length + 32) : 4 * S;
  return S * encoder + T * (ofCell * H * weights.cells.length + 2 * (sizes.memory + sizes.readout) + scored);
}
