// The buttons of the race, each model's settings, and the date that both read.

import { el, fill, percent } from "../../player/browser/dom.js";
import { CHOICES } from "../training/settings.js";
import { SHOWN } from "../training/shown_dates.js";

const ACTIONS = ["step", "slow", "play", "reset"];
const LABELS = { size: "size", ownShare: "reads", learningRate: "learning_rate" }; // the text's name, if another
const NUMBERS = new Set(["size", "ownShare", "learningRate"]);

export function transport(strings, act) {
  return ACTIONS.map((name) =>
    el("button", { type: "button", class: name, text: strings[name], onclick: () => act(name) }),
  );
}

function optionText(strings, name, value) {
  if (name === "attention" || name === "cell") return strings[`kind.${value}`];
  if (name !== "ownShare") return String(value);
  return value ? fill(strings.own_share, { share: percent(value).replace(".0", "") }) : strings.reference_only;
}

// A field for each choice of one model; ``change`` gets the settings with the new value.
export function settingFields(strings, racer, change) {
  return Object.entries(CHOICES).map(([name, values]) => {
    const options = values.map((value) => el("option", { value, text: optionText(strings, name, value) }));
    const select = el("select", { name }, ...options);
    select.value = racer.settings[name];
    select.addEventListener("change", () => {
      const value = NUMBERS.has(name) ? Number(select.value) : select.value;
      change({ ...racer.settings, [name]: value });
    });
    return el("label", {}, el("span", { text: strings[LABELS[name] ?? name] }), select);
  });
}

// A choice of the dates that are shown, and a field for one's own; ``choose`` gets the text.
export function probeFields(strings, choose) {
  const typed = el("input", { type: "text", maxlength: 40, name: "typed", spellcheck: "false", autocomplete: "off" });
  const options = SHOWN.map(([source]) => el("option", { value: source, text: source }));
  const select = el("select", { name: "probe" }, ...options);
  select.addEventListener("change", () => {
    typed.value = "";
    choose(select.value);
  });
  typed.addEventListener("input", () => choose(typed.value.trim() || select.value));
  const label = (text, field) => el("label", {}, el("span", { text }), field);
  return [label(strings.probe, select), label(strings.typed, typed)];
}
