// The parameters of a small model: their names and shapes as in docs/FORMATS.md, drawn as s2s/model/seq2seq.py draws
// them.

import { PAD } from "./batches.js";

const GATES = { gru: 3, lstm: 4 };

export const SETTINGS = {
  attention: "additive",
  cell: "gru",
  embedding_size: 48,
  encoder_size: 48,
  decoder_size: 96,
  attention_size: 48,
  input_feeding: true,
  tied_embeddings: true,
  bridge: "tanh",
  readout: "tanh",
};

// Name → shape. E embedding, K encoder and H decoder state, M memory, A attention, R readout, I input of the decoder's
// cell.
export function shapesOf(config, sourceSize, targetSize) {
  const { attention, embedding_size: E, encoder_size: K, decoder_size: H, attention_size: A } = config;
  const [M, R, G] = [2 * K, config.tied_embeddings ? E : H, GATES[config.cell]];
  const parts = config.cell === "lstm" ? 2 : 1; // a hidden state, and an LSTM's cell
  const looksBack = attention === "additive" || attention === "none";
  const I = looksBack ? E + M : config.input_feeding ? E + R : E;
  const cell = (prefix, end, inputs, size) => [
    [`${prefix}weight_ih${end}`, [G * size, inputs]],
    [`${prefix}weight_hh${end}`, [G * size, size]],
    [`${prefix}bias_ih${end}`, [G * size]],
    [`${prefix}bias_hh${end}`, [G * size]],
  ];
  const query = [["decoder.attention.query.weight", [A, H]]];
  const key = (rows) => [["decoder.attention.key.weight", [rows, M]]];
  const scored = [...query, ...key(A), ["decoder.attention.v.weight", [1, A]]];
  const readout = [
    ["decoder.readout.weight", [R, H + M + (looksBack ? E : 0)]],
    ["decoder.readout.bias", [R]],
  ];
  return [
    ["encoder.embedding.weight", [sourceSize, E]],
    ...cell("encoder.rnn.", "_l0", E, K),
    ...cell("encoder.rnn.", "_l0_reverse", E, K),
    ["bridge.weight", [parts * H, parts * M]],
    ["bridge.bias", [parts * H]],
    ["embedding.weight", [targetSize, E]],
    ...({ additive: scored, concat: scored, general: key(H) }[attention] ?? []),
    ...cell("decoder.cells.0.", "", I, H),
    ...(config.readout === "state" ? [] : readout),
    ...(config.tied_embeddings ? [] : [["output.weight", [targetSize, R]]]),
    ["output.bias", [targetSize]],
  ];
}

// The parameters with room for gradients, for Adam's two moments and for the moving average, all in ``arrays``.
export function buildParameters(arrays, config, sourceSize, targetSize) {
  const shapes = shapesOf(config, sourceSize, targetSize);
  const lengths = shapes.map(([, shape]) => shape.reduce((product, size) => product * size, 1));
  const total = lengths.reduce((sum, length) => sum + length + (-length & 3), 0);
  const names = ["data", "gradient", "first", "second", "average"];
  const whole = Object.fromEntries(names.map((name) => [name, arrays.take(total)]));
  let from = 0;
  const parameters = new Map(
    shapes.map(([name, shape], k) => {
      const own = Object.fromEntries(names.map((part) => [part, whole[part].subarray(from, from + lengths[k])]));
      from += lengths[k] + (-lengths[k] & 3);
      return [name, { shape, ...own }];
    }),
  );
  return { parameters, whole };
}

// Normal numbers from uniform ones (Box and Muller 1958).
const normalFrom = (random) => () =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

// Biases 0; embeddings normal; the gates of what a state gives to the next orthogonal; other weights uniform (Glorot
// 2010).
export function initialise(parameters, random) {
  const normal = normalFrom(random);
  for (const [name, { shape, data }] of parameters) {
    const [rows, columns] = shape;
    const bound = Math.sqrt(6 / (rows + columns));
    if (shape.length < 2) data.fill(0);
    else if (name.includes("embedding") || name === "output.weight") {
      for (let i = 0; i < data.length; i++) data[i] = normal() / Math.sqrt(columns);
      if (name.includes("embedding")) data.fill(0, PAD * columns, (PAD + 1) * columns);
    } else if (name.includes("weight_hh")) {
      for (let at = 0; at < rows; at += columns) {
        data.set(orthogonal(columns, normal), at * columns);
      }
    } else for (let i = 0; i < data.length; i++) data[i] = bound * (2 * random() - 1);
  }
}

// A random orthogonal matrix: normal rows, each freed of its parts along those before (Gram and Schmidt).
function orthogonal(size, normal) {
  const rows = [];
  while (rows.length < size) {
    const row = Float64Array.from({ length: size }, normal);
    for (const other of [...rows, ...rows]) {
      const along = other.reduce((sum, x, i) => sum + x * row[i], 0); // twice, against rounding
      for (let i = 0; i < size; i++) row[i] -= along * other[i];
    }
    const length = Math.hypot(...row);
    rows.push(row.map((x) => x / length));
  }
  return rows.flatMap((row) => [...row]);
}
