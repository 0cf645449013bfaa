// The player's toolbar, and playing.

import { address } from "./address.js";
import { traceOf } from "./cursor.js";
import { button, copyLink, el, icon } from "./dom.js";
import { exportMenu } from "./export.js";
import { helpButton } from "./legend.js";
import { goOn } from "./predict.js";

const SPEEDS = [0.5, 1, 2, 4];
const TICK = 900; // milliseconds a step at speed 1

export function buildBar(view) {
  const { model, cursor, dom } = view;
  const { strings, lanes } = model;
  const { show } = view.acts;
  const go = (name, title, action) => button(name, title, action, icon(name));
  dom.playButton = go("play", strings.play, () => play(view, !isPlaying(view)));
  dom.where = el("span", { class: "where" });
  dom.laneButtons = ["forced", "free"].map((mode) =>
    el("button", {
      type: "button",
      class: "lane",
      "data-lane": mode,
      text: strings[mode],
      onclick: () => show(view, { lane: mode }),
    }),
  );
  const switcher = el("span", {
    class: "switch",
    role: "group",
    "aria-label": strings.lane_help,
    title: strings.lane_help,
  });
  if (lanes.forced && lanes.free) switcher.append(...dom.laneButtons);
  dom.jump = button("jump", strings.divergence_help, () => show(view, { step: traceOf(view).divergence }));
  const switches = [dom.flowButton];
  if (model.page) switches.push(dom.editButton);
  if (model.words && !cursor.game) switches.push(dom.wordsButton);
  dom.copied = button(
    "link",
    strings.copy_link,
    () => copyLink({ copied: dom.copied, strings }, address(view)),
    strings.link,
  );
  dom.copied.hidden = !model.link;
  dom.bar.replaceChildren(
    el(
      "span",
      { class: "group" },
      go("first", strings.first, () => show(view, { step: 0 })),
      go("back", strings.back, () => show(view, { step: view.cursor.step - 1 })),
      dom.playButton,
      go("next", strings.next, () => goOn(view)),
      go("last", strings.last, () => show(view, { step: Infinity })),
    ),
    speedSelect(view),
    dom.where,
    switcher,
    dom.jump,
    el("span", { class: "group right" }, ...switches, exportMenu(view), dom.copied, helpButton(view)),
  );
}

function speedSelect(view) {
  const { strings } = view.model;
  const select = el("select", { class: "speed", "aria-label": strings.speed, title: strings.speed });
  for (const value of SPEEDS) select.append(el("option", { value, text: `${value}×` }));
  select.value = view.cursor.speed;
  select.addEventListener("change", () => {
    view.cursor = { ...view.cursor, speed: Number(select.value) };
    if (isPlaying(view)) play(view, true);
  });
  return select;
}

export const isPlaying = (view) => view.timers.play !== null;

export function stopClock(timers) {
  clearInterval(timers.play);
  timers.play = null;
}

export function play(view, on) {
  stopClock(view.timers);
  const last = () => traceOf(view).steps.length - 1;
  if (on) {
    if (view.cursor.step >= last()) view.acts.show(view, { step: 0 });
    const next = () => {
      if (view.dom.root.isConnected) view.acts.show(view, { step: view.cursor.step + 1 });
      if (view.dom.root.isConnected && view.cursor.step < last()) return;
      play(view, false); // at once: after Home it would go on
    };
    view.timers.play = setInterval(next, TICK / view.cursor.speed);
  }
  const { dom, model } = view;
  const title = model.strings[on ? "pause" : "play"];
  dom.playButton.replaceChildren(icon(on ? "pause" : "play"));
  dom.playButton.title = title;
  dom.playButton.setAttribute("aria-label", title);
}
