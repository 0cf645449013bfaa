"""The record of an imported model, its way to disk and its card; the command; what it is read with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from s2s.__main__ import main
from s2s.adapters.imported import Imported, Origin, write_imported
from s2s.adapters.options import Options
from s2s.adapters.weights import NEVER, Rows, Weights, zero_padded
from s2s.checkpoint.native import store_scores, unique_weights
from s2s.checkpoint.open import load
from s2s.errors import UserError
from tests.adapters import test_joeynmt as theirs
from tests.factory import SCORES, make_config, make_model, vocabs

ORIGIN = Origin("JoeyNMT", "2.3.0", ("best.ckpt",), ("Nothing was folded.",))


def imported() -> Imported:
    config = make_config("concat", attention_bias=True, bridge="linear")
    return Imported(config, vocabs(config), unique_weights(make_model(config)), ORIGIN)


def test_weights_are_kept_in_single_precision_and_the_card_says_where_from(tmp_path: Path) -> None:
    made = imported()
    exact = made.weights["bridge.weight"]
    exact += 1e-6  # off the grid of half precision
    write_imported(made, tmp_path / "mine")
    checkpoint = load(tmp_path / "mine")
    assert checkpoint.config.name == "mine" and checkpoint.model.bridge is not None
    assert (
        checkpoint.config.data.train == checkpoint.config.data.dev == "" and made.config.data.train
    )  # nobody knows it
    assert checkpoint.model.bridge.weight.equal(exact)
    card = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    for text in ("JoeyNMT 2.3.0", "`best.ckpt`", "- Nothing was folded.", "None was measured.", 'bridge = "linear"'):
        assert text in card
    assert "BLEU |" not in card
    store_scores(tmp_path / "mine", "test", SCORES)
    card = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    assert "| test | 3 | 12.50 |" in card and "None was measured." not in card and "JoeyNMT 2.3.0" in card
    with pytest.raises(UserError, match="already exists"):
        write_imported(made, tmp_path / "mine")


def test_what_does_not_fit_its_config_is_no_model() -> None:
    made = imported()
    weights = dict(made.weights)
    weights["output.bias"] = weights["output.bias"][:-1]
    with pytest.raises(UserError, match=r"weight output\.bias has the shape \(15,\), but the model needs \(16,\)"):
        Imported(made.config, made.vocabs, weights, ORIGIN)
    weights["output.bias"] = torch.full((16,), torch.nan)
    with pytest.raises(UserError, match=r"best\.ckpt: the weight output\.bias contains infinite or undefined"):
        Imported(made.config, made.vocabs, weights, ORIGIN)


def test_the_command_then_a_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = theirs.configuration()
    directory = theirs.save(tmp_path / "theirs", values, theirs.state(values))
    command = ["import", "joeynmt", str(directory), "--name", "tiny", "--out", str(tmp_path)]
    assert main(command) == 0
    assert "Wrote" in capsys.readouterr().err
    assert main(["trace", str(tmp_path / "tiny"), "b a d", "--attention", "1=-2"]) == 0
    assert "<eos>" in capsys.readouterr().out
    assert main(["trace", str(tmp_path / "tiny"), "--tokens", "b a"]) == 0
    for wrong, sentence in (
        (command, "already exists"),
        (["import", "fairseq", str(directory), "--name", "x"], "fairseq models cannot be imported"),
        (["import", "joeynmt", str(directory), "--name", "../x"], "cannot be the name"),
        (
            ["import", "joeynmt", str(directory), "--name", "x", "--source-text", "letters"],
            "no segmentation called letters",
        ),
        (["import", "joeynmt", str(directory), str(directory), "--name", "x"], "give one path"),
        (["import", "opennmt", str(directory / "best.ckpt"), "--name", "x"], "opt is missing"),
    ):
        assert main(wrong) == 2
        error = capsys.readouterr().err
        assert sentence in error and error.count("\n") == 1


def test_rows_in_our_order() -> None:
    specials = {"<pad>": 3, "<unk>": 1, "<bos>": None, "<eos>": 0}
    rows = Rows(Path("words.txt"), ["END", "UNK", "", "PAD", "b"], specials)
    assert rows.vocab.tokens == ("<pad>", "<unk>", "<bos>", "<eos>", "<empty>", "b")
    assert rows.reorder(torch.arange(5.0), NEVER).tolist() == [3, 1, NEVER, 0, 2, 4]
    assert rows.reorder(torch.eye(5))[2].eq(0).all()
    assert torch.tensor(NEVER).half().float() == NEVER


def test_weights_are_taken_once_and_widened_with_zeros() -> None:
    found = Weights(Path("m.pt"), {"a": torch.ones(2, 3, dtype=torch.float16), "b": "no tensor"})
    assert found.width("a", 1) == 3
    assert zero_padded(found.pop("a", 2, 3), 2, 5).sum(dim=0).tolist() == [2, 2, 2, 0, 0]
    for name in ("a", "b"):
        with pytest.raises(UserError, match=f"The weight {name} is missing"):
            found.pop(name, 2, 3)
    found.finish()


def test_options_by_dotted_key() -> None:
    options = Options(Path("c.yaml"), {"model": {"size": 3, "deep": True}})
    assert options.need("model.size", int) == 3 and options.get("model.size.more", 7) == 7
    for key in ("model.deep", "model.other"):
        with pytest.raises(UserError, match=key):
            options.need(key, int)
