// The colours of s2s/figures/palette.py, read from the custom properties that palette.css declares.

import { el } from "./dom.js";

// The colour of a name, as CSS writes it. The node has to be in the document.
export const colourOf = (node, name) => getComputedStyle(node).getPropertyValue(`--lb-${name}`).trim();

export const backgroundOf = (node) => getComputedStyle(node).getPropertyValue("--st-background-color").trim() || "#fff";

// Red, green and blue of any colour that CSS can write, each from 0 to 255.
export function channelsOf(colour) {
  const context = el("canvas", { width: 1, height: 1 }).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3));
}

// The colours of a heatmap as channels, and whether the page is dark; ``page`` is the background as CSS writes it.
export function readPalette(node) {
  const page = backgroundOf(node);
  const background = channelsOf(page);
  const dark = background[0] + background[1] + background[2] < 384;
  return { page, background, dark, attention: channelsOf(colourOf(node, "attention")) };
}
