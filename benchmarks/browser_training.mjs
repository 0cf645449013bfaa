// Trains on dates as the playground's worker does, and says how many of 500 fresh dates are exact, and after how many
// seconds of processor time. Scoring is not counted.

import { readFileSync } from "node:fs";

const folder = new URL("../s2s/browser_model/training/", import.meta.url);
const { PRODUCTS } = await import(new URL("products.js", folder));
const { TrainingRun } = await import(new URL("training_run.js", folder));

const FRESH = 500;
const EVERY = 25; // steps between two scores
const { settings, plain } = JSON.parse(readFileSync(0, "utf-8"));
const run = new TrainingRun(settings, plain ? null : new WebAssembly.Module(Buffer.from(PRODUCTS, "base64")));
const fresh = Array.from({ length: FRESH }, run.task.fresh);
const curve = [{ step: 0, seconds: 0, loss: null, exact: run.exactOf(fresh) }];
let spent = 0; // microseconds
while (run.count < run.settings.steps) {
  const began = process.cpuUsage();
  let loss = 0;
  for (let step = 0; step < EVERY; step++) loss += run.step().loss / EVERY;
  const { user, system } = process.cpuUsage(began);
  spent += user + system;
  curve.push({ step: run.count, seconds: spent / 1e6, loss, exact: run.exactOf(fresh) });
}
process.stdout.write(JSON.stringify(curve));
