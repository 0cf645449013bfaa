// What a visitor may choose of a training. The defaults reach 95 % of new dates in about eight seconds on one core.

export const CHOICES = {
  attention: ["additive", "general", "dot", "concat", "none"],
  cell: ["gru", "lstm"],
  size: [32, 64, 96, 128],
  ownShare: [0, 0.25, 0.5, 0.75],
  learningRate: [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032],
};

export const DEFAULTS = {
  attention: "additive",
  cell: "gru",
  size: 64, // of the decoder's state, and of both directions of the encoder's together
  learningRate: 0.008,
  ownShare: 0, // scheduled sampling: the share of the model's own tokens among the decoder's inputs, reached at the end
  batchSize: 64,
  steps: 600,
  seed: 1,
};
