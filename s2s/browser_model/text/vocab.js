// The vocabulary: tokens to ids and back, with the special tokens that a model reads around a text.

import { printable } from "./clean.js";

export const UNK = 1;
export const BOS = 2;
export const EOS = 3;
export const SPECIALS = ["<pad>", "<unk>", "<bos>", "<eos>"];
const FILL = "<fill>"; // padding that the model reads as a token
const LATIN = /(?=[\0-\u024f])\p{L}/u; // a word with such a letter is not split into characters

export class Vocab {
  // ``marks``: { back_off, bos, eos, fill, skip } as in ``s2s/text/vocab.py``; ``spell`` normalises as the cut does.
  constructor(tokens, marks, spell) {
    Object.assign(this, { tokens, spell, back_off: false, bos: false, eos: false, fill: 0, skip: false, ...marks });
    const words = tokens.slice(SPECIALS.length);
    this.ids = new Map();
    words.forEach((token, n) => {
      const other = spell(token);
      if (other && !SPECIALS.includes(other) && !this.ids.has(other)) this.ids.set(other, n + SPECIALS.length);
    });
    words.forEach((token, n) => this.ids.set(token, n + SPECIALS.length));
  }

  // A token's id in either spelling; undefined if it is not listed.
  find(token) {
    const found = this.ids.get(token);
    if (found !== undefined || (printable(token, "") === token && token.normalize("NFC") === token)) return found;
    return this.ids.get(this.spell(token));
  }

  // The tokens as the model reads them: cut into characters where back-off applies, between special tokens.
  known(tokens) {
    const apart = (token) => (this.ids.has(token) || LATIN.test(token) ? [token] : Array.from(token));
    const parts = this.back_off ? tokens.flatMap(apart) : tokens;
    return this.marked(this.skip ? parts.filter((token) => this.find(token) !== undefined) : parts);
  }

  marked(tokens) {
    const whole = [...(this.bos ? [SPECIALS[BOS]] : []), ...this.words(tokens), ...(this.eos ? [SPECIALS[EOS]] : [])];
    return [...whole, ...Array(Math.max(0, this.fill - whole.length)).fill(FILL)];
  }

  // The tokens without the special tokens that ``marked`` adds.
  words(tokens) {
    const words = [...tokens];
    while (this.fill && words.at(-1) === FILL) words.pop();
    if (this.bos && words[0] === SPECIALS[BOS]) words.shift();
    if (this.eos && words.at(-1) === SPECIALS[EOS]) words.pop();
    return words;
  }

  // The ids; UNK for an unlisted token, and for a special token that the model does not read.
  encode(tokens) {
    const ids = tokens.map((token) => this.find(token) ?? UNK);
    if (this.bos && tokens[0] === SPECIALS[BOS]) ids[0] = BOS;
    let last = tokens.length - 1;
    while (this.fill && last > 0 && tokens[last] === FILL) last--;
    if (this.eos && last >= 0 && tokens[last] === SPECIALS[EOS]) ids[last] = EOS;
    return ids;
  }
}
