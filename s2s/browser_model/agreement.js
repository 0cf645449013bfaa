// Agreement of attention with other evidence: rank correlation and a verdict (``s2s/explain/agreement.py``).

const ROUNDING = 1e-9; // tolerance when a mean τ is compared with a limit
const [AGREES, PARTLY] = [0.5, 0.2]; // least mean τ of these verdicts
const IDLE = 0.1; // total variation; below it other weights change too little to judge
const FEW = 3; // source tokens; with fewer τ is not judged

// The absolute values divided by their sum, as attention is scaled; all zeros stay zeros.
export function sharesOf(values) {
  const sum = values.reduce((total, x) => total + Math.abs(x), 0);
  return values.map((x) => (sum > 0 ? Math.abs(x) / sum : 0));
}

// Kendall's τ_b (1945): concordant minus discordant pairs, corrected for ties; null if all values of a side are equal.
export function kendall(a, b) {
  let [agreeing, untiedA, untiedB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < a.length; j++) {
      const [signA, signB] = [Math.sign(a[i] - a[j]), Math.sign(b[i] - b[j])];
      agreeing += signA * signB;
      untiedA += Math.abs(signA);
      untiedB += Math.abs(signB);
    }
  }
  return untiedA && untiedB ? agreeing / Math.sqrt(untiedA * untiedB) : null;
}

// The mean of the values that are defined; null if there are none.
export function meanTau(taus) {
  const known = taus.filter((tau) => tau !== null);
  return known.length ? known.reduce((sum, tau) => sum + tau, 0) / known.length : null;
}

// Whether the same token has the largest value in every row, without a tie.
export function sameFirst(rows) {
  const firsts = rows.map((row) => row.flatMap((x, s) => (x === Math.max(...row) ? [s] : [])).join());
  return !firsts[0].includes(",") && firsts.every((first) => first === firsts[0]);
}

// The first verdict that applies; ``moved`` is the greater of the total variations under uniform and permuted weights.
export function verdictOf(length, tau, moved, first) {
  if (length < FEW) return "few";
  if (moved < IDLE) return "idle";
  if (tau !== null && tau >= AGREES - ROUNDING) return "agrees";
  if (first) return "first";
  return tau === null || tau < PARTLY - ROUNDING ? "disagrees" : "partly";
}
