// Random numbers of the Mersenne Twister (Matsumoto and Nishimura 1998, MT19937), as torch's generator for the CPU
// makes them.

const [N, M] = [624, 397];

// A function that gives the next word of 32 bits, for a seed of which the lower 32 bits count.
export function twister(seed) {
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

  return function word() {
    if (at === N) refill();
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

// A function that gives the next float64 of [0, 1), of 53 of 64 bits, two words a number.
export function generator(seed) {
  const word = twister(seed);
  return () => {
    const [high, low] = [word(), word()];
    return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53;
  };
}

// The numbers from 0 to size - 1 in random order, as torch.randperm.
export function permutation(size, word) {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < size - 1; i++) {
    const other = i + (word() % (size - i));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}
