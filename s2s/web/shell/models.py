"""Checkpoints and cached calls of models that several pages use: load, decode, states, preview, neighbours.

torch is imported inside the functions, so that a page appears before torch has been loaded. In all of them ``name`` is
a checkpoint's name and ``changed`` its version, as ``changed`` returns it: part of every cache's key.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from s2s.checkpoint.facts import read_facts
from s2s.checkpoint.find import VIEW
from s2s.errors import UserError
from s2s.monitoring import events
from s2s.server import folders, garbage, trainings, uploads
from s2s.trace import film
from s2s.trace.branch import Edit
from s2s.trace.compare import Comparison, compare
from s2s.trace.trace import Trace
from s2s.web.shell import keys
from s2s.web.shell.turns import LOADING, turn

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


def names() -> list[str]:
    """The names of the checkpoints that this visitor can choose: the default, other shared ones, trainings, uploads."""
    trained = [training.name for training in own_trainings() if (training.checkpoint / "config.json").exists()]
    return shared_names() + trained + [upload.name for upload in own_uploads()]


def shared_names() -> list[str]:
    """The names of the checkpoints in the server's folders, the default first."""
    shared = {path.parent.name for folder in FOLDERS for path in folder.glob("*/config.json")}
    return sorted(shared, key=lambda name: (name != FIRST, name))


def own_trainings() -> list[Training]:
    """The trainings of this visitor; the names of their checkpoints are not shown to others."""
    mine: list[Training] = st.session_state.get(keys.TRAININGS, [])
    return [training for training in mine if trainings.is_held(training)]


def own_uploads() -> list[uploads.Upload]:
    """The uploads of this visitor; their names are not shown to others."""
    mine: list[uploads.Upload] = st.session_state.get(keys.UPLOADS, [])
    return [upload for upload in mine if uploads.is_held(upload)]


def checkpoint_directory(name: str) -> Path:
    """The directory of a checkpoint, whose name may end in a layer and a head."""
    name = name.partition(VIEW)[0]
    shared = (folder / name for folder in FOLDERS)
    known = (path for path in shared if (path / "config.json").exists())
    return trainings.checkpoint_directory(name) or uploads.checkpoint_directory(name) or next(known, FOLDERS[0] / name)


def is_known(name: str) -> bool:
    """Whether this visitor can choose a checkpoint, whose name may end in a layer and a head."""
    return name.partition(VIEW)[0] in names()


@st.cache_resource(max_entries=32)
def about(name: str, changed: int) -> dict[str, Any]:
    """A checkpoint's ``config`` and ``metrics``, bounded and of the kinds that pages expect: see ``read_facts``."""
    return read_facts(checkpoint_directory(name))


def model_config(name: str) -> Mapping[str, Any]:
    """The section ``model`` of a checkpoint's config; empty without one."""
    found: Mapping[str, Any] = about(name, changed(name))["config"].get("model", {})
    return found


def filmed(name: str) -> bool:
    """Whether a checkpoint has a film of its training."""
    return all((checkpoint_directory(name) / part).exists() for part in (film.NAME, film.CURVE))


def changed(name: str) -> int:
    """A hash of the names, times and sizes of a checkpoint's files, Markdown aside: its version in cache keys."""
    facts, directory = [], checkpoint_directory(name)
    for folder in (directory, directory / "model"):  # model/ in checkpoints of Hugging Face
        with suppress(OSError), os.scandir(folder) as entries:
            files = [entry for entry in entries if entry.is_file() and not entry.name.endswith((".md", ".new"))]
            facts += sorted((entry.name, entry.stat().st_mtime_ns, entry.stat().st_size) for entry in files)
    return hash(tuple(facts)) if facts else 0


def load(name: str, changed: int) -> Checkpoint:
    """A checkpoint in memory, which all visitors share: do not modify it. ``NAME@LAYER.HEAD`` chooses what it shows."""
    name, viewed, view = name.partition(VIEW)
    if viewed:
        from s2s.checkpoint.huggingface import with_view

        return with_view(_loaded(name, changed), view)
    return _loaded(name, changed)


def reference_mistake(name: str, changed: int, reference: str) -> UserError | None:
    """Why a model cannot use a reference; None if it can."""
    from s2s.decode.inputs import reference_ids

    try:
        reference_ids(load(name, changed), reference)
    except UserError as error:
        return error
    return None


@st.cache_resource(max_entries=4, show_spinner=False)
def _loaded(name: str, changed: int) -> Checkpoint:
    import torch

    from s2s.checkpoint.open import load as load_checkpoint
    from s2s.server.gate import pause_at

    torch.set_num_threads(1)
    with turn(LOADING):
        try:
            loaded = load_checkpoint(checkpoint_directory(name))
        except UserError as error:
            if error.key == "error.checkpoint_missing":  # by its name, not by a path of the server
                error.values["checkpoint"] = name
            raise
        loaded.source.segmenter.cut("热身")  # so that jieba reads its dictionary now
    pause_at(loaded.model.blocks())
    garbage.set_aside()
    return loaded


def with_model_lock(work: Callable[[], Result]) -> Result:
    """Call ``work`` while no other model runs on this server, except where it pauses."""
    with turn():
        return work()


@st.cache_resource(max_entries=8, show_spinner=False)
def prefix_cache(name: str, changed: int, text: Source) -> PrefixCache:
    """An encoded text and its decoder steps, for all lanes, forks and edits.

    Call it before ``turn`` and use it within: it takes a turn itself if the text is new.
    """
    from s2s.decode.inputs import source_ids
    from s2s.decode.prefix_cache import PrefixCache

    checkpoint = load(name, changed)
    source = source_ids(checkpoint, text)[1]
    with turn():
        return PrefixCache(checkpoint.model, source)


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
    """The trace of a lane or branch of a text or of tokens.

    ``mode`` is ``free`` or ``forced``, ``settings`` as ``PageState.settings``, ``attention`` the edits (step, packed
    Edit). Raises UserError for input that cannot be decoded.
    """
    from s2s.decode.decode import trace
    from s2s.decode.strategy import Settings

    checkpoint, edits = load(name, changed), {t: Edit.parse(edit) for t, edit in attention}
    cache, how, began = prefix_cache(name, changed, text), Settings(**dict(settings)), time.monotonic()
    with turn():
        decoded = trace(checkpoint, text, reference or None, mode, how, prefix, attention=edits, cache=cache)
    events.run(name, mode, len(decoded.source_tokens), len(decoded.steps), time.monotonic() - began, text)
    return decoded


@st.cache_resource(max_entries=32, show_spinner=False)
def states(name: str, changed: int, text: str) -> tuple[Trace, tuple[np.ndarray, ...]]:
    """The trace of a text's free-running lane, and its states: of the encoder, of the decoder, the contexts."""
    from s2s.inspect.states.capture import trace_states

    trace, checkpoint = decode(name, changed, text, "", "free", ()), load(name, changed)
    with turn():
        vectors = trace_states(checkpoint, trace)
    return trace, tuple(part.numpy() for part in vectors)


def preview(
    name: str, changed: int, text: Source, prefix: Sequence[str], attention: Mapping[int, Edit], edit: Edit
) -> Preview:
    """One step with an edited attention, after a prefix. Raises UserError for an edit that does not fit the step."""
    from s2s.decode.what_if import preview as made

    checkpoint, cache = load(name, changed), prefix_cache(name, changed, text)
    with turn():
        return made(checkpoint, cache, prefix, attention, edit)


@st.cache_resource(max_entries=512, show_spinner=False)
def recover(name: str, changed: int, text: str, reference: str) -> Recovery:
    """The outputs after every prefix of the reference. Raises UserError as ``decode`` does."""
    from s2s.exposure.sentence import sentence_recovery

    checkpoint = load(name, changed)
    with turn():
        return sentence_recovery(checkpoint, text, reference)


@st.cache_resource(max_entries=64, show_spinner=False)
def compared(a: tuple[Any, ...], b: tuple[Any, ...]) -> Comparison:
    """The comparison of two lanes, given by the arguments of ``decode``. Raises UserError as ``decode`` does."""
    return compare(decode(*a), decode(*b))


@st.cache_resource(max_entries=512, show_spinner=False)
def neighbours(name: str, changed: int, token: str) -> list[tuple[str, float]]:
    """The words whose embeddings are nearest to that of a source word, with their cosines."""
    from s2s.decode.neighbours import neighbours

    checkpoint = load(name, changed)
    with turn():
        return neighbours(checkpoint, token)


@st.cache_resource(max_entries=128, show_spinner=False)
def segmentations(name: str, changed: int, text: str) -> list[Segmentation]:
    """The ways to segment a text."""
    from s2s.text.alternatives import alternatives

    side = load(name, changed).source
    return alternatives(side.segmenter, side.vocab, text)


@st.cache_resource(max_entries=512, show_spinner=False)
def splits(token: str) -> list[tuple[str, ...]]:
    """The ways to split a token into smaller ones."""
    from s2s.text.alternatives import token_splits

    return token_splits(token)
