// The switches of a page without a server: language and theme.

// Make the switches work. ``texts`` are the page's own texts by language; ``changed(language)`` is called once, and
// after each change.
export function watchSwitches(texts, language, changed) {
  const page = document.documentElement;
  const linked = new URLSearchParams(location.hash.slice(1)).get("lang");
  let shown = Object.hasOwn(texts, linked) ? linked : language;

  function paint() {
    page.lang = shown;
    for (const node of document.querySelectorAll("[data-say]")) node.textContent = texts[shown][node.dataset.say];
    for (const node of document.querySelectorAll("[data-name]")) {
      node.title = texts[shown][node.dataset.name];
      node.setAttribute("aria-label", node.title);
    }
    for (const node of document.querySelectorAll("[data-language]"))
      node.setAttribute("aria-pressed", node.dataset.language === shown);
    changed(shown);
  }

  for (const node of document.querySelectorAll("[data-language]")) {
    node.addEventListener("click", () => ((shown = node.dataset.language), paint()));
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", paint);
  document.getElementById("theme").addEventListener("click", () => {
    const before = page.dataset.theme ?? (dark.matches ? "dark" : "light");
    page.dataset.theme = before === "dark" ? "light" : "dark";
    paint();
  });
  paint();
  return paint;
}
