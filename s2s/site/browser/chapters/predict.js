// Chapter Predict, then reveal: the viewer guesses each step before the player shows it.

import { el } from "../../../player/browser/dom.js";
import { question, section, waitFor } from "../chapter.js";
import { playerData, showPart } from "../parts.js";

export async function predictChapter(box, site) {
  const { place, texts } = site;
  const [figure, asked] = [section(box), section(box)];
  question(asked, site, "predict");
  const run = await waitFor(figure, site, site.compute.get("run", place.model, place.text, place.ref));
  figure.append(el("h3", { class: "unseen", text: texts.say("step.predict") }));
  if (run) await showPart(figure, "player", playerData(site, { lanes: { free: run.lanes.free, forced: null } }, true));
}
