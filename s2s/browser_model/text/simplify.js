// Traditional characters to simplified ones, as OpenCC's t2s: at each place the longest phrase of its list, else the
// character's own form. ``phrases`` and ``characters`` are pairs of what is found and what it becomes (pack.py).

export function buildSimplifier({ phrases, characters }) {
  const wholes = new Map(phrases);
  const longest = Math.max(0, ...phrases.map(([phrase]) => phrase.length));
  const begins = new Set(phrases.map(([phrase]) => phrase.slice(0, 2)));
  const forms = new Map(characters);

  function phraseAt(text, at) {
    if (!begins.has(text.slice(at, at + 2))) return null;
    for (let length = Math.min(longest, text.length - at); length > 1; length--) {
      const phrase = text.slice(at, at + length);
      if (wholes.has(phrase)) return phrase;
    }
    return null;
  }

  return function simplify(text) {
    let simple = "";
    for (let at = 0; at < text.length; ) {
      const phrase = phraseAt(text, at);
      const found = phrase ?? String.fromCodePoint(text.codePointAt(at));
      simple += wholes.get(found) ?? forms.get(found) ?? found;
      at += found.length;
    }
    return simple;
  };
}
