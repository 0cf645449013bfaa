from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from s2s.adapters import pytorch_tutorial
from s2s.adapters.imported import Imported, ImportOptions
from s2s.decode.decode import trace
from s2s.errors import LANGUAGES, UserError
from tests.adapters.common import run, stored
from tests.fuzz.mutate import mutated

SOURCE = ("SOS", "EOS", "je", "suis", "pret", "content", "il", "est", "la", "!", "?")
TARGET = ("SOS", "EOS", "i", "m", "am", "ready", "he", "is", "here", "!")
SENTENCE, READ = [2, 3, 4, 9, 1], [0, 2, 4, 5, 1]
OURS = [2, 3, *range(4, 20)]  # our ids of the tutorial's: SOS and EOS, then the words after <eos>
State = dict[str, Tensor]


class Attention(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.Wa, self.Ua, self.Va = nn.Linear(size, size), nn.Linear(size, size), nn.Linear(size, 1)


class Encoder(nn.Module):
    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding, self.gru = nn.Embedding(words, size), nn.GRU(size, size, batch_first=True)


class Decoder(nn.Module):
    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding, self.attention = nn.Embedding(words, size), Attention(size)
        self.gru, self.out = nn.GRU(2 * size, size, batch_first=True), nn.Linear(size, words)


def models(size: int = 6) -> tuple[Encoder, Decoder]:
    torch.manual_seed(3)
    made = Encoder(len(SOURCE), size), Decoder(len(TARGET), size)
    for model in made:
        for weight in model.parameters():
            nn.init.normal_(weight, std=0.7)
    return made


@torch.inference_mode()
def expected(encoder: Encoder, decoder: Decoder) -> tuple[np.ndarray, np.ndarray]:
    """The tutorial's forward pass, one word at a time."""
    keys, hidden = encoder.gru(encoder.embedding(torch.tensor([SENTENCE])))
    rows, looks = [], []
    for token in READ:
        a = decoder.attention
        scores = a.Va(torch.tanh(a.Wa(hidden.transpose(0, 1)) + a.Ua(keys)))[:, :, 0]
        weights = scores.softmax(dim=1)
        context = (weights[:, :, None] * keys).sum(dim=1, keepdim=True)
        output, hidden = decoder.gru(torch.cat([decoder.embedding(torch.tensor([[token]])), context], dim=2), hidden)
        rows.append(decoder.out(output)[0, 0].log_softmax(0).numpy())
        looks.append(weights[0].numpy())
    return np.array(rows), np.array(looks)


def options(directory: Path) -> ImportOptions:
    paths = directory / "source.json", directory / "target.json"
    paths[0].write_text(json.dumps(dict(enumerate(SOURCE))), encoding="utf-8")  # {"0": "SOS", …}
    paths[1].write_text(json.dumps(TARGET), encoding="utf-8")
    return ImportOptions(vocabularies=paths)


def check(imported: Imported, directory: Path) -> None:
    assert imported.origin.directions == 1
    checkpoint = stored(imported, directory / "imported")
    found = run(checkpoint, (OURS[: len(SOURCE)], OURS[: len(TARGET)]), SENTENCE, READ)
    for ours, theirs in zip(found, expected(*models()), strict=True):
        assert np.abs(ours - theirs).max() < 1e-5


def files(directory: Path) -> dict[str, list[Path]]:
    """The ways to save it."""
    encoder, decoder = (model.state_dict() for model in models())
    torch.save(encoder, directory / "encoder.pt")
    torch.save(decoder, directory / "decoder.pt")
    torch.save({"epoch": 3, "encoder": encoder, "decoder": decoder}, directory / "both.pt")
    flat = {f"{part}.{k}": v for part, state in (("enc", encoder), ("dec", decoder)) for k, v in state.items()}
    torch.save(flat, directory / "flat.pt")
    ways = {"two": ["encoder.pt", "decoder.pt"], "turned": ["decoder.pt", "encoder.pt"]}
    ways |= {"one": ["both.pt"], "flat": ["flat.pt"]}
    return {way: [directory / name for name in names] for way, names in ways.items()}


@pytest.mark.parametrize("way", ["two", "turned", "one", "flat"])
def test_computes_what_the_tutorial_computes(tmp_path: Path, way: str) -> None:
    check(pytorch_tutorial.read_pytorch_tutorial(files(tmp_path)[way], options(tmp_path)), tmp_path)


def test_the_source_ends_with_eos_and_words_it_lacks_are_unknown(tmp_path: Path) -> None:
    checkpoint = stored(
        pytorch_tutorial.read_pytorch_tutorial(files(tmp_path)["two"], options(tmp_path)), tmp_path / "imported"
    )
    found = trace(checkpoint, "Je suis prêt, demain !")
    assert found.source_tokens == ("je", "suis", "pret", "demain", "!", "<eos>")
    assert found.source_unknown == (3,)
    assert not {"<unk>", "<pad>"} & {step.output for step in found.steps}
    assert checkpoint.model.encoder.embedding.weight[1].abs().sum() == 0
    assert "zeros" in (tmp_path / "imported" / "README.md").read_text(encoding="utf-8")


def broken(directory: Path, key: str) -> list[Path]:
    """Files that are refused with this sentence."""
    paths = files(directory)["two"]
    encoder, decoder = (torch.load(path, weights_only=True) for path in paths)
    if key == "pytorch_unbatched":
        torch.save({"embedding.weight": torch.zeros(3, 2), "attn.weight": torch.zeros(10, 4)}, paths[1])
    elif key == "pytorch_parts":
        return paths[:1]
    elif key == "weight_missing":
        torch.save({k: v for k, v in decoder.items() if k != "out.bias"}, paths[1])
    elif key == "weight_unknown":
        torch.save(encoder | {"gru.weight_ih_l1": torch.zeros(18, 6)}, paths[0])
    elif key == "weight_shape":
        torch.save(encoder | {"gru.weight_hh_l0": torch.zeros(18, 5)}, paths[0])
    elif key == "words_count":
        (directory / "target.json").write_text('["SOS", "EOS"]', encoding="utf-8")
    elif key == "import_pickle":
        torch.save(Encoder(3, 2), paths[0])
    elif key == "weight_not_finite":
        torch.save(encoder | {"gru.bias_hh_l0": torch.full((18,), torch.nan)}, paths[0])
    elif key == "array_short":
        torch.save(decoder | {"out.weight": torch.zeros(1).expand(10, 1 << 40)}, paths[1])
    else:
        paths[0].write_bytes(paths[0].read_bytes()[:700])
    return paths


@pytest.mark.parametrize(
    "key",
    [
        *("pytorch_unbatched", "pytorch_parts", "weight_missing", "weight_unknown", "weight_shape", "words_count"),
        *("import_pickle", "weight_not_finite", "array_short", "arrays_zip"),
    ],
)
def test_what_is_not_the_tutorials_model_gets_a_sentence(tmp_path: Path, key: str) -> None:
    asked = options(tmp_path)
    paths = broken(tmp_path, key)
    with pytest.raises(UserError) as error:
        pytorch_tutorial.read_pytorch_tutorial(paths, asked)
    assert error.value.key == f"error.{key}"
    assert all(error.value.say(language) for language in LANGUAGES)


def test_mutated_files_are_refused_with_a_sentence_or_read(tmp_path: Path) -> None:
    rng, path, asked, refused = random.Random(4), files(tmp_path)["one"][0], options(tmp_path), 0
    content = path.read_bytes()
    for _ in range(25):
        path.write_bytes(mutated(content, rng))
        try:
            pytorch_tutorial.read_pytorch_tutorial([path], asked)
        except UserError as error:
            refused += 1
            assert all(error.say(language).isprintable() for language in LANGUAGES), error
    assert refused > 3


def test_both_vocabularies_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--vocab"):
        pytorch_tutorial.read_pytorch_tutorial(files(tmp_path)["two"], ImportOptions())
