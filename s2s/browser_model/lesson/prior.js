// Prior knowledge at each step (s2s/lesson/prior_step.py): the decoder's output y, the prior's share ŷ, the result.

import { UserError } from "../errors.js";
import { sourceIds } from "../inputs.js";
import { largest, linear, logSumExp } from "../kernels.js";
import { SPECIALS } from "../text/vocab.js";
import { decodeGreedily } from "./greedy.js";

const MOST = 6; // words of a step by each order

export function priorRun(checkpoint, text) {
  const { model, target } = checkpoint;
  if (!model.config.prior) throw new UserError("prior_missing", { checkpoint: checkpoint.name });
  const { source, memory, ids, outputs } = decodeGreedily(checkpoint, sourceIds(checkpoint, text));
  const words = target.vocab.tokens;
  const within = new Set(source.filter((id) => id >= SPECIALS.length));
  const { priorScale, priorShift } = model.weights;
  const about = (v, logit, alone, halved, blended) => ({
    token: words[v],
    in_source: within.has(v),
    log_scale: priorScale.data[v],
    shift: priorShift.data[v],
    prior: memory.prior_V[v],
    logit,
    alone,
    halved,
    blended,
    gain: blended - halved,
  });
  const steps = outputs.map(({ state }, t) => ({
    words: wordsOfStep(model, state.readout_R, memory.prior_V, about),
    read: t ? words[ids[t - 1]] : "<bos>",
    said: words[ids[t]],
  }));
  const own = [...within].map((v) => about(v, 0, 0, 0, 0));
  return { source: own, steps, ones: own.length, size: words.length };
}

// The most probable words before and after, and those that gained most; the most probable first.
function wordsOfStep({ weights }, readout_R, prior_V, about) {
  const logits_V = linear(weights.output, readout_R, weights.outputBias);
  const alone_V = logSoftmax(logits_V);
  const halved_V = logSoftmax(logits_V.map((y) => y / 2));
  const blended_V = logSoftmax(logits_V.map((y, v) => (y + prior_V[v]) / 2));
  // of words that nobody would say it is no matter how much they gained
  const gained_V = blended_V.map((x, v) => (x - halved_V[v]) * Math.exp(x));
  const shown = new Set([alone_V, blended_V, gained_V].flatMap((x_V) => largest(x_V, MOST)));
  return [...shown]
    .sort((a, b) => blended_V[b] - blended_V[a])
    .map((v) => about(v, logits_V[v], alone_V[v], halved_V[v], blended_V[v]));
}

function logSoftmax(logits_V) {
  const normaliser = logSumExp(logits_V);
  return logits_V.map((logit) => logit - normaliser);
}
