// A checkpoint of a few random weights, as ``openCheckpoint`` takes it: a GRU, general attention, words of one letter.

import { generator } from "../../s2s/browser_model/random.js";

const [E, N, H] = [3, 2, 4]; // embedding, encoder and decoder sizes
const SPECIALS = ["<pad>", "<unk>", "<bos>", "<eos>"];
const vocab = { source: { tokens: [...SPECIALS, "a", "b"] }, target: { tokens: [...SPECIALS, "x", "y", "z"] } };
const gru = (name, end, size, input) => ({
  [`${name}weight_ih${end}`]: [3 * size, input],
  [`${name}weight_hh${end}`]: [3 * size, size],
  [`${name}bias_ih${end}`]: [3 * size],
  [`${name}bias_hh${end}`]: [3 * size],
});
const SHAPES = {
  "encoder.embedding.weight": [6, E],
  ...gru("encoder.rnn.", "_l0", N, E),
  ...gru("encoder.rnn.", "_l0_reverse", N, E),
  "bridge.weight": [H, 2 * N],
  "bridge.bias": [H],
  "decoder.attention.key.weight": [H, 2 * N],
  "embedding.weight": [7, E],
  ...gru("decoder.cells.0.", "", H, 2 * E),
  "decoder.readout.weight": [E, H + 2 * N],
  "decoder.readout.bias": [E],
  "output.bias": [7],
};
const model = {
  attention: "general",
  embedding_size: E,
  encoder_size: N,
  encoder_layers: 1,
  decoder_size: H,
  decoder_layers: 1,
  input_feeding: true,
  tied_embeddings: true,
};

// The bytes of a safetensors file with float32 tensors of these shapes.
function safetensors(shapes) {
  const next = generator(1);
  const header = {};
  let at = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const start = at;
    at += 4 * shape.reduce((count, size) => count * size, 1);
    header[name] = { dtype: "F32", shape, data_offsets: [start, at] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(new Uint8Array(Float32Array.from({ length: at / 4 }, () => 2 * next() - 1).buffer), 8 + json.length);
  return bytes;
}

export const smallCheckpoint = () => ({
  name: "small",
  digest: "0",
  config: { schema: "lookback-checkpoint/1", model, text: { source: "spaces", target: "spaces" } },
  vocab,
  weights: safetensors(SHAPES),
});
