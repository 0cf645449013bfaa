// What a word owes to the source, and what to the words said before it (``s2s/explain/prefix.py``): rows over both. The
// functions with a star stop between pieces of work, so that other requests can be answered. ``against`` is a second
// word of the one step that is explained, or null: then all is about log p(first) - log p(second).

import { erasingEach } from "./erased.js";
import { attributing } from "./gradients.js";
import { fixed, significant } from "./rounding.js";

const ORIGINS = ["gradient", "integrated", "unknown", "deletion"];
const RULES = [24, 48, 80]; // of the quadrature: along a path that scales the prefix, too, log p may bend a lot
const CLOSED = 1e-3; // nats; a step whose gap is greater is integrated anew with more points
const five = (value) => significant(value, 5);

// The attributions of each step with as many quadrature points as it needs.
function* attributingBoth(model, lane, steps, against) {
  const byStep = new Map();
  let rest = steps;
  for (const points of RULES) {
    const found = yield* attributing(model, lane, rest, { points, prefix: true, against });
    rest.forEach((t, k) => byStep.set(t, found[k]));
    rest = rest.filter((t) => Math.abs(byStep.get(t).gap) > CLOSED);
    if (!rest.length) break;
  }
  return steps.map((t) => byStep.get(t));
}

// The rows of some steps, which are in order, each by itself.
export function* tracingOrigins(model, lane, steps, against = null) {
  const attributed = yield* attributingBoth(model, lane, steps, against);
  const erased = yield* erasingEach(model, lane, steps, against);
  const S = lane.source.length;
  return steps.map((t, k) => {
    const { value, gradient, integrated, gap } = attributed[k];
    const cut = (all) => ({ source: all.slice(0, S), prefix: all.slice(S, S + t) });
    const lost = (kind) => {
      const { source, prefix } = erased[k];
      return { source: source[kind].map((left) => value - left), prefix: prefix[kind].map((left) => value - left) };
    };
    const erasures = { unknown: lost("unknown"), deletion: lost("deletion") };
    return { step: t, value, rows: { gradient: cut(gradient), integrated: cut(integrated), ...erasures }, gap };
  });
}

const sizeOf = (values) => values.reduce((sum, value) => sum + Math.abs(value), 0);

// The source's part of all absolute values; null if all are 0.
function shareOf({ source, prefix }) {
  const [own, others] = [sizeOf(source), sizeOf(prefix)];
  return own + others > 0 ? own / (own + others) : null;
}

// The plain values for the player, numbers to 5 significant digits.
export function originValues({ step: t, value, rows, gap }) {
  const byName = (make) => Object.fromEntries(ORIGINS.map((name) => [name, make(rows[name])]));
  return {
    step: t,
    value: five(value),
    rows: byName(({ source, prefix }) => ({ source: source.map(five), prefix: prefix.map(five) })),
    share: byName((both) => {
      const share = shareOf(both);
      return share === null ? null : Number(fixed(share, 5));
    }),
    gap: five(gap),
  };
}
