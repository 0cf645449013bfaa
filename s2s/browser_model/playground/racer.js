// One of the two models that race: its worker, its settings, and what it has told. It trains only for as long as it is
// asked to; what belongs to an earlier start is dropped.

import { startWorker, startWorkerFrom } from "../host.js";

export class Racer {
  // The script of training/worker.js: its address, or its text as ``code``.
  constructor(name, { url, code }, settings) {
    Object.assign(this, { name, settings, round: 0, worker: code ? startWorkerFrom(code) : startWorker(url) });
    this.clear();
  }

  clear() {
    Object.assign(this, { rows: [], marks: [], seconds: 0, failed: false });
    Object.assign(this, { reached: null, reading: null, gradient: null });
  }

  // Begin anew with these settings, and say what the untrained model makes of a date.
  async begin(settings, source, weight) {
    const round = ++this.round;
    this.settings = settings;
    this.clear();
    const { parameters, scored, exact, settings: whole } = await this.worker.call("configure", { settings });
    if (round !== this.round) return;
    Object.assign(this, { parameters, scored, batches: whole.steps, marks: [{ step: 0, exact }] });
    await this.look(source, weight);
  }

  get step() {
    return this.rows.length;
  }
  get done() {
    return this.step >= this.batches;
  }
  get exact() {
    return this.marks.at(-1)?.exact ?? 0;
  }

  // Train for some batches within some milliseconds. False where it was begun anew meanwhile.
  async train(given, source, weight) {
    const round = this.round;
    const { rows, seconds } = await this.worker.call("train", given);
    if (round !== this.round) return false;
    this.seconds += seconds;
    for (const row of rows) {
      this.rows.push(row);
      if (row.exact === undefined) continue;
      this.marks.push({ step: row.step, exact: row.exact });
      if (row.exact >= GOAL) this.reached ??= this.seconds;
    }
    await this.look(source, weight);
    return round === this.round;
  }

  // What it makes of a date now, and the gradient of a weight in the last batch.
  async look(source, weight) {
    const round = this.round;
    const name = this.nameOf(weight);
    const [[reading], gradient] = await Promise.all([
      this.worker.call("read", { sources: [source] }),
      name ? this.worker.call("gradient", { name }) : null,
    ]);
    if (round === this.round) Object.assign(this, { reading, gradient });
  }

  // The weight that was chosen, if this model has it.
  nameOf(weight) {
    return this.parameters?.some(({ name }) => name === weight) ? weight : null;
  }

  // The mean loss of the last batches.
  get loss() {
    const last = this.rows.slice(-RECENT);
    return last.length ? last.reduce((sum, { loss }) => sum + loss, 0) / last.length : null;
  }

  stop() {
    this.round++;
    this.worker.stop();
  }
}

export const GOAL = 0.95; // share of exact dates
const RECENT = 10; // batches
