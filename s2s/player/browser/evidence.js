// Is attention the reason? Rows of other evidence under the attention of a step. Python is asked for a few steps at a
// time while the section is open, the selected step first. Answers are kept in ``view.evidence``. Of a model without
// attention the section has what its words owe to the source and to the words before alone.

import { ask, isAwaited } from "./ask.js";
import { columnOf, shownStep, traceOf } from "./cursor.js";
import { argmax, decimals, el, fill, hasAttention, isReference, label, percent } from "./dom.js";
import { evidenceCell } from "./evidence_cell.js";
import { laneKey, spokenWord } from "./model.js";
import { originsSection } from "./origins.js";
import { SHOWN } from "./softmax.js";
import { bare, inColumn } from "./words.js";

const EVIDENCE_ROWS = ["gradient", "integrated", "erasure"];
const WHOLE = 900; // source tokens × steps up to which the whole lane is asked for
const SEARCHED = 20; // source tokens up to which the best and the worst order are searched
const TRIES = 4; // failed requests until a lane is given up; Python keeps what it computed meanwhile

export function buildEvidence(view) {
  const { model, dom } = view;
  const name = hasAttention(traceOf(view)) ? "evidence" : "evidence_origins";
  dom.evidenceBody = el("div", { class: "evidenceBody" });
  dom.evidence = el(
    "details",
    { class: "evidence", hidden: model.page ? null : "" },
    el("summary", {}, el("h3", { text: model.strings[name] })),
    dom.evidenceBody,
  );
  dom.evidence.addEventListener("toggle", () => view.acts.paint(view));
}

// The answers so far about the selected lane; null without Python.
function evidenceOf(view) {
  const { model, cursor } = view;
  if (!model.page) return null;
  const key = `${model.page} ${laneKey(model, cursor.lane)}`;
  if (!view.evidence.has(key)) {
    const found = { steps: [], origins: [], orders: [], minimal: new Map(), contrasts: new Map() };
    view.evidence.set(key, { ...found, failed: 0, asking: null });
  }
  return view.evidence.get(key);
}

// The number of source pieces and of steps of the selected lane.
const sizesOf = (view) => [bare(traceOf(view)).source.tokens.length, traceOf(view).steps.length];

// The next steps to ask for, {first, count}: those after the selected step that are missing, then those before it; null
// if there are none.
export function missingSteps(there, now, [S, T]) {
  if (!there[now]) return { first: now, count: 1 };
  if (S * T > WHOLE) return null;
  for (let i = 1; i < T; i++) {
    const first = (now + i) % T;
    if (there[first]) continue;
    let count = 1;
    while (count < 4 && first + count < T && !there[first + count]) count += 1;
    return { first, count };
  }
  return null;
}

// What is asked for next: of the selected step all but the orders, then of the others, then the orders.
function nextPart(view, answers) {
  const [now, sizes] = [view.cursor.step, sizesOf(view)];
  const looks = hasAttention(traceOf(view));
  const parts = { ...(looks ? { evidence: answers.steps } : {}), origins: answers.origins };
  for (const [kind, there] of Object.entries(parts)) if (!there[now]) return [kind, { first: now, count: 1 }];
  if (looks && isOrdered(sizes)) parts.orders = answers.orders;
  for (const [kind, there] of Object.entries(parts)) {
    const next = missingSteps(there, now, sizes);
    if (next) return [kind, next];
  }
  return [null, null];
}

// Whether the best and the worst order of erasing are searched.
const isOrdered = ([S]) => S > 1 && S <= SEARCHED;

// Ask for the next part of the evidence, if any is missing and the section is open.
export function askEvidence(view) {
  const answers = evidenceOf(view);
  if (!answers || isAwaited(view.channel, answers.asking) || !view.dom.evidence.open || answers.failed >= TRIES) return;
  const [kind, next] = nextPart(view, answers);
  if (!next) return;
  const { page } = view.model;
  answers.asking = (answer) => {
    answers.asking = null;
    if (view.model.page !== page) return; // it is about an earlier sentence
    if (answer.more) return askEvidence(view); // Python interrupted a long computation for another request
    if (answer.error) {
      answers.failed += 1;
      answers.error = answer.error;
    } else {
      answers.failed = 0;
      answers.error = null;
      for (const step of answer.steps) {
        answers[kind === "origins" ? "origins" : "steps"][step.step] = step;
        if (kind === "orders") answers.orders[step.step] = true;
      }
    }
    repaint(view);
  };
  const more = kind === "origins" ? { against: 0 } : {};
  ask(view.channel, kind, { lane: view.cursor.lane, ...next, ...more }, answers.asking);
}

function evidenceTable(view, evidence, extra) {
  const { model, cursor } = view;
  const { strings } = model;
  const trace = bare(traceOf(view));
  const heads = trace.source.tokens.map((token) => el("th", { scope: "col" }, label(token)));
  const rows = [["attention", evidence.rows.attention, evidence.rows.attention, ""]];
  for (const name of EVIDENCE_ROWS) rows.push([name, evidence.shares[name], evidence.rows[name], evidence.tau[name]]);
  if (extra) rows.push(["minimal", extra, extra, ""]);
  const body = rows.map(([name, shares, values, tau]) =>
    el(
      "tr",
      { class: name },
      el("th", { scope: "row", text: strings[`evidence_${name}`], title: strings[`evidence_${name}_help`] }),
      el("td", { class: "tau", text: tau === "" ? "" : tau === null ? "–" : decimals(tau, 2) }),
      ...shares.map((share, s) => evidenceCell(share, values[s], inColumn(model, columnOf(cursor), s), s)),
    ),
  );
  const head = el(
    "tr",
    {},
    el("th", { scope: "col", text: strings.evidence_kind }),
    el("th", { class: "tau", scope: "col", text: "τ", title: strings.evidence_tau_help }),
    ...heads,
  );
  return el(
    "div",
    { class: "scroll", tabindex: "0" },
    el("table", { class: "rows" }, el("thead", {}, head), el("tbody", {}, ...body)),
  );
}

function evidenceFacts(strings, evidence) {
  const S = evidence.rows.attention.length;
  const change = ({ variation, drop }) =>
    fill(strings.evidence_change, { variation: decimals(variation, 2), drop: decimals(drop, 3) });
  const area = (value, normalised) => {
    if (value === null) return "–";
    const scaled =
      normalised === null
        ? ""
        : fill(strings[evidence.exact ? "evidence_exact" : "evidence_greedy"], { value: decimals(normalised, 2) });
    return decimals(value, 3) + scaled;
  };
  const facts = [
    ["comprehensiveness", area(evidence.comprehensiveness, evidence.normalised[0])],
    ["sufficiency", area(evidence.sufficiency, evidence.normalised[1])],
    [
      "flip",
      evidence.flip === null ? strings.evidence_never : fill(strings.evidence_flips, { count: evidence.flip, of: S }),
    ],
    ["uniform", change(evidence.uniform)],
    ["permuted", change(evidence.permuted)],
    ["gap", `${decimals(evidence.gap, 4)} nat`],
  ];
  return el(
    "dl",
    { class: "facts" },
    ...facts.flatMap(([name, text]) => [
      el("dt", { text: strings[`evidence_${name}`], title: strings[`evidence_${name}_help`] }),
      el("dd", {}, text, el("small", { text: strings[`evidence_${name}_help`] })),
    ]),
  );
}

// The words of the step as buttons: with which attention would this word win?
function minimalSection(view, step, answers) {
  const { strings } = view.model;
  const t = shownStep(view);
  const picked = answers.picked?.step === t ? answers.picked.rank : null;
  const buttons = step.top.slice(1, SHOWN).map((word) => {
    const node = el("button", { type: "button", "aria-pressed": word.rank === picked }, label(word.token));
    node.addEventListener("click", () => askMinimal(view, answers, t, word.rank));
    return node;
  });
  const parts = [el("h4", { text: strings.evidence_minimal_title }), el("p", { class: "words" }, ...buttons)];
  const answer = picked === null ? null : answers.minimal.get(`${t} ${picked}`);
  if (picked !== null) {
    const word = step.top[picked - 1].token;
    const values = answer && {
      word,
      kl: answer.divergence === undefined || answer.divergence === null ? "" : decimals(answer.divergence, 3),
      p: answer.probability ? percent(answer.probability) : "",
      rival: answer.rival ?? "",
    };
    const sentence = !answer
      ? strings.evidence_searching
      : (answer.error ?? fill(strings[`evidence_${outcomeOf(answer, word, step)}`], values));
    parts.push(el("p", { class: "outcome", role: "status", text: sentence }));
  }
  return { parts, attention: answer?.attention?.length ? answer.attention : null };
}

// Not to say a word is a fault only where it is the reference's.
export const outcomeOf = ({ outcome }, word, { target }) =>
  outcome.startsWith("none") && target && isReference(word, target.token) ? `${outcome}_reference` : outcome;

function askMinimal(view, answers, step, rank, tries = 1) {
  answers.picked = { step, rank };
  const key = `${step} ${rank}`;
  if (!answers.minimal.has(key) || answers.minimal.get(key).error) {
    answers.minimal.delete(key);
    const { page } = view.model;
    ask(view.channel, "minimal", { lane: view.cursor.lane, step, rank }, (answer) => {
      if (view.model.page !== page) return;
      if (answer.error && tries < TRIES) return askMinimal(view, answers, step, rank, tries + 1);
      answers.minimal.set(key, answer);
      repaint(view);
    });
  }
  repaint(view);
}

function evidenceProgress(view, answers) {
  const [S, T] = sizesOf(view);
  if (S * T > WHOLE) return [];
  const parts = [["origins_progress", answers.origins]];
  if (hasAttention(traceOf(view))) parts.unshift(["progress", answers.steps]);
  if (parts.length > 1 && isOrdered([S])) parts.push(["ordering", answers.orders]);
  const counts = parts.map(([, there]) => there.filter(Boolean).length);
  const part = counts.findIndex((done) => done < T);
  if (part < 0) return [];
  const text = fill(view.model.strings[`evidence_${parts[part][0]}`], { done: counts[part], of: T });
  const at = counts.reduce((all, done) => all + done, 0);
  const bar = el("progress", { max: parts.length * T, value: at, "aria-label": text });
  return [el("p", { class: "progress" }, bar, ` ${text}`)];
}

const repaint = (view) => paintEvidence(view, traceOf(view).steps[shownStep(view)]);

export function paintEvidence(view, step) {
  const { dom } = view;
  const { strings } = view.model;
  const answers = evidenceOf(view);
  if (!answers || !dom.evidence.open) return;
  const evidence = answers.steps[shownStep(view)];
  const scrolled = [...dom.evidenceBody.querySelectorAll(".scroll")].map((node) => node.scrollLeft);
  const focused = dom.evidenceBody.getRootNode().activeElement;
  const at = [...dom.evidenceBody.querySelectorAll(".words button")].indexOf(focused);
  const failure = answers.failed >= TRIES ? answers.error : null;
  const owed = () => originsSection(view, step, answers, () => repaint(view), failure);
  if (!hasAttention(traceOf(view))) dom.evidenceBody.replaceChildren(...owed(), ...evidenceProgress(view, answers));
  else if (evidence) {
    const chosen = spokenWord(step, traceOf(view).mode).token;
    // a model in the page gives evidence, but does not search another attention
    const minimal = evidence.minimal === false ? { parts: [], attention: null } : minimalSection(view, step, answers);
    const most = bare(traceOf(view)).source.tokens[argmax(bare(step).attention)];
    const values = { word: chosen, most, tau: evidence.tau.mean === null ? "–" : decimals(evidence.tau.mean, 2) };
    dom.evidenceBody.replaceChildren(
      el("p", {
        class: `verdict ${evidence.verdict}`,
        text: fill(strings[`evidence_verdict_${evidence.verdict}`], values),
      }),
      evidenceTable(view, evidence, minimal.attention),
      el("p", { class: "scale", text: strings.evidence_scale }),
      ...minimal.parts,
      evidenceFacts(strings, evidence),
      ...owed(),
      ...evidenceProgress(view, answers),
    );
  } else {
    const text = failure ?? strings.evidence_working;
    dom.evidenceBody.replaceChildren(
      el("p", { class: "outcome", role: "status", text }),
      ...evidenceProgress(view, answers),
    );
  }
  dom.evidenceBody.querySelectorAll(".scroll").forEach((node, n) => (node.scrollLeft = scrolled[n] ?? 0));
  if (at >= 0) dom.evidenceBody.querySelectorAll(".words button")[at]?.focus();
  if (view.cursor.hover === null) askEvidence(view);
}
