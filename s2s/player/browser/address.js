// The player's position in the address and for a screen reader.

import { isAsking, traceOf } from "./cursor.js";
import { argmax, enter, fill, hasAttention, joined, namedStep, percent } from "./dom.js";
import { laneName, spokenWord } from "./model.js";
import { newSummary } from "./summary.js";

const PAUSE = 250; // milliseconds without a step until the address is written and the step is read out

// The sentence about a step; in a guessing game, about the question.
export function stepSentence(view, t) {
  const { model, cursor } = view;
  const { strings, whole } = model;
  if (isAsking(view))
    return fill(strings.predict_announce, { step: cursor.game.known + 1, word: whole.steps[cursor.game.known].input });
  const trace = traceOf(view);
  const step = trace.steps[t];
  const place = argmax(step.attention);
  const { token, log_prob } = spokenWord(step, trace.mode);
  const sentence = !hasAttention(trace)
    ? "announce_no_attention"
    : log_prob === undefined
      ? "announce_unweighed"
      : "announce";
  return fill(strings[sentence], {
    step: t + 1,
    word: token,
    p: percent(Math.exp(log_prob)),
    source: trace.source.tokens[place],
    weight: step.attention[place]?.toFixed(2),
  });
}

// What is heard before and after the sentence about a step: the lane, if it is another than before; the reference's
// word where the lane leaves the reference.
function heardAround(view) {
  const { model, cursor } = view;
  if (isAsking(view)) return ["", ""];
  const { divergence, steps } = traceOf(view);
  const target = divergence === cursor.step ? steps[cursor.step].target : undefined;
  const lane = fill(model.strings.announce_lane, { lane: laneName(model, cursor.lane) });
  const before = (view.heardLane ??= cursor.lane) === cursor.lane ? "" : lane;
  view.heardLane = cursor.lane;
  return [before, target ? fill(model.strings.announce_diverges, { word: target.token }) : ""];
}

// What the guesses of a step were worth, and the points so far, as the answer shows them.
function answerSaid(view) {
  if (!view.cursor.game || isAsking(view)) return [];
  const shown = [...view.dom.predict.querySelectorAll(".answers li, .tally")];
  return shown.flatMap(({ childNodes }) => [...childNodes].map((part) => part.textContent));
}

// Write the address and the sentence for a screen reader, after a pause: neither may delay a frame.
export function announce(view) {
  clearTimeout(view.timers.announce);
  view.timers.announce = setTimeout(() => {
    const { model, dom } = view;
    if (!dom.root.isConnected) return;
    const [before, after] = heardAround(view);
    const step = stepSentence(view, view.cursor.step);
    const said = [newSummary(view), before, ...answerSaid(view), step, after];
    dom.live.textContent = joined(...said);
    if (model.link) model.fragment ? history.replaceState(history.state, "", address(view)) : enter(address(view));
  }, PAUSE);
}

// A page without a server keeps its position in the fragment; a page in a notebook has no address.
export function address({ model, cursor }) {
  const { pieces, ...link } = model.link; // Python's ``pieces`` may be older than the player's
  const state = new URLSearchParams({
    ...link,
    ...(model.inPieces ? { pieces: 1 } : {}),
    step: cursor.step + 1,
    lane: cursor.lane,
  });
  return model.fragment ? `#${state}` : `${location.pathname}?${state}`;
}

// Where a player that has just been mounted begins: at the address's step if the address names what is shown, otherwise
// at ``begin``, otherwise at the first step.
export function placeFromAddress({ link, fragment, begin }, hash = location.hash) {
  const start = { step: 0, lane: null, ...begin };
  if (!link) return start;
  const here = new URLSearchParams(fragment ? hash.slice(1) : location.search);
  const same = Object.entries(link).every(([name, value]) => name === "lang" || (here.get(name) ?? value) === value);
  const step = namedStep(here.get("step"), fragment ? Infinity : undefined) ?? 0;
  const lane = here.get("lane") ?? start.lane;
  return same && here.has("step") ? { step, lane } : { step: start.step, lane };
}
