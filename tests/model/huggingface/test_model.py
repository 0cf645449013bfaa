"""Hugging Face models behind our step, against what transformers itself computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.api import LoadedCheckpoint, load
from s2s.data.batches import Ids, collate, pad
from s2s.decode import decode
from s2s.decode.search import beam, greedy
from s2s.decode.strategy import Settings
from s2s.decode.what_if import typed_tokens
from s2s.explain import examine
from s2s.explain.replay import Lane
from s2s.exposure.recovery import recoveries
from s2s.inspect.rows import Rows
from s2s.inspect.states.capture import trace_states
from s2s.text.vocab import BOS, EOS
from s2s.trace.branch import Edit
from tests.model.huggingface.random_models import LANGUAGES, SENTENCES, network, tokenizer


def kind(checkpoint: LoadedCheckpoint) -> str:
    return checkpoint.name.removeprefix("tiny-")


def theirs(checkpoint: LoadedCheckpoint) -> Any:
    """The network as transformers runs it, with its own attention function."""
    own = network(kind(checkpoint), tokenizer(kind(checkpoint)))
    own.set_attn_implementation("eager")
    return own


def pieces(checkpoint: LoadedCheckpoint) -> Any:
    """The tokenizer, told the languages as its own pages tell them."""
    found = tokenizer(kind(checkpoint))
    if kind(checkpoint) in LANGUAGES:
        found.src_lang, found.tgt_lang, _ = LANGUAGES[kind(checkpoint)]
    return found


def language(checkpoint: LoadedCheckpoint) -> dict[str, int]:
    """What ``generate`` is told of the target language."""
    if kind(checkpoint) not in LANGUAGES:
        return {}
    _, name, option = LANGUAGES[kind(checkpoint)]
    token = {"m2m_100": f"__{name}__", "plbart": f"__{name}__"}.get(kind(checkpoint), name)
    return {option: pieces(checkpoint).convert_tokens_to_ids(token)}


def pair(checkpoint: LoadedCheckpoint, n: int = 0) -> Ids:
    return checkpoint.source.encode(SENTENCES[n]), checkpoint.target.encode(SENTENCES[n + 1])


def read(checkpoint: LoadedCheckpoint, source: list[int]) -> torch.Tensor:
    model: Any = checkpoint.model
    return model.ids.source_V[torch.tensor([source])]


def test_the_source_is_what_the_tokenizer_makes_of_it(every: LoadedCheckpoint) -> None:
    own = pieces(every)
    for text in SENTENCES:
        tokens = every.source.tokens(text)
        assert read(every, every.source.vocab.encode(tokens))[0].tolist() == own(text)["input_ids"]
        words = own(text, add_special_tokens=False)["input_ids"]
        assert len(every.source.words(text)) == len(words)
        said = own.decode(words).strip()
        assert every.source.segmenter.join(tokens) == said and (
            said == text or kind(every) in ("blenderbot", "blenderbot-small", "bart-chinese")
        )
        assert every.target.decode(every.target.encode(text)) == said or own.unk_token_id in words
    assert every.source.words("") == []


@torch.inference_mode()
def test_teacher_forced_log_probabilities_are_those_of_transformers(every: LoadedCheckpoint) -> None:
    """One pass, step by step, and a padded batch give the numbers of their own forward."""
    model: Any = every.model
    own, pairs = theirs(every), [pair(every, n) for n in range(0, 4, 2)]
    passes = []
    for source, target in pairs:
        start = torch.tensor([[*model.ids.opening, *model.ids.target_V[torch.tensor(target)].tolist()]])
        logits_TV = own(input_ids=read(every, source), decoder_input_ids=start).logits[0]
        passes.append(torch.log_softmax(logits_TV[len(model.ids.opening) - 1 :], dim=1)[:, model.ids.target_V])
    real_V, said_V = ~model.ids.alias_V, ~model.ids.never_V  # generate rules padding out, as these models' settings say
    batch_NV = torch.log_softmax(model(collate(pairs)), dim=1)
    torch.testing.assert_close(batch_NV[:, real_V], torch.cat(passes)[:, real_V], atol=1e-4, rtol=0)
    for (source, target), wanted_TV in zip(pairs, passes, strict=True):
        memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
        for token, wanted_V in zip([BOS, *target], wanted_TV, strict=True):
            output = model.step(state, torch.tensor([token]), memory)
            torch.testing.assert_close(output.log_probs_BV[0, said_V], wanted_V[said_V], atol=1e-4, rtol=0)
            wanted = float(wanted_V[said_V].exp().sum())
            assert float(output.log_probs_BV[0].exp().sum()) == pytest.approx(wanted, abs=1e-4)
            assert float(output.attention_BS.sum()) == pytest.approx(1, abs=1e-5)
            state = output.state


@torch.inference_mode()
def test_the_loss_of_a_lane_is_that_of_transformers_on_its_tokenizers_labels(every: LoadedCheckpoint) -> None:
    if kind(every) in LANGUAGES or kind(every) == "bart":
        pytest.skip("read a token more than their labels say: the language, what is forced")
    own, cut = theirs(every), pieces(every)
    lane = decode.trace(every, SENTENCES[0], SENTENCES[1], mode="forced")
    labels = cut(text_target=SENTENCES[1], return_tensors="pt")["input_ids"]
    if labels[0, -1] != own.config.eos_token_id:  # blenderbot-small's tokenizer adds no end
        labels = torch.cat([labels, torch.tensor([[own.config.eos_token_id]])], dim=1)
    loss = own(input_ids=cut(SENTENCES[0], return_tensors="pt")["input_ids"], labels=labels).loss
    assert len(lane.steps) == labels.size(1)
    assert -sum(step.log_prob for step in lane.steps) / len(lane.steps) == pytest.approx(float(loss), abs=1e-4)


def test_what_a_chinese_bart_reads_and_says_first(brought: Callable[[str], Path]) -> None:
    """Its tokenizer, BERT's, names neither begin nor end; the model's config does."""
    found = load(brought("bart-chinese"))
    model: Any = found.model
    names = found.source.vocab.tokens
    assert [names[4 + i] for i in model.ids.opening] == ["[SEP]"]
    assert found.source.tokens("我妹妹") == ["[CLS]", "我", "妹", "妹", "[SEP]"]
    lane = found.trace("我妹妹", "我去", mode="forced")
    assert [step.output for step in lane.steps] == ["[CLS]", "我", "去", "<eos>"] and lane.divergence is not None
    fork = found.trace("我妹妹", prefix="我去")
    assert [step.output for step in fork.steps[:3]] == ["[CLS]", "我", "去"]
    assert typed_tokens(found, "我去") == ["我", "去"]  # typed in the middle, it begins nothing


@torch.inference_mode()
def test_embeddings_stand_for_their_words(every: LoadedCheckpoint) -> None:
    """Gradients begin at what ``embed`` gives: with it in the words' place the encoder reads the same."""
    model: Any = every.model
    source = torch.tensor([pair(every)[0]])
    (read_ids, _), (read_embedded, _) = (
        model.encode(source, torch.tensor([source.size(1)]), embedded)
        for embedded in (None, model.embed(source[0]).unsqueeze(0))
    )
    torch.testing.assert_close(read_embedded.states_BSM, read_ids.states_BSM, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_greedy_and_beam_say_what_generate_says(every: LoadedCheckpoint) -> None:
    model: Any = every.model
    own, most = theirs(every), 12
    plain = {"do_sample": False, "max_new_tokens": most + len(model.ids.opening) - 1, "return_dict_in_generate": True}
    plain |= language(every)
    sources = [every.source.encode(text) for text in SENTENCES[:4]]
    said, ended = greedy(model, sources, max_length=most), 0
    for source, output in zip(sources, said, strict=True):
        made = own.generate(read(every, source), num_beams=1, **plain).sequences[0].tolist()
        assert made[: len(model.ids.opening)] == list(model.ids.opening)
        ours = model.ids.target_V[torch.tensor(output, dtype=torch.long)].tolist()
        end = own.config.eos_token_id
        made = made[len(model.ids.opening) :]
        ended += end in made
        assert ours == [i for i in made if i != end]
    for source in sources[1:3]:
        best = beam(model, source, Settings(strategy="beam", beam=4, length_penalty=0.0), max_length=most)[0]
        made = own.generate(read(every, source), num_beams=4, length_penalty=0.0, output_scores=True, **plain)
        assert (
            model.ids.target_V[torch.tensor(best.ids)].tolist() == made.sequences[0, len(model.ids.opening) :].tolist()
        )
        assert best.log_prob == pytest.approx(float(made.sequences_scores[0]), abs=1e-3)


@torch.inference_mode()
def test_what_is_seen_is_the_head_that_was_chosen(every: LoadedCheckpoint) -> None:
    model: Any = every.model
    (source, target), opening = pair(every), len(model.ids.opening)
    target = target[:10]
    start = torch.tensor([[*model.ids.opening, *model.ids.target_V[torch.tensor(target)].tolist()]])
    seen = theirs(every)(
        input_ids=read(every, source), decoder_input_ids=start, output_attentions=True
    ).cross_attentions
    wanted_LHTS = torch.stack(seen)[:, 0, :, opening - 1 :]
    torch.testing.assert_close(model.heads_of(source, [BOS, *target]), wanted_LHTS, atol=1e-5, rtol=0)
    for layer, head in ((0, 0), (2, 0), (0, 3), (1, 2)):
        layers = slice(None) if layer == 0 else slice(layer - 1, layer)
        heads = slice(None) if head == 0 else slice(head - 1, head)
        viewed, padded = model.looking(layer, head), pad([source, source[:3]])
        memory, state = viewed.encode(padded, torch.tensor([len(source), 3]))
        for t, token in enumerate([BOS, *target]):
            output = viewed.step(state, torch.tensor([token] * 2), memory)
            wanted_S = wanted_LHTS[layers, heads, t].mean(dim=(0, 1))
            torch.testing.assert_close(output.attention_BS[0], wanted_S, atol=1e-5, rtol=0)
            assert output.attention_BS[1, 3:].eq(0).all()
            state = output.state
        assert (
            output.attention.context_BM.shape[1] == viewed.sizes.context
            and state.top_BH.shape[1] == viewed.sizes.decoder
        )


def test_other_attention_takes_the_heads_place(checkpoint: LoadedCheckpoint) -> None:
    """The head's own row changes nothing; another row changes what is said, and of another head something else."""
    model: Any = checkpoint.model
    source, _ = pair(checkpoint)
    row_BS = torch.eye(len(source))[2:3]
    found = []
    for layer, head in ((1, 2), (1, 3), (2, 2), (2, 0), (0, 0)):
        viewed = model.looking(layer, head)
        memory, state = viewed.encode(torch.tensor([source]), torch.tensor([len(source)]))
        own = viewed.step(state, torch.tensor([BOS]), memory)
        if layer and head:
            same = viewed.step(state, torch.tensor([BOS]), memory, own.attention_BS)
            torch.testing.assert_close(same.log_probs_BV, own.log_probs_BV, atol=1e-5, rtol=0)
        other = viewed.step(state, torch.tensor([BOS]), memory, row_BS)
        torch.testing.assert_close(other.attention_BS, row_BS)
        found += [own.log_probs_BV, other.log_probs_BV]
    assert all(not torch.allclose(a, found[0], atol=1e-6, rtol=0) for a in found[1::2])
    assert len({round(float(a[0, EOS]), 6) for a in found[1::2]}) == 5


@torch.inference_mode()
def test_rows_that_have_read_more_or_less_are_read_together(checkpoint: LoadedCheckpoint) -> None:
    model: Any = checkpoint.model
    (source, target), states, steps = pair(checkpoint), [], []
    memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
    for token in [BOS, *target]:
        states.append(state)
        steps.append(model.step(state, torch.tensor([token]), memory))
        state = steps[-1].state
    order = torch.tensor([4, 0, 2, 2, 5])
    all_ = states[0].joined(states).select(order)
    read_N = torch.tensor([BOS, *target])[order]
    together = model.step(all_, read_N, memory.select(torch.zeros(5, dtype=torch.long)))
    wanted_BV = torch.cat([steps[n].log_probs_BV for n in order.tolist()])
    torch.testing.assert_close(together.log_probs_BV, wanted_BV, atol=1e-4, rtol=0)
    after = model.step(together.state, torch.tensor([5, 6, 7, 8, 9]), memory.select(torch.zeros(5, dtype=torch.long)))
    alone = model.step(steps[2].state, torch.tensor([8]), memory)
    torch.testing.assert_close(after.log_probs_BV[3], alone.log_probs_BV[0], atol=1e-4, rtol=0)
    forced = model.forced(collate([(source, target)]))
    for t, given in enumerate(forced.states):
        output = model.step(given, torch.tensor([[BOS, *target][t]]), forced.memory)
        torch.testing.assert_close(output.log_probs_BV, steps[t].log_probs_BV, atol=1e-4, rtol=0)
        torch.testing.assert_close(forced.attentions[t].attention_BS, steps[t].attention_BS, atol=1e-5, rtol=0)


def test_a_trace_is_whole(checkpoint: LoadedCheckpoint) -> None:
    """Both lanes, a fork, an edit and a beam, through the functions that every model goes through."""
    free = decode.trace(checkpoint, SENTENCES[0], SENTENCES[1], settings=Settings(max_length=8))
    assert free.checkpoint["attention"] == "cross" and free.source_tokens[-1] == "</s>"
    assert type(free).from_json(free.to_json()) == free
    forced = decode.trace(checkpoint, SENTENCES[0], SENTENCES[1], mode="forced")
    assert forced.steps[-1].output == "<eos>" and forced.text == SENTENCES[1]
    for step in forced.steps:
        assert step.target is not None and step.target.log_prob == step.log_prob
        np.testing.assert_allclose(np.exp(step.scores), step.attention, atol=1e-6)
    prefix = [step.output for step in forced.steps[:3]]
    fork = decode.trace(checkpoint, SENTENCES[0], prefix=prefix, settings=Settings(max_length=8))
    assert [step.log_prob for step in fork.steps[:3]] == pytest.approx([s.log_prob for s in forced.steps[:3]], abs=1e-4)
    edited = decode.trace(checkpoint, SENTENCES[0], settings=Settings(max_length=8), attention={1: Edit.parse("2")})
    assert edited.steps[1].attention.tolist()[1] == 1 and edited.steps[1].own_attention is not None
    searched = decode.trace(checkpoint, SENTENCES[0], settings=Settings(strategy="beam", beam=3, max_length=6))
    assert sum(step.log_prob for step in searched.steps) >= sum(step.log_prob for step in free.steps[:6]) - 1e-4


def test_recoveries_start_from_every_prefix(checkpoint: LoadedCheckpoint) -> None:
    """States of many lengths in one batch give what each prefix gives alone."""
    source, target = checkpoint.source.encode("the keys again."), pair(checkpoint)[1]
    (found,) = recoveries(checkpoint.model, [(source, target[:4])])
    for k in (0, 3):
        lane = decode.trace(
            checkpoint,
            [checkpoint.source.vocab.tokens[i] for i in source],
            prefix=[checkpoint.target.vocab.tokens[i] for i in target[:k]] if k else "",
            settings=Settings(max_length=2 * len(source) + 10),
        )
        said = tuple(checkpoint.target.vocab.tokens.index(step.output) for step in lane.steps[k:])
        assert found.outputs[k] == said


def test_evidence_is_that_of_the_head(checkpoint: LoadedCheckpoint) -> None:
    """Integrated gradients sum to what they explain; erasing a token is reading the source without it."""
    model: Any = checkpoint.model.looking(2, 1)  # type: ignore[operator]
    source, target = pair(checkpoint)
    lane = Lane(tuple(source[-6:]), (BOS, *target[:2]), tuple(target[:3]))
    found = examine(model, lane, [2], normalise=False)[0]
    family = model.network.config.model_type
    assert family == "t5" or abs(found.gap) < 0.02  # T5 normalises lengths away: a jump at the baseline alone
    assert len(found.gradient) == 6
    batch = collate([(source[-6:], target[:3])])
    seen = model.looking(0, 0).forced(batch)
    log_probs_V = torch.log_softmax(seen.logits_NV[2], dim=0)
    assert found.probability == pytest.approx(float(log_probs_V[target[2]].exp()), abs=1e-5)
    without = model.forced(collate([(source[-5:], target[:3])])).logits_NV[2].log_softmax(dim=0)
    assert found.erasure[0] == pytest.approx(float(log_probs_V[target[2]] - without[target[2]]), abs=1e-4)


def test_an_inspection_has_rows_with_causes(checkpoint: LoadedCheckpoint) -> None:
    rows = Rows(checkpoint)
    given = [rows.example(n, SENTENCES[n][:24], SENTENCES[n + 1][:16]) for n in range(2)]
    examples = [example for example in given if example is not None]
    found = [row for batch in rows.rows(examples) for row in batch]
    assert len(found) == 2 and all(row["error"] and row["wanted"] and row["beam_output"] is not None for row in found)
    assert all(len(row["suspicion"]) == len(row["output_tokens"]) > 0 for row in found)
    moved = [row for row in found if "moved_to" in row]  # where a source word makes the wanted word likelier
    assert moved or checkpoint.model.network.config.model_type == "t5"
    assert all(row["mended_by"] is not None and 0 < row["moved_probability"] < 1 for row in moved)
    for row, example in zip(sorted(found, key=lambda row: row["id"]), examples, strict=True):
        lane = decode.trace(checkpoint, example.source, example.reference, mode="forced")
        assert row["reference_log_prob"] == pytest.approx(sum(step.log_prob for step in lane.steps), abs=1e-3)
    states = trace_states(checkpoint, lane)
    assert [part.shape[1] for part in states] == list(checkpoint.model.sizes)
