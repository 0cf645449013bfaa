"""Run by JoeyNMT's own interpreter: trains tiny models with its command and writes their teacher-forced outputs.

``python -m benchmarks.exact_joeynmt DIRECTORY``: one directory a variant, with ``numbers.json`` beside the model.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import torch
import yaml
from joeynmt.__main__ import main as joeynmt
from joeynmt.config import load_config, parse_global_args
from joeynmt.model import build_model
from joeynmt.vocabulary import build_vocab

from benchmarks.letters import SOURCES, TARGETS, tell, write

VARIANTS = [
    dict(zip(("attention", "rnn_type", "layers", "init_hidden", "input_feeding"), values, strict=True))
    for values in itertools.product(
        ("bahdanau", "luong"), ("gru", "lstm"), (1, 2), ("bridge", "last", "zero"), (True, False)
    )
]


def configuration(data: Path, model: Path, variant: dict[str, Any]) -> dict[str, Any]:
    """The library's configuration of a variant."""
    side = {"type": "recurrent", "rnn_type": variant["rnn_type"], "num_layers": variant["layers"], "dropout": 0.1}
    size = {"bridge": 9, "last": 7, "zero": 14}[variant["init_hidden"]]
    encoder = side | {"hidden_size": 7, "bidirectional": True, "embeddings": {"embedding_dim": 6, "scale": True}}
    decoder = side | {key: variant[key] for key in ("attention", "init_hidden", "input_feeding")}
    decoder |= {"hidden_size": size, "hidden_dropout": 0.1, "embeddings": {"embedding_dim": 5, "scale": False}}
    languages = {"src": {"lang": "src", "level": "word"}, "trg": {"lang": "trg", "level": "word"}}
    return {
        "name": "tiny",
        "joeynmt_version": "2.3.0",
        "model_dir": str(model),
        "use_cuda": False,
        "random_seed": 3,
        "data": {"train": str(data / "train"), "dev": str(data / "dev"), "dataset_type": "plain", **languages},
        "training": {
            "batch_size": 20,
            "learning_rate": 0.01,
            "scheduling": "exponential",
            "epochs": 1,
            "updates": 10,
            "validation_freq": 10,
            "logging_freq": 10,
            "overwrite": True,
        },
        "testing": {"beam_size": 1, "eval_metrics": []},
        "model": {"initializer": "xavier_uniform", "encoder": encoder, "decoder": decoder},
    }


@torch.no_grad()
def numbers(model_dir: Path) -> None:
    """Write the model's attention and log-probabilities for sources with ``</s>`` and forced targets."""
    args = parse_global_args(load_config(str(model_dir / "config.yaml")), mode="test")
    source_vocab, target_vocab = build_vocab(args.data, model_dir=model_dir)
    model = build_model(args.model, src_vocab=source_vocab, trg_vocab=target_vocab)
    model.load_state_dict(torch.load(model_dir / "best.ckpt", map_location="cpu")["model_state"])
    model.eval()
    rows = []
    for source, target in zip(SOURCES, TARGETS, strict=True):
        ids, lengths, _ = source_vocab.sentences_to_ids([list(source)], bos=False, eos=True)
        read, _, _ = target_vocab.sentences_to_ids([list(target)], bos=True, eos=True)
        src, trg = torch.tensor(ids), torch.tensor(read)
        mask = (src != source_vocab.pad_index).unsqueeze(1)
        outputs, _, attention, _ = model._encode_decode(
            src=src, trg_input=trg[:, :-1], src_mask=mask, src_length=torch.tensor(lengths)
        )
        rows.append((attention[0].tolist(), outputs.log_softmax(-1)[0].tolist(), target_vocab._itos))
    tell(model_dir / "numbers.json", rows)


def main(directory: Path) -> None:
    """Train every variant and write its numbers."""
    write(directory / "data")
    for variant in VARIANTS:
        model_dir, file = directory / "-".join(map(str, variant.values())), directory / "config.yaml"
        file.write_text(yaml.safe_dump(configuration(directory / "data", model_dir, variant)), encoding="utf-8")
        sys.argv = ["joeynmt", "train", str(file), "--skip-test"]
        joeynmt()
        numbers(model_dir)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
