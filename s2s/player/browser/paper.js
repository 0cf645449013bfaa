// Drawing of the pictures for print: a white sheet that becomes an SVG, and the measuring of texts.

import { WIDE, el, isSpecial } from "./dom.js";
import { colourOf } from "./palette.js";

const GREYS = { text: "#111", soft: "#5b5b5b", line: "#c4c4c4", frame: "#8a8a8a" };
const COLOURS = ["attention", "other", "gold", "alarm"];
const FONTS =
  "'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','PingFang SC'," +
  "'Hiragino Sans GB','Microsoft YaHei',sans-serif";
const CLOSING = "，。、；：！？…）」』》】〉”’,.;:!?)\\]";

// XML cannot hold most control characters nor lone surrogates; they become �.
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const escapeXml = (text) =>
  String(text)
    .replace(FORBIDDEN, "\ufffd")
    .replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
export const round = (x) => Math.round(x * 100) / 100;

let ruler = null;

// The width of a text in this browser. A machine with another font of the list may need a little more.
export function measure(text, size = 14, weight = 400) {
  ruler ??= el("canvas").getContext("2d");
  ruler.font = `${weight} ${size}px ${FONTS}`;
  return ruler.measureText(text).width;
}

// A text in lines of at most ``width`` pixels, broken between words, and in Chinese anywhere but before a closing mark.
export function wrapped(text, width, size) {
  const lines = [""];
  const pieces = text.match(new RegExp(`\\s+|[${WIDE}][${CLOSING}]*|[^\\s${WIDE}]{1,40}`, "gu")) ?? [];
  for (const piece of pieces.map((p) => p.replace(/\s+/g, " "))) {
    const line = lines[lines.length - 1];
    if (line && measure(line + piece.trimEnd(), size) > width) lines.push(piece.trimStart());
    else lines[lines.length - 1] = line + piece;
  }
  return lines;
}

// An empty sheet, and ``ink`` to draw with: the colours of a light page, read where ``node`` is.
export function paper(node) {
  const parts = [];
  const ink = { ...GREYS, ...Object.fromEntries(COLOURS.map((name) => [name, colourOf(node, name)])) };
  const shape = (name, places, more) => {
    const numbers = Object.entries(places).map(([key, value]) => [key, round(value)]);
    const written = [...numbers, ...Object.entries(more)].map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
    return `<${name}${written.join("")}`;
  };
  return {
    ink,
    right: 0, // the drawing's right edge; for rotated texts the caller sets it
    text(x, y, content, more = {}) {
      const beyond = { middle: 0.5, end: 0 }[more["text-anchor"]] ?? 1; // the share of the text that is right of x
      const width = beyond && measure(content, more["font-size"], more["font-weight"]);
      if (!more.transform) this.right = Math.max(this.right, x + beyond * width);
      parts.push(`${shape("text", { x, y }, more)}>${escapeXml(content)}</text>`);
    },
    rect(x, y, width, height, more) {
      this.right = Math.max(this.right, x + width);
      parts.push(`${shape("rect", { x, y, width, height }, more)}/>`);
    },
    line: (x1, y1, x2, y2, more) => parts.push(`${shape("line", { x1, y1, x2, y2 }, more)}/>`),
    svg(bottom, margin, title) {
      const [w, h] = [Math.ceil(this.right + margin), Math.ceil(bottom + margin)];
      const size = `width="${w}" height="${h}" viewBox="0 0 ${w} ${h}"`;
      const look = `font-family="${FONTS}" font-size="14" fill="${ink.text}"`;
      const root = `${size} ${look} xml:lang="zh" xml:space="preserve"`;
      const white = `<title>${escapeXml(title)}</title><rect width="${w}" height="${h}" fill="#fff"/>`;
      return `<svg xmlns="http://www.w3.org/2000/svg" ${root}>${white}${parts.join("")}</svg>`;
    },
  };
}

// A token's label in a picture: specials in italics, unknown words underlined.
export function word(pen, x, y, token, more = {}, unknown = false) {
  pen.text(x, y, token, isSpecial(token) ? { "font-style": "italic", fill: pen.ink.soft, ...more } : more);
  if (unknown) underline(pen, x, y, measure(token, more["font-size"]), { "stroke-dasharray": "3 2" });
}

// A line under a text that is centred at x.
export function underline(pen, x, y, width, more = {}) {
  pen.line(x - width / 2, y + 4, x + width / 2, y + 4, { stroke: pen.ink.alarm, "stroke-width": 1.5, ...more });
}

// The heading of a part of a picture.
export const heading = (pen, x, y, text) =>
  pen.text(x, y, text, { "font-size": 13, "font-weight": 600, fill: pen.ink.soft });
