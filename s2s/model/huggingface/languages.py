"""Languages of a multilingual model: those that its tokenizer knows, and the chosen source and target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s2s.errors import UserError, nearest

NLLB = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")  # the form of a language's name, the only way to recognise NLLB's
WRAPPED = ("mbart", "plbart")  # model types whose decoder first reads the last token of the target in training


@dataclass(frozen=True)
class Languages:
    """``ids`` maps each language's name to the network's id; ``source`` and ``target`` are two names, or ``""``."""

    ids: Mapping[str, int] = field(default_factory=dict)
    source: str = ""
    target: str = ""

    @property
    def note(self) -> str:
        """A remark for a user who did not choose both languages."""
        chosen = f"It reads {self.source or 'none'}, writes {self.target or 'none'}"
        others = "--source-language and --target-language choose others"
        return f"The model knows {len(self.ids)} languages. {chosen}; {others}."

    def opening(self, start: int, tokenizer: Any, kind: str) -> list[int]:
        """The ids that the decoder reads before the first word of the target language; ``start`` is its start token."""
        target = self.ids[self.target]
        wrapped = kind in WRAPPED and tokenizer(text_target="")["input_ids"][-1] == target
        return [target] if wrapped else [start, target]


def known(tokenizer: Any, size: int) -> dict[str, int]:
    """The languages of a tokenizer by the name that it accepts (PLBART's without underscores), with their ids.

    Ids from ``size`` on, the number of the network's ids, are left out.
    """
    if not hasattr(tokenizer, "src_lang"):
        return {}
    codes = getattr(tokenizer, "lang_code_to_id", None) or filter(NLLB.fullmatch, tokenizer.all_special_tokens)
    spell = getattr(tokenizer, "get_lang_token", str)
    ids = {code.strip("_"): tokenizer.convert_tokens_to_ids(spell(code)) for code in codes}
    return {name: i for name, i in ids.items() if i is not None and i != tokenizer.unk_token_id and i < size}


def choose(tokenizer: Any, network: Any, source: str, target: str) -> Languages:
    """Set the languages in the tokenizer; for ``""`` the model's default.

    UserError for an unknown language, or if the model knows none.
    """
    ids = known(tokenizer, int(network.get_output_embeddings().weight.size(0)))
    for name in filter(None, (source, target)):
        if not ids:
            raise UserError("huggingface_no_languages")
        if name not in ids:
            raise UserError("huggingface_language", found=name[:40], count=len(ids), known=nearest(name, ids))
    if not ids:
        return Languages()
    own = str(tokenizer.src_lang or "").strip("_")
    source = source or (own if own in ids else "")
    target = target or _written(tokenizer, network, ids) or source
    if source:
        tokenizer.src_lang = source
    if target:
        tokenizer.tgt_lang = target
    return Languages(ids, source, target)


def _written(tokenizer: Any, network: Any, ids: Mapping[str, int]) -> str:
    """The model's default target language: that of the token with which it is configured to begin."""
    generation, names = network.generation_config, {i: name for name, i in ids.items()}
    begun = (generation.forced_bos_token_id, generation.decoder_start_token_id, network.config.decoder_start_token_id)
    own = str(tokenizer.tgt_lang or "").strip("_")
    return next((names[i] for i in begun if i in names), own if own in ids else "")
