// What words owe to source and prefix by the browser's model, timed in node (origins.py): reads { directory, name,
// digest, tools, source, reference, steps, rounds } from the standard input, writes the milliseconds of processor
// time of each round.

import { readFileSync } from "node:fs";
import { openCheckpoint } from "../s2s/browser_model/checkpoint.js";
import { Session } from "../s2s/browser_model/session.js";

const { directory, name, digest, tools, source, reference, steps, rounds } = JSON.parse(readFileSync(0, "utf8"));
const read = (file) => readFileSync(`${directory}/${file}`);
const [config, vocab] = ["config.json", "vocab.json"].map((file) => JSON.parse(read(file)));
const weights = new Uint8Array(read("model.safetensors"));
const kernels = new Uint8Array(readFileSync(new URL("../s2s/browser_model/kernels.wasm", import.meta.url)));
const checkpoint = openCheckpoint({ name, digest, config, vocab, weights, tools, kernels });

// Answers are kept in a session: each round begins a new one.
function timed(requests) {
  const session = new Session(checkpoint);
  session.run({ source, reference });
  const began = process.cpuUsage();
  for (const request of requests) while (session.answer([], { kind: "origins", lane: "forced", ...request }).answer.more);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

function* parts() {
  for (let first = 0; first < steps; first += 4) yield { first, count: Math.min(4, steps - first), against: 0 };
}

const asked = {
  "last step": [{ first: steps - 1, count: 1, against: 0 }],
  contrast: [{ first: steps - 1, count: 1, against: 2 }],
  "all steps": [...parts()], // as the player asks for them
};
const found = {};
for (const [what, requests] of Object.entries(asked)) {
  found[what] = Array.from({ length: rounds }, () => timed(requests));
}
process.stdout.write(JSON.stringify(found));
