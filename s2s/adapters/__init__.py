"""Converts other libraries' model files to checkpoints. What cannot be converted exactly is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from s2s import disk
from s2s.adapters import joeynmt, keras, opennmt, pytorch_tutorial, tf_checkpoint
from s2s.adapters.imported import Imported, ImportOptions, Texts

__all__ = ["READERS", "ImportOptions", "Imported", "Texts", "input_files", "recognise_kind"]

READERS: dict[str, Callable[[Sequence[Path], ImportOptions], Imported]] = {
    "joeynmt": joeynmt.read_joeynmt,
    "opennmt": opennmt.read_opennmt,
    "keras": keras.read_keras,
    "pytorch-tutorial": pytorch_tutorial.read_pytorch_tutorial,
    "tf-checkpoint": tf_checkpoint.read_tf_checkpoint,
}


SIGNS = {  # files by which a directory shows its kind
    "joeynmt": ("config.yaml", "src_vocab.txt"),
    "huggingface": ("config.json", "tokenizer_config.json"),
    "tf-checkpoint": (tf_checkpoint.STATE_FILE,),
}
KERAS = (".h5", ".hdf5", ".keras", ".npz")  # suffixes; those of PyTorch's files are any library's


def recognise_kind(path: Path) -> str | None:
    """The kind of model that a file's suffix or a directory's files show; None if they show none."""
    if path.is_file():
        return "tf-checkpoint" if path.suffix == ".index" else "keras" if path.suffix.lower() in KERAS else None
    return next((kind for kind, names in SIGNS.items() if all((path / name).is_file() for name in names)), None)


def input_files(kind: str, paths: Sequence[Path], options: ImportOptions) -> list[Path]:
    """All files that a kind's reader opens, whether or not they exist. UserError for a FIFO, socket or device."""
    for path in paths:
        disk.refuse_special(path)
    if kind == "joeynmt":
        files = [file for path in paths for file in joeynmt.input_files(path)]
    elif kind == "opennmt":
        files = [file for path in paths for file in (path, path.with_suffix(opennmt.BESIDE))]
    elif kind == "tf-checkpoint":
        files = [file for path in paths for file in tf_checkpoint.input_files(path)] + list(options.vocabularies)
    else:
        files = [*paths, *options.vocabularies]
    return [disk.refuse_special(file) for file in files]
