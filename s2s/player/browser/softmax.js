// The distribution of one step, and its numbers.

import { traceOf } from "./cursor.js";
import { decimals, el, fill, hasProbability, label, percent } from "./dom.js";
import { spokenWord } from "./model.js";

export const SHOWN = 8; // most probable words in the panel

// Two words can have the same text and different ranks; where a rank is unknown, the text decides.
const same = (a, b) => a.token === b.token && (a.rank ?? b.rank) === (b.rank ?? a.rank);

// Rows of the panel: the most probable words, and the one said (``chosen``) and the reference's at any rank. ``rest``:
// the probability of all other words.
export function distribution(step, mode) {
  const said = spokenWord(step, mode);
  const rows = step.top.slice(0, SHOWN).map((word) => ({ ...word }));
  for (const extra of [said, step.target]) {
    if (extra && hasProbability(extra) && !rows.some((row) => same(row, extra))) rows.push({ ...extra });
  }
  for (const row of rows) {
    row.p = Math.exp(row.log_prob);
    row.chosen = same(row, said);
    row.gold = Boolean(step.target) && same(row, step.target);
  }
  const rest = Math.max(0, 1 - rows.reduce((sum, row) => sum + row.p, 0));
  return { rows, rest };
}

function probabilityBar(p, kind) {
  const track = el("span", { class: `track ${kind}` }, el("span", { class: "fill" }));
  track.firstChild.style.width = `${(100 * p).toFixed(2)}%`;
  return track;
}

// An exported page may not know how many words there are.
export function restLabel({ strings, vocabulary }, shown) {
  if (!vocabulary) return strings.rest_uncounted;
  return fill(strings.rest, { count: Math.max(0, vocabulary - shown).toLocaleString("en") });
}

// The word that the step's numbers are about, the reference's if there is one, and the numbers.
export function wordFacts({ strings }, step) {
  const word = step.target ?? { token: step.output, log_prob: step.log_prob, rank: step.rank };
  const facts = [];
  if (step.entropy !== undefined) facts.push([strings.entropy, `${decimals(step.entropy, 2)} nat`]);
  if (word.rank !== undefined) facts.push([strings.rank, word.rank]);
  if (hasProbability(word)) facts.push([strings.surprise, decimals(-word.log_prob, 3)]);
  return { name: step.target ? strings.of_reference : strings.of_chosen, token: word.token, facts };
}

export function paintSoftmax(view, step) {
  const { model, dom } = view;
  const { strings } = model;
  const { mode } = traceOf(view);
  const { rows, rest } = distribution(step, mode);
  const forced = mode === "forced";
  const focused = [...dom.softmax.querySelectorAll("button")].indexOf(dom.root.getRootNode().activeElement);
  const lines = rows.map((row) => {
    const marks = [];
    if (row.chosen) marks.push(el("b", { class: "chosen", text: "●", title: strings.chosen }));
    if (row.gold) marks.push(el("b", { class: "gold", text: "★", title: strings.reference_word }));
    // a fork by the word that the lane says anyway would be the same lane
    const other = model.page && (forced || !row.chosen);
    const title = fill(strings.fork_help, { word: row.token });
    const word = other
      ? el("button", { type: "button", class: "pick", title, "aria-label": title }, label(row.token))
      : label(row.token);
    return el(
      "li",
      { class: row.gold ? "gold" : row.chosen ? "chosen" : "", "data-token": other ? row.token : null },
      el("span", { class: "rank", text: row.rank ?? "" }),
      el("span", { class: "word" }, word, ...marks),
      probabilityBar(row.p, row.gold ? "gold" : "other"),
      el("span", { class: "p", text: percent(row.p) }),
    );
  });
  lines.push(
    el(
      "li",
      { class: "rest", hidden: rows.length ? null : "" },
      el("span", { class: "rank" }),
      el("span", { class: "word", text: restLabel(model, rows.length) }),
      probabilityBar(rest, "rest"),
      el("span", { class: "p", text: percent(rest) }),
    ),
  );
  dom.softmax.replaceChildren(...lines);
  if (focused >= 0) dom.softmax.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
  dom.reads.replaceChildren(label(step.input), " → ", label(spokenWord(step, mode).token));
  const { name, token, facts } = wordFacts(model, step);
  const pair = (name, ...value) => el("div", {}, el("dt", { text: name }), el("dd", {}, ...value));
  dom.about.replaceChildren(pair(name, label(token)), ...facts.map(([name, value]) => pair(name, String(value))));
}
