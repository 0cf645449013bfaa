"""Bringing a model of Hugging Face, opening it, and everything that may be wrong with it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.__main__ import main
from s2s.checkpoint import archive, huggingface
from s2s.checkpoint.open import load
from s2s.errors import UserError
from s2s.model.huggingface.pieces import readable
from tests.model.huggingface.conftest import brought as brought
from tests.model.huggingface.conftest import marian as marian
from tests.model.huggingface.random_models import SENTENCES, network, tokenizer, write


def changed(directory: Path, into: Path, **values: object) -> Path:
    """A copy of a checkpoint with another config."""
    shutil.copytree(directory, into)
    config = json.loads((into / "config.json").read_text())
    (into / "config.json").write_text(json.dumps(config | values))
    return into


def refused(directory: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        load(directory)
    return caught.value


def test_the_command_line_brings_and_traces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = write(tmp_path / "theirs", "t5")
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.chdir(tmp_path)
    bring = ["import", "huggingface", str(theirs), "--name", "small", "--prefix", "translate: "]
    assert main(bring) == 0 and main(bring) == 2
    shutil.rmtree(theirs)  # it was copied
    told = capsys.readouterr().err
    assert "small" in told and "Traceback" not in told
    assert main(["trace", "small@2.1", SENTENCES[0], "--max-length", "4", "--json", "-"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["checkpoint"]["name"] == "small@2.1" and made["source"]["tokens"][0] != "▁my"
    assert made["source"]["memory"] == [] and len(made["steps"]) == 4
    assert main(["trace", "small@9.9", SENTENCES[0]]) == 2
    assert "2 decoder layers with 4 heads each" in capsys.readouterr().err
    assert main(["trace", "small@top", SENTENCES[0]]) == 2
    assert "@top" in capsys.readouterr().err


def test_what_is_wrong_is_named(marian: Path, tmp_path: Path, tiny_checkpoint: Path) -> None:
    assert refused(changed(marian, tmp_path / "a", layer=3)).key == "error.huggingface_view"
    assert refused(changed(marian, tmp_path / "b", prefix=None)).values["key"] == "prefix"
    assert refused(tiny_checkpoint.with_name(f"{tiny_checkpoint.name}@1.1")).key == "error.huggingface_no_heads"
    broken = changed(marian, tmp_path / "c")
    (broken / "model" / "model.safetensors").write_bytes(b"no weights")
    assert refused(broken).key == "error.huggingface_broken"
    pickled = changed(marian, tmp_path / "d")
    (pickled / "model" / "model.safetensors").rename(pickled / "model" / "pytorch_model.bin")
    assert refused(pickled).key == "error.huggingface_broken"
    other = changed(marian, tmp_path / "e")
    (other / "model" / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    assert refused(other).key == "error.huggingface_kind"
    with pytest.raises(UserError) as caught:
        huggingface.import_huggingface(str(marian / "model"), marian)
    assert caught.value.key == "error.import_exists"


def test_an_archive_cannot_bring_one(marian: Path, tmp_path: Path) -> None:
    """Neither its own files nor a config that names others: nothing of a zip's model directory is written."""
    import io
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        for path in marian.rglob("*"):
            zipped.write(path, path.relative_to(marian))
        for name in ("vocab.json", "model.safetensors"):
            zipped.writestr(name, "{}")
    with pytest.raises(UserError) as caught:
        archive.load_archive("mine.zip", content.getvalue(), tmp_path / "unpacked")
    assert caught.value.key in ("error.archive_several", "error.archive_twice", "error.checkpoint_file_missing")
    assert not (tmp_path / "unpacked" / "model").exists()


def test_without_the_library_one_sentence_says_what_to_install(marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert "requirements-extra.txt" in str(refused(marian)) and refused(marian).key == "error.huggingface_missing"


def test_nothing_of_the_library_is_imported_for_other_models(tiny_checkpoint: Path) -> None:
    code = f"import sys; from s2s.checkpoint.open import load; load({str(tiny_checkpoint)!r}); "
    code += "print('transformers' in sys.modules)"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "False"


def test_settings_that_are_not_heeded_are_told() -> None:
    made = network("marian", tokenizer("marian"))
    assert huggingface.ignored_settings(made.generation_config) == []
    made.generation_config.no_repeat_ngram_size = 3
    made.generation_config.bad_words_ids = [[1, 2]]
    assert huggingface.ignored_settings(made.generation_config) == [
        "no_repeat_ngram_size = 3",
        "bad_words_ids of several tokens",
    ]


def test_an_opening_is_what_the_decoder_reads_first() -> None:
    pieces = tokenizer("bart")
    made = network("bart", pieces)
    assert huggingface.opening(made, pieces) == [pieces.eos_token_id, pieces.bos_token_id]
    made.generation_config.forced_bos_token_id = 7
    assert huggingface.opening(made, pieces) == [pieces.eos_token_id, 7]
    made.generation_config.forced_bos_token_id = None  # then it chooses its first word by itself
    assert huggingface.opening(made, pieces) == [pieces.eos_token_id]
    made.generation_config.decoder_start_token_id = made.config.decoder_start_token_id = None
    made.generation_config.bos_token_id = 5
    assert huggingface.opening(made, pieces) == [5]
    assert readable("Ġschool") == "▁school"
