// What a word owes to the source and what to the words said before it: rows over both, the source's share, its curve
// over the sentence, and the same for why this word and not another. Part of the section on evidence (evidence.js).

import { ask } from "./ask.js";
import { columnOf, shownStep, traceOf } from "./cursor.js";
import { decimals, el, fill, hasAttention, label, percent, shade } from "./dom.js";
import { evidenceCell } from "./evidence_cell.js";
import { spokenWord } from "./model.js";
import { SHOWN } from "./softmax.js";
import { bare, inColumn, sum } from "./words.js";

const ORIGIN_ROWS = ["gradient", "integrated", "unknown", "deletion"];
const shareText = (share) => (share === null || share === undefined ? "–" : percent(share));

// The parts of the section for the step on screen. ``repaint`` draws the section again.
export function originsSection(view, step, answers, repaint, failure) {
  const { strings } = view.model;
  const t = shownStep(view);
  const rank = answers.against?.step === t ? answers.against.rank : null;
  const own = answers.origins[t];
  const found = rank === null ? own : answers.contrasts.get(`${t} ${rank}`);
  const parts = hasAttention(traceOf(view)) ? [el("h4", { text: strings.evidence_origins })] : []; // or the summary
  if (!own) return [...parts, owesLine(failure ?? strings.evidence_origins_working)];
  parts.push(...wordButtons(view, step, answers, repaint));
  const come = found && !found.error;
  if (come) answers.drawn = found;
  // while a contrast is worked out, the numbers of the step that were drawn last stay
  const drawn = answers.drawn?.step === t ? answers.drawn : own;
  const waiting = found?.error ?? strings.evidence_origins_working;
  parts.push(owesLine(come ? originsSentence(view, step, t, found, rank) : waiting));
  parts.push(originsTable(view, drawn, t, !come));
  parts.push(el("p", { class: "scale", text: fill(strings.evidence_origins_scale, { gap: decimals(drawn.gap, 4) }) }));
  return [...parts, el("h4", { text: strings.evidence_origins_curve }), curveTable(view, answers.origins, t)];
}

const owesLine = (text) => el("p", { class: "owes", role: "status", text });

function originsSentence(view, step, t, found, rank) {
  const { strings } = view.model;
  const share = found.share.integrated;
  const values = {
    word: spokenWord(step, traceOf(view).mode).token,
    other: rank === null ? "" : step.top[rank - 1].token,
    value: decimals(found.value, 3),
    source: shareText(share),
    prefix: shareText(share === null ? null : 1 - share),
  };
  const name = rank !== null ? "why" : t === 0 ? "first" : "share";
  return fill(strings[`evidence_origins_${name}`], values);
}

// The other words of the step as buttons: why the word and not this one?
function wordButtons(view, step, answers, repaint) {
  const { strings } = view.model;
  const t = shownStep(view);
  const said = spokenWord(step, traceOf(view).mode).token;
  const picked = answers.against?.step === t ? answers.against.rank : null;
  const others = step.top.map((word, n) => [word, n + 1]).filter(([{ token }]) => token !== said);
  const buttons = others.slice(0, SHOWN - 1).map(([word, rank]) => {
    const node = el("button", { type: "button", "aria-pressed": rank === picked }, label(word.token));
    node.addEventListener("click", () => {
      answers.against = rank === picked ? null : { step: t, rank };
      if (answers.against) askContrast(view, answers, t, rank, repaint);
      repaint();
    });
    return node;
  });
  const name = strings.evidence_origins_against;
  return [el("div", { class: "words", role: "group", "aria-label": name }, el("span", { text: name }), ...buttons)];
}

function askContrast(view, answers, t, rank, repaint) {
  const key = `${t} ${rank}`;
  if (answers.contrasts.has(key) && !answers.contrasts.get(key)?.error) return;
  answers.contrasts.set(key, null);
  const { page } = view.model;
  const request = { lane: view.cursor.lane, first: t, count: 1, against: rank };
  const heard = (answer) => {
    if (view.model.page !== page) return;
    if (answer.more) return ask(view.channel, "origins", request, heard); // interrupted for another request
    answers.contrasts.set(key, answer.error ? answer : answer.steps[0]);
    repaint();
  };
  ask(view.channel, "origins", request, heard);
}

function originsTable(view, found, t, busy) {
  const { model, cursor } = view;
  const { strings } = model;
  const trace = bare(traceOf(view));
  const before = trace.steps.slice(1, t + 1).map(({ input }) => input);
  const sides = [["source", trace.source.tokens.length], ["prefix", before.length]].filter(([, count]) => count);
  const groups = sides.map(([name, count]) =>
    el("th", { scope: "colgroup", colspan: count, text: strings[`evidence_origins_${name}`] }),
  );
  const heads = [...trace.source.tokens, ...before].map((token) => el("th", { scope: "col" }, label(token)));
  const body = ORIGIN_ROWS.map((name) => {
    const { source, prefix } = found.rows[name];
    const whole = sum([...source, ...prefix].map(Math.abs)) || 1;
    const cell = (value, s, marked) => evidenceCell(Math.abs(value) / whole, value, marked, s);
    const help = name === "integrated" ? strings.evidence_origins_integrated_help : strings[`evidence_${name}_help`];
    return el(
      "tr",
      { "data-method": name },
      el("th", { scope: "row", text: strings[`evidence_${name}`], title: help }),
      el("td", { class: "tau", text: shareText(found.share[name]) }),
      ...source.map((value, s) => cell(value, s, inColumn(model, columnOf(cursor), s))),
      ...prefix.map((value) => cell(value, null, false)),
    );
  });
  const kind = el("th", { scope: "col", rowspan: 2, text: strings.evidence_kind });
  const share = el("th", {
    ...{ class: "tau", scope: "col", rowspan: 2, text: strings.evidence_origins_column },
    title: strings.evidence_origins_column_help,
  });
  const rows = [el("tr", {}, kind, share, ...groups), el("tr", {}, ...heads)];
  return owedTable(strings.evidence_origins, rows, body, busy);
}

// The source's share of each step that has come, by each method.
function curveTable(view, origins, t) {
  const { strings } = view.model;
  const { steps, mode } = traceOf(view);
  const heads = steps.map((step) => el("th", { scope: "col" }, label(spokenWord(step, mode).token)));
  const body = ORIGIN_ROWS.map((name) => {
    const cells = steps.map((_, n) => {
      const share = origins[n]?.share[name];
      const cell = el("td", { class: n === t ? "marked" : "", text: origins[n] ? shareText(share) : "" });
      cell.style.setProperty("--w", shade(share ?? 0).toFixed(3));
      return cell;
    });
    return el("tr", { "data-method": name }, el("th", { scope: "row", text: strings[`evidence_${name}`] }), ...cells);
  });
  const head = el("tr", {}, el("th", { scope: "col", text: strings.evidence_kind }), ...heads);
  return owedTable(strings.evidence_origins_curve, [head], body, false);
}

function owedTable(name, heads, body, busy) {
  const table = el("table", { class: "owed", "aria-label": name }, el("thead", {}, ...heads), el("tbody", {}, ...body));
  const about = { class: "scroll", tabindex: "0", role: "group", "aria-label": name };
  return el("div", { ...about, "aria-busy": String(busy) }, table);
}
