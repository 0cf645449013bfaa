"""Works that take turns at every layer of one model give the numbers that each gives alone, bit for bit."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.config import ATTENTIONS
from s2s.decode.decode import trace
from s2s.decode.inputs import source_ids
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.record_search import search_tree
from s2s.decode.strategy import Settings
from s2s.explain import of_trace
from s2s.explain.evidence import examine
from s2s.exposure.sentence import sentence_recovery
from s2s.lesson.remedies import adversarial
from s2s.server import gate as gates
from s2s.server.fair_queue import Visitor
from s2s.server.gate import Gate, pause_at
from s2s.trace.branch import Edit
from tests.factory import make_checkpoint
from tests.model.huggingface.conftest import write

SHIPPED = {
    "zh-en-luong": ("他每天骑自行车去学校。", "he goes to school by bicycle every day ."),
    "date": ("2021年3月5日", ""),
}
HUGGING_FACE = ("marian",)
STRATEGIES = {
    "greedy": Settings(max_length=12),
    "sampling": Settings(strategy="sampling", top_p=0.9, top_k=5, seed=3, max_length=12),
    "beam": Settings(strategy="beam", beam=10, max_length=12),
}
Works = dict[str, Callable[[], object]]


def works(checkpoint: Checkpoint, text: str, reference: str) -> Works:
    """Everything that pages compute, in a form that compares every number; the lanes share their steps."""
    cache = PrefixCache(checkpoint.model, source_ids(checkpoint, text)[1])

    def lane(mode: str = "free", settings: Settings = STRATEGIES["greedy"], **more: object) -> str:
        return trace(checkpoint, text, reference, mode, settings, cache=cache, **more).to_json()  # type: ignore[arg-type]

    def evidence() -> object:
        run = trace(checkpoint, text, None, "free", STRATEGIES["greedy"])
        return examine(checkpoint.model, of_trace(checkpoint, run), [len(run.steps) - 1])

    found: Works = {name: lambda how=how: lane(settings=how) for name, how in STRATEGIES.items()}  # type: ignore[misc]
    found["tree"] = lambda: search_tree(checkpoint, text, STRATEGIES["beam"]).to_dict()
    if checkpoint.config.model.attention != "none":
        found["edited"] = lambda: lane(attention={0: Edit("only", 1)})
        found["evidence"] = evidence
    if reference:
        found["forced"] = lambda: lane("forced")
        found["recovery"] = lambda: sentence_recovery(checkpoint, text, reference)
    if reference and checkpoint.config.model.attention != "cross":
        found["adversarial"] = lambda: adversarial(checkpoint, text, reference, (0.5, 2.0), 1)
    return found


def in_turns(some: Works) -> dict[str, object]:
    gate, found = Gate(), dict[str, object]()

    def run(name: str, work: Callable[[], object]) -> None:
        torch.set_num_threads(1)
        with gate.turn(Visitor(name)):
            found[name] = work()

    threads = [threading.Thread(target=run, args=one) for one in some.items()]
    with gate.turn(Visitor("start")):
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    return found


def opened(name: str, folder: Path) -> tuple[Checkpoint, str, str]:
    """A checkpoint, and a pair for it."""
    if name in SHIPPED:
        return load(find_checkpoint(name)), *SHIPPED[name]
    if name in HUGGING_FACE:
        return load(write(folder, name)), "我 妹妹", "My sister goes to school ."
    sizes = {"decoder_size": 12} if name == "dot" else {}  # twice the encoder's
    return load(make_checkpoint(folder, name, **sizes)), "我不喜欢喝茶。", "I do n't like tea ."


@pytest.mark.parametrize("name", [*ATTENTIONS, *SHIPPED, *HUGGING_FACE])
def test_numbers_do_not_depend_on_who_else_has_turns(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(gates, "SLICE", -1.0)
    checkpoint, text, reference = opened(name, tmp_path)
    alone = {kind: work() for kind, work in works(checkpoint, text, reference).items()}
    pause_at(checkpoint.model.blocks())
    assert in_turns(works(checkpoint, text, reference)) == alone


def test_every_work_pauses_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "SLICE", -1.0)
    checkpoint, text, reference = opened("general", tmp_path)
    pause_at(checkpoint.model.blocks())
    for kind in works(checkpoint, text, reference):
        work, pauses = works(checkpoint, text, reference)[kind], list[str]()  # with no steps of another in its cache
        with Gate().turn(Visitor("visitor"), functools.partial(pauses.append, kind)):
            work()
        assert len(pauses) > 4, kind
