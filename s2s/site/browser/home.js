// The front page: what there is, the models, one's own checkpoint.

import { el } from "../../player/browser/dom.js";
import { sizeOf } from "./models.js";
import { ownSection } from "./own.js";
import { hrefOf } from "./place.js";

export async function homePage(box, site) {
  const { texts, place } = site;
  const card = (page, title, what) =>
    el(
      "a",
      { class: "card", href: hrefOf({ ...place, page }), "data-card": page },
      el("b", { text: texts.say(title) }),
      el("span", { text: texts.say(what) }),
    );
  const list = el("section", { class: "models" });
  const own = ownSection(site);
  site.take = own.take;
  box.append(
    el("h1", { tabindex: "-1", text: texts.say("app.tagline") }),
    el("p", { class: "intro", text: texts.say("site.intro") }),
    el(
      "div",
      { class: "cards" },
      card("step", "page.step", "site.step_what"),
      card("lesson", "page.lesson", "lesson.intro"),
    ),
    list,
    own.box,
  );
  await showModels(list, site);
}

async function showModels(box, site) {
  const { texts, models } = site;
  const kept = await models.kept();
  const linked = (model) => hrefOf({ ...modelPlace(site, model), page: "step" });
  const row = (model) =>
    el(
      "tr",
      {},
      el("td", { dir: "auto" }, el("a", { href: linked(model), text: site.titleOf(model.name) })),
      el("td", { text: model.files ? texts.say("site.size", { size: sizeOf(model) / 1e6 }) : "" }),
      el("td", { text: texts.say(kept.has(model.name) ? "site.here" : "site.absent") }),
    );
  const size = models.rows.filter(({ name }) => !kept.has(name)).reduce((sum, model) => sum + sizeOf(model), 0);
  const said = el("p", { role: "status", class: "said" });
  const keep = el("button", { type: "button", class: "keep", text: texts.say("site.keep", { size: size / 1e6 }) });
  keep.addEventListener("click", async () => {
    keep.disabled = true;
    try {
      await models.keepAll();
      if (box.isConnected) await showModels(box, site);
    } catch (error) {
      keep.disabled = false;
      said.textContent = site.explain(error);
    }
  });
  const keys = ["step.checkpoint", "site.size_head", "site.state"];
  const heads = keys.map((key) => el("th", { scope: "col", text: texts.say(key) }));
  box.replaceChildren(
    el("h2", { text: texts.say("page.checkpoints") }),
    el("p", { text: texts.say("site.models_what") }),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": texts.say("page.checkpoints") },
      el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...models.rows.map(row))),
    ),
    size ? keep : el("p", { class: "kept", text: texts.say("site.kept") }),
    said,
  );
}

const modelPlace = (site, { name }) => ({ ...site.place, model: name, ...site.exampleOf(name) });
