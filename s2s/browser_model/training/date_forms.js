// The forms of written dates, as in s2s/tasks/date_forms.py. A form is a list of pieces; a piece is the field that it
// shows ("" for none) and a function from the field's value to its spellings with their probabilities.

const HAN = "〇一二三四五六七八九";
export const YEARS = [1900, 2099];
const split = (words) => words.split(" ");
const MONTHS = split("January February March April May June July August September October November December");
const WEEKDAYS = split("Monday Tuesday Wednesday Thursday Friday Saturday Sunday");
const TENS = split("zero ten twenty thirty forty fifty sixty seventy eighty ninety");
const UNITS = [
  ...split("zero one two three four five six seven eight nine ten eleven twelve"),
  ...split("thirteen fourteen fifteen sixteen seventeen eighteen nineteen"),
];
const ORDINALS = { one: "first", two: "second", three: "third", five: "fifth", eight: "eighth", nine: "ninth" };
Object.assign(ORDINALS, { twelve: "twelfth", twenty: "twentieth", thirty: "thirtieth" });

const literals = (...spellings) => ["", () => spellings];
const literal = (text) => literals([text, 1]);
const field = (name, ...spell) => [name, (value) => spell.map(([write, p]) => [write(value), p])];

export const two = (n) => String(n).padStart(2, "0");
const digits = (text) => [...text].map((c) => HAN[Number(c)]).join("");

// 九, 十, 二十二
function han(n) {
  const [tens, units] = [Math.floor(n / 10), n % 10];
  return (tens === 0 ? "" : tens === 1 ? "十" : `${HAN[tens]}十`) + (units || !tens ? HAN[units] : "");
}

// seven, forty, twenty-two
function numberWords(n) {
  if (n < UNITS.length) return UNITS[n];
  return TENS[Math.floor(n / 10)] + (n % 10 ? `-${UNITS[n % 10]}` : "");
}

function ordinal(n) {
  const isTeen = n % 100 > 10 && n % 100 < 14;
  return n + ((!isTeen && { 1: "st", 2: "nd", 3: "rd" }[n % 10]) || "th");
}

// first, twentieth, twenty-second
function ordinalWords(n) {
  const words = numberWords(n).split("-");
  const last = words.pop();
  return [...words, ORDINALS[last] ?? `${last}th`].join("-");
}

// nineteen hundred, nineteen oh five, two thousand, twenty twenty-six
function yearPairs(year) {
  const [century, rest] = [Math.floor(year / 100), year % 100];
  if (!rest) return century === 20 ? "two thousand" : `${numberWords(century)} hundred`;
  return `${numberWords(century)} ${rest < 10 ? "oh " : ""}${numberWords(rest)}`;
}

// nineteen hundred five, two thousand and twenty-six
const yearSum = (glue) => (year) => {
  const [century, rest] = [Math.floor(year / 100), year % 100];
  const head = century === 20 ? "two thousand" : `${numberWords(century)} hundred`;
  return head + (rest ? glue + numberWords(rest) : "");
};

const named = (month) => MONTHS[month - 1];
const short = (month) => (month === 9 ? "Sept" : named(month).slice(0, 3));
const dotted = (month) => (month === 5 ? "May" : `${short(month)}.`);
const day00 = (value) => two(value);
const old = (day) => (day >= 20 && day < 30 ? `廿${han(day).slice(2)}` : han(day));

const YEAR = field("year", [String, 1]);
const SHORT_YEAR = field("year", [(y) => two(y % 100), 1]);
const CUT_YEAR = field("year", [(y) => `'${two(y % 100)}`, 1]);
const HAN_YEAR = field("year", [(y) => digits(String(y)), 0.7], [(y) => digits(String(y)).replaceAll("〇", "零"), 0.3]);
const WORD_YEAR = field("year", [yearPairs, 0.6], [yearSum(" "), 0.2], [yearSum(" and "), 0.2]);
const MONTH = field("month", [String, 1]);
const MONTH_00 = field("month", [day00, 1]);
const HAN_MONTH = field("month", [han, 1]);
const SHORT_MONTH = field("month", [short, 1]);
const NAMED_MONTH = field("month", [named, 0.45], [short, 0.35], [dotted, 0.2]);
const DAY = field("day", [String, 1]);
const DAY_00 = field("day", [day00, 1]);
const HAN_DAY = field("day", [han, 0.9], [old, 0.1]);
const ORDINAL_DAY = field("day", [ordinal, 0.5], [String, 0.5]);
const WITH_ORDINAL = field("day", [ordinal, 1]);
const WORD_DAY = field("day", [ordinalWords, 1]);

const zhWeekday = (shape, sunday = "日") => (w) => shape.replace("{}", `一二三四五六${sunday}`[w]);
const ZH_WEEKDAY = field(
  "weekday",
  [() => "", 0.7],
  [zhWeekday("星期{}"), 0.1],
  [zhWeekday(" 星期{}", "天"), 0.05],
  [zhWeekday("（周{}）"), 0.05],
  [zhWeekday("，周{}"), 0.05],
  [zhWeekday(" 礼拜{}", "天"), 0.05],
);
const EN_WEEKDAY = field(
  "weekday",
  [() => "", 0.7],
  [(w) => `${WEEKDAYS[w]}, `, 0.1],
  [(w) => `${WEEKDAYS[w]} `, 0.08],
  [(w) => `${WEEKDAYS[w].slice(0, 3)} `, 0.06],
  [(w) => `${WEEKDAYS[w].slice(0, 3)}. `, 0.03],
  [(w) => `${WEEKDAYS[w].slice(0, 3)}, `, 0.03],
);
const COMMA = literals([" ", 0.3], [", ", 0.6], [",", 0.1]);
const ERA = literals(["", 0.95], ["公元", 0.05]);
const END = { zh: literals(["", 0.9], ["。", 0.1]), en: literals(["", 0.9], [".", 0.1]) };

const form = (language, weight, pieces) => ({ language, weight, pieces: [...pieces, END[language]] });
const withWeekday = (language, pieces) => (language === "en" ? [EN_WEEKDAY, ...pieces] : [...pieces, ZH_WEEKDAY]);

// 2026-11-22, 11/22/2026, 22.11.26 and the like, in which the order of the numbers is not always clear.
function numeric() {
  const orders = [["zh", "ymd", 2], ["en", "ymd", 1], ["en", "mdy", 2], ["en", "dmy", 2]];
  const shapes = [
    [YEAR, MONTH, DAY, 0.35],
    [YEAR, MONTH_00, DAY_00, 0.3],
    [SHORT_YEAR, MONTH, DAY, 0.2],
    [SHORT_YEAR, MONTH_00, DAY_00, 0.15],
  ];
  const marks = [["/", 0.5], ["-", 0.25], [".", 0.15], [" / ", 0.05], [" ", 0.05]];
  const forms = orders.flatMap(([language, order, weight]) =>
    shapes.flatMap(([y, m, d, share]) =>
      marks.map(([mark, part]) => {
        const [a, b, c] = [...order].map((letter) => ({ y, m, d })[letter]);
        const core = [a, literal(mark), b, literal(mark), c];
        const isClear = y === YEAR && order === "ymd";
        return form(language, weight * share * part, isClear ? withWeekday(language, core) : core);
      }),
    ),
  );
  return [...forms, form("zh", 0.3, [YEAR, MONTH_00, DAY_00, ZH_WEEKDAY])];
}

// 2026年11月22日 and 二〇二六年十一月二十二日
function chinese() {
  const marks = [literal("年"), literal("月"), literals(["日", 0.7], ["号", 0.3])];
  const spaced = [literal(" 年 "), literal(" 月 "), literals([" 日", 0.7], [" 号", 0.3])];
  const rows = [
    [1.4, [YEAR, MONTH, DAY], marks],
    [0.4, [YEAR, MONTH_00, DAY_00], marks],
    [0.4, [SHORT_YEAR, MONTH, DAY], marks],
    [0.4, [YEAR, MONTH, DAY], spaced],
    [1.4, [HAN_YEAR, HAN_MONTH, HAN_DAY], marks],
    [0.2, [HAN_YEAR, HAN_MONTH, HAN_DAY], spaced],
  ];
  return rows.map(([weight, [y, m, d], [a, b, c]]) => {
    const core = [y, a, m, b, d, c];
    return form("zh", weight, y === SHORT_YEAR ? core : withWeekday("zh", [ERA, ...core]));
  });
}

// 22 November 2026, Nov. 22nd, 2026, and the date in words.
function english() {
  const of = literals([" ", 0.5], [" of ", 0.5]);
  const [dash, the] = [literal("-"), literal("the ")];
  const rows = [
    [0.3, [DAY_00, dash, SHORT_MONTH, dash, YEAR]],
    [0.2, [DAY_00, dash, SHORT_MONTH, dash, SHORT_YEAR]],
    [0.5, [NAMED_MONTH, literals([" ", 0.6], [" the ", 0.4]), WORD_DAY, COMMA, WORD_YEAR]],
    [0.4, [literals(["", 0.4], ["the ", 0.6]), WORD_DAY, of, NAMED_MONTH, COMMA, WORD_YEAR]],
    ...[[YEAR, 0.9], [CUT_YEAR, 0.1]].flatMap(([year, share]) => [
      [1.6 * share, [ORDINAL_DAY, literal(" "), NAMED_MONTH, COMMA, year]],
      [0.4 * share, [the, WITH_ORDINAL, of, NAMED_MONTH, COMMA, year]],
      [1.6 * share, [NAMED_MONTH, literal(" "), ORDINAL_DAY, COMMA, year]],
    ]),
  ];
  const isCut = (pieces) => pieces.at(-1) === SHORT_YEAR || pieces.at(-1) === CUT_YEAR;
  return rows.map(([weight, pieces]) => form("en", weight, isCut(pieces) ? pieces : withWeekday("en", pieces)));
}

export const FORMS = [...numeric(), ...chinese(), ...english()];

// Digits and separators as full-width characters, as some input methods write them.
const fullWidth = (text) => text.replace(/[0-9/.-]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
const asIs = (text) => text;
export const STYLES = {
  zh: [[asIs, 0.95], [fullWidth, 0.05]],
  en: [[asIs, 0.8], [(text) => text.toLowerCase(), 0.12], [(text) => text.toUpperCase(), 0.08]],
};
