// The form of a live page: the sentence, its reference, examples and the settings of decoding.

import { el, fill, menu } from "./dom.js";
import { isReal, isSetting } from "./live_link.js";

const OF = {
  sampling: ["temperature", "top_k", "top_p", "seed"],
  beam: ["beam", "length_penalty", "coverage_penalty"],
};
const STEPS = { temperature: 0.05, top_p: 0.05, length_penalty: 0.1, coverage_penalty: 0.1 };
const MAX_TYPED = 20_000; // characters of a field

// Build the form into ``box``. ``given``: { strings, examples, ranges, defaults }, ``values``: { text, ref, settings }
// to begin with. ``run(values)`` is called with what the form asks for, ``refuse(sentence)`` with what is wrong in it,
// ``typed()`` after each change of a text. Returns { read, write }: the values, and a way to set them.
export function buildForm(box, given, values, { run, refuse, typed }) {
  const { strings, examples } = given;
  const text = field(strings.text, strings.text_place);
  const ref = field(strings.reference, strings.reference_place);
  const settings = buildSettings(given, () => decodeAnew());
  const read = () => ({ text: text.area.value, ref: ref.area.value, settings: settings.read() });
  const button = el("button", { class: "run", text: strings.run });
  const form = el("form", { class: "sentence" }, text.label, ref.label, button);
  let shown = values;

  function write(next) {
    shown = next;
    text.area.value = next.text;
    ref.area.value = next.ref;
    settings.write(next.settings);
    grow(text.area);
    grow(ref.area);
  }

  // An example's reference does not belong to another text.
  function submit() {
    const asked = read();
    if (asked.settings === null) return refuse(settings.wrong());
    const known = examples.find((example) => example.ref === asked.ref && asked.ref !== "");
    if (known && known.text !== asked.text) ref.area.value = asked.ref = "";
    shown = asked;
    run(asked);
  }

  // Other settings are for the sentence that is shown, not for one that is being typed.
  function decodeAnew() {
    const chosen = settings.read();
    if (chosen === null) return refuse(settings.wrong());
    shown = { ...shown, settings: chosen };
    run(shown);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  for (const { area } of [text, ref]) {
    listenField(area, submit);
    area.addEventListener("input", typed);
  }
  const take = (example) => {
    write({ ...shown, settings: settings.read() ?? shown.settings, text: example.text, ref: example.ref });
    submit();
  };
  const more = [menu("settings", strings.settings, settings.box)];
  if (examples.length) more.unshift(menu("examples", strings.examples, exampleList(examples, strings, take)));
  box.replaceChildren(form, el("div", { class: "menus" }, ...more));
  write(values);
  return { read, write };
}

function field(title, placeholder) {
  const area = el("textarea", { rows: 1, placeholder, maxlength: MAX_TYPED, dir: "auto", spellcheck: "false" });
  return { area, label: el("label", {}, el("span", { text: title }), area) };
}

// Enter runs; with Shift it begins a new line. While a word is being composed, Enter is the input method's.
function listenField(area, submit) {
  area.addEventListener("input", () => grow(area));
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
}

// As high as its text, up to five lines.
function grow(area) {
  area.style.height = "auto";
  if (area.scrollHeight) area.style.height = `${Math.min(area.scrollHeight + 2, 140)}px`;
}

function exampleList(examples, strings, take) {
  const list = el("div", { class: "menuList" });
  for (const example of examples) {
    const known = example.marks.map((mark) => strings[`mark_${mark}`]).join(" · ");
    const label = [el("span", { text: example.text, dir: "auto" }), known ? el("small", { text: `(${known})` }) : ""];
    const button = el("button", { type: "button", onclick: () => take(example) }, ...label);
    list.append(button);
  }
  return list;
}

// The settings of decoding; a change runs the sentence again. Those of another strategy are not shown.
function buildSettings(given, changed) {
  const { strings, ranges, defaults } = given;
  const names = { greedy: strings.greedy, sampling: strings.sampling, beam: strings.beam_search };
  const radios = Object.entries(names).map(([value, title]) => {
    const input = el("input", { type: "radio", name: "strategy", value });
    return { input, label: el("label", {}, input, title) };
  });
  const inputs = new Map(Object.keys(ranges).map((name) => [name, numberInput(name, ranges[name])]));
  const chosen = () => radios.find(({ input }) => input.checked)?.input.value ?? defaults.strategy;
  const wrongName = () => [...inputs.keys()].find((name) => !isSetting(name, inputs.get(name).value, given));

  function showOwn() {
    for (const [strategy, own] of Object.entries(OF)) {
      for (const name of own) inputs.get(name).parentElement.hidden = strategy !== chosen();
    }
  }

  const box = el(
    "fieldset",
    { class: "menuList" },
    el("legend", { text: strings.strategy }),
    el("div", { class: "strategies" }, ...radios.map(({ label }) => label)),
    ...[...inputs].map(([name, input]) => el("label", {}, el("span", { text: strings[name] }), input)),
  );
  box.addEventListener("change", () => {
    showOwn();
    changed();
  });
  return {
    box,
    read: () =>
      wrongName() === undefined
        ? { ...defaults, strategy: chosen(), ...Object.fromEntries([...inputs].map(([n, i]) => [n, Number(i.value)])) }
        : null,
    write(settings) {
      for (const { input } of radios) input.checked = input.value === settings.strategy;
      for (const [name, input] of inputs) input.value = settings[name];
      showOwn();
    },
    wrong() {
      const name = wrongName();
      const [[low, high], found] = [ranges[name], inputs.get(name).value];
      const between = Number(found) < low || Number(found) > high || isReal(name);
      const sentence = between ? strings.setting_range : strings.setting_number;
      return fill(sentence, { name: strings[name], low, high, found: found || "—" });
    },
  };
}

// The settings of a strategy in one line; empty for the greedy one, which has none.
export function settingsLine(settings, { strings, defaults }) {
  if (settings.strategy === "greedy") return "";
  const name = settings.strategy === "beam" ? strings.beam_search : strings.sampling;
  const told = OF[settings.strategy].filter(
    (one) => one === "seed" || one === "beam" || settings[one] !== defaults[one],
  );
  return [name, ...told.map((one) => `${strings[one]} ${settings[one]}`)].join(" · ");
}

const numberInput = (name, [min, max]) =>
  el("input", { type: "number", min, max, step: STEPS[name] ?? 1, inputmode: STEPS[name] ? "decimal" : "numeric" });
