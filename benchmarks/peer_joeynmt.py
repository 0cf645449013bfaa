"""JoeyNMT's side of ``benchmarks.peers``, run by its own interpreter.

Training follows the body of ``TrainManager.train_and_validate``: the data set's ``collate_fn``, ``_train_step``, the
trainer's clipping and optimiser. Decoding is ``joeynmt.search.search`` with ``min_output_length`` equal to
``max_output_length``, which forbids the end of sentence. JoeyNMT appends an end of sentence to its sources, so they
get one word less here. Its beam search returns no attention.
"""

from __future__ import annotations

import functools
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import torch
from joeynmt import __version__
from joeynmt.batch import Batch
from joeynmt.config import parse_train_args
from joeynmt.datasets import BaseDataset
from joeynmt.model import Model, build_model
from joeynmt.search import search
from joeynmt.training import TrainManager
from joeynmt.vocabulary import Vocabulary

from benchmarks import workload
from benchmarks.workload import BATCH, DROPOUT, EMBEDDING, HIDDEN, WORDS, Decoding, Task, Training

FOLDER = tempfile.TemporaryDirectory()
SPECIALS = SimpleNamespace(
    unk_token="<unk>", pad_token="<pad>", bos_token="<s>", eos_token="</s>", sep_token=None, lang_tags=[],
    unk_id=0, pad_id=1, bos_id=2, eos_id=3, sep_id=None,
)  # fmt: skip
VOCABULARY = Vocabulary(WORDS, SPECIALS)


def dataset(split: str) -> BaseDataset:
    """A data set for its ``collate_fn``: of pairs to train on, of sources alone to decode."""
    return BaseDataset(
        path="",
        src_lang="source",
        trg_lang="target",
        split=split,
        has_trg=split == "train",
        has_prompt={"source": False, "target": False},
        sequence_encoder={"source": VOCABULARY.sentences_to_ids, "target": VOCABULARY.sentences_to_ids},
    )


TRAIN, TEST = dataset("train"), dataset("test")


@functools.cache
def build(attention: str) -> Model:
    """A GRU model of the comparison's sizes; ``attention``: luong or bahdanau."""
    torch.manual_seed(1)
    side = {
        "type": "recurrent",
        "rnn_type": "gru",
        "hidden_size": HIDDEN,
        "num_layers": 1,
        "dropout": DROPOUT,
        "embeddings": {"embedding_dim": EMBEDDING, "dropout": DROPOUT},
    }
    decoder = side | {"attention": attention, "hidden_dropout": DROPOUT, "init_hidden": "bridge", "input_feeding": True}
    model = build_model({"encoder": side | {"bidirectional": True}, "decoder": decoder}, VOCABULARY, VOCABULARY)
    model.loss_function = ("crossentropy", 0.0)
    return model


@functools.cache
def trainer(attention: str) -> TrainManager:
    """The trainer with the options that a configuration file would give."""
    options = {
        "optimizer": "adam",
        "learning_rate": workload.LEARNING_RATE,
        "scheduling": "exponential",  # once an epoch, so never here
        "clip_grad_norm": workload.CLIP,
        "normalization": "tokens",
        "batch_size": BATCH,
    }
    return TrainManager(
        0,
        build(attention),
        Path(FOLDER.name) / attention,
        torch.device("cpu"),
        autocast={"device_type": "cpu", "enabled": False},
        train_args=parse_train_args(options),
    )


def collate(data: BaseDataset, sources: list[list[str]], targets: Sequence[list[str] | None]) -> Batch:
    """A batch as the data loader hands it to the trainer or the search."""
    rows = list(zip(range(len(sources)), sources, targets, strict=True))
    return data.collate_fn(rows, pad_index=VOCABULARY.pad_index, eos_index=VOCABULARY.eos_index)


def prepare_training(attention: str, task: Training) -> workload.Run:
    """Steps over a few batches, in turn."""
    manager = trainer(attention)
    batches = itertools.cycle([workload.pairs(task, seed) for seed in range(4)])
    manager.model.train()

    def step() -> None:
        sources, targets = next(batches)
        batch = collate(TRAIN, [source[:-1] for source in sources], targets)
        workload.expect((batch.ntokens, batch.src.size(1)), (task.items, task.source), "tokens")
        manager._train_step(batch)
        manager.clip_grad_fun(parameters=manager.model.parameters())
        manager.optimizer.step()
        manager.model.zero_grad()

    return step


def prepare_decoding(attention: str, task: Decoding) -> workload.Run:
    """One batch after the other, sorted by length as ``joeynmt.prediction.predict`` does."""
    model = build(attention)
    batches = itertools.cycle([workload.sentences(task.items, task.source - 1, seed) for seed in range(4)])

    def decode() -> None:
        model.eval()
        batch = collate(TEST, next(batches), [None] * task.items)
        batch.sort_by_src_length()
        outputs, _, weights = search(
            model=model,
            batch=batch,
            max_output_length=task.target,
            min_output_length=task.target,
            beam_size=task.beam,
            beam_alpha=workload.LENGTH_PENALTY,
            return_attention=True,
        )
        workload.expect(outputs.shape, (task.items, task.target), "outputs")
        if task.beam == 1:
            workload.expect(weights.shape, (task.items, task.target, task.source), "attention")

    return decode


def prepare(system: str, task: Task) -> workload.Run:
    """``system``: luong or bahdanau."""
    return prepare_training(system, task) if isinstance(task, Training) else prepare_decoding(system, task)


if __name__ == "__main__":
    workload.serve(f"torch {torch.__version__}, JoeyNMT {__version__}", torch.get_num_threads(), prepare)
