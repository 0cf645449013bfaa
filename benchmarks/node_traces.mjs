// Answers a job file with the browser's model, in node: node node_traces.mjs JOB ANSWER. A job is { tools, kernels,
// checkpoints }: a file or null, whether matrices are multiplied by WebAssembly, and { folder, name, digest, runs } each,
// a run { source, reference, mode, settings, prefix, edits }. An answer is a list of { opened, runs }: milliseconds, and
// of each run { milliseconds, trace } or { error }.

import { readFileSync, writeFileSync } from "node:fs";

import { openCheckpoint } from "../s2s/browser_model/checkpoint.js";
import { decodeTrace } from "../s2s/browser_model/decode.js";
import { parseEdit } from "../s2s/browser_model/edit.js";
import { UserError } from "../s2s/browser_model/errors.js";

const bytesOf = (file) => new Uint8Array(readFileSync(file));
const valueOf = (file) => JSON.parse(readFileSync(file, "utf8"));
const [jobFile, answerFile] = process.argv.slice(2);
const job = valueOf(jobFile);
const tools = job.tools ? valueOf(job.tools) : null;
const kernels = job.kernels ? bytesOf(new URL("../s2s/browser_model/kernels.wasm", import.meta.url)) : null;

function decodeRun(checkpoint, { source, edits, ...options }) {
  const parsed = new Map(Object.entries(edits ?? {}).map(([t, text]) => [Number(t), parseEdit(text)]));
  const start = performance.now();
  try {
    const trace = decodeTrace(checkpoint, source, { ...options, edits: parsed });
    return { trace, milliseconds: performance.now() - start };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { error: error.key };
  }
}

function decodeAll({ folder, name, digest, runs }) {
  const files = { config: valueOf(`${folder}/config.json`), vocab: valueOf(`${folder}/vocab.json`) };
  const weights = bytesOf(`${folder}/model.safetensors`);
  const start = performance.now();
  const checkpoint = openCheckpoint({ name, digest, ...files, weights, tools, kernels });
  const opened = performance.now() - start;
  return { opened, runs: runs.map((run) => decodeRun(checkpoint, run)) };
}

writeFileSync(answerFile, JSON.stringify(job.checkpoints.map(decodeAll)));
