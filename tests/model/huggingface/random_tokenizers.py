"""Tokenizers of each kind, of the classes that published models have, trained on a few sentences in a moment."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

import sentencepiece
import tokenizers
import transformers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

SENTENCES = [
    "my sister rides her bicycle to school every morning.",
    "the restaurant near the station sells cheap noodles.",
    "he forgot the keys in the office again.",
    "if it does not rain tomorrow, we will climb the mountain.",
    "my friends forgot to climb down before the morning rain.",
    "我妹妹每天早上骑自行车去学校。",
    "如果明天不下雨，我们就去爬山。",
]
PIECES = 120
NAMES = {"unk_token": "<unk>", "pad_token": "<pad>", "eos_token": "</s>"}
FIRST = ("<s>", "<pad>", "</s>", "<unk>")  # of fairseq's models


@functools.cache
def _sentencepiece() -> bytes:
    """A SentencePiece model that begins with <unk>, <s>, </s>."""
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_writer=made,
        vocab_size=PIECES,
        model_type="bpe",
        character_coverage=1.0,
        normalization_rule_name="identity",  # so that a text comes back as it was
        minloglevel=2,
    )
    return made.getvalue()


@functools.cache
def _pieces() -> tuple[tuple[str, float], ...]:
    """Its pieces with their scores, the three specials left out."""
    made = sentencepiece.SentencePieceProcessor(model_proto=_sentencepiece())
    return tuple((made.IdToPiece(n), made.GetScore(n)) for n in range(3, len(made)))


@functools.cache
def _bytes() -> tokenizers.Tokenizer:
    """Byte-level pairs with fairseq's specials."""
    made = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        SENTENCES,
        trainers.BpeTrainer(vocab_size=400, special_tokens=[*FIRST], initial_alphabet=alphabet, show_progress=False),
    )
    ends = [(token, made.token_to_id(token)) for token in ("<s>", "</s>")]
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    return made


def _pairs() -> dict[str, Any]:
    """Vocabulary and merges of pairs with marked spaces, fairseq's specials first."""
    made = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=PIECES, special_tokens=[*FIRST], show_progress=False)
    )
    model = json.loads(made.to_str())["model"]
    return {"vocab": model["vocab"], "merges": [tuple(pair) for pair in model["merges"]]}


def _files(kind: str, folder: Path) -> dict[str, str]:
    """Files of those that are read from files, by the names of their arguments."""
    spm, listed = folder / "spm.model", [piece for piece, _ in _pieces()]
    spm.write_bytes(_sentencepiece())
    vocab, merges = folder / "vocab.json", folder / "merges.txt"
    words = {"marian": ["</s>", "<unk>", *listed, "<pad>"], "m2m_100": [*FIRST, *listed]}.get(kind, [])
    if kind == "blenderbot-small":
        letters = sorted({c for text in SENTENCES for c in text.lower() if c != " "})
        words = ["__null__", "__start__", "__end__", "__unk__", *letters, *(f"{c}@@" for c in letters), "the", "fo@@"]
    vocab.write_text(json.dumps({word: n for n, word in enumerate(words)}), encoding="utf-8")
    merges.write_text("#version: 0.2\nt h\nth e</w>\nf o\n", encoding="utf-8")
    return {
        "marian": {"source_spm": str(spm), "target_spm": str(spm), "vocab": str(vocab)},
        "m2m_100": {"vocab_file": str(vocab), "spm_file": str(spm)},
        "plbart": {"vocab_file": str(spm)},
        "blenderbot-small": {"vocab_file": str(vocab), "merges_file": str(merges)},
    }[kind]


def tokenizer(kind: str) -> Any:
    """A fresh one."""
    listed, fairseq = list(_pieces()), [(token, 0.0) for token in FIRST]
    match kind:
        case "bart":
            return transformers.PreTrainedTokenizerFast(tokenizer_object=_bytes(), bos_token="<s>", **NAMES)
        case "bart-chinese":  # as published ones have: BERT's, which names no begin and no end
            words = sorted(
                {w for text in SENTENCES for w in text.rstrip(".").split()} | {c for t in SENTENCES for c in t}
            )
            listed = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##s", *(w for w in words if w != " ")]
            return transformers.BertTokenizer(vocab={word: n for n, word in enumerate(listed)})
        case "blenderbot":
            made = json.loads(_bytes().to_str())["model"]
            return transformers.BlenderbotTokenizer(vocab=made["vocab"], merges=[tuple(m) for m in made["merges"]])
        case "t5" | "mt5" | "umt5":
            first = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
            return transformers.T5Tokenizer(vocab=[*first, *listed], extra_ids=3)
        case "pegasus":
            first = [("<pad>", 0.0), ("</s>", 0.0), ("<mask_1>", 0.0), ("<mask_2>", 0.0), ("<unk>", 0.0)]
            return transformers.PegasusTokenizer(vocab=[*first, *listed], offset=5)
        case "mbart":
            codes = [("en_XX", 0.0), ("zh_CN", 0.0), ("ro_RO", 0.0)]
            return transformers.MBartTokenizer(vocab=[*fairseq, *listed, *codes, ("<mask>", 0.0)])
        case "mbart50":
            return transformers.MBart50Tokenizer(vocab=[("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), *listed])
        case "nllb":
            return transformers.NllbTokenizer(**_pairs())
    with tempfile.TemporaryDirectory() as folder:
        made = {
            "marian": transformers.MarianTokenizer,
            "m2m_100": transformers.M2M100Tokenizer,
            "plbart": transformers.PLBartTokenizer,
            "blenderbot-small": transformers.BlenderbotSmallTokenizer,
        }[kind]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Marian recommends a package for a function that it does not call
            return made(**_files(kind, Path(folder)))
