// The state of a live page in the fragment of its address, under the names of the app's links (s2s/web/shell/
// page_state.py). ``ranges`` has the least and the greatest number of each setting, ``defaults`` all settings.

import { packBranches, unpackBranches } from "../../browser_model/branches.js";

const STRATEGIES = ["greedy", "sampling", "beam"];
const MOST_LETTERS = 4_000; // characters of a text
const OF_THE_APP = ["note", "hide", "predict", "projector", "tokens", "mode"]; // what a live page has no place for
const REAL = ["temperature", "top_p", "length_penalty", "coverage_penalty"]; // the other settings are whole numbers
const DECIMAL = /^-?\d+(\.\d+)?$/;

export const isReal = (name) => REAL.includes(name);

// Whether a text is a number that the setting takes.
export function isSetting(name, text, { ranges }) {
  const [[low, high], number] = [ranges[name], Number(text)];
  const written = text.length <= 40 && DECIMAL.test(text) && number >= low && number <= high;
  return written && (isReal(name) || Number.isInteger(number));
}

// What a fragment says: { text, ref, settings, branches, refused }; ``text`` is null where it names none, ``refused``
// are the names of the parameters that cannot be used.
export function readFragment(hash, given) {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const [settings, refused] = [{ ...given.defaults }, []];
  const long = (name) => (parameters.get(name) ?? "").length > MOST_LETTERS && refused.push(name);
  for (const [name, text] of parameters) {
    if (name === "strategy" && STRATEGIES.includes(text)) settings.strategy = text;
    else if (Object.hasOwn(given.ranges, name) && isSetting(name, text, given)) settings[name] = Number(text);
    else if (name === "strategy" || Object.hasOwn(given.ranges, name) || OF_THE_APP.includes(name)) refused.push(name);
  }
  const [text, ref] = ["text", "ref"].map((name) => (long(name) ? null : parameters.get(name)));
  const branches = unpackBranches(parameters.get("branches") ?? "");
  if (branches === null) refused.push("branches");
  return { text, ref: ref ?? "", settings, branches: branches ?? [], refused };
}

// The parameters of a link to a state; settings that are as usual are left out.
export function linkOf({ text, ref, settings, branches }, defaults) {
  const chosen = Object.entries(settings).filter(([name, value]) => value !== defaults[name]);
  const packed = packBranches(branches);
  return {
    text,
    ...(ref ? { ref } : {}),
    ...Object.fromEntries(chosen.map(([name, value]) => [name, String(value)])),
    ...(packed ? { branches: packed } : {}),
  };
}
