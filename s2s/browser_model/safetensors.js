// Weights of a safetensors file: eight bytes with the length of the header, the header as JSON, the bytes of the
// tensors. A tensor is { shape, data }, its numbers in row order as float32.

import { UserError } from "./errors.js";

const MAX_HEADER = 1 << 20; // bytes

// The 65,536 values of half precision (IEEE 754 binary16), by their bits.
let halves = null;

function halfValues() {
  if (halves) return halves;
  halves = new Float32Array(1 << 16);
  for (let bits = 0; bits < halves.length; bits++) {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    const size = exponent === 31 ? (fraction ? NaN : Infinity) : exponent ? 1 + fraction / 1024 : fraction / 1024;
    halves[bits] = sign * size * (exponent === 31 ? 1 : 2 ** ((exponent || 1) - 15));
  }
  return halves;
}

function fromHalves(bytes) {
  const [bits, values, table] = [new Uint16Array(aligned(bytes, 2)), new Float32Array(bytes.length / 2), halfValues()];
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
  return values;
}

// bfloat16 is the upper half of a float32.
function fromBrainFloats(bytes) {
  const [upper, bits] = [new Uint16Array(aligned(bytes, 2)), new Uint32Array(bytes.length / 2)];
  for (let i = 0; i < upper.length; i++) bits[i] = upper[i] << 16;
  return new Float32Array(bits.buffer);
}

// A buffer of its own: a view needs an offset that its type divides.
const aligned = (bytes) => bytes.slice().buffer;

const READERS = {
  F16: { size: 2, read: fromHalves },
  BF16: { size: 2, read: fromBrainFloats },
  F32: { size: 4, read: (bytes) => new Float32Array(aligned(bytes)) },
  I8: { size: 1, read: (bytes) => Float32Array.from(new Int8Array(aligned(bytes))) },
};

// The tensors by name. A matrix of small integers (I8) has scales beside it, ``<name>.scale`` (rows, groups), by which
// they are multiplied: a row's columns are in groups of equal width, the last of which may be shorter. Raises UserError
// for bytes that are no such file.
export function readSafetensors(bytes) {
  const { header, start } = readHeader(bytes);
  const stored = new Map();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = data_offsets ?? [];
    const count = (shape ?? []).reduce((product, size) => product * size, 1);
    const reader = READERS[dtype];
    if (!reader || !(from >= 0) || to - from !== count * reader.size || start + to > bytes.length) {
      throw new UserError("weights_unreadable", { name: String(name).slice(0, 60) });
    }
    const part = bytes.subarray(start + from, start + to);
    stored.set(name, { shape, read: () => reader.read(part), small: dtype === "I8" });
  }
  return scaled(stored);
}

function readHeader(bytes) {
  const unreadable = new UserError("weights_unreadable", { name: "—" });
  const length = bytes.length < 8 ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length < 2 || length > Math.min(MAX_HEADER, bytes.length - 8)) throw unreadable;
  try {
    return { header: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))), start: 8 + length };
  } catch {
    throw unreadable;
  }
}

function scaled(stored) {
  const weights = new Map();
  for (const [name, { shape, read, small }] of stored) {
    if (name.endsWith(".scale")) continue;
    weights.set(name, { shape, read: small ? scaledReader(name, shape, read, stored.get(`${name}.scale`)) : read });
  }
  return weights;
}

// A reader of small integers that multiplies the numbers of each row and group by their scale.
function scaledReader(name, [rows, columns], read, scales) {
  if (scales?.shape[0] !== rows || scales.shape.length !== 2) throw new UserError("weights_unreadable", { name });
  const groups = scales.shape[1];
  const width = Math.ceil(columns / groups);
  return () => {
    const [data, factors] = [read(), scales.read()];
    for (let o = 0; o < rows; o++) {
      for (let g = 0; g < groups; g++) {
        const [scale, end] = [factors[o * groups + g], o * columns + Math.min(columns, (g + 1) * width)];
        for (let i = o * columns + g * width; i < end; i++) data[i] *= scale;
      }
    }
    return data;
  };
}
