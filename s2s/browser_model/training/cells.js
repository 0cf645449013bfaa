// A GRU's and an LSTM's step for a batch, and its gradients: B rows, H numbers a state, G gates side by side. ``a`` is
// what the input gives to the gates, ``b`` what the state before gives. Rows of ``keep_B`` that are 0 go on as they
// were.

const sigmoidOf = (x) => 1 / (1 + Math.exp(-x));

// r, z = σ(a + b), n = tanh(a + r b), h' = (1 - z) n + z h (Cho et al. 2014)
const gru = {
  gates: 3,
  forward(size, a_BG, b_BG, before, after, gates_BG, keep_B) {
    const h = before.h;
    for (let row = 0; row < h.length / size; row++) {
      for (let k = 0, i = row * size, r = 3 * i, z = r + size, n = z + size; k < size; k++, i++, r++, z++, n++) {
        gates_BG[r] = sigmoidOf(a_BG[r] + b_BG[r]);
        gates_BG[z] = sigmoidOf(a_BG[z] + b_BG[z]);
        gates_BG[n] = Math.tanh(a_BG[n] + gates_BG[r] * b_BG[n]);
        after.h[i] = !keep_B || keep_B[row] ? (1 - gates_BG[z]) * gates_BG[n] + gates_BG[z] * h[i] : h[i];
      }
    }
  },
  backward(size, { b_BG, before, gates_BG, keep_B }, dafter, da_BG, db_BG, dbefore) {
    const h = before.h;
    for (let row = 0; row < h.length / size; row++) {
      for (let k = 0, i = row * size, r = 3 * i, z = r + size, n = z + size; k < size; k++, i++, r++, z++, n++) {
        const dh = dafter.h[i];
        if (keep_B && !keep_B[row]) {
          da_BG[r] = da_BG[z] = da_BG[n] = db_BG[r] = db_BG[z] = db_BG[n] = 0;
          dbefore.h[i] = dh;
          continue;
        }
        const [gr, gz, gn] = [gates_BG[r], gates_BG[z], gates_BG[n]];
        const dn = dh * (1 - gz) * (1 - gn * gn);
        da_BG[r] = db_BG[r] = dn * b_BG[n] * gr * (1 - gr);
        da_BG[z] = db_BG[z] = dh * (h[i] - gn) * gz * (1 - gz);
        da_BG[n] = dn;
        db_BG[n] = dn * gr;
        dbefore.h[i] = dh * gz;
      }
    }
  },
};

// u' = σ(f) u + σ(i) tanh(g), h' = σ(o) tanh(u') (Hochreiter and Schmidhuber 1997)
const lstm = {
  gates: 4,
  forward(size, a_BG, b_BG, before, after, gates_BG, keep_B) {
    const { h, u } = before;
    for (let row = 0; row < h.length / size; row++) {
      for (let k = 0, at = row * size, i = 4 * at; k < size; k++, at++, i++) {
        const [f, g, o] = [i + size, i + 2 * size, i + 3 * size];
        gates_BG[i] = sigmoidOf(a_BG[i] + b_BG[i]);
        gates_BG[f] = sigmoidOf(a_BG[f] + b_BG[f]);
        gates_BG[g] = Math.tanh(a_BG[g] + b_BG[g]);
        gates_BG[o] = sigmoidOf(a_BG[o] + b_BG[o]);
        const kept = !keep_B || keep_B[row];
        after.u[at] = kept ? gates_BG[f] * u[at] + gates_BG[i] * gates_BG[g] : u[at];
        after.h[at] = kept ? gates_BG[o] * Math.tanh(after.u[at]) : h[at];
      }
    }
  },
  backward(size, { before, after, gates_BG, keep_B }, dafter, da_BG, db_BG, dbefore) {
    const { h, u } = before;
    for (let row = 0; row < h.length / size; row++) {
      for (let k = 0, at = row * size, i = 4 * at; k < size; k++, at++, i++) {
        const [f, g, o] = [i + size, i + 2 * size, i + 3 * size];
        if (keep_B && !keep_B[row]) {
          da_BG[i] = da_BG[f] = da_BG[g] = da_BG[o] = 0;
          dbefore.h[at] = dafter.h[at];
          dbefore.u[at] = dafter.u[at];
          continue;
        }
        const [gi, gf, gg, go] = [gates_BG[i], gates_BG[f], gates_BG[g], gates_BG[o]];
        const seen = Math.tanh(after.u[at]);
        const du = dafter.u[at] + dafter.h[at] * go * (1 - seen * seen);
        da_BG[i] = du * gg * gi * (1 - gi);
        da_BG[f] = du * u[at] * gf * (1 - gf);
        da_BG[g] = du * gi * (1 - gg * gg);
        da_BG[o] = dafter.h[at] * seen * go * (1 - go);
        dbefore.h[at] = 0;
        dbefore.u[at] = du * gf;
      }
    }
    db_BG.set(da_BG);
  },
};

export const CELLS = { gru, lstm };
