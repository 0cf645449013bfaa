// Many vectors of one length at once. Their numbers lie in { data, at, stride }: an array, the place of the first one
// in it, and the numbers from one vector to the next. In the memory of the WebAssembly module (kernels.wat) it
// multiplies them; elsewhere, JavaScript does.

export const LANES = 4; // numbers that the module multiplies at once
export const LINE = 16; // numbers that it adds to at once
const MEMORIES = new WeakMap(); // by buffer: the functions of the module that works in it, and the room that is free

export const registerMemory = (buffer, module, room) => MEMORIES.set(buffer, { module, room });
export const strideFor = (size) => LINE * Math.ceil(size / LINE);

// Room for numbers that are computed with a matrix, beside it if the module works there. What is taken is zero. Whoever
// came before loses it.
export class Room {
  constructor(weight) {
    this.memory = MEMORIES.get(weight.data.buffer) ?? { room: new Float32Array(0) };
    this.memory.owner = this;
    this.free = this.memory.room;
    this.used = 0;
  }

  get isLost() {
    return this.memory.owner !== this;
  }

  take(count) {
    if (this.used + count > this.free.length) return new Float32Array(count);
    return this.free.subarray(this.used, (this.used += count)).fill(0);
  }
}

// Columns of a matrix { shape, data, stride } as one.
export function columnsOf({ shape: [rows, columns], data, stride = columns }, from = 0, count = columns) {
  return { data, at: from, stride, rows, columns: count };
}

function moduleFor(weight, x, out) {
  const { buffer } = weight.data;
  return buffer === x.data.buffer && buffer === out.data.buffer ? MEMORIES.get(buffer)?.module : null;
}

const address = ({ data, at }) => data.byteOffset + 4 * at;

// Adds W x to each of ``count`` vectors.
export function addProducts(weight, x, out, count) {
  const { data, at, stride, rows, columns } = weight;
  const [module, strides] = [moduleFor(weight, x, out), [4 * x.stride, 4 * out.stride]];
  if (module) {
    const [groups, width] = [Math.ceil(rows / LANES), 8 * LANES * Math.ceil(columns / (2 * LANES))];
    module.products(address(weight), address(x), address(out), groups, 4 * stride, width, ...strides, count);
    return;
  }
  for (let n = 0; n < count; n++) {
    for (let o = 0; o < rows; o++) {
      let [sum, w, i] = [0, at + o * stride, x.at + n * x.stride];
      for (const end = w + columns; w < end; w++, i++) sum += data[w] * x.data[i];
      out.data[out.at + n * out.stride + o] += sum;
    }
  }
}

// Adds x W to each of ``count`` vectors. What lies between them is no number of theirs any more.
export function addProductsBack(weight, x, out, count) {
  const { data, at, stride, rows, columns } = weight;
  const [module, strides] = [moduleFor(weight, x, out), [4 * x.stride, 4 * out.stride]];
  if (module) {
    const width = 4 * strideFor(columns);
    module.productsBack(address(weight), address(x), address(out), 4 * rows, 4 * stride, width, ...strides, count);
    return;
  }
  for (let n = 0; n < count; n++) {
    for (let o = 0; o < rows; o++) {
      const factor = x.data[x.at + n * x.stride + o];
      let [w, i] = [at + o * stride, out.at + n * out.stride];
      if (factor) for (const end = w + columns; w < end; w++, i++) out.data[i] += factor * data[w];
    }
  }
}

// tanh of numbers in their place.
export function applyTanh(x) {
  const module = MEMORIES.get(x.buffer)?.module;
  if (module && x.length % LANES === 0) module.tanh(x.byteOffset, 4 * x.length);
  else for (let i = 0; i < x.length; i++) x[i] = Math.tanh(x[i]);
}
