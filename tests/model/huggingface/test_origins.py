"""What a word of a Hugging Face model owes to source and prefix, against autograd on transformers' own network."""

from __future__ import annotations

from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from numpy.polynomial.legendre import leggauss
from torch import Tensor

from s2s.api import LoadedCheckpoint
from s2s.explain.prefix import CLOSED, POINTS, instead, origins
from s2s.explain.replay import Lane
from s2s.text.vocab import BOS, UNK
from tests.model.huggingface.test_model import pair, theirs


def some_lane(checkpoint: LoadedCheckpoint) -> Lane:
    source, target = pair(checkpoint)
    return Lane(tuple(source[-6:]), (BOS, *target[:3]), tuple(target[:4]))


class ByHand:
    """log p(a) - log p(b) at step t, as one whole forward of the network."""

    def __init__(self, checkpoint: LoadedCheckpoint, lane: Lane, t: int, words: tuple[int, int]) -> None:
        model: Any = checkpoint.model
        self.own, self.ids, self.lane, self.t = theirs(checkpoint), model.ids, lane, t
        self.words = [int(self.ids.target_V[word]) for word in words]
        self.own.requires_grad_(False)
        table = self.own.get_decoder().get_input_embeddings()
        self.source_SE = model.embed(torch.tensor(lane.source)).detach()
        self.opening_OE = table(torch.tensor(self.ids.opening))
        self.prefix_PE = table(self.ids.target_V[torch.tensor(lane.read[1 : t + 1])])

    def difference(self, logits_V: Tensor) -> Tensor:
        first, second = torch.log_softmax(logits_V, dim=0)[self.words]
        return first - second

    def __call__(self, source_SE: Tensor, prefix_PE: Tensor) -> Tensor:
        read_TE = torch.cat([self.opening_OE, prefix_PE])
        made = self.own(inputs_embeds=source_SE[None], decoder_inputs_embeds=read_TE[None], use_cache=False)
        return self.difference(made.logits[0, -1])

    def of_ids(self, source: list[int], read: list[int]) -> float:
        """The same from words instead of embeddings."""
        ids = [*self.ids.opening, *self.ids.target_V[torch.tensor(read, dtype=torch.long)].tolist()]
        with torch.no_grad():
            source_1S = self.ids.source_V[torch.tensor([source])]
            made = self.own(input_ids=source_1S, attention_mask=torch.ones_like(source_1S),
                            decoder_input_ids=torch.tensor([ids]), use_cache=False)  # fmt: skip
        return float(self.difference(made.logits[0, -1]))

    def products(self, scale: float) -> list[Tensor]:
        """x·∂/∂x at the scaled inputs, of the source and of the prefix."""
        inputs = [(scale * x).requires_grad_() for x in (self.source_SE, self.prefix_PE)]
        found = torch.autograd.grad(self(*inputs), inputs)
        return [(d * x).sum(dim=1) for d, x in zip(found, (self.source_SE, self.prefix_PE), strict=True)]


@torch.inference_mode()
def test_embeddings_of_the_prefix_stand_for_its_words(every: LoadedCheckpoint) -> None:
    lane, model = some_lane(every), every.model
    memory, state = model.encode(torch.tensor([lane.source]), torch.tensor([len(lane.source)]))
    as_words = as_embeddings = model.step(state, torch.tensor([BOS]), memory)
    for token in lane.read[1:]:
        read = torch.tensor([token])
        as_words = model.step(as_words.state, read, memory)
        as_embeddings = model.step(as_embeddings.state, read, memory, None, model.embed_target(read))
        torch.testing.assert_close(as_embeddings.log_probs_BV, as_words.log_probs_BV, atol=1e-4, rtol=0)
    hand = ByHand(every, lane, 3, (lane.words[3], lane.words[0]))
    whole = float(hand(hand.source_SE, hand.prefix_PE))
    assert whole == pytest.approx(hand.of_ids(list(lane.source), list(lane.read[1:])), abs=1e-4)


def test_gradients_are_autograds_on_the_network_itself(every: LoadedCheckpoint) -> None:
    lane = some_lane(every)
    lane = instead(lane, 3, lane.words[3], lane.words[0] if lane.words[0] != lane.words[3] else lane.words[1])
    (found,) = origins(every.model, lane, [3])
    hand = ByHand(every, lane, 3, (lane.words[3], lane.against[3]))
    assert found.value == pytest.approx(hand.of_ids(list(lane.source), list(lane.read[1:])), abs=1e-4)
    for ours, theirs_S in zip(found.rows["gradient"], hand.products(1.0), strict=True):
        assert ours == pytest.approx(theirs_S.tolist(), abs=2e-4)
    for points in POINTS:
        nodes, weights = leggauss(points)
        products = [hand.products((1 + float(node)) / 2) for node in nodes]
        integrals = [sum(w / 2 * product[n] for w, product in zip(weights, products, strict=True)) for n in (0, 1)]
        whole, nothing = (float(hand(*(scale * x for x in (hand.source_SE, hand.prefix_PE)))) for scale in (1, 0))
        gap = sum(float(part.sum()) for part in integrals) - (whole - nothing)
        if abs(gap) <= CLOSED:
            break
    for ours, theirs_S in zip(found.rows["integrated"], integrals, strict=True):
        assert ours == pytest.approx(theirs_S.tolist(), abs=5e-4)
    family = every.model.network.config.model_type
    assert family in ("t5", "mt5", "umt5") or abs(found.gap) < 0.02  # T5 normalises lengths away: a jump at 0


def test_erasures_are_reruns_of_the_network(checkpoint: LoadedCheckpoint) -> None:
    lane = some_lane(checkpoint)
    lane = instead(lane, 3, lane.words[3], lane.words[0])
    (found,) = origins(checkpoint.model, lane, [3])
    hand = ByHand(checkpoint, lane, 3, (lane.words[3], lane.words[0]))
    source, words = list(lane.source), list(lane.read[1:])
    for name in ("unknown", "deletion"):
        put = [UNK] if name == "unknown" else []
        sources = [found.value - hand.of_ids(source[:s] + put + source[s + 1 :], words) for s in range(len(source))]
        prefixes = [found.value - hand.of_ids(source, words[:i] + put + words[i + 1 :]) for i in range(len(words))]
        assert found.rows[name].source == pytest.approx(sources, abs=2e-4)
        assert found.rows[name].prefix == pytest.approx(prefixes, abs=2e-4)
