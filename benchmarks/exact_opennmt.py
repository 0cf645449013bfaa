"""Run by OpenNMT-py's own interpreter: trains tiny models with its command and writes their teacher-forced outputs.

``python -m benchmarks.exact_opennmt DIRECTORY``: one directory a variant, with ``numbers.json`` beside the model.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import torch
from onmt.bin.train import _get_parser, train
from onmt.model_builder import load_test_model
from onmt.opts import translate_opts
from onmt.utils.parse import ArgumentParser

from benchmarks.letters import LETTERS, SOURCES, TARGETS, tell, write

VARIANTS = list(
    itertools.product(("dot", "general", "mlp"), ("GRU", "LSTM"), ("1", "2"), ("brnn", "rnn"), ("0", "1"))
)  # attention, cell, layers, encoder, input feeding


def options(directory: Path, model: Path, variant: tuple[str, ...]) -> list[str]:
    """The command-line options of ``onmt_train`` for a variant."""
    attention, cell, layers, encoder, feeding = variant
    corpora = {
        name: {"path_src": str(directory / f"data/{split}.src"), "path_tgt": str(directory / f"data/{split}.trg")}
        for name, split in (("corpus", "train"), ("valid", "dev"))
    }
    values = {
        "data": str(corpora),
        "src_vocab": directory / "src.txt",
        "tgt_vocab": directory / "tgt.txt",
        "save_model": model / "model",
        "encoder_type": encoder,
        "input_feed": feeding,
        "rnn_type": cell,
        "layers": layers,
        "hidden_size": "8",
        "src_word_vec_size": "6",
        "tgt_word_vec_size": "5",
        "global_attention": attention,
        "dropout": "0.1",
        "optim": "adam",
        "learning_rate": "0.01",
        "batch_size": "20",
        "train_steps": "10",
        "valid_steps": "100",
        "save_checkpoint_steps": "10",
        "num_workers": "0",
        "bucket_size": "200",
        "seed": "3",
    }
    return [part for name, value in values.items() for part in (f"--{name}", str(value))]


@torch.no_grad()
def numbers(directory: Path) -> None:
    """Write the model's attention and log-probabilities for unchanged sources and forced targets."""
    parser = ArgumentParser()
    translate_opts(parser)
    found = parser.parse_args(["--model", str(directory / "model_step_10.pt"), "--src", "-"])
    ArgumentParser.validate_translate_opts(found)
    vocabs, model, _ = load_test_model(found)
    model.eval()
    rows = []
    for source, target in zip(SOURCES, TARGETS, strict=True):
        src = torch.tensor([vocabs["src"](list(source))]).unsqueeze(2)
        tgt = torch.tensor([vocabs["tgt"](["<s>", *target, "</s>"])]).unsqueeze(2)
        outputs, attention = model(src, tgt, torch.tensor([len(source)]), with_align=False)
        log_probs = model.generator(outputs).log_softmax(-1)
        rows.append(
            (
                attention["std"].reshape(len(target) + 1, len(source)).tolist(),
                log_probs[0].tolist(),
                vocabs["tgt"].ids_to_tokens,
            )
        )
    tell(directory / "numbers.json", rows)


def main(directory: Path) -> None:
    """Train every variant and write its numbers."""
    torch.serialization.add_safe_globals([argparse.Namespace])  # the library relies on a default that torch has changed
    write(directory / "data")
    (directory / "src.txt").write_text("".join(f"{letter}\n" for letter in LETTERS))
    (directory / "tgt.txt").write_text("".join(f"{letter.upper()}\n" for letter in LETTERS))
    for variant in VARIANTS:
        model = directory / "-".join(variant)
        train(_get_parser().parse_known_args(options(directory, model, variant))[0])
        numbers(model)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
