// The line of a chapter: model, example, sentence and reference, and the button that runs them.

import { el } from "../../player/browser/dom.js";

const MOST_TYPED = 2_000; // characters of a field

// Enter runs, with Shift it begins a new line; while a word is being composed, Enter is the input method's.
function field(name, label, place, value, submit) {
  const given = { name, placeholder: place, maxlength: MOST_TYPED };
  const area = el("textarea", { ...given, rows: 1, dir: "auto", spellcheck: "false" });
  area.value = value;
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  return el("label", {}, el("span", { text: label }), area);
}

function select(label, options, chosen, change) {
  const list = el("select", {}, ...options.map(({ value, text }) => el("option", { value, text })));
  list.value = chosen;
  list.addEventListener("change", () => change(list.value));
  return el("label", { class: "choice" }, el("span", { text: label }), list);
}

export const modelSelect = (site) =>
  select(
    site.texts.say("step.checkpoint"),
    site.models.rows.map(({ name }) => ({ value: name, text: site.titleOf(name) })),
    site.place.model,
    (name) => site.chooseModel(name),
  );

export function sentenceForm(site) {
  const { texts, place } = site;
  const row = site.models.row(place.model);
  const form = el("form", { class: "sentence" });
  const submit = () => {
    const [text, ref] = ["text", "ref"].map((name) => form.elements[name].value.trim());
    const known = row.examples.find((example) => example.ref === ref && ref !== "");
    site.go({ text, ref: known && known.text !== text && ref === place.ref ? "" : ref });
  };
  const numbers = row.examples.findIndex(({ text, ref }) => text === place.text && ref === place.ref);
  const examples = [
    { value: "-1", text: "—" },
    ...row.examples.map(({ text }, n) => ({ value: String(n), text })),
  ];
  form.append(
    modelSelect(site),
    ...(row.examples.length
      ? [select(texts.say("step.examples"), examples, String(numbers), (n) => n >= 0 && site.go(row.examples[n]))]
      : []),
    field("text", texts.say("step.text"), texts.say("step.text_place"), place.text, submit),
    field("ref", texts.say("step.reference"), texts.say("step.reference_place"), place.ref, submit),
    el("button", { class: "run", text: texts.say("step.run") }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  return form;
}
