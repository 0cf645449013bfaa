// What test_training.py asks of the training in JavaScript: gradients and a step of given weights, dates, a run.

import { readFileSync } from "node:fs";

const folder = new URL("../../s2s/browser_model/", import.meta.url);
const of = (name) => import(new URL(name, folder));
const { Arrays } = await of("training/arrays.js");
const { SETTINGS, buildParameters, initialise } = await of("training/parameters.js");
const { adamStep, clipGradient, learningRate } = await of("training/adam.js");
const { collate } = await of("training/batches.js");
const { SOURCE_TOKENS, TARGET_TOKENS, dateTask } = await of("training/dates.js");
const { crossEntropy, decodeBatch, decodeBatchBack } = await of("training/decoding.js");
const { PRODUCTS } = await of("training/products.js");
const { TrainingRun } = await of("training/training_run.js");
const { generator } = await of("random.js");

const products = new WebAssembly.Module(Buffer.from(PRODUCTS, "base64"));
const SIZES = [13, 9]; // of the vocabularies of small models
const ROOM = 1_000_000; // numbers

function small(given, plain) {
  const [config, arrays] = [{ ...SETTINGS, ...given }, new Arrays(ROOM, plain ? null : products)];
  return { config, arrays, ...buildParameters(arrays, config, ...SIZES) };
}

const KINDS = {
  // Loss, gradients before clipping, their norm, and the weights after one step of Adam.
  gradients({ config: given, weights, pairs, rate, clip, plain }) {
    const { config, arrays, parameters, whole } = small(given, plain);
    for (const [name, { data }] of parameters) data.set(weights[name].flat());
    arrays.keep();
    const [model, batch] = [{ config, parameters }, collate(pairs)];
    const done = decodeBatch(arrays, model, batch);
    const { loss } = crossEntropy(done.decoder, batch.targets_TB);
    decodeBatchBack(arrays, model, batch, done);
    const numbers = (part) => Object.fromEntries([...parameters].map(([name, own]) => [name, Array.from(own[part])]));
    const gradients = numbers("gradient");
    const norm = clipGradient(whole, clip);
    adamStep(whole, rate, 1);
    return { loss, norm, gradients, weights: numbers("data") };
  },
  // The first weights of a model.
  first({ config: given, seed }) {
    const { parameters } = small(given, false);
    initialise(parameters, generator(seed));
    return Object.fromEntries([...parameters].map(([name, { shape, data }]) => [name, { shape, data: Array.from(data) }]));
  },
  rates: ({ steps, schedule }) => steps.map((step) => learningRate(step, schedule)),
  dates({ count, seed }) {
    const { training, fresh } = dateTask(generator(seed));
    const take = (next) => Array.from({ length: count }, next);
    return { source: SOURCE_TOKENS, target: TARGET_TOKENS, training: take(training), fresh: take(fresh) };
  },
  // Some steps of a run, and what it reads then.
  run({ settings, steps, sources, plain }) {
    const run = new TrainingRun(settings, plain ? null : products);
    const losses = Array.from({ length: steps }, () => run.step().loss);
    return { losses, exact: run.exactOf(), read: run.read(sources) };
  },
};

const jobs = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(jobs.map(({ kind, ...job }) => KINDS[kind](job))));
