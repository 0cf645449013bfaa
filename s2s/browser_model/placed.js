// Matrices in the memory of a small WebAssembly module, which multiplies them by vectors (kernels.wat). The rows of a
// matrix are padded with zeros to a multiple of four columns, the matrix with zero rows to a multiple of four.

const PAGE = 65_536; // bytes of a page of WebAssembly's memory
const LANES = 4; // float32 in a vector register

const padded = (count) => LANES * Math.ceil(count / LANES);
const roomOf = ({ shape: [rows, columns] }) => padded(rows) * padded(columns);

function startModule(bytes, pages) {
  try {
    const memory = new WebAssembly.Memory({ initial: pages });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { lookback: { memory } });
    return { memory, product: exports.multiply, productBack: exports.transposed };
  } catch {
    return null;
  }
}

// The tensors { shape, read } as { shape, data }, those of more than one row and column placed in one memory: { shape,
// data, stride, multiply, transposed }. They are read one by one, so that the numbers are not held twice. ``bytes`` is
// the module. ``multiply(x_I)`` gives W x, ``transposed(x_O)`` gives x W; both are valid until the next product. Where
// there is no module, or none can run (a browser may forbid it, or lack its instructions), no tensor is placed.
export function placeMatrices(tensors, bytes) {
  const matrices = [...tensors.values()].filter(({ shape }) => shape.length === 2 && Math.min(...shape) > 1);
  const widest = Math.max(LANES, ...matrices.map(({ shape }) => padded(shape[1])));
  const tallest = Math.max(LANES, ...matrices.map(({ shape }) => padded(shape[0])));
  const floats = matrices.reduce((sum, matrix) => sum + roomOf(matrix), widest + tallest);
  const started = bytes ? startModule(bytes, Math.ceil((4 * floats) / PAGE)) : null;
  if (!started) return withEach(tensors, whole);
  const { memory, product, productBack } = started;
  const view = (at, length) => new Float32Array(memory.buffer, 4 * at, length);
  const [x, out] = [view(0, widest), view(widest, tallest)];
  let next = widest + tallest;

  function place({ shape, read }) {
    const data = read();
    const [[rows, columns], stride, at] = [shape, padded(shape[1]), next];
    next += padded(rows) * stride;
    const placed = view(at, rows * stride);
    for (let o = 0; o < rows; o++) placed.set(data.subarray(o * columns, (o + 1) * columns), o * stride);
    const multiply = (x_I) => {
      x.set(x_I);
      x.fill(0, columns, stride);
      product(4 * at, 0, 4 * widest, padded(rows) / LANES, 4 * stride);
      return out;
    };
    const transposed = (x_O) => {
      out.set(x_O);
      out.fill(0, rows, padded(rows));
      x.fill(0, 0, stride);
      productBack(4 * at, 4 * widest, 0, padded(rows) / LANES, 4 * stride);
      return x;
    };
    return { shape, data: placed, stride, multiply, transposed };
  }

  const isMatrix = new Set(matrices);
  return withEach(tensors, (tensor) => (isMatrix.has(tensor) ? place(tensor) : whole(tensor)));
}

const whole = ({ shape, read }) => ({ shape, data: read() });
const withEach = (tensors, make) => new Map([...tensors].map(([name, tensor]) => [name, make(tensor)]));
