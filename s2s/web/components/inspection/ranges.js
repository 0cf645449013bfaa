// Ranges of a chart's bins as numbers and texts. Pure: a ``chart`` is what Python gives of one measure.

import { decimals } from "../../../player/browser/dom.js";

// A value as the chart's axis writes it: ``chart.from`` is what the measure calls 0. Whole from 100 on, else with one
// decimal where it has any.
export function axisNumber(chart, value) {
  const x = value + chart.from;
  return Math.abs(x) >= 100 || Number.isInteger(x) ? String(Math.round(x)).replace("-", "−") : decimals(x, 1);
}

// The first and the last bin that lie in the chart's range; null without a range or where no bin does.
export function binsInRange({ range, bounds }) {
  if (!range) return null;
  const [low, high] = range;
  const inside = bounds.map(([a, b]) => (low === null || (a ?? b) >= low) && (high === null || (b ?? a) <= high));
  const first = inside.indexOf(true);
  return first < 0 ? null : [first, inside.lastIndexOf(true)];
}

// The range of values of the bins ``from`` to ``to``; an end is null where the bin is open to that side.
export const rangeOfBins = ({ bounds }, [from, to]) => [bounds[from][0], bounds[to][1]];

// That range in words. Bins of whole numbers end at their last number, others where the next bin begins.
export function describeBins(chart, from, to) {
  const [low, high] = rangeOfBins(chart, [from, to]);
  const end = chart.whole || high === null ? high : chart.edges[to + 1];
  const write = (value) => axisNumber(chart, value);
  if (low === null && high === null) return `${write(chart.edges[0])}–${write(chart.edges.at(-1))}`;
  if (low === null) return `≤ ${write(end)}`;
  if (high === null) return `≥ ${write(low)}`;
  return low === end ? write(low) : `${write(low)}–${write(end)}`;
}
