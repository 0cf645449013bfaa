// The models: their files, fetched once and kept in this browser, and a worker for each that is open.

import { UserError } from "../../browser_model/errors.js";
import { startWorker } from "../../browser_model/host.js";

const OPEN = 3; // models in memory; the one that was used longest ago is closed
const KEPT = "lookback-models"; // the cache, as the service worker names it

export const sizeOf = ({ files }) => files.reduce((sum, { bytes }) => sum + bytes, 0);

// The cache of the models' files; null where the browser has none, as on a page without https.
const cacheOf = () => globalThis.caches?.open(KEPT).catch(() => null) ?? null;

// A file of a model: from the cache, or fetched and kept there if there is room.
async function keptBytes(url, name, grow) {
  const cache = await cacheOf();
  const found = await cache?.match(url);
  if (found) return new Uint8Array(await found.arrayBuffer());
  const bytes = await fetchBytes(url, name, grow);
  await cache?.put(url, new Response(bytes)).catch(() => {});
  return bytes;
}

// Fetch a file; ``grow`` is told the bytes that came. UserError where it does not come.
export async function fetchBytes(url, name, grow = () => {}) {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(response.statusText);
    const chunks = [];
    const reader = response.body.getReader();
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      chunks.push(value);
      grow(value.length);
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  } catch {
    throw new UserError("site_fetch", { name });
  }
}

const jsonOf = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

export class Models {
  // ``told(name, done, size)`` is called as a model's files come, and with null for ``done`` when they are there.
  constructor(rows, tools, told) {
    Object.assign(this, { rows, tools, told, open: new Map(), own: new Map(), cut: null });
  }

  row(name) {
    return this.rows.find((row) => row.name === name);
  }

  // The worker that holds a model, opened if it is not.
  worker(name) {
    const found = this.open.get(name) ?? this.start(name);
    this.open.delete(name);
    this.open.set(name, found);
    for (const old of [...this.open.keys()].slice(0, -OPEN)) this.close(old);
    return found;
  }

  close(name) {
    this.open.get(name)?.then((worker) => worker.stop(), () => {});
    this.open.delete(name);
  }

  start(name) {
    const opening = this.load(name);
    opening.catch(() => this.open.delete(name)); // the next who asks tries again
    return opening;
  }

  async load(name) {
    const row = this.row(name);
    const files = this.own.get(name) ?? (await this.fetchFiles(row));
    const tools = row.chinese ? await this.cutting() : null;
    const kernels = await fetchBytes("kernels.wasm", "kernels.wasm");
    const worker = startWorker("worker.js");
    try {
      await worker.call("open", { name, digest: row.digest, ...files, tools, kernels });
    } catch (error) {
      worker.stop();
      throw error;
    }
    return worker;
  }

  async fetchFiles(row) {
    const size = sizeOf(row);
    let done = 0;
    const grow = (more) => this.told(row.name, (done += more), size);
    try {
      const all = await Promise.all(row.files.map(({ url }) => keptBytes(url, row.name, grow)));
      const [config, vocab] = all.slice(0, 2).map(jsonOf);
      return { config, vocab, weights: all[2] };
    } finally {
      this.told(row.name, null, size);
    }
  }

  // jieba's dictionary and OpenCC's tables, for models that read Chinese words.
  cutting() {
    this.cut ??= keptBytes(this.tools.url, "jieba", () => {}).then(jsonOf);
    this.cut.catch(() => (this.cut = null));
    return this.cut;
  }

  async call(name, kind, payload) {
    return (await this.worker(name)).call(kind, payload);
  }

  // Which models' files this browser keeps.
  async kept() {
    const cache = await cacheOf();
    const urls = new Set((await cache?.keys())?.map(({ url }) => url));
    const has = ({ files }) => files?.every(({ url }) => urls.has(new URL(url, location.href).href));
    return new Set(this.rows.filter((row) => this.own.has(row.name) || has(row)).map(({ name }) => name));
  }

  // Fetch the files of all models, so that this browser keeps them.
  async keepAll() {
    await this.cutting();
    const kept = await this.kept();
    for (const row of this.rows) if (!kept.has(row.name)) await this.fetchFiles(row);
  }

  // Add a visitor's own checkpoint: { name, config, vocab, weights }. It stays in this tab.
  async add({ name, digest, ...files }) {
    const sides = [files.config?.text?.source, files.config?.text?.target];
    const row = {
      name,
      digest,
      titles: { zh: name, en: name },
      attention: files.config?.model?.attention,
      coverage: Boolean(files.config?.model?.coverage),
      chinese: ["jieba", "keras"].some((name) => sides.includes(name)),
      examples: this.row(files.config?.name)?.examples ?? [],
      pair: [name],
      prior: files.config?.model?.prior ? name : null,
    };
    this.close(name);
    const before = this.rows.filter((other) => other.name !== name);
    this.own.set(name, files);
    this.rows.push(row);
    try {
      await this.tryOut(name, files);
      this.rows.splice(0, Infinity, ...before, row);
    } catch (error) {
      this.close(name);
      this.own.delete(name);
      this.rows.splice(0, Infinity, ...before);
      throw error.key === "browser_fault" ? new UserError("browser_checkpoint") : error;
    }
  }

  // Open a model and let it decode a token: weights of other sizes than the config says give no numbers.
  async tryOut(name, { vocab }) {
    const worker = await this.worker(name);
    const token = vocab.source.tokens.find((word) => /^[\p{L}\p{N}]+$/u.test(word)) ?? vocab.source.tokens.at(-1);
    const { moments } = await worker.call("lesson", { part: "flow", text: token });
    if (!moments.every(({ top }) => Number.isFinite(top[0]?.[1]))) throw new UserError("browser_checkpoint");
  }
}
