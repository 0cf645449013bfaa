from __future__ import annotations

import math
from pathlib import Path

import pytest

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.lesson.prior_step import prior_run
from tests.factory import make_checkpoint

TEXT, REFERENCE = "我不喝茶。", "I do drink tea ."


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load(make_checkpoint(tmp_path_factory.mktemp("prior"), "general", prior=True))


@pytest.mark.parametrize("reference", ["", REFERENCE])
def test_every_number_is_that_of_the_definition(prior: Checkpoint, reference: str) -> None:
    found, size = prior_run(prior, TEXT, reference, most=100), len(prior.target.vocab)
    source = prior.source.encode(TEXT)
    for step in found.steps:
        assert len(step.words) == size  # all of them: sums can be checked
        assert [w.blended for w in step.words] == sorted((w.blended for w in step.words), reverse=True)
        for word in step.words:
            assert word.in_source == (prior.target.vocab.ids.get(word.token) in source)
            assert word.prior == pytest.approx(math.exp(word.log_scale) * word.in_source + word.shift, abs=1e-5)
        for name, logit in (
            ("alone", lambda w: w.logit),
            ("halved", lambda w: w.logit / 2),
            ("blended", lambda w: (w.logit + w.prior) / 2),
        ):
            total = math.log(sum(math.exp(logit(w)) for w in step.words))
            assert [getattr(w, name) for w in step.words] == pytest.approx(
                [logit(w) - total for w in step.words], abs=1e-4
            )
        assert sum(math.exp(w.halved) * math.exp(w.gain) for w in step.words) == pytest.approx(1, abs=1e-4)
    assert {w.token for w in found.source if w.in_source} == {w.token for w in found.source}
    assert (found.ones, found.size) == (len(found.source), size)


def test_the_steps_are_those_of_the_player(prior: Checkpoint) -> None:
    for reference, mode in (("", "free"), (REFERENCE, "forced")):
        steps = trace(prior, TEXT, reference or None, mode).steps
        found = prior_run(prior, TEXT, reference).steps
        assert len(found) == len(steps)
        for mine, theirs in zip(found, steps, strict=True):
            best = mine.words[0]
            assert (best.token, best.blended) == (theirs.top[0].token, pytest.approx(theirs.top[0].log_prob, abs=1e-5))
            assert best.prior == pytest.approx(theirs.top[0].prior, abs=1e-5)
            assert mine.said == theirs.output


def test_a_model_without_prior_is_refused(tiny_checkpoint: Path) -> None:
    with pytest.raises(UserError, match="tiny-additive"):
        prior_run(load(tiny_checkpoint), TEXT)
