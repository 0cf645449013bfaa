// The player's nodes, built once for each model that comes from Python.

import { traceOf } from "./cursor.js";
import { button, el, fill, hasAttention, hasNumbers, shade } from "./dom.js";
import { buildEditor, toggleEditing } from "./edit.js";
import { watchRoom } from "./fit.js";
import { buildFlow } from "./flow.js";
import { sayForm } from "./fork.js";
import { activeWeight } from "./heatmap_grid.js";
import { listen } from "./input.js";
import { toggleWords } from "./reading.js";
import { soundButton } from "./sound.js";
import { buildSummary } from "./summary.js";
import { rolled } from "./words.js";
import { paintTable } from "./worked.js";

// The scale of the colours of weights, from 0 to 1.
function buildLegend() {
  const steps = Array.from({ length: 6 }, (_, i) => {
    const swatch = el("i");
    swatch.style.setProperty("--w", shade(i / 5));
    return swatch;
  });
  return el("span", { class: "legend" }, "0", ...steps, "1");
}

// The sentence about keys; only the app edits attention, only a source in subwords can be put together, and not every
// page has a projector mode.
function keysText(view) {
  const { strings, page, words, projects } = view.model;
  const project = projects ? [strings.key_projector] : [];
  if (view.cursor.game) return [strings.predict_keys, ...project].join("");
  const sees = hasAttention(traceOf(view));
  const heatmap = sees ? [strings.key_heatmap] : [];
  const more = [
    strings.key_flow,
    ...heatmap,
    ...(page && sees ? [strings.key_edit] : []),
    ...(words ? [strings.key_words] : []),
    ...project,
  ];
  return fill(strings.keys, { more: more.join("") });
}

// Build the nodes of the player into ``root`` and collect them in ``view.dom``.
export function buildNodes(view, root) {
  const dom = (view.dom = {});
  const { model } = view;
  buildParts(
    view,
    (name, tag, attributes = {}, ...children) => (dom[name] = el(tag, { class: name, ...attributes }, ...children)),
  );
  buildControls(view);
  buildSummary(view);
  buildFlow(view);
  view.acts.buildEvidence?.(view);
  dom.root = arrangeParts(view);
  root.replaceChildren(dom.root);
  Object.assign(view.channel, { root: dom.root, strings: model.strings });
  if (model.hide?.length) dom.root.dataset.hide = model.hide.join(" "); // hidden.css
  dom.root.classList.toggle("blind", !hasAttention(traceOf(view)));
  dom.root.classList.toggle("mute", !Object.values(model.lanes).some((lane) => lane?.steps.some(hasNumbers)));
  buildEditor(view);
  const ends = [listen(view), watchRoom(view)];
  dom.stopListening = () => ends.forEach((end) => end());
}

// The parts that are painted; the name of each is its class, too.
function buildParts({ model, dom }, part) {
  const { strings } = model;
  part("bar", "div", { role: "toolbar", "aria-label": strings.player });
  part("source", "div", { tabindex: "0", role: "group", "aria-label": strings.source });
  part("predict", "div", { hidden: "", role: "group", "aria-label": strings.predict });
  part("change", "ol");
  part("editor", "div", { hidden: "" });
  part("branchBar", "div", { hidden: "" });
  part("note", "p", { role: "alert" });
  for (const name of ["editNote", "branchNote"]) dom[name] = el("p", { class: "note", role: "alert" });
  part("news", "div", { "aria-live": "polite" });
  part("lanes", "table");
  part("symbols", "div", { role: "note", "aria-label": strings.legend });
  part(
    "lanesBox",
    "div",
    { class: "lanesBox scroll", tabindex: "0", role: "group", "aria-label": strings.outputs },
    dom.lanes,
  );
  part("map", "div", { class: "map scroll", role: "group", "aria-label": strings.heatmap });
  part("reads", "p");
  part("softmax", "ol");
  part("about", "dl");
  part("workedBody", "div");
  part("worked", "details", {}, el("summary", {}, el("h3", { text: strings.worked })), dom.workedBody);
  part("tableBody", "div");
  part("table", "details", {}, el("summary", {}, el("h3", { text: strings.table })), dom.tableBody);
  part("output", "span");
  part("live", "div", { "aria-live": "polite" });
}

function buildControls(view) {
  const { model, dom } = view;
  const { strings } = model;
  dom.say = model.page ? sayForm(view) : "";
  dom.wordsButton = button("edit", strings.words_help, () => toggleWords(view), strings.words);
  dom.wordsButton.setAttribute("aria-pressed", rolled(model));
  dom.editButton = button("edit", strings.edit_start_help, () => toggleEditing(view), `✎ ${strings.edit}`);
  dom.worked.addEventListener("toggle", () => view.acts.paint(view));
  dom.table.addEventListener("toggle", () => paintTable(view));
}

// The parts in their order on screen.
function arrangeParts(view) {
  const { model, dom } = view;
  const { strings } = model;
  const mapHead = el(
    "h3",
    { class: "mapHead", text: strings.heatmap },
    soundButton(strings, () => activeWeight(view)),
    buildLegend(),
  );
  const output = [el("span", { class: "rowHead", text: strings.output }), dom.output];
  dom.panes = el(
    "div",
    { class: "panes" },
    el("section", { class: "mapPane" }, mapHead, dom.map),
    el(
      "section",
      { class: "distribution" },
      el("h3", { text: strings.softmax }),
      dom.reads,
      dom.softmax,
      dom.say,
      dom.note,
      dom.about,
    ),
  );
  return el(
    "div",
    { class: "player", tabindex: "0", role: "group", "aria-label": strings.player },
    dom.bar,
    dom.summary,
    el(
      "div",
      { class: "sourceRow" },
      el("span", { class: "rowHead", "aria-hidden": "true", text: strings.source_row }),
      dom.source,
    ),
    el("p", { class: "blindNote", text: strings.no_attention }),
    dom.predict,
    dom.editor,
    dom.lanesBox,
    dom.symbols,
    dom.branchBar,
    dom.branchNote,
    dom.flow,
    dom.panes,
    dom.worked,
    ...(dom.evidence ? [dom.evidence] : []),
    dom.table,
    el("p", { class: "outputRow" }, ...output),
    el("p", { class: "keys", text: keysText(view) }),
    dom.live,
    dom.news,
  );
}
