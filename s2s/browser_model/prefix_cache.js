// An encoded source, and the decoder steps that were used last, by the path of tokens and edits that leads to each, so
// that a fork or an edit decodes only what it changes.

import { editRow, editText } from "./edit.js";
import { UserError } from "./errors.js";
import { encode, step } from "./seq2seq.js";

const KEPT = 256; // steps; each holds a distribution over the target vocabulary

export class PrefixCache {
  constructor(model, ids) {
    const { memory, state } = encode(model, ids);
    Object.assign(this, { model, memory, start: { path: "", state, output: null, own: null }, steps: new Map() });
  }

  // The step after ``before`` that reads ``token``: { path, state, output, own }. ``own`` is an edited step's output
  // with the model's own attention, else null.
  step(before, token, edit = null) {
    const path = `${before.path}/${token}${edit ? `:${editText(edit)}` : ""}`;
    const found = this.steps.get(path) ?? this.compute(path, before, token, edit);
    this.steps.delete(path);
    this.steps.set(path, found);
    if (this.steps.size > KEPT) this.steps.delete(this.steps.keys().next().value);
    return found;
  }

  compute(path, before, token, edit) {
    const own = step(this.model, before.state, token, this.memory);
    if (!edit) return { path, state: own.state, output: own, own: null };
    if (!own.attended.attention_S.length) throw new UserError("edit_no_attention");
    const row_S = editRow(edit, own.attended.attention_S, before.output?.attended.attention_S);
    const edited = step(this.model, before.state, token, this.memory, row_S);
    return { path, state: edited.state, output: edited, own };
  }
}
