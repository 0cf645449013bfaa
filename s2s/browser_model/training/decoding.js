// The decoder of a batch, step by step in Bahdanau's or in Luong's order (decoder.js), its loss and all gradients.
// T target steps, B rows, I input of the cell, R readout, W what the readout is made of, V target vocabulary.

import { attend, attendBack } from "./attending.js";
import { PAD } from "./batches.js";
import { embed, embedBack, encodeBatch, encodeBatchBack } from "./encoding.js";
import { addColumns, apply, backToInput, backToWeight, joinRows, layerOf } from "./linear_layer.js";
import { recordRoom, recur, recurBack, recurWeights, recurrentLayer, zeros } from "./recurrence.js";

const looksBack = ({ attention }) => attention === "additive" || attention === "none";
const at = (array, t, length) => array.subarray(t * length, (t + 1) * length);

// Everything that the steps of a batch share.
function decoderOf(arrays, model, batch) {
  const { config, parameters } = model;
  const take = (name) => parameters.get(name);
  const { rows, steps } = batch;
  const sizes = { E: config.embedding_size, H: config.decoder_size, M: 2 * config.encoder_size };
  const [first, fed] = [looksBack(config), !looksBack(config) && config.input_feeding];
  const embedding = take("embedding.weight");
  const output = layerOf(arrays, take("output.weight") ?? embedding, take("output.bias"));
  const readout =
    config.readout === "state" ? null : layerOf(arrays, take("decoder.readout.weight"), take("decoder.readout.bias"));
  const R = output.inputs;
  const inputs = first ? [sizes.E, sizes.M] : fed ? [sizes.E, R] : [sizes.E];
  const read = first ? [sizes.H, sizes.M, sizes.E] : [sizes.M, sizes.H];
  const layer = recurrentLayer(arrays, model, "decoder.cells.0.");
  const width = (list) => rows * list.reduce((sum, size) => sum + size, 0);
  const parts = { embedding, output, readout, layer, inputs, read, R, I: width(inputs), W: width(read), ...sizes };
  const records = {
    x_TBI: arrays.reserve(steps * width(inputs)),
    room: recordRoom(layer, steps, rows),
    read_TBW: arrays.reserve(steps * width(read)),
    readout_TBR: arrays.reserve(steps * rows * R),
    states: zeros(arrays, model, (steps + 1) * rows * sizes.H),
    logits_TBV: arrays.reserve(steps * rows * output.outputs),
  };
  return { arrays, model, config, rows, steps, first, fed, ...parts, ...records };
}

function stateAt({ states: { h, u }, rows, H }, t) {
  return { h: at(h, t, rows * H), u: u && at(u, t, rows * H) };
}

function look(decoder, { attention, memory, summary_BM }, state_BH, context_BM) {
  if (attention) return attend(attention, memory, state_BH, context_BM);
  context_BM.set(summary_BM);
  return null;
}

// One step that reads a token a row: its logits lie at t of ``logits_TBV``.
function stepForward(decoder, encoded, t, ids_B) {
  const { arrays, rows, layer, room } = decoder;
  const y_BE = embed(decoder.embedding, ids_B, arrays.reserve(rows * decoder.E));
  const context_BM = arrays.reserve(rows * decoder.M);
  const [before, after] = [stateAt(decoder, t), stateAt(decoder, t + 1)];
  const fed_BR = t ? at(decoder.readout_TBR, t - 1, rows * decoder.R) : arrays.take(rows * decoder.R);
  let seen = decoder.first ? look(decoder, encoded, before.h, context_BM) : null;
  const x_BI = at(decoder.x_TBI, t, decoder.I);
  joinRows(decoder.first ? [y_BE, context_BM] : decoder.fed ? [y_BE, fed_BR] : [y_BE], decoder.inputs, x_BI);
  const record = recur(layer, room, t, apply(layer.input, x_BI), before, after);
  if (!decoder.first) seen = look(decoder, encoded, after.h, context_BM);
  const read_BW = at(decoder.read_TBW, t, decoder.W);
  joinRows(decoder.first ? [after.h, context_BM, y_BE] : [context_BM, after.h], decoder.read, read_BW);
  const readout_BR = at(decoder.readout_TBR, t, rows * decoder.R);
  if (decoder.readout) apply(decoder.readout, read_BW, readout_BR);
  else readout_BR.set(after.h);
  if (decoder.config.readout === "tanh") readout_BR.forEach((x, i) => (readout_BR[i] = Math.tanh(x)));
  apply(decoder.output, readout_BR, at(decoder.logits_TBV, t, rows * decoder.output.outputs));
  return { record, seen };
}

// All steps. ``inputs_TB`` are the ids that are read; ``choose(logits_BV, t)`` may write those of step t, from the
// logits of the step before (scheduled sampling, or a model that runs free). It returns true to end early.
export function decodeBatch(arrays, model, batch, choose = null) {
  const encoded = encodeBatch(arrays, model, batch);
  const decoder = decoderOf(arrays, model, batch);
  const [first, { rows, steps }] = [stateAt(decoder, 0), batch];
  first.h.set(encoded.first.h);
  first.u?.set(encoded.first.u);
  const records = [];
  for (let t = 0; t < steps; t++) {
    if (t && choose?.(at(decoder.logits_TBV, t - 1, rows * decoder.output.outputs), t)) break;
    records.push(stepForward(decoder, encoded, t, at(batch.inputs_TB, t, rows)));
  }
  return { encoded, decoder, records };
}

// The mean of -log softmax over real tokens; ``logits_TBV`` becomes its gradient, (p - onehot) / N.
export function crossEntropy({ logits_TBV, output: { outputs } }, targets_TB) {
  const count = targets_TB.reduce((sum, id) => sum + (id !== PAD), 0);
  let loss = 0;
  targets_TB.forEach((id, n) => {
    const logits_V = at(logits_TBV, n, outputs);
    if (id === PAD) return logits_V.fill(0);
    const most = logits_V.reduce((a, b) => Math.max(a, b));
    let total = 0;
    for (let v = 0; v < outputs; v++) total += Math.exp(logits_V[v] - most);
    const normaliser = most + Math.log(total);
    loss += normaliser - logits_V[id];
    for (let v = 0; v < outputs; v++) logits_V[v] = (Math.exp(logits_V[v] - normaliser) - (v === id ? 1 : 0)) / count;
  });
  return { loss: loss / count, count };
}

// The gradients of one step. ``carry`` has those of the state after it and of its readout as an input of the next; it
// leaves with those of the step before.
function stepBack(decoder, encoded, t, { record, seen }, dread_BW, carry, dembedded_BE, dsummary_BM) {
  const { arrays, rows, layer, room, first, fed } = decoder;
  const [dcontext_BM, dstate] = [arrays.take(rows * decoder.M), carry.state];
  addColumns(first ? [dstate.h, dcontext_BM, dembedded_BE] : [dcontext_BM, dstate.h], decoder.read, dread_BW);
  if (!first) attendBack(encoded.attention, encoded.memory, seen, dcontext_BM, dstate.h);
  const dbefore = zeros(arrays, decoder.model, rows * decoder.H);
  const da_BG = recurBack(layer, room, t, record, dstate, dbefore);
  const dx_BI = backToInput(layer.input, da_BG, arrays.take(decoder.I));
  carry.readout_BR = arrays.take(rows * decoder.R);
  const parts = first ? [dembedded_BE, dcontext_BM] : fed ? [dembedded_BE, carry.readout_BR] : [dembedded_BE];
  addColumns(parts, decoder.inputs, dx_BI);
  if (first && seen) attendBack(encoded.attention, encoded.memory, seen, dcontext_BM, dbefore.h);
  if (!seen) for (let i = 0; i < dcontext_BM.length; i++) dsummary_BM[i] += dcontext_BM[i];
  carry.state = dbefore;
}

// All gradients of a batch, added to the parameters' own, from those of the logits (``crossEntropy``).
export function decodeBatchBack(arrays, model, batch, { encoded, decoder, records }) {
  const { rows, steps, output, readout, R, W, E } = decoder;
  const dreadout_TBR = backToInput(output, decoder.logits_TBV, arrays.take(steps * rows * R));
  const dread_TBW = arrays.take(steps * W);
  const dembedded_TBE = arrays.take(steps * rows * E);
  const dsummary_BM = arrays.take(rows * decoder.M);
  const carry = { state: zeros(arrays, model, rows * decoder.H), readout_BR: arrays.take(rows * R) };
  for (let t = steps - 1; t >= 0; t--) {
    const [dreadout_BR, dread_BW] = [at(dreadout_TBR, t, rows * R), at(dread_TBW, t, W)];
    const readout_BR = at(decoder.readout_TBR, t, rows * R);
    for (let i = 0; i < dreadout_BR.length; i++) {
      dreadout_BR[i] += carry.readout_BR[i];
      if (model.config.readout === "tanh") dreadout_BR[i] *= 1 - readout_BR[i] * readout_BR[i];
    }
    if (readout) backToInput(readout, dreadout_BR, dread_BW);
    else for (let i = 0; i < dreadout_BR.length; i++) carry.state.h[i] += dreadout_BR[i];
    stepBack(decoder, encoded, t, records[t], dread_BW, carry, at(dembedded_TBE, t, rows * E), dsummary_BM);
  }
  backToWeight(output, decoder.logits_TBV, decoder.readout_TBR);
  if (readout) backToWeight(readout, dreadout_TBR, decoder.read_TBW);
  recurWeights(decoder.layer, decoder.room, decoder.x_TBI, decoder.states.h.subarray(0, steps * rows * decoder.H));
  embedBack(decoder.embedding, batch.inputs_TB, dembedded_TBE);
  encodeBatchBack(arrays, model, batch, encoded, carry.state, dsummary_BM);
}
