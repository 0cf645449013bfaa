// The loss of one pair, token by token (s2s/lesson/loss.py): -ln p of each reference token with <eos>, and the mean of
// -ln p over all words, in nats.

import { UserError } from "../errors.js";
import { referenceIds, sourceIds } from "../inputs.js";
import { EOS } from "../text/vocab.js";
import { decodeGreedily } from "./greedy.js";

export function sentenceLoss(checkpoint, text, reference) {
  const source = sourceIds(checkpoint, text);
  const gold = referenceIds(checkpoint, reference).ids;
  if (!gold.length) throw new UserError("reference_missing");
  const { ids, outputs } = decodeGreedily(checkpoint, source, [...gold, EOS]);
  return {
    nll: outputs.map(({ logProbs_V }, t) => -logProbs_V[ids[t]]),
    uniform: outputs.map(({ logProbs_V }) => -meanOf(logProbs_V)),
    words: checkpoint.target.vocab.tokens.length,
  };
}

function meanOf(x_V) {
  let sum = 0;
  for (let v = 0; v < x_V.length; v++) sum += x_V[v];
  return sum / x_V.length;
}
