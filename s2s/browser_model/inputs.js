// Sources, references and prefixes as ids. UserError for one that cannot be used, as ``s2s/decode/inputs.py``.

import { tokensOf, wordsOf } from "./checkpoint.js";
import { UserError } from "./errors.js";
import { isToken, lengthOf, strip } from "./text/clean.js";
import { EOS, UNK } from "./text/vocab.js";

const MAX_CHARACTERS = 2_000;
const MAX_TOKENS = 400;
const SAYABLE = ["<unk>", "<eos>"]; // the specials that a model may be made to say

// Tokens and ids of a source: a text to be cut, or a list of tokens to be used as they are.
export function sourceIds(checkpoint, source) {
  const { segmenter, vocab } = checkpoint.source;
  const isText = typeof source === "string";
  const found = isText ? lengthOf(source) : source.reduce((sum, token) => sum + lengthOf(token), 0);
  if (found > MAX_CHARACTERS) throw new UserError("text_too_long", { found, limit: MAX_CHARACTERS });
  const tokens = isText ? tokensOf(checkpoint.source, source) : vocab.marked(source);
  const words = vocab.words(tokens);
  const unknown = () => new UserError("text_unknown", { checkpoint: checkpoint.name });
  if (!words.length && isText && vocab.skip && segmenter.cut(source).length) throw unknown();
  if (!words.length) throw new UserError(isText && strip(source) ? "text_no_words" : "text_empty");
  const bad = words.findIndex((token) => !isToken(token) && !vocab.ids.has(token));
  if (bad >= 0) throw new UserError("token_unusable", { place: bad + 1, token: words[bad] });
  if (tokens.length > MAX_TOKENS) {
    throw new UserError("text_too_many_tokens", { found: tokens.length, limit: MAX_TOKENS });
  }
  if (words.every((token) => vocab.find(token) === undefined)) throw unknown();
  return { tokens, ids: vocab.encode(tokens) };
}

// Tokens and ids of a reference, without <eos>. UserError if it is too long or mostly unknown.
export function referenceIds(checkpoint, text) {
  const { vocab } = checkpoint.target;
  const tooLong = (found, limit) => new UserError("reference_too_long", { found, limit });
  if (lengthOf(text) > MAX_CHARACTERS) throw tooLong(lengthOf(text), MAX_CHARACTERS);
  const tokens = tokensOf(checkpoint.target, text);
  const ids = vocab.encode(tokens);
  if (tokens.length > MAX_TOKENS) throw tooLong(tokens.length, MAX_TOKENS);
  const lettered = ids.filter((_, n) => /[\p{L}\p{N}]/u.test(tokens[n]));
  const words = lettered.length ? lettered : ids;
  const unknown = words.filter((id) => id === UNK).length;
  if ((tokens.length || vocab.skip) && (!words.length || unknown > words.length / 2)) {
    throw new UserError("reference_unknown", { checkpoint: checkpoint.name });
  }
  return { tokens, ids };
}

// Ids of a prefix that a lane is forced to begin with: a list of tokens as the vocabulary spells them. They may be
// <unk>, and <eos> as the last.
export function prefixIds({ name, target }, prefix) {
  if (prefix.length > MAX_TOKENS) throw new UserError("prefix_too_long", { found: prefix.length, limit: MAX_TOKENS });
  return prefix.map((token, t) => {
    if (token === "<eos>" && t === prefix.length - 1) return EOS;
    const id = token === "<unk>" ? UNK : target.vocab.find(token);
    if (id === undefined) throw new UserError("prefix_token", { token, checkpoint: name });
    return id;
  });
}

// The tokens that a lane put out before a step, as the vocabulary spells them.
export const tokensBefore = ({ target }, { steps }, step) =>
  steps.slice(0, step).map(({ output }) => (target.vocab.ids.has(output) ? output : "<unk>"));

// A typed text as tokens of the vocabulary; ``single`` takes it as one token. UserError names an unknown one.
export function typedTokens({ name, target }, typed, single = false) {
  const text = strip(typed);
  const cut = single || SAYABLE.includes(text) ? [text] : wordsOf(target, typed);
  if (!cut.length) throw new UserError("word_empty");
  const { ids, tokens } = target.vocab;
  const found = cut.map((word) => tokens[target.vocab.find(word)] ?? word);
  const unknown = found.find((word) => !ids.has(word) && !SAYABLE.includes(word));
  const shown = (word) => Array.from(word).slice(0, 40).join("");
  if (unknown !== undefined) throw new UserError("prefix_token", { token: shown(unknown), checkpoint: name });
  return found;
}
