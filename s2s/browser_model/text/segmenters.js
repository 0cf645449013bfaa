// Segmenters: pairs of functions that cut a side's text into tokens and join them, as in ``s2s/text/segmenters.py``.
// ``tools`` holds what Chinese needs: { simplify, dictionary }.

import { SPACE, WORD, clean, isSpace, strip } from "./clean.js";
import { cutWords, Dictionary } from "./jieba.js";
import { buildSimplifier } from "./simplify.js";

const VISIBLE_SPACE = "␣";
const WORD_END = `(?![${WORD}])`; // \b after a word
const LATIN_TOKEN = new RegExp(
  [
    "\\p{Nd}+(?:[.,:]\\p{Nd}+)+", // 3.5  1,000  10:30
    `n't${WORD_END}|'(?:s|m|re|ve|ll|d|S|M|RE|VE|LL|D)${WORD_END}`, // the second half of don't, it's
    `[\\p{L}\\p{Nl}\\p{No}]+?(?=n't${WORD_END})`, // the first half of don't
    `[oO]'[${WORD}]+`, // o'clock
    `[${WORD}]+(?:[-.][${WORD}]+)*`, // words, well-known, e.g
    `[^${WORD}${SPACE}]`,
  ].join("|"),
  "gu",
);
const FULL = { "?": "？", "!": "！", ",": "，", ";": "；", ":": "：", ".": "。" };
const MARK = new RegExp(`(?<![${WORD}.,:?!;])[?!,;:.](?![${WORD}])|(?<=[\\u4e00-\\u9fff])[?!,;:.]`, "gu");
const ALPHANUMERIC = /[\p{L}\p{N}]/gu;
const [CLOSING, OPENING] = [new Set(".,!?;:%)]}…”’"), new Set("([{$“‘„¿¡")];

// The tools from the values that pack.py wrote; null without them.
export const buildTools = (values) =>
  values && { simplify: buildSimplifier(values.simplifier), dictionary: new Dictionary(values.dictionary) };

// Simplified characters, half-width letters and digits, full-width sentence marks.
function normalised(text, { simplify }) {
  const narrow = simplify(clean(text)).replace(ALPHANUMERIC, (c) => c.normalize("NFKC"));
  return narrow.replace(MARK, (mark) => FULL[mark]);
}

const chineseWords = (text, tools) =>
  cutWords(tools.dictionary, normalised(text, tools)).filter((word) => !isSpace(word));
const latinSpelt = (text) => clean(text).replaceAll("’", "'");
const latinWords = (text) => latinSpelt(text).match(LATIN_TOKEN) ?? [];
const characterTokens = (text) => Array.from(clean(text), (c) => (c === " " ? VISIBLE_SPACE : c));
const pieces = (text) => clean(text).split(" ").filter(Boolean);

// Lower-case letters without accents.
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{Mn}/gu, "");
const matches = (pattern) => (text) => plain(text).match(pattern) ?? [];

// A token of another program's vocabulary in our spelling: cleaned, with a visible space.
function spelt(token) {
  if (!isSpace(token)) return clean(token).replaceAll(" ", VISIBLE_SPACE);
  if (/^ *$/.test(token)) return VISIBLE_SPACE;
  return token[0] < " " ? String.fromCodePoint(0x2400 + token.codePointAt(0)) : "\ufffd";
}

const isAsciiWord = (c) => /^[a-zA-Z0-9]$/.test(c);

// With a space only between two Latin words.
function joinChinese(tokens) {
  const gap = (text, token) => (isAsciiWord(text.at(-1)) && isAsciiWord(token[0]) ? " " : "");
  return tokens.reduce((text, token) => text + (text && gap(text, token)) + token, "");
}

// No space before closing marks and n't, 's; none after opening ones.
function joinLatin(tokens) {
  let [text, glued, quoted, low] = ["", true, false, false];
  for (const token of tokens) {
    const ends = token === "“" && low; // „ … “
    let closing = CLOSING.has(token) || token === "n't" || token[0] === "'" || ends;
    if (token === '"') [closing, quoted] = [quoted, !quoted];
    low = token === "„" || (low && !ends);
    text += glued || closing ? token : ` ${token}`;
    glued = (OPENING.has(token) && !ends) || (token === '"' && quoted);
  }
  return text;
}

const joinCharacters = (tokens) => tokens.join("").replaceAll(VISIBLE_SPACE, " ");
const joinSpaced = (tokens) => tokens.join(" ");
const joinBpe = (tokens) => tokens.join(" ").replaceAll("@@ ", "").replace(/@@$/, "");
const joinSentencePiece = (tokens) => strip(tokens.join("").replaceAll("▁", " "));

const SEGMENTERS = {
  jieba: { cut: chineseWords, join: joinChinese, spell: normalised },
  latin: { cut: latinWords, join: joinLatin, spell: latinSpelt },
  characters: { cut: characterTokens, join: joinCharacters, spell: spelt },
  spaces: { cut: pieces, join: joinSpaced, spell: spelt },
  bpe: { cut: pieces, join: joinBpe, spell: spelt },
  sentencepiece: { cut: pieces, join: joinSentencePiece, spell: spelt },
  ascii: { cut: matches(/[a-z]+|[?.!,¿]/g), join: joinSpaced, spell: (token) => plain(clean(token)) },
  "ascii-stops": { cut: matches(/[.!?]?[a-z]+|[.!?]/g), join: joinSpaced, spell: (token) => plain(clean(token)) },
  "ascii-marks": { cut: matches(/[!?]?[a-z]+|[!?]/g), join: joinSpaced, spell: (token) => plain(clean(token)) },
};
const KERAS = { lower: true, filters: "", split: " ", characters: false, skip: false, jieba: false };

// As Keras' Tokenizer with the settings that its ``to_json`` writes.
function kerasSegmenter(rules, tools) {
  const { lower, filters, split, characters, jieba } = rules;
  const [filtered, ends] = [new Set(filters), new Set(split)];
  const cased = (text) => (lower ? text.toLowerCase() : text);
  const words = (text) => {
    const parted = Array.from(cased(text), (c) => (filtered.has(c) ? split : c)).join("");
    return parted.split(split).filter(Boolean);
  };

  function isSplit(text) {
    const letters = Array.from(text);
    const inner = (c) => !ends.has(c);
    const [first, last] = [letters.findIndex(inner), letters.findLastIndex(inner)];
    return letters.slice(Math.max(first, 0), last + 1).join("").includes(split);
  }

  function cut(text) {
    if (characters) return Array.from(cased(text));
    return (jieba && !isSplit(text) ? chineseWords(text, tools) : [text]).flatMap(words);
  }

  const join = characters ? joinCharacters : jieba ? joinChinese : joinSpaced;
  return { cut: (text) => cut(text).map(spelt).filter(Boolean), join, spell: spelt };
}

// Whether a side of a checkpoint's ``text`` settings is cut with tools.
export const needsTools = ({ source, target, source_keras, target_keras }) =>
  source === "jieba" ||
  target === "jieba" ||
  (source === "keras" && Boolean(source_keras?.jieba)) ||
  (target === "keras" && Boolean(target_keras?.jieba));

// A segmenter by its name in the config; ``rules`` are the settings of the one that is called keras.
export function segmenterOf(name, rules, tools) {
  if (name === "keras") return kerasSegmenter({ ...KERAS, ...rules }, tools);
  const { cut, join, spell } = SEGMENTERS[name];
  return { cut: (text) => cut(text, tools), join, spell: (text) => spell(text, tools) };
}
