// Distributions that are brushed, causes and confused words that are clicked. Python counts; the browser draws and asks.

import { decimals, el, fill, label, shade } from "../../../player/browser/dom.js";

const VIEWS = new WeakMap(); // one view for each place where the component is mounted

function send(view, payload) {
  view.seq += 1;
  view.setStateValue("request", { ...payload, seq: view.seq });
}

const short = (chart, y, x = y + chart.from) => (Math.abs(x) >= 100 || Number.isInteger(x) ? String(Math.round(x)) : decimals(x, 1)).replace("-", "−");

// The bins that lie in the chart's range, [first, last], or null.
function brushed(chart) {
  if (!chart.range) return null;
  const [low, high] = chart.range;
  const inside = chart.bounds.map(([a, b]) => (low === null || (a ?? b) >= low) && (high === null || (b ?? a) <= high));
  const first = inside.indexOf(true);
  return first < 0 ? null : [first, inside.lastIndexOf(true)];
}

function paintBars(chart, node, span) {
  const most = Math.max(1, ...chart.all);
  node.replaceChildren(
    ...chart.all.map((count, i) => {
      const bar = el("i", { class: span && (i < span[0] || i > span[1]) ? "out" : "", title: `${describe(chart, i, i)}: ${chart.kept[i]} / ${count}` });
      bar.style.setProperty("--all", count / most);
      bar.style.setProperty("--kept", chart.kept[i] / most);
      return bar;
    }),
  );
}

function describe(chart, from, to) {
  const say = (x) => short(chart, x);
  const [low] = chart.bounds[from];
  const high = chart.bounds[to][1];
  const end = chart.whole || high === null ? high : chart.edges[to + 1];
  if (low === null && high === null) return `${say(chart.edges[0])}–${say(chart.edges.at(-1))}`;
  if (low === null) return `≤ ${say(end)}`;
  if (high === null) return `≥ ${say(low)}`;
  return low === end ? say(low) : `${say(low)}–${say(end)}`;
}

function histogram(view, chart) {
  const { strings } = view;
  const bars = el("div", { class: "bars", tabindex: "0", role: "group", "aria-label": `${chart.title}. ${strings.brush_help}` });
  const said = el("output", { class: "said" });
  const n = chart.all.length;
  let cursor = null;
  let anchor = null;
  const say = (span) => (said.textContent = span ? describe(chart, ...span) : "");
  const span = () => (anchor === null ? brushed(chart) : [Math.min(anchor, cursor), Math.max(anchor, cursor)]);
  const repaint = () => (paintBars(chart, bars, span()), say(span()));
  const at = (event) => {
    const box = bars.getBoundingClientRect();
    return Math.max(0, Math.min(n - 1, Math.floor(((event.clientX - box.left) / box.width) * n)));
  };
  const apply = (chosen) => {
    const before = brushed(chart);
    anchor = null;
    const all = !chosen || (before && before[0] === chosen[0] && before[1] === chosen[1]);
    chart.range = all ? null : [chart.bounds[chosen[0]][0], chart.bounds[chosen[1]][1]];
    repaint();
    send(view, { kind: "range", name: chart.name, low: chart.range?.[0] ?? null, high: chart.range?.[1] ?? null });
  };
  bars.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    bars.setPointerCapture(event.pointerId);
    anchor = cursor = at(event);
    repaint();
  });
  bars.addEventListener("pointermove", (event) => anchor !== null && ((cursor = at(event)), repaint()));
  bars.addEventListener("pointerup", () => anchor !== null && apply(span()));
  bars.addEventListener("pointercancel", () => ((anchor = null), repaint()));
  bars.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      cursor = Math.max(0, Math.min(n - 1, (cursor ?? (step > 0 ? -1 : n)) + step));
      anchor = event.shiftKey && anchor !== null ? anchor : cursor;
      repaint();
    } else if (event.key === "Enter" && anchor !== null) apply(span());
    else if (event.key === "Escape" && (chart.range || anchor !== null)) chart.range ? apply(null) : ((anchor = null), repaint());
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  repaint();
  const ends = el("div", { class: "ends" }, el("span", { text: short(chart, chart.edges[0]) }), el("span", { text: chart.none ? fill(strings.none, { count: chart.none }) : "" }), el("span", { text: short(chart, chart.edges.at(-1) - (chart.whole ? 1 : 0)) }));
  return el("section", { "data-name": chart.name }, el("h3", {}, chart.title, " ", said), bars, ends);
}

function causeList(view, causes) {
  const most = Math.max(1, ...causes.map((cause) => cause.all));
  const rows = causes.map((cause) => {
    const track = el("span", { class: "track" }, el("i", { class: "all" }), el("i", { class: "kept" }));
    track.style.setProperty("--all", cause.all / most);
    track.style.setProperty("--kept", cause.kept / most);
    const numbers = el("span", { class: "count", text: cause.kept === cause.all ? cause.all.toLocaleString() : `${cause.kept.toLocaleString()} / ${cause.all.toLocaleString()}` });
    const act = () => send(view, { kind: "cause", name: cause.name });
    return el("button", { type: "button", class: "cause", "data-name": cause.name, "aria-pressed": String(cause.on), title: cause.means, onclick: act }, el("span", { text: cause.title }), track, numbers);
  });
  return el("section", { class: "causes" }, el("h3", { text: view.strings.causes }), ...rows);
}

function confusionTable(view, { wanted, said, counts, on }) {
  const { strings } = view;
  const known = new Map(counts.map(([a, b, count]) => [`${a}\u0000${b}`, count]));
  const most = Math.max(1, ...known.values());
  const word = (kind, text) =>
    el("button", { type: "button", class: "word", "aria-pressed": String(on[kind] === text), onclick: () => send(view, { kind: "words", [kind]: text }) }, label(text));
  const head = el("tr", {}, el("td", { class: "axes", text: strings.axes }), ...said.map((b) => el("th", { scope: "col" }, word("said", b))));
  const rows = wanted.map((a) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, word("wanted", a)),
      ...said.map((b) => {
        const count = known.get(`${a}\u0000${b}`);
        if (!count) return el("td", {});
        const chosen = on.wanted === a && on.said === b;
        const cell = el("button", { type: "button", class: "cell", "aria-pressed": String(chosen), text: String(count), "aria-label": fill(strings.pair, { wanted: a, said: b, count }), title: fill(strings.pair, { wanted: a, said: b, count }), onclick: () => send(view, { kind: "words", wanted: a, said: b }) });
        cell.style.setProperty("--w", shade(count / most));
        return el("td", {}, cell);
      }),
    ),
  );
  const table = el("div", { class: "scroll" }, el("table", { class: "confusion" }, el("thead", {}, head), el("tbody", {}, ...rows)));
  return el("section", { class: "confused" }, el("h3", { text: strings.confusion }), wanted.length ? table : el("p", { text: strings.no_confusion }));
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
        el("div", { class: "two" }, causeList(view, data.causes), confusionTable(view, data.confusion)),
      ),
    );
    if (focused) root.querySelector(`[data-name="${focused}"]${inBars ? " .bars" : ""}`)?.focus({ preventScroll: true });
  }
  return () => VIEWS.delete(root);
}
