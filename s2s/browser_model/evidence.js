// Evidence for or against attention as the reason of a step's word (``s2s/explain/evidence.py``). The functions with a
// star stop between pieces of work, so that other requests can be answered.

import { kendall, meanTau, sameFirst, sharesOf, verdictOf } from "./agreement.js";
import { bounding, countsOf, leavingOneOut, mean, removing } from "./erasure.js";
import { attributing } from "./gradients.js";
import { flipOf, permutedChange, uniformChange } from "./other_weights.js";
import { momentsOf } from "./replay.js";
import { fixed, significant } from "./rounding.js";

const EVIDENCE = ["gradient", "integrated", "erasure"];
const LEAST_RANGE = 1e-6; // between the bounds of normalisation
const short = (value) => (value === null ? null : significant(value, 5));

// The evidence of some steps, which are in order, without the bounds of normalisation.
export function* examining(model, lane, steps) {
  const moments = momentsOf(model, lane, steps);
  const attributed = yield* attributing(model, lane, steps);
  const left = yield* leavingOneOut(model, lane, steps);
  const found = [];
  for (const [k, t] of steps.entries()) {
    const [moment, word] = [moments[k], lane.words[t]];
    const { attended, logProbs_V } = moment.output;
    const removed = yield* removing(model, lane, t, attended.attention_S);
    const uniform = yield* uniformChange(model, moment, word);
    const permuted = yield* permutedChange(model, moment, word);
    const flip = yield* flipOf(model, moment);
    found.push({
      ...{ step: t, probability: Math.exp(logProbs_V[word]), attention: [...attended.attention_S] },
      ...attributed[k],
      ...{ erasure: left[k].erasure, full: Math.exp(left[k].whole), uniform, permuted, flip },
      ...{ counts: countsOf(lane.source.length), ...removed, bounds: null },
    });
  }
  return found;
}

// The evidence with the bounds of normalisation added; unchanged if the source is too long to search them.
export function* ordering(model, lane, evidence) {
  const steps = evidence.map(({ step }) => step);
  const bounds = yield* bounding(model, lane, steps);
  return bounds ? evidence.map((one, k) => ({ ...one, bounds: bounds[k] })) : evidence;
}

// The plain values for the player, numbers to 5 significant digits. No attention nearest to the model's is searched
// here, under which another word would win (``minimal``).
export function evidenceValues(one) {
  const { full, counts, uniform, permuted, attention } = one;
  const area = (values) => (counts.length ? short(full - mean(values)) : null);
  const change = ({ variation, drop }) => ({ variation: short(variation), drop: short(drop) });
  const byName = (make) => Object.fromEntries(EVIDENCE.map((name) => [name, make(name)]));
  const shares = byName((name) => sharesOf(one[name]));
  const taus = byName((name) => kendall(attention, shares[name]));
  const tau = meanTau(Object.values(taus));
  const first = sameFirst([attention, ...Object.values(shares)]);
  return {
    step: one.step,
    probability: short(one.probability),
    rows: { attention: attention.map(short), ...byName((name) => one[name].map(short)) },
    shares: byName((name) => shares[name].map((x) => Number(fixed(x, 5)))),
    gap: short(one.gap),
    tau: { ...byName((name) => short(taus[name])), mean: short(tau) },
    uniform: change(uniform),
    permuted: change(permuted),
    flip: one.flip,
    counts,
    without: one.without.map(short),
    with_only: one.with_only.map(short),
    comprehensiveness: area(one.without),
    sufficiency: area(one.with_only),
    normalised: scaledAreas(one).map(short),
    exact: Boolean(one.bounds?.exact),
    minimal: false,
    verdict: verdictOf(attention.length, tau, Math.max(uniform.variation, permuted.variation), first),
  };
}

// Comprehensiveness and sufficiency, 0 for the worst order and 1 for the best (Edin et al. 2025); null without bounds
// or with bounds that are too close together.
function scaledAreas({ bounds, counts, without, with_only: withOnly }) {
  if (!bounds || !counts.length) return [null, null];
  const [left, alone] = [mean(without), mean(withOnly)];
  const [low, high] = [Math.min(bounds.low, left, alone), Math.max(bounds.high, left, alone)];
  return high - low < LEAST_RANGE ? [null, null] : [(high - left) / (high - low), (alone - low) / (high - low)];
}
