// Attribution of a word to the source tokens, and to the words before it, by gradients of its log-probability
// (``s2s/explain/gradients.py``). The baseline is a source of equal length with zero embeddings, and zeros in the place
// of the words before it.

import { editedWeights, placesOf } from "./replay.js";
import { Room } from "./rows.js";
import { priorOf } from "./seq2seq.js";
import { Tape } from "./tape.js";
import { encodeOnTape, logProbsOnTape, rowsTogether, stepOnTape } from "./taped_model.js";
import { Projections, Words } from "./taped_words.js";

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

// Of each step log p(w), gradient × input, x·∂ log p(w)/∂x (Shrikumar et al. 2017), and integrated gradients,
// x·∫₀¹ ∂ log p(w | αx)/∂x dα (Sundararajan, Taly and Yan 2017, eq. 1), both in nats by source token, and the gap of
// the latter's sum to log p(w | x) - log p(w | 0). With ``prefix`` x is both, the source first; with ``against`` log p
// of that word is taken off. Stops between pieces of work, so that other requests can be answered.
export function* attributing(model, lane, steps, { points = POINTS, prefix = false, against = null } = {}) {
  const rule = quadrature(points);
  const scales = [...rule.map(({ point }) => point), 1, 0];
  const about = { model, lane, steps, prefix, against, projections: new Projections() };
  const rows = steps.map(() => []); // of each step and scale { value, gradient }
  for (const some of inPieces(scales, rowsTogether(model, lane.source.length, steps, true))) {
    const all = (yield* gradientsAt(about, some, true)) ?? (yield* gradientsAt(about, some, false));
    all.forEach((found, k) => rows[k].push(...found));
    yield;
  }
  return rows.map((found) => {
    const [whole, baseline] = found.slice(points);
    const integral = (n) => rule.reduce((sum, { weight }, p) => sum + weight * found[p].gradient[n], 0);
    const integrated = whole.gradient.map((_, n) => integral(n));
    const sum = integrated.reduce((total, x) => total + x, 0);
    return { value: whole.value, gradient: whole.gradient, integrated, gap: sum - (whole.value - baseline.value) };
  });
}

// The items in pieces of about equal length, an even one where there are more, as rows are multiplied by twos.
export function inPieces(items, most) {
  const count = Math.ceil(items.length / Math.max(1, most - (most % 2)));
  const size = most < 2 ? 1 : 2 * Math.ceil(items.length / count / 2);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}

// For each step a list with { value, gradient } at each scale; null if other work took the room at a pause. So whoever
// has to begin again makes none.
function* gradientsAt({ model, lane, steps, prefix, against, projections }, scales, isPausing) {
  const { weights, config } = model;
  const room = new Room(weights.output);
  const tape = new Tape(room);
  const same = (value) => scales.map(() => value);
  const scaled = (table, id) => new Words(projections, table, same(id), scales);
  const source = lane.source.map((id) => scaled(weights.sourceEmbedding, id));
  const read = lane.read.slice(0, steps.at(-1) + 1).map((id, t) => {
    return prefix && t ? scaled(weights.embedding, id) : new Words(projections, weights.embedding, same(id));
  });
  const prior = config.prior ? same(priorOf(model, lane.source)) : null;
  const { memory, state: first } = encodeOnTape(tape, model, source, same(lane.source), prior);
  const [ends, every] = [[], placesOf(lane)];
  read.reduce((state, word, t) => {
    const after = stepOnTape(tape, model, word, state, memory, same(editedWeights(lane, t, every)));
    const words = [lane.words[t], ...(against === null ? [] : [against])];
    if (steps.includes(t)) ends.push(logProbsOnTape(tape, model, after, memory, words));
    return after;
  }, first);
  const inputs = prefix ? [...source, ...read.slice(1)] : source;
  const factors = against === null ? [1] : [1, -1];
  const rows = [];
  for (const end of ends) {
    if (isPausing) yield;
    if (room.isLost) return null;
    for (const input of inputs) input.found.fill(0);
    tape.backward(end, factors);
    rows.push(
      scales.map((_, n) => ({
        value: factors.reduce((sum, factor, j) => sum + factor * end.x[n * end.stride + j], 0),
        gradient: inputs.map(({ found }) => found[n]),
      })),
    );
  }
  return rows;
}
