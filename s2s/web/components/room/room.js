// A student's page: the question that the teacher has asked, and one vote on it. The page asks Python for news every
// few seconds, at random times so that a class does not ask at once, never while its tab is hidden, and no more once
// the room has ended.

import { ask, forget, hearOwn } from "../../../player/browser/ask.js";
import { argmax, el, fill, label, percent, shade, spaceAfter } from "../../../player/browser/dom.js";
import { storedRoom } from "./stored.js";

const VIEWS = new WeakMap(); // element where the component is mounted → its view
const PAUSE = [2000, 4000]; // the least and the most milliseconds between two requests for news
const NONE = -1; // no place or no word is chosen
const SMALLEST = 0.005; // the least attention weight that is written out

// Under which this browser stores the name that the server gave it with its seat, so that a reload takes no other.
const voterKey = (view) => `lookback-voter-${view.code}`;

function storedVoter(view) {
  try {
    const stored = localStorage.getItem(voterKey(view));
    return /^[0-9a-f]{32}$/.test(stored) ? stored : null;
  } catch {
    return null;
  }
}

function setVoter(view, voter) {
  view.voter = voter;
  try {
    if (voter) localStorage.setItem(voterKey(view), voter);
    else localStorage.removeItem(voterKey(view));
  } catch {
    // without storage the name lasts until the page is left
  }
}

const isTeacher = (view) => storedRoom()?.code === view.code;
const needsSeat = (view) => !view.voter && !view.error && !isTeacher(view);

// Take a seat, then go on; without a seat the note says why, and the next request for news tries again.
function join(view, then = () => {}) {
  ask(view, "join", {}, (answer) => {
    if (answer.voter) setVoter(view, answer.voter);
    const note = answer.error ?? "";
    if (answer.voter) then();
    if (view.note === note && !answer.voter) return;
    view.note = note;
    paint(view);
  });
}

// Under which this tab stores its vote on the question, so that a reload shows it again.
const voteKey = (view) => `lookback-vote-${view.code}-${view.state.number}`;

function storeVote(view, vote) {
  try {
    sessionStorage.setItem(voteKey(view), JSON.stringify(vote));
  } catch {
    // without storage the vote is shown until the page is left
  }
}

function storedVote(view) {
  try {
    const vote = JSON.parse(sessionStorage.getItem(voteKey(view)));
    return Number.isInteger(vote?.place) && Number.isInteger(vote?.word) ? vote : null;
  } catch {
    return null;
  }
}

// Ask for news after a random pause, again and again.
function poll(view) {
  clearTimeout(view.timer);
  const [least, most] = PAUSE;
  view.timer = setTimeout(() => {
    if (!view.root.isConnected || view.over) return;
    poll(view);
    if (document.hidden || view.waiting) return;
    if (needsSeat(view)) return join(view);
    ask(view, "look", {}, (answer) => {
      if (view.note === (answer.error ?? "")) return;
      view.note = answer.error ?? "";
      paint(view);
    });
  }, least + Math.random() * (most - least));
}

function sendVote(view) {
  if (!view.voter) return join(view, () => sendVote(view));
  const { number } = view.state;
  const { place, word } = view;
  view.sending = true;
  paint(view);
  ask(view, "vote", { number, voter: view.voter, place, word }, (answer) => {
    view.sending = false;
    if (answer.unseated) {
      setVoter(view, null);
      return join(view, () => sendVote(view));
    }
    view.note = answer.error ?? "";
    if (!answer.error && number === view.state.number) {
      view.voted = { place, word };
      storeVote(view, view.voted);
    }
    paint(view);
  });
}

// Buttons that act as radio buttons: one of ``words`` is chosen, arrows choose the next, a second click chooses none.
// ``kind`` is "place" for a source token, "word" for the next word.
function choiceGroup(view, kind, words, title) {
  const open = view.state.phase === "open";
  const nodes = words.map((word, i) => choiceButton(view, kind, word, i, open));
  const group = el(
    "div",
    { class: kind === "place" ? "source" : "candidates", role: "radiogroup", "aria-label": title },
    ...nodes,
  );
  group.addEventListener("keydown", (event) => {
    const i = nodes.indexOf(event.target.closest("[role=radio]"));
    const to = nodes[{ ArrowLeft: i - 1, ArrowUp: i - 1, ArrowRight: i + 1, ArrowDown: i + 1 }[event.key]];
    if (!to) return;
    event.preventDefault();
    to.click();
  });
  return group;
}

function choiceButton(view, kind, word, i, open) {
  const chosen = view[kind] === i;
  const choose = () => open && ((view[kind] = chosen ? NONE : i), paint(view, kind));
  const name = kind === "place" ? "chip" : "candidate";
  const button = el(
    "button",
    { type: "button", class: name, role: "radio", "aria-checked": chosen, onclick: choose },
    label(word),
  );
  button.tabIndex = chosen || (view[kind] === NONE && i === 0) ? 0 : -1;
  button.disabled = !open;
  addResult(view, button, kind, i);
  return button;
}

// After the reveal, add the model's number and the class's votes to a choice.
function addResult(view, node, kind, i) {
  const { truth, strings, counts } = { ...view.state, ...view };
  if (!truth) return;
  const p = kind === "place" ? truth.attention[i] : truth.words[i];
  node.style.setProperty("--w", shade(p).toFixed(3));
  const votes = counts[kind === "place" ? "places" : "words"][i];
  node.append(
    el("span", { class: "weight", text: kind === "place" ? (p >= SMALLEST ? p.toFixed(2) : "") : percent(p) }),
  );
  if (votes) node.append(el("span", { class: "votes", text: votes, title: fill(strings.everyone, { votes }) }));
}

// What the model looks at and says; then of each part of this browser's vote whether it was right, in words. Source
// words are named with their places, since a word may stand in the source twice.
function resultLines(view) {
  const { strings, voted } = view;
  const { truth, question } = view.state;
  const most = argmax(truth.attention);
  const values = {
    most: question.source[most],
    place: most + 1,
    weight: truth.attention[most].toFixed(2),
    said: question.words[truth.said],
    p: percent(truth.words[truth.said]),
  };
  const places = { chosen: voted?.place, right: most, words: question.source };
  const words = { chosen: voted?.word, right: truth.said, words: question.words };
  const verdicts = [verdict(strings, "look", places, values), verdict(strings, "word", words, values)].filter(Boolean);
  const none = isTeacher(view) ? [] : [el("p", { text: strings.no_vote })];
  return [
    el("p", { class: "told", text: fill(strings.revealed, values) }),
    ...(verdicts.length ? verdicts : none),
  ];
}

// One part of the vote beside the model's; null if the vote left it out.
function verdict(strings, part, { chosen = NONE, right, words }, values) {
  if (chosen === NONE) return null;
  const kind = chosen === right ? "right" : "wrong";
  const text = fill(strings[`${part}_${kind}`], { ...values, chosen: words[chosen], chosen_place: chosen + 1 });
  return el("p", { class: `verdict ${kind}`, text: `${kind === "right" ? "✓" : "✗"} ${text}` });
}

// The output so far: after the reveal with the word that was asked for.
function outputParts({ strings, state }) {
  const { question, truth } = state;
  const words = truth ? [...question.said, question.words[truth.said]] : question.said;
  if (!words.length) return [strings.nothing_said];
  return [strings.said, spaceAfter(strings.said), ...words.flatMap((token) => [label(token), " "])];
}

function questionParts(view) {
  const { strings, state } = view;
  const { question, phase } = state;
  const same = view.voted && view.voted.place === view.place && view.voted.word === view.word;
  const empty = view.place === NONE && view.word === NONE;
  const button = el("button", {
    type: "button",
    class: "vote",
    text: strings[view.sending ? "sending" : view.voted ? "change" : "vote"],
    onclick: () => sendVote(view),
  });
  button.disabled = empty || same || view.sending;
  const told = phase === "revealed";
  const look = fill(strings[told ? "question_told" : "question"], { step: question.step + 1 });
  const word = strings[told ? "word_told" : "word"];
  const status = phase === "closed" ? strings.closed : same ? strings.counted : empty ? strings.choose : "";
  const parts = [
    el("p", { class: "said" }, ...outputParts(view)),
    el("h2", { text: look }),
    choiceGroup(view, "place", question.source, look),
    el("h2", { text: word }),
    choiceGroup(view, "word", question.words, word),
    ...(phase === "open" ? [button] : []),
  ];
  return { parts, status: told ? resultLines(view) : [el("p", { text: status })] };
}

// What stands below the code: ``parts``, ``status``, which is read out when it changes, and ``notes``. Who has a seat
// in a room that is not there any more, or saw it open, learns that it has ended; who has no seat reads why, and no
// question. The teacher's own browser takes none until it votes.
function bodyParts(view) {
  const { strings, state, note } = view;
  const saying = (text) => ({ parts: [], status: [el("p", { class: "said", text })], notes: [] });
  const alarm = (text) => el("p", { class: "note", role: "alert", text });
  const refusal = (text) => ({ parts: [], status: [], notes: [alarm(text)] });
  if (view.over && (view.voter || !view.error)) return saying(strings.ended);
  if (view.error) return refusal(view.error);
  const teaches = isTeacher(view);
  if (!view.voter && !teaches) return note ? refusal(note) : saying(strings.joining);
  const body = state.question ? questionParts(view) : saying(strings.waiting);
  const notes = [...(note ? [alarm(note)] : []), ...(teaches ? [el("p", { text: strings.teacher })] : [])];
  return { ...body, notes };
}

// The status stays in the page from the first paint on: screen readers announce what changes within an element that
// they know, not one that comes with its text.
function paintStatus(view, lines) {
  view.status ??= view.root.appendChild(el("div", { class: "status", role: "status" }));
  const text = lines.map((line) => line.textContent).join("\n");
  if (view.shownStatus === text) return;
  view.shownStatus = text;
  view.status.replaceChildren(...lines);
}

function paint(view, focused = null) {
  const { parts, status, notes } = bodyParts(view);
  paintStatus(view, status);
  for (const node of [...view.root.children]) if (node !== view.status) node.remove();
  view.status.before(el("p", { class: "code", text: fill(view.strings.code, { code: view.code }) }), ...parts);
  view.status.after(...notes);
  if (focused)
    view.root
      .querySelector(`${focused === "place" ? ".chip" : ".candidate"}[tabindex="0"]`)
      ?.focus({ preventScroll: true });
}

// Begin a question without a choice, or after a reload with the vote that was counted.
function beginQuestion(view) {
  view.voted = view.state.question ? storedVote(view) : null;
  Object.assign(view, { place: NONE, word: NONE, note: "", sending: false }, view.voted ?? {});
}

export default function mount(component) {
  const { asking, ...data } = component.data;
  const root = component.parentElement.querySelector(".room");
  let view = VIEWS.get(root);
  if (!view) VIEWS.set(root, (view = { root, voter: null, seq: 0, queue: [], waiting: null }));
  const before = view.state?.number;
  if (data.error && view.state) Object.assign(data, { state: view.state, counts: view.counts }); // a choice outlives it
  const identity = JSON.stringify(data);
  const changed = view.identity !== identity;
  Object.assign(view, data, { identity });
  view.voter ??= storedVoter(view);
  if (before !== data.state.number) beginQuestion(view);
  if (changed) paint(view);
  hearOwn(view, asking, component.setStateValue);
  if (!view.timer && !view.over) {
    if (needsSeat(view)) join(view);
    poll(view);
  }
  return () => {
    forget(view);
    clearTimeout(view.timer);
    VIEWS.delete(root);
  };
}
