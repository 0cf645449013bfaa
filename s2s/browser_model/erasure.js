// Erasure of source tokens: they are deleted before the encoder reads, while the output prefix stays
// (``s2s/explain/erasure.py``). The functions with a star stop after every run, so that other requests can be answered.

import { placesOf, replay } from "./replay.js";

const EXACT = 8; // source tokens, at most, of which every subset is tried
const SEARCHED = 20; // source tokens, at most, for which the best and the worst order are searched

const without = (places, s) => places.filter((place) => place !== s);
const inOrder = (places) => [...places].sort((a, b) => a - b);
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// log p(w | x) and log p(w | x) - log p(w | x without token s) of each step's word (Li, Monroe and Jurafsky 2016).
export function* leavingOneOut(model, lane, steps) {
  const every = placesOf(lane);
  const whole_K = replay(model, lane, every, steps);
  const left_SK = [];
  for (const s of every) {
    left_SK.push(replay(model, lane, without(every, s), steps));
    yield;
  }
  return whole_K.map((whole, k) => ({ whole, erasure: left_SK.map((left_K) => Math.fround(whole - left_K[k])) }));
}

// The values of k: 1 … S-1, or about every tenth of S if S is above 11, the same from both ends.
export function countsOf(length) {
  const tenths = [1, 2, 3, 4, 5].map((i) => Math.floor((i * length) / 10));
  const below = length > 11 ? tenths : Array.from({ length: Math.floor(length / 2) }, (_, i) => i + 1);
  return inOrder(new Set(below.filter(Boolean).flatMap((n) => [n, length - n])));
}

// p(w) of a step without its k tokens of largest weight, and with these alone, for every k (DeYoung et al. 2020).
export function* removing(model, lane, t, attention_S) {
  const order = placesOf(lane).sort((a, b) => attention_S[b] - attention_S[a] || a - b);
  const found = { without: [], with_only: [] };
  for (const k of countsOf(order.length)) {
    const p = (kept) => Math.exp(replay(model, lane, inOrder(kept), [t])[0]);
    found.without.push(p(order.slice(k)));
    found.with_only.push(p(order.slice(0, k)));
    yield;
  }
  return found;
}

// The lowest and the highest mean of p(w) over the counts that an order of deletions reaches, a pair a step: of all
// orders up to EXACT source tokens, of a greedy search above. Null if the source is too long to search it.
export function* bounding(model, lane, steps) {
  const { length } = lane.source;
  if (length < 2 || length > SEARCHED) return null;
  if (length <= EXACT) return yield* everyOrder(model, lane, steps);
  const found = [];
  for (const t of steps) {
    const low = yield* greedyOrder(model, lane, t, 1);
    found.push({ low, high: yield* greedyOrder(model, lane, t, -1), exact: false });
  }
  return found;
}

// A set of places is a number here, a bit a place. The mean over a chain of sets that grows by one token is the least
// or the greatest that its last set can be reached with.
function* everyOrder(model, lane, steps) {
  const whole = 2 ** lane.source.length - 1;
  const placesIn = (set) => placesOf(lane).filter((s) => set & (1 << s));
  const sets = Array.from({ length: whole - 1 }, (_, n) => n + 1); // a set comes after those that it contains
  const reached = steps.map(() => ({ low: new Map([[0, 0]]), high: new Map([[0, 0]]) }));
  for (const set of sets) {
    const log_K = replay(model, lane, placesIn(set), steps);
    const before = placesIn(set).map((s) => set ^ (1 << s));
    reached.forEach(({ low, high }, k) => {
      low.set(set, Math.exp(log_K[k]) + Math.min(...before.map((smaller) => low.get(smaller))));
      high.set(set, Math.exp(log_K[k]) + Math.max(...before.map((smaller) => high.get(smaller))));
    });
    yield;
  }
  const [last, size] = [placesOf(lane).map((s) => whole ^ (1 << s)), lane.source.length - 1];
  return reached.map(({ low, high }) => ({
    low: Math.min(...last.map((set) => low.get(set))) / size,
    high: Math.max(...last.map((set) => high.get(set))) / size,
    exact: true,
  }));
}

// The mean of p(w) if each deletion is the one that leaves it lowest (sign 1) or highest (sign -1).
function* greedyOrder(model, lane, t, sign) {
  const counts = countsOf(lane.source.length);
  let [kept, sum] = [placesOf(lane), 0];
  for (let gone = 1; gone <= counts.at(-1); gone++) {
    let best = null;
    for (const s of kept) {
      const value = sign * replay(model, lane, without(kept, s), [t])[0];
      if (best === null || value < best.value) best = { value, s };
      yield;
    }
    kept = without(kept, best.s);
    if (counts.includes(gone)) sum += Math.exp(sign * best.value);
  }
  return sum / counts.length;
}
