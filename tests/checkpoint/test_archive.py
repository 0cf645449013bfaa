"""Checkpoints as zip files: what is packed comes back, and hostile ones get a sentence and nothing else."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from s2s.checkpoint import archive
from s2s.checkpoint.open import load
from s2s.errors import UserError
from tests.paths import ROOT

HOSTILE = 240
MEMORY = 300  # MB that opening all of them may add to the process
# Opens every archive of a folder, each into a directory of its own; prints what became of it, and the memory it took.
OPENER = """
import json, resource, sys
from pathlib import Path
from s2s.checkpoint import archive
from s2s.checkpoint.open import load
from s2s.errors import UserError
archive.UNPACKED = 10_000_000
load(sys.argv[2])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before, found = peak(), {}
for path in sorted(Path(sys.argv[1]).glob("*.zip")):
    try:
        archive.load_archive(path.name, path.read_bytes(), Path(sys.argv[3]) / path.stem)
        found[path.name] = ["opened", ""]
    except UserError as error:
        found[path.name] = [str(error), error.say("zh")]
print(json.dumps([found, peak() - before]))
"""


class Payload:
    """Unpickled, it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (os.mkdir, (str(self.path),))


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("folder", ["", "mine/", "a/b/"])
def test_a_packed_checkpoint_comes_back_whole(tiny_checkpoint: Path, tmp_path: Path, folder: str) -> None:
    good = files(tiny_checkpoint)
    content = packed({f"{folder}{n}": c for n, c in good.items()} | {"__MACOSX/._config.json": b"x", "notes.txt": b""})
    loaded = archive.load_archive("mine.zip", content, tmp_path / "in")
    assert files(tmp_path / "in") == good
    assert loaded.digest == load(tiny_checkpoint).digest


def test_every_file_that_a_checkpoint_may_have_is_kept() -> None:
    assert {path.name for path in (ROOT / "checkpoints" / "date").iterdir()} == set(archive.FILES)


@pytest.mark.parametrize("name", ["film.jsonl", "curve.jsonl"])
def test_a_film_that_cannot_be_shown_is_refused(tiny_checkpoint: Path, tmp_path: Path, name: str) -> None:
    good = files(tiny_checkpoint)
    refused(packed(good | {name: b'{"step": 0}\n'}), tmp_path / "broken", "film_broken", f"mine.zip/{name}")
    large = packed(good | {name: bytes(archive.FILM + 1)})
    refused(large, tmp_path / "large", "file_too_large", f"mine.zip/{name}")


def refused(content: bytes, tmp_path: Path, key: str, *named: str) -> None:
    with pytest.raises(UserError) as error:
        archive.load_archive("mine.zip", content, tmp_path / "in")
    assert error.value.key == f"error.{key}"
    for name in ("mine.zip", *named):
        assert name in str(error.value) and name in error.value.say("zh")
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize(
    ("member", "key"),
    [
        ("../config.json", "archive_escapes"),
        ("/config.json", "archive_escapes"),
        ("mine/../../config.json", "archive_escapes"),
        ("..\\config.json", "archive_escapes"),
        ("C:config.json", "archive_name"),
        ("10:30/config.json", "archive_name"),
        ("mine\\config.json", "archive_name"),
        ("model.pt", "archive_pickle"),
        ("mine/pytorch_model.BIN", "archive_pickle"),
    ],
)
def test_a_member_that_has_no_business_there(tiny_checkpoint: Path, tmp_path: Path, member: str, key: str) -> None:
    refused(packed({**files(tiny_checkpoint), member: b"x"}), tmp_path, key, member)
    assert not list(tmp_path.iterdir())


def test_a_link_is_refused_by_name(tiny_checkpoint: Path, tmp_path: Path) -> None:
    good, out = files(tiny_checkpoint), io.BytesIO()
    good.pop("config.json")
    with zipfile.ZipFile(out, "w") as made:
        link = zipfile.ZipInfo("config.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
        for name, content in good.items():
            made.writestr(name, content)
    refused(out.getvalue(), tmp_path, "archive_link", "config.json")


def test_two_checkpoints_one_twice_and_none(tiny_checkpoint: Path, tmp_path: Path) -> None:
    good = files(tiny_checkpoint)
    refused(packed({f"{f}/{n}": c for f in "ab" for n, c in good.items()}), tmp_path, "archive_several")
    with pytest.warns(UserWarning, match="Duplicate"):
        out = io.BytesIO(packed(good))
        with zipfile.ZipFile(out, "a") as made:
            made.writestr("config.json", "{}")
    refused(out.getvalue(), tmp_path, "archive_twice", "config.json")
    refused(packed({"readme.txt": b""}), tmp_path, "archive_missing", "config.json")
    good.pop("vocab.json")
    refused(packed(good), tmp_path, "archive_missing", "vocab.json")


def test_a_bomb_is_cut_off_where_the_limit_is(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "UNPACKED", 5_000_000)
    content = packed(files(tiny_checkpoint) | {"README.md": bytes(50_000_000)})
    assert len(content) < 300_000
    refused(content, tmp_path, "archive_unpacked")
    assert sum(path.stat().st_size for path in (tmp_path / "in").iterdir()) <= 5_000_000


def test_an_archive_that_is_all_list_is_not_listed(tiny_checkpoint: Path, tmp_path: Path) -> None:
    many = files(tiny_checkpoint) | {f"{i:050}": b"" for i in range(archive.MEMBERS)}
    refused(packed(many), tmp_path, "archive_members")


def test_a_weight_is_named_with_what_was_expected_and_found(tiny_checkpoint: Path, tmp_path: Path) -> None:
    good = files(tiny_checkpoint)
    weights = load_file(tiny_checkpoint / "model.safetensors")
    name, weight = next((n, w) for n, w in weights.items() if w.dim() == 2)
    refused(packed(good | {"model.safetensors": stored({n: w for n, w in weights.items() if n != name})}), tmp_path,
            "weight_missing", name)  # fmt: skip
    one, shape = tmp_path / "shape", list(weight.T.shape)
    one.mkdir()
    turned = stored(weights | {name: weight.T.contiguous()})
    refused(
        packed(good | {"model.safetensors": turned}), one, "weight_shape", name, str(list(weight.shape)), str(shape)
    )
    two = tmp_path / "type"
    two.mkdir()
    refused(packed(good | {"model.safetensors": stored(weights | {name: weight.to(torch.int8)})}), two,
            "weight_type", name, "I8")  # fmt: skip


def stored(weights: Mapping[str, torch.Tensor]) -> bytes:
    from safetensors.torch import save

    return save(dict(weights))


def hostile(good: Mapping[str, bytes], marker: Path) -> Iterator[bytes]:
    """Archives no one of which is a checkpoint: seeded, a dozen kinds in turn."""
    rng, whole = random.Random(8), packed(good)
    config, vocab = json.loads(good["config.json"]), json.loads(good["vocab.json"])
    weights = good["model.safetensors"]
    length = int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8 : 8 + length])
    keys = [key for key in header if key != "__metadata__"]
    while True:
        yield whole[: rng.randrange(len(whole))]  # truncated
        pieces = [whole[i : i + 999] for i in range(0, len(whole), 999)]
        rng.shuffle(pieces)
        yield b"".join(pieces) + bytes(rng.randrange(9))
        flipped = bytearray(good["model.safetensors"])  # a header that lies
        flipped[rng.randrange(8)] ^= 1 << rng.randrange(8)
        yield packed({**good, "model.safetensors": bytes(flipped)})
        key = rng.choice(keys)  # huge claims
        claim = {**header, key: {**header[key], "shape": [2 ** rng.randrange(20, 62), 4]}}
        text = json.dumps(claim).encode()
        yield packed({**good, "model.safetensors": struct.pack("<Q", len(text)) + text + weights[8 + length :]})
        size = rng.choice(["embedding_size", "encoder_size", "decoder_size", "attention_size", "encoder_layers"])
        huge = {**config, "model": {**config["model"], size: rng.choice([10**9, -1, 0, 1e300, "9" * 99, None, [1]])}}
        yield packed({**good, "config.json": json.dumps(huge).encode()})
        side = rng.choice(["source", "target"])  # a vocabulary that does not fit
        tokens = vocab[side]["tokens"]
        bad = rng.choice([tokens[:-1], [*tokens, tokens[-1]], [*tokens, 7], tokens[::-1], {}, None, [*tokens, "x"]])
        yield packed({**good, "vocab.json": json.dumps({**vocab, side: {**vocab[side], "tokens": bad}}).encode()})
        place = rng.choice(["config.json", "vocab.json"])  # what is no JSON object
        yield packed(
            {**good, place: rng.choice([b"[" * 10**6, b"\xff\xfe{}", b"1" * 10**5, b"null", b'{"a":' * 9999, b""])}
        )
        yield packed({**good, "README.md": bytes(rng.randrange(11, 30) * 1_000_000)})  # a bomb
        yield packed({**good, rng.choice(["a.pkl", "m/archive/data.pt", "x.npy"]): pickle.dumps(Payload(marker))})
        yield packed({**good, "model.safetensors": pickle.dumps(Payload(marker), rng.randrange(2, 6))})
        way = "../" * rng.randrange(1, 9)
        yield packed({**good, f"{way}config.json": good["config.json"]})
        yield packed({**good, f"/{rng.randrange(99)}/{marker.name}": b"x"})
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            link = zipfile.ZipInfo(name := rng.choice(["config.json", "model.safetensors", "README.md"]))
            link.external_attr = (rng.choice([stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO]) | 0o777) << 16
            made.writestr(link, str(marker))
            for other in good.keys() - {name}:
                made.writestr(other, good[other])
        yield out.getvalue()
        damaged = bytearray(packed(good, zipfile.ZIP_STORED))  # a checksum that does not hold
        damaged[damaged.index(weights[length : length + 64]) + rng.randrange(64)] ^= 0xFF
        yield bytes(damaged)
        end = bytearray(whole)  # a list that is not where it is said to be
        struct.pack_into("<LL", end, len(end) - 10, rng.randrange(2**32), rng.randrange(2**32))
        yield bytes(end)


def test_hostile_archives_get_a_sentence_and_nothing_else(tiny_checkpoint: Path, tmp_path: Path) -> None:
    marker, folder = tmp_path / "marker", tmp_path / "hostile"
    folder.mkdir()
    for number, content in zip(range(HOSTILE), hostile(files(tiny_checkpoint), marker), strict=False):
        (folder / f"{number:03}.zip").write_bytes(content)
    command = [sys.executable, "-c", OPENER, str(folder), str(tiny_checkpoint), str(tmp_path / "in")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found, memory = json.loads(ran.stdout)
    assert len(found) == HOSTILE and memory < MEMORY
    assert [name for name, (sentence, _) in found.items() if sentence == "opened"] == []
    assert all(sentence.endswith(".") and chinese.endswith("。") for sentence, chinese in found.values())
    assert not any(str(tmp_path) in sentence + chinese for sentence, chinese in found.values())
    assert not marker.exists()
    assert {path.name for path in tmp_path.iterdir()} <= {"hostile", "in"}
    written = {path.relative_to(tmp_path / "in").parts[1:] for path in (tmp_path / "in").rglob("*") if path.is_file()}
    assert written <= {(name,) for name in archive.FILES}
