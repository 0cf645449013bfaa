// W x + b for many rows at once, and its gradients. Letters at the end of a name are its shape, as in the folder above:
// N rows, I inputs, O outputs. A parameter is { shape, data, gradient }; d in front of a name is the gradient of the
// loss.

// A layer of one batch: its weight is turned once, for all products of the batch.
export function layerOf(arrays, weight, bias = null) {
  const [outputs, inputs] = weight.shape;
  return { arrays, weight, bias, outputs, inputs, turned_IO: arrays.transposed(weight.data, outputs, inputs) };
}

// y = W x + b: (N, I) to (N, O).
export function apply({ arrays, bias, inputs, outputs, turned_IO }, x_NI, y_NO = null) {
  const rows = x_NI.length / inputs;
  y_NO ??= arrays.reserve(rows * outputs);
  if (bias) for (let n = 0; n < rows; n++) y_NO.set(bias.data, n * outputs);
  else y_NO.fill(0);
  arrays.addProduct(y_NO, x_NI, turned_IO, rows, inputs, outputs);
  return y_NO;
}

// dx += Wᵀ dy
export function backToInput({ arrays, weight, inputs, outputs }, dy_NO, dx_NI) {
  arrays.addProduct(dx_NI, dy_NO, weight.data, dy_NO.length / outputs, outputs, inputs);
  return dx_NI;
}

// dW += dyᵀ x, db += Σ dy
export function backToWeight({ arrays, weight, bias, inputs, outputs }, dy_NO, x_NI) {
  const rows = dy_NO.length / outputs;
  arrays.addProductOfTransposed(weight.gradient, dy_NO, x_NI, outputs, rows, inputs);
  if (!bias) return;
  const { gradient } = bias;
  for (let n = 0, at = 0; n < rows; n++) for (let o = 0; o < outputs; o++, at++) gradient[o] += dy_NO[at];
}

// Vectors side by side, row by row: parts (N, sizes[k]) to (N, Σ sizes).
export function joinRows(parts, sizes, out) {
  const width = sizes.reduce((sum, size) => sum + size, 0);
  let from = 0;
  parts.forEach((part, k) => {
    const size = sizes[k];
    for (let n = 0, at = 0; at < part.length; n++) {
      for (let i = 0, to = n * width + from; i < size; i++) out[to++] = part[at++];
    }
    from += size;
  });
  return out;
}

// The other way: each part gets its own columns added; a part that is null is left out.
export function addColumns(parts, sizes, joined_NW) {
  const width = sizes.reduce((sum, size) => sum + size, 0);
  let from = 0;
  parts.forEach((part, k) => {
    const size = sizes[k];
    for (let n = 0, at = 0; part && at < part.length; n++) {
      for (let i = 0, to = n * width + from; i < size; i++) part[at++] += joined_NW[to++];
    }
    from += size;
  });
}
