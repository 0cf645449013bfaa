"""The protocol of a model for decoding, evidence, measures and inspection; ``Seq2Seq`` implements it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, Self

import torch
from torch import Tensor, nn

from s2s.data.batches import Batch
from s2s.model.attention import Focus


class Memory(Protocol):
    """An encoded source: everything that a step reads of it; ``mask_BS`` is true at real tokens."""

    @property
    def states_BSM(self) -> Tensor: ...  # noqa: D102

    @property
    def mask_BS(self) -> Tensor: ...  # noqa: D102

    @property
    def prior_BV(self) -> Tensor | None: ...  # noqa: D102

    def select(self, index_N: Tensor) -> Self:
        """The rows that an index names."""
        ...


class ModelState(Protocol):
    """The decoder state after a step; a value, never stored on a module. ``top_BH`` is its vector."""

    @property
    def top_BH(self) -> Tensor: ...  # noqa: D102

    def select(self, index_N: Tensor) -> Self:
        """The rows that an index names."""
        ...

    @staticmethod
    def joined(states: Sequence[Any]) -> Any:
        """The states concatenated along the rows."""
        ...


class StepAttention(NamedTuple):
    """The attention of a step: the query state, scores before the mask, weights, context."""

    query_BH: Tensor
    scores_BS: Tensor
    attention_BS: Tensor  # (B, 0) without attention, as scores_BS
    context_BM: Tensor
    coverage_BS: Tensor | None = None  # before this step
    focus: Focus | None = None  # of local attention


class StepOutput(NamedTuple):
    """One decoding step of B rows."""

    log_probs_BV: Tensor
    state: Any
    attention: StepAttention
    gate_B: Tensor | None = None  # of a pointer-generator, the logit of p_gen

    @property
    def attention_BS(self) -> Tensor:
        """The weights the step used, rows summing to 1, padding 0; (B, 0) of a model without attention."""
        return self.attention.attention_BS


class Part(NamedTuple):
    """A vector that the readout is made of, and the columns of W that it meets: ``c``, ``s`` or ``h``, ``y``."""

    name: str
    vector_N: Tensor
    columns_RN: Tensor


class Spoken(NamedTuple):
    """How one step's context reaches its logits: ``h̃ = act(Σ columns · vector + bias)``, ``y = weight h̃ + bias``.

    ``act`` is ``tanh`` or ``linear``; ``state`` where h̃ is the one part itself, without W; ``deep`` where h̃ is what
    many layers leave, so that no parts can be told. With a prior ŷ the logits are ``(y + ŷ) / 2``.
    """

    act: str
    parts: tuple[Part, ...]
    bias_R: Tensor | None
    readout_R: Tensor
    weight_VR: Tensor
    bias_V: Tensor
    prior_V: Tensor | None
    log_probs_V: Tensor  # what the step says in the end


class Forced(NamedTuple):
    """A teacher-forced pass over N real target tokens, row by row."""

    logits_NV: Tensor  # of a pointer-generator its log-probabilities, which are their own log-softmax
    coverage_N: Tensor | None  # with coverage Σ_i min(α_ti, c_ti) (See 2017, eq. 12)
    memory: Any
    states: list[Any]  # before each step
    attentions: list[StepAttention]


class Sizes(NamedTuple):
    """The lengths of a source state, a decoder state and a context."""

    encoder: int
    decoder: int
    context: int


class Model(nn.Module):
    """``P(y|x) = Π_t P(y_t | y_<t, x)`` with attention over the source, one step at a time."""

    def encode(self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None) -> tuple[Any, Any]:
        """Source ids to memory and the decoder's first state; ``embedded_BSE`` is read in the words' place."""
        raise NotImplementedError

    def step(
        self,
        state: Any,
        token_B: Tensor,
        memory: Any,
        attention_BS: Tensor | None = None,
        embedded_BE: Tensor | None = None,
    ) -> StepOutput:
        """Read one token a row; ``attention_BS`` replaces the weights that the model would have used.

        ``embedded_BE`` is read in the place of the tokens' embeddings (``embed_target``), after the first step.
        """
        raise NotImplementedError

    def attend(
        self,
        state: Any,
        token_B: Tensor,
        memory: Any,
        attention_BS: Tensor | None = None,
        embedded_BE: Tensor | None = None,
    ) -> tuple[Any, StepAttention]:
        """``step`` where nobody asks for the probabilities: the next state, and what was seen."""
        raise NotImplementedError

    def spoken(self, state: Any, token_B: Tensor, memory: Any, attention_BS: Tensor | None = None) -> Spoken | None:
        """How the context of ``step``, given the same, reaches the first row's logits; None where it cannot be said."""
        return None

    def forced(self, batch: Batch) -> Forced:
        """A teacher-forced pass, and what each step read and saw."""
        raise NotImplementedError

    def embed(self, source_S: Tensor) -> Tensor:
        """The embeddings that the encoder reads for ids."""
        raise NotImplementedError

    def embed_target(self, target_T: Tensor) -> Tensor:
        """The embeddings that the decoder reads for ids after ``<bos>``."""
        raise NotImplementedError

    def normaliser(self, output: StepOutput, memory: Any) -> Tensor:
        """log Σ exp(logits) of the first row."""
        raise NotImplementedError

    def terms(self, step_attention: StepAttention, memory: Any, count: int) -> tuple[tuple[float, ...], ...]:
        """The first terms of the first row's greatest score; none where it is no such sum."""
        raise NotImplementedError

    def floats(self, length: int) -> int:
        """How many numbers a row with a source of this length keeps while it decodes, about."""
        raise NotImplementedError

    def blocks(self) -> list[nn.Module]:
        """Its larger parts and their layers: every ``encode`` and ``step`` runs some of them one after the other."""
        parts = [part for part in self.children() if any(part.children())]
        lists = [part for part in self.modules() if isinstance(part, nn.ModuleList)]
        return list(dict.fromkeys([*parts, *(layer for part in lists for layer in part)]))

    @property
    def vocabulary(self) -> int:
        """The number of target ids."""
        raise NotImplementedError

    @property
    def sizes(self) -> Sizes:
        """The lengths of its vectors."""
        raise NotImplementedError

    @property
    def longest_source(self) -> int | None:
        """How many source tokens it can read; None for any number."""
        return None

    @property
    def sums_states(self) -> bool:
        """Whether a context is ``Σ α h`` of the states in the memory, so that a reader can work it out."""
        return True

    @property
    def device(self) -> torch.device:
        """The device of its weights."""
        return next(self.parameters()).device
