// Branches and edits in JavaScript: reads { links, edits, rows, texts } from the standard input. Of each link, text of a
// list of branches, writes the list and its own text, or null; of each text of an edit and each pair of an edit and rows
// the result or the error.

import { readFileSync } from "node:fs";
import { packBranches, unpackBranches, withoutForced } from "../../s2s/browser_model/branches.js";
import { editRow, editText, parseEdit } from "../../s2s/browser_model/edit.js";
import { UserError } from "../../s2s/browser_model/errors.js";
import { fixed, generalText } from "../../s2s/browser_model/rounding.js";

const { links = [], edits = [], rows = [], numbers = [] } = JSON.parse(readFileSync(0, "utf8"));

function tried(run) {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { error: { key: error.key, values: error.values } };
  }
}

function unpacked(link) {
  const branches = unpackBranches(link);
  return branches && { branches, packed: packBranches(branches), free: withoutForced(branches).map(({ id }) => id) };
}

const read = (text) => ({ ...parseEdit(text), text: editText(parseEdit(text)) });
const rowOf = ([text, own, previous]) => [...editRow(parseEdit(text), own, previous)];
const written = ([value, digits]) => [fixed(value, digits), generalText(value, digits)];
const values = {
  links: links.map(unpacked),
  edits: edits.map((text) => tried(() => read(text))),
  rows: rows.map((row) => tried(() => rowOf(row))),
  numbers: numbers.map(written),
};
process.stdout.write(JSON.stringify(values));
