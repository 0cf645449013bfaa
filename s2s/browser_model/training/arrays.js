// Float32Arrays in one memory, and the product of matrices, which the small WebAssembly module products.wat computes
// where it is given, else a loop. What a batch takes is given back by ``release``; a matrix here is its numbers row
// after row.

const PAGE = 65_536; // bytes of a page of WebAssembly's memory
const BYTES = 4; // of a float32

export class Arrays {
  constructor(floats, module = null) {
    const pages = Math.ceil((BYTES * floats) / PAGE);
    const memory = module && new WebAssembly.Memory({ initial: pages });
    this.buffer = memory ? memory.buffer : new ArrayBuffer(pages * PAGE);
    this.compute = memory && new WebAssembly.Instance(module, { lookback: { memory } }).exports.addProduct;
    this.next = this.kept = 0;
  }

  // ``length`` zeros, which are aligned for vectors.
  take(length) {
    const taken = this.reserve(length);
    taken.fill(0);
    return taken;
  }

  // As ``take``, with whatever was there before.
  reserve(length) {
    const at = this.next;
    this.next += BYTES * (length + (-length & 3));
    if (this.next > this.buffer.byteLength) throw new RangeError("the arrays of a batch are larger than the memory");
    return new Float32Array(this.buffer, at, length);
  }

  // What has been taken so far lasts.
  keep() {
    this.kept = this.next;
  }

  // Give back what was taken after ``keep``.
  release() {
    this.next = this.kept;
  }

  // C += A B for A (rows, depth) and B (depth, columns).
  addProduct(c, a, b, rows, depth, columns) {
    this.add(c, a, b, rows, depth, columns, depth, 1);
  }

  // C += Aᵀ B for A (depth, rows) and B (depth, columns).
  addProductOfTransposed(c, a, b, rows, depth, columns) {
    this.add(c, a, b, rows, depth, columns, 1, rows);
  }

  // C_ij += Σ_k A[i·row + k·inner] B_kj; columns beyond a multiple of four are left to the loop.
  add(c, a, b, rows, depth, columns, row, inner) {
    const whole = this.compute ? columns & ~3 : 0;
    if (whole) {
      const sizes = [row, inner, columns, columns].map((count) => BYTES * count);
      this.compute(c.byteOffset, a.byteOffset, b.byteOffset, rows, depth, whole, ...sizes);
    }
    for (let i = 0; whole < columns && i < rows; i++) {
      for (let k = 0; k < depth; k++) {
        const x = a[i * row + k * inner];
        for (let j = whole; j < columns; j++) c[i * columns + j] += x * b[k * columns + j];
      }
    }
  }

  // Aᵀ of A (rows, columns).
  transposed(a, rows, columns) {
    const turned = this.reserve(a.length);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) turned[j * rows + i] = a[i * columns + j];
    }
    return turned;
  }
}
