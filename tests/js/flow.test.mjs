// The flow of a step: shares add up, ribbons lie side by side, and a change of step is drawn from what is there.

import assert from "node:assert/strict";
import test from "node:test";
import "./browserless.mjs";
import { between, flowGraph, placeFlow, ribbonPath, sourceNodes } from "../../s2s/player/browser/flow_layout.js";
import { wordNodes } from "../../s2s/player/browser/flow_layout.js";

const ROOM = { along: 1000, across: 320, margins: [170, 200], slot: 22, vector: 44 };
const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);
const sum = (values) => values.reduce((a, b) => a + b, 0);

// Numbers that look random and are the same in every run.
function sequence(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

const normal = (values) => values.map((x) => x / sum(values));

// A step of a model of some kind, with peaked weights over ``size`` source words; ``made`` words are copied by a
// pointer.
function example(seed, size, attention = "general", more = {}) {
  const next = sequence(seed);
  const source = { tokens: Array.from({ length: size }, (_, s) => `x${s}`), unknown: [], memory: [] };
  const weights = attention === "none" ? [] : normal(source.tokens.map(() => next() ** 8 + 1e-6));
  const chances = normal(Array.from({ length: 12 }, () => next() ** 4 + 1e-6)).sort((a, b) => b - a);
  const top = chances.slice(0, 10).map((p, i) => ({ token: `y${i}`, log_prob: Math.log(p), rank: i + 1 }));
  const step = {
    ...top[0],
    input: "<bos>",
    output: "y0",
    attention: weights,
    scores: weights.map(Math.log),
    top,
    normaliser: 1.5,
    ...more,
  };
  return { trace: { checkpoint: { attention }, source }, step };
}

// A step of a pointer-generator, where the most probable word stands in the source, so that part of it is copied.
function pointing(seed, size) {
  const { trace, step } = example(seed, size);
  trace.source.tokens[0] = "y0";
  const p_gen = 0.3 + 0.6 * sequence(seed + 1)();
  const p = (i, own) => p_gen * own + (i === 0 ? (1 - p_gen) * step.attention[0] : 0);
  const top = step.top.map((word, i) => ({ ...word, log_prob: Math.log(p(i, Math.exp(word.log_prob))) }));
  return { trace, step: { ...step, top, log_prob: top[0].log_prob, p_gen } };
}

const CASES = [];
for (const seed of [3, 17, 101, 2026]) {
  for (const size of [1, 2, 9, 40, 200]) {
    for (const kind of ["additive", "general", "dot", "cross", "given", "none"])
      CASES.push([`${kind} ${size} ${seed}`, example(seed, size, kind)]);
    CASES.push([`pointer ${size} ${seed}`, pointing(seed, size)]);
    CASES.push([`bare ${size} ${seed}`, example(seed, size, "given", { top: [], log_prob: undefined })]);
  }
}
const graphs = CASES.flatMap(([name, { trace, step }]) =>
  [
    [12, 7],
    [4, 4],
  ].map((most) => [name, flowGraph(trace, step, most), most]),
);

test("each side of the context adds up to 1, and what enters a node leaves it", () => {
  for (const [name, { nodes, ribbons }] of graphs) {
    const into = (id) => sum(ribbons.filter(({ to }) => to === id).map(({ share }) => share));
    const out = (id) => sum(ribbons.filter(({ from }) => from === id).map(({ share }) => share));
    near(into("c"), 1), near(out("c"), 1);
    near(sum(nodes.filter(({ column }) => column === 4).map(({ share }) => share)), 1);
    for (const { id, column, share } of nodes) {
      if (column > 0) near(into(id), share, 1e-9);
      if (column < 4) near(out(id), share, 1e-9);
    }
    assert.ok(ribbons.every(({ share }) => share >= 0), name);
  }
});

test("a long source has a ribbon for each of its greatest weights and one for all others", () => {
  const { trace, step } = example(5, 200);
  const nodes = sourceNodes(trace, step, 12);
  const [others] = nodes.filter(({ id }) => id === "others");
  assert.deepEqual([nodes.length, others.count], [12, 189]);
  const kept = nodes.filter((node) => node !== others);
  const least = Math.min(...kept.map(({ share }) => share));
  const left = step.attention.filter((_, s) => !kept.some((node) => node.s === s));
  assert.ok(left.every((weight) => weight <= least));
  assert.deepEqual(kept.map(({ s }) => s), kept.map(({ s }) => s).sort((a, b) => a - b));
  assert.deepEqual(kept.map(({ share }) => share), kept.map(({ s }) => step.attention[s]));
  near(others.share, sum(left));
  assert.equal(sourceNodes(trace, step, 200).length, 200);
});

test("words have the probabilities of the step; the chosen and the reference's have a ribbon at any rank", () => {
  const target = { token: "far", log_prob: Math.log(0.001), rank: 50 };
  const { trace, step } = example(7, 5, "dot", { target });
  const words = wordNodes(trace, step, 4);
  assert.deepEqual(words.map(({ token }) => token), ["y0", "y1", "y2", "far", undefined]);
  words.slice(0, 3).forEach((word, i) => near(word.share, Math.exp(step.top[i].log_prob)));
  assert.deepEqual([words[0].chosen, words[3].gold, words[4].id], [true, true, "rest"]);
  near(words[3].share, 0.001);
});

test("a pointer's flow is split by p_gen, and a copied word has a ribbon from the source's side", () => {
  const { trace, step } = pointing(11, 6);
  const { nodes, ribbons } = flowGraph(trace, step, [12, 7]);
  const share = (id) => ribbons.find((ribbon) => ribbon.id === id).share;
  near(share("c-h"), step.p_gen), near(share("c-gate"), 1 - step.p_gen);
  near(share("copy-w0"), (1 - step.p_gen) * step.attention[0]);
  near(share("copy-w0") + share("z-w0"), Math.exp(step.top[0].log_prob));
  assert.ok(nodes.some(({ id }) => id === "copy"));
});

test("kinds of models have the parts that are known of them", () => {
  const ids = (kind, more) =>
    flowGraph(...Object.values(example(3, 3, kind, more)), [12, 4])
      .nodes.map(({ id }) => id)
      .filter((id) => !/^[sw]\d|rest/.test(id));
  assert.deepEqual(ids("additive"), ["c", "h", "z", "state"]);
  assert.deepEqual(ids("none"), ["last", "c", "h", "z", "state"]);
  assert.deepEqual(ids("cross"), ["c", "h", "z"]);
  assert.deepEqual(ids("given"), ["c"]);
  assert.deepEqual(ids("given", { top: [], log_prob: undefined }), ["c"]);
});

// Where a ribbon's two edges are across, at a share t of its way.
function edgesAt([, a, b, , c, d], t) {
  const bend = 3 * t * t - 2 * t ** 3; // a Bézier curve with its middle points at the height of its ends
  return [a + bend * (c - a), b + bend * (d - b)];
}

test("ribbons that share an end lie side by side all the way, within the drawing", () => {
  for (const [name, graph] of graphs) {
    const { nodes, ribbons } = placeFlow(graph, ROOM);
    for (const end of ["from", "to"]) {
      for (const { id } of graph.nodes) {
        const own = graph.ribbons.filter((ribbon) => ribbon[end] === id && ribbon.kind !== "thread");
        for (const t of [0, 0.25, 0.5, 0.75, 1]) {
          const edges = own.map((ribbon) => edgesAt(ribbons[ribbon.id], t)).sort((x, y) => x[0] - y[0] || x[1] - y[1]);
          edges.forEach(([a, b], i) =>
            assert.ok(
              a >= -1e-6 && b <= ROOM.across + 1e-6 && (!i || a >= edges[i - 1][1] - 1e-6),
              `${name} ${id} at ${t}`,
            ),
          );
        }
        const widths = sum(own.map((ribbon) => edgesAt(ribbons[ribbon.id], 0)).map(([a, b]) => b - a));
        if (own.length) near(widths, nodes[id][2], 1e-6);
      }
    }
  }
});

test("labels have their room: nodes of a column are at least a slot apart, and in the drawing", () => {
  for (const [name, graph, most] of graphs) {
    const room = most[0] === 4 ? { ...ROOM, across: 366, slot: 62, vector: 76 } : ROOM;
    const { nodes } = placeFlow(graph, room);
    for (const column of [0, 1, 2, 3, 4]) {
      const own = graph.nodes.filter((node) => node.column === column).map(({ id }) => nodes[id]);
      own.forEach(([, middle], i) => {
        assert.ok(middle >= room.slot / 2 - 1e-6 && middle <= room.across - room.slot / 2 + 1e-6, name);
        if (i) assert.ok(middle - own[i - 1][1] >= room.slot - 1e-6, name);
      });
    }
  }
});

test("an animation begins at what is drawn and ends at the step, also when another step comes meanwhile", () => {
  const [a, b, c] = [1, 2, 3].map((seed) => placeFlow(flowGraph(...Object.values(example(seed, 9)), [12, 7]), ROOM));
  assert.deepEqual(between(a, b, 0).ribbons["s0-c"], a.ribbons["s0-c"]);
  const half = between(a, b, 0.5);
  assert.deepEqual(
    between(half, c, 0).nodes,
    Object.fromEntries(Object.keys(c.nodes).map((id) => [id, half.nodes[id] ?? c.nodes[id]])),
  );
  for (const [id, place] of Object.entries(between(half, c, 1).ribbons))
    place.forEach((x, i) => near(x, c.ribbons[id][i]));
  const width = ([, from, to]) => to - from;
  near(width(half.ribbons["s0-c"]), (width(a.ribbons["s0-c"]) + width(b.ribbons["s0-c"])) / 2);
});

test("a ribbon that was not there opens out of a line", () => {
  const [short, long] = [3, 9].map((size) => placeFlow(flowGraph(...Object.values(example(4, size)), [12, 7]), ROOM));
  const [, a, b, , c, d] = between(short, long, 0).ribbons["s8-c"];
  assert.deepEqual([b - a, d - c], [0, 0]);
});

test("upright, along and across are exchanged", () => {
  const numbers = (path) => path.match(/[\d.]+,[\d.]+/g).map((pair) => pair.split(","));
  const ribbon = [0, 10, 20, 100, 30, 50];
  assert.deepEqual(numbers(ribbonPath(ribbon, true)), numbers(ribbonPath(ribbon, false)).map(([x, y]) => [y, x]));
});
