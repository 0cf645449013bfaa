// What a model says of a sentence, by kind: ``run`` (both lanes) and the parts of the lesson. Examples were computed
// when the site was built, everything else is computed in a worker, once.

const RESULTS = 60; // results that are kept

const keyOf = (kind, model, text, ref) => JSON.stringify([kind, model, text, ref]);

export class Computer {
  // ``summarised(clauses)`` gives what is said about each lane.
  constructor(models, summarised) {
    Object.assign(this, { models, summarised, ahead: new Map(), found: new Map() });
  }

  // Learn examples that were computed ahead: rows of kind, model, text, ref, value.
  learn(rows) {
    for (const { kind, model, text, ref, value } of rows) {
      this.ahead.set(keyOf(kind, model, text, ref), Promise.resolve(value));
    }
  }

  get(kind, model, text, ref = "") {
    const key = keyOf(kind, model, text, ref);
    if (this.ahead.has(key)) return this.ahead.get(key);
    const result = this.found.get(key) ?? this.ask(kind, model, text, ref);
    this.found.delete(key);
    this.found.set(key, result);
    result.catch(() => this.found.delete(key));
    if (this.found.size > RESULTS) this.found.delete(this.found.keys().next().value);
    return result;
  }

  async ask(kind, model, text, reference) {
    if (kind === "run") {
      const { lanes, clauses, words } = await this.models.call(model, "run", { source: text, reference, settings: {} });
      return { lanes, words, summaries: this.summarised(clauses) };
    }
    return this.models.call(model, "lesson", { part: kind, text, reference });
  }

  // The most probable words of a step under other attention weights.
  words(model, text, step, weights) {
    return this.models.call(model, "lesson", { part: "words", text, step, weights });
  }
}
