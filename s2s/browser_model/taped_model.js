// The network once more, on a tape: log-probabilities along a lane, with their derivatives by the embedded source. The
// equations are those of encoder.js, decoder.js and seq2seq.js.

import { looksFirst } from "./decoder.js";
import { row } from "./kernels.js";

// A state is { h, u }; u is what papers call an LSTM's cell, null in a GRU.
function cellOnTape(tape, { input, hidden, inputBias, hiddenBias }, x_I, { h, u }) {
  const size = h.x.length;
  const [a, b] = [tape.linear(input, x_I, inputBias), tape.linear(hidden, h, hiddenBias)];
  const part = (whole, n) => tape.slice(whole, n * size, (n + 1) * size);
  if (!u) {
    const [r, z] = [0, 1].map((n) => tape.sigmoid(tape.add(part(a, n), part(b, n))));
    const n = tape.tanh(tape.add(part(a, 2), tape.multiply(r, part(b, 2))));
    return { h: tape.add(tape.multiply(tape.scaled(z, -1, 1), n), tape.multiply(z, h)), u: null };
  }
  const gates = tape.add(a, b);
  const [i, f, o] = [0, 1, 3].map((n) => tape.sigmoid(part(gates, n)));
  const cell = tape.add(tape.multiply(f, u), tape.multiply(i, tape.tanh(part(gates, 2))));
  return { h: tape.multiply(o, tape.tanh(cell)), u: cell };
}

function zeros(tape, size, isLstm) {
  const none = () => tape.given(new Float64Array(size));
  return { h: none(), u: isLstm ? none() : null };
}

function encodeOnTape(tape, { config, weights }, embedded_SE) {
  const [isLstm, last] = [config.cell === "lstm", embedded_SE.length - 1];
  const run = (cell, order, inputs_SI) => {
    const states = [];
    let state = zeros(tape, config.encoder_size, isLstm);
    for (const s of order) states[s] = state = cellOnTape(tape, cell, inputs_SI[s], state);
    return states;
  };
  const [onwards, back] = [[...embedded_SE.keys()], [...embedded_SE.keys()].reverse()];
  let states_SM = embedded_SE;
  const ends = [];
  for (const { forward, backward } of weights.encoder) {
    const [to, from] = [run(forward, onwards, states_SM), run(backward, back, states_SM)];
    states_SM = to.map(({ h }, s) => tape.joined([h, from[s].h]));
    const whole = (name) => tape.joined([to[last][name], from[0][name]]);
    ends.push({ h: whole("h"), u: isLstm ? whole("u") : null });
  }
  return { states_SM, ends };
}

function firstStates(tape, { config, weights }, ends) {
  const { decoder_layers: layers, decoder_size: size } = config;
  const cut = (a, k) => a && tape.slice(a, k * size, (k + 1) * size);
  if (config.bridge === "copy") return ends.slice(0, layers).map(({ h, u }) => ({ h: cut(h, 0), u: cut(u, 0) }));
  const top = ends.at(-1);
  const linear = tape.linear(weights.bridge, top.u ? tape.joined([top.h, top.u]) : top.h, weights.bridgeBias);
  const whole = config.bridge === "tanh" ? tape.tanh(linear) : linear;
  return Array.from({ length: layers }, (_, k) => ({ h: cut(whole, k), u: top.u ? cut(whole, layers + k) : null }));
}

function keysOnTape(tape, { config, weights }, states_SM) {
  if (config.attention === "dot") return states_SM;
  if (config.attention === "location") return states_SM.map((_, s) => tape.given(row(weights.key, s)));
  return states_SM.map((h_M) => tape.linear(weights.key, h_M));
}

function scoresOnTape(tape, { config, weights }, state_H, keys_SA, coverage_S) {
  if (config.attention !== "additive" && config.attention !== "concat") return tape.dots(state_H, keys_SA);
  const [query_A, v_A] = [tape.linear(weights.query, state_H, weights.queryBias), tape.given(weights.v.data)];
  const inside = keys_SA.map((key_A, s) => {
    const sum_A = tape.add(query_A, key_A);
    if (!weights.coverage) return tape.tanh(sum_A);
    const covered_A = tape.mixed(tape.slice(coverage_S, s, s + 1), [tape.given(weights.coverage.data)]);
    return tape.tanh(tape.add(sum_A, covered_A));
  });
  return tape.dots(v_A, inside);
}

// Local attention's log factors: -2 ((s - p_t) / D)², -∞ outside the window.
function factorsOnTape(tape, { config, weights }, state_H, time, length) {
  const { attention, window } = config;
  if (attention !== "local-m" && attention !== "local-p") return null;
  let position = tape.given([Math.min(time, length - 1)]);
  if (attention === "local-p") {
    const [v_A, query_A] = [tape.given(weights.v.data), tape.tanh(tape.linear(weights.query, state_H))];
    position = tape.scaled(tape.sigmoid(tape.dots(v_A, [query_A])), length);
  }
  const [center] = position.x;
  const isOut = (s) => Math.abs(s - center) > window;
  const factor = (_, s) => (isOut(s) ? -Infinity : -2 * ((s - center) / window) ** 2);
  return tape.make(Float64Array.from({ length }, factor), (d) => {
    d.forEach((one, s) => (position.d[0] += isOut(s) ? 0 : (one * 4 * (s - center)) / window ** 2));
  });
}

function attendOnTape(tape, model, state_H, { time, coverage_S }, memory, given_S) {
  if (memory.summary) return { attention_S: null, context_M: memory.summary };
  const { states_SM, keys_SA } = memory;
  let attention_S = given_S && tape.given(given_S);
  if (!attention_S) {
    const scores_S = scoresOnTape(tape, model, state_H, keys_SA, coverage_S);
    const factors_S = factorsOnTape(tape, model, state_H, time, states_SM.length);
    attention_S = tape.softmax(factors_S ? tape.add(scores_S, factors_S) : scores_S);
  }
  return { attention_S, context_M: tape.mixed(attention_S, states_SM) };
}

function stepOnTape(tape, model, y_E, state, memory, given_S) {
  const { config, weights } = model;
  const recur = (x_I) => {
    let read = x_I;
    return weights.cells.map((cell, k) => {
      const before = config.carry_state ? state.layers[k] : zeros(tape, config.decoder_size, config.cell === "lstm");
      const after = cellOnTape(tape, cell, read, before);
      read = after.h;
      return after;
    });
  };
  const attend = (state_H) => attendOnTape(tape, model, state_H, state, memory, given_S);
  let [attended, layers] = [null, null];
  if (looksFirst(model)) {
    attended = attend(state.layers.at(-1).h);
    layers = recur(tape.joined([y_E, attended.context_M]));
  } else {
    layers = recur(config.input_feeding ? tape.joined([y_E, state.readout_R]) : y_E);
    attended = attend(layers.at(-1).h);
  }
  const [state_H, context_M] = [layers.at(-1).h, attended.context_M];
  const readout_R = readoutOnTape(tape, model, looksFirst(model) ? [state_H, context_M, y_E] : [context_M, state_H]);
  const coverage_S = state.coverage_S && tape.add(state.coverage_S, attended.attention_S);
  return { layers, readout_R, coverage_S, time: state.time + 1, attended, y_E };
}

function readoutOnTape(tape, { config, weights }, parts) {
  if (config.readout === "state") return parts[0];
  const mixed_R = tape.linear(weights.readout, tape.joined(parts), weights.readoutBias);
  return config.readout === "tanh" ? tape.tanh(mixed_R) : mixed_R;
}

// log p(word) after a step; with a pointer log(p_gen P(w) + (1 - p_gen) Σ_{i: x_i = w} α_i).
function logProbOnTape(tape, model, after, { ids, prior_V }, word) {
  const { config, weights } = model;
  const own_V = tape.linear(weights.output, after.readout_R, weights.outputBias);
  const logits_V = prior_V ? tape.scaled(tape.add(own_V, tape.given(prior_V)), 0.5) : own_V;
  const generated = tape.logSoftmaxAt(logits_V, word);
  if (!config.pointer) return generated;
  const { attention_S, context_M } = after.attended;
  const read = tape.joined([context_M, after.layers.at(-1).h, after.y_E]);
  const gate = tape.linear(weights.gate, read, weights.gateBias);
  const [p, copies] = [1 / (1 + Math.exp(-gate.x[0])), [...ids.keys()].filter((s) => ids[s] === word)];
  const [said, copied] = [Math.exp(generated.x[0]), copies.reduce((sum, s) => sum + attention_S.x[s], 0)];
  const whole = p * said + (1 - p) * copied;
  return tape.make(Float64Array.of(Math.log(whole)), ([d]) => {
    generated.d[0] += (d * p * said) / whole;
    gate.d[0] += (d * p * (1 - p) * (said - copied)) / whole;
    for (const s of copies) attention_S.d[s] += (d * (1 - p)) / whole;
  });
}

// log p(w) of a lane's words at some steps, which are in order, from an embedded source: a number on the tape each.
// ``givenAt(t)`` are the edited weights of a step, or null; ``prior_V`` what a model with prior knowledge adds;
// ``read_TE`` stands in the place of the words after <bos>; log p of ``against``, a word or null, is taken off.
export function logProbsOnTape(tape, model, lane, embedded_SE, steps, { prior_V, givenAt, read_TE, against = null }) {
  const { states_SM, ends } = encodeOnTape(tape, model, embedded_SE);
  const { config } = model;
  const summary = config.attention === "none" ? ends.at(-1).h : null;
  const keys_SA = summary ? [] : keysOnTape(tape, model, states_SM);
  const memory = { ids: lane.source, states_SM, keys_SA, summary, prior_V };
  let state = {
    layers: firstStates(tape, model, ends),
    readout_R: tape.given(new Float64Array(model.sizes.readout)),
    coverage_S: config.coverage ? tape.given(new Float64Array(lane.source.length)) : null,
    time: 0,
  };
  const found = [];
  for (let t = 0; t <= steps.at(-1); t++) {
    const y_E = t && read_TE ? read_TE[t - 1] : tape.given(row(model.weights.embedding, lane.read[t]));
    state = stepOnTape(tape, model, y_E, state, memory, givenAt(t));
    if (!steps.includes(t)) continue;
    const value = logProbOnTape(tape, model, state, memory, lane.words[t]);
    const other = against === null ? null : logProbOnTape(tape, model, state, memory, against);
    found.push(other ? tape.add(value, tape.scaled(other, -1)) : value);
  }
  return found;
}
