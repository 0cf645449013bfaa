// One sentence about a lane, computed from its trace: where it leaves the reference, and where the weight was
// (``s2s/trace/summary.py``). Clauses are [key, values]; a value that is { text, p, rank } is a word.

import { fixed } from "./rounding.js";
import { joinPieces, wordSpans } from "./subwords.js";
import { printable } from "./text/clean.js";

const CLAUSES = 6; // most in one sentence; the first ones are the most important
const LONGEST_WORD = 24; // characters of a word in a sentence
const AMOUNTS = [["all", 0.995], ["nearly_all", 0.9], ["most", 0.5]]; // least weight for each of these words
const [MUCH, UNSEEN] = [0.5, 0.1]; // a source word is never looked at if no step gives it this weight
const NAMED = 3; // most words of a list; of more unseen words none is named
const LONGEST_UNIT = 6; // most tokens of a unit that is repeated
const ENDING = "<eos>";
const MARKS = ["<pad>", "<unk>", "<bos>", "<eos>"];

const bareWord = (text) => ({ text, p: null, rank: null });
const scoredWord = ({ token, log_prob }, rank = null) => ({ text: token, p: Math.exp(Math.min(log_prob, 0)), rank });
const outputWord = ({ output, log_prob }) => scoredWord({ token: output, log_prob });
const isSpelt = (token) => /[\p{L}\p{N}]/u.test(token);

// Whether the most probable token of a step is not the reference's, if the reference has one there.
function misses({ steps, reference_tokens }, t) {
  const { target, top } = steps[t];
  if (!target) return false;
  const special = t < reference_tokens.length && MARKS.includes(top[0].token);
  return target.rank > 1 || target.token !== top[0].token || special;
}

// What can be said about a lane, the most important first; ``forced`` is the teacher-forced lane beside a free one.
export function clausesOf(trace, forced = null) {
  if (!trace.steps.length) return [["empty", {}]];
  const { divergence: at } = trace;
  const focus = at ?? leastSure(trace);
  const looks = trace.checkpoint.attention !== "none";
  const found = [
    headOf(trace),
    ...(at === null && focus !== null ? [unsure(trace, focus)] : []),
    ...(focus !== null && looks ? looked(trace, focus) : []),
    ...endingOf(trace),
    ...(at === null ? [] : after(trace, at, forced)),
    ...(at !== null && looks ? unseen(trace) : []),
    ...unknown(trace),
  ];
  return found.slice(0, CLAUSES);
}

// Whether and where the lane leaves the reference.
function headOf(trace) {
  const { divergence, reference_tokens, steps, mode, prefix = 0 } = trace;
  if (divergence !== null) return parting(trace, divergence);
  if (!reference_tokens.length) return ["alone", {}];
  if (mode === "forced") return ["same_forced", {}];
  const left = steps.findIndex(({ target, output }) => target && output !== target.token);
  if (left >= 0) {
    return [`left_${left < prefix ? "made" : "chosen"}`, { step: left + 1, output: outputWord(steps[left]) }];
  }
  const goal = [...reference_tokens, ENDING];
  const whole = steps.length === goal.length && steps.every(({ output }, t) => output === goal[t]);
  return [whole ? "same" : "same_so_far", {}];
}

// The step ◆, where the most probable token is not the reference's.
function parting({ steps, mode, prefix = 0 }, at) {
  const step = steps[at];
  const said = scoredWord(step.top[0]);
  if (!step.target) return ["parts_past", { step: at + 1, said: outputWord(step) }];
  const values = { step: at + 1, said, gold: scoredWord(step.target, step.target.rank) };
  if (mode === "forced") return ["parts_forced", values];
  if (step.output === step.top[0].token) return ["parts", values];
  return [`parts_${at < prefix ? "made" : "chosen"}`, { ...values, output: outputWord(step) }];
}

// The step whose output was least probable, of those that it was not made to say.
function leastSure({ steps, prefix = 0 }) {
  let least = null;
  for (let t = prefix; t < steps.length; t++) {
    if (least === null || steps[t].log_prob < steps[least].log_prob) least = t;
  }
  return least;
}

function unsure({ steps, prefix }, at) {
  const step = steps[at];
  const n = step.top.findIndex(({ token }) => token !== step.output);
  const forked = prefix ? "_forked" : ""; // earlier words were given
  const values = { step: at + 1, output: outputWord(step) };
  if (n < 0) return [`unsure${forked}`, values];
  const place = n ? "second" : "first"; // decoding may choose another than the most probable word
  return [`unsure_${place}${forked}`, { ...values, [place]: scoredWord(step.top[n]) }];
}

// The source's whole words, and the weights (T, W): a word sums its pieces'.
function byWord({ source: { tokens }, steps }) {
  const spans = wordSpans(tokens);
  const sumOf = (row, [start, end]) => row.slice(start, end).reduce((sum, w) => sum + w, 0);
  return {
    words: spans.map(([start, end]) => joinPieces(tokens.slice(start, end))),
    weights_TW: steps.map(({ attention }) => spans.map((span) => sumOf(attention, span))),
  };
}

// Where the weight of a step was, by whole words, and whether an earlier step looked at the same word.
function looked(trace, at) {
  const { words, weights_TW } = byWord(trace);
  const row_W = weights_TW[at];
  const [first, second] = [...row_W.keys()].sort((a, b) => row_W[b] - row_W[a]);
  const whose = trace.steps[at].own_attention ? "edited" : "own";
  const values = { word: bareWord(words[first]), weight: fixed(row_W[first], 2) };
  const [amount] = AMOUNTS.find(([, least]) => row_W[first] >= least) ?? [];
  if (!amount) {
    const other = { second: bareWord(words[second]), weight_second: fixed(row_W[second], 2) };
    return [[`spread_${whose}`, { ...values, ...other }]];
  }
  const before = weights_TW.slice(0, at).findLastIndex((weights_W) => weights_W[first] >= MUCH);
  const again = ["again", { word: bareWord(words[first]), step: before + 1 }];
  return [[`${amount}_${whose}`, values], ...(before >= 0 ? [again] : [])];
}

// How it goes on after ◆.
function after(trace, at, forced) {
  const { steps, mode, ended, reference_tokens } = trace;
  const count = (lane, from) => lane.steps.filter((_, t) => t >= from && misses(lane, t)).length;
  if (mode === "forced") return [["missed", { missed: count(trace, 0), steps: steps.length }]];
  const outputs = steps.map(({ output }) => output).filter((output) => output !== ENDING);
  const found = ended === "eos" && outputs.length > at + 1 ? [endOf(outputs, reference_tokens, at)] : [];
  const later = forced ? forced.steps.length - at - 1 : 0;
  if (later > 0) {
    const missed = count(forced, at + 1);
    found.push(missed ? ["teacher", { missed, steps: later }] : ["teacher_right", {}]);
  }
  return found;
}

// Whether the outputs after step ``at`` end in the reference's words, and in step with it or not.
function endOf(outputs, reference, at) {
  const tail = outputs.slice(at + 1);
  let same = 0;
  while (same < Math.min(tail.length, reference.length) && tail.at(-1 - same) === reference.at(-1 - same)) same++;
  const ending = outputs.slice(outputs.length - same);
  const [step, gold] = [outputs.length - same + 1, reference.length - same + 1];
  if (!same) return ["lost", {}];
  if (!ending.some(isSpelt)) return ["lost_mark", { words: ending.slice(-NAMED).map(bareWord) }];
  return step === gold ? ["back", { step }] : ["back_moved", { step, gold }];
}

// Whether a free lane repeats itself, and whether the limit of length ended it.
function endingOf({ mode, steps, ended, reference_tokens }) {
  if (mode === "forced") return [];
  const found = repetition(steps.map(({ output }) => output), reference_tokens);
  const repeats = found && ["repeats", { step: found.start + 1, words: found.unit.slice(0, NAMED).map(bareWord) }];
  return [...(found ? [repeats] : []), ...(ended === "length" ? [["cut", { steps: steps.length }]] : [])];
}

// Where several tokens are said twice in a row, or one three times, and these tokens; the reference does neither.
function repetition(outputs, reference) {
  const isAt = (tokens, part, start) => part.every((token, n) => tokens[start + n] === token);
  for (let start = 0; start < outputs.length; start++) {
    for (let size = 1; size <= LONGEST_UNIT; size++) {
      const unit = outputs.slice(start, start + size);
      const again = Array(size === 1 ? 3 : 2).fill(unit).flat();
      if (!unit.some((token) => /\p{L}/u.test(token)) || !isAt(outputs, again, start)) continue;
      if (!reference.some((_, t) => isAt(reference, again, t))) return { start, unit };
    }
  }
  return null;
}

// Source words with letters or digits that no step gave a weight, wherever they stand in the source.
function unseen(trace) {
  const { words, weights_TW } = byWord(trace);
  const most = new Map();
  words.forEach((text, w) => {
    const highest = Math.max(...weights_TW.map((row_W) => row_W[w]));
    most.set(text, Math.max(highest, most.get(text) ?? 0));
  });
  const names = [...most].filter(([text, weight]) => weight < UNSEEN && isSpelt(text)).map(([text]) => text);
  if (!names.length || names.length > NAMED) return [];
  return [["unseen", { words: names.map(bareWord), weight: fixed(UNSEEN, 2) }]];
}

// Source words that the model reads as <unk>.
function unknown({ source: { tokens, unknown: places } }) {
  const words = places.slice(0, NAMED).map((s) => bareWord(tokens[s]));
  return words.length ? [["unknown", { words }]] : [];
}

// The clauses as a sentence of a language: ``strings`` are its texts by key without ``summary.``, ``list`` what stands
// between the words of a list, ``fill`` fills in the places of a text.
export function sentenceOf(clauses, strings, list, fill) {
  const named = ({ text, p, rank }) => {
    const kind = text === ENDING ? "end" : "word";
    const known = p === null ? "" : rank === null ? "_p" : "_rank";
    return fill(strings[`${kind}${known}`], { word: shortened(text), p: share(p ?? 0), rank });
  };
  const said = (value) =>
    Array.isArray(value) ? value.map(named).join(list) : typeof value === "object" ? named(value) : value;
  const parts = clauses.map(([key, values]) =>
    fill(strings[key], Object.fromEntries(Object.entries(values).map(([name, value]) => [name, said(value)]))),
  );
  return fill(strings.whole, { clauses: parts.join(strings.and) });
}

function shortened(text) {
  const letters = Array.from(printable(text, "\ufffd"));
  return letters.length <= LONGEST_WORD ? letters.join("") : `${letters.slice(0, LONGEST_WORD - 1).join("")}…`;
}

const share = (p) => (p > 0 && p < 0.005 ? "<1 %" : p > 0.995 && p < 1 ? ">99 %" : `${fixed(100 * p, 0)} %`);
