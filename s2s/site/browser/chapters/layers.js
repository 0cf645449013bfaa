// Chapter Layers and model: the source of the loaded layers, line by line, beside the values of one step. The source is
// Python's, so the values are those of an example, computed by it when the site was built.

import { el } from "../../../player/browser/dom.js";
import { question, section, slider, waitFor } from "../chapter.js";
import { decimals } from "../../../player/browser/dom.js";

const OPENED = new Map(); // by function: whether the visitor left it open
let chosenStep = 1;

export async function layersChapter(box, site) {
  const { place, texts } = site;
  const row = site.models.row(place.model);
  if (!row.annotated) {
    box.append(el("p", { class: "note" }, ...texts.inline("site.layers_none")));
    return;
  }
  const figure = section(box);
  const found = await waitFor(figure, site, site.load(row.annotated));
  if (!found) return;
  const { text, words, outputs, steps } = found;
  box.prepend(el("p", { class: "note" }, ...texts.inline("site.layers_example", { text: { code: text } })));
  const about = el("p");
  const pieces = el("div");
  const show = (step) => {
    chosenStep = step;
    about.replaceChildren(...texts.inline("layers.at", { step, word: { code: outputs[step - 1] }, words }));
    pieces.replaceChildren(...steps[step - 1].map((piece) => pieceNode(site, piece, found.source[piece.name])));
  };
  const step = Math.min(chosenStep, steps.length);
  const range = { min: 1, max: steps.length, value: step };
  if (steps.length > 1) figure.append(slider(texts.say("layers.step"), range, show).node);
  figure.append(about, pieces);
  show(step);
  const blind = row.attention === "none" ? "_blind" : "";
  question(box, site, "layers", { tried: `try${blind}`, answers: [`answer${blind}`] });
}

// The callers of the layers begin collapsed.
function pieceNode(site, { name, given, lines, missed }, source) {
  const open = OPENED.get(name) ?? !/^(decoder|seq2seq)\./.test(name);
  const over = new Set(missed);
  const rows = source.map((text, n) =>
    el(
      "tr",
      { class: over.has(n) ? "over" : null },
      el("td", { class: "code", text: text || " " }),
      el("td", { class: "value" }, ...valueNodes(lines[n] ?? [])),
    ),
  );
  const table = el(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": name },
    el("table", { class: "code" }, el("tbody", {}, ...rows)),
  );
  const head = given.length ? [el("p", {}, `${site.texts.say("layers.given")} `, ...valueNodes(given))] : [];
  const summary = el("summary", {}, el("code", { text: name }));
  const details = el("details", { open: open ? "" : null }, summary, ...head, table);
  details.addEventListener("toggle", () => OPENED.set(name, details.open));
  return details;
}

const valueNodes = (values) =>
  values.flatMap(({ name, shape, numbers }, n) => {
    const more = numbers.length === 3 ? ", …" : "";
    const text = ` ${shape.join("×") || "1"} (${numbers.map((x) => decimals(x)).join(", ")}${more})`;
    return [n ? " · " : "", el("b", { text: name }), text];
  });
