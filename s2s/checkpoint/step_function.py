"""A function of one decoder step, of any framework, as a checkpoint of one source: what ``s2s.lanes`` decodes with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, SupportsIndex

from s2s.checkpoint.record import Checkpoint, Side
from s2s.config import Config, DataConfig, ModelConfig, TextConfig
from s2s.errors import UserError
from s2s.model.step_function import NEVER, Specials, StepFunction, StepModel
from s2s.text.hidden import show_invisible
from s2s.text.rounding import significant
from s2s.text.safe import has_surrogate
from s2s.text.segmenters import Segmenter, is_token, pieces
from s2s.text.vocab import EOS, SPECIALS, UNK, Vocab
from s2s.trace.arrays import SUM
from s2s.trace.trace import Trace

BEGINS = ("<bos>", "<s>", "<sos>", "<start>", "<SOS>", "<BOS>", "SOS", "BOS", "[BOS]", "[START]", "[CLS]")
ENDS = ("<eos>", "</s>", "<end>", "<EOS>", "EOS", "[EOS]", "[END]", "[SEP]")
UNKNOWNS = ("<unk>", "<UNK>", "UNK", "[UNK]", "<oov>", "<OOV>")

STEP_OPTIONS = ("vocabulary", "state", "bos", "eos", "unk", "join", "name")

Words = Sequence[str] | Callable[[int], str]


def step_source(source: str | Iterable[str]) -> tuple[str | tuple[str, ...], tuple[str, ...]]:
    """What is decoded, a text or tokens, and its tokens: a text is cut at spaces. UserError for anything else."""
    if isinstance(source, str):
        tokens = tuple(pieces(source))
        if not tokens:
            raise UserError("text_empty")
        return source, tokens
    tokens = _tokens("source", source)
    if not tokens:
        raise UserError("arrays_tokens", name="source")
    return tokens, tokens


def _tokens(name: str, given: Any) -> tuple[str, ...]:
    """The tokens of an argument that has them in order. UserError for anything else."""
    tokens = tuple(given) if _is_ordered(given) else (None,)
    if not all(isinstance(token, str) and token for token in tokens):
        raise UserError("arrays_tokens", name=name)
    return tokens


def _is_ordered(given: Any) -> bool:
    """Whether a value can be read as a list: a set has no order, and a mapping orders by its values."""
    return isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping | Set)


@dataclass(frozen=True)
class GivenAttention(ModelConfig):
    """The model section of a function's config: its attention is ``given``, or ``none``."""

    attention: str = "given"

    def __post_init__(self) -> None:
        pass  # there is no network here to check


@dataclass(frozen=True, repr=False)
class Positions(Vocab):
    """The tokens of one source, each known by its position: none is unknown, and none is a special one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {token: len(SPECIALS) for token in self.tokens})

    def marked(self, tokens: Iterable[str]) -> list[str]:
        """The tokens as they are."""
        return list(tokens)

    def words(self, tokens: Iterable[str]) -> list[str]:
        """The tokens as they are."""
        return list(tokens)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """The positions, after the ids of specials."""
        return [len(SPECIALS) + i for i, _ in enumerate(tokens)]


class StepWords:
    """How a target is cut: at spaces, into the labels of the function's words; ``join`` is the caller's.

    A reference that was given as a list keeps its tokens: ``text_of`` remembers them by the text that they make.
    """

    def __init__(self, labels: Mapping[str, str], join: Callable[[list[str]], str]) -> None:
        self.labels, self.join, self.known = labels, join, dict[str, list[str]]()

    @property
    def segmenter(self) -> Segmenter:
        """The two functions under the name of the segmenter that they vary."""
        return Segmenter("spaces", self.cut, self.join)

    def cut(self, text: str) -> list[str]:
        """The labels of a text's words; of a remembered text its own, and of a word with spaces that word's."""
        if text in self.known:
            return self.known[text]
        return [self.labels[text]] if text in self.labels else [self.labels.get(w, w) for w in pieces(text)]

    def text_of(self, tokens: Sequence[str]) -> str:
        """The text of a list of the function's words, which ``cut`` will cut into these again."""
        labels = [self.labels.get(token, token) for token in tokens]
        text = self.join(labels).strip()
        self.known[text] = labels
        return text


@dataclass(frozen=True, repr=False)
class StepCheckpoint(Checkpoint):
    """A function as a checkpoint of one source; ``words`` cuts its targets."""

    words: StepWords

    @property
    def function(self) -> StepModel:
        """The model, which calls the function."""
        assert isinstance(self.model, StepModel)
        return self.model

    @property
    def sayable(self) -> int:
        """How many words the function has, without the specials of ours that it lacks."""
        return self.function.words

    def reference_text(self, reference: str | Sequence[str] | None) -> str:
        """A reference as a text that the target's segmenter cuts into its tokens; empty without one.

        UserError for a word that the function does not know, if it has no token for unknown ones.
        """
        if reference is None or isinstance(reference, str):
            text = (reference or "").strip()
        else:
            tokens = _tokens("reference", reference)
            ends = tokens[-1:] and self.words.labels.get(tokens[-1]) == SPECIALS[EOS]
            text = self.words.text_of(tokens[:-1] if ends else tokens)
        missing = [word for word in self.target.words(text) if self.target.vocab.find(word) is None]
        if missing and self.function.names[UNK] is None:
            raise UserError("prefix_token", token=missing[0][:40], checkpoint=self.name)
        return text

    def noted(self, trace: Trace) -> Trace:
        """The trace of the run that came last, without words that the function cannot say among the candidates.

        It has the sums of its rows of attention if these were not 1.
        """
        steps = [replace(step, top=tuple(one for one in step.top if one.log_prob > NEVER)) for step in trace.steps]
        trace = replace(trace, steps=tuple(steps))
        own, sums = [step.own_attention is None for step in trace.steps], self.function.sums
        totals = [sums.get(t, 1.0) if one else 1.0 for t, one in enumerate(own)]
        if all(abs(total - 1) <= SUM / 2 for total in totals):
            return trace
        kept = {"normalised": True, "sums": [significant(total, 8) for total in totals]}
        return replace(trace, settings={**trace.settings, **kept})


def step_checkpoint(
    step_fn: StepFunction,
    source: Sequence[str],
    vocabulary: Words,
    state: Any = None,
    bos: int | str | None = None,
    eos: int | str | None = None,
    unk: int | str | None = None,
    join: Callable[[list[str]], str] = " ".join,
    name: str = "function",
) -> StepCheckpoint:
    """The function as a checkpoint that decodes this source only. UserError for what does not fit together.

    ``vocabulary`` are the words by the function's ids, or a function from an id to its word. ``bos``, ``eos`` and
    ``unk`` are ids or words; without them the usual spellings are looked for.
    """
    if not callable(step_fn):
        raise UserError("step_not_callable", found=type(step_fn).__name__)
    if not isinstance(name, str):
        raise UserError("config_type", key="name", expected="str", found=type(name).__name__)
    listed = None if callable(vocabulary) else _listed(vocabulary)
    model = StepModel(step_fn, state, len(source), 0 if listed is None else len(listed))
    if listed is None:
        listed = _called(vocabulary, model.size_after(_special("bos", bos, None, BEGINS)))
    specials = _specials(listed, bos, eos, unk)
    others = model.learn(specials)
    words = _unique([listed[i] for i in others], others)
    labels = {listed[specials.eos]: SPECIALS[EOS]}
    labels |= {} if specials.unk is None else {listed[specials.unk]: SPECIALS[UNK]}
    labels |= {listed[i]: word for i, word in reversed([*zip(others, words, strict=True)])}
    config = Config(
        name=name,
        model=GivenAttention(attention="given" if model.looks else "none"),
        text=TextConfig(),
        data=DataConfig(train="", dev="", origin=name),
    )
    target = StepWords(labels, _checked(join))
    sides = (
        Side(Segmenter("spaces", pieces, " ".join), Positions(tuple(source))),
        Side(target.segmenter, Vocab((*SPECIALS, *words))),
    )
    return StepCheckpoint(name, config, *sides, model.eval(), {}, "", target)


def _listed(vocabulary: Any) -> list[str]:
    """The vocabulary if it is a list of words."""
    listed = list(vocabulary) if _is_ordered(vocabulary) else []
    if not listed or not all(isinstance(word, str) for word in listed):
        raise UserError("step_vocabulary", found=type(vocabulary).__name__)
    return listed


def _checked(join: Any) -> Callable[[list[str]], str]:
    """The caller's ``join``. UserError for what is no function, and where it raises or gives no text."""

    def joined(words: list[str]) -> str:
        try:
            text = join(words)
        except Exception as error:
            raise UserError("step_join_raised", kind=type(error).__name__, text=str(error)) from error
        if not isinstance(text, str):
            raise UserError("step_join", found=type(text).__name__)
        return text

    if not callable(join):
        raise UserError("step_join", found=type(join).__name__)
    return joined


def _called(vocabulary: Any, size: int) -> list[str]:
    """The words of all ids by a function from id to word."""
    found = list[str]()
    for i in range(size):
        try:
            word = vocabulary(i)
        except Exception as error:
            raise UserError("step_vocabulary_raised", id=i, kind=type(error).__name__, text=str(error)) from error
        if not isinstance(word, str):
            raise UserError("step_vocabulary_word", id=i, found=type(word).__name__)
        found.append(word)
    return found


def _specials(listed: Sequence[str], bos: int | str | None, eos: int | str | None, unk: int | str | None) -> Specials:
    begin, end = _special("bos", bos, listed, BEGINS), _special("eos", eos, listed, ENDS)
    usual = (listed.index(word) for word in UNKNOWNS if word in listed)
    unknown = next(usual, None) if unk is None else _special("unk", unk, listed, UNKNOWNS)
    for name, found in {"eos": end, "unk": unknown or 0}.items():  # what is read first need not be a word
        if found >= len(listed):
            raise UserError("step_id", name=name, found=found, last=len(listed) - 1)
    if unknown in (begin, end):
        raise UserError("step_special_twice", id=unknown)
    return Specials(begin, end, unknown)


def _special(name: str, given: int | str | None, listed: Sequence[str] | None, usual: Sequence[str]) -> int:
    """The function's id of a special token, given as an id or a word, or found by the usual spellings."""
    if isinstance(given, SupportsIndex) and not isinstance(given, bool):
        if (found := int(given)) < 0:
            raise UserError("step_id_negative", name=name, found=found)
        return found
    if given is not None and not isinstance(given, str):
        raise UserError("step_id_kind", name=name, found=type(given).__name__)
    if listed is None:
        raise UserError("step_bos_id")
    for word in usual if given is None else (given,):
        if word in listed:
            return listed.index(word)
    raise UserError("step_special_missing", name=name, usual=", ".join(usual if given is None else (given,)))


def _unique(words: Sequence[str], ids: Sequence[int]) -> list[str]:
    """A visible label of its own for each word: of a repeated one, or one that looks like a special, with its id."""
    taken, found = set(SPECIALS), list[str]()
    for word, i in zip(words, ids, strict=True):
        tried = (word, show_invisible(word), f"{word}#{i}")
        label = next((x for x in tried if is_token(x) and not has_surrogate(x) and x not in taken), f"<id-{i}>")
        taken.add(label)
        found.append(label)
    return found
