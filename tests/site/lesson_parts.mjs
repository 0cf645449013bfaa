// Lesson parts of checkpoints: a list of { directory, name, part, payload } in, what each part says out.
import { readFileSync } from "node:fs";
import { openCheckpoint } from "../../s2s/browser_model/checkpoint.js";
import { LESSON_PARTS } from "../../s2s/browser_model/lesson/parts.js";

const { jobs, tools } = JSON.parse(readFileSync(0, "utf8"));
const opened = new Map();

function open({ directory, name }) {
  if (!opened.has(name)) {
    const read = (file) => readFileSync(`${directory}/${file}`);
    const [config, vocab] = ["config.json", "vocab.json"].map((file) => JSON.parse(read(file)));
    const weights = new Uint8Array(read("model.safetensors"));
    opened.set(name, openCheckpoint({ name, digest: "", config, vocab, weights, tools }));
  }
  return opened.get(name);
}

const answer = (job) => LESSON_PARTS[job.part](open(job), job.payload);
process.stdout.write(JSON.stringify(jobs.map(answer)));
