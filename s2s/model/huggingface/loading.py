"""Load network and tokenizer from a Hugging Face directory completely, or refuse it; and its digest."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors
import torch

from s2s import disk
from s2s.errors import UserError, reason
from s2s.text.safe import printable

TYPES = (
    "bart", "blenderbot", "blenderbot-small", "m2m_100", "marian", "mbart", "mt5", "pegasus", "plbart", "t5", "umt5",
)  # fmt: skip
DOWNLOADED = ("*.json", "*.txt", "*.model", "*.spm", "*.safetensors")  # files of the hub that are read, if there
FLOATS = ("F64", "F32", "F16", "BF16")
BOOKKEEPING = ("_name_or_path", "name_or_path", "transformers_version", "is_local")  # keys that change no output


def library() -> Any:
    """Import transformers without its messages. UserError if it is not installed."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import transformers
    except ImportError:
        raise UserError("huggingface_missing") from None
    transformers.utils.logging.disable_progress_bar()
    return transformers


@contextmanager
def refuse_broken(origin: str, kinds: type[Exception] = Exception) -> Iterator[None]:
    """Turn what the library raises for a broken directory, which is nearly anything, into one UserError."""
    try:
        yield
    except UserError:
        raise
    except kinds as error:
        why = UserError("reason_quoted", text=str(error)) if type(error) is ValueError else reason(error)
        raise UserError("huggingface_broken", origin=origin, reason=why) from None


def download(origin: str) -> Path:
    """The local copy of a model of the hub, downloaded unless it is there; nothing in it is read."""
    try:
        import huggingface_hub
    except ImportError:
        raise UserError("huggingface_missing") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Path(huggingface_hub.snapshot_download(origin, allow_patterns=list(DOWNLOADED)))
    except Exception:  # of the network, the hub or the disk: its words are for those who call the library
        raise UserError("huggingface_not_fetched", origin=origin) from None


def read_pretrained(origin: str) -> tuple[Any, Any]:
    """Network and tokenizer of a directory.

    UserError if something is missing, incomplete, unsafe or of an unsupported kind.
    """
    for path in Path(origin).iterdir() if Path(origin).is_dir() else ():
        disk.refuse_special(path)
    transformers = library()
    from s2s.model.huggingface import attention

    safe = {"trust_remote_code": False, "local_files_only": True}
    with refuse_broken(origin), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = transformers.AutoConfig.from_pretrained(origin, **safe)
        if config.model_type not in TYPES:
            raise UserError("huggingface_kind", found=config.model_type, known=", ".join(TYPES))
        attention.register()
        network, loaded = transformers.AutoModelForSeq2SeqLM.from_pretrained(
            origin,
            use_safetensors=True,
            dtype="float32",
            attn_implementation=attention.NAME,
            ignore_mismatched_sizes=True,  # refused below, with their names
            output_loading_info=True,
            **safe,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(origin, **safe)
    whole(origin, network, loaded)
    read, written = (part.weight.size(0) for part in (network.get_input_embeddings(), network.get_output_embeddings()))
    if read != written or getattr(tokenizer, "separate_vocabs", False):
        raise UserError("huggingface_vocabularies", origin=origin)
    network.requires_grad_(False).eval()
    return network, tokenizer


def whole(origin: str, network: Any, loaded: Mapping[str, Any]) -> None:
    """Raise UserError for a weight that is missing, misshapen, unknown or not finite.

    The library itself would draw the first two at random and drop the third. ``loaded`` is its ``loading_info``, from
    which it already leaves out tied weights and what its classes compute or never read.
    """
    for message in loaded["error_msgs"]:
        raise UserError("huggingface_broken", origin=origin, reason=_shown(str(message)))
    missing = sorted(name for name in loaded["missing_keys"] if not _computed(network, name))
    if missing:
        raise UserError("weight_missing", file=origin, key=_shown(missing[0]))
    for name, found, expected in sorted(loaded["mismatched_keys"]):
        raise UserError("weight_shape", file=origin, key=_shown(name), expected=list(expected), found=list(found))
    state = network.state_dict()
    held = _held(Path(origin))
    lost = sorted(_listed(Path(origin)) - held.keys())
    if lost:
        raise UserError("weight_missing", file=origin, key=_shown(lost[0]))
    for name in sorted(loaded["unexpected_keys"]):
        if not _repeated(network, name, held.get(name)):
            raise UserError("weight_unknown", file=origin, key=_shown(name))
    for name, (path, kind) in held.items():
        if name in state and kind not in FLOATS:
            raise UserError("weight_type", file=str(path), key=_shown(name), found=kind)
    for name, weight in state.items():
        if not torch.isfinite(weight).all():
            raise UserError("weight_not_finite", file=origin, key=_shown(name))


def _listed(directory: Path) -> set[str]:
    """The names of all weights that the index of several files lists."""
    index = directory / "model.safetensors.index.json"
    return set(json.loads(index.read_text(encoding="utf-8"))["weight_map"]) if index.is_file() else set()


def _held(directory: Path) -> dict[str, tuple[Path, str]]:
    """The file and type of each weight in a directory."""
    found: dict[str, tuple[Path, str]] = {}
    for path in sorted(directory.glob("*.safetensors")):
        with safetensors.safe_open(path, framework="pt") as file:
            kinds = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118
        found |= {name: (path, kind) for name, kind in kinds.items()}
    return found


def _repeated(network: Any, name: str, held: tuple[Path, str] | None) -> bool:
    """Whether an unread weight equals what the network computes: positions, which older files store."""
    own = dict(network.named_non_persistent_buffers()).get(name)
    if own is None or held is None:
        return False
    with safetensors.safe_open(held[0], framework="pt") as file:
        theirs = file.get_tensor(name)
    rows = min(len(own), len(theirs)) if own.dim() == theirs.dim() == 2 else 0
    return (
        rows > 0 and own.shape[1:] == theirs.shape[1:] and torch.allclose(own[:rows], theirs[:rows].float(), atol=1e-3)
    )


def _computed(network: Any, name: str) -> bool:
    """Whether the network computes a weight itself: sinusoidal positions, which some directories lack."""
    return "Sinusoidal" in type(network.get_submodule(name.rpartition(".")[0])).__name__


def _shown(name: str) -> str:
    return printable(name, 120)


def digest(directory: Path, told: Mapping[str, str]) -> str:
    """A digest of 12 hexadecimal digits over everything that outputs depend on.

    It covers all files of the model's directory (weights, config, generation settings, tokenizer) and the checkpoint's
    own settings, such as its prefix. Keys of JSON files about their origin and version are left out.
    """
    whole = hashlib.sha256(json.dumps(dict(told), sort_keys=True).encode())
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".md":
            whole.update(json.dumps(path.relative_to(directory).as_posix()).encode())
            whole.update(_content(path))
    return whole.hexdigest()[:12]


def _content(path: Path) -> bytes:
    """The SHA-256 of a file; of a JSON object with sorted keys and without ``BOOKKEEPING``."""
    try:
        values = json.loads(path.read_bytes()) if path.suffix == ".json" else None
    except (ValueError, RecursionError):
        values = None
    if isinstance(values, dict):
        kept = {key: value for key, value in values.items() if key not in BOOKKEEPING}
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).digest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
