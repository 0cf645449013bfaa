// Attention of a batch, and its gradients: scores of one decoder state against all source positions, their softmax, the
// context. S source positions, B rows, H decoder state, M memory, A attention; memory and keys lie position after
// position.

import { apply, backToInput, backToWeight, layerOf } from "./linear_layer.js";

// e_ts = v·tanh(W s + U h_s) (Bahdanau, Cho and Bengio 2015, A.1.2); Luong's concat is the same with the current state.
const additive = {
  keys(arrays, model, memory) {
    const take = (name) => model.parameters.get(`decoder.attention.${name}.weight`);
    const [query, key, v] = [layerOf(arrays, take("query")), layerOf(arrays, take("key")), take("v")];
    return { query, key, v, size: key.outputs, keys_SBA: apply(key, memory.states_SBM) };
  },
  scores({ query, v, size, keys_SBA }, { arrays, rows, length, mask_SB }, state_BH, scores_SB) {
    const [query_BA, v_A] = [apply(query, state_BH), v.data];
    const tanh_SBA = arrays.reserve(keys_SBA.length);
    for (let n = 0, at = 0; n < length * rows; n++) {
      if (!mask_SB[n]) {
        at += size;
        continue;
      }
      let score = 0;
      for (let a = 0, q = (n % rows) * size; a < size; a++, at++) {
        const inside = Math.tanh(query_BA[q + a] + keys_SBA[at]);
        tanh_SBA[at] = inside;
        score += v_A[a] * inside;
      }
      scores_SB[n] = score;
    }
    return { tanh_SBA };
  },
  back({ query, v, size }, memory, { tanh_SBA, state_BH }, dscores_SB, dstate_BH) {
    const { arrays, rows, length, mask_SB, dkeys_SBA } = memory;
    const [dquery_BA, v_A, dv_A] = [arrays.take(rows * size), v.data, v.gradient];
    for (let n = 0; n < length * rows; n++) {
      const dscore = dscores_SB[n];
      if (!mask_SB[n] || dscore === 0) continue;
      for (let a = 0, at = n * size, q = (n % rows) * size; a < size; a++, at++) {
        const inside = tanh_SBA[at];
        const slope = dscore * v_A[a] * (1 - inside * inside);
        dv_A[a] += dscore * inside;
        dquery_BA[q + a] += slope;
        dkeys_SBA[at] += slope;
      }
    }
    backToInput(query, dquery_BA, dstate_BH);
    backToWeight(query, dquery_BA, state_BH);
  },
};

// e_ts = h_t·k_s (Luong, Pham and Manning 2015, eq. 8): k_s is the state itself (dot) or W h_s (general).
const multiplicative = (keys) => ({
  keys,
  scores({ size, keys_SBA }, { rows, length }, state_BH, scores_SB) {
    for (let n = 0, at = 0; n < length * rows; n++) {
      let score = 0;
      for (let h = 0, q = (n % rows) * size; h < size; h++, at++) score += state_BH[q + h] * keys_SBA[at];
      scores_SB[n] = score;
    }
    return {};
  },
  back({ size, keys_SBA }, { rows, length, dkeys_SBA }, { state_BH }, dscores_SB, dstate_BH) {
    for (let n = 0; n < length * rows; n++) {
      const dscore = dscores_SB[n];
      if (dscore === 0) continue;
      for (let h = 0, at = n * size, q = (n % rows) * size; h < size; h++, at++) {
        dstate_BH[q + h] += dscore * keys_SBA[at];
        dkeys_SBA[at] += dscore * state_BH[q + h];
      }
    }
  },
});
const dot = multiplicative((arrays, model, { states_SBM, size }) => ({ size, keys_SBA: states_SBM }));
const general = multiplicative((arrays, model, { states_SBM }) => {
  const key = layerOf(arrays, model.parameters.get("decoder.attention.key.weight"));
  return { key, size: key.outputs, keys_SBA: apply(key, states_SBM) };
});

const SCORERS = { additive, concat: additive, dot, general };

// The keys of a batch's memory, and room for their gradient; nothing without attention.
export function attentionOf(arrays, model, memory) {
  const scorer = SCORERS[model.config.attention];
  if (!scorer) return null;
  const part = scorer.keys(arrays, model, memory);
  memory.dkeys_SBA = arrays.take(part.keys_SBA.length);
  return { scorer, part };
}

// α = softmax(e) over real positions, c = Σ_s α_s h_s. ``context_BM`` is written; the record is for ``attendBack``.
export function attend({ scorer, part }, memory, state_BH, context_BM) {
  const { arrays, rows, length, size, states_SBM, mask_SB } = memory;
  const alpha_SB = arrays.take(length * rows);
  const record = scorer.scores(part, memory, state_BH, alpha_SB);
  for (let row = 0; row < rows; row++) softmaxColumn(alpha_SB, mask_SB, row, rows);
  context_BM.fill(0);
  for (let n = 0; n < length * rows; n++) {
    const weight = alpha_SB[n];
    if (weight === 0) continue;
    for (let m = 0, at = n * size, to = (n % rows) * size; m < size; m++) context_BM[to++] += weight * states_SBM[at++];
  }
  return { ...record, state_BH, alpha_SB };
}

function softmaxColumn(scores_SB, mask_SB, row, rows) {
  let [most, total] = [-Infinity, 0];
  for (let n = row; n < scores_SB.length; n += rows) if (mask_SB[n]) most = Math.max(most, scores_SB[n]);
  for (let n = row; n < scores_SB.length; n += rows) {
    scores_SB[n] = mask_SB[n] ? Math.exp(scores_SB[n] - most) : 0;
    total += scores_SB[n];
  }
  for (let n = row; n < scores_SB.length; n += rows) scores_SB[n] /= total;
}

// The gradient of the context to the memory and to the state that looked: dα_s = dc·h_s, de = α (dα - Σ α dα).
export function attendBack({ scorer, part }, memory, record, dcontext_BM, dstate_BH) {
  const { arrays, rows, length, size, states_SBM, dstates_SBM } = memory;
  const [dscores_SB, { alpha_SB }] = [arrays.take(length * rows), record];
  const mean_B = new Float64Array(rows);
  for (let n = 0; n < length * rows; n++) {
    const weight = alpha_SB[n];
    if (weight === 0) continue;
    let dweight = 0;
    for (let m = 0, at = n * size, from = (n % rows) * size; m < size; m++, at++, from++) {
      dweight += dcontext_BM[from] * states_SBM[at];
      dstates_SBM[at] += weight * dcontext_BM[from];
    }
    dscores_SB[n] = dweight;
    mean_B[n % rows] += weight * dweight;
  }
  for (let n = 0; n < length * rows; n++) dscores_SB[n] = alpha_SB[n] * (dscores_SB[n] - mean_B[n % rows]);
  scorer.back(part, memory, record, dscores_SB, dstate_BH);
}

// The gradient of the keys, once a batch: to the memory, and to the weight that made them.
export function keysBack({ part: { key } }, { dkeys_SBA, states_SBM, dstates_SBM }) {
  if (key) {
    backToInput(key, dkeys_SBA, dstates_SBM);
    backToWeight(key, dkeys_SBA, states_SBM);
  } else for (let n = 0; n < dkeys_SBA.length; n++) dstates_SBM[n] += dkeys_SBA[n];
}
