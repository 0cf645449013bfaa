// The site: one page whose address says what it shows. Everything runs here; nothing that is typed or dropped is sent
// anywhere.

import { UserError } from "../../browser_model/errors.js";
import { el } from "../../player/browser/dom.js";
import { summariesInAll } from "../../player/browser/spoken.js";
import { recall, remember } from "../../player/browser/stored.js";
import { Computer } from "./compute.js";
import { homePage } from "./home.js";
import { lessonPage, turnChapter } from "./lesson.js";
import { Models, fetchBytes } from "./models.js";
import { listenDrops } from "./own.js";
import { endParts } from "./parts.js";
import { addressOf, placeIn } from "./place.js";
import { buildHeader, sayProgress, setProjector, startTheme } from "./shell.js";
import { stepPage } from "./step.js";
import { textsOf } from "./texts.js";

const DRAW_PAGE = { home: homePage, step: stepPage, lesson: lessonPage };
const PAGE_TITLES = { home: "site.home", step: "page.step", lesson: "page.lesson" };
const LANGUAGES = ["zh", "en"];

const node = (id) => document.getElementById(id);

class Site {
  constructor({ models, tools, lengths, settings, languages, first }) {
    const told = (name, done, size) => sayProgress(node("progress"), this, name, done, size);
    const chosen = recall("language");
    const own = LANGUAGES.includes(chosen) ? chosen : navigator.language.startsWith("zh") ? "zh" : "en";
    this.models = new Models(models, tools, told);
    this.compute = new Computer(this.models, (clauses) => summariesInAll(clauses, this.liveTexts));
    this.compute.learn(first);
    Object.assign(this, { lengths, settings, languages, own, turn: 0, runs: 0 });
    Object.assign(this, { spoken: {}, liveTexts: {}, loaded: new Map() });
    this.take = null;
    this.place = this.here();
  }

  here() {
    return placeIn(location.hash, { models: this.models.rows, language: this.own });
  }

  get texts() {
    return this.spoken[this.place.lang];
  }

  titleOf(name) {
    return this.models.row(name)?.titles[this.place.lang] ?? name;
  }

  // A JSON file of the site, fetched once.
  load(url) {
    if (!this.loaded.has(url)) {
      const reading = fetchBytes(url, url).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)));
      this.loaded.set(url, reading);
      reading.catch(() => this.loaded.delete(url));
    }
    return this.loaded.get(url);
  }

  async speak() {
    const files = await Promise.all(LANGUAGES.map((lang) => this.load(`texts/${lang}.json`)));
    LANGUAGES.forEach((lang, n) => {
      this.spoken[lang] = textsOf(files[n]);
      this.liveTexts[lang] = files[n].live;
    });
  }

  // A mistake as a sentence of the page's language; what it quotes is shortened.
  explain(error) {
    const key = error instanceof UserError || error?.key ? `error.${error.key}` : "error.browser_fault";
    if (key === "error.browser_fault") console.error("lookback", error);
    return this.texts.say(this.texts.has(key) ? key : "error.browser_fault", error.values ?? {});
  }

  problem(error) {
    return el("p", { class: "problem", role: "alert", text: this.explain(error) });
  }

  // Go to another place, an entry of the browser's history.
  go(changes) {
    const { text, ref } = this.place;
    const next = { ...this.here(), ...this.place, ...changes };
    if (next.text !== text || next.ref !== ref) this.runs += 1;
    history.pushState(null, "", addressOf(next));
    this.place = { ...next, unknown: null };
    return this.draw(changes.page || changes.chapter);
  }

  // The text and the reference of a model's first example; both empty where it has none.
  exampleOf(name) {
    const { text, ref } = this.models.row(name).examples[0] ?? { text: "", ref: "" };
    return { text, ref };
  }

  chooseModel(name) {
    this.go({ model: name, ...this.exampleOf(name) });
  }

  setLanguage(lang) {
    this.own = lang;
    remember("language", lang);
    const parameters = new URLSearchParams(location.hash.slice(1)); // with the step and the branches
    parameters.set("lang", lang);
    history.replaceState(null, "", location.hash ? `#${parameters}` : addressOf({ ...this.place, lang }));
    this.place = this.here();
    this.draw().then(() => document.querySelector(`[data-language="${lang}"]`).focus());
  }

  // A visitor's own model is open.
  opened(name) {
    this.go({ page: "step", model: name, ...this.exampleOf(name) });
  }

  redraw() {
    return this.draw();
  }

  // Draw the page of this place. ``focus``: move the focus to its title, as after a link.
  async draw(focus = false) {
    const turn = (this.turn += 1);
    this.take = null;
    endParts();
    const { page, chapter, lang, unknown } = this.place;
    document.documentElement.lang = lang;
    const title = page === "lesson" ? this.texts.say(`lesson.${chapter}.title`) : this.texts.say(PAGE_TITLES[page]);
    document.title = `${title} · ${this.texts.say("app.title")}`;
    buildHeader(node("header"), this);
    const main = el("main", { "data-page": page, "data-chapter": page === "lesson" ? chapter : null });
    document.querySelector("main").replaceWith(main);
    if (unknown) {
      history.replaceState(null, "", addressOf(this.place)); // its text is another model's
      const values = { name: unknown, used: this.titleOf(this.place.model) };
      main.append(el("p", { class: "note", text: this.texts.say("site.unknown", values) }));
    }
    try {
      await this.learn(this.place.model);
      if (this.turn !== turn) return;
      const drawing = DRAW_PAGE[page](main, this);
      if (focus) {
        scrollTo(0, 0);
        main.querySelector("h1")?.focus({ preventScroll: true });
      }
      await drawing;
    } catch (error) {
      if (this.turn === turn) main.append(this.problem(error));
    }
  }

  // The examples of a model that were computed ahead; without them its weights do.
  async learn(name) {
    const { ahead } = this.models.row(name);
    if (ahead) this.compute.learn(await this.load(ahead).catch(() => []));
  }
}

async function openSite() {
  startTheme();
  const site = new Site(JSON.parse(node("lookback-site").textContent));
  await site.speak();
  site.place = site.here(); // a link may have been followed meanwhile
  addEventListener("popstate", () => follow(site));
  const drawn = site.draw();
  addEventListener("keydown", (event) => {
    turnChapter(site, event);
    if (event.key === "Escape" && document.documentElement.hasAttribute("data-projector")) setProjector(false);
  });
  listenDrops(() => site.take);
  await drawn;
  const refused = (error) => console.info("lookback: not kept for use without a network", error.message);
  navigator.serviceWorker?.register("sw.js").catch(refused);
}

// The address was changed: by a link, by Back, by hand. Step through follows its own sentences itself.
function follow(site) {
  const [before, next] = [site.place, site.here()];
  const same = ["page", "model", "lang", "chapter"].every((name) => before[name] === next[name]);
  site.place = next;
  if (same && next.page === "step") return;
  site.draw(before.page !== next.page || before.chapter !== next.chapter);
}

openSite();
