// A session in JavaScript: reads { directory, name, digest, tools, texts, sentences, kernels } from the standard input,
// writes a list with what each sentence { run, requests } gave: { value } or { error } of the run and of each request. A
// request begins with the branches that the last one left. With ``texts``, sentences by language and key, clauses come
// as sentences; ``packed`` is what a link holds of the branches; without ``kernels`` there is no WebAssembly. Requests
// that come ``byTurns`` are about no branches.

import { readFileSync } from "node:fs";
import "../js/browserless.mjs";
import { packBranches } from "../../s2s/browser_model/branches.js";
import { openCheckpoint } from "../../s2s/browser_model/checkpoint.js";
import { UserError } from "../../s2s/browser_model/errors.js";
import { Session } from "../../s2s/browser_model/session.js";
import { sentenceOf } from "../../s2s/browser_model/summary.js";
import { fill } from "../../s2s/player/browser/dom.js";

const { directory, name, digest, tools, texts = {}, sentences, ...more } = JSON.parse(readFileSync(0, "utf8"));
const read = (file) => readFileSync(`${directory}/${file}`);
const [config, vocab] = ["config.json", "vocab.json"].map((file) => JSON.parse(read(file)));
const weights = new Uint8Array(read("model.safetensors"));
const module = new URL("../../s2s/browser_model/kernels.wasm", import.meta.url);
const kernels = more.kernels === false ? null : new Uint8Array(readFileSync(module));
const session = new Session(openCheckpoint({ name, digest, config, vocab, weights, tools, kernels }));

const inWords = (clauses) =>
  Object.fromEntries(
    Object.entries(texts).map(([language, { summary, list }]) => [language, sentenceOf(clauses, summary, list, fill)]),
  );

function tried(run) {
  try {
    return { value: structuredClone(run()) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { error: { key: error.key, values: error.values } };
  }
}

function answered(branches, request) {
  const found = tried(() => session.answer(branches, request));
  if (found.value?.answer.more) return answered(branches, request);
  return found;
}

const rowWith = ({ clauses, ...row }) => (clauses ? { ...row, summary: inWords(clauses) } : row);

// Each request again and again, by turns, until all are finished.
function byTurns(requests) {
  const found = requests.map(() => null);
  while (found.some((answer) => !answer || answer.value?.answer.more)) {
    requests.forEach((request, n) => {
      if (!found[n] || found[n].value?.answer.more) found[n] = tried(() => session.answer([], request));
    });
  }
  return found;
}

function runs({ run, requests = [], byTurns: isByTurns = false }) {
  const first = tried(() => session.run(run));
  if (first.value) {
    const said = Object.entries(first.value.clauses).map(([lane, clauses]) => [lane, inWords(clauses)]);
    first.value.summaries = Object.fromEntries(said);
  }
  if (isByTurns) return { run: first, answers: byTurns(requests) };
  let branches = [];
  const answers = requests.map((request) => {
    const found = answered(branches, request);
    branches = found.value?.branches ?? branches;
    return { ...found, packed: packBranches(branches), rows: (found.value?.rows ?? session.rows(branches)).map(rowWith) };
  });
  return { run: first, answers };
}

process.stdout.write(JSON.stringify(sentences.map(runs)));
