// The distribution of a step in a picture: its words with bars, what is left for the others, facts of the word.

import { traceOf } from "./cursor.js";
import { percent } from "./dom.js";
import { spokenWord } from "./model.js";
import { heading, measure } from "./paper.js";
import { distribution, restLabel, wordFacts } from "./softmax.js";

const BARS = { rank: 34, track: 130, share: 64, height: 25 };

const softmaxWord = (rows, others) =>
  Math.max(70, measure(others, 12) + 12, ...rows.map((row) => measure(row.token, 14, 700) + 36));

// The softmax panel's rows, texts and widths.
export function softmaxRows(view, step) {
  const { rows, rest } = distribution(step, traceOf(view).mode);
  const others = restLabel(view.model, rows.length);
  const wide = softmaxWord(rows, others);
  return { rows, rest, others, wide, width: BARS.rank + wide + BARS.track + BARS.share };
}

export function drawSoftmax(pen, view, step, { rows, rest, others, wide }, x, y) {
  heading(pen, x, y, view.model.strings.softmax);
  pen.text(x, y + 25, `${step.input} → ${spokenWord(step, traceOf(view).mode).token}`, { "font-size": 15 });
  let top = y + 36;
  const draw = (rank, label, style, colour, p, marks) => {
    pen.text(x + BARS.rank - 10, top + 17, rank, { "font-size": 11, fill: pen.ink.soft, "text-anchor": "end" });
    pen.text(x + BARS.rank, top + 17, label, style);
    marks.forEach(([mark, fill], i) =>
      pen.text(x + BARS.rank + measure(label, 14, 700) + 5 + 14 * i, top + 17, mark, { "font-size": 12, fill }),
    );
    pen.rect(x + BARS.rank + wide, top + 6, BARS.track, 13, { fill: pen.ink.text, "fill-opacity": 0.07 });
    pen.rect(x + BARS.rank + wide, top + 6, BARS.track * p, 13, { fill: colour });
    pen.text(x + BARS.rank + wide + BARS.track + BARS.share, top + 17, percent(p), {
      "font-size": 12,
      "text-anchor": "end",
    });
    top += BARS.height;
  };
  for (const row of rows) {
    const marks = [...(row.chosen ? [["●", pen.ink.other]] : []), ...(row.gold ? [["★", pen.ink.gold]] : [])];
    draw(
      row.rank ?? "",
      row.token,
      row.chosen ? { "font-weight": 700 } : {},
      row.gold ? pen.ink.gold : pen.ink.other,
      row.p,
      marks,
    );
  }
  draw("", others, { "font-size": 12, fill: pen.ink.soft }, pen.ink.soft, rest, []);
  const { name, token, facts } = wordFacts(view.model, step);
  for (const [key, value] of [[name, token], ...facts]) {
    top += 20;
    pen.text(x, top, key, { "font-size": 12, fill: pen.ink.soft });
    pen.text(x + BARS.rank + wide, top, value, { "font-size": 12 });
  }
  return top + 6;
}
