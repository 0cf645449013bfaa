// Rounding of numbers that are written as text, as Python rounds: of two equally near ones to the even one.

// A decimal number of few digits after the point, or its neighbour towards 0 if both are equally near to an ``exact``
// number, of many digits, and the neighbour is even.
function evenly(exact, short, digits) {
  const kept = exact.slice(0, exact.indexOf(".") + digits + (digits ? 1 : 0));
  const isTie = /^\.?50*$/.test(exact.slice(kept.length));
  return isTie && Number(kept.at(-1)) % 2 === 0 ? kept : short;
}

// ``f"{value:.{digits}f}"``
export const fixed = (value, digits) => evenly(value.toFixed(60), value.toFixed(digits), digits);

// ``f"{value:.{digits - 1}e}"`` in two parts: [mantissa, exponent].
function scientific(value, digits) {
  const [[exact, power], [short, carried]] = [40, digits - 1].map((count) => value.toExponential(count).split("e"));
  const mantissa = evenly(exact, short, digits - 1);
  return [mantissa, Number(mantissa === short ? carried : power)];
}

export const significant = (value, digits) => Number(scientific(value, digits).join("e"));

// ``f"{value:.{digits}g}"``
export function generalText(value, digits) {
  const [mantissa, exponent] = scientific(value, digits);
  if (exponent >= -4 && exponent < digits) return trimmed(significant(value, digits).toFixed(digits - 1 - exponent));
  return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
