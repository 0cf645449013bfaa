// What Streamlit says itself (its tooltips, hints, menus and dialogs) in the visitor's language, and its menu on a
// phone, which closes after a choice and after a reload. Where and by which words: a table of ../../locales.

const NARROW = "(max-width: 767.98px)"; // below this Streamlit lays its menu over the page
const ATTRIBUTES = ["aria-label", "placeholder", "data-title"];
// Streamlit's own words stand here; elsewhere the same words may be a model's, a file's or a visitor's.
const PLACES = ["InputInstructions", "stFileUploader", "stElementToolbar", "stTooltipContent", "stErrorTooltipContent",
  "stDataFrameColumnMenu", "stDataFrameColumnVisibilityMenu", "stDataFrameColumnFormattingMenu", "stDialog",
  "stStatusWidget", "stSkipToContent", "stMultiSelectDropdown", "stSelectboxVirtualDropdown", "stToast"];
const WITHIN = [...PLACES.map((name) => `[data-testid="${name}"]`), ".gdg-search-bar", "[data-own-words]"].join();
const OURS = "[data-testid=stHtml], [data-testid=stDialog] pre";

const own = (globalThis.lookbackBuiltin ??= { rules: [], was: new WeakMap(), chosen: {}, watching: false });

/** A table's rows as patterns: a {place} stands for any text. */
function compile(table) {
  return Object.entries(table).map(([words, translation]) => {
    const parts = words.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const names = [...words.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    return { pattern: new RegExp(`^${parts.join("(.*)")}$`, "s"), names, translation };
  });
}

function translated(text) {
  const words = text.trim();
  for (const { pattern, names, translation } of words ? own.rules : []) {
    const found = pattern.exec(words);
    if (found) return translation.replace(/\{(\w+)\}/g, (place, name) => found[1 + names.indexOf(name)]);
  }
  return text;
}

/** Puts a translation, or in Streamlit's language what was there, where nobody has written something new. */
function put(node, name, now, write) {
  const kept = own.was.get(node) ?? {};
  const original = kept[name]?.shown === now ? kept[name].original : now;
  const shown = translated(original);
  own.was.set(node, { ...kept, [name]: { original, shown } });
  if (shown !== now) write(shown);
}

function putText(text) {
  const parent = text.parentElement;
  if (parent?.closest(WITHIN) && !parent.closest(OURS)) put(text, "text", text.data, (words) => (text.data = words));
}

function putAttribute(element, name) {
  const now = element.getAttribute(name);
  if (now && !element.closest(OURS)) put(element, name, now, (words) => element.setAttribute(name, words));
}

function look(root) {
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

/** Streamlit remembers a menu that was opened, and a reload would open it over the page again. */
function forget() {
  if (!matchMedia(NARROW).matches) return;
  for (const key of Object.keys(localStorage)) if (key.startsWith("stSidebarCollapsed-")) localStorage.removeItem(key);
}

function close() {
  if (!matchMedia(NARROW).matches) return;
  document.querySelector("[data-testid=stSidebar][aria-expanded=true], [data-testid=stSidebar][data-collapsed=false]")
    ?.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
  forget();
}

function watch() {
  new MutationObserver((records) => {
    for (const record of records) {
      if (record.attributeName === "data-collapsed") forget();
      else if (record.type === "attributes") putAttribute(record.target, record.attributeName);
      else if (record.type === "characterData") putText(record.target);
      else record.addedNodes.forEach(look);
    }
  }).observe(document.body, {
    subtree: true, childList: true, characterData: true, attributeFilter: [...ATTRIBUTES, "data-collapsed"],
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-testid=stSidebarNavLink]")) setTimeout(close); // after Streamlit's own answer
  });
  close();
}

export default function mount({ data }) {
  document.documentElement.lang = data.language;
  own.rules = compile(data.words);
  const changed = Object.keys(own.chosen).some((name) => data.chosen[name] && own.chosen[name] !== data.chosen[name]);
  own.chosen = { ...own.chosen, ...data.chosen };
  if (!own.watching) watch();
  else if (changed) close();
  own.watching = true;
  look(document.body);
}
