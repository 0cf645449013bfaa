// Small pieces that every part of the player, and every other component, uses.

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

// Write the page's address. Back goes to what was looked at before: another sentence, chapter or row is an entry of the
// browser's history, a step is none, nor is what a page writes first. Until somebody acts, a place that was come back to
// is not left for what was on screen before.
const HERE = (globalThis.lookbackHere ??= watchBack({ loaded: false, back: false }));

function watchBack(here) {
  const set = (back) => () => (here.back = back);
  globalThis.addEventListener?.("popstate", set(true));
  for (const act of ["pointerdown", "keydown"]) globalThis.addEventListener?.(act, set(false), true);
  return here;
}

export function enter(url) {
  const [now, next] = [location.search, url.slice(url.indexOf("?"))].map((query) => new URLSearchParams(query));
  const both = (name) => now.has(name) && next.has(name);
  const differs = (name) => now.get(name) !== next.get(name);
  const row = both("inspection") && differs("row");
  const other = row || ["text", "chapter", "inspection"].some((name) => both(name) && differs(name));
  if (other && HERE.back) return;
  history[other && HERE.loaded ? "pushState" : "replaceState"](history.state, "", url);
  HERE.loaded = true;
}

// A sentence of the interface with its {places} filled.
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Whether a trace's model weighs the source at all: what is about weights is not shown of one that does not.
export const looks = (trace) => trace.checkpoint.attention !== "none";

// What only a model gives, and a trace of somebody's arrays may lack: the numbers of a step's word, of any step's.
export const rated = (word) => word.log_prob !== undefined;
export const speaks = (step) => rated(step) || step.top.length > 0;

// Whether the model would have said another word than the reference's.
// Whether a word is the reference's; an unknown word never is, though both be written <unk>.
export const right = (token, gold) => token === gold && token !== "<unk>";
export const misses = (step) => Boolean(step.target) && !right(step.top[0]?.token ?? step.output, step.target.token);

export const isSpecial = (token) => /^<(pad|unk|bos|eos|fill)>$/.test(token);

// 0.8789 → "87.9 %"; what would read as 0 or 100 but is not says so.
export function percent(p) {
  if (p > 0 && p < 0.0005) return "<0.1 %";
  if (p < 1 && p > 0.9995) return ">99.9 %";
  return (100 * p).toFixed(1) + " %";
}

export function decimals(x, n = 3) {
  const text = Math.abs(x).toFixed(n);
  return (x < 0 && Number(text) !== 0 ? "−" : "") + text;
}

// The share of full colour for a weight: even small weights are to be seen, 0 is nothing.
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

export const WIDE = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\u3000-\\u303f\\uff00-\\uffef";
export const isWide = (token) => new RegExp(`[${WIDE}]`, "u").test(token);

// How a token stands above a narrow column: what is short lies flat; Chinese runs down, letter below letter, and so does
// a longer number and whatever stands beside Chinese; a longer word of another script lies on its side.
export function standing(token) {
  if (isWide(token)) return new RegExp(`[^${WIDE}]`, "u").test(token) ? "stacked" : "";
  if (/^(?:[\p{N}\p{P}\p{S}]{1,4}|.{1,3})$/u.test(token)) return "flat";
  return /\p{L}/u.test(token) ? "" : "stacked";
}

// Scroll a box only as far as the stretch from ``start`` needs to be seen clear of the first
// ``margin`` pixels, which a sticky label covers; the page itself never moves.
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

// The address of what is shown, which each view makes of its own state.
export async function copyLink(view, address) {
  const url = new URL(address, location.href).href;
  try {
    await navigator.clipboard.writeText(url);
    view.copied.textContent = view.strings.copied;
  } catch {
    window.prompt(view.strings.copy_link, url); // no clipboard without https: let it be copied by hand
  }
  setTimeout(() => (view.copied.textContent = view.strings.link), 1500);
}

export function button(view, name, title, action, ...content) {
  return el("button", { type: "button", class: name, title, "aria-label": title, onclick: action }, ...content);
}
