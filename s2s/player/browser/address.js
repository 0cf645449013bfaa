// Where a player stands, in its address and for a screen reader.

import { argmax, enter, fill, looks, percent } from "./dom.js";
import { said } from "./lanes.js";
import { asking, reads } from "./predict.js";

// What a screen reader hears of the step on screen, or of the question whose step is still hidden.
function heard(view) {
  const { strings, trace, game } = view;
  if (asking(view)) return fill(strings.predict_announce, { step: game.known + 1, word: reads(game) });
  const step = trace.steps[view.step];
  const place = argmax(step.attention);
  const { token, log_prob } = said(step, trace.mode);
  const sentence = !looks(trace) ? "announce_no_attention" : log_prob === undefined ? "announce_unweighed" : "announce";
  return fill(strings[sentence], {
    step: view.step + 1,
    word: token,
    p: percent(Math.exp(log_prob)),
    source: trace.source.tokens[place],
    weight: step.attention[place]?.toFixed(2),
  });
}

// After a pause: the address gets the step, a screen reader hears it. Neither belongs on the way to a frame.
export function announce(view) {
  clearTimeout(view.later);
  view.later = setTimeout(() => {
    if (!view.root.isConnected) return;
    view.parts.live.textContent = heard(view);
    if (view.link) view.fragment ? history.replaceState(history.state, "", address(view)) : enter(address(view));
  }, 250);
}

// A page without a server keeps its state in the fragment, which needs nobody to read it; one in a notebook has no address.
export function address(view) {
  const { pieces, ...link } = view.link; // Python may not know yet
  const state = new URLSearchParams({ ...link, ...(view.inPieces ? { pieces: 1 } : {}), step: view.step + 1, lane: view.lane });
  return view.fragment ? `#${state}` : `${location.pathname}?${state}`;
}

// Where a player that has just been mounted begins: at the address's step, if the address names what is shown, else
// where ``begin`` says, else at the first step.
export function linked({ link, fragment, begin }, hash = location.hash) {
  const start = { step: 0, lane: null, ...begin };
  if (!link) return start;
  const here = new URLSearchParams(fragment ? hash.slice(1) : location.search);
  const same = Object.entries(link).every(([name, value]) => name === "lang" || (here.get(name) ?? value) === value);
  const step = Number.parseInt(here.get("step") ?? "1", 10) - 1;
  const lane = here.get("lane") ?? start.lane;
  return same && here.has("step") ? { step: step > 0 ? step : 0, lane } : { step: start.step, lane };
}
