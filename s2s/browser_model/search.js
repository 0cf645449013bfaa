// Beam search for one sentence (Sutskever et al. 2014; the score is that of Wu et al. 2016, eq. 14).

import { largest } from "./kernels.js";
import { encode, step } from "./seq2seq.js";
import { BOS, EOS } from "./text/vocab.js";

const LEAST = 1e-10; // the coverage of a source word that got no attention, so that it is penalised, not skipped

// lp = ((5 + |Y|) / 6)^a
const lengthFactor = (length, { length_penalty }) => ((5 + length) / 6) ** length_penalty;

// cp = β Σ_i log min(Σ_t α_ti, 1)
const logCapped = (coverage) => Math.log(Math.min(1, Math.max(LEAST, coverage)));
const coverageTerm = (coverage_S, { coverage_penalty }) =>
  coverage_penalty && coverage_penalty * coverage_S.reduce((sum, c) => sum + logCapped(c), 0);

const scoreOf = ({ logProb, ids, coverage_S }, settings) =>
  logProb / lengthFactor(ids.length, settings) + coverageTerm(coverage_S, settings);

// The finished hypotheses { ids, logProb, score }, the best first. The ``beam`` most probable continuations are kept a
// step; those that end leave the beam. The search is over when no live hypothesis can still win, or after ``limit``
// tokens.
export function beamSearch(model, source, settings, prefix, limit) {
  const { memory, state } = encode(model, source);
  const looks = memory.summary_M ? 0 : source.length;
  let live = [{ ids: [], logProb: 0, state, coverage_S: new Float32Array(looks) }];
  const finished = [];
  for (let time = 1; live.length && !isDecided(finished, live, settings, limit); time++) {
    const forced = time <= prefix.length ? prefix[time - 1] : null;
    const outputs = live.map((one) => step(model, one.state, one.ids.at(-1) ?? BOS, memory));
    const considered = live.flatMap((one, n) => continuations(one, n, outputs[n].logProbs_V, settings, forced));
    const kept = largest(considered.map(({ logProb }) => logProb), settings.beam).map((n) => considered[n]);
    const extended = kept.map((next) => extend(live[next.parent], next, outputs[next.parent]));
    const isOver = ({ ids }) => forced === null && (ids.at(-1) === EOS || time === limit);
    for (const one of extended.filter(isOver)) finished.push({ ...one, score: scoreOf(one, settings) });
    live = extended.filter((one) => !isOver(one));
  }
  return finished.sort((a, b) => b.score - a.score);
}

function continuations({ logProb }, parent, logProbs_V, { beam }, token) {
  const tokens = token === null ? largest(logProbs_V, Math.min(beam, logProbs_V.length)) : [token];
  return tokens.map((v) => ({ parent, token: v, logProb: Math.fround(logProb + logProbs_V[v]) }));
}

const extend = (one, { token, logProb }, { state, attended }) => ({
  ids: [...one.ids, token],
  logProb,
  state,
  coverage_S: one.coverage_S.map((c, s) => c + (attended.attention_S[s] ?? 0)),
});

// The greatest score that a live hypothesis could reach: no more loss, the longest output, all covered.
const bound = (logProb, settings, limit) => logProb / Math.max(1, lengthFactor(limit, settings));

function isDecided(finished, live, settings, limit) {
  if (finished.length < settings.beam) return false;
  const best = Math.max(...live.map(({ logProb }) => logProb));
  return Math.max(...finished.map(({ score }) => score)) >= bound(best, settings, limit);
}
