// Attribution of a word to the source tokens, and to the words before it, by gradients of its log-probability
// (``s2s/explain/gradients.py``). The baseline is a source of equal length with zero embeddings, and zeros in the place
// of the words before it.

import { dot, row } from "./kernels.js";
import { editedWeights, placesOf } from "./replay.js";
import { encode } from "./seq2seq.js";
import { Tape } from "./tape.js";
import { logProbsOnTape } from "./taped_model.js";

const POINTS = 20; // quadrature points of the integral

// Gauss-Legendre points and weights on [0, 1]: the roots of the Legendre polynomial, by Newton's method.
function quadrature(count) {
  return Array.from({ length: count }, (_, i) => {
    let [x, slope] = [Math.cos((Math.PI * (i + 0.75)) / (count + 0.5)), 0];
    for (let turn = 0; turn < 100; turn++) {
      let [before, now] = [1, x];
      for (let n = 2; n <= count; n++) [before, now] = [now, ((2 * n - 1) * x * now - (n - 1) * before) / n];
      slope = (count * (x * now - before)) / (x * x - 1);
      x -= now / slope;
    }
    return { point: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}

// Of each step gradient × input, x·∂ log p(w)/∂x (Shrikumar et al. 2017), and integrated gradients,
// x·∫₀¹ ∂ log p(w | αx)/∂x dα (Sundararajan, Taly and Yan 2017, eq. 1), both in nats by source token, and the gap of
// the latter's sum to log p(w | x) - log p(w | 0). With ``prefix`` x is both, the source first; with ``against`` log p
// of that word is taken off. Stops after every run, so that other requests can be answered.
export function* attributing(model, lane, steps, { points = POINTS, prefix = false, against = null } = {}) {
  const { prior_V } = encode(model, lane.source).memory;
  const source_SE = lane.source.map((id) => row(model.weights.sourceEmbedding, id));
  const read = prefix ? lane.read.slice(1, steps.at(-1) + 1) : [];
  const input_NE = [...source_SE, ...read.map((id) => row(model.weights.embedding, id))];
  const givenAt = (t) => editedWeights(lane, t, placesOf(lane));
  function gradientsAt(scale) {
    const tape = new Tape();
    const scaled_NE = input_NE.map((x_E) => tape.given(Float64Array.from(x_E, (x) => scale * x)));
    const embedded_SE = scaled_NE.slice(0, source_SE.length);
    const read_TE = prefix ? scaled_NE.slice(source_SE.length) : null;
    const values = logProbsOnTape(tape, model, lane, embedded_SE, steps, { prior_V, givenAt, read_TE, against });
    return values.map((value) => {
      tape.backward(value, scaled_NE);
      return { value: value.x[0], gradient: scaled_NE.map(({ d }, n) => dot(d, input_NE[n])) };
    });
  }

  const whole = gradientsAt(1);
  yield;
  const baseline = gradientsAt(0);
  const integrated = steps.map(() => input_NE.map(() => 0));
  for (const { point, weight } of quadrature(points)) {
    yield;
    gradientsAt(point).forEach(({ gradient }, k) => gradient.forEach((x, s) => (integrated[k][s] += weight * x)));
  }
  return whole.map(({ value, gradient }, k) => {
    const sum = integrated[k].reduce((total, x) => total + x, 0);
    return { gradient, integrated: integrated[k], gap: sum - (value - baseline[k].value) };
  });
}
