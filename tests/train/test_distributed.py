"""Two real processes under torchrun against one."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from s2s.checkpoint.open import load
from s2s.config import read_config
from s2s.trace.film import film
from s2s.train.distributed import Group, join
from s2s.train.loop import Run
from tests.paths import ROOT

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
CONFIG = """
[model]
embedding_size = 12
encoder_size = 10
decoder_size = 14
attention_size = 9
[text]
source = "latin"
source_min_count = 1
target_min_count = 1
[data]
train = "{place}/train.tsv"
dev = "{place}/dev.tsv"
[train]
epochs = 2
batch_size = 10
dropout = 0.0
warmup_steps = 3
learning_rate = 0.003
save_every = 3
film_every = 4
film_sentences = 1
threads = 1
"""
GRADIENTS = """
import sys
from pathlib import Path
from safetensors.torch import save_file
from s2s.config import read_config
from s2s.train.distributed import finish, leave
from s2s.train.loop import Run

place = Path(sys.argv[1])
run = Run(read_config(place / "tiny.toml"), place / "g", place / "c", "")
for size in (9, 1):
    loss, tokens = run.gradients(run.pairs[:size])
    found = {n: p.grad.contiguous() for n, p in run.model.named_parameters()}
    facts = {"loss": repr(loss), "tokens": repr(tokens)}
    save_file(found, place / f"gradients-{size}-{run.group.rank}", metadata=facts)
leave()
finish(0)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy task of sentences of very different lengths."""
    path, rng = tmp_path_factory.mktemp("two"), random.Random(3)
    rows = [" ".join(rng.choices("abcdefgh", k=rng.choice((1, 2, 9)))) for _ in range(37)]
    for name, some in (("train", rows[:31]), ("dev", rows[31:])):
        (path / f"{name}.tsv").write_text("".join(f"{row}\t{row}\n" for row in some), encoding="utf-8")
    (path / "tiny.toml").write_text(CONFIG.format(place=path), encoding="utf-8")
    return path


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*TORCHRUN, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)


def test_parts_are_the_whole() -> None:
    parts = [Group(rank, 3, torch.device("cpu")).part(range(8)) for rank in range(3)]
    assert sorted(i for part in parts for i in part) == list(range(8))
    assert {len(part) for part in parts} == {2, 3}


def test_one_process_is_a_group_that_changes_nothing() -> None:
    group = join()
    assert (group.rank, group.size, group.first) == (0, 1, True)
    weight = torch.ones(2, requires_grad=True)
    weight.grad = torch.tensor([0.1, 0.2])
    assert group.combine([weight], 0.25, 7) == (0.25, 7) and weight.grad.tolist() == torch.tensor([0.1, 0.2]).tolist()
    assert group.share(5) == 5 and len(group.gather(torch.zeros(3))) == 1


def test_two_processes_have_the_gradients_of_one(place: Path) -> None:
    (place / "gradients.py").write_text(GRADIENTS)
    done = torchrun(place / "gradients.py", place)
    assert done.returncode == 0, done.stderr
    run = Run(read_config(place / "tiny.toml"), place / "g", place / "c", "")
    for size in (9, 1):  # of one pair, a process has none
        loss, tokens = run.gradients(run.pairs[:size])
        for rank in range(2):
            found = load_file(place / f"gradients-{size}-{rank}")
            for name, weight in run.model.named_parameters():
                torch.testing.assert_close(found[name], weight.grad, atol=1e-7, rtol=1e-5, msg=name)
        with safe_open(place / f"gradients-{size}-1", framework="pt") as file:
            assert float(file.metadata()["loss"]) == pytest.approx(loss, rel=1e-6)
            assert int(file.metadata()["tokens"]) == tokens


def test_two_processes_train_what_one_does(place: Path) -> None:
    where = ("--runs", place / "runs", "--out", place / "made")
    done = torchrun("-m", "s2s", "train", place / "tiny.toml", "--name", "two", *where)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Trained two") == 1  # only the first speaks
    one = Run(read_config(place / "tiny.toml"), place / "runs" / "one", place / "made" / "one", "")
    best = one.train()
    two = load(place / "made" / "two")
    for name, weight in load_file(place / "made" / "one" / "model.safetensors").items():
        torch.testing.assert_close(two.model.state_dict()[name].half(), weight, atol=2e-3, rtol=2e-3, msg=name)
    assert two.metrics["dev"]["loss"] == pytest.approx(best["loss"], rel=1e-3)
    rows = [(place / "runs" / name / "log.jsonl").read_text().splitlines() for name in ("one", "two")]
    losses = [[json.loads(row)["train_loss"] for row in some] for some in rows]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5) and len(losses[0]) == 2
    assert [frame.step for frame in film(place / "made" / "two")] == [0, 4, 8]
    state = load_file(place / "runs" / "two" / "state.safetensors")
    assert {"rng.torch", "rng.torch.1", "rng.objective.1"} <= set(state)
    assert not state["rng.torch"].equal(state["rng.torch.1"])
    again = torchrun("-m", "s2s", "train", place / "tiny.toml", "--name", "two", *where)  # finished: says so again
    assert again.returncode == 0 and again.stdout.count("Trained two") == 1


CUT = """
import os, sys
from pathlib import Path
from s2s.config import read_config
from s2s.train import resume
from s2s.train.distributed import finish, leave
from s2s.train.loop import Run

place, name, kill_at, whole = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), resume.save_state
def save(directory, config, run):
    whole(directory, config, run)
    run.group.share(0)  # the first has written
    if run.at.step == kill_at:
        os._exit(9)
resume.save_state = save
settings = ["train.dropout=0.3", "train.word_dropout=0.1"]
Run(read_config(place / "tiny.toml", settings), place / name / "run", place / name / "made", "").train()
leave()
finish(0)
"""


def test_two_killed_processes_go_on_as_if_nothing_had_happened(place: Path) -> None:
    (place / "cut.py").write_text(CUT)
    assert torchrun(place / "cut.py", place, "cut", 3).returncode != 0
    for name in ("cut", "uncut"):
        done = torchrun(place / "cut.py", place, name, 0)
        assert done.returncode == 0, done.stderr
    cut, uncut = (load_file(place / name / "run" / "state.safetensors") for name in ("cut", "uncut"))
    assert cut.keys() == uncut.keys() and all(cut[key].equal(uncut[key]) for key in cut)
