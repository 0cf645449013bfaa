// The source strip, and the lanes with their branches on one time axis.

import { columnOf, traceOf } from "./cursor.js";
import { argmax, button, el, hasProbability, label, percent, reveal, shade } from "./dom.js";
import { askDelete, branchHead, markBranchCell } from "./fork.js";
import { paintLegend } from "./legend.js";
import { branchOf, isMiss, laneName, spokenWord } from "./model.js";

export function buildSource(view) {
  const { source } = traceOf(view);
  const unknown = new Set(source.unknown);
  view.dom.chips = source.tokens.map((token, s) => {
    const chip = el(
      "button",
      { class: "chip" + (unknown.has(s) ? " unknown" : ""), type: "button", tabindex: "-1", "data-s": s },
      label(token),
      el("span", { class: "weight" }),
    );
    if (unknown.has(s)) chip.title = view.model.strings.unknown_word;
    return chip;
  });
  view.dom.source.replaceChildren(...view.dom.chips);
}

export function buildLanes(view) {
  const { model, dom } = view;
  const { lanes, strings } = model;
  const any = lanes.forced || lanes.free;
  const gold = any.reference_tokens.length ? [...any.reference_tokens, "<eos>"] : [];
  const length = Math.max(gold.length, ...Object.values(lanes).map((lane) => (lane ? lane.steps.length : 0)));
  dom.looksFor = undefined; // the cells are new
  dom.columns = Array.from({ length }, () => []);
  const cell = (t, lane, ...content) => {
    const td = el("td", { "data-t": t, "data-lane": lane }, ...content);
    dom.columns[t].push(td);
    return td;
  };
  const row = (kind, head, make) => el("tr", { class: kind }, head, ...dom.columns.map((_, t) => make(t)));
  const title = (text) => el("th", { scope: "row", text });
  const rows = [row("steps", title(strings.step), (t) => cell(t, "", String(t + 1)))];
  if (gold.length) {
    rows.push(
      row("gold", title(strings.reference), (t) => (t < gold.length ? cell(t, "", label(gold[t])) : cell(t, ""))),
    );
  }
  for (const [name, depth] of model.order) {
    const branch = branchOf(model, name);
    const head = branch ? branchHead(view, branch, depth) : title(laneName(model, name));
    if (branch?.error) rows.push(el("tr", { class: "lane failed" }, head, failureCell(view, branch, length)));
    else rows.push(row(`lane ${name}`, head, (t) => laneCell(model, lanes[name], name, t, cell, branch)));
  }
  dom.lanes.replaceChildren(el("tbody", {}, ...rows));
  dom.lanes.style.setProperty("--steps", length);
  dom.laneRows = dom.lanes.querySelectorAll("tr.lane");
  paintLegend(view);
}

// The row of a branch that cannot be decoded now: the reason, and a button that deletes the branch.
function failureCell(view, branch, length) {
  const { strings } = view.model;
  const remove = button("delete", strings.delete_help, () => askDelete(view, branch), strings.delete);
  return el(
    "td",
    { class: "failure", colspan: length },
    el("span", { text: branch.error }),
    ...(view.model.page ? [remove] : []),
  );
}

function laneCell(model, lane, name, t, cell, branch) {
  if (t >= lane.steps.length) return cell(t, "");
  const word = spokenWord(lane.steps[t], lane.mode);
  const p = hasProbability(word) ? Math.exp(word.log_prob) : 0;
  const share = hasProbability(word) ? [el("span", { class: "p", text: percent(p) })] : [];
  const td = cell(t, name, label(word.token), ...share, el("i", { class: "looked" }));
  td.style.setProperty("--p", shade(p).toFixed(3));
  td.classList.toggle("miss", isMiss(lane, t));
  if (lane.divergence === t) {
    td.classList.add("diverges");
    td.title = model.strings.divergence_here;
  }
  markBranchCell(model, td, branch, lane.steps[t], t);
  return td;
}

// A weight as text; if it was edited, the model's own weight before it.
function weightText(weight, own) {
  const text = weight >= 0.005 ? weight.toFixed(2) : "";
  if (own === undefined || Math.abs(own - weight) < 0.005) return text;
  return `${own.toFixed(2)}→${weight.toFixed(2)}`;
}

export function paintSource({ cursor, dom }, attention, own) {
  const column = columnOf(cursor);
  dom.chips.forEach((chip, s) => {
    const weight = attention[s] ?? 0; // a model without attention has no row
    chip.style.setProperty("--w", shade(weight).toFixed(3));
    chip.lastChild.textContent = weightText(weight, own?.[s]);
    chip.classList.toggle("marked", s === column);
  });
}

// Scroll to the word that gets most weight; while one edits, to the word that is edited.
export function followSource({ cursor, dom }, attention) {
  const seen = dom.chips[cursor.edit ? columnOf(cursor) : argmax(attention)];
  if (!seen) return;
  reveal(dom.source, "y", seen.offsetTop, seen.offsetHeight, 0);
  reveal(dom.source, "x", seen.offsetLeft, seen.offsetWidth, 0);
}

export function paintLanes({ model, cursor, dom }) {
  const { step, hover, lane } = cursor;
  dom.columns.forEach((cells, t) => {
    for (const td of cells) {
      td.classList.toggle("now", t === step);
      td.classList.toggle("preview", t === hover && t !== step);
    }
  });
  for (const row of dom.laneRows) row.classList.toggle("active", row.classList.contains(lane));
  paintLooks(model, columnOf(cursor), dom);
}

export function followLanes({ cursor, dom }) {
  const now = dom.columns[cursor.step][0];
  reveal(dom.lanesBox, "x", now.offsetLeft, now.offsetWidth, now.parentNode.firstChild.offsetWidth);
}

// With a source word marked: its weight at every step of every lane.
function paintLooks({ lanes }, column, dom) {
  if (dom.looksFor === column) return;
  dom.looksFor = column;
  for (const td of dom.lanes.querySelectorAll("td[data-lane]")) {
    const bar = td.querySelector(".looked");
    if (!bar) continue;
    const step = lanes[td.dataset.lane].steps[td.dataset.t];
    bar.style.setProperty("--w", column === null ? 0 : step.attention[column] ?? 0);
  }
}
