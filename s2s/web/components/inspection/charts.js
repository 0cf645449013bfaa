// Distributions that are brushed, causes and confused words that are clicked. Python counts; the browser draws the
// counts and asks for other ones.

import { el, fill, label, shade } from "../../../player/browser/dom.js";
import { axisNumber, binsInRange, describeBins, rangeOfBins } from "./ranges.js";

const VIEWS = new WeakMap(); // element where the component is mounted → its view

function sendRequest(view, payload) {
  view.seq += 1;
  view.setStateValue("request", { ...payload, seq: view.seq });
}

// A bar for each bin: all rows, and of them those that the filters keep. Bins outside of ``brush`` are faint.
function paintBars(chart, node, brush) {
  const most = Math.max(1, ...chart.all);
  node.replaceChildren(
    ...chart.all.map((count, i) => {
      const outside = brush && (i < brush[0] || i > brush[1]);
      const bar = el("i", {
        class: outside ? "out" : "",
        title: `${describeBins(chart, i, i)}: ${chart.kept[i]} / ${count}`,
      });
      bar.style.setProperty("--all", count / most);
      bar.style.setProperty("--kept", chart.kept[i] / most);
      return bar;
    }),
  );
}

function histogram(view, chart) {
  const { strings } = view;
  const bars = el("div", {
    class: "bars",
    tabindex: "0",
    role: "group",
    "aria-label": fill(strings.bars, { title: chart.title, help: strings.brush_help }),
  });
  const range = el("output", { class: "said" });
  brushable(view, chart, bars, (brush) => {
    paintBars(chart, bars, brush);
    range.textContent = brush ? describeBins(chart, ...brush) : "";
  });
  const without = chart.none ? fill(strings.none, { count: chart.none }) : "";
  const ends = [
    axisNumber(chart, chart.edges[0]),
    without,
    axisNumber(chart, chart.edges.at(-1) - (chart.whole ? 1 : 0)),
  ];
  const axis = el("div", { class: "ends" }, ...ends.map((text) => el("span", { text })));
  return el("section", { "data-name": chart.name }, el("h3", {}, chart.title, " ", range), bars, axis);
}

// Let bars be brushed by dragging, or by arrows and Shift with Enter; Esc ends it. ``paint`` gets the first and the
// last bin of the brush, or null. What is brushed becomes the chart's range, which Python is asked for; the same brush
// again, or none, asks for all rows.
function brushable(view, chart, bars, paint) {
  const last = chart.all.length - 1;
  let anchor = null; // the bin where the brush began; null while nothing is brushed
  let cursor = null; // the bin where it is
  const brush = () => (anchor === null ? binsInRange(chart) : [Math.min(anchor, cursor), Math.max(anchor, cursor)]);
  const repaint = () => paint(brush());
  const cancel = () => ((anchor = null), repaint());
  const binAt = ({ clientX }) => {
    const { left, width } = bars.getBoundingClientRect();
    return Math.max(0, Math.min(last, Math.floor(((clientX - left) / width) * (last + 1))));
  };
  const apply = (chosen) => {
    const before = binsInRange(chart);
    const again = chosen && before && before[0] === chosen[0] && before[1] === chosen[1];
    chart.range = !chosen || again ? null : rangeOfBins(chart, chosen);
    cancel();
    const [low, high] = chart.range ?? [null, null];
    sendRequest(view, { kind: "range", name: chart.name, low, high });
  };
  const moveCursor = (step, extend) => {
    cursor = Math.max(0, Math.min(last, (cursor ?? (step > 0 ? -1 : last + 1)) + step));
    if (!extend || anchor === null) anchor = cursor;
    repaint();
  };
  bars.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    bars.setPointerCapture(event.pointerId);
    anchor = cursor = binAt(event);
    repaint();
  });
  bars.addEventListener("pointermove", (event) => anchor !== null && ((cursor = binAt(event)), repaint()));
  bars.addEventListener("pointerup", () => anchor !== null && apply(brush()));
  bars.addEventListener("pointercancel", cancel);
  bars.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) moveCursor(step, event.shiftKey);
    else if (event.key === "Enter" && anchor !== null) apply(brush());
    else if (event.key === "Escape" && chart.range) apply(null);
    else if (event.key === "Escape" && anchor !== null) cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  repaint();
}

// What is wrong, and why: two questions, each with its own bars.
function causeLists(view, causes) {
  const lists = ["what", "why"].map((kind) => causeList(view, causes.filter((cause) => cause.kind === kind), kind));
  return el("div", {}, ...lists.filter(Boolean));
}

function causeList(view, causes, kind) {
  if (!causes.length) return null;
  const most = Math.max(1, ...causes.map((cause) => cause.all));
  return el(
    "section",
    { class: "causes" },
    el("h3", { text: view.strings[kind] }),
    ...causes.map((cause) => causeButton(view, cause, most)),
  );
}

function causeButton(view, { name, title, means, all, kept, on }, most) {
  const track = el("span", { class: "track" }, el("i", { class: "all" }), el("i", { class: "kept" }));
  track.style.setProperty("--all", all / most);
  track.style.setProperty("--kept", kept / most);
  const count = kept === all ? all.toLocaleString() : `${kept.toLocaleString()} / ${all.toLocaleString()}`;
  return el(
    "button",
    {
      type: "button",
      class: "cause",
      "data-name": name,
      "aria-pressed": String(on),
      title: means,
      onclick: () => sendRequest(view, { kind: "cause", name }),
    },
    el("span", { text: title }),
    track,
    el("span", { class: "count", text: count }),
  );
}

// How often a word was said for a wanted one: a row for each wanted word, a column for each that was said. A click on a
// word or a cell asks for its rows.
function confusionTable(view, { wanted, said, counts, on }) {
  const { strings } = view;
  const known = new Map(counts.map(([a, b, count]) => [`${a}\u0000${b}`, count]));
  const most = Math.max(1, ...known.values());
  const cell = (a, b) => {
    const count = known.get(`${a}\u0000${b}`);
    return count ? el("td", {}, confusionButton(view, a, b, count, most, on)) : el("td", {});
  };
  const head = el(
    "tr",
    {},
    el("td", { class: "axes", text: strings.axes }),
    ...said.map((b) => el("th", { scope: "col" }, wordButton(view, "said", b, on))),
  );
  const rows = wanted.map((a) =>
    el("tr", {}, el("th", { scope: "row" }, wordButton(view, "wanted", a, on)), ...said.map((b) => cell(a, b))),
  );
  const table = el(
    "div",
    { class: "scroll", tabindex: "0" },
    el("table", { class: "confusion" }, el("thead", {}, head), el("tbody", {}, ...rows)),
  );
  return el(
    "section",
    { class: "confused" },
    el("h3", { text: strings.confusion }),
    wanted.length ? table : el("p", { text: strings.no_confusion }),
  );
}

function wordButton(view, kind, text, on) {
  const ask = () => sendRequest(view, { kind: "words", [kind]: text });
  return el(
    "button",
    { type: "button", class: "word", "aria-pressed": String(on[kind] === text), onclick: ask },
    label(text),
  );
}

function confusionButton(view, wanted, said, count, most, on) {
  const title = fill(view.strings.pair, { wanted, said, count });
  const pressed = String(on.wanted === wanted && on.said === said);
  const ask = () => sendRequest(view, { kind: "words", wanted, said });
  const button = el("button", {
    type: "button",
    class: "cell",
    "aria-pressed": pressed,
    text: String(count),
    "aria-label": title,
    title,
    onclick: ask,
  });
  button.style.setProperty("--w", shade(count / most));
  return button;
}

export default function mount(component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".lookback");
  let view = VIEWS.get(root);
  if (!view) VIEWS.set(root, (view = { seq: 0 }));
  view.setStateValue = component.setStateValue;
  view.seq = Math.max(view.seq, data.heard);
  const identity = JSON.stringify(data);
  if (view.identity !== identity) {
    view.identity = identity;
    view.strings = data.strings;
    const active = root.getRootNode().activeElement;
    const focused = active?.closest("[data-name]")?.dataset.name;
    const inBars = active?.classList.contains("bars");
    root.replaceChildren(
      el(
        "div",
        { class: "charts" },
        el("div", { class: "measures" }, ...data.charts.map((chart) => histogram(view, chart))),
        el("div", { class: "two" }, causeLists(view, data.causes), confusionTable(view, data.confusion)),
      ),
    );
    if (focused)
      root.querySelector(`[data-name="${focused}"]${inBars ? " .bars" : ""}`)?.focus({ preventScroll: true });
  }
  return () => VIEWS.delete(root);
}
