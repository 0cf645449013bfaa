"""What follows the first divergence, held against decoding with a gold prefix."""

from __future__ import annotations

from pathlib import Path

import pytest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.exposure.recovery import Recovery, accuracy, token_f1
from s2s.exposure.sentence import rests_after_divergence, sentence_recovery
from s2s.text.vocab import EOS

TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."


def test_the_rest_is_what_the_model_says_after_the_gold_prefix(tiny_checkpoint: Path) -> None:
    checkpoint = load(tiny_checkpoint)
    forced = trace(checkpoint, TEXT, REFERENCE, "forced")
    at = forced.divergence
    assert at is not None and at < len(forced.reference_tokens)
    found = rests_after_divergence(sentence_recovery(checkpoint, TEXT, REFERENCE), at, checkpoint.target)
    assert found is not None
    gold = checkpoint.target.encode(REFERENCE)
    for given, rest in zip(([*gold[: at + 1]], [*gold[:at], None]), found, strict=True):
        if given[-1] is None:
            given[-1] = checkpoint.target.vocab.tokens.index(forced.steps[at].top[0].token)
        prefix = " ".join(checkpoint.target.vocab.tokens[i] for i in given).replace(" n't", "n't")
        said = trace(checkpoint, TEXT, REFERENCE, prefix=prefix)
        assert [s.output for s in said.steps[: at + 1]] == [checkpoint.target.vocab.tokens[i] for i in given]
        own = [checkpoint.target.vocab.tokens.index(s.output) for s in said.steps[at + 1 :]]
        right = [*gold[at + 1 :], EOS]
        assert (rest.accuracy, rest.f1) == (accuracy(own, right), token_f1(own, right))
        assert rest.text == checkpoint.target.decode([i for i in own if i != EOS])


def test_nothing_is_left_where_the_reference_ends(tiny_checkpoint: Path) -> None:
    target = load(tiny_checkpoint).target
    found = Recovery(gold=(5, EOS), outputs=((5, 6, EOS), (6, EOS)), injected=(6,), after=((EOS,),))
    assert rests_after_divergence(found, 1, target) is None


@pytest.mark.parametrize(
    ("text", "reference", "key"), [("", REFERENCE, "text_empty"), (TEXT, "我不", "reference_unknown")]
)
def test_what_cannot_be_read_is_a_user_error(tiny_checkpoint: Path, text: str, reference: str, key: str) -> None:
    with pytest.raises(UserError) as caught:
        sentence_recovery(load(tiny_checkpoint), text, reference)
    assert caught.value.key == f"error.{key}"
