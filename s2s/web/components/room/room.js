// A student's page: the question on screen in front, one vote for it. It asks Python for news now and then, each page
// at its own times, and not at all while nobody looks at it.

import { ask, forget, hearOwn } from "../../../player/browser/ask.js";
import { argmax, el, fill, label, percent, shade } from "../../../player/browser/dom.js";

const VIEWS = new WeakMap();
const PAUSE = [2000, 4000]; // milliseconds between two looks, drawn from here
const STORED = "lookback-voter";

// A random name that this browser keeps, so that a reload is not another voter.
function voter() {
  const fresh = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    const kept = localStorage.getItem(STORED);
    if (/^[0-9a-f]{32}$/.test(kept)) return kept;
    localStorage.setItem(STORED, fresh);
  } catch {
    // a browser that keeps nothing votes all the same
  }
  return fresh;
}

// What was voted for, of this room's questions; a reload shows it again.
const storedVote = (view) => `lookback-vote-${view.code}-${view.state.number}`;

function remember(view, vote) {
  try {
    sessionStorage.setItem(storedVote(view), JSON.stringify(vote));
  } catch {
    // it is shown until the page is left
  }
}

function recall(view) {
  try {
    const vote = JSON.parse(sessionStorage.getItem(storedVote(view)));
    return Number.isInteger(vote?.place) && Number.isInteger(vote?.word) ? vote : null;
  } catch {
    return null;
  }
}

const NONE = -1; // left out

function look(view) {
  clearTimeout(view.timer);
  const [least, most] = PAUSE;
  view.timer = setTimeout(() => {
    if (!view.root.isConnected) return;
    look(view);
    if (document.hidden || view.waiting) return;
    ask(view, "look", {}, (answer) => {
      if (view.note === (answer.error ?? "")) return;
      view.note = answer.error ?? "";
      paint(view);
    });
  }, least + Math.random() * (most - least));
}

function send(view) {
  const { number } = view.state;
  const { place, word } = view;
  view.sending = true;
  paint(view);
  ask(view, "vote", { number, voter: view.voter, place, word }, (answer) => {
    view.sending = false;
    view.note = answer.error ?? "";
    if (!answer.error && number === view.state.number) {
      view.voted = { place, word };
      remember(view, view.voted);
    }
    paint(view);
  });
}

// One choice of several: buttons as radio buttons, arrows move between them.
function choices(view, kind, words, title) {
  const open = view.state.phase === "open";
  const nodes = words.map((word, i) => {
    const chosen = view[kind] === i;
    const pick = () => open && ((view[kind] = chosen ? NONE : i), paint(view, kind));
    const node = el("button", { type: "button", class: kind === "place" ? "chip" : "candidate", role: "radio", "aria-checked": chosen, onclick: pick }, label(word));
    node.tabIndex = chosen || (view[kind] === NONE && i === 0) ? 0 : -1;
    node.disabled = !open;
    tell(view, node, kind, i);
    return node;
  });
  const group = el("div", { class: kind === "place" ? "source" : "candidates", role: "radiogroup", "aria-label": title }, ...nodes);
  group.addEventListener("keydown", (event) => {
    const i = nodes.indexOf(event.target.closest("[role=radio]"));
    const to = nodes[{ ArrowLeft: i - 1, ArrowUp: i - 1, ArrowRight: i + 1, ArrowDown: i + 1 }[event.key]];
    if (!to) return;
    event.preventDefault();
    to.click();
  });
  return group;
}

// After the reveal: the model's number, the class's votes.
function tell(view, node, kind, i) {
  const { truth, strings, counts } = { ...view.state, ...view };
  if (!truth) return;
  const p = kind === "place" ? truth.attention[i] : truth.words[i];
  node.style.setProperty("--w", shade(p).toFixed(3));
  const votes = counts[kind === "place" ? "places" : "words"][i];
  node.append(el("span", { class: "weight", text: kind === "place" ? (p >= 0.005 ? p.toFixed(2) : "") : percent(p) }));
  if (votes) node.append(el("span", { class: "votes", text: votes, title: fill(strings.everyone, { votes }) }));
}

function verdict(view) {
  const { strings } = view;
  const { truth, question } = view.state;
  const most = argmax(truth.attention);
  const values = { most: question.source[most], weight: truth.attention[most].toFixed(2), said: question.words[truth.said], p: percent(truth.words[truth.said]) };
  const right = [view.voted?.place === most && strings.look_right, view.voted?.word === truth.said && strings.word_right];
  return [el("p", { class: "told", text: fill(strings.revealed, values) }), ...right.filter(Boolean).map((text) => el("p", { class: "right", text }))];
}

function ballot(view) {
  const { strings, state } = view;
  const { question, phase } = state;
  const said = question.said.length ? [strings.said, " ", ...question.said.flatMap((token) => [label(token), " "])] : [strings.nothing_said];
  const same = view.voted && view.voted.place === view.place && view.voted.word === view.word;
  const empty = view.place === NONE && view.word === NONE;
  const button = el("button", { type: "button", class: "vote", text: strings[view.sending ? "sending" : view.voted ? "change" : "vote"], onclick: () => send(view) });
  button.disabled = empty || same || view.sending;
  const asked = fill(strings.question, { step: question.step + 1 });
  const status = phase === "closed" ? strings.closed : same ? strings.counted : empty ? strings.choose : "";
  return [
    el("p", { class: "said" }, ...said),
    el("h2", { text: asked }),
    choices(view, "place", question.source, asked),
    el("h2", { text: strings.word }),
    choices(view, "word", question.words, strings.word),
    ...(phase === "open" ? [button] : []),
    el("div", { class: "status", role: "status" }, ...(phase === "revealed" ? verdict(view) : [el("p", { text: status })])),
  ];
}

function paint(view, focused = null) {
  const { strings, state } = view;
  const body = view.error ? [el("p", { class: "note", role: "alert", text: view.error })] : state.question ? ballot(view) : [el("p", { class: "said", text: strings.waiting })];
  const note = view.note ? [el("p", { class: "note", role: "alert", text: view.note })] : [];
  view.root.replaceChildren(el("p", { class: "code", text: fill(strings.code, { code: view.code }) }), ...body, ...note);
  if (focused) view.root.querySelector(`${focused === "place" ? ".chip" : ".candidate"}[tabindex="0"]`)?.focus({ preventScroll: true });
}

// Another question begins without a choice; after a reload, with the vote that was counted.
function begin(view) {
  view.voted = view.state.question ? recall(view) : null;
  Object.assign(view, { place: NONE, word: NONE, note: "", sending: false }, view.voted ?? {});
}

export default function mount(component) {
  const { asking, ...data } = component.data;
  const root = component.parentElement.querySelector(".room");
  let view = VIEWS.get(root);
  if (!view) VIEWS.set(root, (view = { root, voter: voter(), seq: 0, queue: [], waiting: null }));
  const before = view.state?.number;
  const identity = JSON.stringify(data);
  const changed = view.identity !== identity;
  Object.assign(view, data, { identity });
  if (before !== data.state.number) begin(view);
  if (changed) paint(view);
  hearOwn(view, asking, component.setStateValue);
  if (!view.timer) look(view);
  return () => {
    forget(view);
    clearTimeout(view.timer);
    VIEWS.delete(root);
  };
}
