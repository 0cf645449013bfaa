"""A zip with a TensorFlow checkpoint and its vocabulary, as a visitor uploads it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from s2s.adapters import tf_archive
from s2s.errors import UserError
from s2s.sandbox.stated import plain, typed_options
from s2s.sandbox.tasks import unpack_checkpoint
from s2s.server import uploads
from tests.adapters.test_tf_checkpoint import FIXTURES, VOCAB, WORDS

TYPED = "--carries-state no --map attention.query=W2"
FOLDER = {f"run/{path.name}": path.read_bytes() for path in sorted((FIXTURES / "course-2").iterdir())}
LIST = VOCAB.read_bytes()


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


GOOD: dict[str, tuple[dict[str, bytes], str]] = {
    "one list": ({**FOLDER, "vocab.txt": LIST}, TYPED),
    "all in one folder": ({**FOLDER, "run/vocab.txt": LIST}, TYPED),
    "no word of the latest": (
        {name: content for name, content in FOLDER.items() if name != "run/checkpoint"} | {"v.txt": LIST}, TYPED,
    ),
    "two lists": ({**FOLDER, "src_vocab.txt": LIST, "tgt_vocab.txt": LIST}, TYPED),
    "named lists": ({**FOLDER, "a.txt": LIST, "b.txt": LIST, "c.json": b"{}"}, f"{TYPED} --vocab a.txt b.txt"),
    "other files": ({**FOLDER, "vocab.txt": LIST, "train.py": b"x", "__MACOSX/vocab.txt": b"x"}, TYPED),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_zip_becomes_a_checkpoint(tmp_path: Path, name: str) -> None:
    members, typed = GOOD[name]
    (tmp_path / "upload.zip").write_bytes(packed(members))
    into = tmp_path / "mine"
    unpack_checkpoint("mine.zip", str(tmp_path / "upload.zip"), str(into), plain(typed_options(typed)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "upload.zip"]
    assert {"config.json", "vocab.json", "model.safetensors"} <= {path.name for path in into.iterdir()}
    assert WORDS[5] in (into / "vocab.json").read_text(encoding="utf-8")


BAD: dict[str, tuple[dict[str, bytes], str, str]] = {
    "no list": (FOLDER, TYPED, "archive_words"),
    "whose lists": ({**FOLDER, "a.txt": LIST, "b.txt": LIST}, TYPED, "archive_words"),
    "a list that is not there": ({**FOLDER, "a.txt": LIST}, f"{TYPED} --vocab ../a.txt", "archive_words"),
    "nothing told": ({**FOLDER, "a.txt": LIST}, "", "keras_carries"),
    "half told": ({**FOLDER, "a.txt": LIST}, "--carries-state no", "keras_query"),
    "two of a name": ({**FOLDER, "a.txt": LIST, "b/a.txt": LIST}, TYPED, "archive_twice"),
    "a way out": ({**FOLDER, "../ckpt-21.index": b"", "a.txt": LIST}, TYPED, "archive_escapes"),
    "a pickle": ({**FOLDER, "model.pkl": b"", "a.txt": LIST}, TYPED, "archive_pickle"),
    "half of it": ({"ckpt-20.index": FOLDER["run/ckpt-20.index"], "a.txt": LIST}, TYPED, "tf_data"),
    "which of two": ({"a.index": b"", "b.index": b"", "a.txt": LIST}, TYPED, "archive_several"),
    "damaged": ({**FOLDER, "run/ckpt-20.index": b"x" * 99, "a.txt": LIST}, TYPED, "tf_index"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_open_or_wrong_is_said_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    members, typed, key = BAD[name]
    (tmp_path / "upload.zip").write_bytes(packed(members))
    with pytest.raises(UserError) as error:
        unpack_checkpoint("mine.zip", str(tmp_path / "upload.zip"), str(tmp_path / "m"), plain(typed_options(typed)))
    assert error.value.key == f"error.{key}" and str(tmp_path) not in error.value.say("en")
    assert [path.name for path in tmp_path.iterdir()] == ["upload.zip"]


def test_the_server_converts_it_in_a_confined_process() -> None:
    upload = uploads.add_archive("course.zip", packed({**FOLDER, "vocab.txt": LIST}), typed=TYPED)
    assert sorted(path.name for path in upload.directory.parent.iterdir()) == [upload.name]
    assert (upload.directory / "model.safetensors").is_file() and upload.name.startswith("course-")
    assert json.loads((upload.directory / "config.json").read_text(encoding="utf-8"))["name"] == "course"
    with pytest.raises(UserError) as error:
        uploads.add_archive("course.zip", packed({**FOLDER, "vocab.txt": LIST}))
    assert error.value.key == "error.keras_carries"


@pytest.mark.parametrize(
    "typed", ["--carries-state perhaps", "W2", "--name x", "--padded-to 0", "--padded-to 401", '"', "--carries"]
)
def test_what_is_typed_is_an_option_or_refused(typed: str) -> None:
    with pytest.raises(UserError) as error:
        typed_options(typed)
    assert error.value.key == "error.import_typed"


def test_all_options_can_be_typed() -> None:
    told = typed_options(
        f"{TYPED} --query current --gru-reads word,context --output-reads context,state --marks a b --source-marks no "
        "--padded-to 9 --source-text jieba --target-text spaces --vocab one.txt"
    )
    assert (told.query, told.gru_reads, told.output_reads) == ("current", "word,context", "context,state")
    assert (told.marks, told.source_marks, told.padded_to) == (("a", "b"), False, 9)
    assert (told.source, told.target, told.vocabularies) == ("jieba", "spaces", (Path("one.txt"),))
    assert told.layers == {"attention.query": "W2"} and told.carries_state is False


def test_our_own_zips_are_no_checkpoints_of_tensorflow(tiny_checkpoint: Path) -> None:
    ours = packed({path.name: path.read_bytes() for path in tiny_checkpoint.iterdir()})
    read: Callable[[bytes], bool] = tf_archive.holds_checkpoint
    assert [read(content) for content in (ours, b"", b"PK", packed(FOLDER))] == [False, False, False, True]
