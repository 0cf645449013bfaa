// One recurrent layer over the steps of a batch: each step leaves what its gradients need. A layer is { input, hidden
// }, the two products of a cell (linear_layer.js).

import { CELLS } from "./cells.js";
import { apply, backToInput, backToWeight, layerOf } from "./linear_layer.js";

// A cell of the parameters under a prefix such as ``decoder.cells.0.`` and an ending such as ``_l0``, for one batch.
export function recurrentLayer(arrays, model, prefix, end = "") {
  const take = (name) => model.parameters.get(`${prefix}${name}${end}`);
  const cell = CELLS[model.config.cell];
  const hidden = layerOf(arrays, take("weight_hh"), take("bias_hh"));
  const size = hidden.inputs;
  return { arrays, cell, size, input: layerOf(arrays, take("weight_ih"), take("bias_ih")), hidden };
}

export const isLstm = ({ config }) => config.cell === "lstm";

// A state of B rows: zeros.
export const zeros = (arrays, model, length) => ({
  h: arrays.take(length),
  u: isLstm(model) ? arrays.take(length) : null,
});

// Room for the records of T steps of B rows.
export function recordRoom({ arrays, cell, size }, steps, rows) {
  const gates = rows * cell.gates * size;
  const [b_TBG, gates_TBG, da_TBG, db_TBG] = Array.from({ length: 4 }, () => arrays.reserve(steps * gates));
  return { gates, b_TBG, gates_TBG, da_TBG, db_TBG };
}

const cut = (array, t, length) => array.subarray(t * length, (t + 1) * length);

// The state after one step, and its record. ``a_BG`` is the product of the input.
export function recur({ cell, size, hidden }, room, t, a_BG, before, after, keep_B = null) {
  const [b_BG, gates_BG] = [cut(room.b_TBG, t, room.gates), cut(room.gates_TBG, t, room.gates)];
  apply(hidden, before.h, b_BG);
  cell.forward(size, a_BG, b_BG, before, after, gates_BG, keep_B);
  return { b_BG, gates_BG, before, after, keep_B };
}

// From the gradient of the state after a step to that before it; those of the gates stay in ``room`` and are given
// back.
export function recurBack({ cell, size, hidden }, room, t, record, dafter, dbefore) {
  const [da_BG, db_BG] = [cut(room.da_TBG, t, room.gates), cut(room.db_TBG, t, room.gates)];
  cell.backward(size, record, dafter, da_BG, db_BG, dbefore);
  backToInput(hidden, db_BG, dbefore.h);
  return da_BG;
}

// The gradients of both weights from all steps at once; ``before_TBH`` are the states that the steps began with.
export function recurWeights({ input, hidden }, { da_TBG, db_TBG }, x_TBI, before_TBH) {
  backToWeight(input, da_TBG, x_TBI);
  backToWeight(hidden, db_TBG, before_TBH);
}
