"""``tf.train.Checkpoint`` directories (``checkpoint``, ``ckpt-N.index``, ``ckpt-N.data-…``), read without TensorFlow.

The object graph names each variable by its place in the model; from there on the layers are those of ``keras``.
"""

from __future__ import annotations

import glob
import heapq
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from s2s.adapters import keras
from s2s.adapters.arrays import DEPTH, OBJECTS, STATE, Arrays, short_printable
from s2s.adapters.imported import Imported, ImportOptions
from s2s.adapters.keras_layers import group_layers
from s2s.adapters.protobuf import Message
from s2s.adapters.tf_bundle import Bundle
from s2s.errors import UserError

LIBRARY = "TensorFlow"
STATE_FILE, STATE_BYTES = "checkpoint", 1_000_000
LATEST = re.compile(r'^\s*model_checkpoint_path:\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "VARIABLE_VALUE"
NO_WEIGHTS = {"optimizer", "save_counter", "keras_api", "metrics", "keras_metrics", "compiled_metrics"}
STEPS = {"iter", "_iterations", "iterations"}  # a child of this name is an optimizer's
ALIAS = re.compile(r"layer(_with_weights)?-\d+")  # a second name of a Keras layer, by its number


def input_files(path: Path) -> list[Path]:
    """The files of a directory's checkpoints, or of the one that a path names."""
    index = _named_index(path)
    if index is None:
        names = (path / STATE_FILE, path / "*.index", path / "*.data-*-of-*")
        return [Path(file) for name in names for file in sorted(_listed(path, name.name))] or [path / STATE_FILE]
    return [index, *map(Path, sorted(_listed(index.parent, f"{glob.escape(index.stem)}.data-*-of-*")))]


def read_tf_checkpoint(paths: Sequence[Path], options: ImportOptions) -> Imported:
    """Read the latest checkpoint of a directory, or the one whose index, or name without ending, is given.

    One vocabulary is that of both sides.
    """
    if len(paths) != 1:
        raise UserError("import_paths", library=LIBRARY, expected="DIR, DIR/ckpt-N.index")
    if len(options.vocabularies) not in (1, 2):
        raise UserError("option_needs", option="import tf-checkpoint", other="--vocab SOURCE TARGET")
    keras.check_stated(options)
    index = _named_index(paths[0]) or _latest(paths[0])
    bundle = Bundle(index)
    arrays = Arrays({path: bundle.floats(key) for path, key in variables(bundle).items()})
    if not arrays:
        raise UserError("arrays_none", file=str(index))
    return keras.convert(LIBRARY, "", [index], group_layers(index, arrays), options)


def _listed(directory: Path, pattern: str) -> list[str]:
    return glob.glob(os.path.join(glob.escape(str(directory)), pattern))


def _named_index(path: Path) -> Path | None:
    """The index file of a path; None for a directory."""
    if path.is_dir():
        return None
    name = re.sub(r"(\.index|\.data-\d{5}-of-\d{5})$", "", path.name)
    return path.with_name(f"{name}.index")


def _latest(directory: Path) -> Path:
    """The index of the checkpoint that the directory's own file calls the latest, by its name alone."""
    file = directory / STATE_FILE
    try:
        with file.open("rb") as opened:
            found = LATEST.search(opened.read(STATE_BYTES).decode("utf-8", "replace"))
    except OSError:
        found = None
    name = PurePosixPath(found[1].replace("\\\\", "/")).name if found else ""
    if not name:
        raise UserError("tf_no_latest", directory=str(directory))
    return directory / f"{name}.index"


def variables(bundle: Bundle) -> dict[str, str]:
    """Each of the model's variables: path in the object graph → name in the index. An optimizer's are left out."""
    graph = bundle.text(GRAPH)
    try:
        nodes = list(Message(graph).messages(1))
        children = [[(child.text(2), child.number(1)) for child in node.messages(1)] for node in nodes]
        keys = [[a.text(3) for a in node.messages(2) if a.text(1) == VALUE] for node in nodes]
    except ValueError:
        raise UserError("tf_graph", file=str(bundle.index)) from None
    paths = _paths(bundle, children)
    used = [path[:-2] for node, path in paths.items() if keys[node]]  # without the layer and its variable
    shared = next(
        (n for n, names in enumerate(zip(*used, strict=False)) if len(set(names)) > 1), min(map(len, used), default=0)
    )
    return {_named(path[shared:]): key for node, path in sorted(paths.items()) for key in keys[node]}


def _paths(bundle: Bundle, children: Sequence[Sequence[tuple[str, int]]]) -> dict[int, tuple[str, ...]]:
    """The shortest path to each node that is no optimizer's. Names come before numbers of layers."""
    waiting: list[tuple[int, int, int, int, tuple[str, ...]]] = [(0, 0, 0, 0, ())] if children else []
    found, seen = dict[int, tuple[str, ...]](), 0
    while waiting:
        aliases, depth, _, node, path = heapq.heappop(waiting)
        if node in found:
            continue
        if not 0 <= node < len(children) or depth > DEPTH:
            raise UserError("tf_graph", file=str(bundle.index))
        found[node] = path
        for name, child in children[node]:
            seen += 1
            if seen > OBJECTS:
                raise UserError("tf_graph", file=str(bundle.index))
            if child not in found and not _skipped(name, child, children):
                is_alias = bool(ALIAS.fullmatch(name))
                heapq.heappush(waiting, (aliases + is_alias, depth + 1, seen, child, (*path, short_printable(name))))
    return found


def _skipped(name: str, child: int, children: Sequence[Sequence[tuple[str, int]]]) -> bool:
    below = children[child] if 0 <= child < len(children) else ()
    return name in NO_WEIGHTS or bool(STATE.search(name)) or any(inner in STEPS for inner, _ in below)


def _named(path: Sequence[str]) -> str:
    """A path as text; Keras 3 calls its kernels ``_kernel``."""
    return "/".join([*path[:-1], path[-1].removeprefix("_")]) if path else ""
