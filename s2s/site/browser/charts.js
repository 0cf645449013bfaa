// Two plain charts: bars that can be pressed, and lines with intervals.

import { el } from "../../player/browser/dom.js";

const SVG_SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [640, 260];
const ROOM = { left: 46, right: 12, top: 12, bottom: 40 };

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG_SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const text = (x, y, words, anchor = "middle") => svg("text", { x, y, "text-anchor": anchor }, words);

// Bars of ``values`` with their words below; ``pick(place)`` follows a press. Returns { node, choose }.
export function barChart({ words, values, label, mean, pick }) {
  const top = Math.max(...values, 1e-9);
  const bars = values.map((value, t) => {
    const fill = el("i");
    fill.style.height = `${(100 * value) / top}%`;
    const name = `${words[t]}: ${value.toFixed(3)}`;
    const column = el("span", { class: "column" }, fill);
    return el(
      "button",
      { type: "button", "aria-label": name, title: name, onclick: () => pick(t) },
      column,
      el("span", { class: "word", dir: "auto", text: words[t] }),
    );
  });
  const node = el(
    "div",
    { class: "bars", role: "group", "aria-label": label },
    el("p", { class: "small" }, `${label} · `, el("b", { text: mean })),
    el("div", { class: "columns" }, ...bars),
  );
  return { node, choose: (place) => bars.forEach((bar, t) => bar.setAttribute("aria-pressed", String(t === place))) };
}

// Lines over x: ``series`` are { name, points: [{ x, y, low, high }] }, ``marks`` single points { x, y }; ``about`` is
// the chart in words. The lowest y is 0, the highest at least ``least``.
export function lineChart({ series, marks = [], x, y, about, least = 0 }) {
  const points = [...series.flatMap((one) => one.points), ...marks];
  const [first, last] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
  const most = Math.max(least, ...points.map((p) => p.high ?? p.y)) || 1;
  const across = (value) => ROOM.left + ((value - first) / (last - first || 1)) * (WIDTH - ROOM.left - ROOM.right);
  const up = (value) => HEIGHT - ROOM.bottom - (value / most) * (HEIGHT - ROOM.top - ROOM.bottom);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => part * most);
  const lines = ticks.flatMap((value) => [
    svg("line", { class: "tick", x1: ROOM.left, x2: WIDTH - ROOM.right, y1: up(value), y2: up(value) }),
    text(ROOM.left - 6, up(value) + 4, most < 3 ? value.toFixed(2) : String(Math.round(value)), "end"),
  ]);
  const interval = ({ x: at, low, high }) =>
    svg("line", { class: "interval", x1: across(at), x2: across(at), y1: up(low), y2: up(high) });
  const drawn = series.map(({ points: own }, n) =>
    svg(
      "g",
      { "data-series": n },
      ...own.filter((p) => p.low !== undefined).map(interval),
      svg("polyline", { points: own.map((p) => `${across(p.x)},${up(p.y)}`).join(" ") }),
    ),
  );
  const rings = marks.map((p) => svg("circle", { class: "mark", cx: across(p.x), cy: up(p.y), r: 6 }));
  const axis = [first, (first + last) / 2, last].map((value) =>
    text(across(value), HEIGHT - ROOM.bottom + 18, Number(value.toFixed(2))),
  );
  const names = [text((ROOM.left + WIDTH) / 2, HEIGHT - 4, x), text(ROOM.left, ROOM.top, y, "start")];
  const chart = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": about },
    ...lines,
    ...drawn,
    ...rings,
    ...axis,
    ...names,
  );
  const key = series
    .filter(({ name }) => name)
    .map(({ name }, n) => el("span", { "data-series": n }, el("i"), name));
  return el("div", { class: "chart" }, el("p", { class: "key" }, ...key), chart);
}
