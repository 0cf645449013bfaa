"""Lookback's side of ``benchmarks.peers``: the training loop's own step, ``search.greedy`` and ``search.beams``.

Training is ``Run._step`` on pairs of ids: collate, learning rate, forward, loss, backward, clipping, fused AdamW
and the moving average of the weights. Decoding is made to last by a bias that keeps ``<eos>`` from ever being chosen.
"""

from __future__ import annotations

import functools
import itertools
import tempfile
from pathlib import Path

import torch

from benchmarks import limit, workload
from benchmarks.workload import BATCH, DROPOUT, EMBEDDING, HIDDEN, VOCABULARY, WORDS, Decoding, Task, Training
from s2s.config import Config, DataConfig, ModelConfig, TextConfig, TrainConfig
from s2s.decode import search
from s2s.decode.strategy import Settings
from s2s.model import Seq2Seq
from s2s.text.vocab import EOS, SPECIALS, Vocab
from s2s.train import loop

FOLDER = tempfile.TemporaryDirectory()
VOCAB = Vocab(SPECIALS + tuple(WORDS))


def model_config(system: str) -> ModelConfig:
    """The sizes of the comparison; ``half``: OpenNMT-py's encoder, 256 per direction."""
    return ModelConfig(
        attention="additive" if system == "additive" else "general",
        embedding_size=EMBEDDING,
        encoder_size=HIDDEN // 2 if system == "half" else HIDDEN,
        decoder_size=HIDDEN,
        attention_size=HIDDEN,
        tied_embeddings=False,  # else the output layer would read 256 values, not 512
    )


def corpus(directory: Path) -> DataConfig:
    """A file of pairs with each word on both sides, so that both vocabularies are complete."""
    rows = [" ".join(WORDS[i : i + 50]) for i in range(0, len(WORDS), 50)]
    path = directory / "words.tsv"
    path.write_text("".join(f"{row}\t{row}\n" for row in rows), encoding="utf-8")
    return DataConfig(train=str(path), dev=str(path))


@functools.cache
def training(system: str) -> loop.Run:
    """A run as ``python -m s2s train`` makes it."""
    directory = Path(FOLDER.name)
    config = Config(
        model=model_config(system),
        text=TextConfig("latin", "latin", 1, 1, VOCABULARY),
        data=corpus(directory),
        train=TrainConfig(
            batch_size=BATCH,
            learning_rate=workload.LEARNING_RATE,
            clip=workload.CLIP,
            dropout=DROPOUT,
            label_smoothing=0.0,
            precision="bf16" if system == "bf16" else "float32",
            threads=1,
        ),
    )
    run = loop.Run(config, directory / system, directory / system / "checkpoint", "benchmark")
    workload.expect((run.source.vocab, run.target.vocab), (VOCAB, VOCAB), "vocabularies")
    run.model.train()
    return run


@functools.cache
def decoding(system: str) -> Seq2Seq:
    """A random model that never ends a sentence."""
    torch.manual_seed(1)
    model = Seq2Seq(model_config(system), len(VOCAB), len(VOCAB)).eval().requires_grad_(False)  # as one is loaded
    with torch.no_grad():
        model.output.bias[EOS] = -1e4
    return model


def prepare_training(system: str, task: Training) -> workload.Run:
    """Steps over a few batches, in turn."""
    run = training(system)
    texts = [zip(*workload.pairs(task, seed), strict=True) for seed in range(4)]
    data = [[(VOCAB.encode(source), VOCAB.encode(target)) for source, target in pairs] for pairs in texts]
    batches = itertools.cycle(data)

    def step() -> None:
        _, tokens = run._step(next(batches))
        workload.expect(tokens, task.items, "target tokens")

    return step


def prepare_decoding(system: str, task: Decoding) -> workload.Run:
    """One batch after the other."""
    model = decoding(system)
    data = [[VOCAB.encode(s) for s in workload.sentences(task.items, task.source, seed)] for seed in range(4)]
    batches = itertools.cycle(data)
    settings = Settings(strategy="beam", beam=task.beam, length_penalty=workload.LENGTH_PENALTY)

    def decode() -> None:
        if task.beam == 1:
            attention = list[torch.Tensor]()
            outputs = search.greedy(model, next(batches), task.target, attention)
        else:
            found = search.beams(model, next(batches), settings, max_length=task.target)
            outputs = [hypotheses[0].ids for hypotheses in found]
            attention = [hypotheses[0].attention_TS for hypotheses in found]
        workload.expect({len(ids) for ids in outputs}, {task.target}, "output lengths")
        workload.expect(len(outputs), task.items, "outputs")
        workload.expect({tuple(a.shape) for a in attention}, {(task.target, task.source)}, "shapes of attention")

    return decode


def prepare(system: str, task: Task) -> workload.Run:
    """``system``: general, bf16, additive or half; limit or limit-bf16 for the products alone."""
    if system.startswith("limit"):
        return limit.prepare(task, system == "limit-bf16")
    return prepare_training(system, task) if isinstance(task, Training) else prepare_decoding(system, task)


if __name__ == "__main__":
    torch.set_num_threads(1)
    loop.keep_memory()
    workload.serve(f"torch {torch.__version__}", torch.get_num_threads(), prepare)
