// Where the visitor is, as the fragment of the address has it: page, chapter, model, text, ref, lang. The names are
// those of the app's links.

export const PAGES = ["home", "step", "lesson"];
export const CHAPTERS = [
  "encoder_decoder",
  "attention",
  "layers",
  "cross_entropy",
  "prior",
  "exposure",
  "training",
  "predict",
];
const MOST_LETTERS = 2_000; // characters of a text

const oneOf = (value, known) => (known.includes(value) ? value : known[0]);

// The place that a fragment names; what it leaves out or cannot name is the first of its kind. ``unknown`` is a model
// that is not here.
export function placeIn(hash, { models, language }) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const row = models.find(({ name }) => name === given.get("model"));
  const { name: model, examples } = row ?? models[0];
  const example = examples[0] ?? { text: "", ref: "" };
  const typed = given.has("text") && (row || !given.has("model"));
  return {
    page: oneOf(given.get("page"), PAGES),
    chapter: oneOf(given.get("chapter"), CHAPTERS),
    model,
    text: typed ? given.get("text").slice(0, MOST_LETTERS) : example.text,
    ref: typed ? (given.get("ref") ?? "").slice(0, MOST_LETTERS) : example.ref,
    lang: ["zh", "en"].includes(given.get("lang")) ? given.get("lang") : language,
    unknown: row || !given.has("model") ? null : given.get("model"),
  };
}

// The parameters of a link to a place.
function linkTo({ page, chapter, model, text, ref, lang }) {
  return { page, ...(page === "lesson" ? { chapter } : {}), model, text, ref, lang };
}

export const addressOf = (place) => `#${new URLSearchParams(linkTo(place))}`;
// The whole address, as links have it: one that begins with # is taken for a link to skip to a part of the page.
export const hrefOf = (place) => location.href.replace(/#.*/, "") + addressOf(place);
