// Chapter Prior knowledge: a sentence with and without the scale-and-shift layer, and its effect at a step.

import { el } from "../../../player/browser/dom.js";
import { formulaRow, heading, question, section, slider, waitFor } from "../chapter.js";
import { Bar, numbersTable, textTable } from "../tables.js";

const PLAIN = "-plain"; // suffix of the name of the same model without prior knowledge
const ODDS = Math.exp(0.5); // factor by which an untrained prior multiplies the odds of a source word
const MOST_ROWS = 12; // most source words whose scale and shift are shown
const PRIOR_CHOICE = { own: false, step: 1 }; // whether an example of the chapter's model is read, and the step

export async function priorChapter(box, site) {
  const { texts, place } = site;
  const name = site.models.row(place.model).prior;
  box.append(formulaRow(site, "prior"));
  if (!name || !site.models.row(name)) {
    box.append(el("p", {}, ...texts.inline("lesson.prior.none")));
    return question(box, site, "prior", { values: { odds: ODDS } });
  }
  const [note, outputs, vector, step, asked] = ["", "", "", "", ""].map(() => section(box));
  const { text, ref } = readSentence(note, box, site, name);
  const run = await waitFor(vector, site, site.compute.get("prior", name, text));
  if (run) {
    showVector(vector, site, run);
    showStep(step, site, run);
  }
  ask(asked, site, name, run);
  if (run) await showOutputs(outputs, site, name, text, ref);
}

// The visitor's sentence, or an example of the chapter's model where another model was chosen and they want it.
function readSentence(note, box, site, name) {
  const { texts, place } = site;
  const [example] = site.models.row(name).examples;
  const given = { text: place.text, ref: place.ref };
  if (name === place.model || place.model === name + PLAIN) return given;
  const own = PRIOR_CHOICE.own && example;
  const { text, ref } = own ? example : { ...given, ref: "" };
  const titles = { chosen: { quoted: site.titleOf(place.model) }, name: { quoted: site.titleOf(name) } };
  const values = { ...titles, text: { code: text } };
  const suits = example && !own ? [" ", texts.say("lesson.prior.suits")] : [];
  note.append(el("p", {}, ...texts.inline("lesson.prior.other", values), ...suits));
  if (example) {
    const turn = () => {
      PRIOR_CHOICE.own = !own;
      site.redraw();
    };
    const label = texts.say(`lesson.prior.${own ? "back" : "use"}`);
    note.append(el("button", { type: "button", text: label, onclick: turn }));
  }
  return { text, ref };
}

async function showOutputs(box, site, name, text, ref) {
  const { texts } = site;
  const rows = [];
  for (const [one, key] of [[name, "with"], [name + PLAIN, "without"]]) {
    if (!site.models.row(one)) continue;
    const found = await waitFor(box, site, site.compute.get("run", one, text, ref));
    if (found) rows.push([texts.say(`lesson.prior.${key}`), found.lanes.free.text]);
  }
  if (ref.trim()) rows.push([texts.say("export.reference"), ref]);
  if (box.isConnected) box.append(textTable(["", texts.say("lesson.prior.output")], rows));
}

function showVector(box, site, { source, ones, size }) {
  const { texts } = site;
  const text = texts.part("lesson.prior");
  const words = source.map(({ token }) => el("span", { class: "on", dir: "auto", text: token }));
  const shown = [...source].sort((a, b) => b.prior - a.prior).slice(0, MOST_ROWS);
  const heads = [text.word, "x", "s", "eˢ", "t", "ŷ = eˢ·x + t", text.factor];
  const rows = shown.map((w) => {
    const scale = Math.exp(w.log_scale);
    return [w.token, String(Number(w.in_source)), w.log_scale, scale, w.shift, w.prior, Math.exp(scale / 2)];
  });
  box.append(
    heading(text.vector),
    el("p", {}, ...texts.inline("lesson.prior.ones", { ones, size })),
    el("div", { class: "draw", role: "group", "aria-label": text.vector }, ...words),
    numbersTable(heads, rows, text.vector),
  );
  if (source.length > shown.length) {
    box.append(el("p", { class: "small", text: texts.say("lesson.prior.shown", { shown: shown.length }) }));
  }
}

function showStep(box, site, { steps }) {
  const { texts } = site;
  const text = texts.part("lesson.prior");
  const shown = el("div");
  const go = (step) => {
    PRIOR_CHOICE.step = step;
    shown.replaceChildren(...stepNodes(site, text, steps[step - 1]));
  };
  const step = Math.min(PRIOR_CHOICE.step, steps.length);
  box.append(heading(text.step));
  const range = { min: 1, max: steps.length, value: step };
  if (steps.length > 1) box.append(slider(texts.say("lesson.step"), range, go).node);
  box.append(shown);
  go(step);
}

function stepNodes(site, text, { words, read, said }) {
  const { texts } = site;
  const heads = [text.word, "x", "y", "ŷ", "softmax(y)", "softmax(y/2)", "softmax((y+ŷ)/2)", text.gain];
  const rows = words.map((w) => [
    w.token,
    String(Number(w.in_source)),
    w.logit,
    w.prior,
    ...[w.alone, w.halved, w.blended].map((x) => new Bar(Math.exp(x))),
    w.gain,
  ]);
  const most = words.reduce((a, b) => (b.gain > a.gain ? b : a));
  const least = words.reduce((a, b) => (b.gain < a.gain ? b : a));
  const ends = { gained: { code: most.token }, lost: { code: least.token } };
  const gained = { ...ends, up: Math.exp(most.gain), down: Math.exp(least.gain) };
  const logs = words.map((w) => [w.token, w.alone, w.halved, w.blended, w.gain]);
  const logHeads = [text.word, "ln softmax(y)", "ln softmax(y/2)", "ln softmax((y+ŷ)/2)", text.gain];
  return [
    el("p", {}, ...texts.inline("lesson.prior.read", { read: { code: read }, said: { code: said } })),
    numbersTable(heads, rows, text.step, words.findIndex(({ token }) => token === said)),
    el("p", {}, ...texts.inline("lesson.prior.gained", gained)),
    formulaRow(site, "odds"),
    el("p", { class: "small", text: text.log }),
    numbersTable(logHeads, logs, text.log),
  ];
}

function ask(box, site, name, run) {
  const [answers, values] = [["answer"], { odds: ODDS }];
  if (run) {
    const more = run.source.filter(({ log_scale }) => log_scale > 0).length;
    Object.assign(values, { count: run.source.length, more, less: run.source.length - more });
    answers.push("trusts");
  }
  const [own, plain] = [name, name + PLAIN].map((one) => site.models.row(one)?.bleu);
  if (typeof own === "number" && typeof plain === "number") {
    const titles = { name: { quoted: site.titleOf(name) }, plain: { quoted: site.titleOf(name + PLAIN) } };
    Object.assign(values, titles, { with_: own, without: plain });
    answers.push("better");
  }
  question(box, site, "prior", { answers, values });
}
