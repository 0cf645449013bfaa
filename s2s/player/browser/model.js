// The model of a player: what came from Python, and the lanes worked out from it. A model is never changed; the
// functions here make another one. Its fields:
//   page        identifier of what is on screen for requests to Python; undefined without Python
//   own         the sentence's lanes, {forced, free}, as they came; one may be null
//   branches    {id, name, parent, key, shared, steps, …} or {…, error}, a parent before its children
//   inPieces    whether subwords are shown one by one
//   lanes       what is shown, by name: the own lanes and the branches, put together to words unless ``inPieces``
//   order       the rows of the lanes, [name, depth]
//   whole       in a guessing game the lane with the steps that ``lanes`` hides; otherwise null
//   strings, words, vocabulary, link, fragment, begin, summaries, language, hide    as they came

import { isReference } from "./dom.js";
import { putTogether } from "./words.js";

export function buildModel(data, branches, inPieces) {
  const { page, lanes, strings, words, vocabulary, link, fragment, begin, summaries, language, hide } = data;
  const projects = data.projector != null; // whether the page has a projector mode
  const given = { strings, words, vocabulary, link, fragment, begin, summaries, language, hide, projects };
  return withLanes({ page, own: lanes, ...given, branches, inPieces });
}

export const withBranches = (model, branches) => withLanes({ ...model, branches });
export const withReading = (model, inPieces) => withLanes({ ...model, inPieces });
export const withLink = (model, link) => ({ ...model, link });

function withLanes(model) {
  const lanes = Object.fromEntries(
    Object.entries(unpackLanes(model)).map(([name, lane]) => [name, putTogether(model, lane)]),
  );
  return { ...model, lanes, order: rowOrder(model), whole: null };
}

// The model of a guessing game about one lane: only its first ``known`` steps are in ``lanes``.
export function hideComing(model, lane, known) {
  const whole = model.whole ?? model.lanes[lane];
  return { ...model, whole, lanes: { [lane]: cutLane(whole, known) }, order: [[lane, 0]] };
}

// A lane's first steps as if it had no more. Its reference would give the coming words away.
function cutLane(lane, known) {
  const divergence = lane.divergence < known ? lane.divergence : null;
  const pieces = lane.pieces && { pieces: cutLane(lane.pieces, known) };
  return {
    ...lane,
    ...pieces,
    steps: lane.steps.slice(0, known),
    reference: null,
    reference_tokens: [],
    divergence,
    text: "",
  };
}

// Lanes by name: the sentence's own, then each branch, put together from its parent's first steps and its own. The
// reference of one, which the forced lane always has, is that of all.
function unpackLanes({ own, branches }) {
  const { schema, checkpoint, source, reference, reference_tokens } = own.forced || own.free;
  const compared = ([name, lane]) => [name, lane && { ...lane, reference_tokens }];
  const all = Object.fromEntries(Object.entries(own).map(compared));
  for (const { id, parent, shared, prefix, settings, divergence, steps, text, ended, error } of branches) {
    if (error) continue;
    const whole = [...(all[parent]?.steps.slice(0, shared) ?? []), ...steps];
    all[id] = {
      schema,
      mode: "free",
      checkpoint,
      source,
      reference,
      reference_tokens,
      settings,
      divergence,
      steps: whole,
      text,
      ended,
    };
    if (prefix) all[id].prefix = prefix;
  }
  return all;
}

// Rows in the order of the tree, a branch below its parent.
function rowOrder({ own, branches }) {
  const rows = [];
  const put = (name, depth) => {
    rows.push([name, depth]);
    for (const branch of branches) if (branch.parent === name) put(branch.id, depth + 1);
  };
  for (const name of ["forced", "free"]) {
    if (own[name]) put(name, 0);
    else for (const branch of branches) if (branch.parent === name) put(branch.id, 0);
  }
  return rows;
}

export const branchOf = ({ branches }, lane) => branches.find(({ id }) => id === lane);
// What tells a lane from all others: a branch's name and identifier may be used again.
export const laneKey = (model, lane) => branchOf(model, lane)?.key ?? lane;

export function laneName(model, lane) {
  const given = model.own.free?.checkpoint.attention === "given"; // of arrays it is not known whether they ran freely
  return branchOf(model, lane)?.name ?? model.strings[lane === "free" && given ? "output" : lane];
}

// A branch comes whole or, once its steps were sent, as its head {id, name, parent, key}. ``rows`` keeps whole branches
// by key.
export function learnBranches(rows, list) {
  for (const row of list) if (row.steps || row.error) rows.set(row.key, row);
}

// The branches of a list that are known whole, with their ancestors. ``rows`` forgets branches that are not in the
// list.
export function knownBranches(rows, list) {
  learnBranches(rows, list);
  const wanted = new Set(list.map(({ key }) => key));
  for (const key of rows.keys()) if (!wanted.has(key)) rows.delete(key);
  const lacking = new Set();
  // a parent comes first
  for (const { id, parent, key } of list) if (!rows.has(key) || lacking.has(parent)) lacking.add(id);
  return list
    .filter(({ id }) => !lacking.has(id))
    .map(({ id, name, parent, key }) => ({ ...rows.get(key), id, name, parent }));
}

const headsOf = (branches) => JSON.stringify(branches.map(({ id, name, parent, key }) => [id, name, parent, key]));
export const sameBranches = (a, b) => headsOf(a) === headsOf(b);

// Where to go on with another list of branches: the first step of its own of a new branch, otherwise ``place``.
export function placeAmong(model, branches, place) {
  const added = branches.find((branch) => !branch.error && !branchOf(model, branch.id));
  return added ? { lane: added.id, step: added.shared } : place;
}

// What a lane says at a step: teacher-forced, the most probable word; free-running, the word that it went on with.
export const spokenWord = (step, mode) =>
  (mode === "forced" && step.top[0]) || {
    token: step.output,
    log_prob: step.log_prob,
    rank: step.rank,
  };

// Whether the word that a lane says at a step is not the reference's; past the reference's end, no word is.
export function isMiss({ steps, mode, reference_tokens }, t) {
  if (!reference_tokens.length) return false;
  return !isReference(spokenWord(steps[t], mode).token, [...reference_tokens, "<eos>"][t]);
}
