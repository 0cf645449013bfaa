// A GRU and an LSTM on a tape; recurrent.js has their equations. A state is { h, u }, u null in a GRU.

import { applyTanh } from "./rows.js";

// Thirds of a and b, in each row, are r, z and n; kept are r, z, n and the last third of b.
function gruOnTape(tape, a, b, h) {
  const { count, size, stride } = h;
  const [made, length] = [tape.node(count, size), count * stride];
  const gates = tape.room.take(3 * length);
  const [r, z, n] = [0, 1, 2].map((k) => gates.subarray(k * length, (k + 1) * length));
  const each = (run) => {
    for (let row = 0; row < count; row++) {
      for (let k = 0, i = row * stride, g = row * a.stride; k < size; k++, i++, g++) run(i, g);
    }
  };
  each((i, g) => {
    r[i] = (a.x[g] + b.x[g]) / 2;
    z[i] = (a.x[g + size] + b.x[g + size]) / 2;
  });
  applyTanh(gates.subarray(0, 2 * length)); // σ(x) = (1 + tanh(x / 2)) / 2
  each((i, g) => {
    r[i] = (1 + r[i]) / 2;
    z[i] = (1 + z[i]) / 2;
    n[i] = a.x[g + 2 * size] + r[i] * b.x[g + 2 * size];
  });
  applyTanh(n);
  each((i) => (made.x[i] = (1 - z[i]) * n[i] + z[i] * h.x[i]));
  tape.make(made, (d) => {
    const [da, db, dh] = [a, b, h].map((one) => tape.slope(one));
    each((i, g) => {
      const [one, inside] = [d[i], d[i] * (1 - z[i]) * (1 - n[i] * n[i])];
      const reset = inside * b.x[g + 2 * size] * r[i] * (1 - r[i]);
      const update = one * (h.x[i] - n[i]) * z[i] * (1 - z[i]);
      da[g] += reset;
      db[g] += reset;
      da[g + size] += update;
      db[g + size] += update;
      da[g + 2 * size] += inside;
      db[g + 2 * size] += inside * r[i];
      dh[i] += one * z[i];
    });
  });
  return { h: made, u: null };
}

// Quarters of a + b are i, f, g and o.
function lstmOnTape(tape, a, b, { h, u }) {
  const gates = tape.add(a, b);
  const part = (k) => tape.slice(gates, k * h.size, h.size);
  const [i, f, o] = [0, 1, 3].map((k) => tape.sigmoid(part(k)));
  const cell = tape.add(productOnTape(tape, f, u), productOnTape(tape, i, tape.tanh(part(2))));
  return { h: productOnTape(tape, o, tape.tanh(cell)), u: cell };
}

function productOnTape(tape, a, b) {
  const made = tape.node(a.count, a.size);
  for (let i = 0; i < made.x.length; i++) made.x[i] = a.x[i] * b.x[i];
  return tape.make(made, (d) => {
    const [da, db] = [tape.slope(a), tape.slope(b)];
    for (let i = 0; i < d.length; i++) {
      da[i] += d[i] * b.x[i];
      db[i] += d[i] * a.x[i];
    }
  });
}

// The state after reading the parts of x (Tape.linear).
export function cellOnTape(tape, { input, hidden, inputBias, hiddenBias }, parts, state) {
  const [a, b] = [tape.linear(input, parts, inputBias), tape.linear(hidden, [state.h], hiddenBias)];
  return state.u ? lstmOnTape(tape, a, b, state) : gruOnTape(tape, a, b, state.h);
}

export const zerosOnTape = (tape, count, size, isLstm) => ({
  h: tape.zeros(count, size),
  u: isLstm ? tape.zeros(count, size) : null,
});
