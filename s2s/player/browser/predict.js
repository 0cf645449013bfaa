// The guessing game on screen: the viewer marks which source word the model will weigh most and what it will say, then
// sees it. Hidden steps are in nothing that is painted: the lane on screen ends with the last step that was revealed.

import { changeGame, isAsking, isFinished, lastStep, shownStep, traceOf } from "./cursor.js";
import { argmax, button, decimals, el, fill, hasAttention, label, percent, spaceAfter } from "./dom.js";
import { FULL, NEAR, gameScore, newGame, revealStep, wordChoices } from "./game.js";
import { buildHeatmap } from "./heatmap.js";
import { buildLanes } from "./lanes.js";
import { hideComing, spokenWord } from "./model.js";
import { paintTable } from "./worked.js";

const GLOW = 1200; // milliseconds in which the colours of a revealed step come up

// Hide all steps from ``step`` on; a game ``before``, of the same lane, goes on where it was.
export function startGame(view, step, before) {
  setGame(view, before ?? newGame(step));
  view.cursor = { ...view.cursor, step: before ? Math.min(step, before.known) : step };
}

function setGame(view, game) {
  view.model = hideComing(view.model, view.cursor.lane, game.known);
  view.cursor = { ...view.cursor, game };
}

// Go on with a game that has more or fewer steps revealed, at one of them.
function showGame(view, game, step) {
  const { model, dom, palette } = view;
  setGame(view, game);
  buildLanes(view);
  buildHeatmap(dom, traceOf(view), model.strings, palette);
  view.acts.show(view, { step });
  paintTable(view);
}

function setGuess(view, change) {
  view.cursor = changeGame(view.cursor, { guess: { ...view.cursor.game.guess, ...change }, hint: false });
  view.acts.paint(view);
}

// The next step. In a game it is revealed if there is a guess, or if ``anyway``.
export function goOn(view, anyway = false) {
  if (!isAsking(view)) return view.acts.show(view, { step: view.cursor.step + 1 });
  const { model, dom, timers } = view;
  const { game } = view.cursor;
  if (game.guess.place === null && game.guess.word === null && !anyway) {
    view.cursor = changeGame(view.cursor, { hint: true });
    return view.acts.paint(view);
  }
  const within = dom.predict.contains(dom.root.getRootNode().activeElement);
  dom.root.classList.add("revealing");
  clearTimeout(timers.colours);
  timers.colours = setTimeout(() => dom.root.classList.remove("revealing"), GLOW);
  showGame(view, revealStep(game, model.whole), game.known);
  if (within) dom.root.focus({ preventScroll: true }); // the button that was pressed is gone
}

const restartGame = (view) => showGame(view, newGame(0), 0);

const offeredWords = ({ model, cursor }) => wordChoices(model.whole, cursor.game.known);

// The keys of a game that differ from the player's.
export function gameKeys(view) {
  const { game } = view.cursor;
  if (!game) return {};
  const keys = { ArrowRight: () => goOn(view), Enter: () => goOn(view), " ": () => goOn(view), e: () => {} };
  if (!isAsking(view)) return keys;
  offeredWords(view).forEach((word, i) => (keys[i + 1] = () => setGuess(view, { word, typed: false })));
  if (hasAttention(traceOf(view))) keys.s = () => markFocused(view);
  return keys;
}

// Mark the first source word unless one is marked, and give it the focus: the arrows move the mark from there.
function markFocused(view) {
  const place = view.cursor.game.guess.place ?? 0;
  setGuess(view, { place });
  view.dom.chips[place].focus();
}

// Source words and candidates are two groups of radio buttons: arrows move within one, Enter reveals.
export function questionKey(view, event) {
  const radio = event.target.closest("[role=radio]");
  if (!isAsking(view) || !radio) return;
  const word = offeredWords(view)[event.key - 1];
  const group = [...radio.parentNode.children];
  const i = group.indexOf(radio);
  const [back, on] = [i - 1, i + 1];
  const places = { ArrowLeft: back, ArrowRight: on, ArrowUp: back, ArrowDown: on, Home: 0, End: group.length - 1 };
  const to = group[places[event.key]];
  if (event.key === "Enter") goOn(view);
  else if (word !== undefined) setGuess(view, { word, typed: false });
  else if (to) to.click(), to.focus();
  else return;
  event.preventDefault();
}

// Mark a source word, or take the mark away.
export function markSource(view, s) {
  if (s === null || !hasAttention(traceOf(view))) return;
  setGuess(view, { place: s === view.cursor.game.guess.place ? null : s });
}

export function paintGame(view) {
  const { model, dom } = view;
  const { game } = view.cursor;
  const open = isAsking(view);
  dom.root.classList.toggle("game", Boolean(game));
  dom.root.classList.toggle("asking", open);
  dom.root.classList.toggle("begins", open && game.known === 0);
  dom.predict.hidden = !game;
  if (dom.evidence) dom.evidence.hidden = Boolean(game) || !model.page;
  if (!game) return;
  const shown = shownStep(view);
  const where = isFinished(view) ? "where" : "predict_where";
  dom.where.textContent = fill(model.strings[where], { step: shown + 1, steps: model.whole.steps.length });
  paintMarks(dom, open ? game.guess : game.given[shown], open);
  if (open) paintQuestion(view);
  else paintAnswer(view, game.given[shown]);
}

// The chips: the one that was marked, and while the question is open nothing else.
function paintMarks(dom, guess, open) {
  dom.chips.forEach((chip, s) => {
    const marked = guess?.place === s;
    chip.classList.toggle("guessed", marked);
    chip.tabIndex = open && s === (guess.place ?? 0) ? 0 : -1;
    if (open) {
      chip.style.removeProperty("--w");
      chip.lastChild.textContent = "";
      chip.classList.remove("marked");
      chip.setAttribute("role", "radio");
      chip.setAttribute("aria-checked", marked);
    } else for (const name of ["role", "aria-checked"]) chip.removeAttribute(name);
  });
  dom.source.setAttribute("role", open ? "radiogroup" : "group");
}

function paintQuestion(view) {
  const { model, dom } = view;
  const { strings, whole } = model;
  const { known, guess, hint } = view.cursor.game;
  const words = offeredWords(view);
  if (dom.question !== known) {
    dom.question = known;
    dom.predict.replaceChildren(...buildQuestion(view, words));
  }
  const node = (name) => dom.predict.querySelector(name);
  dom.predict.querySelectorAll(".candidate").forEach((candidate, i) => {
    const chosen = !guess.typed && guess.word === words[i];
    candidate.setAttribute("aria-checked", chosen);
    candidate.tabIndex = chosen || (i === 0 && (guess.typed || guess.word === null)) ? 0 : -1;
  });
  const place = guess.place === null ? strings.predict_none : whole.source.tokens[guess.place];
  node(".place").textContent = hasAttention(whole) ? fill(strings.predict_marked, { word: place }) : "";
  const empty = guess.place === null && guess.word === null;
  node(".reveal").textContent = strings[empty ? "predict_show" : "predict_reveal"];
  node(".hint").textContent = hint ? strings.predict_hint : "";
  for (const td of dom.lanes.querySelectorAll(".now, .preview")) td.classList.remove("now", "preview");
  view.acts.announce(view);
}

function buildQuestion(view, words) {
  const { strings, whole } = view.model;
  const { game } = view.cursor;
  const buttons = words.map((word, i) =>
    el(
      "button",
      { type: "button", class: "candidate", role: "radio", onclick: () => setGuess(view, { word, typed: false }) },
      el("kbd", { text: i + 1, "aria-hidden": "true" }),
      label(word),
    ),
  );
  const asked = hasAttention(whole) ? "predict_question" : "predict_question_blind";
  const question = fill(strings[asked], { step: game.known + 1 });
  return [
    el("h4", {}, question, spaceAfter(question), label(whole.steps[game.known].input)),
    el("p", { class: "place" }),
    el("p", { class: "ask", text: strings.predict_word }),
    el("div", { class: "candidates", role: "radiogroup", "aria-label": strings.predict_word }, ...buttons),
    wordForm(view),
    el(
      "div",
      { class: "row" },
      el("button", { type: "button", class: "reveal onward", onclick: () => goOn(view, true) }),
      tallyLabel(view),
    ),
    el("p", { class: "hint note", role: "alert" }),
    el("p", { class: "keys", text: fill(strings.predict_rules, { of: FULL, near: NEAR }) }),
  ];
}

// The field for a word that is not offered. Nothing is revealed while an input method composes.
function wordForm(view) {
  const { strings } = view.model;
  const { typed, word } = view.cursor.game.guess;
  const field = el("input", {
    type: "text",
    maxlength: 60,
    placeholder: strings.predict_type,
    "aria-label": strings.predict_type,
    autocomplete: "off",
  });
  if (typed) field.value = word;
  field.addEventListener("input", () => setGuess(view, { word: field.value.trim() || null, typed: true }));
  let composing = false;
  field.addEventListener("compositionstart", () => (composing = true));
  field.addEventListener("compositionend", () => (composing = false));
  const form = el("form", { class: "say" }, field);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!composing) goOn(view);
  });
  return form;
}

// The points so far; empty before the first answer.
function tallyLabel(view) {
  const { got, of, streak } = gameScore(view.cursor.game);
  return el("span", { class: "tally", text: of ? fill(view.model.strings.predict_tally, { got, of, streak }) : "" });
}

// The guess beside the truth, part by part.
function paintAnswer(view, given) {
  const { model, cursor, dom } = view;
  const { strings, whole } = model;
  dom.question = null; // the next question is built anew
  const step = whole.steps[shownStep(view)];
  const answers = answerLines(strings, whole, step, given);
  const heading = answers.length ? "predict_answer" : "predict_seen";
  const over = isFinished(view) && cursor.step === lastStep(view);
  const next = over
    ? button("onward", strings.predict_again, () => restartGame(view), strings.predict_again)
    : button("onward", strings.predict_next, () => goOn(view), strings.predict_next);
  dom.predict.replaceChildren(
    el("h4", { text: fill(strings[heading], { step: shownStep(view) + 1 }) }),
    el("ul", { class: "answers" }, ...answers),
    ...(over ? [gameSummary(view)] : []),
    el("div", { class: "row" }, next, tallyLabel(view)),
  );
  if (given && given.word !== null) markYours(dom, strings, given.word);
}

function answerLines(strings, whole, step, given) {
  if (!given) return [];
  const word = spokenWord(step, whole.mode);
  const most = argmax(step.attention);
  const { tokens } = whole.source;
  const lines = [];
  const line = (mark, text) =>
    lines.push(
      el(
        "li",
        { class: mark >= FULL / 2 ? "right" : mark > 0 ? "near" : "" },
        text,
        el("b", { text: fill(strings.predict_points, { got: mark, of: FULL }) }),
      ),
    );
  if (given.look !== null) {
    const values = {
      word: tokens[given.place],
      weight: step.attention[given.place].toFixed(2),
      most: tokens[most],
      largest: step.attention[most].toFixed(2),
    };
    line(given.look, fill(strings[given.place === most ? "predict_looked_right" : "predict_looked"], values));
  }
  if (given.said !== null) {
    const key = given.said === FULL ? "predict_said_right" : given.rank ? "predict_said_rank" : "predict_said_far";
    line(
      given.said,
      fill(strings[key], {
        word: given.word,
        token: word.token,
        rank: given.rank,
        top: step.top.length,
        p: percent(Math.exp(word.log_prob)),
      }),
    );
  }
  return lines;
}

// Mark the guessed word in the softmax.
function markYours(dom, strings, word) {
  for (const row of dom.softmax.querySelectorAll("li")) {
    if (row.querySelector(".token")?.textContent.toLowerCase() !== word.toLowerCase()) continue;
    row.querySelector(".word").append(el("b", { class: "yours", text: strings.predict_yours }));
  }
}

function gameSummary(view) {
  const { got, of, looks, looked, words, right, near, longest } = gameScore(view.cursor.game);
  const { strings } = view.model;
  const parts = of
    ? [fill(strings.predict_total, { got, of, share: Math.round((100 * got) / of) })]
    : [strings.predict_nothing];
  if (looks) parts.push(fill(strings.predict_looks, { mean: decimals(looked / looks, 1), of: FULL, looks }));
  if (words) parts.push(fill(strings.predict_words, { right, near, words }));
  if (of) parts.push(fill(strings.predict_longest, { longest }));
  return el("ul", { class: "summary", role: "status" }, ...parts.map((text) => el("li", { text })));
}
