// Matrices in WebAssembly's memory give the products of those that are not placed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { linear, row } from "../../s2s/browser_model/kernels.js";
import { placeMatrices } from "../../s2s/browser_model/placed.js";
import { generator } from "../../s2s/browser_model/random.js";
import { Room, addProducts, addProductsBack, applyTanh, columnsOf, strideFor } from "../../s2s/browser_model/rows.js";

const BYTES = readFileSync(new URL("../../s2s/browser_model/kernels.wasm", import.meta.url));
const SHAPES = [[2, 2], [3, 5], [4, 4], [5, 8], [7, 13], [64, 48], [65, 49], [5, 256], [1, 9], [9, 1]];
const next = generator(3);
const randomArray = (length) => Float32Array.from({ length }, () => 2 * next() - 1);
const tensors = new Map(SHAPES.map((shape) => [String(shape), { shape, data: randomArray(shape[0] * shape[1]) }]));
tensors.set("bias", { shape: [3], data: randomArray(3) });
const stored = new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, read: () => data }]));

test("products are those of JavaScript, with a bias and without, whatever was multiplied before", () => {
  const placed = placeMatrices(stored, BYTES);
  assert.deepEqual([...placed.keys()], [...tensors.keys()]);
  for (const again of [1, 2]) {
    for (const [name, tensor] of tensors) {
      if (name === "bias") continue;
      const [rows, columns] = tensor.shape;
      const [x_I, bias] = [randomArray(columns), again === 1 ? null : { shape: [rows], data: randomArray(rows) }];
      const [own, other] = [linear(tensor, x_I, bias), linear(placed.get(name), x_I, bias)];
      own.forEach((value, o) => assert.ok(Math.abs(value - other[o]) < 1e-5, name));
      assert.deepEqual(row(placed.get(name), rows - 1), row(tensor, rows - 1));
    }
  }
});

// Vectors as nodes have them: beside the placed matrices, or not.
function vectors(weight, count, size) {
  const [stride, room] = [strideFor(size), new Room(weight)];
  room.used = weight.used ?? 0;
  const data = room.take(count * stride);
  weight.used = room.used;
  for (let n = 0; n < count; n++) data.set(randomArray(size), n * stride);
  return { data, at: 0, stride };
}

// The greatest difference to the sums of ``expected(n, i)``, which count from what was there before.
function close({ data, stride }, before, count, size, expected, name) {
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < size; i++) {
      const at = n * stride + i;
      assert.ok(Math.abs(data[at] - before[at] - expected(n, i)) < 2e-5, `${name}, row ${n}, number ${i}`);
    }
  }
}

for (const [where, bytes] of [["the module", BYTES], ["JavaScript", null]]) {
  test(`of many vectors, by ${where}, products with columns of a matrix are added to what is there`, () => {
    const placed = placeMatrices(stored, bytes);
    for (const [name, { shape: [rows, columns] }] of tensors) {
      if (name === "bias") continue;
      for (const count of [1, 2, 5]) {
        const [weight, from] = [placed.get(name), columns > 4 ? 3 : 0];
        weight.used = 0;
        const size = columns - from - (columns > 8 ? 2 : 0);
        const w = (o, i) => row(weight, o)[from + i];
        const [x, y] = [vectors(weight, count, size), vectors(weight, count, rows)];
        const [inside, outside] = [x.data.slice(), y.data.slice()];
        const sum = (length, term) => Array.from({ length }, (_, i) => term(i)).reduce((total, one) => total + one, 0);
        addProducts(columnsOf(weight, from, size), x, y, count);
        close(y, outside, count, rows, (n, o) => sum(size, (i) => w(o, i) * inside[n * x.stride + i]), name);
        y.data.set(outside);
        addProductsBack(columnsOf(weight, from, size), y, x, count);
        close(x, inside, count, size, (n, i) => sum(rows, (o) => w(o, i) * outside[n * y.stride + o]), `${name} back`);
      }
    }
  });
}

test("tanh in the module is that of JavaScript, of small numbers in proportion", () => {
  const [weight] = placeMatrices(stored, BYTES).values();
  const numbers = new Room(weight).take(8000);
  const given = numbers.map((_, i) => (i - 4000) / 300);
  given.set([1e-6, -1e-6, 1e-3, 100, -100, 7.9, 8.1, 0]);
  numbers.set(given);
  applyTanh(numbers);
  numbers.forEach((y, i) => {
    const x = given[i];
    assert.ok(Math.abs(y - Math.tanh(x)) <= 5e-7 * Math.min(1, Math.abs(x)), x);
  });
});

test("room that is used up is taken elsewhere, and what is taken is zero", () => {
  const [weight] = placeMatrices(stored, BYTES).values();
  const room = new Room(weight);
  const all = room.take(room.free.length).fill(1);
  assert.notEqual(room.take(32).buffer, all.buffer);
  assert.ok(!room.isLost);
  assert.ok(new Room(weight).take(32).every((x) => x === 0));
  assert.ok(room.isLost);
});

test("vectors, single rows and single columns stay where they are", () => {
  const placed = placeMatrices(stored, BYTES);
  const left = [...placed].filter(([name, { data }]) => data === tensors.get(name).data).map(([name]) => name);
  assert.deepEqual(left, ["1,9", "9,1", "bias"]);
});

test("without a module, or with one that cannot run, nothing is placed", () => {
  assert.deepEqual(placeMatrices(stored, null), tensors);
  assert.deepEqual(placeMatrices(stored, new Uint8Array([0, 97, 115, 109, 9])), tensors);
});
