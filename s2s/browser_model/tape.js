// Numbers of many rows at once, and the derivatives of one number of each row by those that it was made of. A node is {
// count, size, stride, x, d }: ``count`` vectors of ``size`` numbers x as in rows.js and, while ``backward`` runs, the
// derivatives d by them. Each function makes a node from others, and notes how derivatives go back to them; none go
// back to a node that is fixed.

import { addProducts, addProductsBack, applyTanh, columnsOf, strideFor } from "./rows.js";

// The vectors of a node, of its numbers or of their derivatives.
export const over = ({ stride }, data, at = 0) => ({ data, at, stride });

export class Tape {
  // Without ``isKept`` nothing is noted.
  constructor(room, isKept = true) {
    Object.assign(this, { room, isKept, made: [], spare: new Map() });
  }

  node(count, size) {
    const stride = strideFor(size);
    return { count, size, stride, x: this.room.take(count * stride), d: null };
  }

  zeros(count, size) {
    return { ...this.node(count, size), isFixed: true, isZero: true };
  }

  // The same vector in each row.
  given(count, x) {
    return { ...this.filled(count, x), isFixed: true };
  }

  filled(count, x) {
    const made = this.node(count, x.length);
    for (let n = 0; n < count; n++) made.x.set(x, n * made.stride);
    return made;
  }

  make(made, back) {
    if (this.isKept) this.made.push({ made, back });
    return made;
  }

  // Where the derivatives by a node are added up.
  slope(a) {
    a.d ??= this.spare.get(a.x.length)?.pop()?.fill(0) ?? this.room.take(a.x.length);
    return a.d;
  }

  // Give back the room of derivatives that nothing reads any more.
  free(a) {
    if (!a.d) return;
    if (!this.spare.has(a.d.length)) this.spare.set(a.d.length, []);
    this.spare.get(a.d.length).push(a.d);
    a.d = null;
  }

  // Differentiate Σ_j factors_j x_j of every row of a node.
  backward(end, factors) {
    const d = this.slope(end);
    for (let n = 0; n < end.count; n++) d.set(factors, n * end.stride);
    for (let k = this.made.findLastIndex(({ made }) => made === end); k >= 0; k--) {
      const { made, back } = this.made[k];
      if (made.d) back(made.d);
      this.free(made);
    }
  }

  // Σ_k W_k a_k + b, where the columns of W are those of the parts one after the other: nodes, or words (words.js).
  linear(weight, parts, bias = null, { count } = parts[0]) {
    const made = bias ? this.filled(count, bias.data) : this.node(count, weight.shape[0]);
    let end = 0;
    const placed = parts.map((part) => ({ part, from: (end += part.size) - part.size }));
    const columns = ({ part, from }) => columnsOf(weight, from, part.size);
    for (const one of placed) {
      const { part, from } = one;
      if (part.project) part.project(weight, from, made);
      else if (!part.isZero) addProducts(columns(one), over(part, part.x), over(made, made.x), count);
    }
    return this.make(made, (d) => {
      for (const one of placed) {
        const { part, from } = one;
        if (part.learn) part.learn(weight, from, made, d);
        else if (!part.isFixed) addProductsBack(columns(one), over(made, d), over(part, this.slope(part)), count);
      }
    });
  }

  // Each number by itself: f(x), and f' as a function of f(x).
  each(a, f, slope) {
    const made = this.node(a.count, a.size);
    for (let i = 0; i < made.x.length; i++) made.x[i] = f(a.x[i]);
    return this.make(made, (d) => {
      const to = this.slope(a);
      for (let i = 0; i < d.length; i++) to[i] += d[i] * slope(made.x[i]);
    });
  }

  sigmoid(a) {
    return this.each(a, (x) => 1 / (1 + Math.exp(-x)), (y) => y * (1 - y));
  }

  scaled(a, factor) {
    return this.each(a, (x) => factor * x, () => factor);
  }

  tanh(a) {
    const made = this.node(a.count, a.size);
    made.x.set(a.x);
    applyTanh(made.x);
    return this.make(made, (d) => {
      const to = this.slope(a);
      for (let i = 0; i < d.length; i++) to[i] += d[i] * (1 - made.x[i] * made.x[i]);
    });
  }

  add(a, b) {
    const made = this.node(a.count, a.size);
    for (let i = 0; i < made.x.length; i++) made.x[i] = a.x[i] + b.x[i];
    return this.make(made, (d) => {
      for (const to of [this.slope(a), this.slope(b)]) addTo(to, d);
    });
  }

  slice(a, from, size) {
    const made = this.node(a.count, size);
    for (let n = 0; n < a.count; n++) {
      const at = n * a.stride + from;
      made.x.set(a.x.subarray(at, at + size), n * made.stride);
    }
    return this.make(made, (d) => {
      const to = this.slope(a);
      for (let n = 0; n < a.count; n++) {
        addTo(to.subarray(n * a.stride + from), d.subarray(n * made.stride, n * made.stride + size));
      }
    });
  }

  // The vectors of each row one after the other, ``rows`` lists of nodes: row n of the first list, of the second, …
  stacked(rows) {
    const [{ count }, size] = [rows[0][0], rows[0].reduce((sum, part) => sum + part.size, 0)];
    const made = this.node(count * rows.length, size);
    const placed = rows.flatMap((parts, s) => {
      let end = s * made.stride;
      return parts.map((part) => ({ part, from: (end += part.size) - part.size }));
    });
    const step = rows.length * made.stride;
    for (const { part, from } of placed) {
      for (let n = 0; n < count; n++) {
        made.x.set(part.x.subarray(n * part.stride, n * part.stride + part.size), n * step + from);
      }
    }
    return this.make(made, (d) => {
      for (const { part, from } of placed) {
        const to = this.slope(part);
        for (let n = 0; n < count; n++) {
          addTo(to.subarray(n * part.stride), d.subarray(n * step + from, n * step + from + part.size));
        }
      }
    });
  }

  joined(parts) {
    return this.stacked([parts]);
  }
}

function addTo(sum, x) {
  for (let i = 0; i < x.length; i++) sum[i] += x[i];
}
