// Decode one sentence into a trace, the JSON value that docs/formats/TRACE.md specifies and ``s2s/decode/decode.py``
// writes.

import { scoresOf } from "./attention.js";
import { textOf } from "./checkpoint.js";
import { UserError } from "./errors.js";
import { prefixIds, referenceIds, sourceIds } from "./inputs.js";
import { argmax, largest, sigmoid } from "./kernels.js";
import { PrefixCache } from "./prefix_cache.js";
import { beamSearch } from "./search.js";
import { DEFAULT_SETTINGS, chooser, forcing, maxTokens } from "./strategy.js";
import { strip } from "./text/clean.js";
import { BOS, EOS, SPECIALS, UNK } from "./text/vocab.js";

const TRACE_SCHEMA = "lookback-trace/1";
const WORKED = 4; // components and terms that the worked arithmetic shows
const TOP = 10; // tokens of ``top``

const number = (value) => Number(value.toPrecision(8));
const numbers = (row) => Array.from(row, number);

// Decode ``source``, a text or a list of tokens, and record every step. ``free``: the model reads its own output, after
// ``prefix`` if one is given. ``forced``: it reads the reference. ``edits`` is a map of steps to edits of attention;
// ``cache`` holds this source's earlier steps. Raises UserError for what cannot be used.
export function decodeTrace(checkpoint, source, options = {}) {
  const { reference, mode = "free", settings, prefix = [], edits = new Map(), cache } = options;
  const all = { ...DEFAULT_SETTINGS, ...settings };
  const { tokens, ids } = sourceIds(checkpoint, source);
  const gold = strip(reference ?? "") ? referenceIds(checkpoint, reference) : { tokens: [], ids: [] };
  const isForced = mode === "forced";
  if (isForced && !gold.ids.length) throw new UserError("reference_missing");
  if (edits.size && !isForced && all.strategy === "beam") throw new UserError("edit_beam");
  const first = isForced ? [] : prefixIds(checkpoint, prefix);
  const goal = gold.ids.length ? [...gold.ids, EOS] : [];
  const { forced, longest } = isForced ? { forced: goal, longest: goal.length } : freeRun(checkpoint, ids, all, first);
  const used = cache ?? new PrefixCache(checkpoint.model, ids);
  const run = walk(used, forcing(forced, chooser(all)), longest, edits);
  if (edits.size && Math.max(...edits.keys()) >= run.ids.length) {
    throw new UserError("edit_beyond", { found: Math.max(...edits.keys()) + 1, steps: run.ids.length });
  }
  const steps = recordSteps(checkpoint, used.memory, run, { goal, gold: gold.tokens, isForced });
  const { config, target } = checkpoint;
  return {
    schema: TRACE_SCHEMA,
    mode,
    checkpoint: factsOf(checkpoint),
    source: {
      text: sourceText(checkpoint.source, source),
      tokens,
      unknown: ids.flatMap((id, s) => (id === UNK ? [s] : [])),
      memory: used.memory.states_SM.map((h_M) => numbers(h_M.subarray(0, WORKED))),
    },
    reference: gold.ids.length ? strip(reference) : null,
    reference_tokens: gold.tokens,
    settings: isForced ? {} : all,
    divergence: divergenceOf(steps, gold.tokens),
    steps,
    text: isForced ? strip(reference) : textOf(target, run.ids.filter((id) => id !== EOS)),
    ended: run.ids.at(-1) === EOS ? "eos" : "length",
    ...(first.length ? { prefix: first.length } : {}),
  };
}

const sourceText = ({ segmenter, vocab }, source) =>
  typeof source === "string" ? source : segmenter.join(vocab.words(source));

// What a trace says of its model.
function factsOf({ name, digest, config }) {
  const bias = config.model.attention_bias ? { bias: "query" } : {};
  return { name, attention: config.model.attention, digest, ...bias };
}

// The ids to force in a free-running lane, and its greatest length. A beam's best output is forced.
function freeRun({ model }, source, settings, first) {
  const longest = maxTokens(settings, source.length, first);
  if (settings.strategy !== "beam" || first.includes(EOS)) return { forced: first, longest };
  const [{ ids }] = beamSearch(model, source, settings, first, longest);
  return { forced: ids, longest: ids.length };
}

// The chosen ids, with <eos> if it came, and the cached steps; ``edits`` replace attention by step.
function walk(cache, choose, longest, edits) {
  const [ids, cached] = [[], []];
  let [at, token] = [cache.start, BOS];
  while (token !== EOS && ids.length < longest) {
    at = cache.step(at, token, edits.get(ids.length));
    token = choose(at.output.logProbs_V, ids.length);
    ids.push(token);
    cached.push(at);
  }
  return { ids, cached };
}

function recordSteps(checkpoint, memory, { ids, cached }, { goal, gold, isForced }) {
  const words = checkpoint.target.vocab.tokens;
  const goldWords = [...gold, SPECIALS[EOS]];
  const outputs = isForced ? goldWords : ids.map((id) => words[id]);
  return cached.map(({ output, own }, t) => {
    const scored = (token, id) => scoredToken(token, id, output.logProbs_V, memory.prior_V);
    const { attended } = output;
    const { token, ...chosen } = scored(outputs[t], ids[t]);
    return {
      input: t ? outputs[t - 1] : SPECIALS[BOS],
      output: token,
      log_prob: chosen.log_prob,
      rank: chosen.rank,
      entropy: number(entropyOf(output.logProbs_V)),
      target: t < goal.length ? scored(goldWords[t], goal[t]) : null,
      top: topOf(words, output.logProbs_V, memory.prior_V),
      normaliser: number(output.normaliser),
      attention: numbers(attended.attention_S),
      scores: numbers(attended.scores_S),
      context: numbers(attended.context_M.subarray(0, WORKED)),
      score_terms: termsOf(checkpoint.model, attended, memory),
      ...optionalParts(output),
      ...(own ? { own_attention: numbers(own.attended.attention_S) } : {}),
    };
  });
}

const priorPart = (prior_V, id) => (prior_V ? { prior: number(prior_V[id]) } : {});

function scoredToken(token, id, logProbs_V, prior_V) {
  const value = logProbs_V[id];
  let rank = 1;
  for (let v = 0; v < logProbs_V.length; v++) if (logProbs_V[v] > value) rank++;
  return { token, log_prob: number(value), rank, ...priorPart(prior_V, id) };
}

const topOf = (words, logProbs_V, prior_V) =>
  largest(logProbs_V, TOP).map((id, n) => ({
    token: words[id],
    log_prob: number(logProbs_V[id]),
    rank: n + 1,
    ...priorPart(prior_V, id),
  }));

// -Σ p log p, in nats
function entropyOf(logProbs_V) {
  let entropy = 0;
  for (let v = 0; v < logProbs_V.length; v++) entropy -= Math.exp(logProbs_V[v]) * logProbs_V[v];
  return entropy;
}

// The first terms of the score of the source token that got the most attention, a row a term.
function termsOf(model, { query_H, attention_S, coverage_S }, memory) {
  if (!attention_S.length) return [];
  const s = argmax(attention_S);
  const columns = scoresOf(model).terms(model, query_H, memory.keys_SA[s], coverage_S?.[s]);
  const length = Math.min(WORKED, columns[0].length);
  return Array.from({ length }, (_, i) => columns.map((column) => number(column[i])));
}

// What only some models have: coverage, position and factors, p_gen.
function optionalParts({ attended, gate }) {
  const { coverage_S, focused } = attended;
  return {
    ...(coverage_S ? { coverage: numbers(coverage_S) } : {}),
    ...(focused ? { factors: numbers(focused.logFactors_S.map(Math.exp)), position: number(focused.position) } : {}),
    ...(gate === null ? {} : { p_gen: number(sigmoid(gate)) }),
  };
}

// The first step where the most probable token is not the reference's; null where there is none.
function divergenceOf(steps, gold) {
  const end = steps.findIndex(({ target }) => !target);
  const misses = ({ target, top }, t) =>
    target.rank > 1 || target.token !== top[0].token || (t < gold.length && SPECIALS.includes(top[0].token));
  const found = steps.slice(0, end < 0 ? undefined : end).findIndex(misses);
  if (found >= 0) return found;
  return end >= 0 && gold.length ? end : null;
}
