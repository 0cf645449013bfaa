// A visitor's own checkpoint: a directory or a zip that is dropped on the page or chosen. It is read here and stays.

import { UserError } from "../../browser_model/errors.js";
import { el } from "../../player/browser/dom.js";
import { readZip } from "./zip.js";

const NEEDED = ["config.json", "vocab.json", "model.safetensors"];
const LARGEST = { "config.json": 2e6, "vocab.json": 60e6, "model.safetensors": 400e6 }; // bytes
const MOST_ENTRIES = 2_000; // of a directory

const baseOf = (path) => path.split("/").at(-1);
const folderOf = (path) => path.split("/").slice(0, -1).join("/");

// The three files of a checkpoint among files by path, each as a function that promises its bytes: those of the first
// folder that has all of them.
function findCheckpoint(files) {
  const folders = new Map();
  for (const [path, read] of files) {
    if (!NEEDED.includes(baseOf(path))) continue;
    const folder = folders.get(folderOf(path)) ?? new Map();
    folders.set(folderOf(path), folder.set(baseOf(path), read));
  }
  const whole = [...folders].find(([, own]) => NEEDED.every((name) => own.has(name)));
  if (whole) return { folder: whole[0], own: whole[1] };
  const most = [...folders.values()].sort((a, b) => b.size - a.size)[0] ?? new Map();
  throw new UserError("site_files", { missing: NEEDED.filter((name) => !most.has(name)).join(", ") });
}

function ownJson(bytes, name) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new UserError("site_json", { name });
  }
}

// What ``Models.add`` takes: the name, a digest of the weights, and the files. ``taken`` are names that are in use.
async function readCheckpoint(files, given, taken) {
  const { folder, own } = findCheckpoint(files);
  const bytes = {};
  for (const name of NEEDED) bytes[name] = await own.get(name)(LARGEST[name]);
  const [config, vocab] = ["config.json", "vocab.json"].map((name) => ownJson(bytes[name], name));
  checkShape(config, vocab);
  checkSizes(config.model, vocab, bytes["model.safetensors"]);
  const digest = await digestOf(bytes["model.safetensors"]);
  return {
    name: freeName(baseOf(folder) || given, taken),
    digest,
    config,
    vocab,
    weights: bytes["model.safetensors"],
  };
}

const ATTENTIONS = ["additive", "general", "dot", "concat", "location", "local-m", "local-p", "none"];
const CUTS = "jieba latin characters spaces ascii ascii-stops ascii-marks bpe sentencepiece keras".split(" ");
const SIZES = ["embedding_size", "encoder_size", "decoder_size", "encoder_layers", "decoder_layers"];

// UserError for a config or vocabulary that is none of this program's, before anything is built of it.
function checkShape(config, vocab) {
  const { model, text } = config ?? {};
  const isSize = (name) => Number.isInteger(model[name]) && model[name] > 0 && model[name] <= 8192;
  const areTexts = (list) => Array.isArray(list) && list.every((word) => typeof word === "string");
  const isList = (side) => areTexts(vocab?.[side]?.tokens);
  const known =
    config?.schema === "lookback-checkpoint/1" &&
    ATTENTIONS.includes(model?.attention) &&
    [text?.source, text?.target].every((name) => CUTS.includes(name)) &&
    SIZES.every(isSize) &&
    ["source", "target"].every(isList);
  if (!known) throw new UserError("browser_checkpoint");
}

// UserError unless the tensors have the sizes of the config and of the vocabularies: others would give other numbers.
function checkSizes({ encoder_size, decoder_size, embedding_size, cell }, { source, target }, weights) {
  const gates = cell === "lstm" ? 4 : 3;
  const sizes = {
    "encoder.embedding.weight": [source.tokens.length, embedding_size],
    "encoder.rnn.weight_hh_l0": [gates * encoder_size, encoder_size],
    "decoder.cells.0.weight_hh": [gates * decoder_size, decoder_size],
    "output.bias": [target.tokens.length],
  };
  const tensors = tensorsOf(weights);
  for (const [name, size] of Object.entries(sizes)) {
    if (String(tensors[name]?.shape) !== String(size)) throw new UserError("weights_unreadable", { name });
  }
}

// The header of a safetensors file.
function tensorsOf(weights) {
  const unreadable = new UserError("weights_unreadable", { name: "model.safetensors" });
  if (weights.length < 8) throw unreadable;
  const length = Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
  if (!(length <= Math.min(weights.length - 8, 1 << 20))) throw unreadable;
  try {
    return JSON.parse(new TextDecoder().decode(weights.subarray(8, 8 + length)));
  } catch {
    throw unreadable;
  }
}

// Twelve hexadecimal digits that tell one file of weights from another; not the app's digest, which knows more.
async function digestOf(bytes) {
  if (!globalThis.crypto?.subtle) return "";
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum.subarray(0, 6), (x) => x.toString(16).padStart(2, "0")).join("");
}

function freeName(given, taken) {
  const plain = given.replace(/\.zip$/i, "").replace(/[^\p{L}\p{N}._ -]+/gu, "").slice(0, 60) || "checkpoint";
  let name = plain;
  for (let n = 2; taken.includes(name); n++) name = `${plain} ${n}`;
  return name;
}

const reading = (file) => async (most) => {
  if (file.size > most) throw new UserError("site_large", { name: file.name, limit: most / 1e6 });
  return new Uint8Array(await file.arrayBuffer());
};

// Files by path, of a list of files: those of a directory, or of a single zip.
async function filesIn(list) {
  const [file] = list;
  if (list.length === 1 && /\.zip$/i.test(file.name)) {
    return { name: file.name, files: readZip(await reading(file)(LARGEST["model.safetensors"])) };
  }
  const few = list.slice(0, MOST_ENTRIES);
  const pathOf = (one) => one.webkitRelativePath || one.path || one.name;
  return { name: "checkpoint", files: new Map(few.map((one) => [pathOf(one), reading(one)])) };
}

// The files of what was dropped, those of directories with their paths.
async function droppedFiles({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some(({ isDirectory }) => isDirectory)) return [...files];
  const found = [];
  const waiting = [...entries];
  while (waiting.length && found.length < MOST_ENTRIES) {
    const entry = waiting.shift();
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push(Object.assign(file, { path: entry.fullPath.replace(/^\//, "") }));
    } else waiting.push(...(await new Promise((resolve, reject) => entry.createReader().readEntries(resolve, reject))));
  }
  return found;
}

// The place where a checkpoint is dropped or chosen.
export function ownSection(site) {
  const { texts } = site;
  const said = el("p", { class: "said", role: "status" });
  const take = async (list) => {
    if (!list.length) return;
    said.className = "said";
    said.textContent = texts.say("site.own_reading");
    try {
      const { name, files } = await filesIn(list);
      const checkpoint = await readCheckpoint(files, name, site.models.rows.map((row) => row.name));
      await site.models.add(checkpoint);
      site.opened(checkpoint.name);
    } catch (error) {
      said.className = "said problem";
      said.textContent = site.explain(error);
    }
  };
  const chooser = (key, more) => {
    const input = el("input", { type: "file", ...more });
    input.addEventListener("change", () => take([...input.files]));
    return el("label", { class: "file" }, el("span", { text: texts.say(key) }), input);
  };
  const box = el(
    "section",
    { class: "drop" },
    el("h2", { text: texts.say("site.own") }),
    el("p", { text: texts.say("site.own_what") }),
    chooser("site.own_zip", { accept: ".zip" }),
    chooser("site.own_folder", { webkitdirectory: "" }),
    said,
  );
  return { box, take };
}

// Take what is dropped anywhere on the page.
export function listenDrops(takeOf) {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", async (event) => {
    event.preventDefault();
    const take = takeOf();
    if (take) take(await droppedFiles(event.dataTransfer));
  });
}
