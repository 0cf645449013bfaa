"""The languages of multilingual models: chosen at the import, kept in the checkpoint, read and written."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.__main__ import main
from s2s.api import LoadedCheckpoint, load
from s2s.checkpoint import huggingface
from s2s.decode.search import greedy
from s2s.errors import UserError, say
from s2s.model.huggingface.languages import known
from tests.model.huggingface.random_models import LANGUAGES, SENTENCES, network, tokenizer, write

MARKS = {  # what is read before a source and after it, and before the first word of a target, as each kind's pages say
    "mbart": ((), ("</s>", "en_XX"), ("zh_CN",)),
    "mbart50": (("en_XX",), ("</s>",), ("</s>", "zh_CN")),
    "m2m_100": (("__en__",), ("</s>",), ("</s>", "__zh__")),
    "nllb": (("eng_Latn",), ("</s>",), ("</s>", "zho_Hans")),
    "plbart": ((), ("</s>", "__python__"), ("__en_XX__",)),
}


def opening(checkpoint: LoadedCheckpoint) -> tuple[str, ...]:
    """What the decoder reads first, as the source's labels."""
    model: Any = checkpoint.model
    return tuple(checkpoint.source.vocab.tokens[4 + i] for i in model.ids.opening)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hugging Face's own directory of a model of 52 languages."""
    return write(tmp_path_factory.mktemp("given") / "mbart50", "mbart50")


@pytest.mark.parametrize("kind", LANGUAGES)
def test_languages_are_where_the_model_was_trained_to_read_them(brought: Callable[[str], Path], kind: str) -> None:
    found = load(brought(kind))
    first, last, begun = MARKS[kind]
    tokens = found.source.tokens(SENTENCES[0])
    assert tuple(tokens[: len(first)]) == first and tuple(tokens[-len(last) :]) == last
    assert opening(found) == begun and found.source.words(SENTENCES[0]) == tokens[len(first) : -len(last)]
    assert found.source.segmenter.join(tokens) == SENTENCES[0]  # without them
    config = json.loads((brought(kind) / "config.json").read_text())
    assert (config["source_language"], config["target_language"]) == LANGUAGES[kind][:2]
    assert f"It reads `{LANGUAGES[kind][0]}` and writes" in (brought(kind) / "README.md").read_text()


@pytest.mark.parametrize("kind", LANGUAGES)
def test_every_language_has_a_name_and_a_token_of_its_own(kind: str) -> None:
    pieces = tokenizer(kind)
    ids = known(pieces, 10_000)
    assert set(LANGUAGES[kind][:2]) <= set(ids) and len(set(ids.values())) == len(ids)
    source = LANGUAGES[kind][0]
    pieces.src_lang = source
    assert ids[source] in pieces("")["input_ids"]
    assert set(known(pieces, ids[source] + 1)) < set(ids) or kind == "plbart"  # what the network has no id for


def test_a_model_that_is_told_none_says_what_it_takes(given: Path, tmp_path: Path) -> None:
    (note, *_) = huggingface.import_huggingface(str(given), tmp_path / "own")
    assert "52 languages" in note and "reads en_XX, writes en_XX" in note and "--target-language" in note
    (note, *_) = huggingface.import_huggingface(str(given), tmp_path / "half", target_language="zh_CN")
    assert "reads en_XX, writes zh_CN" in note and opening(load(tmp_path / "half")) == ("</s>", "zh_CN")
    assert all(
        "languages" not in note
        for note in huggingface.import_huggingface(str(given), tmp_path / "a", "", "zh_CN", "en_XX")
    )
    assert load(tmp_path / "a").source.tokens("我")[0] == "zh_CN"


@pytest.mark.parametrize(("kind", "begun"), [("mbart", "en_XX"), ("m2m_100", "__en__"), ("plbart", "<s>")])
def test_a_target_without_a_language_of_its_own(tmp_path: Path, kind: str, begun: str) -> None:
    """M2M's tokenizer cuts no target then, and PLBART's knows none to begin with."""
    assert (
        "languages. It reads"
        in huggingface.import_huggingface(str(write(tmp_path / "theirs", kind)), tmp_path / "ours")[0]
    )
    found = load(tmp_path / "ours")
    assert opening(found)[-1] == begun
    assert found.trace(SENTENCES[0], SENTENCES[5], mode="forced").text == SENTENCES[5]


@torch.inference_mode()
def test_a_model_that_always_writes_one_language_writes_it(tmp_path: Path) -> None:
    """Told nothing, it says what ``generate`` says when that is told nothing."""
    pieces = tokenizer("mbart50")
    own = network("mbart50", pieces)
    own.generation_config.forced_bos_token_id = pieces.convert_tokens_to_ids("zh_CN")
    own.save_pretrained(tmp_path / "theirs")
    pieces.save_pretrained(tmp_path / "theirs")
    assert "writes zh_CN" in huggingface.import_huggingface(str(tmp_path / "theirs"), tmp_path / "ours")[0]
    found = load(tmp_path / "ours")
    model: Any = found.model
    (said,) = greedy(model, [found.source.encode(SENTENCES[0])], max_length=8)
    made = own.generate(torch.tensor([pieces(SENTENCES[0])["input_ids"]]), max_new_tokens=9)[0].tolist()
    assert made[2:] == model.ids.target_V[torch.tensor(said)].tolist() and opening(found) == ("</s>", "zh_CN")


def test_visitors_do_not_cut_in_each_others_mode(brought: Callable[[str], Path]) -> None:
    """A tokenizer is in another mode while it cuts a target, and all sessions share it."""
    found, wanted = load(brought("mbart50")), tokenizer("mbart50")(SENTENCES[0], add_special_tokens=False)["input_ids"]
    with ThreadPoolExecutor(2) as both:
        targets = both.submit(lambda: [found.target.tokens(SENTENCES[5]) for _ in range(300)])
        sources = both.submit(lambda: [found.source.tokens(SENTENCES[0]) for _ in range(300)])
        marks = {(tokens[0], len(tokens)) for tokens in sources.result()}
        assert len(targets.result()) == 300 and marks == {("en_XX", len(wanted) + 2)}


def test_a_checkpoint_that_was_brought_before_loads(given: Path, tmp_path: Path) -> None:
    huggingface.import_huggingface(str(given), tmp_path / "old")
    config = json.loads((tmp_path / "old" / "config.json").read_text())
    assert {config.pop("source_language"), config.pop("target_language")} == {"en_XX"}
    (tmp_path / "old" / "config.json").write_text(json.dumps(config))
    assert opening(load(tmp_path / "old")) == ("</s>", "en_XX")
    config["target_language"] = 3
    (tmp_path / "old" / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError) as caught:
        load(tmp_path / "old")
    assert caught.value.values["key"] == "target_language"


def test_the_command_line_takes_languages(given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring = ["import", "huggingface", str(given), "--name", "many", "--out", str(tmp_path)]
    assert main([*bring, "--source-language", "zh", "--target-language", "en_XX"]) == 2
    told = capsys.readouterr().err
    assert "“zh”" in told and "52: zh_CN," in told and told.rstrip().endswith("…") and len(told) < 300
    assert not (tmp_path / "many").exists()
    assert main([*bring, "--source-language", "zh_CN", "--target-language", "en_XX"]) == 0
    capsys.readouterr()
    assert main(["trace", str(tmp_path / "many"), SENTENCES[5], "--max-length", "3", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["source"]["tokens"][0] == "zh_CN"
    assert main(["import", "joeynmt", "x", "--name", "y", "--source-language", "zh"]) == 2
    assert "--source-language" in capsys.readouterr().err


def test_a_model_of_no_languages_takes_none(tmp_path: Path) -> None:
    theirs = str(write(tmp_path / "theirs", "t5"))
    with pytest.raises(UserError) as caught:
        huggingface.import_huggingface(theirs, tmp_path / "ours", "", "zh_CN", "en_XX")
    assert caught.value.say("zh") == say("error.huggingface_no_languages", "zh")


def test_two_vocabularies_are_refused(tmp_path: Path) -> None:
    pieces = tokenizer("marian")
    made = network("marian", pieces, share_encoder_decoder_embeddings=False, decoder_vocab_size=len(pieces) + 7)
    made.save_pretrained(tmp_path / "theirs")
    pieces.save_pretrained(tmp_path / "theirs")
    with pytest.raises(UserError) as caught:
        huggingface.import_huggingface(str(tmp_path / "theirs"), tmp_path / "ours")
    assert caught.value.key == "error.huggingface_vocabularies"
