// What Python answers in the app, answered in the browser: the lanes of a sentence, its branches, and the player's
// requests about them (docs/ARCHITECTURE.md). A session holds one checkpoint; everything here is synchronous and
// without a page, so that a worker can run it.

import { addBranch, deleteBranch, editsOf, findBranch, renameBranch } from "./branches.js";
import { decodeTrace } from "./decode.js";
import { editRow, parseEdit } from "./edit.js";
import { UserError } from "./errors.js";
import { sourceIds, tokensBefore, typedTokens } from "./inputs.js";
import { PrefixCache } from "./prefix_cache.js";
import { previewStep } from "./preview.js";
import { clausesOf } from "./summary.js";

const KEPT_TRACES = 64; // traces of branches

export class Session {
  constructor(checkpoint) {
    Object.assign(this, { checkpoint, cache: null, sentence: null, lanes: {}, traces: new Map() });
  }

  // Decode a sentence: { source, reference, settings }. The free lane, the forced lane where there is a reference, and
  // what can be said about each.
  run({ source, reference, settings }) {
    this.sentence = { source, reference, settings };
    this.cache = new PrefixCache(this.checkpoint.model, sourceIds(this.checkpoint, source).ids);
    this.traces = new Map();
    const forced = reference?.trim() ? this.decode({ mode: "forced" }) : null;
    this.lanes = { forced, free: this.decode({}) };
    const { free } = this.lanes;
    const clauses = { free: clausesOf(free, forced), ...(forced ? { forced: clausesOf(forced) } : {}) };
    return { lanes: this.lanes, clauses };
  }

  decode({ mode, prefix, edits }) {
    const { source, reference, settings } = this.sentence;
    return decodeTrace(this.checkpoint, source, { reference, settings, mode, prefix, edits, cache: this.cache });
  }

  traceOf(branches, lane) {
    if (Object.hasOwn(this.lanes, lane)) {
      if (!this.lanes[lane]) throw new UserError("request_broken");
      return this.lanes[lane];
    }
    const branch = findBranch(branches, lane);
    const key = JSON.stringify([branch.prefix, branch.attention]);
    const found = this.traces.get(key) ?? this.decode({ prefix: branch.prefix, edits: editsOf(branch) });
    this.traces.delete(key);
    this.traces.set(key, found);
    if (this.traces.size > KEPT_TRACES) this.traces.delete(this.traces.keys().next().value);
    return found;
  }

  // The lane of a request, its step, the words before it, and the edits before it.
  before(branches, { lane, step }) {
    const trace = this.traceOf(branches, lane);
    if (!(Number.isInteger(step) && step >= 0 && step < trace.steps.length)) throw new UserError("request_broken");
    const attention = this.lanes[lane] ? {} : findBranch(branches, lane).attention;
    const earlier = Object.fromEntries(Object.entries(attention).filter(([t]) => Number(t) < step));
    return { trace, prefix: tokensBefore(this.checkpoint, trace, step), attention: earlier };
  }

  // A branch at ``step`` of ``lane``: with a ``word`` of the vocabulary, a typed ``text``, or an ``edit``.
  fork(branches, { lane, step, word, text, edit }) {
    const { trace, prefix, attention } = this.before(branches, { lane, step });
    const more = { parent: lane, step };
    let added;
    if (edit !== undefined) {
      if (this.sentence.settings?.strategy === "beam") throw new UserError("edit_beam");
      fitting(edit, trace);
      const edits = { ...attention, [step]: edit };
      added = addBranch(branches, { ...more, name: `✎ ${step + 1}`, prefix, attention: edits });
    } else {
      const tokens = typedTokens(this.checkpoint, word ?? text, word !== undefined);
      const name = this.checkpoint.target.segmenter.join(tokens);
      added = addBranch(branches, { ...more, name, prefix: [...prefix, ...tokens], attention });
    }
    this.traceOf(added.branches, added.branch.id); // a branch that cannot be decoded is not kept
    return { branches: added.branches, answer: { branch: added.branch.id, step } };
  }

  preview(branches, { lane, step, edit }) {
    const { trace, prefix, attention } = this.before(branches, { lane, step });
    const shown = previewStep(this.checkpoint, this.cache, prefix, editsOf({ attention }), fitting(edit, trace));
    return { branches, answer: { lane, step, ...shown } };
  }

  rename(branches, { branch, name }) {
    return { branches: renameBranch(branches, branch, name), answer: { branch } };
  }

  delete(branches, { branch }) {
    const { parent } = findBranch(branches, branch);
    return { branches: deleteBranch(branches, branch), answer: { branch: parent } };
  }

  // The branches for the player: each with its steps from where it leaves its parent, or with an error.
  rows(branches) {
    const keys = new Map(); // of the rows, by id; a parent comes before its children
    return branches.map((branch) => {
      const { id, name, parent, prefix, attention } = branch;
      keys.set(id, JSON.stringify([keys.get(parent) ?? parent, prefix, attention]));
      const head = { id, name, parent, key: keys.get(id) };
      try {
        return { ...this.row(branches, branch), ...head };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { ...head, error: { key: error.key, values: error.values } };
      }
    });
  }

  row(branches, { id, parent }) {
    const trace = this.traceOf(branches, id);
    const shared = sharedSteps(trace, this.parentOf(branches, parent));
    const { settings, divergence, steps, text, ended, prefix = 0 } = trace;
    const parts = { settings, divergence, steps: steps.slice(shared), text, ended };
    return { shared, prefix, clauses: clausesOf(trace), ...parts };
  }

  // The trace of a parent; null if it is gone or cannot be decoded with the present settings.
  parentOf(branches, lane) {
    try {
      return this.traceOf(branches, lane);
    } catch (error) {
      if (error instanceof UserError) return null;
      throw error;
    }
  }
}

function fitting(text, { source: { tokens } }) {
  const edit = parseEdit(String(text));
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
