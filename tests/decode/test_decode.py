from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS, collate
from s2s.decode.decode import trace
from s2s.decode.inputs import MAX_CHARACTERS
from s2s.decode.search import beam, greedy
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.trace.trace import Trace
from tests.factory import make_checkpoint

TEXT, REFERENCE = "我不喜欢喝茶。", "I don't like tea."
GOLD = ["I", "do", "n't", "like", "tea", ".", "<eos>"]


@pytest.fixture(scope="module", params=["additive", "general"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load(make_checkpoint(tmp_path_factory.mktemp("decode"), request.param, encoder_layers=2, decoder_layers=2))


def teacher_forced(checkpoint: Checkpoint, text: str, reference: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (T, V) of one batched pass, padded by a longer row, and the target ids."""
    gold = checkpoint.target.encode(reference)
    batch = collate([(checkpoint.source.encode(text), gold), ([4] * 20, [4] * 20)])
    with torch.no_grad():
        return checkpoint.model(batch)[: len(gold) + 1], torch.tensor([*gold, 3])


def test_forced_lane_shows_the_reference_with_true_probabilities(checkpoint: Checkpoint) -> None:
    run = trace(checkpoint, TEXT, REFERENCE, mode="forced")
    logits_TV, target_T = teacher_forced(checkpoint, TEXT, REFERENCE)
    log_probs_TV = torch.log_softmax(logits_TV, dim=1)
    assert [step.output for step in run.steps] == GOLD == [*run.reference_tokens, "<eos>"]
    assert [step.input for step in run.steps] == ["<bos>", *GOLD[:-1]]
    assert sum(step.log_prob for step in run.steps) == pytest.approx(
        -float(F.cross_entropy(logits_TV, target_T, reduction="sum")), abs=1e-4
    )
    for step, log_probs_V, target, logits_V in zip(run.steps, log_probs_TV, target_T, logits_TV, strict=True):
        assert step.log_prob == pytest.approx(float(log_probs_V[target]), abs=1e-4)
        assert step.target is not None and (step.target.token, step.target.rank) == (step.output, step.rank)
        assert step.top[0].log_prob == pytest.approx(float(log_probs_V.max()), abs=1e-4)
        assert step.normaliser == pytest.approx(float(logits_V.logsumexp(dim=0)), abs=1e-4)
    assert (run.text, run.reference, run.settings, run.ended) == (REFERENCE, REFERENCE, {}, "eos")


def test_a_forced_prefix_reproduces_the_teacher_forced_pass(checkpoint: Checkpoint) -> None:
    log_probs_TV = torch.log_softmax(teacher_forced(checkpoint, TEXT, REFERENCE)[0], dim=1)
    free = trace(checkpoint, TEXT, REFERENCE, prefix=REFERENCE)
    forced = trace(checkpoint, TEXT, REFERENCE, mode="forced")
    assert [step.output for step in free.steps[:6]] == GOLD[:6]
    for t, (own, other) in enumerate(zip(free.steps, forced.steps, strict=False)):
        assert own.target is not None
        assert own.target.log_prob == pytest.approx(
            float(log_probs_TV[t].gather(0, target_id(checkpoint, t))), abs=1e-4
        )
        np.testing.assert_allclose(own.attention, other.attention, atol=1e-5)
    assert free.mode == "free" and free.steps[0].rank == forced.steps[0].rank


def target_id(checkpoint: Checkpoint, t: int) -> torch.Tensor:
    return torch.tensor([*checkpoint.target.encode(REFERENCE), 3][t])


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(strategy="sampling", temperature=3.0, seed=8, max_length=9),
        Settings(strategy="beam", beam=4, max_length=8),
        Settings(max_length=1),
    ],
    ids=lambda s: s.strategy,
)
def test_a_free_lane_reads_its_own_output(checkpoint: Checkpoint, settings: Settings) -> None:
    run = trace(checkpoint, TEXT, settings=settings)
    outputs = [step.output for step in run.steps]
    assert [step.input for step in run.steps] == ["<bos>", *outputs[:-1]]
    body = outputs[:-1] if run.ended == "eos" else outputs
    assert "<eos>" not in body and (outputs[-1] == "<eos>") == (run.ended == "eos")
    assert run.text == checkpoint.target.segmenter.join(body)
    assert len(outputs) <= (settings.max_length or 2 * len(run.source_tokens) + 10)
    assert run.settings["strategy"] == settings.strategy and run.settings["beam"] == settings.beam
    assert all(step.target is None for step in run.steps) and run.divergence is None and run.reference is None
    ids = [checkpoint.target.vocab.tokens.index(token) for token in body]
    if ids:  # a teacher-forced pass over what it said gives the same numbers
        batch = collate([(checkpoint.source.encode(TEXT), ids), ([4] * 20, [4] * 20)])
        with torch.no_grad():
            log_probs_TV = torch.log_softmax(checkpoint.model(batch)[: len(ids)], dim=1)
        expected = log_probs_TV[torch.arange(len(ids)), torch.tensor(ids)].tolist()
        assert [step.log_prob for step in run.steps[: len(ids)]] == pytest.approx(expected, abs=1e-4)


def test_greedy_and_beam_say_what_search_finds(checkpoint: Checkpoint) -> None:
    source, words = checkpoint.source.encode(TEXT), checkpoint.target.vocab.tokens
    (expected,) = greedy(checkpoint.model, [source])
    run = trace(checkpoint, TEXT)
    assert [step.output for step in run.steps if step.output != "<eos>"] == [words[i] for i in expected]
    assert all(step.rank == 1 and step.output == step.top[0].token for step in run.steps)
    settings = Settings(strategy="beam", beam=3, max_length=7)
    best = beam(checkpoint.model, source, settings)[0]
    run = trace(checkpoint, TEXT, settings=settings)
    assert [step.output for step in run.steps] == [words[i] for i in best.ids]
    assert sum(step.log_prob for step in run.steps) == pytest.approx(best.log_prob, abs=1e-4)


def test_sampling_is_repeatable_and_differs_by_seed(checkpoint: Checkpoint) -> None:
    def said(seed: int) -> Trace:
        return trace(
            checkpoint, TEXT, settings=Settings(strategy="sampling", temperature=2.0, seed=seed, max_length=12)
        )

    assert said(1) == said(1)
    assert len({said(seed).text for seed in range(5)}) > 1


@pytest.mark.parametrize("prefix", ["you like", "he"])
@pytest.mark.parametrize("strategy", ["greedy", "beam"])
def test_a_prefix_is_said_first_and_the_rest_is_free(checkpoint: Checkpoint, prefix: str, strategy: str) -> None:
    run = trace(checkpoint, TEXT, prefix=prefix, settings=Settings(strategy=strategy, beam=3))
    words = prefix.split()
    assert [step.output for step in run.steps[: len(words)]] == words
    forced = trace(checkpoint, TEXT, prefix, mode="forced")
    for own, other in zip(run.steps[: len(words)], forced.steps, strict=False):
        assert (own.log_prob, own.rank) == (pytest.approx(other.log_prob, abs=1e-5), other.rank)
    if strategy == "greedy":
        assert all(step.rank == 1 for step in run.steps[len(words) :])


def test_a_prefix_leaves_room_for_one_token_more(checkpoint: Checkpoint) -> None:
    run = trace(checkpoint, TEXT, prefix="I like tea", settings=Settings(max_length=2))
    assert len(run.steps) == 4


def test_entropies_and_ranks_by_numpy(checkpoint: Checkpoint) -> None:
    logits_TV = teacher_forced(checkpoint, TEXT, REFERENCE)[0].double().numpy()
    run = trace(checkpoint, TEXT, REFERENCE, mode="forced", top=5)
    words = list(checkpoint.target.vocab.tokens)
    for step, logits_V in zip(run.steps, logits_TV, strict=True):
        p = np.exp(logits_V - logits_V.max())
        p /= p.sum()
        assert step.entropy == pytest.approx(-(p * np.log(p)).sum(), abs=1e-4)
        order = list(np.argsort(-p))
        assert step.rank == 1 + order.index(words.index(step.output))
        assert [s.token for s in step.top] == [words[i] for i in order[:5]]
        assert [s.rank for s in step.top] == [1, 2, 3, 4, 5]


def test_unknown_reference_words_keep_their_spelling(checkpoint: Checkpoint) -> None:
    run = trace(checkpoint, TEXT, "I like zebras.", mode="forced")
    assert [step.output for step in run.steps] == ["I", "like", "zebras", ".", "<eos>"]
    log_probs_TV = torch.log_softmax(teacher_forced(checkpoint, TEXT, "I like zebras.")[0], dim=1)
    assert run.steps[2].log_prob == pytest.approx(float(log_probs_TV[2, 1]), abs=1e-4)  # that of <unk>
    free = trace(checkpoint, TEXT, "I like zebras.", prefix="I like zebras")
    assert free.steps[2].output == "<unk>" and free.steps[2].target is not None
    assert free.steps[2].target.token == "zebras"


def test_targets_end_with_the_reference(checkpoint: Checkpoint) -> None:
    run = trace(checkpoint, TEXT, "tea", prefix="tea water apples")
    assert [step.target and step.target.token for step in run.steps[:3]] == ["tea", "<eos>", None]
    assert run.divergence is not None and run.reference == "tea"


def test_source_is_cut_backed_off_and_marked(checkpoint: Checkpoint) -> None:
    run = trace(checkpoint, " 他喜歡喝水果茶 ")
    assert run.source_tokens == ("他", "喜欢", "喝", "水", "果", "茶")
    assert run.source_unknown == (4,) and run.source_text == " 他喜歡喝水果茶 "
    assert run.attention_TS.shape == (len(run.steps), 6)
    assert all(math.isclose(total, 1, abs_tol=1e-5) for total in run.attention_TS.sum(axis=1))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "text_empty"),
        (" \n\t\u3000", "text_empty"),
        ("\u200b\u200d\ufeff", "text_no_words"),
        ("我" * (MAX_CHARACTERS + 1), "text_too_long"),
        ("我。" * (MAX_TOKENS // 2) + "我", "text_too_many_tokens"),
        ("zebra xylophone", "text_unknown"),
        ("<pad>", "text_unknown"),
    ],
)
def test_a_text_that_cannot_be_read_is_a_user_error(checkpoint: Checkpoint, text: str, key: str) -> None:
    with pytest.raises(UserError) as error:
        trace(checkpoint, text)
    assert error.value.key == f"error.{key}"


def test_a_reference_of_known_punctuation_can_be_used(checkpoint: Checkpoint) -> None:
    made = trace(checkpoint, TEXT, ".", mode="forced")
    assert [step.output for step in made.steps] == [".", "<eos>"]


@pytest.mark.parametrize(
    ("reference", "mode", "key"),
    [
        ("我喜欢茶。", "forced", "reference_unknown"),
        ("我喜欢茶。", "free", "reference_unknown"),
        ("zebras eat grass.", "forced", "reference_unknown"),
        ("★ ★", "forced", "reference_unknown"),
        (None, "forced", "reference_missing"),
        ("  ", "forced", "reference_missing"),
        ("\u200b", "forced", "reference_missing"),
        ("tea " * MAX_CHARACTERS, "free", "reference_too_long"),
        ("tea " * (MAX_TOKENS + 1), "forced", "reference_too_long"),
    ],
)
def test_a_reference_that_cannot_be_used_is_a_user_error(
    checkpoint: Checkpoint, reference: str | None, mode: str, key: str
) -> None:
    with pytest.raises(UserError) as error:
        trace(checkpoint, TEXT, reference, mode=mode)
    assert error.value.key == f"error.{key}"
    assert str(error.value) and error.value.say("zh") != str(error.value)


def test_a_blank_reference_is_none(checkpoint: Checkpoint) -> None:
    run = trace(checkpoint, TEXT, "\u200b \n")
    assert run.reference is None and run.reference_tokens == ()


def test_the_longest_text_is_read(tiny_checkpoint: Path) -> None:
    run = trace(load(tiny_checkpoint), "我。" * (MAX_TOKENS // 2), settings=Settings(max_length=3))
    assert len(run.source_tokens) == MAX_TOKENS and len(run.steps) <= 3


def test_location_attention_refuses_a_longer_source(tmp_path: Path) -> None:
    location = load(make_checkpoint(tmp_path, "location"))
    assert len(trace(location, "我" * 100, settings=Settings(max_length=2)).source_tokens) == 100
    with pytest.raises(UserError, match="101 tokens") as error:
        trace(location, "我" * 101)
    assert error.value.key == "error.source_too_long" and "101" in error.value.say("zh")


def test_a_pointer_can_only_say_more_often_what_the_source_has(tmp_path: Path) -> None:
    pointer = load(make_checkpoint(tmp_path, pointer=True))
    run = trace(pointer, "我喜欢 tea。", "I like tea.", mode="forced")
    (place,) = (s for s, token in enumerate(run.source_tokens) if token == "tea")
    step = run.steps[2]
    assert step.output == "tea" and step.p_gen is not None
    assert np.exp(step.log_prob) >= (1 - step.p_gen) * float(step.attention[place]) - 1e-6


def test_given_tokens_are_read_as_they_are(checkpoint: Checkpoint) -> None:
    by_text = trace(checkpoint, TEXT)
    assert trace(checkpoint, by_text.source_tokens) == by_text
    cut = trace(checkpoint, ["我", "不喜欢", "茶", "<unk>", "<pad>"])
    assert cut.source_tokens == ("我", "不喜欢", "茶", "<unk>", "<pad>")
    assert cut.source_unknown == (1, 3, 4)
    assert cut.source_text == "我不喜欢茶<unk><pad>"
    assert Trace.from_json(cut.to_json()) == cut


@pytest.mark.parametrize(
    ("tokens", "key"),
    [
        ([], "text_empty"),
        (["我", ""], "token_unusable"),
        (["我", "a b"], "token_unusable"),
        (["我\u200b"], "token_unusable"),
        (["我\n"], "token_unusable"),
        (["龘", "<unk>"], "text_unknown"),
        (["我"] * (MAX_TOKENS + 1), "text_too_many_tokens"),
        (["我" * (MAX_CHARACTERS + 1)], "text_too_long"),
    ],
)
def test_tokens_that_cannot_be_read_are_a_users_error(checkpoint: Checkpoint, tokens: list[str], key: str) -> None:
    with pytest.raises(UserError) as error:
        trace(checkpoint, tokens)
    assert error.value.key == f"error.{key}"
