// Text cleaned as ``s2s/text/segmenters.py`` cleans it. JavaScript's \s, \w, \d and \b are those of ASCII or include
// U+FEFF; the classes here are Python's.

export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
export const WORD = "\\p{L}\\p{N}_"; // of a regular expression's \w

const SPACES = new RegExp(`[${SPACE}]+`, "gu");
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}]+/gu;
const JOINER = /(?<=[\p{L}\p{M}])[\u200c\u200d]/gu; // after a letter or its mark

export const isSpace = (text) => text !== "" && text.replace(SPACES, "") === "";

// Drop control and format characters, collapse white space to one space, compose (NFC).
export function clean(text) {
  const kept = text.replace(SPACES, " ").replace(HIDDEN, "");
  return kept.split(" ").filter(Boolean).join(" ").normalize("NFC");
}

// Whether a text can be one token: not empty, without spaces and invisible characters but joiners.
export function isToken(token) {
  const composed = token.replace(JOINER, "").normalize("NFC");
  return token !== "" && !composed.includes(" ") && clean(composed) === composed;
}
