// A training run on dates: its settings, one step, the share of exact answers, and what a half-trained model reads. The
// same seed gives the same run.

import { generator } from "../random.js";
import { adamStep, clipGradient, learningRate, moveAverage, norm } from "./adam.js";
import { Arrays } from "./arrays.js";
import { EOS, UNKNOWN, collate } from "./batches.js";
import { SOURCE_TOKENS, TARGET_TOKENS, dateTask, sourceIds, targetIds, tokensOf } from "./dates.js";
import { crossEntropy, decodeBatch, decodeBatchBack } from "./decoding.js";
import { SETTINGS, buildParameters, initialise, shapesOf } from "./parameters.js";
import { DEFAULTS } from "./settings.js";

const POOL = 16; // batches whose pairs are sorted by length together
const SCORED = 100; // held-out dates
const LONGEST_OUTPUT = 12; // tokens, of ten and <eos> that a date has
const AVERAGE = 0.98; // decay of the moving average of the weights
const CLIP = 1;
const LOW = 0.02; // of the peak learning rate, at the end
const TOGETHER = 100; // dates that are read in one batch
const ROOM = 1400; // floats of a batch's records, for each row and each number of a state

const configOf = ({ attention, cell, size }) => ({
  ...SETTINGS,
  attention,
  cell,
  embedding_size: size / 2,
  encoder_size: size / 2,
  decoder_size: size,
  attention_size: size / 2,
});

function argmaxOf(logits_V) {
  let best = 0;
  for (let v = 1; v < logits_V.length; v++) if (logits_V[v] > logits_V[best]) best = v;
  return best;
}

// A token drawn from the softmax of logits, by one uniform number.
function drawToken(logits_V, uniform) {
  const most = Math.max(...logits_V);
  const weights = Array.from(logits_V, (logit) => Math.exp(logit - most));
  let rest = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => (rest -= weight) < 0);
  return found < 0 ? weights.length - 1 : found;
}

export class TrainingRun {
  constructor(given, module = null) {
    const settings = { ...DEFAULTS, ...given };
    const random = generator(settings.seed);
    const config = configOf(settings);
    const sizes = [SOURCE_TOKENS.length, TARGET_TOKENS.length];
    const weights = shapesOf(config, ...sizes).reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b), 0);
    const arrays = new Arrays(8 * weights + ROOM * Math.max(settings.batchSize, TOGETHER) * settings.size, module);
    const { parameters, whole } = buildParameters(arrays, config, ...sizes);
    initialise(parameters, random);
    whole.average.set(whole.data);
    arrays.keep();
    const task = dateTask(generator(settings.seed + 1));
    Object.assign(this, { settings, random, arrays, parameters, whole, task, count: 0, queue: [] });
    this.model = { config, parameters };
    this.schedule = {
      steps: settings.steps,
      warmup: Math.max(1, Math.min(100, Math.floor(settings.steps / 10))),
      peak: settings.learningRate,
      low: LOW,
    };
    this.scored = Array.from({ length: SCORED }, task.fresh);
  }

  // The next batch: pairs of like length.
  nextBatch() {
    const { batchSize } = this.settings;
    if (!this.queue.length) {
      const pairs = Array.from({ length: POOL * batchSize }, this.task.training);
      pairs.sort(([a], [b]) => a.length - b.length);
      const order = Array.from({ length: POOL }, (_, k) => [this.random(), k]).sort(([a], [b]) => a - b);
      this.queue = order.map(([, k]) => pairs.slice(k * batchSize, (k + 1) * batchSize));
    }
    return collate(this.queue.pop().map(([source, target]) => [sourceIds(source), targetIds(target)]));
  }

  // The share of the reference among the decoder's inputs (Bengio et al. 2015, linear).
  get teacherShare() {
    return 1 - this.settings.ownShare * Math.min(1, this.count / this.settings.steps);
  }

  // One batch: forward, backward, clipping, Adam. Returns what is drawn of it.
  step() {
    const { arrays, model, whole, random } = this;
    const [batch, share] = [this.nextBatch(), this.teacherShare];
    const mix = (logits_BV, t) => {
      for (let row = 0, V = TARGET_TOKENS.length; row < batch.rows; row++) {
        if (random() < share || !batch.inputs_TB[t * batch.rows + row]) continue;
        batch.inputs_TB[t * batch.rows + row] = drawToken(logits_BV.subarray(row * V, (row + 1) * V), random());
      }
    };
    arrays.release();
    whole.gradient.fill(0);
    const done = decodeBatch(arrays, model, batch, share < 1 ? mix : null);
    const { loss } = crossEntropy(done.decoder, batch.targets_TB);
    decodeBatchBack(arrays, model, batch, done);
    const norms = Object.fromEntries([...this.parameters].map(([name, { gradient }]) => [name, norm(gradient)]));
    clipGradient(whole, CLIP);
    const rate = learningRate(this.count, this.schedule);
    adamStep(whole, rate, (this.count += 1));
    moveAverage(whole, AVERAGE, this.count);
    return { step: this.count, loss, norms, rate, share };
  }

  // The averaged model's own output for sources, with the attention of each step.
  read(sources) {
    const { arrays, model, whole } = this;
    const live = whole.data.slice();
    whole.data.set(whole.average);
    arrays.release();
    const batch = collate(sources.map((source) => [sourceIds(source), Array(LONGEST_OUTPUT - 1).fill(1)]));
    const V = TARGET_TOKENS.length;
    const outputs = sources.map(() => []);
    const say = (logits_BV) =>
      outputs.forEach((output, row) => {
        if (output.at(-1) !== EOS) output.push(argmaxOf(logits_BV.subarray(row * V, (row + 1) * V)));
      });
    const choose = (logits_BV, t) => {
      say(logits_BV);
      outputs.forEach((output, row) => (batch.inputs_TB[t * batch.rows + row] = output.at(-1)));
      return outputs.every((output) => output.at(-1) === EOS);
    };
    const { decoder, records } = decodeBatch(arrays, model, batch, choose);
    const last = (LONGEST_OUTPUT - 1) * batch.rows * V;
    if (records.length === LONGEST_OUTPUT) say(decoder.logits_TBV.subarray(last, last + batch.rows * V));
    const read = outputs.map((ids, row) => this.reading(sources[row], ids, records, row, batch.rows));
    whole.data.set(live);
    return read;
  }

  reading(source, ids, records, row, rows) {
    const tokens = tokensOf(source);
    const weightsOf = ({ seen }) => tokens.map((_, s) => seen.alpha_SB[s * rows + row]);
    const attention_TS = records[0].seen ? records.slice(0, ids.length).map(weightsOf) : [];
    const said = ids.map((id) => TARGET_TOKENS[id]);
    const unknown = sourceIds(source).map((id) => id === UNKNOWN);
    return { source, tokens, unknown, said, text: said.filter((token) => token !== "<eos>").join(""), attention_TS };
  }

  // How many of ``pairs`` of held-out dates the averaged model writes exactly.
  exactOf(pairs = this.scored) {
    let exact = 0;
    for (let from = 0; from < pairs.length; from += TOGETHER) {
      const part = pairs.slice(from, from + TOGETHER);
      this.read(part.map(([source]) => source)).forEach(({ text }, k) => (exact += text === part[k][1]));
    }
    return exact / pairs.length;
  }

  // The gradient of a parameter in the last step, after clipping.
  gradientOf(name) {
    const { shape, gradient } = this.parameters.get(name);
    return { name, shape, values: gradient.slice() };
  }
}
