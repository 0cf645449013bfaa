"""One HTML file that holds a model and decodes what a visitor types, without a server and without a network.

The model is the one in ``s2s/browser_model/``. The page is built so that its first example, which Python decodes, is
painted before the weights, which come last in the file, have been read.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from s2s.browser_model import pack
from s2s.browser_model.quantise import approximate, quantisation_error, quantised
from s2s.checkpoint.examples import examples, marks
from s2s.checkpoint.native import SCHEMA
from s2s.checkpoint.open import load
from s2s.checkpoint.title import model_title
from s2s.config import to_dict
from s2s.decode.decode import trace
from s2s.decode.ranges import ON_PAGES
from s2s.decode.strategy import Settings
from s2s.errors import LANGUAGES, UserError, say, strings
from s2s.player import bundle, page, payload
from s2s.trace.trace import Trace

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint

WORKER = Path(pack.__file__).parent / "worker.js"
KERNELS = WORKER.with_name("kernels.wasm")
MODEL_POLICY = " 'wasm-unsafe-eval'; worker-src blob:"  # the worker's script is a part of the page
QUOTED = re.compile(r'"([a-z_]+)"')  # names in a script; some are keys of errors
LONGEST_README = 20_000  # characters of a README that are shown
FORM = (  # names of ``step.*`` in the locales that the form shows
    *("text", "text_place", "reference", "reference_place", "run", "examples", "settings", "strategy"),
    *("greedy", "sampling", "beam_search", "mark_well", "mark_wrong", "mark_other", "mark_long", *ON_PAGES),
)


@dataclass(frozen=True)
class LiveModel:
    """What a page needs of a checkpoint; ``pairs`` are its examples (text, reference), the first one is shown first."""

    checkpoint: Checkpoint
    directory: Path
    pairs: Sequence[tuple[str, str]]
    int8: bool = False  # whether the page stores the weights in 8 bits

    @staticmethod
    def of(directory: Path, pair: tuple[str, str] | None = None, int8: bool = False) -> LiveModel:
        """The model of a checkpoint directory; ``pair`` is an example of the user's, shown before ours.

        Raises UserError for a broken checkpoint, one that is not recurrent, and one without an example.
        """
        checkpoint = load(directory)
        checkpoint.recurrent  # noqa: B018 (raises for another kind of model)
        text = checkpoint.config.text
        ours = examples(checkpoint.name, text.source, text.target)
        pairs = [*([pair] if pair else []), *(other for other in ours if other != pair)]
        if not pairs:
            raise UserError("live_no_example", checkpoint=checkpoint.name)
        return LiveModel(checkpoint, directory, pairs, int8)

    def weights(self) -> bytes:
        """The bytes of a safetensors file: the checkpoint's own, or the same weights in 8 bits."""
        if self.int8:
            return quantised(self.checkpoint)
        return (self.directory / "model.safetensors").read_bytes()

    def readme(self) -> str:
        """The beginning of the checkpoint's README; empty without one."""
        file = self.directory / "README.md"
        return file.read_text(encoding="utf-8", errors="replace")[:LONGEST_README] if file.is_file() else ""

    def tools(self) -> dict[str, Any] | None:
        """What cutting Chinese needs; None for a model that cuts without a dictionary."""
        return pack.tools(self.checkpoint.config.text)

    @property
    def name(self) -> str:
        """What traces of the page say of their model."""
        return f"{self.checkpoint.name}-int8" if self.int8 else self.checkpoint.name

    def described(self) -> dict[str, Any]:
        """What ``checkpoint.js`` opens, without the weights and the tools."""
        checkpoint = self.checkpoint
        sides = {"source": checkpoint.source.vocab, "target": checkpoint.target.vocab}
        return {
            "name": self.name,
            "digest": checkpoint.digest,
            "kernels": packed(KERNELS.read_bytes()),
            "config": {"schema": SCHEMA, **to_dict(checkpoint.config)},
            "vocab": {side: {"tokens": vocab.tokens, "back_off": vocab.back_off} for side, vocab in sides.items()},
        }

    def facts(self) -> dict[str, Any]:
        """What the form and the player need to know of the model."""
        name = self.checkpoint.name
        text = self.checkpoint.config.text
        places = {pair: n for n, pair in enumerate(examples(name, text.source, text.target))}
        return {
            "name": self.name,
            "vocabulary": len(self.checkpoint.target.vocab),
            "examples": [
                {"text": pair[0], "ref": pair[1], "marks": marks(name, places[pair], pair[0]) if pair in places else []}
                for pair in self.pairs
            ],
            "ranges": {setting: list(ends) for setting, ends in ON_PAGES.items()},
            "defaults": asdict(Settings()),
            "approximation": quantisation_error(self.checkpoint, [text for text, _ in self.pairs])
            if self.int8
            else None,
        }

    def first_lanes(self) -> dict[str, Trace]:
        """The lanes of the first example, which a page shows while its model is being read."""
        text, reference = self.pairs[0]
        modes = ("forced", "free") if reference.strip() else ("free",)
        shown = replace(self.checkpoint, name=self.name)
        if self.int8:
            shown = replace(shown, model=approximate(self.checkpoint))
        return {mode: trace(shown, text, reference or None, mode) for mode in modes}


def render_live(model: LiveModel, language: str) -> str:
    """The page as HTML, which opens in ``language``, ``zh`` or ``en``, with the model's first example."""
    tools = model.tools()
    facts, lanes = model.facts(), model.first_lanes()
    pages = {other: _page_texts(model, other) for other in LANGUAGES}
    script = f"(() => {{\n{page.short(payload.script('live_page.js'))}\n}})();"
    worker = page.short(bundle.script(WORKER))
    styles = {"style": page.style("live.css"), "player_style": page.style("player.css")}
    first = {"words": payload.source_words(lanes), "summaries": payload.lane_summaries(lanes)}
    values = {
        "language": language,
        "texts": {other: live_texts(other, script + worker) for other in LANGUAGES},
        "pages": pages,
        "model": facts,
        "first": facts["examples"][0] | first,
        "checkpoint": model.described(),
    }
    return Template(payload.read("live.html")).substitute(
        styles,
        **{name: page.escaped(text) for name, text in pages[language].items()},
        language=language,
        policy=page.policy(script, list(styles.values()), MODEL_POLICY),
        facts=_facts(model, pages[language]),
        readme=page.escaped(model.readme()),
        lanes=page.embedded(payload.lane_values(lanes)),
        page=page.embedded(values),
        script=script,
        worker=packed(worker.encode()),
        tools="" if tools is None else packed(json.dumps(tools, ensure_ascii=False).encode()),
        weights=packed(model.weights()),
    )


def packed(data: bytes) -> str:
    """Bytes as a text that ``unpack.js`` reads: gzip, then base64."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def live_texts(language: str, code: str) -> dict[str, Any]:
    """The texts of the form, of the player with its model, of a lane's sentence, and of mistakes in ``code``."""
    step, player, errors = strings("step", language), strings("player", language), strings("error", language)
    named = set(QUOTED.findall(code))
    form = {name: step[name] for name in FORM} | {name: errors[name] for name in ("setting_range", "setting_number")}
    return {
        "live": form | strings("live", language),
        "player": {key: text for key, text in player.items() if not key.startswith("predict_")},
        "summary": strings("summary", language),
        "error": {key: text for key, text in errors.items() if key in named},
        "list": say("app.list", language),
    }


def _page_texts(model: LiveModel, language: str) -> dict[str, str]:
    """The texts around form and player, under the names that the template uses."""
    return {
        "title": model_title(model.checkpoint.name, to_dict(model.checkpoint.config), language),
        "brand": say("app.title", language),
        "languages": say("app.language", language),
        "card": say("step.card", language),
        **strings("export", language),
    }


def _facts(model: LiveModel, words: Mapping[str, str]) -> str:
    """Name, digest and scores of the model as rows of a description list."""
    checkpoint = model.checkpoint
    rows = {"model": f"{page.escaped(model.name)} · <code>{page.escaped(checkpoint.digest)}</code>"}
    return "".join(
        f'<dt data-say="{key}">{page.escaped(words[key])}</dt><dd class="{key}" dir="auto">{value}</dd>'
        for key, value in rows.items()
    )
