"""The texts that a page shows or reads out, to find words of the other language."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

# Texts that are data, not words of the page: words of sentences and models, code, icons by their names, formulas as
# KaTeX draws them (their words stand in its MathML).
DATA = (
    "script, style, textarea, code, pre, .code, [dir=auto], .word, .token, .katex-html, .xtick, .ytick, "
    "[data-testid=stIconMaterial], [data-testid=stMultiSelectTagsContainer], [data-testid=stHtml] td"
)
LOOK = """(data) => {
  const told = new Set(), shown = [], names = ["aria-label", "title", "placeholder", "alt", "data-title", "data-name"];
  const visit = (root) => {
    for (const e of root.querySelectorAll("*")) {
      if (e.shadowRoot) visit(e.shadowRoot);
      if (!e.closest("canvas") && !e.checkVisibility({ checkVisibilityCSS: true })) continue;
      if (e.closest(data)) shown.push(e.value ?? e.textContent);
      else {
        for (const name of names) if (e.hasAttribute(name)) told.add(e.getAttribute(name));
        if (e.matches("input[role=combobox]")) told.add(e.value);
        told.add([...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data).join(" "));
      }
    }
  };
  visit(document);
  return [[...told].map((text) => text.trim()).filter(Boolean), shown.join(" ")];
}"""
UNFOLD = """() => {
  const folded = [];
  const visit = (root) => {
    for (const e of root.querySelectorAll("*")) {
      if (e.shadowRoot) visit(e.shadowRoot);
      if (e.matches("details:not([open]) > summary") && e.checkVisibility()) folded.push(e);
    }
  };
  visit(document);
  folded.forEach((e) => e.click());
  return folded.length;
}"""
CHINESE = re.compile(r"[㐀-鿿]+")
LATIN = re.compile(r"[A-Za-z][A-Za-zÀ-ÿ0-9]+(?:[-_'’][A-Za-z0-9]+)*")
# Latin words that a Chinese page may say: formats, symbols of formulas, keys, names of people, models and measures.
ALLOWED = set(
    re.findall(
        r"\S+",
        """
        Excel HTML PNG SVG CSV JSON TSV ZIP UTF-8 MB KB kB Lines zip ISO pickle
        nat log ln exp tanh softmax sigmoid min max lp cp score PPL logits logit ts tj cd z1 z2 z3
        Home End Esc Tab Ctrl Enter PageUp PageDown
        Lookback English Language Hugging Face Luong Bahdanau Cho Huszár BERT Tatoeba general GRU LSTM FGM AutoMaster
        BLEU chrF ROUGE-L Top-p Top-k seq2seq bos eos unk QID Question Prediction submission csv
        python s2s train set film every configs README md config json vocab model safetensors metrics film curve jsonl
        TensorFlow models mine Trace to Nov 22nd odds Tom AMD EPYC CC BY FR org https 2e-05
        """,
    )
)


def settle(page: Page) -> None:
    """Until the server has nothing more to say."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def unfold(page: Page) -> None:
    """Open everything that is folded, and what lies in it."""
    while page.evaluate(UNFOLD):
        settle(page)


def foreign(page: Page, language: str, known: str) -> list[str]:
    """The texts that hold words of the other language, but for words of the page's data and of the text ``known``."""
    told, data = page.evaluate(LOOK, DATA)
    find, own = (CHINESE, set[str]()) if language == "en" else (LATIN, ALLOWED)
    words = own | set(find.findall(data)) | set(find.findall(known))
    whole = f"{data} {known}" if language == "en" else ""  # Chinese has no spaces: a word may stand within others
    return [text for text in told if any(w not in words and w not in whole for w in find.findall(text))]


def popovers(page: Page, language: str, known: str, seen: set[str]) -> list[str]:
    """What is foreign in each popover, opened one after another; ``seen`` are the labels of those that were."""
    found = []
    for button in page.locator("[data-testid=stPopover] button").all():
        if button.is_visible() and (label := button.inner_text()) not in seen:
            seen.add(label)
            button.click()
            expect(page.locator("[data-testid=stPopoverBody]")).to_be_visible()
            unfold(page)
            found += foreign(page, language, known)
            page.keyboard.press("Escape")
            expect(page.locator("[data-testid=stPopoverBody]")).to_be_hidden()
    return found
