// What is said of one node, of the beam after a step, and of the finished hypotheses: texts and tables.

import { decimals, el, fill, label, percent } from "../../../player/browser/dom.js";
import { pathOf } from "./layout.js";

const LAST = 9; // tokens of a hypothesis that a table shows
export const number = (x) => decimals(x, 3);

// The tokens of a hypothesis.
export const tokensOf = (view, i) => pathOf(view.tree, i).map((n) => view.tree.nodes.token[n]);

// The last tokens of a hypothesis, and all of them as a title.
function ending(view, i) {
  const tokens = tokensOf(view, i);
  const cut = tokens.length > LAST ? "… " : "";
  return el("td", { class: "said", dir: "auto", title: tokens.join(" "), text: cut + tokens.slice(-LAST).join(" ") });
}

const lengthFactor = (view, length) => ((5 + length) / 6) ** view.tree.settings.length_penalty;

// "−2.310 = −3.410 / 1.476 + 0.000"
function sum(view, i) {
  const { total, coverage, score } = view.tree.nodes;
  const lp = lengthFactor(view, view.facts.step[i] + 1);
  return `${number(score[i])} = ${number(total[i])} / ${number(lp)} + ${coverage[i] < 0 ? `(${number(coverage[i])})` : "0"}`;
}

// Why a node is what it is, in a sentence.
export function reason(view, i) {
  const { tree, facts, strings } = view;
  const { fate, total } = tree.nodes;
  const t = facts.step[i];
  const { kept, considered } = tree.steps[t];
  const cutoff = total[facts.first[t] + kept - 1];
  const values = { step: t + 1, place: facts.place[i] + 1, kept, considered, beam: tree.settings.beam, limit: tree.limit };
  Object.assign(values, { cutoff: number(cutoff), margin: number(cutoff - total[i]), rank: facts.rank[i] + 1, count: tree.finished.length });
  if (fate[i] === "pruned") return fill(strings.why_pruned, values);
  if (fate[i] === "finished") return fill(strings.why_finished, values);
  if (fate[i] === "cut") return fill(strings.why_cut, values);
  if (t < tree.forced) return strings.why_forced;
  if (facts.rank[i] < Infinity) return fill(strings.why_leads, values);
  if (facts.reach[i] === tree.steps.length - 1 && tree.ended === "decided") {
    const best = tree.nodes.score[tree.finished[0].node];
    return fill(strings.why_alive, { ...values, bound: number(tree.bound), best: number(best) });
  }
  return fill(strings.why_dead, { ...values, until: facts.reach[i] + 2 });
}

export function paintDetail(view) {
  const i = view.hover ?? view.node;
  const { strings, tree } = view;
  const { log_prob, total, token } = tree.nodes;
  const pair = (name, value) => [el("dt", { text: name }), el("dd", { text: value })];
  const p = `${percent(Math.exp(log_prob[i]))} (log p ${number(log_prob[i])})`;
  view.parts.detail.replaceChildren(
    el("p", { class: "spoken", dir: "auto" }, ...tokensOf(view, i).flatMap((token) => [label(token), " "])),
    el("p", { class: "reason", text: reason(view, i) }),
    el("dl", {}, ...pair(fill(strings.of_token, { token: token[i] }), p), ...pair("log P", number(total[i])), ...pair(strings.score_here, sum(view, i))),
  );
  if (view.openable && view.hover === null) {
    view.parts.detail.append(el("button", { type: "button", class: "open", text: strings.open, onclick: () => view.acts.open(view, i) }));
  }
}

const FATES = { kept: "", pruned: "✕", finished: "✓", cut: "✂" };

// The beam after a step: what was kept, and the nearest that was not.
export function paintBeam(view) {
  const { tree, facts, strings, time } = view;
  const { total, log_prob, fate } = tree.nodes;
  const { kept, considered } = tree.steps[time];
  const start = facts.first[time];
  const rows = [];
  for (let i = start; i < Math.min(start + kept + 3, facts.first[time + 1]); i++) {
    const note = fate[i] === "pruned" ? `✕ −${number(total[start + kept - 1] - total[i])}` : FATES[fate[i]];
    const row = el(
      "tr",
      { class: fate[i], "data-i": i },
      el("td", { text: fate[i] === "pruned" ? "" : String(i - start + 1) }),
      ending(view, i),
      el("td", { text: percent(Math.exp(log_prob[i])) }),
      el("td", { text: number(total[i]) }),
      el("td", { text: note, title: strings[`fate_${fate[i]}`] }),
    );
    row.classList.toggle("selected", i === view.node);
    rows.push(row);
  }
  view.parts.caption.textContent = fill(strings.beam_at, { step: time + 1, kept, considered });
  view.parts.alive.replaceChildren(heads(["#", strings.hypothesis, "p", "log P", ""]), el("tbody", {}, ...rows));
}

const heads = (names) => el("thead", {}, el("tr", {}, ...names.map((text) => el("th", { scope: "col", text }))));

// The finished hypotheses, best first, with the parts of their scores.
export function buildBest(view) {
  const { tree, strings } = view;
  const { total, coverage, score, fate } = tree.nodes;
  const rows = tree.finished.map(({ node, text }, rank) => {
    const length = view.facts.step[node] + 1;
    const lp = lengthFactor(view, length);
    const numbers = [score[node], total[node]].map(number);
    const parts = [String(length), number(lp), number(total[node] / lp), number(coverage[node])];
    const said = text + (fate[node] === "cut" ? " …" : "");
    const choose = el("button", { type: "button", class: "text", text: said || "∅", dir: "auto", onclick: () => view.acts.select(view, node) });
    const cells = [...numbers, ...parts].map((x) => el("td", { text: x }));
    if (view.openable) {
      const name = fill(strings.open_rank, { rank: rank + 1 });
      cells.push(el("td", {}, el("button", { type: "button", class: "open", text: strings.open, "aria-label": name, onclick: () => view.acts.open(view, node) })));
    }
    return el("tr", { "data-i": node }, el("td", { text: String(rank + 1) }), el("td", { class: "said" }, choose), ...cells);
  });
  const names = ["#", strings.output, strings.score, "log P", strings.length, "lp", "log P / lp", "cp"];
  view.parts.best.replaceChildren(heads(view.openable ? [...names, ""] : names), el("tbody", {}, ...rows));
}

export function paintBest(view) {
  for (const row of view.parts.best.tBodies[0].rows) row.classList.toggle("selected", Number(row.dataset.i) === view.node);
}
