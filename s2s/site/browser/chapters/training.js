// Chapter Training: how attention forms, in two models that are trained here and in the film of a checkpoint.

import { el } from "../../../player/browser/dom.js";
import { question, section, waitFor } from "../chapter.js";
import { showPart } from "../parts.js";
import { textTable } from "../tables.js";

// The playground unfolds, because it computes from the moment when it is there.
function playground({ texts }) {
  const folded = el(
    "details",
    { class: "race" },
    el("summary", { text: texts.say("playground.title") }),
    el("p", { class: "small", text: texts.say("playground.help") }),
  );
  const data = { strings: texts.part("playground"), worker: { url: "training.js" } };
  folded.addEventListener("toggle", () => folded.open && showPart(folded, "playground", data), { once: true });
  return folded;
}

export async function trainingChapter(box, site) {
  const { texts, place } = site;
  box.append(playground(site));
  const filmed = site.models.rows.filter(({ film }) => film);
  const row = filmed.find(({ name }) => name === place.model) ?? filmed[0];
  if (!row) return question(box, site, "training", { answers: ["answer_no_film"] });
  const [figure, asked] = [section(box), section(box)];
  if (row.name !== place.model) {
    const values = { name: { quoted: site.titleOf(place.model) }, shown: { quoted: site.titleOf(row.name) } };
    figure.append(el("p", { class: "small" }, ...texts.inline("training.other_film", values)));
  }
  const found = await waitFor(figure, site, site.load(row.film));
  if (!found) return;
  await showPart(figure, "film", { ...found.film, strings: texts.part("film"), run: site.runs });
  const { date, falls, values, heads, rows } = found.texts[place.lang];
  const answers = [date ? "answer" : "answer_words", ...(falls ? ["answer_loss"] : [])];
  const tried = date ? "try" : "try_words";
  question(asked, site, "training", { tried, answers, values, figure: textTable(heads, rows) });
}
