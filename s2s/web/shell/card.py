"""A checkpoint's card in the visitor's language: architecture, scores, training data, limits.

It is made from the checkpoint's config and metrics. Texts from these files are escaped and shortened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from s2s.checkpoint import card
from s2s.errors import joined, strings
from s2s.figures import step
from s2s.text.safe import shortened
from s2s.web.shell import architecture, models
from s2s.web.shell.language import t

Entry = Mapping[str, Any]  # as ``models.about`` returns it: values are bounded, and of the kinds that are shown
Say = Callable[..., str]
LONG = 20_000  # characters of a README that are shown
FACT = 400  # characters of a text from config or metrics that are shown
SPLITS, SIGNATURES = 12, 24  # shown of a checkpoint that has more
SCORES = {"bleu": ".2f", "chrf": ".2f", "rouge_l": ".2f", "perplexity": ".2f", "token_accuracy": ".3f"}

STYLE = """<style>
.lb-card { overflow-wrap: anywhere; font-size: 0.94rem; }
.lb-card h4 { font-size: 1rem; font-weight: 600; margin: 14px 0 4px; padding: 0; }
.lb-card p, .lb-card ul { margin: 4px 0; }
.lb-card small { opacity: 0.8; }
</style>"""


def show_card(name: str) -> None:
    """Show the card of a checkpoint, and below it the text of its README."""
    st.html(f'{step.STYLE}{STYLE}<div class="lb-card">{html(models.about(name, models.changed(name)), t)}</div>')
    readme = models.checkpoint_directory(name) / "README.md"
    if readme.is_file():
        with st.expander(t("card.readme")), readme.open(encoding="utf-8", errors="replace") as file:
            st.code(file.read(LONG), language=None, wrap_lines=True)


def html(entry: Entry, say: Say) -> str:
    """The card as HTML, in sections; without those for which config and metrics have nothing."""
    sections = {"scores": _scores, "data": _data, "limits": _limits, "training": _training}
    filled = {name: make(entry, say) for name, make in sections.items()}
    parts = (f"<h4>{escape(say(f'card.title.{name}'))}</h4>{body}" for name, body in filled.items() if body)
    return _what(entry, say) + "".join(parts)


def _what(entry: Entry, say: Say) -> str:
    """Architecture and number of parameters; of an imported model also library and files."""
    training, imported = entry["metrics"].get("training", {}), entry["metrics"].get("imported", {})
    lines = [architecture.described(entry)]
    if (count := (training or imported).get("parameters")) is not None:
        lines.append(say("card.parameters", count=count))
    if imported:
        library = " ".join(str(imported[key]) for key in ("library", "version") if imported.get(key))
        files = ", ".join(map(str, imported.get("files") or ["?"]))
        lines.append(say("card.imported", library=_cut(library), files=_cut(files)))
    return "".join(f"<p>{escape(_cut(line))}</p>" for line in lines if line)


def _scores(entry: Entry, say: Say) -> str:
    metrics = entry["metrics"]
    splits = card.scored_splits(metrics)[:SPLITS]
    if not splits:
        return ""
    names = {"bleu": bleu_name(metrics[splits[0]], say)}
    heads = [say("card.split"), say("card.sentences"), *(names.get(score, say(f"cards.{score}")) for score in SCORES)]
    rows = [[_split(name, say), *_numbers(metrics[name])] for name in splits]
    note = f"<p><small>{escape(say('card.scores_note'))}</small></p>"
    return step.step_table(heads, rows) + note + _signatures(metrics, splits, say)


def bleu_name(scores: Mapping[str, Any], say: Say) -> str:
    """The name of a split's BLEU: of words, or of characters for a language without spaces."""
    characters = card.counts_characters(str(scores.get("signatures", {}).get("bleu")))
    return say("cards.bleu_char" if characters else "cards.bleu")


def _split(name: str, say: Say) -> str:
    return say(f"card.split.{name}") if name in ("dev", "test") else _cut(name)


def _numbers(scores: Mapping[str, Any]) -> list[str]:
    shapes = {"sentences": ",d", **SCORES}
    return [_number(scores.get(name), shape) for name, shape in shapes.items()]


def _number(value: float | None, shape: str) -> str:
    return "–" if value is None else format(value, shape)


def _signatures(metrics: Mapping[str, Any], splits: Sequence[str], say: Say) -> str:
    """The signatures of sacrebleu, with which others can reproduce the scores, each once."""
    splits_of = dict[str, list[str]]()
    for name in splits:
        for kind, text in sorted(metrics[name].get("signatures", {}).items()):
            splits_of.setdefault(f"{_cut(str(kind))} {_cut(str(text))}", []).append(_split(name, say))
    lines = [
        f"<code>{escape(text)}</code> ({escape(say('app.list').join(names))})" for text, names in splits_of.items()
    ]
    return "".join(f"<p><small>{line}</small></p>" for line in lines[:SIGNATURES])


def _data(entry: Entry, say: Say) -> str:
    origin = entry["config"].get("data", {}).get("origin")
    if entry["metrics"].get("imported", {}):
        return ""
    return f'<p dir="auto">{escape(known(origin, say))}</p>' if origin else f"<p>{escape(say('card.unstated'))}</p>"


def _limits(entry: Entry, say: Say) -> str:
    """The known limits of our models, and those of the data from Tatoeba."""
    data, text = entry["config"].get("data", {}), entry["config"].get("text", {})
    if not entry["metrics"].get("training", {}):
        return ""
    lines = [say("card.limit.tatoeba")] if "Tatoeba" in str(data.get("origin")) else []
    if "max_tokens" in data:
        lines.append(say("card.limit.length", tokens=data["max_tokens"]))
    lines.append(say("card.limit.back_off" if text.get("source_back_off") is True else "card.limit.unknown"))
    lines += [say("card.limit.sure"), say("card.limit.attention")]
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _training(entry: Entry, say: Say) -> str:
    training = entry["metrics"].get("training", {})
    if not training:
        return ""
    numbers = {name: _number(training.get(name), ",d") for name in ("pairs", "epoch", "seconds")}
    line = say("card.trained", **numbers, hardware=known(training.get("hardware"), say))
    command = f"<p><code>{escape(_cut(str(training['command'])))}</code></p>" if training.get("command") else ""
    return f"{command}<p>{escape(joined(line, say('card.kept')))}</p>"


def known(text: object, say: Say) -> str:
    """A text from a file, translated if it is one of ours, else shortened."""
    value = str(text)
    for key, english in strings("card.known", "en").items():
        if value == english:
            return say(f"card.known.{key}")
    threads = re.fullmatch(r"(.{1,80}), (\d{1,4}) threads?", value)
    return say("card.threads", name=threads[1], count=threads[2]) if threads else _cut(value)


def _cut(text: str) -> str:
    return shortened(text, FACT)
