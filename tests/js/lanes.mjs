// A payload of a player for tests: two lanes of a source in three pieces, of which the last two are one word.

const step = (output, attention) => ({
  output,
  log_prob: -0.1,
  rank: 1,
  attention,
  top: [{ token: output, log_prob: -0.1, rank: 1 }],
});

function lane(mode, words, divergence = null) {
  const steps = words.map((word, t) => step(word, t % 2 ? [0.1, 0.2, 0.7] : [0.6, 0.3, 0.1]));
  const source = { tokens: ["a", "b@@", "c"], unknown: [2] };
  return {
    mode,
    checkpoint: { attention: "additive" },
    source,
    reference: "x y",
    reference_tokens: ["x", "y"],
    steps,
    divergence,
    text: words.join(" "),
  };
}

export const DATA = {
  page: "p1",
  lanes: { forced: lane("forced", ["x", "y", "<eos>"]), free: lane("free", ["x", "z", "y", "<eos>"], 1) },
  strings: { forced: "Forced", free: "Free", output: "Output" },
  words: { labels: ["a", "bc"], spans: [[0, 1], [1, 3]] },
  link: { text: "a bc" },
};

export const BRANCH = {
  id: "b1",
  name: "w",
  parent: "free",
  key: "k1",
  shared: 1,
  steps: [step("w", [1, 0, 0]), step("<eos>", [0, 0, 1])],
  divergence: 1,
  text: "x w",
  ended: true,
};
export const BELOW = {
  ...BRANCH,
  id: "b2",
  name: "v",
  parent: "b1",
  key: "k2",
  shared: 2,
  steps: [step("v", [0, 1, 0])],
};
