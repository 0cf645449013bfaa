// The curve: losses and the share of exact outputs over the steps of the training, with a cursor at the moment on
// screen.

import { svg } from "../svg.js";

const CHART = { height: 230, left: 42, right: 46, top: 12, bottom: 30 }; // pixels: its height, and its margins
const NARROW = 420; // pixels of width below which fewer steps are written
const LEAST = 260; // pixels of width that the chart has at least
export const LINES = ["train", "dev", "exact"];

// The distance of an axis's marks: a power of ten, or twice or five times one, so that ``end`` is at most ``most`` of
// it.
function markDistance(end, most) {
  const size = Math.pow(10, Math.floor(Math.log10(Math.max(end, 1e-9) / most)));
  return [1, 2, 5, 10].map((n) => n * size).find((n) => end / n <= most);
}

// The marks of an axis from 0 to at most ``end``.
export function axisMarks(end, most) {
  const by = markDistance(end, most);
  return Array.from({ length: Math.floor(end / by + 1e-9) + 1 }, (_, i) => i * by);
}

// The width of the chart in pixels.
export const curveWidth = (view) => Math.max(LEAST, view.parts.curve.clientWidth);

// The chart's width, the ends of its axes, and functions from a step, a loss and a share to pixels.
function scaleOf(view) {
  const width = curveWidth(view);
  const { height, left, right, top, bottom } = CHART;
  const losses = view.moments.flatMap((m) => [m.train, m.dev]).filter((x) => x !== null);
  const most = Math.max(0.1, ...losses);
  const end = Math.max(1, view.total, view.moments.at(-1).step);
  return {
    width,
    most,
    end,
    x: (step) => left + ((width - left - right) * step) / end,
    y: (value) => height - bottom - ((height - top - bottom) * value) / most,
    share: (value) => height - bottom - (height - top - bottom) * value,
  };
}

export function buildCurve(view) {
  const s = (view.scale = scaleOf(view));
  const { height, left, right, bottom } = CHART;
  const chart = svg("svg", { viewBox: `0 0 ${s.width} ${height}`, width: s.width, height, "aria-hidden": "true" });
  for (const value of axisMarks(s.most, 4)) {
    chart.append(svg("line", { class: "grid", x1: left, x2: s.width - right, y1: s.y(value), y2: s.y(value) }));
    chart.append(
      svg("text", { class: "tick end", x: left - 6, y: s.y(value) + 4 }, String(Number(value.toPrecision(3)))),
    );
  }
  for (const value of [0, 0.5, 1])
    chart.append(
      svg("text", { class: "tick exact", x: s.width - right + 6, y: s.share(value) + 4 }, `${100 * value} %`),
    );
  for (const step of axisMarks(s.end, s.width < NARROW ? 3 : 6)) {
    chart.append(
      svg("text", { class: "tick middle", x: s.x(step), y: height - bottom + 16 }, String(Math.round(step))),
    );
  }
  view.dots = LINES.map((name) => {
    const place = name === "exact" ? s.share : s.y;
    const points = view.moments
      .filter((m) => m[name] !== null)
      .map((m) => `${s.x(m.step).toFixed(1)},${place(m[name]).toFixed(1)}`);
    chart.append(svg("polyline", { class: `line ${name}`, points: points.join(" ") }));
    return svg("circle", { class: `dot ${name}`, r: 4 });
  });
  view.cursor = svg("line", { class: "cursor", y1: CHART.top, y2: height - bottom });
  chart.append(view.cursor, ...view.dots);
  view.parts.curve.replaceChildren(chart);
}

export function paintCurve(view, moment) {
  const { x, y, share } = view.scale;
  view.cursor.setAttribute("x1", x(moment.step));
  view.cursor.setAttribute("x2", x(moment.step));
  LINES.forEach((name, i) => {
    const value = moment[name];
    view.dots[i].style.display = value === null ? "none" : "";
    if (value === null) return;
    view.dots[i].setAttribute("cx", x(moment.step));
    view.dots[i].setAttribute("cy", (name === "exact" ? share : y)(value));
  });
}

// The index of the moment nearest to a pointer over the curve.
export function momentAt(view, event) {
  const box = view.parts.curve.getBoundingClientRect();
  const distances = view.moments.map((moment) => Math.abs(view.scale.x(moment.step) - (event.clientX - box.left)));
  return distances.indexOf(Math.min(...distances));
}
