// Predict, then reveal: the viewer marks where the model will look and what it will say, then sees it. What is to come
// is in nothing that is painted: the lane on screen ends with the last step that was revealed.

import { argmax, button, decimals, el, fill, label, looks, percent } from "./dom.js";
import { buildHeatmap } from "./heatmap.js";
import { buildLanes, said } from "./lanes.js";
import { paintTable } from "./worked.js";

const CHOICES = 5;
const FULL = 10; // points for the right place, and for the right word
const NEAR = 3; // points for a word that is not right but among the model's three most probable

// A lane's first steps as if it had no more. Its reference would give the coming words away.
function cut(lane, known) {
  const divergence = lane.divergence < known ? lane.divergence : null;
  const pieces = lane.pieces && { pieces: cut(lane.pieces, known) };
  return { ...lane, ...pieces, steps: lane.steps.slice(0, known), reference: null, reference_tokens: [], divergence, text: "" };
}

const noGuess = () => ({ place: null, word: null, typed: false });

// Hide all from ``step`` on; a game that was on goes on where it was.
export function startGame(view, step, before) {
  const game = before ?? { known: step, guess: noGuess(), given: [] };
  view.game = { ...game, whole: view.trace, words: null };
  hideComing(view);
  view.step = before ? Math.min(step, before.known) : step;
}

function hideComing(view) {
  const { whole, known } = view.game;
  view.trace = cut(whole, known);
  view.lanes = { [view.lane]: view.trace };
  view.order = [[view.lane, 0]];
}

const finished = ({ game }) => game.known === game.whole.steps.length;
export const asking = (view) => Boolean(view.game) && view.step === view.game.known && !finished(view);
export const lastStep = (view) => view.trace.steps.length - (view.game && !finished(view) ? 0 : 1);

// Numbers from 0 to 1 that depend on the text alone (mulberry32 on an FNV-1a hash).
function draws(text) {
  let seed = 2166136261;
  for (const c of text) seed = Math.imul(seed ^ c.codePointAt(0), 16777619);
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

// The lane's word and the most probable others, in an order that the text and the step decide.
function candidates({ whole, known }) {
  const step = whole.steps[known];
  const words = [...new Set([said(step, whole.mode).token, ...step.top.map((word) => word.token)])].slice(0, CHOICES);
  const draw = draws(`${whole.source.tokens.join(" ")} ${known}`);
  for (let i = words.length - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [words[i], words[j]] = [words[j], words[i]];
  }
  return words;
}

// What a guess is worth; null for what was left out.
export function points(step, mode, { place, word }) {
  const found = word === null ? null : step.top.find(({ token }) => token.toLowerCase() === word.toLowerCase());
  const right = word !== null && said(step, mode).token.toLowerCase() === word.toLowerCase();
  return {
    look: place === null ? null : Math.round((FULL * step.attention[place]) / Math.max(...step.attention)),
    said: word === null ? null : right ? FULL : found?.rank <= 3 ? NEAR : 0,
    rank: found?.rank ?? null,
  };
}

// The sum over the steps so far. A streak is of steps whose answers all got at least half of their points.
export function score({ given }) {
  const sum = { got: 0, of: 0, streak: 0, longest: 0, looks: 0, looked: 0, words: 0, right: 0, near: 0 };
  for (const { look, said } of given.filter(Boolean)) {
    const answers = [look, said].filter((value) => value !== null);
    sum.got += answers.reduce((a, b) => a + b, 0);
    sum.of += FULL * answers.length;
    sum.streak = answers.length && answers.every((value) => value >= FULL / 2) ? sum.streak + 1 : 0;
    sum.longest = Math.max(sum.longest, sum.streak);
    if (look !== null) (sum.looks += 1), (sum.looked += look);
    if (said !== null) (sum.words += 1), (sum.right += said === FULL), (sum.near += said === NEAR);
  }
  return sum;
}

function answer(view, change) {
  Object.assign(view.game.guess, change);
  view.game.hint = false;
  view.acts.paint(view);
}

// The next step: what was asked is revealed once there is a guess, or when it is asked for without one.
export function onward(view, anyway = false) {
  if (!asking(view)) return view.acts.show(view, { step: view.step + 1 });
  const { game } = view;
  const { place, word } = game.guess;
  if (place === null && word === null && !anyway) {
    game.hint = true;
    return view.acts.paint(view);
  }
  const step = game.whole.steps[game.known];
  game.given[game.known] = { ...game.guess, ...points(step, game.whole.mode, game.guess) };
  Object.assign(game, { known: game.known + 1, guess: noGuess(), words: null });
  const within = view.parts.predict.contains(view.root.getRootNode().activeElement);
  hideComing(view);
  buildLanes(view);
  view.markedSide = view.markedHead = null;
  view.looksFor = undefined;
  view.root.classList.add("revealing"); // colours come up slowly, once
  clearTimeout(view.revealed);
  view.revealed = setTimeout(() => view.root.classList.remove("revealing"), 1200);
  buildHeatmap(view);
  view.acts.show(view, { step: game.known - 1 });
  paintTable(view);
  if (within) view.root.focus({ preventScroll: true }); // the button that was pressed is gone
}

function again(view) {
  Object.assign(view.game, { known: 0, given: [], guess: noGuess(), words: null });
  hideComing(view);
  buildLanes(view);
  buildHeatmap(view);
  view.acts.show(view, { step: 0 });
  paintTable(view);
}

// Keys of the question; those that it has not are the player's own.
export function gameKeys(view) {
  if (!view.game) return {};
  const keys = { ArrowRight: () => onward(view), Enter: () => onward(view), " ": () => onward(view), e: () => {} };
  if (!asking(view)) return keys;
  view.game.words.forEach((word, i) => (keys[i + 1] = () => answer(view, { word, typed: false })));
  if (looks(view.trace)) keys.s = () => view.chips[view.game.guess.place ?? 0].focus();
  return keys;
}

// Source words and candidates are two groups of radio buttons: arrows move within one, Enter reveals.
export function questionKey(view, event) {
  const radio = event.target.closest("[role=radio]");
  if (!asking(view) || !radio) return;
  const word = view.game.words[event.key - 1];
  const group = [...radio.parentNode.children];
  const i = group.indexOf(radio);
  const to = group[{ ArrowLeft: i - 1, ArrowRight: i + 1, ArrowUp: i - 1, ArrowDown: i + 1, Home: 0, End: group.length - 1 }[event.key]];
  if (event.key === "Enter") onward(view);
  else if (word !== undefined) answer(view, { word, typed: false });
  else if (to) to.click(), to.focus();
  else return;
  event.preventDefault();
}

// A click on a source word marks it, another one takes the mark away.
export const mark = (view, s) => s !== null && looks(view.trace) && answer(view, { place: s === view.game.guess.place ? null : s });

export function paintGame(view) {
  const { game, parts, root, strings } = view;
  root.classList.toggle("game", Boolean(game));
  const open = asking(view);
  root.classList.toggle("asking", open);
  root.classList.toggle("begins", open && game.known === 0);
  parts.predict.hidden = !game;
  parts.evidence.hidden = Boolean(game) || !view.page;
  if (!game) return;
  view.where.textContent = fill(strings[finished(view) ? "where" : "predict_where"], { step: view.shown + 1, steps: game.whole.steps.length });
  paintMarks(view, open ? game.guess : game.given[view.shown], open);
  if (open) paintQuestion(view);
  else paintAnswer(view, game.given[view.shown]);
}

// The chips: which one was marked, and while the question is open nothing else.
function paintMarks(view, guess, open) {
  view.chips.forEach((chip, s) => {
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
  view.parts.source.setAttribute("role", open ? "radiogroup" : "group");
}

function paintQuestion(view) {
  const { game, parts, strings } = view;
  const step = game.known + 1;
  if (!game.words) {
    game.words = candidates(game);
    parts.predict.replaceChildren(...buildQuestion(view, step));
  }
  const { guess } = game;
  parts.predict.querySelectorAll(".candidate").forEach((node, i) => {
    const chosen = !guess.typed && guess.word === game.words[i];
    node.setAttribute("aria-checked", chosen);
    node.tabIndex = chosen || (i === 0 && (guess.typed || guess.word === null)) ? 0 : -1;
  });
  const place = guess.place === null ? strings.predict_none : game.whole.source.tokens[guess.place];
  parts.predict.querySelector(".place").textContent = looks(game.whole) ? fill(strings.predict_marked, { word: place }) : "";
  const empty = guess.place === null && guess.word === null;
  parts.predict.querySelector(".reveal").textContent = strings[empty ? "predict_show" : "predict_reveal"];
  parts.predict.querySelector(".hint").textContent = game.hint ? strings.predict_hint : "";
  for (const td of view.parts.lanes.querySelectorAll(".now, .preview")) td.classList.remove("now", "preview");
  view.acts.announce(view);
}

export const reads = ({ whole, known }) => whole.steps[known].input;

function buildQuestion(view, step) {
  const { game, strings } = view;
  const words = game.words.map((word, i) =>
    el(
      "button",
      { type: "button", class: "candidate", role: "radio", onclick: () => answer(view, { word, typed: false }) },
      el("kbd", { text: i + 1, "aria-hidden": "true" }),
      label(word),
    ),
  );
  const field = el("input", { type: "text", maxlength: 60, placeholder: strings.predict_type, "aria-label": strings.predict_type, autocomplete: "off" });
  if (game.guess.typed) field.value = game.guess.word;
  field.addEventListener("input", () => answer(view, { word: field.value.trim() || null, typed: true }));
  const form = el("form", { class: "say" }, field);
  let composing = false;
  field.addEventListener("compositionstart", () => (composing = true));
  field.addEventListener("compositionend", () => (composing = false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!composing) onward(view);
  });
  const title = el("h4", {}, fill(strings[looks(game.whole) ? "predict_question" : "predict_question_blind"], { step }), " ", label(reads(game)));
  return [
    title,
    el("p", { class: "place" }),
    el("p", { class: "ask", text: strings.predict_word }),
    el("div", { class: "candidates", role: "radiogroup", "aria-label": strings.predict_word }, ...words),
    form,
    el("div", { class: "row" }, el("button", { type: "button", class: "reveal onward", onclick: () => onward(view, true) }), tally(view)),
    el("p", { class: "hint note", role: "alert" }),
    el("p", { class: "keys", text: fill(strings.predict_rules, { of: FULL, near: NEAR }) }),
  ];
}

// Points so far; where nothing was answered yet, nothing.
function tally(view) {
  const { got, of, streak } = score(view.game);
  return el("span", { class: "tally", text: of ? fill(view.strings.predict_tally, { got, of, streak }) : "" });
}

// The guess beside the truth, part by part.
function paintAnswer(view, given) {
  const { game, parts, strings } = view;
  game.words = null; // the next question is built anew
  const step = view.trace.steps[view.shown];
  const { token } = said(step, game.whole.mode);
  const most = argmax(step.attention);
  const tokens = game.whole.source.tokens;
  const lines = [];
  const line = (mark, text) => lines.push(el("li", { class: mark >= FULL / 2 ? "right" : mark > 0 ? "near" : "" }, text, el("b", { text: fill(strings.predict_points, { got: mark, of: FULL }) })));
  if (given && given.look !== null) {
    const values = { word: tokens[given.place], weight: step.attention[given.place].toFixed(2), most: tokens[most], largest: step.attention[most].toFixed(2) };
    line(given.look, fill(strings[given.place === most ? "predict_looked_right" : "predict_looked"], values));
  }
  if (given && given.said !== null) {
    const key = given.said === FULL ? "predict_said_right" : given.rank ? "predict_said_rank" : "predict_said_far";
    line(given.said, fill(strings[key], { word: given.word, token, rank: given.rank, top: step.top.length, p: percent(Math.exp(said(step, game.whole.mode).log_prob)) }));
  }
  const over = finished(view) && view.step === lastStep(view);
  const next = over
    ? button(view, "onward", strings.predict_again, () => again(view), strings.predict_again)
    : button(view, "onward", strings.predict_next, () => onward(view), strings.predict_next);
  parts.predict.replaceChildren(
    el("h4", { text: fill(strings[lines.length ? "predict_answer" : "predict_seen"], { step: view.shown + 1 }) }),
    el("ul", { class: "answers" }, ...lines),
    ...(over ? [summary(view)] : []),
    el("div", { class: "row" }, next, tally(view)),
  );
  for (const row of given && given.word !== null ? parts.softmax.querySelectorAll("li") : []) {
    const shown = row.querySelector(".token");
    if (shown?.textContent.toLowerCase() === given.word.toLowerCase()) row.querySelector(".word").append(el("b", { class: "yours", text: strings.predict_yours }));
  }
}

function summary(view) {
  const { got, of, looks, looked, words, right, near, longest } = score(view.game);
  const { strings } = view;
  const parts = of ? [fill(strings.predict_total, { got, of, share: Math.round((100 * got) / of) })] : [strings.predict_nothing];
  if (looks) parts.push(fill(strings.predict_looks, { mean: decimals(looked / looks, 1), of: FULL, looks }));
  if (words) parts.push(fill(strings.predict_words, { right, near, words }));
  if (of) parts.push(fill(strings.predict_longest, { longest }));
  return el("ul", { class: "summary", role: "status" }, ...parts.map((text) => el("li", { text })));
}
