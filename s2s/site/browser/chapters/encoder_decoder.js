// Chapter Encoder and decoder: the network of one sentence, the outputs, quality by length, the question.

import { el } from "../../../player/browser/dom.js";
import { contrasting, heading, question, section, waitFor } from "../chapter.js";
import { lineChart } from "../charts.js";
import { showPart } from "../parts.js";
import { textTable } from "../tables.js";

export async function encoderDecoderChapter(box, site) {
  const { place, texts } = site;
  const row = site.models.row(place.model);
  const [figure, outputs, lengths, asked] = ["", "", "", ""].map(() => section(box));
  const runs = [];
  for (const name of [place.model, row.blind].filter(Boolean)) {
    const run = await waitFor(runs.length ? outputs : figure, site, site.compute.get("flow", name, place.text));
    if (run) runs.push(run);
  }
  if (!runs.length || !box.isConnected) return;
  const names = contrasting(site, runs.map(({ checkpoint }) => checkpoint));
  const shown = runs.map((run) => ({ ...run, checkpoint: names[run.checkpoint] }));
  await showPart(figure, "network", { runs: shown, strings: texts.part("network"), run: site.runs });
  const heads = [texts.say("network.model"), texts.say("step.output")];
  outputs.append(textTable(heads, runs.map((run) => [names[run.checkpoint], run.text])));
  const blind = runs.find(({ attention }) => attention === "none");
  if (runs.length === 1) outputs.append(note(site, blind ? "network.no_partner" : "network.no_contrast"));
  const measured = row.train ? site.lengths[row.train] : null;
  if (measured) showLengths(lengths, site, measured);
  askLengths(asked, site, { runs, blind, measured });
}

const note = (site, key) => el("p", { class: "small" }, ...site.texts.inline(key));

function showLengths(box, site, { test, level, bins, systems }) {
  const { texts } = site;
  const names = contrasting(site, systems.map(({ name }) => name));
  const series = systems.map(({ name, chrf }) => ({
    name: names[name],
    points: bins.map(({ low, high }, n) => ({
      x: (low + high) / 2,
      y: chrf[n].value,
      low: chrf[n].low,
      high: chrf[n].high,
    })),
  }));
  const axes = { x: texts.say("lengths.tokens"), y: texts.say("lengths.chrf") };
  const sentences = bins.reduce((sum, bin) => sum + bin.sentences, 0);
  const epochs = systems.map((own) => texts.say("lengths.epochs", { name: names[own.name], epochs: own.epochs }));
  const heads = [axes.x, ...systems.map(({ name }) => names[name])];
  const scores = (n) => systems.map(({ chrf }) => chrf[n].value.toFixed(1));
  const rows = bins.map(({ low, high }, n) => [`${low}–${high}`, ...scores(n)]);
  const about = { sentences, test: { code: test }, level: 100 * level };
  box.append(
    heading(texts.say("network.lengths")),
    lineChart({ series, ...axes, least: 100, about: texts.say("network.lengths") }),
    el("p", { class: "small" }, ...texts.inline("lengths.measured", about)),
    el("p", { class: "small", text: epochs.join(texts.say("card.join")) }),
    el("details", {}, el("summary", { text: texts.say("film.table") }), textTable(heads, rows)),
  );
}

// How much one vector must hold, with the numbers of the models on screen.
function askLengths(box, site, { runs, blind, measured }) {
  const { sizes } = blind ?? runs[0];
  const values = { words: sizes.S, size: sizes.M };
  if (!blind) return question(box, site, "encoder_decoder", { tried: "try_alone", answers: ["answer_alone"], values });
  const answers = ["answer"];
  values.blind = { quoted: site.titleOf(blind.checkpoint) };
  const own = measured?.systems.find(({ name }) => name === blind.checkpoint);
  if (own && measured.systems.length > 1) {
    const others = measured.systems.filter((system) => system !== own);
    Object.assign(values, { bins: measured.bins.length, epochs: own.epochs });
    values.behind = own.chrf.filter((mine, n) => others.every(({ chrf }) => mine.value < chrf[n].value)).length;
    answers.push("behind");
  }
  question(box, site, "encoder_decoder", { answers, values });
}
