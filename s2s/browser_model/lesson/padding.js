// The score that each step of the greedy lane would give to padding, whose state is 0 (s2s/lesson/padding.py); empty
// for kinds of attention whose score of a position depends on more than its state.

import { scoresOf } from "../attention.js";
import { decodeText } from "./greedy.js";

const PADDABLE = ["additive", "general", "dot", "concat"];

export function paddingScores(checkpoint, text) {
  const { model } = checkpoint;
  if (!PADDABLE.includes(model.config.attention) || model.config.coverage) return [];
  const score = scoresOf(model);
  const keys_SA = score.keys(model, [new Float32Array(model.sizes.memory)]);
  return decodeText(checkpoint, text).outputs.map(({ attended }) =>
    score.scores(model, attended.query_H, { keys_SA })[0],
  );
}
