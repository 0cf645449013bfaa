// The arithmetic of attention. Pure.

// Softmax over the scores and over ``pads`` further positions of score ``pad``: the weights of the scores, and what all
// pads take together. The largest score is subtracted first, so that no power overflows.
export function softmaxOf(scores, pads = 0, pad = 0) {
  const highest = Math.max(...scores, ...(pads ? [pad] : []));
  const powers = scores.map((score) => Math.exp(score - highest));
  const taken = pads ? pads * Math.exp(pad - highest) : 0;
  const total = powers.reduce((a, b) => a + b, 0) + taken;
  return { weights: powers.map((power) => power / total), taken: taken / total };
}

// The weighted sum of the states, Σ_s α_s h_s, in the leading components that ``memory`` has of each state.
export function contextOf(weights, memory) {
  return memory[0].map((_, i) => weights.reduce((sum, weight, s) => sum + weight * memory[s][i], 0));
}
