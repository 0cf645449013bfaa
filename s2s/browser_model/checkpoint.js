// A checkpoint ready to decode: { name, digest, config, source, target, model }. A side is { segmenter, vocab }.

import { UserError } from "./errors.js";
import { placeMatrices } from "./placed.js";
import { readSafetensors } from "./safetensors.js";
import { buildModel } from "./seq2seq.js";
import { buildTools, needsTools, segmenterOf } from "./text/segmenters.js";
import { Vocab } from "./text/vocab.js";

const CHECKPOINT_SCHEMA = "lookback-checkpoint/1";

// ``config`` and ``vocab`` are the JSON values of the checkpoint's files, ``weights`` the bytes of its weights,
// ``tools`` what cutting Chinese needs (pack.py), ``kernels`` the bytes of kernels.wasm, without which matrices are
// multiplied more slowly. UserError for what is no checkpoint of ours.
export function openCheckpoint({ name, digest, config, vocab, weights, tools, kernels }) {
  if (config?.schema !== CHECKPOINT_SCHEMA || !config.model || !config.text) throw new UserError("browser_checkpoint");
  const { text } = config;
  const built = needsTools(text) ? buildTools(tools) : null;
  const marks = { bos: text.source_bos, eos: text.source_eos, fill: text.source_fill };
  const given = Object.fromEntries(Object.entries(marks).filter(([, value]) => value !== undefined));
  return {
    name,
    digest,
    config,
    source: makeSide(text.source, vocab.source, given, text.source_keras, built),
    target: makeSide(text.target, vocab.target, {}, text.target_keras, built),
    model: buildModel(config.model, placeMatrices(readSafetensors(weights), kernels)),
  };
}

function makeSide(name, { tokens, back_off }, marks, rules, tools) {
  const segmenter = segmenterOf(name, rules, tools);
  const all = { back_off: Boolean(back_off), ...marks, skip: Boolean(rules?.skip) };
  return { segmenter, vocab: new Vocab(tokens, all, segmenter.spell) };
}

// The tokens that a model reads of a text, with the marks around them.
export const tokensOf = ({ segmenter, vocab }, text) => vocab.known(segmenter.cut(text));
export const wordsOf = (side, text) => side.vocab.words(tokensOf(side, text));
export const textOf = ({ segmenter, vocab }, ids) => segmenter.join(ids.map((id) => vocab.tokens[id]));
