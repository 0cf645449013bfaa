// One step under another attention, with its most probable words; and a lane's prefix and edits for a branch of it.

import { prefixIds } from "./inputs.js";
import { largest } from "./kernels.js";
import { BOS } from "./text/vocab.js";

const LEADING = 5; // words under either attention

// The step after ``prefix`` with ``edit``, ``edits`` being those of earlier steps: the row (S,), and the leading words
// under either attention, the best under the edited one first.
export function previewStep({ target, ...checkpoint }, cache, prefix, edits, edit) {
  const read = [BOS, ...prefixIds({ target, ...checkpoint }, prefix)];
  let at = cache.start;
  read.slice(0, -1).forEach((token, t) => (at = cache.step(at, token, edits.get(t))));
  const { output, own } = cache.step(at, read.at(-1), edit);
  const [before_V, after_V] = [own.logProbs_V, output.logProbs_V];
  const leading = [...new Set([...largest(after_V, LEADING), ...largest(before_V, LEADING)])];
  leading.sort((a, b) => after_V[b] - after_V[a] || a - b);
  return {
    attention: Array.from(output.attended.attention_S, (w) => Number(w.toFixed(6))),
    top: leading.map((id) => ({
      token: target.vocab.tokens[id],
      before: before_V[id],
      after: after_V[id],
      ranks: [rankOf(before_V, id), rankOf(after_V, id)],
    })),
  };
}

const rankOf = (logProbs_V, id) => 1 + logProbs_V.reduce((count, x) => count + Number(x > logProbs_V[id]), 0);
