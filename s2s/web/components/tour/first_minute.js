// The first minute: an example that goes right, played slowly; one that breaks; then the reader's turn. Typing ends it,
// as do Esc and the button.

import { WIRE } from "../../../player/browser/ask.js";
import { fill, joined } from "../../../player/browser/dom.js";
import { breakCaption, stepCaption } from "./captions.js";

const SLOWLY = 1800; // milliseconds a step
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const inPlayer = (selector) => [...WIRE.player.dom.root.querySelectorAll(selector)];
const freeLane = ({ model }) => model.lanes.free;

// Step through the free-running lane until its end or until the reader is at work in the player.
function playSlowly(view, run) {
  clearInterval(run.clock);
  run.clock = setInterval(() => {
    const { step, lane } = view.cursor;
    const on = run.expected === step && lane === "free" && step < freeLane(view).steps.length - 1;
    if (!on) return clearInterval(run.clock);
    run.expected = step + 1;
    view.acts.show(view, { step: step + 1 });
  }, SLOWLY);
}

// Whether an event shows that the reader is at work in the player: a press or a key in it, or the focus on one of its
// parts. The focus of the whole player alone does not: a run gives it that, unless Tab does.
export function isAtWork(event) {
  const [path, root] = [event.composedPath(), WIRE.player?.dom.root];
  if (!event.isTrusted || !path.includes(root)) return false;
  return { focusin: path[0] !== root, keyup: event.key === "Tab" }[event.type] ?? true;
}

// The scenes: the mark of the example that each shows, what is ringed, how it begins and what its caption is.
export const SCENES = {
  well: {
    example: "well",
    nodes: () => inPlayer("tr.lane.free .now, .chip.marked"),
    begin: (view, run) => {
      view.acts.show(view, { lane: "free", step: 0 });
      run.expected = 0;
      if (!still()) playSlowly(view, run);
    },
    caption: (view, strings) => {
      const lane = freeLane(view);
      const last = view.cursor.step === lane.steps.length - 1;
      const caption = stepCaption(lane, view.cursor.step, strings);
      return last ? joined(caption, fill(strings["first.well_end"], { steps: lane.steps.length })) : caption;
    },
  },
  wrong: {
    example: "wrong",
    nodes: () => inPlayer("tr.lane td.now"),
    begin: (view) => view.acts.show(view, { lane: "free", step: freeLane(view).divergence }),
    caption: (view, strings) => breakCaption(view.model.lanes, strings),
  },
  turn: {
    example: "wrong",
    nodes: () => inPlayer(".softmax"),
    begin: (view, run) => {
      run.branches = view.model.branches.map(({ id }) => id);
      view.acts.show(view, { lane: "free", step: freeLane(view).divergence });
    },
    caption: (view, strings, run) => {
      const made = view.model.branches.find(({ id, error }) => !error && !run.branches.includes(id));
      return made ? fill(strings["first.turn_done"], { name: made.name, text: view.model.lanes[made.id].text }) : "";
    },
  },
};

// Whether the player shows an example.
export function isOnScreen(example) {
  const model = WIRE.player?.model;
  return model?.link?.text === example.text && Boolean(model.lanes.free);
}
