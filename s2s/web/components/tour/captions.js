// What the first minute says about an example: computed from its lanes.

import { argmax, fill, hasAttention, hasProbability, isReference, percent } from "../../../player/browser/dom.js";
import { joined } from "../../../player/browser/dom.js";
import { spokenWord } from "../../../player/browser/model.js";

// What the free-running lane does at a step.
export function stepCaption(lane, t, strings) {
  const step = lane.steps[t];
  const { token, log_prob } = spokenWord(step, lane.mode);
  const s = argmax(step.attention);
  const values = { step: t + 1, steps: lane.steps.length, word: token, p: percent(Math.exp(log_prob)) };
  if (!hasAttention(lane)) return fill(strings["first.step_plain"], values);
  const look = { source: lane.source.tokens[s], weight: step.attention[s].toFixed(2) };
  return fill(strings["first.step"], { ...values, ...look });
}

// How many of the reference's words after step ``t`` a lane has at their places as its most probable or own words.
export function rightAfter(lane, gold, t) {
  const said = lane.steps.map((step) => spokenWord(step, lane.mode).token);
  return gold.filter((word, at) => at > t && at < said.length && isReference(said[at], word)).length;
}

// What happens where the free-running lane leaves the reference, and what the reference's word changes.
export function breakCaption({ free, forced }, strings) {
  const t = free.divergence;
  const step = free.steps[t];
  const gold = [...free.reference_tokens, "<eos>"];
  const { token, log_prob } = spokenWord(step, free.mode);
  const known = step.target && hasProbability(step.target);
  const target = known ? { rank: step.target.rank, q: percent(Math.exp(step.target.log_prob)) } : {};
  const values = { step: t + 1, said: token, p: percent(Math.exp(log_prob)), gold: gold[t], ...target };
  const happened = fill(strings[known ? "first.break" : "first.break_plain"], values);
  const rest = gold.length - t - 1;
  if (!forced || !rest) return happened;
  const after = { gold: gold[t], rest, forced: rightAfter(forced, gold, t), free: rightAfter(free, gold, t) };
  return joined(happened, fill(strings["first.teacher"], after));
}
