from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2s.__main__ import main
from s2s.adapters import keras
from s2s.adapters.imported import Imported, ImportOptions
from s2s.decode.decode import trace
from s2s.errors import LANGUAGES, UserError
from tests.adapters.common import run, stored
from tests.adapters.keras_model import SOURCE, TARGET, KerasModel, save_h5, save_keras, save_words
from tests.paths import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "keras"
SENTENCE, READ = [1, 3, 4, 5, 9, 2], [1, 3, 4, 11, 0, 5]
QUERY = {"attention.query": "W1"}
OURS = [0, 2, 3, *range(4, 13)]  # our ids of the library's: padding, start and end, then the words after <unk>


def options(directory: Path, **values: Any) -> ImportOptions:
    given = {"carries_state": True, "layers": QUERY, "vocabularies": save_words(directory)}
    return ImportOptions(**(given | values))


def check(imported: Imported, model: KerasModel, directory: Path, carries: bool = True, swapped: bool = False) -> None:
    checkpoint = stored(imported, directory / "imported")
    ours = OURS[: len(SOURCE)], OURS[: len(TARGET)]
    log_probs, attention = run(checkpoint, ours, SENTENCE, READ)
    expected, expected_attention = model.run(SENTENCE, READ, carries, swapped)
    assert np.abs(log_probs - expected).max() < 1e-5
    assert np.abs(attention - expected_attention).max() < 1e-5


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("carries", [False, True])
def test_computes_what_keras_computes(tmp_path: Path, both: bool, carries: bool) -> None:
    model = KerasModel.random(both=both)
    save_h5(tmp_path / "m.weights.h5", model.named())
    imported = keras.read_keras([tmp_path / "m.weights.h5"], options(tmp_path, carries_state=carries))
    check(imported, model, tmp_path, carries)
    assert imported.config.model.carry_state == carries and imported.origin.directions == 1 + both


def test_carrying_makes_a_difference() -> None:
    model = KerasModel.random()
    assert np.abs(model.run(SENTENCE, READ, True)[0] - model.run(SENTENCE, READ, False)[0]).max() > 0.1


@pytest.mark.parametrize("sizes", [(3, 8), (8, 3)])
def test_embeddings_of_two_sizes(tmp_path: Path, sizes: tuple[int, int]) -> None:
    model = KerasModel.random(sizes=sizes, seed=8)
    save_h5(tmp_path / "m.h5", model.named())
    check(keras.read_keras([tmp_path / "m.h5"], options(tmp_path)), model, tmp_path)


def layouts(directory: Path, model: KerasModel) -> dict[str, list[Path]]:
    """The same weights in every kind of file."""
    named, legacy = model.named(), model.legacy()
    save_h5(directory / "new.weights.h5", named)
    save_h5(directory / "layers.weights.h5", {f"layers/{k.replace('/', '/layers/', 1)}": v for k, v in named.items()})
    save_h5(directory / "old.h5", legacy)
    save_h5(directory / "whole.h5", {f"model_weights/{name}": array for name, array in legacy.items()})
    save_keras(directory / "m.keras", named)
    np.savez(directory / "named.npz", **legacy)
    np.savez(directory / "dotted.npz", **{name.replace("/", "."): array for name, array in named.items()})
    for part in ("encoder", "decoder"):
        own = {k.removeprefix(f"{part}/"): v for k, v in named.items() if k.startswith(part)}
        save_h5(directory / f"{part}.weights.h5", own)
        (directory / part).mkdir()
        save_h5(directory / part / "weights.h5", own)
    files = [["new.weights.h5"], ["layers.weights.h5"], ["old.h5"], ["whole.h5"], ["m.keras"], ["named.npz"]]
    files += [
        ["dotted.npz"],
        ["encoder.weights.h5", "decoder.weights.h5"],
        ["encoder/weights.h5", "decoder/weights.h5"],
    ]
    return {paths[0]: [directory / path for path in paths] for paths in files}


@pytest.mark.parametrize("both", [False, True])
def test_every_kind_of_file_gives_the_same_weights(tmp_path: Path, both: bool) -> None:
    model = KerasModel.random(both=both)
    first: Imported | None = None
    for name, paths in layouts(tmp_path, model).items():
        old = name in ("old.h5", "whole.h5", "named.npz")
        imported = keras.read_keras(paths, options(tmp_path, layers={"attention.query": "dense_1" if old else "W1"}))
        first = first or imported
        assert imported.weights.keys() == first.weights.keys()
        for key, weight in imported.weights.items():
            assert weight.equal(first.weights[key]), (name, key)
    assert first
    check(first, model, tmp_path)


def test_a_list_of_weights_without_names(tmp_path: Path) -> None:
    model = KerasModel.random()
    np.savez(tmp_path / "m.npz", *[array for arrays in model.weights.values() for array in arrays])
    with pytest.raises(UserError, match=r"arr_10 / arr_12"):
        keras.read_keras([tmp_path / "m.npz"], options(tmp_path, layers={}))
    check(
        keras.read_keras([tmp_path / "m.npz"], options(tmp_path, layers={"attention.query": "arr_10"})),
        model,
        tmp_path,
    )


def test_the_other_dense_layer_may_read_the_state(tmp_path: Path) -> None:
    model = KerasModel.random()
    save_h5(tmp_path / "m.h5", model.named())
    imported = keras.read_keras(
        [tmp_path / "m.h5"], options(tmp_path, layers={"attention.query": "decoder/attention/W2"})
    )
    check(imported, model, tmp_path, swapped=True)


@pytest.mark.parametrize("name", ["keras-2.h5", "keras-2.weights.h5", "keras-3.keras", "keras-3.weights.h5"])
def test_files_that_keras_wrote(tmp_path: Path, name: str) -> None:
    expected = json.loads((FIXTURES / f"{name}.json").read_text())
    layers = {"attention.query": "dense_1" if name == "keras-2.h5" else "W1"}
    carries = name == "keras-2.weights.h5"
    imported = keras.read_keras([FIXTURES / name], options(tmp_path, layers=layers, carries_state=carries))
    assert imported.origin.version == (expected["keras"] if name.endswith(".keras") else "")
    checkpoint = stored(imported, tmp_path / "imported")
    log_probs, attention = run(checkpoint, (OURS[:11], OURS[:12]), expected["source"], expected["read"])
    assert np.abs(log_probs - [step["log_probs"] for step in expected["steps"]]).max() < 1e-5
    assert np.abs(attention - [step["attention"] for step in expected["steps"]]).max() < 1e-5


def test_a_text_is_read_between_its_marks_and_traced(tmp_path: Path) -> None:
    model = KerasModel.random()
    save_h5(tmp_path / "m.h5", model.named())
    checkpoint = stored(
        keras.read_keras([tmp_path / "m.h5"], options(tmp_path, carries_state=False)), tmp_path / "imported"
    )
    found = trace(checkpoint, "Aná come pan.", "Ana eats bread.", mode="forced")
    assert found.source_tokens == ("<bos>", "ana", "come", "pan", ".", "<eos>")
    assert found.reference_tokens == ("ana", "eats", "bread", ".")
    log_probs, attention = model.run([1, 3, 4, 5, 9, 2], [1, 3, 4, 5, 10], carries=False)
    said = [log_probs[t, word] for t, word in enumerate([3, 4, 5, 10, 2])]
    assert np.abs(np.array([step.log_prob for step in found.steps]) - said).max() < 1e-5
    assert np.abs(found.attention_TS - attention).max() < 1e-5
    card = (tmp_path / "imported" / "README.md").read_text(encoding="utf-8")
    assert "called without its state" in card
    assert "`decoder/attention/W1` (attention.query)" in card


def test_padding_is_read_where_the_tutorial_read_it(tmp_path: Path) -> None:
    model = KerasModel.random()
    save_h5(tmp_path / "m.h5", model.named())
    checkpoint = stored(keras.read_keras([tmp_path / "m.h5"], options(tmp_path, padded_to=8)), tmp_path / "imported")
    found = trace(checkpoint, "come pan", "eats", mode="forced")
    assert found.source_tokens == ("<bos>", "come", "pan", "<eos>", *["<fill>"] * 4)
    log_probs, attention = model.run([1, 4, 5, 2, 0, 0, 0, 0], [1, 4], carries=True)
    assert np.abs(np.array([step.log_prob for step in found.steps]) - log_probs[[0, 1], [4, 2]]).max() < 1e-5
    assert np.abs(found.attention_TS - attention).max() < 1e-5
    long = trace(checkpoint, "ana come pan ana come pan ana")
    assert "<fill>" not in long.source_tokens


def test_the_command_asks_what_it_must_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_h5(tmp_path / "m.h5", KerasModel.random().named())
    words = [str(path) for path in save_words(tmp_path)]
    command = ["import", "keras", str(tmp_path / "m.h5"), "--name", "mine", "--out", str(tmp_path / "out")]
    steps = {
        "--vocab SOURCE TARGET": ["--vocab", *words],
        "--carries-state yes or no": ["--carries-state", "no"],
        "--map attention.query=W1": ["--map", "attention.query=W2"],
    }
    for asked, answer in steps.items():
        assert main(command) == 2
        said = capsys.readouterr().err
        assert asked in said and said.count("\n") == 1
        command += answer
    assert main([*command, "--padded-to", "7"]) == 0
    assert "The same is done here, up to 7 tokens" in capsys.readouterr().err
    assert main(["trace", str(tmp_path / "out" / "mine"), "ana come pan."]) == 0
    assert "pan" in capsys.readouterr().out  # where it looks
    assert main(["import", "joeynmt", str(tmp_path), "--name", "x", "--padded-to", "7"]) == 2
    assert main([*command, "--map", "here=there"]) == 2
    assert "The places are: encoder.embedding" in capsys.readouterr().err


def mistakes(directory: Path) -> dict[str, tuple[dict[str, np.ndarray], dict[str, Any]]]:
    """What is refused: the key of the sentence → arrays, what is told."""
    model, both = KerasModel.random(), KerasModel.random(both=True)
    named, z = model.named(), np.zeros
    old = {k: v[0] if k.endswith("gru/cell/vars/2") else v for k, v in named.items()}
    lstm = {k: z((*v.shape[:-1], v.shape[-1] // 3 * 4), np.float32) for k, v in named.items() if "gru" in k}
    summed = {k: v for k, v in both.named().items() if "encoder" in k}
    summed |= {k: v for k, v in named.items() if "encoder" not in k}
    smaller = KerasModel.random(units=4).named()
    first = named | {k: v for k, v in smaller.items() if k.startswith("encoder/gru") or "W2" in k}
    first["decoder/gru/cell/vars/0"] = named["decoder/gru/cell/vars/0"][2:]
    return {
        "keras_carries": (named, {"carries_state": None}),
        "option_needs": (named, {"vocabularies": ()}),
        "keras_query": (named, {"layers": {}}),
        "keras_map": (named, {"layers": {"attention.query": "fc"}}),
        "keras_reset": (old, {}),
        "keras_lstm": (named | {k: v[0] if k.endswith("2") else v for k, v in lstm.items()}, {}),
        "keras_heads": (named | {"decoder/heads/query/vars/0": z((6, 2, 3), np.float32)}, {}),
        "keras_alone": (named | {"encoder/normalization/vars/0": z(6, np.float32)}, {}),
        "keras_structure": ({k: v for k, v in named.items() if "decoder/fc" not in k}, {}),
        "keras_merge": (summed, {}),
        "keras_first": (first, {}),
        "keras_marks": (named, {"marks": ("<s>", "</s>")}),
    }


MISTAKES = [
    *("keras_carries", "option_needs", "keras_query", "keras_map", "keras_reset", "keras_lstm"),
    *("keras_heads", "keras_alone", "keras_structure", "keras_merge", "keras_first", "keras_marks"),
]


@pytest.mark.parametrize("key", MISTAKES)
def test_what_cannot_be_expressed_is_refused_with_its_reason(tmp_path: Path, key: str) -> None:
    arrays, values = mistakes(tmp_path)[key]
    save_h5(tmp_path / "m.h5", arrays)
    with pytest.raises(UserError) as error:
        keras.read_keras([tmp_path / "m.h5"], options(tmp_path, **values))
    assert error.value.key == f"error.{key}"
    assert all(error.value.say(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"class_name": "GRU", "config": {"reset_after": False}}, "keras_setting"),
        ({"class_name": "GRU", "config": {"recurrent_activation": "hard_sigmoid"}}, "keras_setting"),
        ({"class_name": "Bidirectional", "config": {"merge_mode": "sum"}}, "keras_setting"),
        ({"class_name": "MultiHeadAttention", "config": {}}, "keras_layer"),
    ],
)
def test_the_config_of_a_keras_file_is_believed(tmp_path: Path, config: dict[str, Any], key: str) -> None:
    whole = {"class_name": "Functional", "config": {"layers": [{"class_name": "Dense", "config": {}}, config]}}
    save_keras(tmp_path / "m.keras", KerasModel.random().named(), whole)
    with pytest.raises(UserError) as error:
        keras.read_keras([tmp_path / "m.keras"], options(tmp_path))
    assert error.value.key == f"error.{key}"


def test_optimizers_and_seeds_are_no_weights(tmp_path: Path) -> None:
    model = KerasModel.random()
    extra = {"optimizer/vars/0": np.zeros(3, np.int64), "decoder/gru/seed_generator/vars/0": np.zeros(2, np.uint32)}
    save_h5(tmp_path / "m.h5", model.named() | extra)
    check(keras.read_keras([tmp_path / "m.h5"], options(tmp_path)), model, tmp_path)


def test_dense_layers_without_a_bias(tmp_path: Path) -> None:
    model = KerasModel.random()
    for name in ("W1", "W2"):
        kernel, bias = model.weights[f"decoder/attention/{name}"]
        model.weights[f"decoder/attention/{name}"] = kernel, np.zeros_like(bias)
    named = {k: v for k, v in model.named().items() if "W1/vars/1" not in k and "W2/vars/1" not in k}
    save_h5(tmp_path / "m.h5", named)
    check(keras.read_keras([tmp_path / "m.h5"], options(tmp_path)), model, tmp_path)


def test_words_for_unknown_ones_and_other_marks(tmp_path: Path) -> None:
    model = KerasModel.random()
    save_h5(tmp_path / "m.h5", model.named())
    words = ["", "<unk>", "<GO>", "<EOS>", *(f"词{i}" for i in range(8))]
    paths = tmp_path / "s.txt", tmp_path / "t.txt"
    for path, count in zip(paths, (len(SOURCE), len(TARGET)), strict=True):
        path.write_text("\n".join(words[:count]) + "\n", encoding="utf-8")
    imported = keras.read_keras([tmp_path / "m.h5"], options(tmp_path, vocabularies=paths))
    assert imported.vocabs[1].tokens[:5] == ("<pad>", "<unk>", "<bos>", "<eos>", "词0")
    assert (imported.config.text.source, imported.config.text.source_eos) == ("jieba", True)
    assert (imported.weights["encoder.embedding.weight"][1].numpy() == model.weights["encoder/embedding"][0][1]).all()
    cut = keras.read_keras([tmp_path / "m.h5"], replace(options(tmp_path, vocabularies=paths), source="spaces"))
    assert cut.config.text.source == "spaces"
