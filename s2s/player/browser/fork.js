// Branches: continuations from a word that is forced, or from edited attention.

import { ask } from "./ask.js";
import { traceOf } from "./cursor.js";
import { button, el, fill, icon } from "./dom.js";
import { FOCUS } from "./keys.js";
import { branchOf, laneName } from "./model.js";

// The head of a branch's row: its name, indented by its depth.
export function branchHead(view, branch, depth) {
  const name = el("span", { class: "name", text: branch.name, dir: "auto", title: view.model.strings.rename_help });
  if (view.model.page) name.addEventListener("dblclick", () => startRename(view, branch));
  else name.title = "";
  const head = el("th", { scope: "row", class: "branch", "data-branch": branch.id }, icon("fork"), name);
  head.style.setProperty("--depth", Math.min(depth, 4));
  return head;
}

// Mark a cell of a lane: steps that a branch shares, where it leaves its parent, forced words, edited attention.
export function markBranchCell(model, td, branch, step, t) {
  const { strings } = model;
  td.classList.toggle("shared", Boolean(branch) && t < branch.shared);
  const marks = [];
  if (branch && t === branch.shared)
    marks.push([icon("fork"), fill(strings.forked_from, { lane: laneName(model, branch.parent) })]);
  if (step.own_attention) marks.push(["✎", strings.edited_here]);
  if (branch && t >= branch.shared && t < branch.prefix) td.classList.add("made");
  if (!marks.length) return;
  const title = marks.map(([, text]) => text).join(" · ");
  td.append(
    el("span", { class: "marks", title }, ...marks.map(([mark]) => mark), el("span", { class: "heard", text: title })),
  );
}

// The line below the lanes about the selected branch, with its two actions.
export function paintBranchBar(view) {
  const branch = branchOf(view.model, view.cursor.lane);
  const bar = view.dom.branchBar;
  bar.hidden = !branch;
  if (!branch || bar.dataset.branch === branch.id) return;
  bar.dataset.branch = branch.id;
  const { strings } = view.model;
  const about = fill(strings.branch_about, {
    name: branch.name,
    lane: laneName(view.model, branch.parent),
    step: branch.shared + 1,
  });
  bar.replaceChildren(
    icon("fork"),
    el("span", { text: about, dir: "auto" }),
    ...(view.model.page
      ? [
          button("rename", strings.rename_help, () => startRename(view, branch), strings.rename),
          button("delete", strings.delete_help, () => askDelete(view, branch), strings.delete),
        ]
      : []),
  );
}

export function askDelete(view, branch) {
  const current = view.cursor.lane === branch.id;
  ask(view.channel, "delete", { branch: branch.id }, (answer) => {
    if (answer.error) return showNote(view, answer.error, "branchNote");
    if (current && view.model.lanes[answer.branch]) view.acts.show(view, { lane: answer.branch });
    view.dom.root.focus({ preventScroll: true }); // the button that was pressed is gone
    speakNews(view, fill(view.model.strings.deleted, { name: branch.name }));
  });
}

function startRename(view, branch) {
  const head = view.dom.lanes.querySelector(`th[data-branch="${branch.id}"]`);
  const field = el("input", {
    type: "text",
    value: branch.name,
    maxlength: 40,
    "aria-label": view.model.strings.rename_help,
  });
  let over = false;
  const end = (keep) => {
    if (over) return;
    over = true;
    field.replaceWith(name);
    view.dom.root.focus({ preventScroll: true });
    const typed = field.value.trim();
    if (!keep || !typed || typed === branch.name) return;
    name.textContent = typed;
    const then = ({ error }) => error && showNote(view, error, "branchNote");
    ask(view.channel, "rename", { branch: branch.id, name: typed }, then);
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

const TYPED = { page: null, text: "" }; // text of the field, kept when a change of language mounts the player anew

// The field for a word that is not in the list. Nothing is sent while an input method composes.
export function sayForm(view) {
  const { strings } = view.model;
  const field = el("input", {
    type: "text",
    maxlength: 200,
    placeholder: strings.say_place,
    "aria-label": strings.say_place,
    autocomplete: "off",
  });
  if (TYPED.page === view.model.page) field.value = TYPED.text;
  let composing = false;
  field.addEventListener("compositionstart", () => (composing = true));
  field.addEventListener("compositionend", () => (composing = false));
  field.addEventListener("input", () => Object.assign(TYPED, { page: view.model.page, text: field.value }));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.preventDefault();
  });
  const form = el(
    "form",
    { class: "say" },
    field,
    el("button", { type: "submit", title: strings.say_help }, icon("fork"), strings.say),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!composing) fork(view, { text: field.value });
  });
  return form;
}

// Ask for a branch from the selected step; ``change`` is {word}, {text} or {edit}.
export function fork(view, change) {
  const { lane, step } = view.cursor;
  FOCUS.busy = false;
  showNote(view, "");
  ask(view.channel, "fork", { lane, step, ...change }, (answer) => {
    if (answer.error) return showNote(view, answer.error, change.edit === undefined ? "note" : "editNote");
    if (change.text !== undefined) {
      TYPED.text = "";
      view.dom.say.querySelector("input").value = "";
    }
    view.acts.stopEditing(view);
    view.acts.show(view, { lane: answer.branch, step: answer.step });
    // otherwise Space would fork again, and arrows would move the caret
    if (!FOCUS.busy) view.dom.root.focus({ preventScroll: true });
    const { text } = traceOf(view);
    speakNews(
      view,
      fill(view.model.strings.new_branch, { name: laneName(view.model, answer.branch), step: answer.step + 1, text }),
    );
  });
}

// Show an error beside the control that caused it: ``note`` below the softmax, ``editNote`` in the editor,
// ``branchNote`` below the lanes. It is scrolled into view.
export function showNote(view, sentence, where = "note") {
  for (const name of ["note", "editNote", "branchNote"]) view.dom[name].textContent = name === where ? sentence : "";
  if (sentence) view.dom[where].scrollIntoView({ block: "nearest" });
}

// Have a sentence read by a screen reader; after a moment, because a region that was just made is not read.
export function speakNews(view, sentence) {
  clearTimeout(view.timers.news);
  view.timers.news = setTimeout(() => view.dom.root.isConnected && (view.dom.news.textContent = sentence), 200);
}

// A click on a row of the softmax forks, except on the word that the lane says anyway.
export function listenFork(view, on) {
  on(view.dom.softmax, "click", (event) => {
    const row = event.target.closest("li[data-token]");
    if (row) fork(view, { word: row.dataset.token });
  });
}
