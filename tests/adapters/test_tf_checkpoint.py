"""Checkpoints that TensorFlow 2.21 wrote compute here what they computed there (tests/fixtures/tensorflow/make.py)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2s.__main__ import main
from s2s.adapters import READERS, tf_checkpoint
from s2s.adapters.imported import Imported, ImportOptions
from s2s.adapters.tf_bundle import Bundle
from s2s.errors import LANGUAGES, UserError
from tests.adapters.common import run, stored
from tests.paths import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "tensorflow"
VOCAB = FIXTURES / "vocab.txt"
WORDS = [line.split("\t")[0] for line in VOCAB.read_text(encoding="utf-8").splitlines()]
INSIDE = {"carries_state": False, "layers": {"attention.query": "W1"}}
COURSE = {"carries_state": False, "layers": {"attention.query": "attention/W2"}}
FORMS: dict[str, dict[str, Any]] = {
    "tutorial": INSIDE,
    "course-2": COURSE,
    "snappy": COURSE,
    "parts": INSIDE,
    "reset-2": INSIDE,
    "after": COURSE | {"carries_state": True, "query": "current", "output_reads": "state,context"},
    "after-2": COURSE | {"carries_state": True, "query": "previous", "output_reads": "context,state"},
    "both": INSIDE | {"gru_reads": "word,context", "output_reads": "context,state"},
}


def read(path: Path, **stated: Any) -> Imported:
    return tf_checkpoint.read_tf_checkpoint([path], ImportOptions(**{"vocabularies": (VOCAB,), **stated}))


def answers(name: str) -> dict[str, Any]:
    """What TensorFlow computed for one sentence."""
    origin = {"snappy": "course-2", "parts": "tutorial"}.get(name, name)
    found: dict[str, Any] = json.loads((FIXTURES / f"{origin}.json").read_text(encoding="utf-8"))
    return found


def check(imported: Imported, name: str, directory: Path) -> None:
    checkpoint, expected, ours = stored(imported, directory), answers(name), list(range(len(WORDS)))
    log_probs, attention = run(checkpoint, (ours, ours), expected["source"], expected["read"])
    assert np.abs(log_probs - expected["log_probs"]).max() < 1e-5
    assert np.abs(attention - expected["attention"]).max() < 1e-5


@pytest.mark.parametrize("name", FORMS)
def test_computes_what_tensorflow_computes(tmp_path: Path, name: str) -> None:
    imported = read(FIXTURES / name, **FORMS[name])
    assert imported.vocabs[0].tokens == ("<pad>", "<unk>", "<bos>", "<eos>", *WORDS[4:])
    assert imported.origin.files == ("ckpt-20.index",) and imported.origin.library == "TensorFlow"
    check(imported, name, tmp_path / "mine")


def test_numbers_of_other_types(tmp_path: Path) -> None:
    same, other = (Bundle(FIXTURES / name / "ckpt-20.index") for name in ("tutorial", "types"))
    names = [key for key in tf_checkpoint.variables(same).values()]
    found = {other.entries[name.encode()].type for name in names}
    assert found == {2, 19, 14}  # double, half, bfloat16
    for name in names:
        expected, precise = same.floats(name), other.entries[name.encode()].type == 2
        assert np.abs(other.floats(name) - expected).max() <= (0 if precise else np.abs(expected).max() / 256)


def test_the_compressed_table_is_smaller_and_says_the_same() -> None:
    plain, packed = (Bundle(FIXTURES / name / "ckpt-20.index") for name in ("course-2", "snappy"))
    assert packed.index.stat().st_size < plain.index.stat().st_size
    assert packed.entries == plain.entries


@pytest.mark.parametrize("given", ["course-2", "course-2/ckpt-20.index", "course-2/ckpt-20", "course-2/ckpt-20.data"])
def test_a_checkpoint_is_named_in_any_way(tmp_path: Path, given: str) -> None:
    path = FIXTURES / given.replace(".data", ".data-00000-of-00001")
    check(read(path, **COURSE), "course-2", tmp_path / "mine")
    expected = ["checkpoint"] * (given == "course-2") + ["ckpt-20.index", "ckpt-20.data-00000-of-00001"]
    assert [file.name for file in tf_checkpoint.input_files(path)] == expected


def test_an_optimizer_is_left_out_and_every_layer_has_its_place() -> None:
    bundle = Bundle(FIXTURES / "course-2" / "ckpt-20.index")
    found = tf_checkpoint.variables(bundle)
    assert "Seq2Seq/attention/W1/kernel/.ATTRIBUTES/VARIABLE_VALUE" in found.values()
    assert {path.rpartition("/")[0] for path in found} == {
        *("encoder/embedding", "encoder/bigru/forward_layer/cell", "encoder/bigru/backward_layer/cell"),
        *("decoder/embedding", "decoder/gru/cell", "decoder/fc", "attention/W1", "attention/W2", "attention/V"),
    }
    new = tf_checkpoint.variables(Bundle(FIXTURES / "tutorial" / "ckpt-20.index"))
    assert "decoder/attention/W1/kernel" in new and len(new) == 18 - 2  # Keras 3 names them by its optimizer


VOCABULARIES: dict[str, Any] = {
    "vocab.txt": "".join(f"{word}\t{place}\n" for place, word in enumerate(WORDS)),
    "turned.txt": "".join(f"{place}\t{word}\n" for place, word in enumerate(WORDS)),
    "list.json": json.dumps(WORDS),
    "ids.json": json.dumps({word: place for place, word in enumerate(WORDS)}),
    "words.json": json.dumps(dict(enumerate(WORDS))),
}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_every_form_of_the_vocabulary(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(VOCABULARIES[name], encoding="utf-8")
    imported = read(FIXTURES / "course-2", **COURSE | {"vocabularies": (path,)})
    assert imported.vocabs[0].tokens == imported.vocabs[1].tokens == ("<pad>", "<unk>", "<bos>", "<eos>", *WORDS[4:])
    assert (imported.config.text.source_bos, imported.config.text.source_eos) == (True, True)


def test_the_settings_of_a_tokenizer_are_honoured(tmp_path: Path) -> None:
    path, index = tmp_path / "tokenizer.json", {word: place for place, word in enumerate(WORDS[1:], start=1)}
    settings = {"lower": False, "filters": "#", "split": "|", "oov_token": "<UNK>", "num_words": 12}
    config = {**settings, "char_level": False, "word_index": json.dumps(index)}
    path.write_text(json.dumps({"class_name": "Tokenizer", "config": config}), encoding="utf-8")
    imported = read(FIXTURES / "course-2", **COURSE | {"vocabularies": (path, VOCAB), "marks": ("<START>", "<STOP>")})
    text = imported.config.text
    assert (text.source, text.source_keras.split, text.source_keras.filters) == ("keras", "|", "#")
    assert not text.source_keras.lower and not text.source_keras.skip
    assert imported.vocabs[0].tokens[-2:] == ("<unused-12>", "<unused-13>")


def test_padding_may_be_any_word(tmp_path: Path) -> None:
    path, words = tmp_path / "vocab.txt", ["<START>", "<STOP>", "<UNK>", "<PAD>", *WORDS[4:]]
    path.write_text("".join(f"{word}\t{place}\n" for place, word in enumerate(words)), encoding="utf-8")
    imported = read(FIXTURES / "course-2", **COURSE | {"vocabularies": (path,)})
    assert imported.vocabs[1].tokens == ("<pad>", "<unk>", "<bos>", "<eos>", *WORDS[4:])
    bundle = Bundle(FIXTURES / "course-2" / "ckpt-20.index")
    table = bundle.floats("Seq2Seq/decoder/embedding/embeddings/.ATTRIBUTES/VARIABLE_VALUE")
    assert (imported.weights["embedding.weight"][:4].numpy() == table[[3, 2, 0, 1]]).all()


@pytest.mark.parametrize("path", ["W2", "attention/W2", "Seq2Seq/attention/W2"])
def test_a_layer_is_named_by_any_end_of_its_path(path: str) -> None:
    expected = read(FIXTURES / "course-2", **COURSE)
    found = read(FIXTURES / "course-2", **COURSE | {"layers": {"attention.query": path}})
    assert all(weight.equal(expected.weights[name]) for name, weight in found.weights.items())


def test_a_source_without_its_marks() -> None:
    text = read(FIXTURES / "course-2", **COURSE | {"source_marks": False}).config.text
    assert (text.source_bos, text.source_eos) == (False, False)


def test_a_pointer_is_named_as_what_it_is(tmp_path: Path) -> None:
    from s2s.adapters.keras_layers import assign_roles, group_layers

    bundle = Bundle(FIXTURES / "course-2" / "ckpt-20.index")
    arrays = {path: bundle.floats(key) for path, key in tf_checkpoint.variables(bundle).items()}
    for name in ("pointer/w_s/kernel", "attention/Wc/kernel"):
        layers = group_layers(bundle.index, arrays | {name: np.zeros((6, 1) if "w_s" in name else (1, 7), np.float32)})
        with pytest.raises(UserError) as error:
            assign_roles(bundle.index, layers, {}, (14, 14))
        assert error.value.key == "error.keras_pointer" and name.rpartition("/")[0] in error.value.say("en")


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "keras_carries": ("course-2", COURSE | {"carries_state": None}),
    "option_needs": ("course-2", COURSE | {"vocabularies": ()}),
    "keras_query": ("course-2", COURSE | {"layers": {}}),
    "keras_output_reads": ("both", FORMS["both"] | {"output_reads": ""}),
    "keras_which_state": ("after", FORMS["after"] | {"query": ""}),
    "keras_current": ("both", FORMS["both"] | {"query": "current"}),
    "keras_reads_unused": ("tutorial", INSIDE | {"output_reads": "state,context"}),
    "keras_reset": ("reset-2", INSIDE | {"carries_state": True}),
    "import_paths": ("..", COURSE),
}


@pytest.mark.parametrize("key", REFUSED)
def test_what_is_open_is_asked_and_nothing_guessed(key: str) -> None:
    name, stated = REFUSED[key]
    with pytest.raises(UserError) as error:
        paths = [FIXTURES / name] * (2 if key == "import_paths" else 1)
        tf_checkpoint.read_tf_checkpoint(paths, ImportOptions(**{"vocabularies": (VOCAB,), **stated}))
    assert error.value.key == f"error.{key}"
    assert all(error.value.say(language) for language in LANGUAGES)


def test_what_an_order_changes(tmp_path: Path) -> None:
    """The other order of the same columns, and the other state, give other numbers: they cannot be guessed."""
    expected = answers("after-2")
    for n, wrong in enumerate(({"output_reads": "state,context"}, {"query": "current"})):
        checkpoint = stored(read(FIXTURES / "after-2", **FORMS["after-2"] | wrong), tmp_path / str(n))
        ours = list(range(len(WORDS)))
        log_probs, _ = run(checkpoint, (ours, ours), expected["source"], expected["read"])
        assert np.abs(log_probs - expected["log_probs"]).max() > 0.1


def test_files_that_are_missing(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "course-2", tmp_path / "theirs")
    (tmp_path / "theirs" / "ckpt-20.data-00000-of-00001").unlink()
    cases = {"tf_data": tmp_path / "theirs", "file_missing": tmp_path / "ckpt-7.index", "tf_no_latest": tmp_path}
    for key, path in cases.items():
        with pytest.raises(UserError) as error:
            read(path, **COURSE)
        assert error.value.key == f"error.{key}"


def test_the_latest_is_a_name_and_no_way_out(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "course-2", tmp_path / "theirs")
    for state in ('"/content/run/ckpt-20"', '"../../elsewhere/ckpt-20"', '"C:\\\\run\\\\ckpt-20"'):
        (tmp_path / "theirs" / "checkpoint").write_text(f"model_checkpoint_path: {state}\n", encoding="utf-8")
        assert read(tmp_path / "theirs", **COURSE).origin.files == ("ckpt-20.index",)


def test_one_command_from_the_checkpoint_to_a_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = str(FIXTURES / "course-2" / "ckpt-20.index")
    command = ["import", "tf-checkpoint", index, "--name", "mine", "--out", str(tmp_path), "--vocab", str(VOCAB)]
    steps = {
        "--carries-state yes or no": ["--carries-state", "no"],
        "--map attention.query=": ["--map", "attention.query=attention/W2"],
    }
    for asked, answer in steps.items():
        assert main(command) == 2
        said = capsys.readouterr().err
        assert asked in said and said.count("\n") == 1
        command += answer
    assert main(command) == 0
    assert "TensorFlow" in (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    assert main(["trace", str(tmp_path / "mine"), "bako lemi kefa"]) == 0
    assert "kefa" in capsys.readouterr().out
    assert set(READERS) >= {"tf-checkpoint"}
