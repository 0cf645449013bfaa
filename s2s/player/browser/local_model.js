// The model in the visitor's browser, in the app: fetched at the first fork or edit, not before, as most visitors never
// need it. One is open at a time; it outlives the player, which is mounted anew in another language.

import { startWorker } from "../../browser_model/host.js";

// ``status``: python (not fetched), loading, open, or failed, which is for good. ``texts``: sentences by language.
// Of local_answers.js: ``place``, what it has run, and the branches; ``left``, the last places by page; ``ran``, the
// last sentence, by model and page; ``pace``, milliseconds of a step; ``differs``, a page of which Python has other
// lanes; ``isBusy`` while a sentence is run.
const CLOSED = { address: null, opening: null, worker: null, place: null, ran: null, isBusy: false };
export const MODEL = (globalThis.lookbackModel ??= { ...CLOSED, status: "python", left: new Map() });

// Where the app is served: Streamlit's scripts lie below it, whatever path a proxy puts before it.
function appAddress() {
  const script = [...document.scripts].find(({ src }) => src.includes("/static/js/"));
  return new URL("../..", script.src);
}

async function fetched(path) {
  const response = await fetch(new URL(path, appAddress()));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

// Fetch and open the model that Python offers. The promise is rejected if anything is missing, blocked or too large.
export async function openModel({ model, code, tools }) {
  const opening = {};
  Object.assign(MODEL, { status: "loading", address: model, opening });
  const check = () => {
    if (MODEL.opening !== opening) throw new Error("left meanwhile");
  };
  const paths = [`${model}/checkpoint.json`, `${model}/weights`, `${code}/texts.json`];
  if (tools) paths.push(`${code}/tools.json`);
  const [described, weights, texts, tables] = await Promise.all(paths.map(fetched));
  check();
  const worker = startWorker(new URL(`${code}/worker.js`, appAddress()));
  MODEL.worker = worker;
  const bytes = new Uint8Array(await weights.arrayBuffer());
  const parts = { ...(await described.json()), weights: bytes, tools: tables ? await tables.json() : null };
  await worker.call("open", parts, [bytes.buffer]);
  const sentences = await texts.json();
  check();
  Object.assign(MODEL, { status: "open", texts: sentences });
}

// End the worker; ``status`` is what comes then.
export function closeModel(status) {
  MODEL.worker?.stop();
  Object.assign(MODEL, CLOSED, { status });
}

export const isSaving = () => Boolean(globalThis.navigator?.connection?.saveData);
