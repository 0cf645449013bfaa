// The elements of the playground: buttons, the curve, and for each model its settings and what it shows.

import { el, fill } from "../../player/browser/dom.js";
import { probeFields, settingFields, transport } from "./race_controls.js";
import { drawTable, takeTheme } from "./race_drawing.js";

// ``acts``: what the buttons do, ``lookAll``: another date or weight, ``begin``: other settings.
export function buildRace(view, root, { acts, lookAll, begin }) {
  const { strings } = view;
  const buttons = transport(strings, (name) => acts[name](view));
  view.buttons = Object.fromEntries(buttons.map((button) => [button.className, button]));
  view.parts = {
    curve: el("div", { class: "curve", role: "img" }),
    weights: el("select", { name: "weight" }),
    live: el("p", { class: "unseen", "aria-live": "polite" }),
    unknown: el("p", { class: "note" }),
  };
  const keys = el("span", { class: "keys", text: strings.keys });
  view.root = el(
    "div",
    { class: "playground", role: "group", "aria-label": strings.title, tabindex: "0" },
    el("div", { class: "transport" }, ...buttons, keys),
    centreOf(view, lookAll),
    ...view.racers.map((racer) => paneOf(view, racer, begin)),
    view.parts.live,
  );
  root.replaceChildren(view.root);
  takeTheme(view);
}

// What both have in common: the curve, and the choices of a date and of a weight.
function centreOf(view, lookAll) {
  const { strings, parts, racers } = view;
  const lines = racers.flatMap(({ name }) => [
    el("span", { class: name, text: fill(strings.of, { name: strings[name], what: strings.loss }) }),
    el("span", { class: `${name} exact`, text: fill(strings.of, { name: strings[name], what: strings.exact }) }),
  ]);
  parts.weights.addEventListener("change", () => {
    view.weight = parts.weights.value;
    lookAll(view);
  });
  const dates = probeFields(strings, (source) => {
    view.source = source;
    lookAll(view);
  });
  const weight = el("label", {}, el("span", { text: strings.gradient }), parts.weights);
  const choices = el("div", { class: "choices" }, ...dates, weight);
  const legend = el("div", { class: "legend" }, ...lines);
  const label = { class: "centre", "aria-label": strings.curve };
  return el("section", label, legend, parts.curve, choices, parts.unknown);
}

function settingsOf(view, racer, begin) {
  const change = (settings) => {
    racer.settings = settings;
    begin(view);
  };
  const fields = settingFields(view.strings, racer, change);
  return el("div", { class: "choices", role: "group", "aria-label": view.strings.settings }, ...fields);
}

// What one model shows: settings, numbers, its answer, its attention, a gradient.
function paneOf(view, racer, begin) {
  const { strings } = view;
  racer.parts = {
    state: el("p", { class: "state" }),
    said: el("p", { class: "said" }),
    map: el("div", { class: "attention", role: "img", "aria-label": strings.map_help }),
    none: el("p", { class: "note" }),
    gradient: el("canvas", { class: "gradient", role: "img" }),
    norm: el("div", { class: "norm", role: "img" }),
    table: el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": strings.table_attention }),
  };
  const { state, said, map, none, gradient, norm, table } = racer.parts;
  racer.details = el("details", {}, el("summary", { text: strings.table }), table);
  racer.details.addEventListener("toggle", () => drawTable(view, racer));
  const heading = (text) => el("h4", { text });
  racer.gradientBox = el("div", { class: "gradientBox", hidden: "" }, heading(strings.gradient_now), gradient, norm);
  const shown = [heading(strings.map), map, none, racer.details, racer.gradientBox];
  const label = { class: `pane ${racer.name}`, "aria-label": strings[racer.name] };
  const title = el("h3", { text: strings[racer.name] });
  return (racer.parts.pane = el("section", label, title, settingsOf(view, racer, begin), state, said, ...shown));
}
