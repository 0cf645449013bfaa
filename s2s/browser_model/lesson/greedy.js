// A sentence decoded greedily or along given words, for the chapters: what each step read, said and computed.

import { sourceIds } from "../inputs.js";
import { PrefixCache } from "../prefix_cache.js";
import { DEFAULT_SETTINGS, chooser, forcing, maxTokens } from "../strategy.js";
import { BOS, EOS } from "../text/vocab.js";

// { tokens, source, memory, start, ids, outputs }: ``outputs`` are those of docs/ARCHITECTURE.md's step, one for each
// of ``ids``. ``gold`` are the ids to force; without them the model chooses.
export function decodeGreedily({ model }, { tokens, ids: source }, gold = []) {
  const cache = new PrefixCache(model, source);
  const [ids, outputs] = [[], []];
  const longest = gold.length || maxTokens(DEFAULT_SETTINGS, source.length, []);
  const choose = forcing(gold, chooser(DEFAULT_SETTINGS));
  let [at, token] = [cache.start, BOS];
  while (token !== EOS && ids.length < longest) {
    at = cache.step(at, token);
    token = choose(at.output.logProbs_V, ids.length);
    ids.push(token);
    outputs.push(at.output);
  }
  return { tokens, source, memory: cache.memory, start: cache.start.state, ids, outputs };
}

export const decodeText = (checkpoint, text) => decodeGreedily(checkpoint, sourceIds(checkpoint, text));
