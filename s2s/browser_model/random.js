// Uniform numbers from the Mersenne Twister (Matsumoto and Nishimura 1998, MT19937), as torch's generator for the CPU
// makes float64 of it: 53 of 64 bits, two words a number.

const [N, M] = [624, 397];

// A function that gives the next number of [0, 1), for a seed of which the lower 32 bits count.
export function generator(seed) {
  const state = new Uint32Array(N);
  state[0] = Number(BigInt(seed) & 0xffffffffn);
  for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = N;

  function refill() {
    for (let i = 0; i < N; i++) {
      const bits = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
      state[i] = state[(i + M) % N] ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  }

  function word() {
    if (at === N) refill();
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  return () => {
    const [high, low] = [word(), word()];
    return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53;
  };
}
