// Chapter Teacher forcing and exposure bias: both lanes in the player, where they part, the question.

import { el } from "../../../player/browser/dom.js";
import { formulaRow, question, section, waitFor } from "../chapter.js";
import { playerData, showPart } from "../parts.js";

const EOS_WORD = "<eos>";

export async function exposureChapter(box, site) {
  const { texts, place } = site;
  box.append(formulaRow(site, "chain", "lanes"));
  const [figure, asked] = [section(box), section(box)];
  if (!place.ref.trim()) {
    figure.append(el("p", { class: "note", text: texts.say("lesson.reference") }));
    return question(asked, site, "exposure");
  }
  const run = await waitFor(figure, site, site.compute.get("run", place.model, place.text, place.ref));
  if (!run) return question(asked, site, "exposure");
  await showPart(figure, "player", playerData(site, run));
  figure.append(el("p", {}, ...divergence(site, run.lanes.forced)));
  await askCopied(asked, site, run.lanes.free);
}

// The divergence, marked ◆ in the player, in words.
function divergence({ texts }, { divergence: at, steps }) {
  if (at === null || !steps[at]) return texts.inline("exposure.no_divergence");
  const [gold, own] = [steps[at].target.token, steps[at].top[0].token];
  const words = { gold: { code: gold }, own: { code: own } };
  const why = gold === EOS_WORD ? "why_gold" : own === EOS_WORD ? "why_own" : "why";
  return [
    "◆ ",
    ...texts.inline("exposure.at", { step: at + 1, ...words }),
    " ",
    ...texts.inline(`lesson.exposure.${why}`, { step: at + 2, ...words }),
  ];
}

// Where ◆ is if the output is the reference: for most outputs nowhere.
async function askCopied(box, site, free) {
  const { place } = site;
  if (!free.text.trim()) return question(box, site, "exposure", { answers: ["copied_none", "answer"] });
  try {
    const { lanes } = await site.compute.get("run", place.model, place.text, free.text);
    if (!box.isConnected) return;
    const at = lanes.forced.divergence;
    const cutOff = free.ended === "length" && at === lanes.forced.steps.length - 1;
    const answer = at === null ? "copied" : cutOff ? "copied_long" : "copied_cut";
    const values = { text: { code: free.text }, step: (at ?? 0) + 1 };
    question(box, site, "exposure", { answers: [answer, "answer"], values });
  } catch {
    if (box.isConnected) question(box, site, "exposure"); // without a network, a model that never came
  }
}
