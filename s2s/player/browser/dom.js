// Small functions that the player and every other component use.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Whether the page has written its address, whether Back or Forward was the last thing that the reader did, and the
// stop of the guided tour, a number or null.
export const HERE = (globalThis.lookbackHere ??= watchBack({ loaded: false, back: false, tour: linkedStop() }));

function linkedStop() {
  const stop = new URLSearchParams(globalThis.location?.search ?? "").get("tour");
  return /^\d{1,3}$/.test(stop ?? "") ? Number(stop) : null;
}

const LAST_STEP = 10_000; // the largest step that a link may name, as in s2s/web/shell/page_state.py

// The step that an address names, from 0; null if it is no whole number from 1, of which Python says so.
export function namedStep(text, last = LAST_STEP) {
  return /^\d+$/.test(text ?? "") && Number(text) >= 1 && Number(text) <= last ? Number(text) - 1 : null;
}

// Write the stop of the guided tour into the address, where ``enter`` keeps it.
export function writeTour(stop) {
  HERE.tour = stop;
  const url = new URL(location.href);
  if (stop === null) url.searchParams.delete("tour");
  else url.searchParams.set("tour", stop);
  history.replaceState(history.state, "", url);
}

function watchBack(here) {
  const set = (back) => () => (here.back = back);
  globalThis.addEventListener?.("popstate", set(true));
  for (const act of ["pointerdown", "keydown"]) globalThis.addEventListener?.(act, set(false), true);
  return here;
}

// The parameters by which Streamlit knows that it is framed: without them its header would come back.
function framing() {
  const own = [...new URLSearchParams(location.search)].filter(
    ([name]) => name === "embed" || name === "embed_options",
  );
  return own.map((pair) => `&${new URLSearchParams([pair])}`).join("");
}

// Parameters whose change is no new entry of the browser's history.
const PASSING = new Set(["step", "lane", "tour", "branches", "pieces", "lang", "embed", "embed_options"]);

// Write the page's address. Another sentence, model, setting, chapter or row is a new entry of the browser's history,
// so that Back returns to the one before; a step is not, nor is the first address that a page writes. After Back no
// other entry is written until the reader acts, because the page may still show what was left.
export function enter(given) {
  const url = given + framing();
  const [now, next] = [location.search, url.slice(url.indexOf("?"))].map((query) => new URLSearchParams(query));
  const written = ["text", "inspection"].some((name) => now.has(name) && next.has(name)); // by the same page
  const other =
    written && [...now.keys(), ...next.keys()].some((name) => !PASSING.has(name) && now.get(name) !== next.get(name));
  if (other && HERE.back) return;
  history[other && HERE.loaded ? "pushState" : "replaceState"](
    history.state,
    "",
    HERE.tour === null ? url : `${url}&tour=${HERE.tour}`,
  );
  HERE.loaded = true;
}

// A sentence of the interface with its {places} filled; {place:one|other} is the first word where the value is 1.
export function fill(template, values) {
  const choose = (value, one, other) => (other === undefined ? value : String(value) === "1" ? one : other);
  return template.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, name, one, other) =>
    choose(values[name], one, other),
  );
}

// What stands between two texts of one line: a space, but nothing after a full-width mark.
export const spaceAfter = (text) => (!text || /[，。、；：！？）]$/.test(text) ? "" : " ");

// Texts in one line; an empty one is left out.
export const joined = (...texts) =>
  texts.filter(Boolean).reduce((line, text) => `${line}${spaceAfter(line)}${text}`, "");

// Whether a trace's model has attention; without it, nothing about weights is shown.
export const hasAttention = (trace) => trace.checkpoint.attention !== "none";

// Whether a word has a probability, and whether a step has any: a trace of arrays may have none.
export const hasProbability = (word) => word.log_prob !== undefined;
export const hasNumbers = (step) => hasProbability(step) || step.top.length > 0;

// Whether a word is the reference's. An unknown word never is, although both are written <unk>.
export const isReference = (token, gold) => token === gold && token !== "<unk>";

export const isSpecial = (token) => /^<(pad|unk|bos|eos|fill)>$/.test(token);

// 0.8789 → "87.9 %". A share that is not 0 or 1 is never written as 0 % or 100 %.
export function percent(p) {
  if (p > 0 && p < 0.0005) return "<0.1 %";
  if (p < 1 && p > 0.9995) return ">99.9 %";
  return (100 * p).toFixed(1) + " %";
}

export function decimals(x, n = 3) {
  const text = Math.abs(x).toFixed(n);
  return (x < 0 && Number(text) !== 0 ? "−" : "") + text;
}

export const bracketed = (x) => (x < 0 ? `(${decimals(x)})` : decimals(x)); // after a sign

// The opacity for a weight from 0 to 1: small weights have more than their share, so that they are seen.
export const shade = (weight) => Math.pow(Math.min(1, Math.max(0, weight)), 0.7);

export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

// A token as a label: specials and unknown words are marked as such.
export function label(token, extra = "") {
  const kind = isSpecial(token) ? "special" : "";
  return el("span", { class: `token ${kind} ${extra}`.trim(), text: token, dir: "auto" });
}

export const WIDE =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\u3000-\\u303f\\uff00-\\uffef";
export const isWide = (token) => new RegExp(`[${WIDE}]`, "u").test(token);

// The class of a token above a narrow column. "flat": short, on one line. "stacked": letter below letter, for longer
// numbers and for other letters beside Chinese. "": the style sheet's vertical writing, which stacks Chinese and turns
// other words.
export function standing(token) {
  if (isWide(token)) return new RegExp(`[^${WIDE}]`, "u").test(token) ? "stacked" : "";
  if (/^(?:[\p{N}\p{P}\p{S}]{1,4}|.{1,3})$/u.test(token)) return "flat";
  return /\p{L}/u.test(token) ? "" : "stacked";
}

// The head of a table's column; above a column of names, which has no text, it is no header cell.
export const namedHead = (title) => (title ? el("th", { scope: "col" }, title) : el("td"));

// Scroll a box along an axis until the pixels from ``start`` on are in sight, clear of the first ``margin`` pixels,
// which a sticky label covers. The page itself never scrolls.
export function reveal(box, axis, start, size, margin) {
  const [scroll, length] = axis === "x" ? ["scrollLeft", "clientWidth"] : ["scrollTop", "clientHeight"];
  if (start < box[scroll] + margin || start + size > box[scroll] + box[length]) {
    box[scroll] = start - margin - (box[length] - margin - size) / 2;
  }
}

const ICONS = {
  first: "M4 3v10M13 3 6 8l7 5z",
  back: "M11 3 4 8l7 5z",
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  next: "M5 3l7 5-7 5z",
  last: "M12 3v10M3 3l7 5-7 5z",
  bookmark: "M4 2h8v12l-4-3.5L4 14z",
  fork: "M3 2v3c0 3 5 3 5 6v3M13 2v3c0 3-5 3-5 6",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon ${name}`);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// Copy an address; the button ``copied`` says so for a moment.
export async function copyLink({ copied, strings }, address) {
  const url = new URL(address, location.href).href;
  try {
    await navigator.clipboard.writeText(url);
    copied.textContent = strings.copied;
  } catch {
    window.prompt(strings.copy_link, url); // without https there is no clipboard: the reader copies the address
  }
  setTimeout(() => (copied.textContent = strings.link), 1500);
}

// A button. Who speaks to the page says what is seen, so the name has the words that are seen: the title where it has
// them, otherwise they are the name and the title describes it. A sign alone is named by the title.
export function button(name, title, action, ...content) {
  const node = el("button", { type: "button", class: name, title, onclick: action }, ...content);
  const seen = node.textContent.trim();
  const named = !/\p{L}/u.test(seen) || title.toLowerCase().includes(seen.toLowerCase());
  if (named) node.setAttribute("aria-label", /\d/.test(seen) ? `${seen} ${title}` : title);
  return node;
}

// A menu that unfolds below its title; a choice, Esc and a press elsewhere close it.
export function menu(name, title, list) {
  const box = el("details", { class: `menu ${name}` }, el("summary", { text: title }), list);
  const close = () => (box.open = false);
  const closeOutside = (event) => event.composedPath().includes(box) || close();
  box.addEventListener("toggle", () => {
    if (box.open) document.addEventListener("pointerdown", closeOutside);
    else document.removeEventListener("pointerdown", closeOutside);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.open) return;
    event.stopPropagation();
    close();
    box.firstChild.focus();
  });
  list.addEventListener("click", (event) => event.target.closest("button") && close());
  return box;
}
