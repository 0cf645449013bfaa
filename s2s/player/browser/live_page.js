// A page of one file that holds a model: the form, the player and the worker (live.js), with switches for language and
// theme. It stands before the model in the file, so that the first example is painted while that still arrives.

import { startWorkerFrom } from "../../browser_model/host.js";
import { askEvidence, buildEvidence, paintEvidence } from "./evidence.js";
import { openLive, setFailed, setLanguage, setLoaded } from "./live.js";
import { watchSwitches } from "./page_controls.js";
import { mount } from "./player.js";
import { unpacked } from "../../browser_model/unpack.js";
import { askReadout, buildMix, buildProducts, buildReadout, mixedLine, productLine } from "./readout.js";

const MODEL_ACTS = {
  ...{ askEvidence, buildEvidence, paintEvidence },
  ...{ askReadout, buildMix, buildProducts, buildReadout, mixedLine, productLine },
};

// The text of a part of the file, which is forgotten: it is long.
function taken(id) {
  const node = document.getElementById(id);
  const text = node?.textContent ?? "";
  node?.remove();
  return text;
}

// Start the worker and hand it the model; a promise of ``call``.
async function openModel(checkpoint) {
  const { call } = startWorkerFrom(await unpacked(taken("lookback-worker")));
  await call("open", { ...checkpoint, weights: taken("lookback-weights"), tools: taken("lookback-tools") || null });
  return call;
}

function openLivePage() {
  const stored = (id) => JSON.parse(document.getElementById(id).textContent);
  const { language, texts, pages, model, first, checkpoint } = stored("lookback-page");
  const host = document.createElement("div");
  host.attachShadow({ mode: "open" }).append(document.getElementById("parts").content);
  const whole = new Promise((resolve) => addEventListener("DOMContentLoaded", resolve, { once: true }));
  const opened = whole.then(() => openModel(checkpoint));
  const call = async (kind, payload) => (await opened)(kind, payload);
  const shown = { ...first, lanes: stored("lookback-lanes") };
  const root = document.getElementById("live");
  let live = null;
  const mountPlayer = (component) => mount(component, MODEL_ACTS);
  watchSwitches(pages, language, (chosen) => {
    if (live) setLanguage(live, chosen);
    else live = openLive({ root, texts, language: chosen, model, first: shown, call, host, mount: mountPlayer });
  });
  opened.then(
    () => setLoaded(live),
    (error) => setFailed(live, error),
  );
}

openLivePage();
