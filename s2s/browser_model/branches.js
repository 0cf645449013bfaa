// Branches: continuations with a forced prefix of words, or with edited attention at some steps; the values of
// ``s2s/trace/branch.py``, { id, name, parent, step, prefix, attention }, where ``attention`` maps steps to texts of
// edits. A list of branches is never changed; the functions here make another one.

import { editText, parseEdit } from "./edit.js";
import { UserError } from "./errors.js";
import { clean, lengthOf, printable, strip } from "./text/clean.js";

const MAX_BRANCHES = 12;
const MAX_STEPS = 500;
const MAX_NAME = 40; // characters
const MAX_TOKEN = 100; // characters
const MAX_PACKED = 6_000; // characters of a list in a link
const [ID, PARENT] = [/^b[1-9]\d{0,3}$/, /^(free|forced|b[1-9]\d{0,3})$/];
const STEP = /^(0|[1-9]\d{0,3})$/;

const nameOf = (typed) => strip(Array.from(printable(clean(typed), "")).slice(0, MAX_NAME).join(""));
const waysOf = ({ prefix, attention }) => JSON.stringify([prefix, Object.entries(attention)]);

export const editsOf = ({ attention }) =>
  new Map(Object.entries(attention).map(([t, text]) => [Number(t), parseEdit(text)]));

export function findBranch(branches, id) {
  const found = branches.find((branch) => branch.id === id);
  if (!found) throw new UserError("branch_gone");
  return found;
}

// The list with one more branch, and that branch; or the same list and the branch with the same prefix and edits.
export function addBranch(branches, { prefix, name, parent, step, attention }) {
  const existing = branches.find((branch) => waysOf(branch) === waysOf({ prefix, attention }));
  if (existing) return { branches, branch: existing };
  if (branches.length >= MAX_BRANCHES) throw new UserError("branch_many", { limit: MAX_BRANCHES });
  const number = 1 + Math.max(0, ...branches.map(({ id }) => Number(id.slice(1))));
  const branch = { id: `b${number}`, name: nameOf(name) || `#${number}`, parent, step, prefix, attention };
  const more = [...branches, branch];
  if (lengthOf(packBranches(more)) > MAX_PACKED) throw new UserError("branch_large");
  return { branches: more, branch };
}

// An empty name changes nothing.
export function renameBranch(branches, id, typed) {
  findBranch(branches, id);
  return branches.map((branch) => (branch.id === id ? { ...branch, name: nameOf(typed) || branch.name } : branch));
}

// Its children stay and become children of its parent: each contains its whole prefix.
export function deleteBranch(branches, id) {
  const gone = findBranch(branches, id);
  const adopt = (branch) => ({ ...branch, parent: gone.parent, step: Math.min(branch.step, gone.step) });
  return branches.filter((branch) => branch !== gone).map((branch) => (branch.parent === id ? adopt(branch) : branch));
}

// The branches that hold for any reference of the sentence: those that do not stem from the forced lane.
export function withoutForced(branches) {
  const gone = new Set(["forced"]);
  return branches.filter(({ id, parent }) => !(gone.has(parent) && gone.add(id)));
}

// Branches as the text that a link holds, the same as the app's.
export function packBranches(branches) {
  const plain = ({ id, name, parent, step, prefix, attention }) => ({
    id,
    name,
    parent,
    step,
    ...(prefix.length ? { prefix } : {}),
    ...(Object.keys(attention).length ? { attention } : {}),
  });
  return branches.length ? JSON.stringify(branches.map(plain)) : "";
}

// The branches that ``packBranches`` wrote; null for any other text.
export function unpackBranches(text) {
  if (!text) return [];
  if (lengthOf(text) > MAX_PACKED) return null;
  try {
    const values = JSON.parse(text);
    const known = ["free", "forced"];
    const isFresh = ({ id, parent }) => !known.includes(id) && known.includes(parent) && known.push(id);
    if (!Array.isArray(values) || !values.length || values.length > MAX_BRANCHES) return null;
    const branches = values.map(readBranch);
    return branches.every((branch) => branch && isFresh(branch)) ? branches : null;
  } catch {
    return null; // not JSON, or an edit that is none
  }
}

function readBranch({ id, name, parent, step, prefix = [], attention = {}, ...others }) {
  if (![id, name, parent].every((value) => typeof value === "string") || Object.keys(others).length) return null;
  const named = ID.test(id) && PARENT.test(parent) && strip(name) && lengthOf(name) <= MAX_NAME;
  const isWord = (token) => typeof token === "string" && token !== "" && lengthOf(token) <= MAX_TOKEN;
  const placed = Number.isInteger(step) && step >= 0 && step <= prefix.length && prefix.length <= MAX_STEPS;
  if (!named || printable(name, "") !== name || !Array.isArray(prefix) || !prefix.every(isWord) || !placed) return null;
  if (attention === null || typeof attention !== "object" || Array.isArray(attention)) return null;
  const edits = Object.entries(attention);
  if (!edits.every(([t, edit]) => STEP.test(t) && Number(t) <= MAX_STEPS && typeof edit === "string")) return null;
  const spelt = edits.map(([t, edit]) => [t, editText(parseEdit(edit))]); // raises if one is no edit
  return { id, name, parent, step, prefix, attention: Object.fromEntries(spelt) };
}
