// What the chapters share: sections that wait for numbers, the question, titles of models beside each other.

import { UserError } from "../../browser_model/errors.js";
import { el } from "../../player/browser/dom.js";

const JOIN = " · ";

// Wait for numbers; meanwhile the box says so. Null where they do not come, and the box says why; null, too, where the
// visitor has gone on.
export async function waitFor(box, site, promise) {
  const { turn } = site;
  const wait = el("p", { class: "wait", text: site.texts.say("site.computing") });
  box.append(wait);
  try {
    const found = await promise;
    return site.turn === turn ? found : null;
  } catch (error) {
    if (site.turn === turn) box.append(site.problem(error));
    if (!(error instanceof UserError)) throw error;
    return null;
  } finally {
    wait.remove();
  }
}

// A section with a place of its own, so that parts that are filled later stay in order.
export function section(box, name = "section") {
  const node = el("section", { class: name });
  box.append(node);
  return node;
}

export const heading = (text) => el("h2", { text });

// Something to try, and an answer that unfolds; ``figure`` stands above the answer.
export function question(box, site, chapter, { tried = "try", answers = ["answer"], values = {}, figure = null } = {}) {
  const { texts } = site;
  const begin = el("strong", { text: texts.say("lesson.try") });
  const node = el(
    "section",
    { class: "question" },
    el("p", {}, begin, " ", ...texts.inline(`lesson.${chapter}.${tried}`, values)),
    el(
      "details",
      {},
      el("summary", { text: texts.say("lesson.answer") }),
      ...(figure ? [figure] : []),
      ...answers.flatMap((name) => texts.paragraphs(`lesson.${chapter}.${name}`, values)),
    ),
  );
  box.append(node);
}

// Formulas beside each other.
export const formulaRow = (site, ...names) =>
  el("div", { class: "formulas", tabindex: "0", role: "group", "aria-label": site.texts.say("site.formulas") },
    ...names.map((name) => site.texts.formula(name)));

// A field to slide; ``change`` gets each number. Returns the label.
export function slider(label, { min, max, step = 1, value }, change) {
  const range = el("input", { type: "range", min, max, step });
  range.value = value;
  const written = (x) => String(x).replace("-", "−");
  const shown = el("output", { text: written(value) });
  range.addEventListener("input", () => {
    shown.textContent = written(range.value);
    change(Number(range.value));
  });
  const node = el("label", { class: "slider" }, el("span", { text: label }), range, shown);
  return { node, set: (next) => ((range.value = next), (shown.textContent = written(next))) };
}

// The titles of models beside each other, by name, without the parts that all begin with.
export function contrasting(site, names) {
  const titles = Object.fromEntries(names.map((name) => [name, site.titleOf(name).split(JOIN)]));
  const all = Object.values(titles);
  let shared = 0;
  const same = () => all.length > 1 && all.every((t) => t.length > shared + 1 && t[shared] === all[0][shared]);
  while (same()) shared++;
  return Object.fromEntries(names.map((name) => [name, titles[name].slice(shared).join(JOIN)]));
}
