// Matrices in WebAssembly's memory give the products of those that are not placed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { linear, row } from "../../s2s/browser_model/kernels.js";
import { placeMatrices } from "../../s2s/browser_model/placed.js";
import { generator } from "../../s2s/browser_model/random.js";

const BYTES = readFileSync(new URL("../../s2s/browser_model/kernels.wasm", import.meta.url));
const SHAPES = [[2, 2], [3, 5], [4, 4], [5, 8], [7, 13], [64, 48], [65, 49], [1, 9], [9, 1]];
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

test("products with rows are those of JavaScript, whatever was multiplied before", () => {
  const placed = placeMatrices(stored, BYTES);
  for (const again of [1, 2]) {
    for (const [name, tensor] of tensors) {
      const { transposed, multiply } = placed.get(name);
      if (!transposed) continue;
      const [rows, columns] = tensor.shape;
      const x_O = Float64Array.from(randomArray(rows));
      multiply(randomArray(columns));
      const expected = Array.from({ length: columns }, (_, i) =>
        x_O.reduce((sum, x, o) => sum + x * row(tensor, o)[i], 0),
      );
      expected.forEach((value, i) => assert.ok(Math.abs(value - transposed(x_O)[i]) < 1e-5, `${name} ${again}`));
    }
  }
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
