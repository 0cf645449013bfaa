"""The way through the network: every vector against the model of docs/FORMATS.md in numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.lesson.network import SHOWN, Flow, flow
from s2s.lesson.padding import padding_scores
from tests.factory import make_checkpoint
from tests.numpy_model import NumpyModel

TEXT = "我不喜欢苹果，他喝茶。"
KINDS: dict[str, dict[str, Any]] = {
    "additive": {"decoder_layers": 2},
    "general": {"attention": "general", "cell": "lstm"},
    "none": {"attention": "none", "tied_embeddings": False},
}


@pytest.fixture(scope="module", params=KINDS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("flow"), **KINDS[request.param])


def test_every_vector_is_the_networks(checkpoint: Path) -> None:
    found, model = flow(load(checkpoint), TEXT), NumpyModel(checkpoint)
    source = [model.source.index(token) if token in model.source else 1 for token in found.tokens]
    memory, states = model.encode(source)
    n = model.config["encoder_size"]

    def same(shown: Any, whole: Any) -> None:
        np.testing.assert_allclose(shown, np.asarray(whole)[..., :SHOWN], atol=2e-4)

    same(found.embeddings, model.weights["encoder.embedding.weight"][source])
    same(found.forward, memory[:, :n])
    same(found.backward, memory[:, n:])
    same(found.last, memory[-1, :n])
    same(found.first, memory[0, n:])
    same(found.start, states[0, -1])
    ids = [model.target.index(moment.input) for moment in found.moments]
    _, numbers = model.run(source, ids)
    for moment, own, token in zip(found.moments, numbers, ids, strict=True):
        same(moment.embedding, model.weights["embedding.weight"][token])
        same(moment.context, own.context)
        np.testing.assert_allclose(moment.attention, own.attention, atol=2e-4)
        best = np.argsort(-own.log_probs)[: len(moment.top)]
        np.testing.assert_allclose([p for _, p in moment.top], np.exp(own.log_probs[best]), atol=2e-4)
    check_shapes(found, model)


def check_shapes(found: Flow, model: NumpyModel) -> None:
    """The shapes beside the picture are those of the weights."""
    sizes = found.sizes
    assert (sizes["E"], sizes["H"]) == (model.config["embedding_size"], model.config["decoder_size"])
    assert (sizes["N"], sizes["M"]) == (model.config["encoder_size"], 2 * model.config["encoder_size"])
    assert (sizes["R"], sizes["V"]) == (model.shapes["decoder.readout.weight"][0], len(model.target))
    assert (sizes["S"], sizes["T"]) == (len(found.tokens), len(found.moments))


def test_it_says_what_the_greedy_lane_says(checkpoint: Path) -> None:
    found, lane = flow(load(checkpoint), TEXT), trace(load(checkpoint), TEXT)
    assert [m.output for m in found.moments] == [step.output for step in lane.steps]
    assert (found.text, found.tokens) == (lane.text, lane.source_tokens)
    if lane.checkpoint["attention"] == "none":
        assert {m.context for m in found.moments} == {found.moments[0].context}  # one vector, whatever the step


def test_without_attention_only_the_ends_of_the_memory_are_read(tmp_path: Path) -> None:
    lane = trace(load(make_checkpoint(tmp_path, "none")), TEXT)
    assert lane.looks == 0 and lane.attention_TS.shape == (len(lane.steps), 0)
    assert all(not step.attention.size and not step.scores.size and not step.score_terms for step in lane.steps)
    assert trace_again(lane) == lane


def trace_again(lane: Any) -> Any:
    return type(lane).from_json(lane.to_json())


def test_padding_would_get_what_a_state_of_zeros_scores(checkpoint: Path) -> None:
    loaded, model = load(checkpoint), NumpyModel(checkpoint)
    found, lane = padding_scores(loaded, TEXT), trace(loaded, TEXT)
    if model.attention == "none":
        assert found == ()
        return
    source = [model.source.index(token) if token in model.source else 1 for token in lane.source_tokens]
    ids = [model.target.index(step.input) for step in lane.steps]
    zeros = np.zeros((1, 2 * model.config["encoder_size"]))
    plain, seen = NumpyModel.look, list[float]()

    def look(self: NumpyModel, state: Any, memory: Any, t: int, coverage: Any, edited: Any) -> Any:
        seen.append(float(self.scores(state, zeros, coverage)[0][0]))
        return plain(self, state, memory, t, coverage, edited)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NumpyModel, "look", look)
        model.run(source, ids)
    np.testing.assert_allclose(found, seen, atol=1e-4)
