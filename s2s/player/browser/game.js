// The guessing game's rules: which words are offered, what a guess is worth, the score.

import { spokenWord } from "./model.js";

const CHOICES = 5;
export const FULL = 10; // points for the right source word, and for the right output
export const NEAR = 3; // points for a word that is not right but among the model's three most probable

// ``known``: steps that are revealed. ``given``: the guess and its points by step, a hole where nothing was asked.
// ``hint``: whether a guess was missing.
export const newGame = (known) => ({ known, guess: noGuess(), given: [], hint: false });
const noGuess = () => ({ place: null, word: null, typed: false });

// Numbers from 0 to 1 that depend on the text alone (mulberry32 on an FNV-1a hash).
function randomNumbers(text) {
  let seed = 2166136261;
  for (const c of text) seed = Math.imul(seed ^ c.codePointAt(0), 16777619);
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

// The words offered at step ``known``: the lane's word and the most probable others, in an order that depends on the
// source and the step alone.
export function wordChoices(whole, known) {
  const step = whole.steps[known];
  const words = [...new Set([spokenWord(step, whole.mode).token, ...step.top.map((word) => word.token)])].slice(
    0,
    CHOICES,
  );
  const draw = randomNumbers(`${whole.source.tokens.join(" ")} ${known}`);
  for (let i = words.length - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [words[i], words[j]] = [words[j], words[i]];
  }
  return words;
}

// What a guess is worth; null for a part that was left out. A word that was typed may have other capitals.
export function guessPoints(step, mode, { place, word, typed }) {
  const same = (token) => token === word || (typed && token.toLowerCase() === word.toLowerCase());
  const found =
    word === null ? null : (step.top.find(({ token }) => token === word) ?? step.top.find(({ token }) => same(token)));
  const right = word !== null && same(spokenWord(step, mode).token);
  return {
    look: place === null ? null : Math.round((FULL * step.attention[place]) / Math.max(...step.attention)),
    said: word === null ? null : right ? FULL : found?.rank <= 3 ? NEAR : 0,
    rank: found?.rank ?? null,
  };
}

// The game after step ``known`` was revealed.
export function revealStep(game, whole) {
  const given = [...game.given];
  given[game.known] = { ...game.guess, ...guessPoints(whole.steps[game.known], whole.mode, game.guess) };
  return { ...newGame(game.known + 1), given };
}

// The sum over the steps so far. A streak is of steps whose answers all got at least half of their points.
export function gameScore({ given }) {
  const sum = { got: 0, of: 0, streak: 0, longest: 0, looks: 0, looked: 0, words: 0, right: 0, near: 0 };
  for (const { look, said } of given.filter(Boolean)) {
    const answers = [look, said].filter((value) => value !== null);
    sum.got += answers.reduce((a, b) => a + b, 0);
    sum.of += FULL * answers.length;
    sum.streak = answers.length && answers.every((value) => value >= FULL / 2) ? sum.streak + 1 : 0;
    sum.longest = Math.max(sum.longest, sum.streak);
    if (look !== null) (sum.looks += 1), (sum.looked += look);
    if (said !== null) (sum.words += 1), (sum.right += said === FULL), (sum.near += said === NEAR);
  }
  return sum;
}
