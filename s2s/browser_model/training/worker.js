// A training in a worker of its own, so that the page never stops: requests {id, kind, …} in, {id, value} or {id,
// error: {key, values}} out, in their order (host.js is the other end). It trains for as long as a request says and
// then waits for the next, so that a page which asks for no more has paused it.

import { PRODUCTS } from "./products.js";
import { TrainingRun } from "./training_run.js";

const SCORE_EVERY = 25; // batches between two scores
const LONGEST_TYPED = 40; // characters of a date that is read
let run = null;

// The module that multiplies matrices; null where a page's policy or an old browser does not let it be.
function compiled() {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(PRODUCTS), (c) => c.charCodeAt(0)));
  } catch {
    return null;
  }
}
const products = compiled();

const KINDS = {
  // Begin anew: settings as in training_run.js.
  configure({ settings }) {
    run = new TrainingRun(settings, products);
    const parameters = [...run.parameters].map(([name, { shape }]) => ({ name, shape }));
    return { settings: run.settings, parameters, scored: run.scored.length, exact: run.exactOf() };
  },
  // Train for some batches, but no longer than for some milliseconds after the first.
  train({ batches, milliseconds = Infinity }) {
    const [began, rows] = [performance.now(), []];
    while (rows.length < batches && run.count < run.settings.steps) {
      const row = run.step();
      if (row.step % SCORE_EVERY === 0 || row.step === run.settings.steps) row.exact = run.exactOf();
      rows.push(row);
      if (performance.now() - began >= milliseconds) break;
    }
    return { rows, seconds: (performance.now() - began) / 1000 };
  },
  // What the averaged model makes of texts, with its attention.
  read: ({ sources }) => run.read(sources.map((source) => source.slice(0, LONGEST_TYPED))),
  gradient: ({ name }) => run.gradientOf(name),
};

addEventListener("message", ({ data: { id, kind, ...payload } }) => {
  try {
    postMessage({ id, value: KINDS[kind](payload) });
  } catch (error) {
    console.error("lookback training", error);
    postMessage({ id, error: { key: "browser_fault", values: {} } });
  }
});
