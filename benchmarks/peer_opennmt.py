"""OpenNMT-py's side of ``benchmarks.peers``, run by its own interpreter.

Training is ``onmt.trainer.Trainer.train``, its model, loss and optimiser built from the options of ``onmt_train``;
batches come from ``tensorify``. Decoding is ``Translator.translate_batch`` with ``min_length`` equal to ``max_length``,
which forbids the end of sentence; greedy is its ``GreedySearch`` (``-random_sampling_topk 1``). OpenNMT-py wants
encoder and decoder of one size, so its encoder has 256 per direction where the others have 512: less work. Its searches
take the attention of an input-feeding decoder for batch first, which it is not, and stop with an IndexError on more
than one row; so only greedy search of one sentence returns attention, the others compute it and let it go.
"""

from __future__ import annotations

import functools
import itertools
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from onmt.constants import ModelTask
from onmt.inputters.inputter import build_vocab
from onmt.inputters.text_utils import numericalize, tensorify
from onmt.model_builder import build_model
from onmt.opts import train_opts, translate_opts
from onmt.trainer import Trainer, build_trainer
from onmt.translate import GNMTGlobalScorer, Translator
from onmt.utils.optimizers import Optimizer
from onmt.utils.parse import ArgumentParser

from benchmarks import workload
from benchmarks.workload import BATCH, DROPOUT, EMBEDDING, HIDDEN, WORDS, Decoding, Task, Training

CPU = torch.device("cpu")
NEVER = str(10**9)
FOLDER = tempfile.TemporaryDirectory()
WORD_FILE = Path(FOLDER.name) / "words.txt"
WORD_FILE.write_text("".join(f"{word}\n" for word in WORDS), encoding="utf-8")


@functools.cache
def train_options(attention: str) -> Namespace:
    """What ``onmt_train`` would parse."""
    options = {
        "data": "{}",
        "src_vocab": str(WORD_FILE),
        "tgt_vocab": str(WORD_FILE),
        "encoder_type": "brnn",
        "decoder_type": "rnn",
        "rnn_type": "GRU",
        "layers": "1",
        "hidden_size": str(HIDDEN),
        "word_vec_size": str(EMBEDDING),
        "global_attention": attention,
        "dropout": str(DROPOUT),
        "batch_size": str(BATCH),
        "normalization": "tokens",
        "optim": "adam",
        "learning_rate": str(workload.LEARNING_RATE),
        "max_grad_norm": str(workload.CLIP),
        "report_every": NEVER,
    }
    parser = ArgumentParser()
    train_opts(parser)
    found = parser.parse_args([part for name, value in options.items() for part in (f"--{name}", value)])
    ArgumentParser.validate_train_opts(found)
    ArgumentParser.update_model_opts(found)
    ArgumentParser.validate_model_opts(found)
    found.data, found.data_task = {}, ModelTask.SEQ2SEQ  # no corpora: batches are made here
    return found


@functools.cache
def vocabularies() -> dict[str, Any]:
    """Both sides' words and four specials."""
    found = build_vocab(train_options("general"), {"src": [], "tgt": []})
    workload.expect({len(found["src"]), len(found["tgt"])}, {workload.VOCABULARY}, "vocabularies")
    return found


@functools.cache
def trainer(attention: str) -> Trainer:
    """A trainer and its model; ``attention``: general or mlp."""
    torch.manual_seed(1)
    options = train_options(attention)
    model = build_model(options, options, vocabularies(), None, -1)
    return build_trainer(options, -1, model, vocabularies(), Optimizer.from_opt(model, options))


def translator(attention: str, task: Decoding) -> Translator:
    """What ``onmt_translate`` would build, around the trainer's model."""
    options = {
        "model": "none",
        "src": "none",
        "beam_size": str(task.beam),
        "random_sampling_topk": "1" if task.beam == 1 else "0",
        "min_length": str(task.target),
        "max_length": str(task.target),
        "length_penalty": "wu",
        "alpha": str(workload.LENGTH_PENALTY),
    }
    parser = ArgumentParser()
    translate_opts(parser)
    found = parser.parse_args([part for name, value in options.items() for part in (f"--{name}", value)])
    ArgumentParser.validate_translate_opts(found)
    scorer = GNMTGlobalScorer.from_opt(found)
    model = trainer(attention).model
    return Translator.from_opt(model, vocabularies(), found, train_options(attention), scorer, report_score=False)


def examples(sources: list[list[str]], targets: Sequence[list[str] | None]) -> list[tuple[dict[str, Any], int]]:
    """Sentences as ids, as the data iterator keeps them."""
    made = []
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        side = None if target is None else {"tgt": " ".join(target)}
        row = {"src": {"src": " ".join(source)}, "tgt": side, "cid": "benchmark", "cid_line_number": i}
        made.append((numericalize(vocabularies(), row), i))
    return made


def prepare_training(attention: str, task: Training) -> workload.Run:
    """Steps over a few batches, in turn."""
    made = trainer(attention)
    batches = itertools.cycle([examples(*workload.pairs(task, seed)) for seed in range(4)])

    def step() -> None:
        made.model.train()
        one = ((tensorify(vocabularies(), batch, CPU), 0) for batch in itertools.islice(batches, 1))
        statistics = made.train(one, train_steps=0, save_checkpoint_steps=0, valid_steps=int(NEVER))
        workload.expect(statistics.n_words, task.items, "target tokens")

    return step


def prepare_decoding(attention: str, task: Decoding) -> workload.Run:
    """One batch after the other."""
    made = translator(attention, task)
    data = [examples(workload.sentences(task.items, task.source, seed), [None] * task.items) for seed in range(4)]
    batches = itertools.cycle(data)
    collects = task.beam == task.items == 1

    def decode() -> None:
        made.model.eval()
        found = made.translate_batch(tensorify(vocabularies(), next(batches), CPU), attn_debug=collects)
        workload.expect([len(best[0]) for best in found["predictions"]], [task.target] * task.items, "output lengths")
        if collects:
            workload.expect(found["attention"][0][0].shape, (task.target, task.source), "attention")

    return decode


def prepare(system: str, task: Task) -> workload.Run:
    """``system``: general or mlp."""
    return prepare_training(system, task) if isinstance(task, Training) else prepare_decoding(system, task)


if __name__ == "__main__":
    versions = f"torch {torch.__version__}, OpenNMT-py {version('OpenNMT-py')}"
    workload.serve(versions, torch.get_num_threads(), prepare)
