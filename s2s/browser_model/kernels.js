// Vectors and matrices. Letters at the end of a name are its shape, as everywhere in this folder: S source length,
// E embedding, H decoder state, M memory, A attention, R readout, V target vocabulary. A matrix is { shape, data,
// stride, multiply }: its rows lie ``stride`` numbers apart, one after the other where that is left out; ``multiply``
// and ``transposed``, of a matrix that is placed (placed.js), are its products with a vector on either side.

// W x + b: (O, I) and (I,) to (O,).
export function linear(weight, x_I, bias = null) {
  const { shape: [rows, columns], data, stride = columns, multiply } = weight;
  const out_O = bias ? bias.data.slice() : new Float32Array(rows);
  if (multiply) {
    const product_O = multiply(x_I);
    for (let o = 0; o < rows; o++) out_O[o] += product_O[o];
    return out_O;
  }
  const whole = columns - (columns % 4);
  for (let o = 0; o < rows; o++) {
    let [a, b, c, d, at, i] = [0, 0, 0, 0, o * stride, 0]; // four sums, so that no addition waits for the one before
    for (; i < whole; i += 4, at += 4) {
      a += data[at] * x_I[i];
      b += data[at + 1] * x_I[i + 1];
      c += data[at + 2] * x_I[i + 2];
      d += data[at + 3] * x_I[i + 3];
    }
    for (; i < columns; i++, at++) a += data[at] * x_I[i];
    out_O[o] += a + b + (c + d);
  }
  return out_O;
}

// Row ``i`` of a matrix, not copied.
export function row({ shape: [, columns], data, stride = columns }, i) {
  return data.subarray(i * stride, i * stride + columns);
}

export function dot(x_I, y_I) {
  let sum = 0;
  for (let i = 0; i < x_I.length; i++) sum += x_I[i] * y_I[i];
  return sum;
}

export function joined(...parts) {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const sigmoid = (x) => 1 / (1 + Math.exp(-x));
export const logSigmoid = (x) => -Math.log1p(Math.exp(-Math.abs(x))) + Math.min(x, 0);
export const tanh = (x_I) => x_I.map(Math.tanh);

function maximum(x_I) {
  let most = -Infinity;
  for (let i = 0; i < x_I.length; i++) if (x_I[i] > most) most = x_I[i];
  return most;
}

// The index of the greatest number, of equal ones the first.
export function argmax(x_I) {
  let at = 0;
  for (let i = 1; i < x_I.length; i++) if (x_I[i] > x_I[at]) at = i;
  return at;
}

// log Σ exp(x)
export function logSumExp(x_I) {
  const most = maximum(x_I);
  let total = 0;
  for (let i = 0; i < x_I.length; i++) total += Math.exp(x_I[i] - most);
  return most + Math.log(total);
}

export function softmax(x_I) {
  const normaliser = logSumExp(x_I);
  return x_I.map((x) => Math.exp(x - normaliser));
}

// The indices of the ``count`` greatest numbers, the greatest first, of equal ones the first.
export function largest(x_I, count) {
  const found = []; // indices, the greatest first
  for (let i = 0; i < x_I.length; i++) {
    if (found.length === count && !(x_I[i] > x_I[found[count - 1]])) continue;
    let at = found.length;
    while (at > 0 && x_I[i] > x_I[found[at - 1]]) at--;
    found.splice(at, 0, i);
    if (found.length > count) found.pop();
  }
  return found;
}
