// Texts and tables of the search: one node in words and numbers, the beam after a step, the finished hypotheses.

import { decimals, el, fill, label, namedHead, percent } from "../../../player/browser/dom.js";
import { pathOf } from "./layout.js";

const LAST = 9; // tokens of a hypothesis that a table shows
const RIVALS = 3; // pruned nodes that the table of a beam shows
const FATES = { kept: "", pruned: "✕", finished: "✓", cut: "✂" };
export const decimal = (x) => decimals(x, 3);

// The tokens of the hypothesis that ends in node i.
export const tokensOf = (view, i) => pathOf(view.tree, i).map((n) => view.tree.nodes.token[n]);

// A cell with the last tokens of a hypothesis; its tooltip has all of them.
function hypothesisCell(view, i) {
  const tokens = tokensOf(view, i);
  const cut = tokens.length > LAST ? "… " : "";
  return el("td", { class: "said", dir: "auto", title: tokens.join(" "), text: cut + tokens.slice(-LAST).join(" ") });
}

const headRow = (names) => el("thead", {}, el("tr", {}, ...names.map(namedHead)));

// lp of Wu et al. 2016, equation 14, by which log P is divided.
export const lengthPenalty = (length, power) => ((5 + length) / 6) ** power;
const penaltyOf = (view, i) => lengthPenalty(view.facts.step[i] + 1, view.tree.settings.length_penalty);

// The score of a node as its terms: "−2.310 = −3.410 / 1.476 + 0.000".
function scoreTerms(view, i) {
  const { total, coverage, score } = view.tree.nodes;
  const covered = coverage[i] < 0 ? `(${decimal(coverage[i])})` : "0";
  return `${decimal(score[i])} = ${decimal(total[i])} / ${decimal(penaltyOf(view, i))} + ${covered}`;
}

// The sentence that says why a node was kept, pruned or finished.
export function reasonOf(view, i) {
  const { tree, facts, strings } = view;
  const { fate, total, score } = tree.nodes;
  const t = facts.step[i];
  const { kept, considered } = tree.steps[t];
  const cutoff = total[facts.first[t] + kept - 1];
  const values = {
    step: t + 1,
    place: facts.place[i] + 1,
    kept,
    considered,
    beam: tree.settings.beam,
    limit: tree.limit,
  };
  Object.assign(values, {
    cutoff: decimal(cutoff),
    margin: decimal(cutoff - total[i]),
    rank: facts.rank[i] + 1,
    count: tree.finished.length,
  });
  if (fate[i] === "pruned") return fill(strings.why_pruned, values);
  if (fate[i] === "finished") return fill(strings.why_finished, values);
  if (fate[i] === "cut") return fill(strings.why_cut, values);
  if (t < tree.forced) return strings.why_forced;
  if (facts.rank[i] < Infinity) return fill(strings.why_leads, values);
  if (facts.reach[i] === tree.steps.length - 1 && tree.ended === "decided") {
    return fill(strings.why_alive, {
      ...values,
      bound: decimal(tree.bound),
      best: decimal(score[tree.finished[0].node]),
    });
  }
  return fill(strings.why_dead, { ...values, until: facts.reach[i] + 2 });
}

export function paintDetail(view) {
  const i = view.hover ?? view.node;
  const { strings, tree } = view;
  const { log_prob, total, token } = tree.nodes;
  const pair = (name, value) => [el("dt", { text: name }), el("dd", { text: value })];
  const p = `${percent(Math.exp(log_prob[i]))} (log p ${decimal(log_prob[i])})`;
  view.parts.detail.replaceChildren(
    el("p", { class: "spoken", dir: "auto" }, ...tokensOf(view, i).flatMap((word) => [label(word), " "])),
    el("p", { class: "reason", text: reasonOf(view, i) }),
    el(
      "dl",
      {},
      ...pair(fill(strings.of_token, { token: token[i] }), p),
      ...pair("log P", decimal(total[i])),
      ...pair(strings.score_here, scoreTerms(view, i)),
    ),
  );
  if (view.openable && view.hover === null) view.parts.detail.append(openButton(view, i));
}

function openButton(view, i, more = {}) {
  return el("button", {
    type: "button",
    class: "open",
    text: view.strings.open,
    onclick: () => view.acts.openInPlayer(view, i),
    ...more,
  });
}

// The beam after the step on screen: the kept nodes and the best of the pruned ones.
export function paintBeam(view) {
  const { tree, facts, strings, time } = view;
  const { kept, considered } = tree.steps[time];
  const start = facts.first[time];
  const count = Math.min(kept + RIVALS, facts.first[time + 1] - start);
  const rows = Array.from({ length: count }, (_, place) => beamRow(view, start, place, kept));
  view.parts.caption.textContent = fill(strings.beam_at, { step: time + 1, kept, considered });
  view.parts.alive.replaceChildren(headRow(["#", strings.hypothesis, "p", "log P", ""]), el("tbody", {}, ...rows));
}

// The row of the node at a place of the beam; a pruned one says by how much it missed the last place that was kept.
function beamRow(view, start, place, kept) {
  const { total, log_prob, fate } = view.tree.nodes;
  const i = start + place;
  const pruned = fate[i] === "pruned";
  const note = pruned ? `✕ −${decimal(total[start + kept - 1] - total[i])}` : FATES[fate[i]];
  const row = el(
    "tr",
    { class: fate[i], "data-i": i },
    el("td", { text: pruned ? "" : String(place + 1) }),
    hypothesisCell(view, i),
    el("td", { text: percent(Math.exp(log_prob[i])) }),
    el("td", { text: decimal(total[i]) }),
    el("td", { text: note, title: view.strings[`fate_${fate[i]}`] }),
  );
  row.classList.toggle("selected", i === view.node);
  return row;
}

// The finished hypotheses, best first, with the terms of their scores.
export function buildBest(view) {
  const { tree, strings } = view;
  const names = ["#", strings.output, strings.score, "log P", strings.length, "lp", "log P / lp", "cp"];
  const rows = tree.finished.map((hypothesis, rank) => bestRow(view, hypothesis, rank));
  view.parts.best.replaceChildren(headRow(view.openable ? [...names, ""] : names), el("tbody", {}, ...rows));
}

function bestRow(view, { node, text }, rank) {
  const { total, coverage, score, fate } = view.tree.nodes;
  const lp = penaltyOf(view, node);
  const output = text + (fate[node] === "cut" ? " …" : "");
  const choose = el("button", {
    type: "button",
    class: "text",
    text: output || "∅",
    dir: "auto",
    onclick: () => view.acts.selectNode(view, node),
  });
  const length = String(view.facts.step[node] + 1);
  const numbers = [
    decimal(score[node]),
    decimal(total[node]),
    length,
    decimal(lp),
    decimal(total[node] / lp),
    decimal(coverage[node]),
  ];
  const open = openButton(view, node, { "aria-label": fill(view.strings.open_rank, { rank: rank + 1 }) });
  return el(
    "tr",
    { "data-i": node },
    el("td", { text: String(rank + 1) }),
    el("td", { class: "said" }, choose),
    ...numbers.map((number) => el("td", { text: number })),
    ...(view.openable ? [el("td", {}, open)] : []),
  );
}

export function paintBest(view) {
  for (const row of view.parts.best.tBodies[0].rows)
    row.classList.toggle("selected", Number(row.dataset.i) === view.node);
}
