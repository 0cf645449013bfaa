// Derivatives of one number by many: vectors that remember how they were made. A vector is { x, d }: its numbers, and
// the derivatives of the number by each of them, once ``backward`` has run. Each function makes a vector from others,
// and knows how its derivatives go back to them.

import { linear, row } from "./kernels.js";

export class Tape {
  constructor() {
    this.made = [];
  }

  // A vector that is made of no other; what goes back to it is kept, but goes no further.
  given(x) {
    return { x: Float64Array.from(x), d: new Float64Array(x.length) };
  }

  make(x, back) {
    const made = { x, d: new Float64Array(x.length), back };
    this.made.push(made);
    return made;
  }

  // The derivatives of the only number of ``end`` by all numbers that it was made of.
  backward(end, others) {
    for (const one of [...this.made, ...others]) one.d.fill(0);
    end.d[0] = 1;
    for (let n = this.made.lastIndexOf(end); n >= 0; n--) this.made[n].back(this.made[n].d);
  }

  // Each number by itself: f(x), and f' as a function of f(x).
  each(a, f, slope) {
    const x = a.x.map(f);
    return this.make(x, (d) => d.forEach((one, i) => (a.d[i] += one * slope(x[i]))));
  }

  tanh(a) {
    return this.each(a, Math.tanh, (y) => 1 - y * y);
  }

  sigmoid(a) {
    return this.each(a, (x) => 1 / (1 + Math.exp(-x)), (y) => y * (1 - y));
  }

  // factor · a + constant
  scaled(a, factor, constant = 0) {
    return this.each(a, (x) => factor * x + constant, () => factor);
  }

  add(a, b) {
    return this.make(a.x.map((x, i) => x + b.x[i]), (d) => {
      d.forEach((one, i) => {
        a.d[i] += one;
        b.d[i] += one;
      });
    });
  }

  multiply(a, b) {
    return this.make(a.x.map((x, i) => x * b.x[i]), (d) => {
      d.forEach((one, i) => {
        a.d[i] += one * b.x[i];
        b.d[i] += one * a.x[i];
      });
    });
  }

  slice(a, from, to) {
    return this.make(a.x.slice(from, to), (d) => d.forEach((one, i) => (a.d[from + i] += one)));
  }

  joined(parts) {
    const x = new Float64Array(parts.reduce((length, part) => length + part.x.length, 0));
    let at = 0;
    const starts = parts.map((part) => {
      x.set(part.x, at);
      at += part.x.length;
      return at - part.x.length;
    });
    return this.make(x, (d) => {
      parts.forEach((part, n) => part.d.forEach((_, i) => (part.d[i] += d[starts[n] + i])));
    });
  }

  // W a + b
  linear(weight, a, bias = null) {
    return this.make(Float64Array.from(linear(weight, a.x, bias)), (d) => {
      if (weight.transposed) {
        const back = weight.transposed(d);
        for (let i = 0; i < a.d.length; i++) a.d[i] += back[i];
      } else for (let o = 0; o < d.length; o++) if (d[o]) addTimes(a.d, d[o], row(weight, o));
    });
  }

  // Numbers Σ_i a_i b_i, one for each b.
  dots(a, others) {
    const x = Float64Array.from(others, (b) => b.x.reduce((sum, one, i) => sum + one * a.x[i], 0));
    return this.make(x, (d) => {
      others.forEach((b, n) => {
        addTimes(a.d, d[n], b.x);
        addTimes(b.d, d[n], a.x);
      });
    });
  }

  // Σ_n weights_n others_n
  mixed(weights, others) {
    const x = new Float64Array(others[0].x.length);
    others.forEach((b, n) => addTimes(x, weights.x[n], b.x));
    return this.make(x, (d) => {
      others.forEach((b, n) => {
        addTimes(b.d, weights.x[n], d);
        weights.d[n] += b.x.reduce((sum, one, i) => sum + one * d[i], 0);
      });
    });
  }

  softmax(a) {
    const most = Math.max(...a.x);
    const powers = a.x.map((x) => Math.exp(x - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    const x = powers.map((power) => power / total);
    return this.make(x, (d) => {
      const mean = d.reduce((sum, one, i) => sum + one * x[i], 0);
      d.forEach((one, i) => (a.d[i] += x[i] * (one - mean)));
    });
  }

  // log softmax(a)_i, one number
  logSoftmaxAt(a, i) {
    const most = a.x.reduce((greatest, x) => Math.max(greatest, x), -Infinity);
    const normaliser = most + Math.log(a.x.reduce((sum, x) => sum + Math.exp(x - most), 0));
    return this.make(Float64Array.of(a.x[i] - normaliser), ([d]) => {
      a.x.forEach((x, v) => (a.d[v] -= d * Math.exp(x - normaliser)));
      a.d[i] += d;
    });
  }
}

function addTimes(sum, factor, x) {
  if (factor) for (let i = 0; i < x.length; i++) sum[i] += factor * x[i];
}
