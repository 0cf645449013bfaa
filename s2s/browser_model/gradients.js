// Attribution of a word to the source tokens by gradients of its log-probability (``s2s/explain/gradients.py``). The
// baseline is a source of equal length with zero embeddings.

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
// the latter's sum to log p(w | x) - log p(w | 0). Stops after every run, so that other requests can be answered.
export function* attributing(model, lane, steps) {
  const { prior_V } = encode(model, lane.source).memory;
  const source_SE = lane.source.map((id) => row(model.weights.sourceEmbedding, id));
  const givenAt = (t) => editedWeights(lane, t, placesOf(lane));
  function gradientsAt(scale) {
    const tape = new Tape();
    const embedded_SE = source_SE.map((x_E) => tape.given(Float64Array.from(x_E, (x) => scale * x)));
    const values = logProbsOnTape(tape, model, lane, embedded_SE, steps, { prior_V, givenAt });
    return values.map((value) => {
      tape.backward(value, embedded_SE);
      return { value: value.x[0], gradient: embedded_SE.map(({ d }, s) => dot(d, source_SE[s])) };
    });
  }

  const whole = gradientsAt(1);
  yield;
  const baseline = gradientsAt(0);
  const integrated = steps.map(() => lane.source.map(() => 0));
  for (const { point, weight } of quadrature(POINTS)) {
    yield;
    gradientsAt(point).forEach(({ gradient }, k) => gradient.forEach((x, s) => (integrated[k][s] += weight * x)));
  }
  return whole.map(({ value, gradient }, k) => {
    const sum = integrated[k].reduce((total, x) => total + x, 0);
    return { gradient, integrated: integrated[k], gap: sum - (value - baseline[k].value) };
  });
}
