// Pairs of ids as one padded batch, position after position: S source positions, T target steps, B rows.

export const PAD = 0;
export const UNKNOWN = 1;
const BOS = 2;
export const EOS = 3;

export function collate(pairs) {
  const rows = pairs.length;
  const length = Math.max(...pairs.map(([source]) => source.length));
  const steps = Math.max(...pairs.map(([, target]) => target.length)) + 1;
  const batch = {
    rows,
    length,
    steps,
    source_SB: new Int32Array(length * rows),
    mask_SB: new Uint8Array(length * rows),
    inputs_TB: new Int32Array(steps * rows),
    targets_TB: new Int32Array(steps * rows),
  };
  pairs.forEach(([source, target], row) => {
    source.forEach((id, s) => {
      batch.source_SB[s * rows + row] = id;
      batch.mask_SB[s * rows + row] = 1;
    });
    for (let t = 0; t <= target.length; t++) {
      batch.inputs_TB[t * rows + row] = t ? target[t - 1] : BOS;
      batch.targets_TB[t * rows + row] = t < target.length ? target[t] : EOS;
    }
  });
  return batch;
}

