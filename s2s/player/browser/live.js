// A sentence decoded in the page: what the form asks for is run by the worker that holds the model, and the player's
// requests are answered by it, as Python answers them in the app (browser_model/session.js).
//
// A live page is an object with its sentence { text, ref, settings }, its branches and their rows, and the ``result``
// that is shown: { lanes, words, summaries }. ``call(kind, payload)`` asks the worker, once the model is open.

import { placeFromAddress } from "./address.js";
import { WIRE } from "./ask.js";
import { el, fill, joined } from "./dom.js";
import { buildForm, settingsLine } from "./live_form.js";
import { linkOf, readFragment } from "./live_link.js";
import { VIEWS, show } from "./player.js";
import { mistakeText, summariesInAll, summaryInAll } from "./spoken.js";

// Build a live page into ``root``.
//   texts     by language: { live, player, summary, error, list }, sentences by key
//   model     { name, vocabulary, examples, ranges, defaults }, and ``approximation`` where weights are in 8 bits
//   first     the example that is shown before the model is open: { text, ref, lanes, words, summaries }
//   call      asks the worker
//   mount     the player's mount; ``host``: the node that it is mounted in
//   extra     further parameters of the address
export function openLive({ root, texts, language, model, first, call, mount, host, extra = {} }) {
  const parts = {
    form: el("div", { class: "form" }),
    note: el("div", { class: "note" }),
    draft: el("div", { class: "draft", role: "status" }),
    problem: el("div", { class: "problem", role: "alert" }),
    busy: el("div", { class: "busy", role: "status" }),
    how: el("div", { class: "how" }),
  };
  const { text, ref } = first;
  const sentence = { text, ref, settings: model.defaults };
  const state = { sentence, branches: [], rows: [], result: first, runs: 0, asked: 0, ...newPage("first") };
  const live = { texts, language, model, call, mount, host, extra, parts, refused: [], loaded: false, ...state };
  root.replaceChildren(parts.form, parts.note, parts.draft, parts.problem, parts.busy, parts.how, host);
  WIRE.send = (request) => answerRequest(live, request);
  live.follow = ({ newURL }) => followAddress(live, new URL(newURL).hash);
  addEventListener("hashchange", live.follow);
  buildSurroundings(live);
  if (!followAddress(live, location.hash)) {
    paintLive(live);
    runSentence(live, sentence, [], { quiet: true, shown: true });
  }
  return live;
}

// What is new with each sentence: its name for the player, the last request and its answer, mistakes.
const newPage = (page) => ({ page, seq: 0, heard: 0, answer: null, error: null, warning: null });

// End a live page, before its nodes go.
export function closeLive(live) {
  removeEventListener("hashchange", live.follow);
  live.end?.();
  Object.assign(WIRE, { send: null, told: null });
}

export function setLanguage(live, language) {
  live.language = language;
  buildSurroundings(live);
  paintLive(live);
}

const say = (live, key, values = {}) => fill(live.texts[live.language].live[key], values);

const explain = (live, error) => mistakeText(error, live.texts[live.language].error);

function buildSurroundings(live) {
  const { parts, model, texts, language, sentence } = live;
  const typed = live.form?.read();
  const values = typed ? { ...typed, settings: typed.settings ?? sentence.settings } : sentence;
  const acts = {
    run: (asked) => runSentence(live, asked, kept(live, asked)),
    refuse: (problem) => (parts.problem.textContent = problem),
    typed: () => paintDraft(live),
  };
  live.form = buildForm(parts.form, { ...model, strings: texts[language].live }, values, acts);
  parts.note.textContent = model.approximation ? say(live, "approximate", model.approximation) : "";
}

// The branches that hold for another run: all of the same sentence's where only settings changed.
const kept = ({ sentence, branches }, { text, ref }) =>
  text === sentence.text && ref === sentence.ref ? branches : [];

// Show what an address names, if it is not on screen. Returns whether something was run.
function followAddress(live, hash) {
  const asked = readFragment(hash, live.model);
  live.refused = asked.refused;
  if (asked.text === null) return false;
  const { text, ref, settings, branches } = asked;
  const link = (state) => JSON.stringify(linkOf(state, live.model.defaults));
  if (link(asked) === link({ ...live.sentence, branches: live.branches })) {
    const view = VIEWS.get(live.host.shadowRoot.querySelector(".lookback"));
    if (view) show(view, placeFromAddress(view.model, hash));
    paintProblem(live);
    return false;
  }
  live.form.write({ text, ref, settings });
  runSentence(live, { text, ref, settings }, branches, { quiet: true });
  return true;
}

// Run a sentence and show it. Unless it is ``quiet``, it becomes an entry of the browser's history. Of two runs the
// later one is shown; what is ``shown`` already stays as it is.
async function runSentence(live, sentence, branches, { quiet = false, shown = false } = {}) {
  const run = (live.runs += 1);
  if (!quiet) live.asked += 1;
  const isLast = () => live.runs === run;
  const { text, ref, settings } = sentence;
  paintBusy(live);
  live.running = (async () => {
    try {
      const { lanes, clauses, words, refused } = await live.call("run", { source: text, reference: ref, settings });
      const { rows } = branches.length
        ? await live.call("answer", { branches, request: { kind: "branches" } })
        : { rows: [] };
      live.ran = run;
      if (!isLast() || shown) return;
      const result = { lanes, words, summaries: summariesInAll(clauses, live.texts) };
      Object.assign(live, { sentence, branches, rows, result, ...newPage(`run ${run}`), warning: refused });
      if (!quiet) history.pushState(history.state, "", `#${new URLSearchParams(linkFor(live))}`);
    } catch (error) {
      if (!isLast()) return;
      if (error.key === undefined) throw error;
      Object.assign(live, { error, sentence, branches: [], rows: [], ran: run });
    }
    paintLive(live);
  })();
}

const linkFor = (live) => ({
  ...live.extra,
  ...linkOf({ ...live.sentence, branches: live.branches }, live.model.defaults),
  lang: live.language,
});

function paintBusy(live) {
  live.parts.busy.textContent = live.loaded ? "" : say(live, "loading");
}

// The model is open.
export function setLoaded(live) {
  live.loaded = true;
  paintBusy(live);
}

// Why the model cannot be opened.
export function setFailed(live, error) {
  live.loaded = true;
  live.error = error;
  paintBusy(live);
  paintProblem(live);
}

// Whether what is typed is what is shown.
function paintDraft(live) {
  const [typed, { text, ref }] = [live.form.read(), live.sentence];
  live.parts.draft.textContent = typed.text === text && typed.ref === ref ? "" : say(live, "unrun");
}

function paintProblem(live) {
  const { problem } = live.parts;
  const refused = live.refused.length ? say(live, "refused", { names: live.refused.join(", ").slice(0, 80) }) : "";
  const warning = live.warning ? explain(live, live.warning) : "";
  problem.textContent = live.error ? explain(live, live.error) : joined(warning, refused);
  live.host.hidden = Boolean(live.error) && live.ran === live.runs; // what was before is no answer to what was typed
}

// Hand the player what is shown.
export function paintLive(live) {
  const { model, texts, language, sentence, parts } = live;
  paintBusy(live);
  paintProblem(live);
  paintDraft(live);
  const how = settingsLine(sentence.settings, { strings: texts[language].live, defaults: model.defaults });
  parts.how.textContent = live.host.hidden ? "" : how;
  if (live.host.hidden) return;
  const { result, page, asked } = live;
  tell(live);
  const data = {
    lanes: result.lanes,
    words: result.words,
    summaries: result.summaries,
    vocabulary: model.vocabulary,
    strings: texts[language].player,
    language,
    link: linkFor(live),
    branches: rowsOf(live),
    page,
    run: asked,
    fragment: true,
    pieces: false,
  };
  live.end = live.mount({ data, parentElement: live.host.shadowRoot });
}

// The rows of the branches as the player takes them.
function rowsOf(live) {
  return live.rows.map(({ clauses, error, ...row }) => ({
    ...row,
    ...(clauses ? { summary: summaryInAll(clauses, live.texts) } : {}),
    ...(error ? { error: explain(live, error) } : {}),
  }));
}

// The player's message: its last answer, the branches and the link to them.
function tell(live) {
  const { page, seq, answer } = live;
  WIRE.told = { page, seq, answer, branches: rowsOf(live), link: linkFor(live) };
}

// Answer a request of the player. The same request comes again where the answer takes long, and is answered once; the
// player forgets the requests of an earlier page.
async function answerRequest(live, request) {
  const { seq, kind, page } = request;
  if (page !== live.page || seq <= live.heard) return;
  live.heard = seq;
  if (kind === "pieces") return finish(live, request, {}); // nothing but the player shows them
  await live.running; // the worker has to have read the sentence
  if (page !== live.page) return;
  try {
    const { branches, answer, rows } = await live.call("answer", { branches: live.branches, request });
    if (page === live.page) Object.assign(live, { branches, rows: rows ?? live.rows });
    finish(live, request, answer);
  } catch (error) {
    finish(live, request, { error: explain(live, error) });
  }
}

function finish(live, { seq, kind, page }, answer) {
  if (page !== live.page) return; // the player has left it, too
  Object.assign(live, { seq, answer: { seq, kind, ...answer } });
  tell(live);
  WIRE.heard?.();
}
