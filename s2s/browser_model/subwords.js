// Subword pieces grouped into words, as in ``s2s/text/subwords.py``.

const [BEGIN, GOES_ON, FOLLOWS] = ["▁", "@@", "##"]; // of SentencePiece and byte-level BPE, subword-nmt, WordPiece
const CODE_POINT = /⟨([0-9A-F]{4,6})⟩/gu; // an invisible character as its code point
const UNSPACED = /[\u2e80-\uffef]/u; // scripts without spaces, where every piece is a word
const charOf = (code) => String.fromCodePoint(parseInt(code, 16));

// Whether a token spells part of a word: it has letters, or characters that shape them.
function hasLetters(token) {
  const plain = token.replace(CODE_POINT, "");
  const shapes = [...token.matchAll(CODE_POINT)].some(([, code]) => /\p{Cf}/u.test(charOf(code)));
  return (shapes || /[\p{L}\p{N}\p{M}]/u.test(plain)) && !(plain.startsWith("<") && plain.endsWith(">"));
}

// Whether a token continues the word before it; ``spaced``: some token of the text begins with ▁.
function continues(before, token, spaced) {
  if (token.startsWith(FOLLOWS) || before.endsWith(GOES_ON)) return true;
  if (!spaced || token.startsWith(BEGIN) || !hasLetters(before) || !hasLetters(token)) {
    return before === BEGIN && !token.startsWith(BEGIN);
  }
  return !UNSPACED.test(Array.from(before).at(-1)) && !UNSPACED.test(Array.from(token)[0]);
}

// The [start, end) of each word; without subword marks every token is a word.
export function wordSpans(tokens) {
  const spaced = tokens.some((token) => token.startsWith(BEGIN));
  const starts = tokens.flatMap((token, s) => (s === 0 || !continues(tokens[s - 1], token, spaced) ? [s] : []));
  return starts.map((start, n) => [start, starts[n + 1] ?? tokens.length]);
}

export function joinPieces(tokens) {
  const last = tokens.length - 1;
  const open = (token, n) => (n < last && token.endsWith(GOES_ON) ? token.slice(0, -GOES_ON.length) : token);
  const follow = (token, n) => (n && token.startsWith(FOLLOWS) ? token.slice(FOLLOWS.length) : token);
  const whole = tokens.map(open).map(follow).join("");
  const shape = (_, code) => (["200C", "200D"].includes(code) ? charOf(code) : "");
  const shaped = last ? whole.replace(CODE_POINT, shape) : whole;
  return (shaped.startsWith(BEGIN) ? shaped.slice(BEGIN.length) : shaped) || tokens[0];
}

// The words of a source in subwords for the player, { labels, spans }; null for other sources.
export function sourceWords(tokens) {
  const spans = wordSpans(tokens);
  if (spans.length === tokens.length) return null;
  return { labels: spans.map(([start, end]) => joinPieces(tokens.slice(start, end))), spans };
}
