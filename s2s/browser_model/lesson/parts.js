// What the lesson's chapters ask of a checkpoint, by name.

import { lessonFlow } from "./flow.js";
import { sentenceLoss } from "./loss.js";
import { paddingScores } from "./padding.js";
import { priorRun } from "./prior.js";
import { weighedWords } from "./words.js";

export const LESSON_PARTS = {
  flow: (checkpoint, { text }) => lessonFlow(checkpoint, text),
  padding: (checkpoint, { text }) => paddingScores(checkpoint, text),
  loss: (checkpoint, { text, reference }) => sentenceLoss(checkpoint, text, reference),
  prior: (checkpoint, { text }) => priorRun(checkpoint, text),
  words: (checkpoint, { text, step, weights }) => weighedWords(checkpoint, text, step, weights),
};
