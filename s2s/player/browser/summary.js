// One sentence about the selected lane, which Python has computed in every language (s2s/trace/summary.py).

import { el } from "./dom.js";
import { branchOf } from "./model.js";

// A guessing game has none: it would give the answer away.
export function summaryOf({ model, cursor }) {
  const said = branchOf(model, cursor.lane)?.summary ?? model.summaries?.[cursor.lane];
  return cursor.game ? "" : said?.[model.language] ?? "";
}

export function buildSummary(view) {
  // its first line, all of it while focused
  view.dom.summary = el("p", { class: "summing", dir: "auto", tabindex: "0" });
}

export function paintSummary(view) {
  const { summary } = view.dom;
  const text = summaryOf(view);
  if (summary.textContent !== text) summary.textContent = text;
  summary.hidden = !text;
}

// The sentence to be read out, once a run; empty afterwards.
export function newSummary(view) {
  const { received } = view;
  if (received.heard === received.traces) return "";
  received.heard = received.traces;
  return summaryOf(view);
}
