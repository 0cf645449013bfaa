// The encoder of a batch and its gradients: embedding, a bidirectional recurrent layer, the decoder's first state.
// Padding is never read: where a row is over, the state goes on as it was.

import { attentionOf, keysBack } from "./attending.js";
import { PAD } from "./batches.js";
import { addColumns, apply, backToInput, backToWeight, joinRows, layerOf } from "./linear_layer.js";
import { isLstm, recordRoom, recur, recurBack, recurWeights, recurrentLayer, zeros } from "./recurrence.js";

const part = (state, from, length) => ({
  h: state.h.subarray(from, from + length),
  u: state.u && state.u.subarray(from, from + length),
});

// The rows of an embedding for ids, and the gradient's way back to them.
export function embed({ data, shape: [, size] }, ids, out) {
  ids.forEach((id, n) => out.set(data.subarray(id * size, (id + 1) * size), n * size));
  return out;
}
export function embedBack({ gradient, shape: [, size] }, ids, dout) {
  ids.forEach((id, n) => {
    if (id !== PAD) for (let e = 0, to = id * size, at = n * size; e < size; e++) gradient[to++] += dout[at++];
  });
}

// One direction over all positions. Of the S + 1 states the forward direction begins at the first, the other at the
// last.
function readDirection(arrays, model, batch, x_SBE, end) {
  const layer = recurrentLayer(arrays, model, "encoder.rnn.", `_l0${end}`);
  const { rows, length, mask_SB } = batch;
  const [width, a_SBG] = [rows * layer.size, apply(layer.input, x_SBE)];
  const [states, room, records] = [zeros(arrays, model, (length + 1) * width), recordRoom(layer, length, rows), []];
  const gates = rows * layer.cell.gates * layer.size;
  for (let n = 0; n < length; n++) {
    const s = end ? length - 1 - n : n;
    const [before, after] = (end ? [s + 1, s] : [s, s + 1]).map((at) => part(states, at * width, width));
    const keep_B = mask_SB.subarray(s * rows, (s + 1) * rows);
    records[s] = recur(layer, room, s, a_SBG.subarray(s * gates, (s + 1) * gates), before, after, keep_B);
  }
  const before_SBH = states.h.subarray(end ? width : 0, (end ? width : 0) + length * width);
  const out_SBH = states.h.subarray(end ? 0 : width, (end ? 0 : width) + length * width);
  return { layer, width, room, records, before_SBH, out_SBH, last: part(states, end ? 0 : length * width, width) };
}

function readDirectionBack(arrays, model, batch, direction, dout_SBH, dlast, x_SBE, end) {
  const { layer, width, room, records, before_SBH } = direction;
  let dafter = dlast;
  for (let n = batch.length - 1; n >= 0; n--) {
    const s = end ? batch.length - 1 - n : n;
    for (let i = 0; i < width; i++) dafter.h[i] += dout_SBH[s * width + i];
    const dbefore = zeros(arrays, model, width);
    recurBack(layer, room, s, records[s], dafter, dbefore);
    dafter = dbefore;
  }
  recurWeights(layer, room, x_SBE, before_SBH);
  return layer;
}

// The memory of a batch: all states, what attention compares with, and the decoder's first state.
export function encodeBatch(arrays, model, batch) {
  const { config, parameters } = model;
  const { rows, length } = batch;
  const half = config.encoder_size;
  const x_SBE = arrays.reserve(length * rows * config.embedding_size);
  embed(parameters.get("encoder.embedding.weight"), batch.source_SB, x_SBE);
  const directions = ["", "_reverse"].map((end) => readDirection(arrays, model, batch, x_SBE, end));
  const [to, from] = directions;
  const states_SBM = joinRows([to.out_SBH, from.out_SBH], [half, half], arrays.reserve(length * rows * 2 * half));
  const memory = { arrays, rows, length, size: 2 * half, states_SBM, mask_SB: batch.mask_SB };
  memory.dstates_SBM = arrays.take(states_SBM.length);
  const attention = attentionOf(arrays, model, memory);
  const names = isLstm(model) ? ["h", "u"] : ["h"];
  const ends = names.flatMap((name) => [to.last[name], from.last[name]]);
  const last_BF = joinRows(ends, ends.map(() => half), arrays.reserve(rows * half * ends.length));
  const bridge = layerOf(arrays, parameters.get("bridge.weight"), parameters.get("bridge.bias"));
  const first_BF = apply(bridge, last_BF).map(Math.tanh);
  const sizes = names.map(() => config.decoder_size);
  const first = zeros(arrays, model, rows * config.decoder_size);
  addColumns(names.map((name) => first[name]), sizes, first_BF);
  const summary_BM = joinRows([to.last.h, from.last.h], [half, half], arrays.reserve(rows * 2 * half));
  return { memory, attention, first, summary_BM, x_SBE, directions, names, last_BF, bridge, first_BF, sizes };
}

// d = tanh(W [forward; backward] + b): the gradient of the first state, and that of the context without attention, to
// the last states of both directions.
function bridgeBack(arrays, model, { names, last_BF, bridge, first_BF, sizes }, dfirst, dsummary_BM, rows) {
  const half = model.config.encoder_size;
  const dinside_BF = joinRows(names.map((name) => dfirst[name]), sizes, arrays.reserve(first_BF.length));
  for (let i = 0; i < dinside_BF.length; i++) dinside_BF[i] *= 1 - first_BF[i] * first_BF[i];
  backToWeight(bridge, dinside_BF, last_BF);
  const dlast_BF = backToInput(bridge, dinside_BF, arrays.take(last_BF.length));
  const dlast = [0, 1].map(() => zeros(arrays, model, rows * half));
  const parts = names.flatMap((name) => dlast.map((state) => state[name]));
  addColumns(parts, parts.map(() => half), dlast_BF);
  addColumns(dlast.map(({ h }) => h), [half, half], dsummary_BM);
  return dlast;
}

// All gradients of the encoder, from those of its memory, of the decoder's first state and of the summary.
export function encodeBatchBack(arrays, model, batch, encoded, dfirst, dsummary_BM) {
  const { memory, attention, x_SBE, directions } = encoded;
  const half = model.config.encoder_size;
  if (attention) keysBack(attention, memory);
  const dlast = bridgeBack(arrays, model, encoded, dfirst, dsummary_BM, batch.rows);
  const dout = directions.map(({ out_SBH }) => arrays.take(out_SBH.length));
  addColumns(dout, [half, half], memory.dstates_SBM);
  const dx_SBE = arrays.take(x_SBE.length);
  ["", "_reverse"].forEach((end, k) => {
    const layer = readDirectionBack(arrays, model, batch, directions[k], dout[k], dlast[k], x_SBE, end);
    backToInput(layer.input, directions[k].room.da_TBG, dx_SBE);
  });
  embedBack(model.parameters.get("encoder.embedding.weight"), batch.source_SB, dx_SBE);
}
