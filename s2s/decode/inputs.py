"""Turn sources, references and prefixes into ids. UserError for one that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS
from s2s.errors import UserError
from s2s.text.segmenters import is_token
from s2s.text.vocab import EOS, UNK

MAX_CHARACTERS = 2_000


def one_source(checkpoint: Checkpoint, source: str | Iterable[str]) -> str | tuple[str, ...]:
    """The source if it is one text or the tokens of one text. UserError for anything else, a list of texts too."""
    if isinstance(source, str):
        return source
    tokens = tuple(source) if isinstance(source, Iterable) and not isinstance(source, bytes) else (None,)
    if not all(isinstance(token, str) for token in tokens):
        raise UserError("source_kind", found=type(source).__name__)
    side = checkpoint.source
    strange = [t for t in tokens if side.vocab.find(t) is None and len(side.words(t)) > 2]
    texts = [t for t in strange if " " in t.strip() or t.strip()[-1] in "。！？.!?…"]
    if texts or len(strange) == len(tokens) > 0:
        raise UserError("source_sentences", text=(texts or strange)[0][:60])
    return tokens


def source_ids(checkpoint: Checkpoint, source: str | Sequence[str]) -> tuple[list[str], list[int]]:
    """Tokens and ids of a source: a text to be cut, or tokens to be used as they are.

    UserError if there is nothing to decode, too much, or an unusable token.
    """
    characters = sum(map(len, source))
    if characters > MAX_CHARACTERS:
        raise UserError("text_too_long", found=characters, limit=MAX_CHARACTERS)
    vocab = checkpoint.source.vocab
    tokens = checkpoint.source.tokens(source) if isinstance(source, str) else vocab.marked(source)
    words = vocab.words(tokens)
    if not words and isinstance(source, str) and vocab.skip and checkpoint.source.segmenter.cut(source):
        raise UserError("text_unknown", checkpoint=checkpoint.name)
    if not words:
        raise UserError("text_no_words" if isinstance(source, str) and source.strip() else "text_empty")
    for place, token in enumerate(words, start=1):
        if not is_token(token) and token not in vocab.ids:
            raise UserError("token_unusable", place=place, token=token)
    if len(tokens) > MAX_TOKENS:
        raise UserError("text_too_many_tokens", found=len(tokens), limit=MAX_TOKENS)
    ids = vocab.encode(tokens)
    if all(vocab.find(token) is None for token in words):
        raise UserError("text_unknown", checkpoint=checkpoint.name)
    return tokens, ids


def reference_ids(checkpoint: Checkpoint, text: str) -> tuple[list[str], list[int]]:
    """Tokens and ids of a reference, without ``<eos>``. UserError if it is too long or mostly unknown."""
    if len(text) > MAX_CHARACTERS:
        raise UserError("reference_too_long", found=len(text), limit=MAX_CHARACTERS)
    tokens = checkpoint.target.tokens(text)
    ids = checkpoint.target.vocab.encode(tokens)
    if len(tokens) > MAX_TOKENS:
        raise UserError("reference_too_long", found=len(tokens), limit=MAX_TOKENS)
    words = [i for i, token in zip(ids, tokens, strict=True) if any(c.isalnum() for c in token)] or ids
    if (tokens or checkpoint.target.vocab.skip) and (not words or sum(i == UNK for i in words) > len(words) / 2):
        raise UserError("reference_unknown", checkpoint=checkpoint.name)
    return tokens, ids


def prefix_ids(checkpoint: Checkpoint, prefix: str | Sequence[str]) -> list[int]:
    """Ids of a prefix that a lane is forced to begin with: a text, or tokens as the vocabulary spells them.

    Tokens may be ``<unk>``, and ``<eos>`` as the last; UserError names one that the vocabulary lacks.
    """
    if isinstance(prefix, str):
        return reference_ids(checkpoint, prefix)[1] if prefix.strip() else []
    if len(prefix) > MAX_TOKENS:
        raise UserError("prefix_too_long", found=len(prefix), limit=MAX_TOKENS)
    vocab, last = checkpoint.target.vocab, len(prefix) - 1
    said = {"<unk>": UNK}
    ids = [
        EOS if token == "<eos>" and t == last else said.get(token, vocab.find(token)) for t, token in enumerate(prefix)
    ]
    for token, i in zip(prefix, ids, strict=True):
        if i is None:
            raise UserError("prefix_token", token=token, checkpoint=checkpoint.name)
    return [i for i in ids if i is not None]


def source_text(checkpoint: Checkpoint, source: str | Sequence[str]) -> str:
    """The source as a text; tokens are joined."""
    return (
        source if isinstance(source, str) else checkpoint.source.segmenter.join(checkpoint.source.vocab.words(source))
    )
