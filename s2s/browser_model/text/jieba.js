// Chinese words by jieba's dictionary: accurate mode without the hidden Markov model (``HMM=False``).

import { SPACE } from "./clean.js";

const BLOCK = /([\u4e00-\u9fd5a-zA-Z0-9+#&._%-]+)/u;
const ASCII = /^[a-zA-Z0-9]$/;
const SKIPPED = new RegExp(`(\\r\\n|[${SPACE}])`, "u");

// The dictionary that pack.py wrote. ``words``: sorted by code unit, one a line, without the beginning that a word
// shares with the last one, whose length stands there in base 36. ``logs``: the logarithms of all frequencies, as
// Python has them, so that routes of equal probability stay equal; ``places``: each word's place among them.
export class Dictionary {
  constructor({ words, places, logs, log_total: logTotal }) {
    let last = "";
    const whole = (line) => (last = last.slice(0, parseInt(line[0], 36)) + line.slice(1));
    Object.assign(this, { words: words.split("\n").map(whole), places: Uint16Array.from(places), logs, logTotal });
  }

  // The index of the first word that is not before ``text``.
  lowerBound(text) {
    let [low, high] = [0, this.words.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.words[middle] < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // The ends of the words that begin at ``start``, and log frequencies: [[end, log], …]. A single character is always
  // one, with frequency 1 if it is not listed.
  wordsAt(text, start) {
    const found = [];
    for (let end = start + 1; end <= text.length; end++) {
      const part = text.slice(start, end);
      const at = this.lowerBound(part);
      if (!this.words[at]?.startsWith(part)) break;
      if (this.words[at] === part) found.push([end, this.logs[this.places[at]]]);
    }
    return found.length ? found : [[start + 1, 0]];
  }

  // The most probable way to cut a block: the end of the word that begins at each character.
  route(text) {
    const [best, ends] = [new Float64Array(text.length + 1), new Uint32Array(text.length)];
    for (let start = text.length - 1; start >= 0; start--) {
      best[start] = -Infinity;
      for (const [end, log] of this.wordsAt(text, start)) {
        const value = log - this.logTotal + best[end];
        if (value >= best[start]) [best[start], ends[start]] = [value, end]; // of equal ones the longest
      }
    }
    return ends;
  }
}

// Single letters and digits that the route leaves stand together as one word.
function cutBlock(dictionary, block) {
  const [ends, words] = [dictionary.route(block), []];
  let letters = "";
  for (let at = 0; at < block.length; at = ends[at]) {
    const word = block.slice(at, ends[at]);
    if (ASCII.test(word)) {
      letters += word;
      continue;
    }
    if (letters) words.push(letters);
    letters = "";
    words.push(word);
  }
  return letters ? [...words, letters] : words;
}

export function cutWords(dictionary, text) {
  return text.split(BLOCK).flatMap((part, n) => {
    if (n % 2) return cutBlock(dictionary, part);
    return part.split(SKIPPED).flatMap((piece, k) => (k % 2 ? [piece] : Array.from(piece)));
  });
}
