// Text cleaned as ``s2s/text/segmenters.py`` cleans it. JavaScript's \s, \w, \d and trim are other ones than Python's;
// the classes here are Python's. A browser may know a newer Unicode than Python: characters that only one of the two
// knows can be cut in different ways.

export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
export const WORD = "\\p{L}\\p{N}_"; // of a regular expression's \w

const SPACES = new RegExp(`[${SPACE}]+`, "gu");
const OUTER_SPACES = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "gu");
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}]+/gu;
const JOINER = /(?<=[\p{L}\p{M}])[\u200c\u200d]/gu; // after a letter or its mark
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

export const lengthOf = (text) => Array.from(text).length; // in characters, as Python counts
export const strip = (text) => text.replace(OUTER_SPACES, "");
export const isSpace = (text) => text !== "" && text.replace(SPACES, "") === "";
export const printable = (text, instead) => text.replace(UNPRINTABLE, instead);

// Drop control and format characters, collapse white space to one space, compose (NFC).
export function clean(text) {
  const kept = text.replace(SPACES, " ").replace(INVISIBLE, "");
  return kept.split(" ").filter(Boolean).join(" ").normalize("NFC");
}

// Whether a text can be one token: not empty, without spaces and invisible characters but joiners.
export function isToken(token) {
  const composed = token.replace(JOINER, "").normalize("NFC");
  return token !== "" && !composed.includes(" ") && clean(composed) === composed;
}
