// Streamlit's own texts (tooltips, hints, menus and dialogs) in the visitor's language, by a table of s2s/locales; and
// its menu on a phone, which closes after a choice and after a reload; the keyboard in its menus, and where the focus
// goes when what was pressed is gone.

import { watchFocus } from "./lost_focus.js";
import { watchPopovers } from "./popover.js";
import { watchWholeNumbers } from "./whole.js";

const NARROW = "(max-width: 767.98px)"; // narrower pages have Streamlit's menu over them
const ATTRIBUTES = ["aria-label", "alt", "placeholder", "data-title"];
// Where Streamlit's own texts are. Elsewhere the same words may be a model's, a file's or a visitor's.
const PLACES = [
  "InputInstructions",
  "stFileUploader",
  "stElementToolbar",
  "stTooltipContent",
  "stErrorTooltipContent",
  "stDataFrameColumnMenu",
  "stDataFrameColumnVisibilityMenu",
  "stDataFrameColumnFormattingMenu",
  "stDialog",
  "stStatusWidget",
  "stSkipToContent",
  "stMultiSelectDropdown",
  "stSelectboxVirtualDropdown",
  "stToast",
];
const WITHIN = [
  ...PLACES.map((name) => `[data-testid="${name}"]`),
  ".gdg-search-bar",
  "[data-testid=stNumberInput] [role=alert]",
  "[data-own-words]",
].join();
const OURS = "[data-testid=stHtml], [data-testid=stDialog] pre";

const own = (globalThis.lookbackBuiltin ??= { rules: [], was: new WeakMap(), chosen: {}, watching: false });

// The rows of the table as patterns: a {place} stands for any text.
export function compileRules(table) {
  return Object.entries(table).map(([words, translation]) => {
    const parts = words.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const names = [...words.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    return { pattern: new RegExp(`^${parts.join("(.*)")}$`, "s"), names, translation };
  });
}

// The translation by the first rule that fits the whole text; the text itself if none does.
export function translate(text, rules) {
  const words = text.trim();
  for (const { pattern, names, translation } of words ? rules : []) {
    const match = pattern.exec(words);
    if (match) return translation.replace(/\{(\w+)\}/g, (_, name) => match[1 + names.indexOf(name)]);
  }
  return text;
}

// Write the translation of a text or attribute. Its original is remembered, so that a change of language translates
// that; what has been written since then is a new original.
function putTranslation(node, name, now, write) {
  const kept = own.was.get(node) ?? {};
  const original = kept[name]?.shown === now ? kept[name].original : now;
  const shown = translate(original, own.rules);
  own.was.set(node, { ...kept, [name]: { original, shown } });
  if (shown !== now) write(shown);
}

function putText(text) {
  const parent = text.parentElement;
  if (parent?.closest(WITHIN) && !parent.closest(OURS))
    putTranslation(text, "text", text.data, (words) => (text.data = words));
}

function putAttribute(element, name) {
  const now = element.getAttribute(name);
  if (now && !element.closest(OURS)) putTranslation(element, name, now, (words) => element.setAttribute(name, words));
}

// Translate a node and what it contains.
function translateTree(root) {
  if (root.nodeType === Node.TEXT_NODE) return putText(root);
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  for (const name of ATTRIBUTES) {
    if (root.hasAttribute(name)) putAttribute(root, name);
    for (const element of root.querySelectorAll(`[${name}]`)) putAttribute(element, name);
  }
  const places = root.closest(WITHIN) ? [root] : root.querySelectorAll(WITHIN);
  for (const place of places) {
    const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) putText(texts.currentNode);
  }
}

// A box of text that is wider than its place is scrolled by keys, so it has to take the focus.
const WIDE_BOXES = ".katex-display, [data-testid=stMarkdownContainer] table, [data-testid=stTable] > div";
function reachWideBoxes() {
  for (const box of document.querySelectorAll(WIDE_BOXES)) {
    if (box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX === "auto") box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
const reachSoon = () => {
  cancelAnimationFrame(own.reaching);
  own.reaching = requestAnimationFrame(reachWideBoxes);
};

// Forget that the menu is open: Streamlit stores that, and a reload would open the menu over the page.
function forgetMenu() {
  if (!matchMedia(NARROW).matches) return;
  for (const key of Object.keys(localStorage)) if (key.startsWith("stSidebarCollapsed-")) localStorage.removeItem(key);
}

function closeMenu() {
  if (!matchMedia(NARROW).matches) return;
  document.querySelector("[data-testid=stSidebar][aria-expanded=true], [data-testid=stSidebar][data-collapsed=false]")
    ?.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
  forgetMenu();
}

// The address says which language the page has, so that a link to any page opens in it.
function writeLanguage() {
  const url = new URL(location.href);
  if (url.searchParams.get("lang") === own.lang) return;
  url.searchParams.set("lang", own.lang);
  history.replaceState(history.state, "", url);
}

function watchPage() {
  new MutationObserver((records) => {
    for (const record of records) {
      if (record.attributeName === "data-collapsed") forgetMenu();
      else if (record.type === "attributes") putAttribute(record.target, record.attributeName);
      else if (record.type === "characterData") putText(record.target);
      else record.addedNodes.forEach(translateTree);
    }
    reachSoon();
  }).observe(document.body, {
    subtree: true, childList: true, characterData: true, attributeFilter: [...ATTRIBUTES, "data-collapsed"],
  });
  addEventListener("resize", reachSoon);
  addEventListener("popstate", writeLanguage); // an older entry of the history may have another
  document.fonts.addEventListener("loadingdone", reachSoon);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-testid=stSidebarNavLink]")) setTimeout(closeMenu); // after Streamlit's own answer
  });
  closeMenu();
}

export default function mount({ data }) {
  document.documentElement.lang = data.language;
  own.lang = data.lang;
  writeLanguage();
  own.rules = compileRules(data.words);
  const changed = Object.keys(own.chosen).some((name) => data.chosen[name] && own.chosen[name] !== data.chosen[name]);
  own.chosen = { ...own.chosen, ...data.chosen };
  if (!own.watching) watchPage();
  else if (changed) closeMenu();
  own.watching = true;
  watchPopovers();
  watchWholeNumbers(data.whole);
  watchFocus();
  translateTree(document.body);
  reachSoon();
}
