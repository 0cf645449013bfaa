// The source strip, and the lanes with their branches on one time axis.

import { argmax, button, el, label, percent, rated, reveal, right, shade } from "./dom.js";
import { askDelete, branchHead, laneName, markBranchCell } from "./fork.js";

export function buildSource(view) {
  const { trace, strings } = view;
  const unknown = new Set(trace.source.unknown);
  view.chips = trace.source.tokens.map((token, s) => {
    const chip = el(
      "button",
      { class: "chip" + (unknown.has(s) ? " unknown" : ""), type: "button", tabindex: "-1", "data-s": s },
      label(token),
      el("span", { class: "weight" }),
    );
    if (unknown.has(s)) chip.title = strings.unknown_word;
    return chip;
  });
  view.parts.source.replaceChildren(...view.chips);
}

// What a lane says at a step: forced, the most probable word; free, the word it went on with.
export const said = (step, mode) => (mode === "forced" && step.top[0]) || { token: step.output, log_prob: step.log_prob };

export function buildLanes(view) {
  const { lanes, strings } = view;
  const any = lanes.forced || lanes.free;
  const gold = any.reference_tokens.length ? [...any.reference_tokens, "<eos>"] : [];
  const length = Math.max(gold.length, ...Object.values(lanes).map((lane) => (lane ? lane.steps.length : 0)));
  view.columns = Array.from({ length }, () => []);
  const cell = (t, lane, ...content) => {
    const td = el("td", { "data-t": t, "data-lane": lane }, ...content);
    view.columns[t].push(td);
    return td;
  };
  const row = (kind, head, make) => el("tr", { class: kind }, head, ...view.columns.map((_, t) => make(t)));
  const title = (text) => el("th", { scope: "row", text });
  const rows = [row("steps", title(strings.step), (t) => cell(t, "", String(t + 1)))];
  if (gold.length) {
    rows.push(row("gold", title(strings.reference), (t) => (t < gold.length ? cell(t, "", label(gold[t])) : cell(t, ""))));
  }
  for (const [name, depth] of view.order) {
    const branch = view.branches.find(({ id }) => id === name);
    const head = branch ? branchHead(view, branch, depth) : title(laneName(view, name));
    if (branch?.error) rows.push(el("tr", { class: "lane failed" }, head, failure(view, branch, length)));
    else rows.push(row(`lane ${name}`, head, (t) => laneCell(view, lanes[name], name, gold, t, cell, branch)));
  }
  view.parts.lanes.replaceChildren(el("tbody", {}, ...rows));
  view.laneRows = view.parts.lanes.querySelectorAll("tr.lane");
}

// A branch that cannot be decoded as things are now: why, and a way to be rid of it.
function failure(view, branch, length) {
  const { strings } = view;
  const remove = button(view, "delete", strings.delete_help, () => askDelete(view, branch), strings.delete);
  return el("td", { class: "failure", colspan: length }, el("span", { text: branch.error }), ...(view.page ? [remove] : []));
}

function laneCell(view, lane, name, gold, t, cell, branch) {
  if (t >= lane.steps.length) return cell(t, "");
  const word = said(lane.steps[t], lane.mode);
  const p = rated(word) ? Math.exp(word.log_prob) : 0;
  const miss = gold.length > 0 && !right(word.token, gold[t]);
  const share = rated(word) ? [el("span", { class: "p", text: percent(p) })] : [];
  const td = cell(t, name, label(word.token), ...share, el("i", { class: "looked" }));
  td.style.setProperty("--p", shade(p).toFixed(3));
  td.classList.toggle("miss", miss);
  if (lane.divergence === t) {
    td.classList.add("diverges");
    td.title = view.strings.divergence_here;
  }
  markBranchCell(view, td, branch, lane.steps[t], t);
  return td;
}

// A weight as it is written; where it was edited, the model's own before it.
function weightText(weight, own) {
  const text = weight >= 0.005 ? weight.toFixed(2) : "";
  if (own === undefined || Math.abs(own - weight) < 0.005) return text;
  return `${own.toFixed(2)}→${weight.toFixed(2)}`;
}

export function paintSource(view, attention, own) {
  view.chips.forEach((chip, s) => {
    const weight = attention[s] ?? 0; // a model without attention has no row
    chip.style.setProperty("--w", shade(weight).toFixed(3));
    chip.lastChild.textContent = weightText(weight, own?.[s]);
    chip.classList.toggle("marked", s === view.column);
  });
  const looked = view.chips[argmax(attention)];
  if (view.hover === null && !view.edit) reveal(view.parts.source, "y", looked.offsetTop, looked.offsetHeight, 0);
}

export function paintLanes(view) {
  view.columns.forEach((cells, t) => {
    for (const td of cells) {
      td.classList.toggle("now", t === view.step);
      td.classList.toggle("preview", t === view.hover && t !== view.step);
    }
  });
  for (const row of view.laneRows) row.classList.toggle("active", row.classList.contains(view.lane));
  paintLooks(view);
  const now = view.columns[view.step][0];
  if (view.hover === null) reveal(view.parts.lanesBox, "x", now.offsetLeft, now.offsetWidth, now.parentNode.firstChild.offsetWidth);
}

// With a source word marked: how much every step of every lane looked at it.
function paintLooks(view) {
  if (view.looksFor === view.column) return;
  view.looksFor = view.column;
  for (const td of view.parts.lanes.querySelectorAll("td[data-lane]")) {
    const looked = td.querySelector(".looked");
    if (!looked) continue;
    const step = view.lanes[td.dataset.lane].steps[td.dataset.t];
    looked.style.setProperty("--w", view.column === null ? 0 : step.attention[view.column] ?? 0);
  }
}
