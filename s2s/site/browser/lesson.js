// The lesson: the list of chapters, the line of the sentence, the open chapter, and the ways back and on.

import { el } from "../../player/browser/dom.js";
import { attentionChapter } from "./chapters/attention.js";
import { crossEntropyChapter } from "./chapters/cross_entropy.js";
import { encoderDecoderChapter } from "./chapters/encoder_decoder.js";
import { exposureChapter } from "./chapters/exposure.js";
import { layersChapter } from "./chapters/layers.js";
import { predictChapter } from "./chapters/predict.js";
import { priorChapter } from "./chapters/prior.js";
import { trainingChapter } from "./chapters/training.js";
import { sentenceForm } from "./form.js";
import { CHAPTERS, hrefOf } from "./place.js";

const DRAW_CHAPTER = {
  encoder_decoder: encoderDecoderChapter,
  attention: attentionChapter,
  layers: layersChapter,
  cross_entropy: crossEntropyChapter,
  prior: priorChapter,
  exposure: exposureChapter,
  training: trainingChapter,
  predict: predictChapter,
};

export function lessonPage(box, site) {
  const { texts, place } = site;
  const at = CHAPTERS.indexOf(place.chapter);
  const title = (chapter) => texts.say(`lesson.${chapter}.title`);
  const link = (chapter, text, more = {}) =>
    el("a", { href: hrefOf({ ...place, chapter }), "data-chapter": chapter, text, ...more });
  const contents = el(
    "nav",
    { class: "contents", "aria-label": texts.say("page.lesson") },
    ...CHAPTERS.map((chapter, n) =>
      link(chapter, `${n + 1} ${title(chapter)}`, { "aria-current": n === at ? "step" : null }),
    ),
  );
  const way = (key, chapter) => (chapter ? link(chapter, texts.say(key, { title: title(chapter) })) : el("span"));
  const body = el("div", { class: "chapter" });
  box.append(
    el("p", { class: "intro" }, texts.say("lesson.intro")),
    contents,
    sentenceForm(site),
    el("h1", { tabindex: "-1", text: `${at + 1} · ${title(place.chapter)}` }),
    el("div", { class: "introduction" }, ...texts.paragraphs(`lesson.${place.chapter}.text`)),
    el("h2", { class: "unseen", text: texts.say("site.figure") }),
    body,
    el(
      "nav",
      { class: "ways", "aria-label": texts.say("site.ways") },
      way("lesson.back", CHAPTERS[at - 1]),
      way("lesson.on", CHAPTERS[at + 1]),
    ),
  );
  const current = contents.querySelector("[aria-current]");
  contents.scrollLeft = current.offsetLeft - contents.offsetLeft - (contents.clientWidth - current.clientWidth) / 2;
  return DRAW_CHAPTER[place.chapter](body, site);
}

// Page Up and Page Down, which a presenter's remote sends, go to the chapter before and after.
export function turnChapter(site, event) {
  const way = { PageUp: -1, PageDown: 1 }[event.key];
  if (!way || site.place.page !== "lesson" || event.defaultPrevented) return;
  const chapter = CHAPTERS[CHAPTERS.indexOf(site.place.chapter) + way];
  if (!chapter || event.target.closest?.("textarea, input, select")) return;
  event.preventDefault();
  site.go({ chapter });
}
