// Text in JavaScript: reads { tools, jobs } from the standard input, writes a list with what each job found. A job is
// { segmenter, rules, texts, tokens, vocab }: texts are cut, lists of tokens joined and looked up in the vocabulary.

import { readFileSync } from "node:fs";
import { clean, isToken, strip } from "../../s2s/browser_model/text/clean.js";
import { buildTools, segmenterOf } from "../../s2s/browser_model/text/segmenters.js";
import { Vocab } from "../../s2s/browser_model/text/vocab.js";
import { joinPieces, wordSpans } from "../../s2s/browser_model/subwords.js";

const { tools, jobs } = JSON.parse(readFileSync(0, "utf8"));
const built = buildTools(tools);

function answer({ segmenter: name, rules, texts = [], tokens = [], vocab }) {
  if (name === "clean") return texts.map((text) => [clean(text), isToken(text), strip(text)]);
  if (name === "simplify") return texts.map(built.simplify);
  if (name === "subwords") {
    return tokens.map((list) => wordSpans(list).map(([start, end]) => [start, end, joinPieces(list.slice(start, end))]));
  }
  const segmenter = segmenterOf(name, rules, built);
  const found = { cut: texts.map(segmenter.cut), join: tokens.map(segmenter.join), spell: texts.map(segmenter.spell) };
  if (!vocab) return found;
  const listed = new Vocab(vocab.tokens, vocab.marks, segmenter.spell);
  const known = tokens.map((list) => listed.known(list));
  const of = (lists) => lists.map((list) => [listed.words(list), listed.encode(list)]);
  return { ...found, ids: [...listed.ids], known, listed: of(tokens), read: of(known) };
}

process.stdout.write(JSON.stringify(jobs.map(answer)));
