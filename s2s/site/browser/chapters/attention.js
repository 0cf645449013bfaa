// Chapter Attention: the three formulas, and both scores on the sentence, which can be dragged.

import { el } from "../../../player/browser/dom.js";
import { formulaRow, question, section, waitFor } from "../chapter.js";
import { showPart } from "../parts.js";

const SCORED = ["additive", "general"];

export async function attentionChapter(box, site) {
  const { texts, place } = site;
  const chosen = site.models.row(place.model);
  box.append(formulaRow(site, "score_additive", "score_general"), formulaRow(site, "step_softmax", "step_context"));
  const [words, figure, asked] = ["", "", ""].map(() => section(box));
  if (chosen.attention === "none") words.append(el("p", { class: "note", text: texts.say("weighing.nothing") }));
  const rows = chosen.pair.map((name) => site.models.row(name)).filter(({ attention }) => attention !== "none");
  const sides = [];
  for (const { name } of rows) {
    const both = [site.compute.get("run", name, place.text, place.ref), site.compute.get("padding", name, place.text)];
    const found = await waitFor(figure, site, Promise.all(both));
    if (found) sides.push({ trace: found[0].lanes.free, padding: found[1] });
  }
  if (!sides.length || !box.isConnected) return;
  const shown = rows.filter(({ name }) => sides.some(({ trace }) => trace.checkpoint.name === name));
  words.append(...namesOf(site, shown));
  await weigh(figure, site, sides);
  const padded = sides.some(({ padding }) => padding.length);
  const windowed = shown.some(({ attention }) => attention.startsWith("local"));
  const answers = ["answer", ...(padded ? ["answer_padding"] : []), ...(windowed ? ["answer_window"] : [])];
  question(asked, site, "attention", { tried: padded ? "try" : "try_unpadded", answers });
}

// Sentences that name the models, and say how their scores differ from the formulas.
function namesOf(site, rows) {
  const { texts } = site;
  const names = rows.map(({ name }) => `“${site.titleOf(name)}”`).join(texts.say("card.join"));
  const kind = rows.length > 1 ? "two" : SCORED.includes(rows[0].attention) ? "one" : "other";
  const covering = rows.filter(({ coverage }) => coverage);
  return [
    el("p", {}, ...texts.inline(`lesson.attention.${kind}`, { names })),
    ...covering.map(({ name }) => {
      const values = { name: { quoted: site.titleOf(name) } };
      return el("p", {}, ...texts.inline("lesson.attention.coverage", values));
    }),
  ];
}

// The component with its sliders; the words under dragged scores are computed by the model here.
async function weigh(box, site, sides) {
  const { texts, place } = site;
  const page = JSON.stringify([place.text, sides.map(({ trace }) => trace.checkpoint.digest)]);
  const told = { page, seq: 0, answer: null };
  const data = { sides, strings: texts.part("weighing"), worked: texts.part("player"), run: site.runs, asking: told };
  let asked = 0; // the number of the last request that is being answered
  const show = await showPart(box, "weighing", data, async ({ seq, kind, side, step, weights }) => {
    if (seq <= asked) return; // asked again, because the answer takes its time
    asked = seq;
    let answer;
    try {
      const { name } = sides[side].trace.checkpoint;
      answer = { top: await site.compute.words(name, place.text, step, weights) };
    } catch (error) {
      answer = { error: site.explain(error) };
    }
    show({ ...data, asking: { page, seq, answer: { seq, kind, ...answer } } });
  });
}
