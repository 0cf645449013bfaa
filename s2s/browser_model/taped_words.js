// Words that a network on a tape reads: a row of an embedding each, times a number of the row. As the product with a
// matrix is that of the embedding times the number, it is computed once; and the embedding times the derivatives by it
// is the product times the derivatives by that.

import { dot, linear, row } from "./kernels.js";

// Products of embeddings with columns of matrices.
export class Projections {
  constructor() {
    this.known = new Map(); // by matrix
  }

  of(weight, from, table, id) {
    if (!this.known.has(weight)) this.known.set(weight, new Map());
    const [products, key] = [this.known.get(weight), `${from} ${id}`];
    if (!products.has(key)) {
      const x_I = new Float32Array(weight.shape[1]);
      x_I.set(row(table, id), from);
      products.set(key, linear(weight, x_I));
    }
    return products.get(key);
  }
}

// A word in each row: ``ids`` and ``scales`` a number each. ``found`` adds up the embedding times the derivatives by
// it.
export class Words {
  constructor(projections, table, ids, scales = null) {
    Object.assign(this, { projections, table, ids, scales, count: ids.length, size: table.shape[1] });
    this.found = new Float64Array(ids.length);
  }

  project(weight, from, { x, stride }) {
    this.ids.forEach((id, n) => {
      const product = this.projections.of(weight, from, this.table, id);
      const scale = this.scales ? this.scales[n] : 1;
      for (let o = 0, i = n * stride; o < product.length; o++, i++) x[i] += scale * product[o];
    });
  }

  learn(weight, from, { stride }, d) {
    this.ids.forEach((id, n) => {
      const product = this.projections.of(weight, from, this.table, id);
      this.found[n] += dot(product, d.subarray(n * stride, n * stride + product.length));
    });
  }
}
