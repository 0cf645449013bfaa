"""Export traces as one HTML file that plays without a server, and read them back.

The file loads nothing; its content security policy allows only its own script and styles. The lanes are JSON in one
element, which ``read_lanes`` reads.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from string import Template
from typing import Any

from s2s.errors import LANGUAGES, UserError, say, sentences, strings
from s2s.player import bundle, payload
from s2s.trace.json import broken_record
from s2s.trace.trace import Trace

LANES = "lookback-lanes"  # the id of the element that holds the lanes
COMMENT = re.compile(r"(^|(?<=[;,{]))\s*// .*")
STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
TITLE = 60  # characters of the text that a window's title shows


def render(
    lanes: Mapping[str, Trace],
    language: str,
    vocabulary: int | None = None,
    branches: Sequence[Mapping[str, Any]] = (),
    framed: bool = False,
    begin: Mapping[str, Any] | None = None,
    note: str = "",
    forking: bool = False,
) -> str:
    """The page as HTML, which opens in ``language``, ``zh`` or ``en``.

    ``vocabulary`` is the number of target words, if known. ``branches`` are rows of ``payload.branch_row``. A
    ``framed`` page is the player alone, for a notebook (``notebook.py``), and keeps nothing in its address. ``begin``
    says where the page opens if its address does not: ``step``, from 0, ``lane``, and ``pieces``, "1" for subwords.
    ``note`` is a plain text above the player. ``forking``: the page says below it where new forks are made.
    """
    trace = next(iter(lanes.values()))
    words = {other: {"player": _player_texts(other), "page": _page_texts(trace, other, forking)} for other in LANGUAGES}
    script = short(payload.script("page.js"))
    styles = {
        "style": style("page.css"),
        "player_style": style("player.css"),
    }
    return Template(payload.read("page.html")).substitute(
        styles,
        language=language,
        framed=" data-framed" if framed else "",
        policy=policy(script, list(styles.values())),
        title=escaped(trace.source_text[:TITLE]),
        facts=_facts(lanes, words[language]["page"], note),
        forking=_forks(words[language]["page"]) if forking else "",
        lanes=embedded(payload.lane_values(lanes)),
        page=embedded(
            _opening(language, vocabulary, words, branches, framed)
            | {
                "words": payload.source_words(lanes),
                "summaries": payload.lane_summaries(lanes),
                **({"begin": dict(begin)} if begin else {}),
            }
        ),
        script=script,
        **{name: escape(text) for name, text in words[language]["page"].items()},
    )


def _opening(language: str, vocabulary: int | None, words: Any, branches: Any, framed: bool) -> dict[str, Any]:
    """The initial state of the player. A frame has no language switch, so its page holds one language only."""
    own = {language: words[language]} if framed else words
    known = {"language": language, "vocabulary": vocabulary, "strings": own, "branches": list(branches)}
    return known | ({"framed": True} if framed else {})


def style(name: str | Path) -> str:
    """A style sheet, by its name in the player's folder or its path, with all that it imports, without comments."""
    return short(STYLE_COMMENT.sub("", bundle.style(payload.FOLDER / name)))


def short(code: str) -> str:
    """Script or style without indentation, empty lines and comments. No string in our sources contains such a line."""
    lines = (COMMENT.sub("", line.strip()) for line in code.splitlines())
    return "\n".join(line for line in lines if line)


def _player_texts(language: str) -> dict[str, str]:
    """The player's texts, without those for functions that need a model."""
    asking = ("evidence_", "predict_", "readout_")
    texts = strings("player", language)
    return {k: v for k, v in texts.items() if k == "readout_none" or not k.startswith(asking)}


def _page_texts(trace: Trace, language: str, forking: bool) -> dict[str, str]:
    """The texts around the player, under the names that the template and the script use."""
    own = strings("export", language)
    if not forking:
        del own["forks"]
    kind = f"card.kind.{trace.checkpoint['attention']}"
    return {
        "brand": say("app.title", language),
        "languages": say("app.language", language),
        "kind": sentences(language).get(kind, trace.checkpoint["attention"]),
        **own,
    }


def _facts(lanes: Mapping[str, Trace], words: Mapping[str, str], note: str) -> str:
    """Source, output, reference, model and note as rows of a description list."""
    trace = lanes.get("free") or next(iter(lanes.values()))
    reference = next((lane.reference for lane in lanes.values() if lane.reference), None)
    name, digest = trace.checkpoint["name"], trace.checkpoint.get("digest", "")
    rows = {
        "text": escaped(trace.source_text),
        "output": escaped(lanes["free"].text) if "free" in lanes else "",
        "reference": escaped(reference or ""),
        "model": f"{escaped(name)} · <span data-say=kind>{escape(words['kind'])}</span>"
        + (f" · <code>{escaped(digest)}</code>" if digest else ""),
        "note": escaped(note),
    }
    return "".join(
        f'<dt data-say="{key}">{escape(words[key])}</dt><dd class="{key}" dir="auto">{value}</dd>'
        for key, value in rows.items()
        if value
    )


def _forks(words: Mapping[str, str]) -> str:
    """The sentence that says where new forks are made."""
    return f'<p class="forking" data-say="forks">{escape(words["forks"])}</p>\n'


def escaped(text: str) -> str:
    """A text escaped for HTML; lone surrogates, which UTF-8 cannot encode, become question marks."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"))


def embedded(value: Any) -> str:
    """JSON that is safe inside an HTML script element: ASCII only, without ``<``.

    >>> embedded("</script>")
    '"\\\\u003c/script>"'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def policy(script: str, styles: Sequence[str], more: str = "") -> str:
    """The content security policy: nothing external, and only this script and these styles; ``more`` are directives."""
    hashes = " ".join(map(_hash, styles))
    return (
        f"default-src 'none'; script-src {_hash(script)}{more}; style-src {hashes}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class _Finder(HTMLParser):
    """Collects the text of the element with the lanes."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script" and dict(attrs).get("id") == LANES

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.text += data


def read_lanes(text: str) -> dict[str, Trace]:
    """The lanes in a trace's JSON or in an exported page, by mode. ValueError says why there are none."""
    if not text.lstrip("\ufeff \t\r\n").startswith("<"):
        trace = check_showable(Trace.from_json(text))
        return {trace.mode: trace}
    finder = _Finder()
    finder.feed(text)
    finder.close()
    if not finder.text:
        raise UserError("page_no_lanes", element=LANES)
    with broken_record("trace"):
        lanes = json.loads(finder.text)
    if not isinstance(lanes, dict):
        raise UserError("page_no_lanes", element=LANES)
    traces = [check_showable(Trace.from_json(json.dumps(lane))) for lane in lanes.values() if lane is not None]
    if not traces:
        raise UserError("page_no_lanes", element=LANES)
    return {trace.mode: trace for trace in traces}


def check_showable(trace: Trace) -> Trace:
    """The trace itself. ValueError if it has no step, no model name, or an infinite number."""
    if not trace.steps or not trace.source_tokens:
        raise UserError("trace_no_step")
    if not {"name", "attention"} <= trace.checkpoint.keys():
        raise UserError("trace_no_model")
    trace.to_json()  # refuses what JSON cannot hold
    return trace


def merge_lanes(traces: Sequence[Mapping[str, Trace]]) -> dict[str, Trace]:
    """The lanes of several files as those of one page. UserError if they do not belong together."""
    lanes: dict[str, Trace] = {}
    for name, trace in (item for part in traces for item in part.items()):
        first = next(iter(lanes.values()), trace)
        if name in lanes:
            raise UserError("export_same_lane", lane=name)
        if (trace.source_text, trace.source_tokens) != (first.source_text, first.source_tokens):
            raise UserError("export_other_source")
        if dict(trace.checkpoint) != dict(first.checkpoint):
            raise UserError("export_other_model", first=first.checkpoint["name"], second=trace.checkpoint["name"])
        if trace.reference and first.reference and trace.reference_tokens != first.reference_tokens:
            raise UserError("export_other_reference")
        lanes[name] = trace
    return lanes
