// A small reader of zip archives: the files of the central directory, stored or deflated, of bounded sizes. Encrypted
// and split archives and those of more than 4 GB are refused.

import { UserError } from "../../browser_model/errors.js";

const ZIP_END = 0x06054b50;
const ZIP_ENTRY = 0x02014b50;
const ZIP_LOCAL = 0x04034b50;
const COMMENT = 65_535; // bytes that may follow the end of the directory
const ZIP_FILES = 2_000;

const broken = () => new UserError("site_zip");

// The files of an archive: name → a function that promises its bytes. UserError for what is no archive of ours.
export function readZip(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const { count, start } = directoryOf(view);
    const files = new Map();
    for (let n = 0, at = start; n < count; n++) {
      const entry = entryAt(view, bytes, at);
      files.set(entry.name, (most) => contentOf(view, bytes, entry, most));
      at = entry.next;
    }
    return files;
  } catch (error) {
    throw error instanceof UserError ? error : broken(); // RangeError: it ends too early
  }
}

function directoryOf(view) {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - COMMENT); at--) {
    if (view.getUint32(at, true) !== ZIP_END) continue;
    const [count, start] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    if (count > ZIP_FILES || start === 0xffffffff) throw broken();
    return { count, start };
  }
  throw broken();
}

function entryAt(view, bytes, at) {
  if (view.getUint32(at, true) !== ZIP_ENTRY) throw broken();
  const word = (offset) => view.getUint16(at + offset, true);
  const long = (offset) => view.getUint32(at + offset, true);
  const end = at + 46 + word(28);
  return {
    encrypted: Boolean(word(8) & 1),
    method: word(10),
    packed: long(20),
    size: long(24),
    local: long(42),
    name: new TextDecoder().decode(bytes.subarray(at + 46, end)),
    next: end + word(30) + word(32),
  };
}

// The bytes of a file. Neither what it says of its size nor what it unpacks to may be more than ``most``.
async function contentOf(view, bytes, { encrypted, method, packed, size, local, name }, most) {
  if (encrypted || ![0, 8].includes(method)) throw broken();
  if (size > most) throw new UserError("site_large", { name, limit: most / 1e6 });
  let start;
  try {
    if (view.getUint32(local, true) !== ZIP_LOCAL) throw broken();
    start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  } catch {
    throw broken();
  }
  const part = bytes.subarray(start, start + packed);
  if (part.length !== packed) throw broken();
  return method === 0 ? part.slice() : inflate(part, size);
}

async function inflate(part, size) {
  const out = new Uint8Array(size);
  let at = 0;
  try {
    const reader = new Blob([part]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      if (at + value.length > size) throw broken();
      out.set(value, at);
      at += value.length;
    }
  } catch {
    throw broken();
  }
  if (at !== size) throw broken();
  return out;
}
