// What a person got wrong: the key of a sentence of the locales, and the values of its fields.

export class UserError extends Error {
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}
