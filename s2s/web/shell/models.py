"""Cached calls: the checkpoints there are, a loaded model, a decoded sentence.

torch is imported inside the calls, after the page has been painted for the first time.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from s2s.checkpoint.find import VIEW
from s2s.server import folders, trainings, uploads
from s2s.server.gate import Gate
from s2s.trace import film
from s2s.trace.branch import Edit
from s2s.trace.compare import Comparison, compare
from s2s.trace.trace import Trace
from s2s.web.shell import keys

if TYPE_CHECKING:
    import numpy as np

    from s2s.checkpoint.record import Checkpoint
    from s2s.decode.prefix_cache import PrefixCache
    from s2s.decode.what_if import Preview
    from s2s.exposure.recovery import Recovery
    from s2s.server.trainings import Training
    from s2s.text.alternatives import Segmentation

FOLDERS = folders.CHECKPOINTS
FIRST = "zh-en-luong"
Result = TypeVar("Result")
Source = str | tuple[str, ...]  # a text, or tokens that are read as they are
GATE = Gate()  # of all models of the server: one decodes at a time


def names() -> list[str]:
    """The checkpoints that can be chosen, by directory name; first the one that a new visitor sees, last their own."""
    found = {path.parent.name for folder in FOLDERS for path in folder.glob("*/config.json")}
    shared = sorted(found, key=lambda name: (name != FIRST, name))
    trained = [training.name for training in own_trainings() if (training.checkpoint / "config.json").exists()]
    return shared + trained + [upload.name for upload in own_uploads()]


def own_trainings() -> list[Training]:
    """What this visitor has trained in the page; nobody else is told of these names."""
    mine: list[Training] = st.session_state.get(keys.TRAININGS, [])
    return mine


def own_uploads() -> list[uploads.Upload]:
    """What this visitor has brought; nobody else is told of these names."""
    mine: list[uploads.Upload] = st.session_state.get(keys.UPLOADS, [])
    return mine


def checkpoint_directory(name: str) -> Path:
    """A checkpoint's directory, whichever of its heads is looked at."""
    name = name.partition(VIEW)[0]
    shared = (folder / name for folder in FOLDERS)
    known = (path for path in shared if (path / "config.json").exists())
    return trainings.place(name) or uploads.place(name) or next(known, FOLDERS[0] / name)


def is_known(name: str) -> bool:
    """Whether a checkpoint can be chosen, whichever of its heads is looked at."""
    return name.partition(VIEW)[0] in names()


@st.cache_resource(max_entries=32)
def about(name: str, changed: int) -> dict[str, Any]:
    """A checkpoint's config and metrics without its weights; empty where they cannot be read."""
    found: dict[str, Any] = {}
    for part in ("config", "metrics"):
        try:
            value = json.loads((checkpoint_directory(name) / f"{part}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            value = {}
        found[part] = value if isinstance(value, dict) else {}
    return found


def filmed(name: str) -> bool:
    """Whether a checkpoint has a film of its training."""
    return all((checkpoint_directory(name) / part).exists() for part in (film.NAME, film.CURVE))


def changed(name: str) -> int:
    """A number that is another one once a file of a checkpoint is, its card aside: part of every cache's key."""
    found, directory = [], checkpoint_directory(name)
    for folder in (directory, directory / "model"):  # the second of Hugging Face's models
        with suppress(OSError), os.scandir(folder) as entries:
            files = [entry for entry in entries if entry.is_file() and not entry.name.endswith((".md", ".new"))]
            found += sorted((entry.name, entry.stat().st_mtime_ns, entry.stat().st_size) for entry in files)
    return hash(tuple(found)) if found else 0


def load(name: str, changed: int) -> Checkpoint:
    """A checkpoint in memory, shared by all visitors and never written to; ``@layer.head`` says where to look."""
    name, viewed, view = name.partition(VIEW)
    if viewed:
        from s2s.checkpoint.huggingface import viewed as look

        return look(_loaded(name, changed), view)
    return _loaded(name, changed)


@st.cache_resource(max_entries=4, show_spinner=False)
def _loaded(name: str, changed: int) -> Checkpoint:
    import torch

    from s2s.checkpoint.open import load as load_checkpoint

    torch.set_num_threads(1)
    loaded = load_checkpoint(checkpoint_directory(name))
    loaded.source.segmenter.cut("热身")  # jieba reads its dictionary once, here
    gc.collect()
    gc.freeze()
    return loaded


def with_model_lock(work: Callable[[], Result]) -> Result:
    """What a call of a model gives, made while no other is."""
    with GATE:
        return work()


@st.cache_resource(max_entries=8, show_spinner=False)
def prefix_cache(name: str, changed: int, text: Source) -> PrefixCache:
    """A text read once, for all lanes, forks and edits of it; it is used and written to behind the gate alone."""
    from s2s.decode.inputs import source_ids
    from s2s.decode.prefix_cache import PrefixCache

    checkpoint = load(name, changed)
    return PrefixCache(checkpoint.model, source_ids(checkpoint, text)[1])


@st.cache_resource(max_entries=512, show_spinner=False)
def decode(
    name: str,
    changed: int,
    text: Source,
    reference: str,
    mode: str,
    settings: tuple[tuple[str, Any], ...],
    prefix: tuple[str, ...] = (),
    attention: tuple[tuple[int, str], ...] = (),
) -> Trace:
    """One lane or branch, of a text or of tokens; its edits as texts. Raises UserError for what cannot be used."""
    from s2s.decode.decode import trace
    from s2s.decode.strategy import Settings

    checkpoint, edits = load(name, changed), {t: Edit.parse(edit) for t, edit in attention}
    with GATE:
        cache, how = prefix_cache(name, changed, text), Settings(**dict(settings))
        return trace(checkpoint, text, reference or None, mode, how, prefix, attention=edits, cache=cache)


@st.cache_resource(max_entries=32, show_spinner=False)
def states(name: str, changed: int, text: str) -> tuple[Trace, tuple[np.ndarray, ...]]:
    """A text's free-running lane, and its states: of the encoder, of the decoder, the contexts."""
    from s2s.inspect.states.record import trace_states

    made = decode(name, changed, text, "", "free", ())
    with GATE:
        vectors = trace_states(load(name, changed), made)
    return made, tuple(part.numpy() for part in vectors)


def preview(
    name: str, changed: int, text: Source, prefix: Sequence[str], attention: Mapping[int, Edit], edit: Edit
) -> Preview:
    """One step under another attention. Raises UserError for an edit that this step cannot have."""
    from s2s.decode.what_if import preview as made

    checkpoint = load(name, changed)
    with GATE:
        return made(checkpoint, prefix_cache(name, changed, text), prefix, attention, edit)


@st.cache_resource(max_entries=512, show_spinner=False)
def recover(name: str, changed: int, text: str, reference: str) -> Recovery:
    """What the model says from every prefix of the reference. Raises UserError as ``decode`` does."""
    from s2s.exposure.sentence import sentence

    checkpoint = load(name, changed)
    with GATE:
        return sentence(checkpoint, text, reference)


@st.cache_resource(max_entries=64, show_spinner=False)
def compared(a: tuple[Any, ...], b: tuple[Any, ...]) -> Comparison:
    """Two lanes beside each other, by the arguments of ``decode``. Raises UserError as it does."""
    return compare(decode(*a), decode(*b))


@st.cache_resource(max_entries=512, show_spinner=False)
def neighbours(name: str, changed: int, token: str) -> list[tuple[str, float]]:
    """The words nearest to one that the encoder knows, with their cosine."""
    from s2s.decode.neighbours import neighbours

    checkpoint = load(name, changed)
    with GATE:
        return neighbours(checkpoint, token)


@st.cache_resource(max_entries=128, show_spinner=False)
def segmentations(name: str, changed: int, text: str) -> list[Segmentation]:
    """Every way to cut a text."""
    from s2s.text.alternatives import alternatives

    side = load(name, changed).source
    return alternatives(side.segmenter, side.vocab, text)


@st.cache_resource(max_entries=512, show_spinner=False)
def splits(token: str) -> list[tuple[str, ...]]:
    """Ways to cut one token into smaller ones."""
    from s2s.text.alternatives import splits

    return splits(token)
