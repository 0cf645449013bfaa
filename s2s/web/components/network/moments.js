// The moments in which the network is played: 0 shows the words, in 1 … R the encoder reads, R + 1 is the hand-over,
// then comes one moment for each step of the decoder. Pure: a ``run`` is what Python gives of one sentence.

const READING = 10; // the most moments in which the encoder reads, however long the source is

export const readingMoments = (run) => Math.min(READING, run.tokens.length);
export const lastMoment = (run) => readingMoments(run) + 1 + run.moments.length;

// The decoder's step in a moment, from 0; negative before its first step. And the moment of a step.
export const stepAt = (run, now) => now - readingMoments(run) - 2;
export const momentOf = (run, step) => step + readingMoments(run) + 2;

// How many words each direction of the encoder has read when a moment is over.
export const wordsRead = (run, now) =>
  Math.min(run.tokens.length, Math.ceil((run.tokens.length * now) / readingMoments(run)));
