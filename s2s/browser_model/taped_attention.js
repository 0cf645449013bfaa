// Attention on a tape; attention.js has the equations. A memory is { states, keys, length, isShared, summary }: S
// states of each row one after the other, or S for all rows.

import { dot, row } from "./kernels.js";
import { addProducts, addProductsBack, applyTanh } from "./rows.js";
import { over } from "./tape.js";

export function keysOnTape(tape, { config, weights }, states, length) {
  if (config.attention === "dot") return states;
  if (config.attention !== "location") return tape.linear(weights.key, [states]);
  const made = tape.node(states.count, weights.key.shape[1]);
  for (let n = 0; n < made.count; n++) made.x.set(row(weights.key, n % length), n * made.stride);
  return { ...made, isFixed: true };
}

// The place in the memory of what row n reads of a node there.
const placeOf = ({ isShared, length }, { stride }, n) => (isShared ? 0 : n * length * stride);

// The vectors of row n in the memory, as a matrix.
const matrixOf = (memory, node, n) => ({
  ...over(node, node.x, placeOf(memory, node, n)),
  rows: memory.length,
  columns: node.size,
});

// Numbers that are one matrix of a single row, or vectors of a single number.
const asMatrix = ({ stride, size }, data, n) => ({ data, at: n * stride, stride, rows: 1, columns: size });
const asColumn = ({ stride }, data, n) => ({ data, at: n * stride, stride: 1 });

// Σ_i a_i k_si for each s.
function dotsOnTape(tape, a, memory, keys) {
  const { length } = memory;
  const made = tape.node(a.count, length);
  for (let n = 0; n < a.count; n++) {
    addProducts(matrixOf(memory, keys, n), over(a, a.x, n * a.stride), over(made, made.x, n * made.stride), 1);
  }
  return tape.make(made, (d) => {
    const [da, dk] = [tape.slope(a), keys.isFixed ? null : tape.slope(keys)];
    for (let n = 0; n < a.count; n++) {
      addProductsBack(matrixOf(memory, keys, n), over(made, d, n * made.stride), over(a, da, n * a.stride), 1);
      const to = dk && over(keys, dk, placeOf(memory, keys, n));
      if (dk) addProductsBack(asMatrix(a, a.x, n), asColumn(made, d, n), to, length);
    }
  });
}

// Σ_s weights_s h_s
function mixedOnTape(tape, attention, memory) {
  const { states, length } = memory;
  const made = tape.node(attention.count, states.size);
  for (let n = 0; n < made.count; n++) {
    const weights = over(attention, attention.x, n * attention.stride);
    addProductsBack(matrixOf(memory, states, n), weights, over(made, made.x, n * made.stride), 1);
  }
  return tape.make(made, (d) => {
    const [da, ds] = [tape.slope(attention), tape.slope(states)];
    for (let n = 0; n < made.count; n++) {
      const [weights, slopes] = [asColumn(attention, attention.x, n), over(attention, da, n * attention.stride)];
      addProducts(matrixOf(memory, states, n), over(made, d, n * made.stride), slopes, 1);
      addProductsBack(asMatrix(made, d, n), weights, over(states, ds, placeOf(memory, states, n)), length);
    }
  });
}

// v·tanh(q + k_s + w c_s) for each s; without coverage c the last is left out.
function additiveOnTape(tape, { weights }, query, coverage, memory, keys) {
  const [{ length }, { count, size }] = [memory, query];
  const [made, sums, v] = [tape.node(count, length), tape.node(count * length, 1), tape.given(1, weights.v.data)];
  const [inside, w_A] = [tape.node(count * length, size), weights.coverage?.data];
  const each = (run) => {
    for (let n = 0; n < count; n++) {
      const [place, q] = [placeOf(memory, keys, n), n * query.stride];
      for (let s = 0; s < length; s++) run(n * length + s, q, place + s * keys.stride, n * made.stride + s);
    }
  };
  each((row, q, k, at) => {
    const [start, covered] = [row * inside.stride, w_A ? coverage.x[at] : 0];
    for (let a = 0; a < size; a++) {
      inside.x[start + a] = query.x[q + a] + keys.x[k + a] + (w_A ? w_A[a] * covered : 0);
    }
  });
  applyTanh(inside.x);
  addProducts(asMatrix(v, v.x, 0), over(inside, inside.x), over(sums, sums.x), sums.count);
  each((row, q, k, at) => (made.x[at] = sums.x[row * sums.stride]));
  return tape.make(made, (d) => {
    const [dq, dk, dc] = [query, keys, coverage].map((one) => one && tape.slope(one));
    each((row, q, k, at) => {
      const start = row * inside.stride;
      let covered = 0;
      for (let a = 0; a < size; a++) {
        const t = inside.x[start + a];
        const one = d[at] * v.x[a] * (1 - t * t);
        dq[q + a] += one;
        dk[k + a] += one;
        if (w_A) covered += w_A[a] * one;
      }
      if (w_A) dc[at] += covered;
    });
  });
}

function softmaxOnTape(tape, a) {
  const made = tape.node(a.count, a.size);
  const rowOf = (x, n) => x.subarray(n * a.stride, n * a.stride + a.size);
  for (let n = 0; n < a.count; n++) {
    const scores = rowOf(a.x, n);
    const most = Math.max(...scores);
    const powers = Array.from(scores, (x) => Math.exp(x - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    made.x.set(powers.map((power) => power / total), n * made.stride);
  }
  return tape.make(made, (d) => {
    const to = tape.slope(a);
    for (let n = 0; n < a.count; n++) {
      const [weights, slopes] = [rowOf(made.x, n), rowOf(d, n)];
      const mean = dot(slopes, weights);
      for (let s = 0; s < a.size; s++) to[n * a.stride + s] += weights[s] * (slopes[s] - mean);
    }
  });
}

// Local attention's log factors: -2 ((s - p) / D)², -∞ outside the window. ``times`` has the step of each row.
function factorsOnTape(tape, { config, weights }, state, times, length) {
  const { attention, window } = config;
  if (attention !== "local-m" && attention !== "local-p") return null;
  let centres = null;
  if (attention === "local-p") {
    const { data } = weights.v;
    const query = tape.tanh(tape.linear(weights.query, [state]));
    centres = tape.scaled(tape.sigmoid(tape.linear({ shape: [1, data.length], data }, [query])), length);
  }
  const centreOf = (n) => (centres ? centres.x[n * centres.stride] : Math.min(times[n], length - 1));
  const made = tape.node(state.count, length);
  const each = (run) => {
    for (let n = 0; n < made.count; n++) for (let s = 0; s < length; s++) run(s - centreOf(n), n * made.stride + s, n);
  };
  const isOut = (distance) => Math.abs(distance) > window;
  each((distance, at) => (made.x[at] = isOut(distance) ? -Infinity : -2 * (distance / window) ** 2));
  return tape.make(made, (d) => {
    if (!centres) return;
    const to = tape.slope(centres);
    each((distance, at, n) => {
      if (!isOut(distance)) to[n * centres.stride] += (d[at] * 4 * distance) / window ** 2;
    });
  });
}

// The same weights but for rows with others given: an array, or null, each.
function replacedOnTape(tape, attention, given_N) {
  const made = tape.node(attention.count, attention.size);
  made.x.set(attention.x);
  given_N.forEach((given, n) => given && made.x.set(given, n * made.stride));
  return tape.make(made, (d) => {
    const to = tape.slope(attention);
    given_N.forEach((given, n) => {
      if (!given) for (let at = n * made.stride; at < (n + 1) * made.stride; at++) to[at] += d[at];
    });
  });
}

// Weights and context of each row, from the state that looks; weights that are given replace the softmax.
export function attendOnTape(tape, model, state, { times, coverage }, memory, given_N) {
  if (memory.summary) return { attention: null, context: memory.summary };
  const { keys, length } = memory;
  const { weights, config } = model;
  const isAdditive = config.attention === "additive" || config.attention === "concat";
  const own = isAdditive
    ? additiveOnTape(tape, model, tape.linear(weights.query, [state], weights.queryBias), coverage, memory, keys)
    : dotsOnTape(tape, state, memory, keys);
  const around = factorsOnTape(tape, model, state, times, length);
  const attention = softmaxOnTape(tape, around ? tape.add(own, around) : own);
  const used = given_N.some(Boolean) ? replacedOnTape(tape, attention, given_N) : attention;
  return { attention: used, context: mixedOnTape(tape, used, memory) };
}
