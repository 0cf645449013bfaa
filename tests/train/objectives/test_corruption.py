from __future__ import annotations

import pytest
import torch

from s2s.config import Config, TextConfig, TrainConfig
from s2s.data.batches import Batch, collate
from s2s.errors import UserError
from s2s.text.vocab import BOS, PAD, SPECIALS, UNK
from s2s.train.objectives.corruption import masked, replaced, words
from tests.train.objectives.common import generator, progress, tiny, value

WIDTH = 40


def long_batch(rows: int = 400) -> Batch:
    """Targets whose words all differ, so that a replaced one shows; half of them short, one empty."""
    target = list(range(10, 10 + WIDTH))
    pairs = [([100, 101, 102], target if i % 2 else target[:5]) for i in range(rows)]
    return collate([*pairs, ([100], [])])


def test_half_of_the_sentences_and_a_share_of_their_words_are_replaced() -> None:
    data = long_batch()
    inputs_BT = replaced(data, generator(1), progress())
    changed_BT = inputs_BT != data.target_in_BT
    assert not changed_BT[~words(data)].any()
    assert torch.equal(inputs_BT[:, 0], torch.full_like(inputs_BT[:, 0], BOS))
    long = changed_BT[1:-1:2, 1:].float()
    touched = long.sum(dim=1) > 0
    assert float(touched.float().mean()) == pytest.approx(0.5, abs=0.08)
    assert float(long[touched].mean()) == pytest.approx(0.3 * (1 - 1 / WIDTH), abs=0.01)
    for row, gold in zip(inputs_BT, data.target_in_BT, strict=True):
        assert set(row.tolist()) <= set(gold.tolist())  # drawn from the same target


def test_replacements_are_drawn_evenly_from_source_and_target() -> None:
    data, told = long_batch(), progress(replace_sentences=1.0, replace_tokens=1.0, replace_from="both")
    inputs_BT = replaced(data, generator(2), told)
    drawn = inputs_BT[words(data) & (torch.arange(WIDTH + 1) > 0)][: 200 * 5]
    assert set(inputs_BT[words(data)].tolist()) == {100, 101, 102, *range(10, 10 + WIDTH)}
    short = inputs_BT[0:-1:2, 1:6]
    counts = torch.tensor([int((short == i).sum()) for i in (100, 101, 102, 10, 11, 12, 13, 14)])
    assert counts.sum() == short.numel() and counts.min() > 0.7 * short.numel() / 8 and len(drawn) == 1000
    assert not (inputs_BT[~words(data)] != data.target_in_BT[~words(data)]).any()


def test_both_needs_a_shared_vocabulary() -> None:
    train = TrainConfig(objective="replacement", replace_from="both")
    with pytest.raises(UserError, match="shared_vocab"):
        Config(train=train)
    Config(train=train, text=TextConfig(shared_vocab=True))
    Config(train=TrainConfig(replace_from="both"))  # another objective does not mind


def test_masks_are_15_percent_and_80_10_10() -> None:
    data, size = long_batch(), 200
    inputs_BT, word_BT = masked(data, size, generator(3), progress()), words(data)
    assert torch.equal(inputs_BT[~word_BT], data.target_in_BT[~word_BT])
    before, after = data.target_in_BT[word_BT], inputs_BT[word_BT]
    assert float((after == UNK).float().mean()) == pytest.approx(0.15 * 0.8, abs=0.01)
    other = after[(after != before) & (after != UNK)]
    assert len(other) / len(before) == pytest.approx(0.15 * 0.1, abs=0.004)
    assert int(other.min()) >= len(SPECIALS) and int(other.max()) < size and len(other.unique()) > 50
    every = masked(data, size, generator(3), progress(mask_tokens=1.0))[word_BT]
    assert float((every == before).float().mean()) == pytest.approx(0.1, abs=0.015)


@pytest.mark.parametrize("name", ["replacement", "mask"])
def test_the_labels_stay(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = tiny(), []
    data = collate([([4, 5], [6, 7, 8, 9, 10, 11])] * 8)
    forward = model.forward

    def watched(batch: Batch) -> torch.Tensor:
        seen.append(batch)
        return forward(batch)

    monkeypatch.setattr(model, "forward", watched)
    value(name, model, data=data, mask_tokens=0.9)
    (given,) = seen
    assert torch.equal(given.target_out_BT, data.target_out_BT) and torch.equal(given.source_BS, data.source_BS)
    assert not torch.equal(given.target_in_BT, data.target_in_BT)


@pytest.mark.parametrize(
    ("name", "off"), [("replacement", "replace_sentences"), ("replacement", "replace_tokens"), ("mask", "mask_tokens")]
)
def test_a_share_of_0_is_cross_entropy(name: str, off: str) -> None:
    model = tiny()
    assert value(name, model, **{off: 0.0}).equal(value("cross_entropy", model))
    assert PAD == 0  # what a batch is padded with, and what none of this touches
