// The most probable words of a step of the greedy lane, before and after its attention weights are replaced.

import { previewStep } from "../preview.js";
import { PrefixCache } from "../prefix_cache.js";
import { decodeText } from "./greedy.js";

export function weighedWords(checkpoint, text, step, weights) {
  const { source, ids } = decodeText(checkpoint, text);
  const prefix = ids.slice(0, step).map((id) => checkpoint.target.vocab.tokens[id]);
  const cache = new PrefixCache(checkpoint.model, source);
  const { top } = previewStep(checkpoint, cache, prefix, new Map(), { kind: "weights", place: 0, weights });
  return top.map(({ token, before, after }) => ({ token, before, after }));
}
