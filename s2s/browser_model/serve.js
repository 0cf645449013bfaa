// A worker that holds a model, so that the page never stops: requests {id, kind, …} in, {id, value} or
// {id, error: {key, values}} out, in their order. host.js is the other end.

import { openCheckpoint } from "./checkpoint.js";
import { UserError } from "./errors.js";
import { Session } from "./session.js";
import { unpacked, unpackedJson } from "./unpack.js";

let session = null;

const asBytes = (value) => (typeof value === "string" ? unpacked(value) : value);

const REQUESTS = {
  // Open a checkpoint: weights and kernels as bytes, or as the text that a page of one file holds; so, too, the tools.
  async open({ weights, tools, kernels, ...checkpoint }) {
    const bytes = { weights: await asBytes(weights), kernels: await asBytes(kernels) };
    const values = typeof tools === "string" ? await unpackedJson(tools) : tools;
    session = new Session(openCheckpoint({ ...checkpoint, ...bytes, tools: values }));
    return { attention: checkpoint.config.model.attention, vocabulary: session.checkpoint.target.vocab.tokens.length };
  },
  run: (sentence) => session.run(sentence),
  answer: ({ branches, request }) => session.answer(branches, request),
};

async function answer(kinds, { id, kind, ...payload }) {
  try {
    postMessage({ id, value: await kinds[kind](payload) });
  } catch (error) {
    if (!(error instanceof UserError)) console.error("lookback model", error);
    const { key, values } = error instanceof UserError ? error : { key: "browser_fault", values: {} };
    postMessage({ id, error: { key, values } });
  }
}

// Answer the requests of the page, one after the other. ``more`` are further kinds, functions of the session and the
// request.
export function serveModel(more = {}) {
  const own = Object.entries(more).map(([kind, act]) => [kind, (payload) => act(session, payload)]);
  const kinds = { ...REQUESTS, ...Object.fromEntries(own) };
  let last = Promise.resolve();
  addEventListener("message", ({ data }) => (last = last.then(() => answer(kinds, data))));
}
