// What Python answers in the app, answered in the browser: the lanes of a sentence, its branches, and the player's
// requests about them. A session holds one checkpoint; everything here is synchronous, without a page, and of values
// that can be posted, so that a worker can run it.

import { addBranch, deleteBranch, editsOf, findBranch, renameBranch } from "./branches.js";
import { decodeTrace } from "./decode.js";
import { editRow, editText, parseEdit } from "./edit.js";
import { UserError } from "./errors.js";
import { evidenceValues, examining, ordering } from "./evidence.js";
import { referenceIds, sourceIds, tokensBefore, typedTokens } from "./inputs.js";
import { originValues, tracingOrigins } from "./origins.js";
import { PrefixCache } from "./prefix_cache.js";
import { previewStep } from "./preview.js";
import { readoutValues } from "./readout.js";
import { idOf, laneOf } from "./replay.js";
import { textField, wholeField } from "./request.js";
import { sourceWords } from "./subwords.js";
import { clausesOf } from "./summary.js";
import { strip } from "./text/clean.js";

const KEPT_TRACES = 64; // of branches
const KEPT_WORK = 512; // computations of evidence
const SLICE = 150; // milliseconds of a long computation, until other requests are answered
const MOST_STEPS = 8; // of one request for evidence
const MAX_EDIT = 6_000; // characters
const KINDS = ["fork", "preview", "rename", "delete", "evidence", "orders", "origins", "readout"];
const UNANSWERED = ["branches", "place", "pieces"]; // every answer comes with the branches

export class Session {
  constructor(checkpoint) {
    Object.assign(this, { checkpoint, cache: null, sentence: null, lanes: {}, traces: new Map(), works: new Map() });
  }

  // Decode a sentence: { source, reference, settings, mode }, where the mode is both, free or forced. The lanes, what
  // can be said about each, the source's words where it is in subwords, and in ``refused`` why a reference is not used,
  // as { key, values }.
  run({ source, reference = "", settings = {}, mode = "both" }) {
    const cache = new PrefixCache(this.checkpoint.model, sourceIds(this.checkpoint, source).ids);
    Object.assign(this, { cache, sentence: { source, reference, settings }, traces: new Map(), works: new Map() });
    const isGiven = mode === "forced" || strip(reference);
    const refused = isGiven ? this.refusalOf(reference, mode) : null;
    if (refused) this.sentence.reference = "";
    const forced = isGiven && !refused && mode !== "free" ? this.decode({ mode: "forced" }) : null;
    const free = mode === "forced" ? null : this.decode({});
    this.lanes = { forced, free };
    const clauses = {
      ...(forced ? { forced: clausesOf(forced) } : {}),
      ...(free ? { free: clausesOf(free, forced) } : {}),
    };
    return { lanes: this.lanes, clauses, words: sourceWords((free ?? forced).source.tokens), refused };
  }

  // Why a reference cannot be used; without it the sentence is decoded all the same, unless nothing else was asked for.
  refusalOf(reference, mode) {
    if (mode === "forced") return null; // decoding says so
    const refusal = refusalOf(() => referenceIds(this.checkpoint, reference));
    return refusal && { key: refusal.key, values: refusal.values };
  }

  decode({ mode, prefix, edits }) {
    const { source, reference, settings } = this.sentence;
    return decodeTrace(this.checkpoint, source, { reference, settings, mode, prefix, edits, cache: this.cache });
  }

  // Answer a request { kind, …fields } about a list of branches: the list after it, the fields of the answer, and the
  // rows of the list for the player. Raises UserError for what cannot be done.
  answer(branches, request) {
    const { kind, has = [] } = request;
    if (!KINDS.includes(kind) && !UNANSWERED.includes(kind)) throw new UserError("request_broken");
    const found = KINDS.includes(kind) ? this[kind](branches, request) : { answer: {} };
    const after = found.branches ?? branches;
    return { branches: after, answer: found.answer, rows: this.rows(after, has) };
  }

  traceOf(branches, lane) {
    if (lane === "free" || lane === "forced") {
      if (!this.lanes[lane]) throw new UserError("request_broken");
      return this.lanes[lane];
    }
    const branch = findBranch(branches, lane);
    return kept(this.traces, wayOf(branch), KEPT_TRACES, () =>
      this.decode({ prefix: branch.prefix, edits: editsOf(branch) }),
    );
  }

  // The lane of a request, its step, and what a branch of it begins with: the words and the edits before the step.
  before(branches, request) {
    const lane = textField(request, "lane");
    const trace = this.traceOf(branches, lane);
    const step = wholeField(request, "step", 0, trace.steps.length - 1);
    const attention = Object.hasOwn(this.lanes, lane) ? {} : findBranch(branches, lane).attention;
    const earlier = Object.fromEntries(Object.entries(attention).filter(([t]) => Number(t) < step));
    return { lane, step, trace, prefix: tokensBefore(this.checkpoint, trace, step), attention: earlier };
  }

  // A branch at ``step`` of ``lane``: with a ``word`` of the vocabulary, a typed ``text``, or an ``edit``.
  fork(branches, request) {
    const { lane, step, trace, prefix, attention } = this.before(branches, request);
    const more = { parent: lane, step };
    let added;
    if (request.edit !== undefined) {
      if (this.sentence.settings.strategy === "beam") throw new UserError("edit_beam");
      const edits = { ...attention, [step]: editText(fittingEdit(request, trace)) };
      added = addBranch(branches, { ...more, name: `✎ ${step + 1}`, prefix, attention: edits });
    } else {
      const whole = request.word !== undefined;
      const tokens = typedTokens(this.checkpoint, textField(request, whole ? "word" : "text"), whole);
      const name = this.checkpoint.target.segmenter.join(tokens);
      added = addBranch(branches, { ...more, name, prefix: [...prefix, ...tokens], attention });
    }
    this.traceOf(added.branches, added.branch.id); // a branch that cannot be decoded is not kept
    return { branches: added.branches, answer: { branch: added.branch.id, step } };
  }

  preview(branches, request) {
    const { lane, step, trace, prefix, attention } = this.before(branches, request);
    const edit = fittingEdit(request, trace);
    const shown = previewStep(this.checkpoint, this.cache, prefix, editsOf({ attention }), edit);
    return { answer: { lane, step, ...shown } };
  }

  rename(branches, request) {
    const branch = textField(request, "branch");
    return { branches: renameBranch(branches, branch, textField(request, "name")), answer: { branch } };
  }

  delete(branches, request) {
    const { id, parent } = findBranch(branches, textField(request, "branch"));
    return { branches: deleteBranch(branches, id), answer: { branch: parent } };
  }

  // The vectors of ``step`` from its context to its words.
  readout(branches, request) {
    const lane = textField(request, "lane");
    const trace = this.traceOf(branches, lane);
    const step = wholeField(request, "step", 0, trace.steps.length - 1);
    const readout = readoutValues(this.checkpoint, laneOf(this.checkpoint, trace), trace, step);
    return { answer: { lane, step, readout } };
  }

  // The evidence of ``count`` steps from ``first``, without orders; ``more`` if it is not finished: ask again.
  evidence(branches, request) {
    const { lane, found } = this.evidenceOf(branches, request);
    return { answer: { lane, ...(found ? { steps: found.map(evidenceValues) } : { more: true }) } };
  }

  // The evidence with the best and the worst order of erasing.
  orders(branches, request) {
    const { lane, content, own, found } = this.evidenceOf(branches, request);
    const work = () => ordering(this.checkpoint.model, own, found);
    const all = found && this.advance(`orders ${content}`, work);
    return { answer: { lane, ...(all ? { steps: all.map(evidenceValues) } : { more: true }) } };
  }

  // What the words of ``count`` steps owe to source and prefix; of one step also why its word and not the one of rank
  // ``against`` (0 for none).
  origins(branches, request) {
    const { lane, trace, content, own, steps } = this.stepsOf(branches, request);
    const [{ top }] = steps.map((t) => trace.steps[t]);
    const rank = steps.length === 1 ? wholeField(request, "against", 0, top.length) : 0;
    const against = rank ? idOf(this.checkpoint, top[rank - 1].token) : null;
    const work = () => tracingOrigins(this.checkpoint.model, own, steps, against);
    const found = this.advance(`origins ${rank} ${content}`, work);
    return { answer: { lane, ...(found ? { steps: found.map(originValues) } : { more: true }) } };
  }

  evidenceOf(branches, request) {
    const { steps, ...about } = this.stepsOf(branches, request);
    if (about.trace.checkpoint.attention === "none") throw new UserError("request_broken"); // no player asks about it
    const work = () => examining(this.checkpoint.model, about.own, steps);
    return { ...about, found: this.advance(about.content, work) };
  }

  // The lane that a request is about, and its steps.
  stepsOf(branches, request) {
    const lane = textField(request, "lane");
    const trace = this.traceOf(branches, lane);
    const last = trace.steps.length - 1;
    const first = wholeField(request, "first", 0, last);
    const count = Math.min(last - first + 1, wholeField(request, "count", 1, MOST_STEPS));
    const steps = Array.from({ length: count }, (_, n) => first + n);
    const way = Object.hasOwn(this.lanes, lane) ? lane : wayOf(findBranch(branches, lane));
    return { lane, trace, steps, content: `${first} ${count} ${way}`, own: laneOf(this.checkpoint, trace) };
  }

  // Go on with a computation for a while: its result, or undefined if it is not finished.
  advance(name, begin) {
    const work = kept(this.works, name, KEPT_WORK, () => ({ parts: begin(), value: undefined }));
    const end = performance.now() + SLICE;
    while (work.value === undefined) {
      const { done, value } = work.parts.next();
      if (done) work.value = value;
      else if (performance.now() > end) break;
    }
    return work.value;
  }

  // The branches for the player: each with its steps from where it leaves its parent, or with an error; only the head
  // of a row whose key is in ``has``.
  rows(branches, has = []) {
    const keys = new Map(); // of the rows, by id; a parent comes before its children
    return branches.map((branch) => {
      const { id, name, parent } = branch;
      keys.set(id, JSON.stringify([keys.get(parent) ?? parent, wayOf(branch)]));
      const head = { id, name, parent, key: keys.get(id) };
      if (has.includes(head.key)) return head;
      let row = null;
      const refusal = refusalOf(() => (row = this.row(branches, branch)));
      return refusal ? { ...head, error: { key: refusal.key, values: refusal.values } } : { ...head, ...row };
    });
  }

  row(branches, { id, parent }) {
    const trace = this.traceOf(branches, id);
    let above = null; // of a parent that is gone, or cannot be decoded with the present settings
    refusalOf(() => (above = this.traceOf(branches, parent)));
    const shared = sharedSteps(trace, above);
    const { settings, divergence, steps, text, ended, prefix = 0 } = trace;
    const parts = { settings, divergence, steps: steps.slice(shared), text, ended };
    return { shared, prefix, clauses: clausesOf(trace), ...parts };
  }
}

const wayOf = ({ prefix, attention }) => JSON.stringify([prefix, attention]);

// The value of a map, made if it is not there; the map forgets those that were not used for the longest time.
function kept(map, name, most, make) {
  const value = map.has(name) ? map.get(name) : make();
  map.delete(name);
  map.set(name, value);
  if (map.size > most) map.delete(map.keys().next().value);
  return value;
}

// The UserError of a function that raises one, else null.
function refusalOf(run) {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function fittingEdit(request, { source: { tokens } }) {
  const edit = parseEdit(textField(request, "edit", MAX_EDIT));
  const ones = Float32Array.from(tokens, () => 1);
  editRow(edit, ones, ones); // raises if it does not fit
  return edit;
}

// The number of leading steps that equal the parent's.
function sharedSteps(trace, parent) {
  const length = Math.min(trace.steps.length, parent?.steps.length ?? 0);
  const plain = ({ output, log_prob, target, attention }) => JSON.stringify([output, log_prob, target, attention]);
  for (let t = 0; t < length; t++) if (plain(trace.steps[t]) !== plain(parent.steps[t])) return t;
  return length;
}
