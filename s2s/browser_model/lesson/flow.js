// The forward pass of one sentence as the chapter Encoder and decoder draws it (s2s/lesson/network.py): of each vector
// its first numbers.

import { textOf } from "../checkpoint.js";
import { largest, row } from "../kernels.js";
import { BOS, EOS } from "../text/vocab.js";
import { decodeText } from "./greedy.js";

const SHOWN = 12; // numbers of a vector that are shown
const CANDIDATES = 4; // most probable words of a step

const rounded = (x) => Math.round(x * 1e4) / 1e4;
const leading = (vector) => Array.from(vector.subarray(0, SHOWN), rounded);

export function lessonFlow(checkpoint, text) {
  const { name, model, target } = checkpoint;
  const { config, weights } = model;
  const { tokens, source, memory, start, ids, outputs } = decodeText(checkpoint, text);
  const [N, words, states_SM] = [config.encoder_size, target.vocab.tokens, memory.states_SM];
  const moments = outputs.map((output, t) => momentOf(words, t ? ids[t - 1] : BOS, ids[t], output, weights.embedding));
  return {
    checkpoint: name,
    attention: config.attention,
    cell: config.cell,
    sizes: {
      E: config.embedding_size,
      N,
      M: 2 * N,
      H: config.decoder_size,
      R: weights.output.shape[1],
      V: words.length,
      S: tokens.length,
      T: moments.length,
    },
    tokens,
    embeddings: source.map((id) => leading(row(weights.sourceEmbedding, id))),
    forward: states_SM.map((h_M) => leading(h_M.subarray(0, N))),
    backward: states_SM.map((h_M) => leading(h_M.subarray(N))),
    last: leading(states_SM.at(-1).subarray(0, N)),
    first: leading(states_SM[0].subarray(N)),
    start: leading(start.layers.at(-1).h),
    moments,
    text: textOf(target, ids.filter((id) => id > EOS)),
  };
}

function momentOf(words, read, said, { state, attended, logProbs_V }, embedding) {
  return {
    input: words[read],
    output: words[said],
    embedding: leading(row(embedding, read)),
    context: leading(attended.context_M),
    state: leading(state.layers.at(-1).h),
    readout: leading(state.readout_R),
    attention: Array.from(attended.attention_S, rounded),
    top: largest(logProbs_V, CANDIDATES).map((id) => [words[id], rounded(Math.exp(logProbs_V[id]))]),
  };
}
