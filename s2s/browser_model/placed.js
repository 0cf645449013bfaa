// Matrices in the memory of a small WebAssembly module, which multiplies them by vectors (kernels.wat). The rows of a
// matrix are padded with zeros, the matrix with zero rows to a multiple of four. Behind them is room for what is
// computed with many vectors at once (rows.js).

import { LANES, LINE, registerMemory } from "./rows.js";

const PAGE = 65_536; // bytes of a page of WebAssembly's memory
const FREE = 3 << 22; // float32 behind the matrices; a page that is never used costs nothing

const padded = (count) => LANES * Math.ceil(count / LANES);

// The numbers from one row of a matrix to the next. Multiples of 1 KB share few places of a processor's cache.
function strideOf({ shape: [, columns] }) {
  const lines = LINE * Math.ceil(columns / LINE);
  return lines % 256 ? lines : lines + LINE;
}

const roomOf = (matrix) => padded(matrix.shape[0]) * strideOf(matrix);

function startModule(bytes, pages) {
  try {
    const memory = new WebAssembly.Memory({ initial: pages });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { lookback: { memory } });
    return { memory, exports };
  } catch {
    return null;
  }
}

// The tensors { shape, read } as { shape, data }, those of more than one row and column placed in one memory: { shape,
// data, stride, multiply }. They are read one by one, so that the numbers are not held twice. ``bytes`` is the module.
// ``multiply(x_I)`` gives W x, valid until the next product. Where there is no module, or none can run (a browser may
// forbid it, or lack its instructions), no tensor is placed.
export function placeMatrices(tensors, bytes) {
  const matrices = [...tensors.values()].filter(({ shape }) => shape.length === 2 && Math.min(...shape) > 1);
  const widest = Math.max(LANES, ...matrices.map(strideOf));
  const tallest = Math.max(LANES, ...matrices.map(({ shape }) => padded(shape[0])));
  const floats = matrices.reduce((sum, matrix) => sum + roomOf(matrix), widest + tallest);
  const behind = LANES * widest + 2 * LINE; // of what is computed a few rows more are read, and not used
  const started = bytes ? startModule(bytes, Math.ceil((4 * (floats + FREE + behind)) / PAGE)) : null;
  if (!started) return withEach(tensors, whole);
  const { memory, exports } = started;
  const view = (at, length) => new Float32Array(memory.buffer, 4 * at, length);
  const [x, out] = [view(0, widest), view(widest, tallest)];
  let next = widest + tallest;

  function place({ shape, read }) {
    const data = read();
    const [[rows, columns], stride, at] = [shape, strideOf({ shape }), next];
    next += padded(rows) * stride;
    const placed = view(at, rows * stride);
    for (let o = 0; o < rows; o++) placed.set(data.subarray(o * columns, (o + 1) * columns), o * stride);
    const multiply = (x_I) => {
      x.set(x_I);
      x.fill(0, columns, stride);
      exports.multiply(4 * at, 0, 4 * widest, padded(rows) / LANES, 4 * stride);
      return out;
    };
    return { shape, data: placed, stride, multiply };
  }

  registerMemory(memory.buffer, exports, view(LINE * Math.ceil(floats / LINE + 1), FREE));
  const isMatrix = new Set(matrices);
  return withEach(tensors, (tensor) => (isMatrix.has(tensor) ? place(tensor) : whole(tensor)));
}

const whole = ({ shape, read }) => ({ shape, data: read() });
const withEach = (tensors, make) => new Map([...tensors].map(([name, tensor]) => [name, make(tensor)]));
