// The frame of every page: the header with the pages, language, theme and projector; the line about what is loading.

import { button, el } from "../../player/browser/dom.js";
import { recall, remember } from "../../player/browser/stored.js";
import { PAGES, hrefOf } from "./place.js";
import { redrawParts } from "./parts.js";

const NAMES = { home: "site.home", step: "page.step", lesson: "page.lesson" };
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

// Light or dark as the visitor chose it, else as their system is.
export function startTheme() {
  const chosen = recall("theme");
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  dark.addEventListener("change", redrawParts);
}

function switchTheme() {
  const before = root.dataset.theme ?? (dark.matches ? "dark" : "light");
  root.dataset.theme = before === "dark" ? "light" : "dark";
  remember("theme", root.dataset.theme);
  redrawParts();
}

export function setProjector(on) {
  root.toggleAttribute("data-projector", on);
  redrawParts();
  document.querySelector(on ? ".leave" : ".projector")?.focus();
}

export function buildHeader(box, site) {
  const { texts, place } = site;
  const link = (page) =>
    el("a", {
      href: hrefOf({ ...place, page }),
      "data-page": page,
      "aria-current": page === place.page ? "page" : null,
      text: texts.say(NAMES[page]),
      onclick: ({ currentTarget }) => (currentTarget.href = hrefOf({ ...site.here(), page })),
    });
  const language = (lang, name) =>
    el("button", {
      type: "button",
      lang,
      "data-language": lang,
      "aria-pressed": String(lang === place.lang),
      text: name,
      onclick: () => site.setLanguage(lang),
    });
  box.replaceChildren(
    el("strong", { text: texts.say("app.title") }),
    el("nav", { "aria-label": texts.say("site.pages") }, ...PAGES.map(link)),
    el(
      "span",
      { class: "switch", role: "group", "aria-label": texts.say("app.language") },
      ...Object.entries(site.languages).map(([lang, name]) => language(lang, name)),
    ),
    button("theme", texts.say("export.theme"), switchTheme, "◐"),
    button("projector", texts.say("site.projector_help"), () => setProjector(true), texts.say("site.projector")),
  );
  const leave = document.querySelector(".leave");
  leave.title = texts.say("site.leave");
  leave.setAttribute("aria-label", leave.title);
  leave.onclick = () => setProjector(false);
}

// Say how much of a model has come; null for ``done`` when nothing is on its way any more.
export function sayProgress(box, site, name, done, size) {
  if (done === null) return box.replaceChildren();
  const mega = (bytes) => bytes / 1e6;
  const values = { name: site.titleOf(name), done: mega(done), size: mega(size) };
  const text = site.texts.say("site.loading", values);
  if (!box.firstChild) box.append(el("progress", { max: "1" }), el("span"));
  const [bar, words] = box.children;
  bar.value = Math.min(1, done / size);
  bar.setAttribute("aria-label", site.texts.say("site.loading_name", values));
  words.textContent = text;
}
