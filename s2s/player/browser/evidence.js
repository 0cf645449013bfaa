// Is attention the reason? Rows of other evidence under the attention of a step. Python is asked for a few steps at a
// time while the section is open, the step on screen first; what has come is painted from here.

import { ask } from "./ask.js";
import { argmax, decimals, el, fill, label, percent, shade } from "./dom.js";
import { said } from "./lanes.js";
import { SHOWN } from "./softmax.js";
import { bare, inColumn } from "./words.js";

const EVIDENCE_ROWS = ["gradient", "integrated", "erasure"];
const WHOLE = 900; // source words × steps up to which the whole lane is asked for
const SEARCHED = 20; // source words up to which the best and the worst order are looked for
const TRIES = 4; // until a request that takes long is given up; what was found meanwhile is kept by Python

export function buildEvidence(view) {
  const { parts, strings } = view;
  view.evidence ??= new Map(); // page and lane → what is known of it
  parts.evidenceBody = el("div", { class: "evidenceBody" });
  const open = view.evidenceOpen ? "" : null; // also of the next sentence, and in another language
  parts.evidence = el("details", { class: "evidence", open, hidden: view.page ? null : "" }, el("summary", { text: strings.evidence }), parts.evidenceBody);
  parts.evidence.addEventListener("toggle", () => {
    view.evidenceOpen = parts.evidence.open;
    view.acts.paint(view);
  });
}

// What is known of the lane or branch on screen; null where nothing can be asked.
function known(view) {
  if (!view.page) return null;
  const key = `${view.page} ${view.branches.find(({ id }) => id === view.lane)?.key ?? view.lane}`;
  if (!view.evidence.has(key)) view.evidence.set(key, { steps: [], orders: [], minimal: new Map(), failed: 0, asking: null });
  return view.evidence.get(key);
}

// The next steps to ask for: those that follow the one on screen and are not there yet, then those before it.
function missing(view, there) {
  const T = view.trace.steps.length;
  const S = bare(view.trace).source.tokens.length;
  if (!there[view.step]) return { first: view.step, count: 1 };
  if (S * T > WHOLE) return null;
  for (let i = 1; i < T; i++) {
    const first = (view.step + i) % T;
    if (there[first]) continue;
    let count = 1;
    while (count < 4 && first + count < T && !there[first + count]) count += 1;
    return { first, count };
  }
  return null;
}

// Whether an answer is still to come: a request about a page that is gone gets none.
export const awaited = (view, then) => then && (view.waiting?.then === then || view.queue.some((request) => request.then === then));

export function gather(view) {
  const found = known(view);
  if (!found || awaited(view, found.asking) || !view.parts.evidence.open || found.failed >= TRIES) return;
  let kind = "evidence";
  let next = missing(view, found.steps);
  const S = bare(view.trace).source.tokens.length;
  if (!next && S > 1 && S <= SEARCHED) {
    kind = "orders";
    next = missing(view, found.orders);
  }
  if (!next) return;
  const { page } = view;
  found.asking = (answer) => {
    found.asking = null;
    if (view.page !== page) return; // it waited until another sentence came
    if (answer.more) return gather(view); // it takes long, and others went in between
    if (answer.error) {
      found.failed += 1;
      found.error = answer.error;
    } else {
      found.failed = 0;
      found.error = null;
      for (const step of answer.steps) {
        found.steps[step.step] = step;
        if (kind === "orders") found.orders[step.step] = true;
      }
    }
    paintEvidence(view, view.trace.steps[view.shown]);
  };
  ask(view, kind, { lane: view.lane, ...next }, found.asking);
}

// A weight as a cell: shaded by its share, against the word in the other colour.
function evidenceCell(share, value, s, view) {
  const against = value < 0 && share >= 0.005;
  const cell = el("td", { class: against ? "against" : "", "data-s": s, title: decimals(value, 4) });
  cell.style.setProperty("--w", shade(share).toFixed(3));
  cell.textContent = share >= 0.005 ? (against ? "−" : "") + share.toFixed(2) : "";
  cell.classList.toggle("marked", inColumn(view, s));
  return cell;
}

function evidenceTable(view, one, extra) {
  const [strings, trace] = [view.strings, bare(view.trace)];
  const heads = trace.source.tokens.map((token) => el("th", { scope: "col" }, label(token)));
  const rows = [["attention", one.rows.attention, one.rows.attention, ""]];
  for (const name of EVIDENCE_ROWS) rows.push([name, one.shares[name], one.rows[name], one.tau[name]]);
  if (extra) rows.push(["minimal", extra, extra, ""]);
  const body = rows.map(([name, shares, values, tau]) =>
    el(
      "tr",
      { class: name },
      el("th", { scope: "row", text: strings[`evidence_${name}`], title: strings[`evidence_${name}_help`] }),
      el("td", { class: "tau", text: tau === "" ? "" : tau === null ? "–" : decimals(tau, 2) }),
      ...shares.map((share, s) => evidenceCell(share, values[s], s, view)),
    ),
  );
  const head = el("tr", {}, el("th", {}), el("th", { class: "tau", scope: "col", text: "τ", title: strings.evidence_tau_help }), ...heads);
  return el("div", { class: "scroll" }, el("table", { class: "rows" }, el("thead", {}, head), el("tbody", {}, ...body)));
}

function evidenceFacts(view, one) {
  const { strings } = view;
  const S = one.rows.attention.length;
  const change = ({ variation, drop }) => fill(strings.evidence_change, { variation: decimals(variation, 2), drop: decimals(drop, 3) });
  const area = (value, normalised) => {
    if (value === null) return "–";
    const scaled = normalised === null ? "" : fill(strings[one.exact ? "evidence_exact" : "evidence_greedy"], { value: decimals(normalised, 2) });
    return decimals(value, 3) + scaled;
  };
  const facts = [
    ["comprehensiveness", area(one.comprehensiveness, one.normalised[0])],
    ["sufficiency", area(one.sufficiency, one.normalised[1])],
    ["flip", one.flip === null ? strings.evidence_never : fill(strings.evidence_flips, { count: one.flip, of: S })],
    ["uniform", change(one.uniform)],
    ["permuted", change(one.permuted)],
    ["gap", `${decimals(one.gap, 4)} nat`],
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

// The words of the step as buttons: under which attention would this one win?
function minimalSection(view, step, found) {
  const { strings } = view;
  const t = view.shown;
  const picked = found.picked?.step === t ? found.picked.rank : null;
  const buttons = step.top.slice(1, SHOWN).map((word) => {
    const node = el("button", { type: "button", "aria-pressed": word.rank === picked }, label(word.token));
    node.addEventListener("click", () => askMinimal(view, found, t, word.rank));
    return node;
  });
  const parts = [el("h4", { text: strings.evidence_minimal_title }), el("p", { class: "words" }, ...buttons)];
  const answer = picked === null ? null : found.minimal.get(`${t} ${picked}`);
  if (picked !== null) {
    const word = step.top[picked - 1].token;
    const values = answer && {
      word,
      kl: answer.divergence === undefined || answer.divergence === null ? "" : decimals(answer.divergence, 3),
      p: answer.probability ? percent(answer.probability) : "",
      rival: answer.rival ?? "",
    };
    const said = !answer ? strings.evidence_searching : answer.error ?? fill(strings[`evidence_${answer.outcome}`], values);
    parts.push(el("p", { class: "outcome", role: "status", text: said }));
  }
  return { parts, attention: answer?.attention?.length ? answer.attention : null };
}

function askMinimal(view, found, step, rank, tries = 1) {
  found.picked = { step, rank };
  const key = `${step} ${rank}`;
  if (!found.minimal.has(key) || found.minimal.get(key).error) {
    found.minimal.delete(key);
    const { page } = view;
    ask(view, "minimal", { lane: view.lane, step, rank }, (answer) => {
      if (view.page !== page) return;
      if (answer.error && tries < TRIES) return askMinimal(view, found, step, rank, tries + 1);
      found.minimal.set(key, answer);
      paintEvidence(view, view.trace.steps[view.shown]);
    });
  }
  paintEvidence(view, view.trace.steps[view.shown]);
}

function evidenceProgress(view, found) {
  const T = view.trace.steps.length;
  const S = bare(view.trace).source.tokens.length;
  const done = found.steps.filter(Boolean).length;
  const goal = S * T > WHOLE ? 0 : S > 1 && S <= SEARCHED ? 2 * T : T;
  const at = done + found.orders.filter(Boolean).length * (goal > T ? 1 : 0);
  if (at >= goal) return [];
  const text = fill(view.strings[done < T ? "evidence_progress" : "evidence_ordering"], { done: done < T ? done : at - T, of: T });
  return [el("p", { class: "progress" }, el("progress", { max: goal, value: at }), ` ${text}`)];
}

export function paintEvidence(view, step) {
  const { parts, strings } = view;
  const found = known(view);
  if (!found || !parts.evidence.open) return;
  const one = found.steps[view.shown];
  const scrolled = parts.evidenceBody.querySelector(".scroll")?.scrollLeft ?? 0;
  const focused = parts.evidenceBody.getRootNode().activeElement;
  const at = [...parts.evidenceBody.querySelectorAll(".words button")].indexOf(focused);
  if (one) {
    const chosen = said(step, view.trace.mode).token;
    const minimal = minimalSection(view, step, found);
    const most = bare(view.trace).source.tokens[argmax(bare(step).attention)];
    const values = { word: chosen, most, tau: one.tau.mean === null ? "–" : decimals(one.tau.mean, 2) };
    parts.evidenceBody.replaceChildren(
      el("p", { class: `verdict ${one.verdict}`, text: fill(strings[`evidence_verdict_${one.verdict}`], values) }),
      evidenceTable(view, one, minimal.attention),
      el("p", { class: "scale", text: strings.evidence_scale }),
      ...minimal.parts,
      evidenceFacts(view, one),
      ...evidenceProgress(view, found),
    );
    parts.evidenceBody.querySelector(".scroll").scrollLeft = scrolled;
    if (at >= 0) parts.evidenceBody.querySelectorAll(".words button")[at]?.focus();
  } else {
    const text = found.failed >= TRIES ? found.error : strings.evidence_working;
    parts.evidenceBody.replaceChildren(el("p", { class: "outcome", role: "status", text }), ...evidenceProgress(view, found));
  }
  if (view.hover === null) gather(view);
}
