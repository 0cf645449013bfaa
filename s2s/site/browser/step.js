// The page Step through: the model is chosen, then the form and the player of live.js show it.

import { el } from "../../player/browser/dom.js";
import { modelSelect, sentenceForm } from "./form.js";
import { keepPart } from "./parts.js";

export async function stepPage(box, site) {
  const { texts, place, models, turn } = site;
  const row = models.row(place.model);
  const title = el("h1", { class: "unseen", tabindex: "-1", text: texts.say("page.step") });
  if (!row.examples.length && !place.text.trim()) return box.append(title, sentenceForm(site)); // to begin with
  const root = el("div", { id: "live" });
  const host = el("div");
  const shadow = host.attachShadow({ mode: "open" });
  const style = el("link", { rel: "stylesheet", href: "parts/player.css" });
  const styled = new Promise((resolve) => ["load", "error"].forEach((type) => style.addEventListener(type, resolve)));
  shadow.append(style, el("div", { class: "lookback" }));
  const player = el("h2", { class: "unseen", text: texts.say("step.player") });
  box.append(title, modelSelect(site), player, root, host);
  const first = await firstRun(site, row);
  const [{ default: openLivePart }] = await Promise.all([import("./parts/live.js"), styled]);
  if (site.turn !== turn) return;
  const opened = models.worker(row.name).then((worker) => worker.call);
  const part = openLivePart({
    root,
    host,
    opened,
    first,
    language: place.lang,
    texts: site.liveTexts,
    model: { name: row.name, vocabulary: row.vocabulary, examples: row.examples, ...site.settings },
    extra: { page: "step", model: row.name },
  });
  keepPart(part);
}

// The run that is shown before the model is open: of the first example, which was computed ahead. A visitor's own model
// has none, so its page begins when it has run the sentence.
async function firstRun(site, row) {
  const [example] = row.examples;
  const { text, ref } = example ?? { text: site.place.text, ref: site.place.ref };
  const { lanes, summaries, words } = await site.compute.get("run", row.name, text, ref);
  return { text, ref, lanes, summaries, words: words ?? null };
}
