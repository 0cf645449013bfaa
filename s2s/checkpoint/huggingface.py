"""A checkpoint that holds an encoder-decoder of Hugging Face transformers: written by ``import_huggingface``.

Its directory has a ``config.json`` with its own schema, and a copy of the model's files in ``model/``; no file
elsewhere is needed. Weights are safetensors; a model's custom code is not run. See docs/HUGGINGFACE.md.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2s import disk
from s2s.checkpoint.files import read_object, write_json
from s2s.checkpoint.find import VIEW
from s2s.checkpoint.record import HUGGINGFACE, Checkpoint, Side
from s2s.config import Config, DataConfig, ModelConfig, TextConfig
from s2s.errors import UserError
from s2s.model.huggingface import loading
from s2s.model.huggingface.languages import Languages, choose

MODEL = "model"  # the directory with the model's files
LANGUAGES = ("source_language", "target_language")
IGNORED = (  # settings of generate() that Lookback ignores, with the value that has no effect
    ("no_repeat_ngram_size", 0),
    ("encoder_no_repeat_ngram_size", 0),
    ("repetition_penalty", 1.0),
    ("encoder_repetition_penalty", 1.0),
    ("min_length", 0),
    ("min_new_tokens", 0),
    ("forced_eos_token_id", None),
    ("diversity_penalty", 0.0),
)


@dataclass(frozen=True)
class CrossAttention(ModelConfig):
    """The model section of a Hugging Face checkpoint's config; its ``attention`` is ``cross``."""

    attention: str = "cross"
    kind: str = ""
    layers: int = 1
    heads: int = 1

    def __post_init__(self) -> None:
        pass  # the network exists already, so there is nothing to check


def import_huggingface(
    files: str,
    directory: Path,
    prefix: str = "",
    source_language: str = "",
    target_language: str = "",
    origin: str = "",
) -> list[str]:
    """Import the directory ``files`` as a checkpoint; returns remarks for the user, in sentences.

    ``prefix`` is put before every source, as T5 needs; the languages are for a multilingual model, ``""`` for its
    default. ``origin`` is the model's name, ``""`` for the directory's. UserError for a model that cannot be used.
    """
    if VIEW in directory.name:
        raise UserError("import_name", name=directory.name)
    if directory.exists():
        raise UserError("import_exists", directory=str(directory))
    origin = Path(origin or files).name
    network, tokenizer = loading.read_pretrained(files)
    named = {"schema": HUGGINGFACE, "name": directory.name, "origin": origin}
    values = {**named, "prefix": prefix, "layer": 0, "head": 0}
    languages = choose(tokenizer, network, source_language, target_language)
    if languages.ids:
        values |= {"source_language": languages.source, "target_language": languages.target}
    made = _checkpoint(directory, values, network, tokenizer, "").config.model  # checks that the model runs
    values["model"] = {key: getattr(made, key) for key in ("attention", "kind", "layers", "heads")}
    left_out = ignored_settings(network.generation_config)
    facts = {
        "library": "Hugging Face transformers",
        "files": [origin],
        "notes": left_out,
        "parameters": sum(weight.numel() for weight in network.parameters()),
    }

    def fill(fresh: Path) -> None:
        with loading.refuse_broken(named["origin"], ValueError):  # half a character in a tokenizer's words, say
            network.save_pretrained(fresh / MODEL)
            tokenizer.save_pretrained(fresh / MODEL)
        write_json(fresh / "config.json", values)
        write_json(fresh / "metrics.json", {"imported": facts})
        disk.write_text(fresh / "README.md", _card(values, type(network).__name__, facts))

    disk.write_directory(directory, fill)
    remarks = [f"Lookback decodes without the model's own setting {note}." for note in left_out]
    return [languages.note, *remarks] if languages.ids and not (source_language and target_language) else remarks


def read_huggingface(directory: Path, values: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint of a directory whose config is ``values``."""
    known = {"name": str, "origin": str, "prefix": str, "layer": int, "head": int}
    for key, kind in known.items():
        if type(values.get(key)) is not kind:
            found = type(values.get(key)).__name__
            raise UserError("config_type", key=key, expected=kind.__name__, found=found)
    for key in LANGUAGES:  # optional: missing in older checkpoints and for models of one language
        if type(values.get(key, "")) is not str:
            raise UserError("config_type", key=key, expected="str", found=type(values[key]).__name__)
    if not (directory / MODEL / "config.json").is_file():
        raise UserError("checkpoint_file_missing", file=str(directory / MODEL / "config.json"))
    network, tokenizer = loading.read_pretrained(str(directory / MODEL))
    settings = {key: values.get(key, "") for key in ("prefix", *LANGUAGES)}
    return _checkpoint(directory, values, network, tokenizer, loading.digest(directory / MODEL, settings))


def with_view(checkpoint: Checkpoint, view: str) -> Checkpoint:
    """The same model showing the attention of another ``layer.head`` (from 1; 0: the mean of all)."""
    found = re.fullmatch(r"(\d{1,3})\.(\d{1,3})", view, re.ASCII)
    if found is None:
        raise UserError("huggingface_view_name", found=view[:40])
    layer, head = map(int, found.groups())
    if not isinstance(checkpoint.config.model, CrossAttention):
        raise UserError("huggingface_no_heads", checkpoint=checkpoint.name)
    from s2s.model.huggingface.model import HuggingFace

    assert isinstance(checkpoint.model, HuggingFace)
    model, name = checkpoint.model.looking(layer, head), checkpoint.name.partition(VIEW)[0]
    return dataclasses.replace(checkpoint, model=model, name=f"{name}{VIEW}{layer}.{head}")


def ignored_settings(generation: Any) -> list[str]:
    """The generation settings of the model that Lookback ignores, as ``name = value``."""
    found = []
    for name, idle in IGNORED:
        value = getattr(generation, name, None)
        if value not in (None, idle, False, 0):
            found.append(f"{name} = {value}")
    ends = getattr(generation, "eos_token_id", None)
    if isinstance(ends, list) and len(ends) > 1:
        found.append(f"eos_token_id = {ends} (the first alone ends an output)")
    if any(len(row) > 1 for row in getattr(generation, "bad_words_ids", None) or ()):
        found.append("bad_words_ids of several tokens")
    return found


def _checkpoint(directory: Path, values: Mapping[str, Any], network: Any, tokenizer: Any, digest: str) -> Checkpoint:
    """The record of a model; UserError where its settings are not of the kinds that the library writes."""
    with loading.refuse_broken(values["origin"]):  # ids of 400 digits, lists of texts: the library passes them on
        return _record(directory, values, network, tokenizer, digest)


def _record(directory: Path, values: Mapping[str, Any], network: Any, tokenizer: Any, digest: str) -> Checkpoint:
    from s2s.model.huggingface.ids import ids, lead, single, special_ids, vocabs
    from s2s.model.huggingface.model import HuggingFace
    from s2s.model.huggingface.pieces import Pieces, labels

    languages = choose(tokenizer, network, values.get("source_language", ""), values.get("target_language", ""))
    generation, size = network.generation_config, int(network.get_output_embeddings().weight.size(0))
    always = single(generation.bad_words_ids) | set(generation.suppress_tokens or ())
    ruled_out = always, set(generation.begin_suppress_tokens or ())
    begun, known = opening(network, tokenizer, languages), special_ids(tokenizer, network)
    made = ids(size, known, begun, ruled_out)
    special = {*tokenizer.all_special_ids, *languages.ids.values()}
    names = labels(tokenizer, size, special)
    source, target = vocabs(made, names, tokenizer("")["input_ids"], special, lead(tokenizer, begun, known[-1]))
    model = HuggingFace(network, made, values["layer"], values["head"])
    config = Config(
        name=values["name"],
        model=CrossAttention(kind=network.config.model_type, layers=model.layers, heads=model.heads),
        text=TextConfig(source="huggingface", target="huggingface"),
        data=DataConfig(train="", dev="", origin=values["origin"]),
    )
    sides = (
        Side(Pieces(tokenizer, names, special, True, values["prefix"]).segmenter, source),
        Side(Pieces(tokenizer, names, special, False).segmenter, target),
    )
    metrics = directory / "metrics.json"
    scores = read_object(metrics) if metrics.exists() else {}
    return Checkpoint(directory.name, config, *sides, model.eval(), scores, digest)


def opening(network: Any, tokenizer: Any, languages: Languages | None = None) -> list[int]:
    """The ids that ``generate`` feeds the decoder before its first choice: the start token, and a forced one if any.

    The forced one is the target language, or ``forced_bos_token_id``.
    """
    from s2s.model.huggingface.ids import configured

    generation, config = network.generation_config, network.config
    starts = (
        configured("decoder_start_token_id", generation, config),
        configured("bos_token_id", generation, config, tokenizer),
        0,
    )
    first = next(i for i in starts if i is not None)
    if languages is not None and languages.target:
        return languages.opening(first, tokenizer, config.model_type)
    forced = configured("forced_bos_token_id", generation)
    return [first] if forced is None else [first, forced]


def _card(values: Mapping[str, Any], network: str, facts: Mapping[str, Any]) -> str:
    languages = [f"`{values[key]}`" for key in LANGUAGES if values.get(key)]
    notes = [f"- `{note}`" for note in facts["notes"]]
    lines = [
        f"# {values['name']}",
        "",
        f"{network} ({values['model']['kind']}) of {facts['library']}, from `{values['origin']}`, "
        f"{facts['parameters']:,} parameters, copied as it is.",
        *(["", f"It reads {languages[0]} and writes {languages[-1]}."] if languages else []),
        *(["", "Lookback decodes without these settings of the model's own:", "", *notes] if notes else []),
    ]
    return "\n".join(lines) + "\n"
