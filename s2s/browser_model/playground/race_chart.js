// Lines over the batches of both trainings: losses and shares of exact dates, or the norms of a gradient.

import { svg } from "../../web/components/svg.js";
import { axisMarks } from "../../web/components/film/curve.js";

const MARGIN = { left: 44, right: 48, top: 10, bottom: 24 }; // pixels
const GROUPED = 5; // batches whose mean is one point of a line

// The means of some numbers after every few of them: [[step, mean], …]. The last of them wait for their mean.
export function grouped(values, size = GROUPED) {
  const points = [];
  for (let from = 0; from + size <= values.length; from += size) {
    const part = values.slice(from, from + size);
    points.push([from + part.length, part.reduce((sum, x) => sum + x, 0) / part.length]);
  }
  return points;
}

const shortened = (value) => String(Number(value.toPrecision(3)));

// Draw lines [{ name, points, shares }] into ``box``: points [[step, value], …], from 0 to 1 where they are shares.
export function drawLines(box, { lines, end, marks = 4 }) {
  const [width, height] = [Math.max(200, box.clientWidth), box.clientHeight]; // the style sheet says how high
  const { left, right, top, bottom } = MARGIN;
  const values = lines.filter((line) => !line.shares).flatMap(({ points }) => points.map(([, value]) => value));
  const most = Math.max(1e-6, ...values);
  const x = (step) => left + ((width - left - right) * step) / end;
  const y = (value, whole) => height - bottom - ((height - top - bottom) * value) / whole;
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
  const text = (name, at, down, words) => chart.append(svg("text", { class: `tick ${name}`, x: at, y: down }, words));
  for (const value of axisMarks(most, marks)) {
    chart.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value, most), y2: y(value, most) }));
    text("end", left - 6, y(value, most) + 4, shortened(value));
  }
  if (lines.some(({ shares }) => shares)) {
    for (const share of [0, 0.5, 1]) text("", width - right + 6, y(share, 1) + 4, `${100 * share} %`);
  }
  for (const step of axisMarks(end, width < 420 ? 3 : 6)) text("middle", x(step), height - bottom + 16, String(step));
  for (const { name, points, shares } of lines) {
    const places = points.map(([step, value]) => `${x(step).toFixed(1)},${y(value, shares ? 1 : most).toFixed(1)}`);
    chart.append(svg("polyline", { class: `line ${name}${shares ? " exact" : ""}`, points: places.join(" ") }));
  }
  box.replaceChildren(chart);
}
