// Requests of the player that the model in the browser answers in place of Python (local_model.js), one at a time, on a
// channel beside Python's. Python is told of a changed list of branches and decodes nothing; where the model fails,
// Python gets what is unanswered, and answers from then on.
//
// A place is what the model has run: { page, branches, list, rows, keys, known, sent }. ``branches`` are the session's
// values, ``list`` their rows for the player, ``rows`` these by the session's keys, ``keys`` the player's by the
// session's, ``known`` the list that Python has, ``sent`` those that it may have by now.

import { packBranches, unpackBranches } from "../../browser_model/branches.js";
import { WIRE, ask, forget, handOver, openChannel, readAnswer, sendNext } from "./ask.js";
import { MODEL, closeModel, isSaving, openModel } from "./local_model.js";
import { mistakeText, summaryInAll } from "./spoken.js";
import { bare } from "./words.js";

const KINDS = ["fork", "preview", "rename", "delete", "readout", "evidence", "orders", "origins"];
const CHANGES = ["fork", "rename", "delete"];
const BEGINNINGS = ["fork", "preview", "evidence"]; // what a visitor asks who will ask more
const EXACT = 8; // source tokens up to which all subsets are erased (browser_model/erasure.js)
const CLOSE = 1e-3; // between log-probabilities of one lane, of here and of Python
const PLACES = 8; // pages whose rows are kept
const SLOW = 15_000; // milliseconds without an answer until Python is asked instead
const QUICK = 4_000; // milliseconds that evidence may take here; where it takes longer, Python is asked

// At each mount: what Python sent, with the branches as they are here. ``data.model`` is null where Python alone
// answers.
export function attachModel(view, data) {
  const { channel } = view;
  const offer = data.model ?? null;
  channel.here ??= openHere(view);
  const { here } = channel;
  Object.assign(here, { offer, language: data.language });
  if (here.wire.told?.page !== channel.page) {
    forget(here);
    here.seq = here.heard = 0;
    here.wire.told = { page: channel.page, seq: 0, answer: null };
  }
  if (MODEL.address && MODEL.address !== offer?.model && channel.page) closeModel("python");
  if (!data.page) return data;
  if (!isRun(view)) learnOwn(channel, data);
  return here.amend(data);
}

function openHere(view) {
  const here = {
    ...openChannel(),
    offer: null, // Python's, of a model
    language: null,
    heard: 0, // the number of the last request, and when it came
    began: 0,
    wire: { told: null, send: (request) => answerHere(view, request) },
    takes: (kind, payload) => KINDS.includes(kind) && isReady(view) && isQuick(view, kind, payload),
    asked: (kind) => BEGINNINGS.includes(kind) && beginModel(view),
    own: () => placeHere(view)?.branches.map(({ id }) => id),
    amend: (told) => amended(view, told),
  };
  const shared = (name) => ({ get: () => view.channel[name] });
  return Object.defineProperties(here, { page: shared("page"), root: shared("root"), strings: shared("strings") });
}

const messageOf = ({ page }) => (page && WIRE.told?.page === page ? WIRE.told : null); // as Python sent it
const isRun = ({ channel: { page } }) => MODEL.status === "open" && MODEL.place?.page === page;
const placeHere = (view) => (isRun(view) ? MODEL.place : null);
const isChanging = ({ waiting, queue }) => [waiting, ...queue].some((request) => CHANGES.includes(request?.kind));
const isReady = (view) => isRun(view) && !isChanging(view.channel);
const listOf = (link) => packBranches(unpackBranches(link.branches ?? "") ?? []);

// Whether this machine is fast enough for what takes many runs of the model along the lane. Counted are runs by
// themselves: of many together each takes a small part of one. Evidence has gradients at 22 points and some three
// erasures a token, what the words owe to source and prefix gradients at 82 points and two erasures a token.
function isQuick(view, kind, { lane, count }) {
  if (!["evidence", "orders", "origins"].includes(kind)) return true;
  const trace = bare(view.model.lanes[lane]);
  const [S, T] = [trace.source.tokens.length, trace.steps.length];
  const evidence = 8 + 8 * count + S;
  const orders = S <= EXACT ? 2 ** S : S * S * count;
  const runs = kind === "origins" ? 10 + 8 * count + (S + T) / 5 : evidence + (kind === "orders" ? orders : 0);
  return MODEL.pace * (S + T) * runs < QUICK;
}

// Python's message with the branches as they are here, of which Python may not have heard yet.
function amended(view, told) {
  const place = placeHere(view);
  if (!place) return told;
  const { branches, ...link } = told.link;
  const packed = packBranches(place.branches);
  const { error: errors } = MODEL.texts[view.channel.here.language];
  const list = place.list.map((row) => (row.error ? { ...row, error: mistakeText(row.error, errors) } : row));
  return { ...told, branches: list, link: packed ? { ...link, branches: packed } : link };
}

async function beginModel(view) {
  const { offer } = view.channel.here;
  if (MODEL.status !== "python" || !offer || isSaving()) return;
  try {
    const opening = openModel(offer);
    paintStatus(view);
    await opening;
    WIRE.heard?.();
  } catch {
    if (MODEL.address === offer.model) fail(view);
  }
}

// From now on Python answers, also what was asked here; the branches are as they were here.
function fail(view) {
  const { channel } = view;
  const place = placeHere(view);
  if (place && place.known !== packBranches(place.branches)) keepBranches(view, place);
  closeModel("failed");
  handOver(channel.here, channel);
  paintStatus(view);
}

function paintStatus({ dom, channel }) {
  const { status, place } = MODEL;
  if (dom) dom.root.dataset.model = status === "open" && place?.page !== channel.page ? "loading" : status;
}

// At each message of Python, before it is read: whether its list of branches is one that it has from here.
export function noteMessage(view) {
  const told = messageOf(view.channel);
  const place = placeHere(view);
  if (place && told) {
    const list = listOf(told.link);
    if (place.sent.has(list)) Object.assign(place, { known: list, sent: new Set() });
    else if (place.known !== list) MODEL.place = null; // changed elsewhere, as by the search tree: Python's holds
    else if (list !== packBranches(place.branches) && !isKept(view.channel)) keepBranches(view, place);
  }
  if (told) learnOwn(view.channel, told);
  catchUp(view);
  paintStatus(view);
}

// Rows that Python left to this model, of a list that is Python's again: it was changed elsewhere, or the model closed.
function learnOwn({ rows }, { page, link, branches }) {
  const left = MODEL.left.get(page);
  if (!left || branches.every(({ steps, key }) => steps || rows.has(key))) return;
  const there = unpackBranches(link.branches ?? "") ?? [];
  const named = (id, all) => JSON.stringify(all.find((branch) => branch.id === id) ?? null);
  for (const { id, key } of branches) {
    const row = left.list.find((one) => one.id === id);
    if (row?.steps && !rows.has(key) && named(id, left.branches) === named(id, there)) rows.set(key, { ...row, key });
  }
}

// Run what is on screen, and take over its branches, unless that was done.
async function catchUp(view) {
  const [told, { offer }] = [messageOf(view.channel), view.channel.here];
  if (MODEL.status !== "open" || MODEL.isBusy || isRun(view) || !told || !offer) return;
  if (MODEL.differs === told.page) return;
  MODEL.isBusy = true;
  const { worker } = MODEL;
  try {
    const place = await placeFor(view, told, offer.sentence);
    const now = messageOf(view.channel);
    const isSame = now?.page === told.page && listOf(now.link) === listOf(told.link) && !isChanging(view.channel);
    if (isSame && MODEL.worker === worker) takePlace(place);
  } catch {
    if (MODEL.worker === worker) fail(view);
  }
  MODEL.isBusy = false;
  if (MODEL.worker !== worker) return;
  if (placeHere(view)) WIRE.heard?.();
  else if (messageOf(view.channel) !== told) catchUp(view);
}

function takePlace(place) {
  MODEL.place = place;
  if (!place) return;
  MODEL.left.delete(place.page);
  MODEL.left.set(place.page, place);
  if (MODEL.left.size > PLACES) MODEL.left.delete(MODEL.left.keys().next().value);
}

// The place of a page; null, and never asked for again, if the lanes are not those on screen.
async function placeFor(view, { page, link, branches: heads }, sentence) {
  const { worker } = MODEL;
  if (MODEL.ran !== `${MODEL.address} ${page}`) {
    const began = performance.now();
    const { lanes } = await worker.call("run", sentence);
    Object.assign(MODEL, { ran: `${MODEL.address} ${page}`, pace: paceOf(lanes, performance.now() - began) });
    const isSame = Object.entries(view.model.own).every(([name, lane]) => sameLane(lanes[name] ?? null, lane));
    if (view.model.page === page && !isSame) MODEL.differs = page;
    if (!isSame) return null;
  }
  const branches = unpackBranches(link.branches ?? "");
  if (!branches) MODEL.differs = page;
  if (!branches) return null;
  const { rows } = await worker.call("answer", { branches, request: { kind: "branches" } });
  const keys = rows.map(({ id, key }) => [key, heads.find((head) => head.id === id)?.key]).filter(([, key]) => key);
  const place = { page, branches, list: [], rows: new Map(), keys: new Map(keys) };
  Object.assign(place, { known: listOf(link), sent: new Set() });
  learnRows(place, branches, rows);
  return place;
}

// Milliseconds of a step of the encoder or the decoder.
function paceOf(lanes, elapsed) {
  const own = Object.values(lanes).filter(Boolean);
  return elapsed / own.reduce((sum, { steps }) => sum + steps.length, own[0].source.tokens.length);
}

function sameLane(here, python) {
  if (!here || !python) return here === python;
  const said = ({ source, steps }) => JSON.stringify([source.tokens, steps.map(({ output }) => output)]);
  const close = ({ log_prob: p }, { log_prob: q }) => Math.abs(p - q) < CLOSE;
  return said(here) === said(python) && here.steps.every((step, t) => close(step, python.steps[t]));
}

let made = 0; // keys of rows

// The branches and their rows after an answer; a row that is there already comes as its head.
function learnRows(place, branches, rows) {
  const all = rows.map(({ clauses, ...row }) => {
    const { id, name, parent, key } = row;
    if (!place.keys.has(key)) place.keys.set(key, `here ${(made += 1)}`);
    const whole = row.steps || row.error ? row : place.rows.get(key);
    const summary = clauses ? { summary: summaryInAll(clauses, MODEL.texts) } : {};
    return [key, { ...whole, ...summary, id, name, parent, key: place.keys.get(key) }];
  });
  Object.assign(place, { branches, list: all.map(([, row]) => row), rows: new Map(all) });
}

// Answer a request; one that comes again, because it takes long, is answered once.
async function answerHere(view, { seq, kind, page, ...fields }) {
  const [place, { here }, { worker }] = [placeHere(view), view.channel, MODEL];
  if (seq <= here.heard) return performance.now() - here.began > SLOW && MODEL.worker && fail(view);
  Object.assign(here, { heard: seq, began: performance.now() });
  if (!place) return handOver(here, view.channel); // Python's list has changed meanwhile
  const isPresent = () => MODEL.place === place && view.channel.page === page;
  const tell = (answer) => {
    here.wire.told = { page, seq, answer: { seq, kind, ...answer } };
    WIRE.heard?.();
  };
  try {
    const request = { ...fields, kind, has: [...place.rows.keys()] };
    const { branches, answer, rows } = await worker.call("answer", { branches: place.branches, request });
    if (!isPresent()) return view.channel.page === page && handOver(here, view.channel);
    if (CHANGES.includes(kind)) {
      learnRows(place, branches, rows);
      if (packBranches(branches) !== place.known) keepBranches(view, place);
    }
    tell(answer);
  } catch (error) {
    if (error.key === undefined || error.key === "browser_fault") return MODEL.worker === worker && fail(view);
    tell({ error: mistakeText(error, MODEL.texts[here.language].error) });
  }
}

const isKept = ({ waiting, queue }) => [waiting, ...queue].some((request) => request?.kind === "keep");

// Have Python keep the branches: the list as it is when the request leaves.
function keepBranches(view, place) {
  const { channel } = view;
  if (channel.queue.some(({ kind }) => kind === "keep")) return;
  const payload = {
    get branches() {
      if (place.page !== channel.page) return null; // the sentence was left: Python refuses the request
      const packed = packBranches(place.branches);
      place.sent.add(packed);
      return packed;
    },
  };
  ask(channel, "keep", payload, ({ error }) => error && MODEL.place === place && fail(view));
}

// After an answer of Python was read: those of here.
export function readHere({ channel }) {
  readAnswer(channel.here);
  sendNext(channel.here);
}
