// A model's attention while it writes a date, and the gradient of one of its weights: shades of a number.

import { decimals, el, fill, percent, shade } from "../../player/browser/dom.js";
import { channelsOf } from "../../player/browser/palette.js";

// The attention as a grid: a row for each character written, a column for each one read.
export function drawAttention(box, { tokens, said, attention_TS, unknown }) {
  const grid = el("div", { class: "grid" });
  grid.style.setProperty("--columns", tokens.length);
  const cell = (name, text = "") => el("span", { class: name, text });
  grid.append(cell("corner"));
  tokens.forEach((token, s) => grid.append(cell(unknown[s] ? "top unknown" : "top", token)));
  said.forEach((token, t) => {
    grid.append(cell("side", token === "<eos>" ? "■" : token));
    attention_TS[t].forEach((weight) => {
      const one = cell("cell");
      one.style.setProperty("--w", shade(weight).toFixed(3));
      grid.append(one);
    });
  });
  box.replaceChildren(grid);
}

// In words: for each character written the one that got the most attention.
export function describeAttention({ tokens, said, attention_TS }, strings) {
  const strongest = (row_S) => row_S.indexOf(Math.max(...row_S));
  const parts = attention_TS.map((row_S, t) => {
    const s = strongest(row_S);
    return fill(strings.looks, { said: said[t], source: tokens[s], place: s + 1, share: percent(row_S[s]) });
  });
  return parts.join(strings.between);
}

// The same as a table of numbers.
export function attentionTable({ tokens, said, attention_TS }, strings) {
  const head = el("tr", {}, el("td"), ...tokens.map((token) => el("th", { scope: "col", text: token })));
  const rows = attention_TS.map((row_S, t) =>
    el("tr", {}, el("th", { scope: "row", text: said[t] }), ...row_S.map((w) => el("td", { text: decimals(w, 2) }))),
  );
  const caption = el("caption", { text: strings.table_attention });
  return el("table", { class: "numbers" }, caption, el("thead", {}, head), el("tbody", {}, ...rows));
}

// The gradient of a matrix as an image, a point a number, its longer side across: orange raises the loss where the
// weight grows, blue lowers it.
export function drawGradient(canvas, { shape, values }) {
  const [rows, columns] = shape.length > 1 ? shape : [1, shape[0]];
  const turned = rows > columns;
  const [width, height] = turned ? [rows, columns] : [columns, rows];
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-30);
  const style = getComputedStyle(canvas);
  const [up, down] = ["--second", "--first"].map((name) => channelsOf(style.getPropertyValue(name)));
  values.forEach((value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const at = 4 * (turned ? column * width + row : i);
    image.data.set(value > 0 ? up : down, at);
    image.data[at + 3] = 255 * shade(Math.abs(value) / most);
  });
  context.putImageData(image, 0, 0);
  return { most, rows, columns };
}
