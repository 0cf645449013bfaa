// Gradient clipping, Adam (Kingma and Ba 2015), the learning rate by step and the moving average of the weights, as in
// s2s/train. ``whole`` has all parameters end to end: { data, gradient, first, second, average }.

const [BETA1, BETA2, TINY] = [0.9, 0.98, 1e-8];

export const norm = (x) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

// Scale the gradient down to a norm of at most ``most``; returns the norm that it had.
export function clipGradient({ gradient }, most) {
  const length = norm(gradient);
  const scale = most / (length + 1e-6);
  if (scale < 1) for (let i = 0; i < gradient.length; i++) gradient[i] *= scale;
  return length;
}

// m = β₁ m + (1 - β₁) g, v = β₂ v + (1 - β₂) g², w -= η m̂ / (√v̂ + ε); ``step`` counts from 1.
export function adamStep({ data, gradient, first, second }, rate, step) {
  const [m1, v1] = [1 - BETA1 ** step, 1 - BETA2 ** step];
  for (let i = 0; i < data.length; i++) {
    const g = gradient[i];
    first[i] = BETA1 * first[i] + (1 - BETA1) * g;
    second[i] = BETA2 * second[i] + (1 - BETA2) * g * g;
    data[i] -= ((rate / m1) * first[i]) / (Math.sqrt(second[i] / v1) + TINY);
  }
}

// The average moves towards the weights, at first fast; ``step`` counts from 1.
export function moveAverage({ data, average }, most, step) {
  const decay = Math.min(most, (1 + step) / (10 + step));
  for (let i = 0; i < data.length; i++) average[i] += (1 - decay) * (data[i] - average[i]);
}

// Linear warm-up, then a cosine down to ``low`` of the peak at ``steps``; ``step`` counts from 0.
export function learningRate(step, { steps, warmup, peak, low }) {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const done = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return peak * (low + (1 - low) * 0.5 * (1 + Math.cos(Math.PI * done)));
}
