// The task: a date written in one of many forms, to be written as 2026-11-22. Dates of a random part of all days are
// held out of training; those that score a model have one right answer.

import { UNKNOWN } from "./batches.js";
import { FORMS, STYLES, YEARS, two } from "./date_forms.js";
import { SHOWN } from "./shown_dates.js";

const SPACE = "␣"; // the token of a space
const SPECIALS = ["<pad>", "<unk>", "<bos>", "<eos>"];
const LONGEST = 20; // characters of a source at most: longer ones cost time and help little
const HELD_OUT = 0.05; // share of the days
const MILLISECONDS = 86_400_000; // of a day

const FIRST = Date.UTC(YEARS[0], 0, 1);
const DAYS = (Date.UTC(YEARS[1], 11, 31) - FIRST) / MILLISECONDS + 1;

// The fields of a day by their names, and "2026-11-22".
function dayAt(n) {
  const date = new Date(FIRST + n * MILLISECONDS);
  const weekday = (date.getUTCDay() + 6) % 7; // Monday is 0
  return { "": 0, year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday };
}
const written = ({ year, month, day }) => `${year}-${two(month)}-${two(day)}`;

// Draw from [[value, weight], …].
function draw(choices, random) {
  const total = choices.reduce((sum, [, weight]) => sum + weight, 0);
  let rest = random() * total;
  return (choices.find(([, weight]) => (rest -= weight) < 0) ?? choices.at(-1))[0];
}
const WEIGHTED = FORMS.map((form) => [form, form.weight]);

function writeDate(day, random) {
  const { language, pieces } = draw(WEIGHTED, random);
  const dress = draw(STYLES[language], random);
  return pieces.map(([field, spell]) => dress(draw(spell(day[field]), random))).join("");
}

// Whether a form of the task can write this day so.
function isWritten(source, day) {
  const ends = (from, spellings) =>
    spellings.filter((text) => source.startsWith(text, from)).map((text) => from + text.length);
  return FORMS.some(({ language, pieces }) =>
    STYLES[language].some(([dress]) => {
      let places = [0];
      for (const [field, spell] of pieces) {
        const spellings = spell(day[field]).map(([text]) => dress(text));
        places = places.flatMap((from) => ends(from, spellings));
        if (!places.length) return false;
      }
      return places.includes(source.length);
    }),
  );
}

// Whether a source has this one answer: it shows no other century and no other order of day and month.
function hasOneAnswer(source, { year, month, day }) {
  const others = new Set();
  const [tens, own] = [year % 100, written({ year, month, day })];
  const numbers = [tens, month, day];
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  for (const [y, m, d] of orders) {
    for (const value of [1900 + numbers[y], 2000 + numbers[y], year]) {
      const n = (Date.UTC(value, numbers[m] - 1, numbers[d]) - FIRST) / MILLISECONDS;
      const other = dayAt(n);
      if (other.month === numbers[m] && other.day === numbers[d] && written(other) !== own) others.add(n);
    }
  }
  return ![...others].some((n) => isWritten(source, dayAt(n)));
}

// Functions that draw the next pair [source, target]: of training, and of the held-out days, to which those shown on
// the page belong.
export function dateTask(random) {
  const heldOut = Uint8Array.from({ length: DAYS }, () => random() < HELD_OUT);
  for (const [, target] of SHOWN) heldOut[(Date.parse(target) - FIRST) / MILLISECONDS] = 1;
  function next(isHeldOut) {
    for (;;) {
      const n = Math.floor(random() * DAYS);
      if (Boolean(heldOut[n]) !== isHeldOut) continue;
      const day = dayAt(n);
      const source = writeDate(day, random);
      if (source.length > LONGEST || (isHeldOut && !hasOneAnswer(source, day))) continue;
      return [source, written(day)];
    }
  }
  return { training: () => next(false), fresh: () => next(true) };
}

// Every character that a source can have: those of a day of each month in every year, and of the first month's days.
function sourceCharacters() {
  const found = new Set();
  const values = [];
  for (let year = YEARS[0]; year <= YEARS[1]; year++) values.push({ "": 0, year, month: 1, day: 1, weekday: 0 });
  for (let n = 0; n < 31; n++) values.push({ "": 0, year: 2000, month: (n % 12) + 1, day: n + 1, weekday: n % 7 });
  for (const { language, pieces } of FORMS) {
    for (const [dress] of STYLES[language]) {
      for (const [field, spell] of pieces) {
        for (const day of values) for (const [text] of spell(day[field])) for (const c of dress(text)) found.add(c);
      }
    }
  }
  return [...found].sort();
}

const tokens = (characters) => [...SPECIALS, ...characters.map((c) => (c === " " ? SPACE : c))];
export const SOURCE_TOKENS = tokens(sourceCharacters());
export const TARGET_TOKENS = tokens([..."-0123456789"]);

// A text as tokens, one a character, and tokens as ids, UNKNOWN where the vocabulary has no such.
export const tokensOf = (text) => [...text.trim().replace(/\s+/g, " ")].map((c) => (c === " " ? SPACE : c));
const idsBy = (list) => {
  const places = new Map(list.map((token, id) => [token, id]));
  return (text) => tokensOf(text).map((token) => places.get(token) ?? UNKNOWN);
};
export const sourceIds = idsBy(SOURCE_TOKENS);
export const targetIds = idsBy(TARGET_TOKENS);
