// The player's toolbar, and playing.

import { address } from "./address.js";
import { button, copyLink, el, fill, icon } from "./dom.js";
import { download } from "./export.js";
import { onward } from "./predict.js";

const SPEEDS = [0.5, 1, 2, 4];
const TICK = 900; // milliseconds a step at speed 1

export function buildBar(view) {
  const { strings } = view;
  const go = (name, title, action) => button(view, name, title, action, icon(name));
  view.playButton = button(view, "play", strings.play, () => play(view, !view.timer), icon("play"));
  const speed = el("select", { class: "speed", "aria-label": strings.speed, title: strings.speed });
  for (const value of SPEEDS) speed.append(el("option", { value, text: `${value}×` }));
  speed.value = view.speed;
  speed.addEventListener("change", () => ((view.speed = Number(speed.value)), view.timer && play(view, true)));
  view.where = el("span", { class: "where" });
  const both = view.lanes.forced && view.lanes.free;
  view.laneButtons = ["forced", "free"].map((mode) =>
    el("button", { type: "button", class: "lane", "data-lane": mode, text: strings[mode], onclick: () => view.acts.show(view, { lane: mode }) }),
  );
  const lanes = el("span", { class: "switch", role: "group", "aria-label": strings.lane_help, title: strings.lane_help });
  if (both) lanes.append(...view.laneButtons);
  view.jump = button(view, "jump", strings.divergence_help, () => view.acts.show(view, { step: view.trace.divergence }));
  const downloads = ["png", "svg", "csv", "json"].map((kind) =>
    button(view, "download", fill(strings.download, { kind: kind.toUpperCase() }), () => download(view, kind), kind.toUpperCase()),
  );
  view.copied = button(view, "link", strings.copy_link, () => copyLink(view, address(view)), strings.link);
  view.copied.hidden = !view.link;
  view.parts.bar.replaceChildren(
    el(
      "span",
      { class: "group" },
      go("first", strings.first, () => view.acts.show(view, { step: 0 })),
      go("back", strings.back, () => view.acts.show(view, { step: view.step - 1 })),
      view.playButton,
      go("next", strings.next, () => onward(view)),
      go("last", strings.last, () => view.acts.show(view, { step: Infinity })),
    ),
    speed,
    view.where,
    lanes,
    view.jump,
    el("span", { class: "group right" }, ...downloads, view.copied),
  );
}

export function play(view, on) {
  clearInterval(view.timer);
  view.timer = null;
  if (on) {
    if (view.step >= view.trace.steps.length - 1) view.acts.show(view, { step: 0 });
    view.timer = setInterval(() => {
      if (view.root.isConnected) view.acts.show(view, { step: view.step + 1 });
      if (view.root.isConnected && view.step < view.trace.steps.length - 1) return;
      play(view, false); // at once, else Home would play on
    }, TICK / view.speed);
  }
  const title = view.strings[on ? "pause" : "play"];
  view.playButton.replaceChildren(icon(on ? "pause" : "play"));
  view.playButton.title = title;
  view.playButton.setAttribute("aria-label", title);
}
