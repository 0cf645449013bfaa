// Branches: continuations from a word that the model is made to say, or from edited attention.

import { ask } from "./ask.js";
import { button, el, fill, icon } from "./dom.js";
import { FOCUS } from "./keys.js";
import { putTogether } from "./words.js";

const isBranch = (view, lane) => view.branches.some((branch) => branch.id === lane);
export const laneName = (view, lane) => view.branches.find((branch) => branch.id === lane)?.name ?? view.strings[spoken(view, lane)];

// Of somebody's arrays it is not known that the model read its own words.
const spoken = (view, lane) => (lane === "free" && view.own.free?.checkpoint.attention === "given" ? "output" : lane);

// A branch comes whole or, where its steps came before, as its head: {id, name, parent, key}. ``rows`` keeps by key
// what came whole.
export function learn(view, branches) {
  for (const row of branches) if (row.steps || row.error) view.rows.set(row.key, row);
  return branches;
}

// The branches of a list that are known whole. What is kept of others is not needed any more.
export function branchRows(view, list) {
  learn(view, list);
  const wanted = new Set(list.map(({ key }) => key));
  for (const key of view.rows.keys()) if (!wanted.has(key)) view.rows.delete(key);
  const lacking = new Set();
  for (const { id, parent, key } of list) if (!view.rows.has(key) || lacking.has(parent)) lacking.add(id); // a parent comes first
  return list.filter(({ id }) => !lacking.has(id)).map(({ id, name, parent, key }) => ({ ...view.rows.get(key), id, name, parent }));
}

export const headsOf = (branches) => JSON.stringify(branches.map(({ id, name, parent, key }) => [id, name, parent, key]));

export function putBranches(view, branches) {
  const data = { lanes: view.own, branches };
  const lanes = Object.fromEntries(Object.entries(unpackLanes(data)).map(([name, lane]) => [name, putTogether(view, lane)]));
  Object.assign(view, { branches, heads: headsOf(branches), lanes, order: rowOrder(view, data), looksFor: undefined });
}

// Where a player goes on whose sentence is the same: in a branch that is new, at its first own step, else where it was.
export function newest(view, branches) {
  const added = branches.find((branch) => !branch.error && !view.branches.some(({ id }) => id === branch.id));
  return added ? { lane: added.id, step: added.shared } : view;
}

// Lanes by name: the sentence's own, then each branch, put together from its parent's first steps and what came with it.
function unpackLanes({ lanes, branches }) {
  const all = { ...lanes };
  const { schema, checkpoint, source, reference, reference_tokens } = lanes.free || lanes.forced;
  for (const { id, parent, shared, prefix, settings, divergence, steps, text, ended, error } of branches) {
    if (error) continue;
    const whole = [...(all[parent]?.steps.slice(0, shared) ?? []), ...steps];
    all[id] = { schema, mode: "free", checkpoint, source, reference, reference_tokens, settings, divergence, steps: whole, text, ended };
    if (prefix) all[id].prefix = prefix;
  }
  return all;
}

// Rows in the order of the tree, a branch below its parent: [name, depth].
function rowOrder(view, { lanes, branches }) {
  const rows = [];
  const put = (name, depth) => {
    rows.push([name, depth]);
    for (const branch of branches) if (branch.parent === name) put(branch.id, depth + 1);
  };
  for (const name of ["forced", "free"]) {
    if (lanes[name]) put(name, 0);
    else for (const branch of branches) if (branch.parent === name) put(branch.id, 0);
  }
  return rows;
}

// The head of a branch's row: its name, indented by its depth.
export function branchHead(view, branch, depth) {
  const name = el("span", { class: "name", text: branch.name, dir: "auto", title: view.strings.rename_help });
  if (view.page) name.addEventListener("dblclick", () => startRename(view, branch));
  else name.title = "";
  const head = el("th", { scope: "row", class: "branch", "data-branch": branch.id }, icon("fork"), name);
  head.style.setProperty("--depth", Math.min(depth, 4));
  return head;
}

// What marks a cell of a branch: steps it shares, where it leaves its parent, what was forced, what was edited.
export function markBranchCell(view, td, branch, step, t) {
  const { strings } = view;
  td.classList.toggle("shared", Boolean(branch) && t < branch.shared);
  const marks = [];
  if (branch && t === branch.shared) marks.push([icon("fork"), fill(strings.forked_from, { lane: laneName(view, branch.parent) })]);
  if (step.own_attention) marks.push(["✎", strings.edited_here]);
  if (branch && t >= branch.shared && t < branch.prefix) td.classList.add("made");
  if (!marks.length) return;
  const title = marks.map(([, text]) => text).join(" · ");
  td.append(el("span", { class: "marks", title }, ...marks.map(([mark]) => mark), el("span", { class: "heard", text: title })));
}

// The line below the lanes: what the current branch is, with its two actions.
export function paintBranchBar(view) {
  const branch = view.branches.find(({ id }) => id === view.lane);
  const bar = view.parts.branchBar;
  bar.hidden = !branch;
  if (!branch || bar.dataset.branch === branch.id) return;
  bar.dataset.branch = branch.id;
  const { strings } = view;
  const about = fill(strings.branch_about, { name: branch.name, lane: laneName(view, branch.parent), step: branch.shared + 1 });
  bar.replaceChildren(
    icon("fork"),
    el("span", { text: about, dir: "auto" }),
    ...(view.page
      ? [
          button(view, "rename", strings.rename_help, () => startRename(view, branch), strings.rename),
          button(view, "delete", strings.delete_help, () => askDelete(view, branch), strings.delete),
        ]
      : []),
  );
}

export function askDelete(view, branch) {
  const current = view.lane === branch.id;
  ask(view, "delete", { branch: branch.id }, (answer) => {
    if (answer.error) return say(view, answer.error, "branchNote");
    if (current && view.lanes[answer.branch]) view.acts.show(view, { lane: answer.branch });
    view.root.focus({ preventScroll: true }); // what was pressed is gone
    tell(view, fill(view.strings.deleted, { name: branch.name }));
  });
}

function startRename(view, branch) {
  const head = view.parts.lanes.querySelector(`th[data-branch="${branch.id}"]`);
  const field = el("input", { type: "text", value: branch.name, maxlength: 40, "aria-label": view.strings.rename_help });
  let over = false;
  const end = (keep) => {
    if (over) return;
    over = true;
    field.replaceWith(name);
    view.root.focus({ preventScroll: true });
    const typed = field.value.trim();
    if (!keep || !typed || typed === branch.name) return;
    name.textContent = typed;
    const then = ({ error }) => error && say(view, error, "branchNote");
    ask(view, "rename", { branch: branch.id, name: typed }, then);
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" || event.key === "Escape") end(event.key === "Enter");
  });
  field.addEventListener("blur", () => end(true));
  const name = head.querySelector(".name");
  name.replaceWith(field);
  field.focus();
  field.select();
}

const TYPED = { page: null, text: "" }; // what stands in the field, also when a switch of language mounts the player anew

// The field for a word that the list does not have. It works with an input method: nothing is sent while one composes.
export function sayForm(view) {
  const { strings } = view;
  const field = el("input", { type: "text", maxlength: 200, placeholder: strings.say_place, "aria-label": strings.say_place, autocomplete: "off" });
  if (TYPED.page === view.page) field.value = TYPED.text;
  let composing = false;
  field.addEventListener("compositionstart", () => (composing = true));
  field.addEventListener("compositionend", () => (composing = false));
  field.addEventListener("input", () => Object.assign(TYPED, { page: view.page, text: field.value }));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.preventDefault();
  });
  const form = el("form", { class: "say" }, field, el("button", { type: "submit", title: strings.say_help }, icon("fork"), strings.say));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!composing) fork(view, { text: field.value });
  });
  return form;
}

// Let the model go on from here by another word or with another attention.
export function fork(view, what) {
  const { lane, step } = view;
  FOCUS.busy = false;
  say(view, "");
  ask(view, "fork", { lane, step, ...what }, (answer) => {
    if (answer.error) return say(view, answer.error, what.edit === undefined ? "note" : "editNote");
    if (what.text !== undefined) {
      TYPED.text = "";
      view.parts.say.querySelector("input").value = "";
    }
    view.acts.stopEditing(view);
    view.acts.show(view, { lane: answer.branch, step: answer.step });
    if (!FOCUS.busy) view.root.focus({ preventScroll: true }); // else Space would fork again, and arrows move the caret
    const { text } = view.trace;
    tell(view, fill(view.strings.new_branch, { name: laneName(view, answer.branch), step: answer.step + 1, text }));
  });
}

// A sentence about what could not be done, beside where it was asked: ``note`` below the softmax, ``editNote`` in the
// editor, ``branchNote`` below the lanes. It is brought into sight, as what was pressed may be at the window's edge.
export function say(view, sentence, where = "note") {
  for (const name of ["note", "editNote", "branchNote"]) view.parts[name].textContent = name === where ? sentence : "";
  if (sentence) view.parts[where].scrollIntoView({ block: "nearest" });
}

// What a screen reader hears; a moment later, as a region that was just made is not read.
export function tell(view, sentence) {
  clearTimeout(view.telling);
  view.telling = setTimeout(() => view.root.isConnected && (view.parts.news.textContent = sentence), 200);
}

// A click on a row of the softmax is a fork there, but on the word that the lane says anyway.
export function listenFork(view, on) {
  on(view.parts.softmax, "click", (event) => {
    const row = event.target.closest("li[data-token]");
    if (row) fork(view, { word: row.dataset.token });
  });
}
