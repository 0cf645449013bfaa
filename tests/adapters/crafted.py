"""Models with random weights under the names of other libraries, and their decoders step by step in plain torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

State = dict[str, Tensor]
Steps = tuple[list[Tensor], list[Tensor]]  # of each step the attention, the log-probabilities


def recurrent(kind: str, width: int, size: int, layers: int, both: bool) -> nn.RNNBase:
    """torch's own layers, batch first."""
    return (nn.LSTM if kind == "lstm" else nn.GRU)(width, size, layers, batch_first=True, bidirectional=both)


def named(prefix: str, module: nn.Module) -> State:
    """Its weights, larger than torch would begin with, under the prefix."""
    rng = torch.Generator().manual_seed(len(prefix))
    return {
        f"{prefix}{name}": torch.randn(weight.shape, generator=rng) * 0.7
        for name, weight in module.state_dict().items()
    }


def filled(module: nn.Module, state: State, prefix: str) -> nn.Module:
    """The module with the weights of that prefix."""
    module.load_state_dict({name.removeprefix(prefix): w for name, w in state.items() if name.startswith(prefix)})
    return module


def parts(hidden: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """A GRU's state as an LSTM's is: a tuple."""
    return hidden if isinstance(hidden, tuple) else (hidden,)


def whole(hidden: Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """The opposite."""
    return tuple(hidden) if len(hidden) > 1 else hidden[0]


@torch.no_grad()
def unroll(
    rnn: nn.RNNBase,
    embed: Callable[[int], Tensor],
    read: Sequence[int],
    hidden: Sequence[Tensor],
    fed: Tensor | None,
    look: Callable[[Tensor], tuple[Tensor, Tensor]],
    output: Callable[[Tensor], Tensor],
) -> Steps:
    """A decoder of Luong's order: cells, ``look`` from the new state (attention, readout), ``output``."""
    attention, log_probs = list[Tensor](), list[Tensor]()
    for token in read:
        word = embed(token)
        x = word if fed is None else torch.cat([word, fed])
        _, last = rnn(x.view(1, 1, -1), whole(hidden))
        hidden = parts(last)
        row, readout = look(hidden[0][-1, 0])
        fed = None if fed is None else readout
        attention.append(row)
        log_probs.append(output(readout).log_softmax(0))
    return attention, log_probs
