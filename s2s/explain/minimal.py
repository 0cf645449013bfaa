"""The attention nearest to the model's under which a chosen word would be the most probable, if there is one.

Distance is ``KL(α ‖ α°) = Σ_s α_s log(α_s / α°_s)`` with the model's weights α°; it stays finite if α has all its
weight on one token. The context is linear in α, but the lead of the word over the others is not: a tanh lies between
them, and in Bahdanau's order the recurrent cell as well. So a result is valid but may not be the nearest, and a search
without a result proves nothing; ``unbeatable_rival`` can prove that no α exists.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.explain.counterfactual import AttentionMoment, log_probs_with
from s2s.model import Model, Seq2Seq

STARTS = 24  # single source tokens that the search starts from, at most
DESCENT_STEPS = 50  # steps of Adam from each start
RANDOM_ROUNDS, RANDOM_STEPS = 14, 128  # rounds of random steps; steps in a round


class Minimal(NamedTuple):
    """``outcome`` is already, found, none_found or none_exists; with the first two, α, its KL and ``p(word)`` under it.

    With none_exists, ``rival`` is a word that is more probable under every α.
    """

    outcome: str
    attention: tuple[float, ...] = ()
    divergence: float | None = None
    probability: float | None = None
    rival: int | None = None


@torch.no_grad()
def minimal_attention(model: Model, moment: AttentionMoment, word: int) -> Minimal:
    """The minimal attention for a word at one step."""
    own_S = moment.attention_S
    if int(moment.log_probs_V.argmax()) == word:
        return Minimal("already", tuple(own_S.tolist()), 0.0, float(moment.log_probs_V[word].exp()))
    rival = unbeatable_rival(model, moment, word)
    if rival is not None:
        return Minimal("none_exists", rival=rival)
    found = _descend(model, moment, word, _starts(model, moment, word))
    if not len(found):
        return Minimal("none_found")
    (best_S,) = _nearer(model, moment, word, found)
    probability = log_probs_with(model, moment, best_S.unsqueeze(0))[0, word].exp()
    return Minimal("found", tuple(best_S.tolist()), float(divergence(best_S, own_S)), float(probability))


def divergence(alpha_NS: Tensor, own_S: Tensor) -> Tensor:
    """``KL(α ‖ own)`` in nats; infinite if α has weight on a token where the model has none."""
    return (torch.xlogy(alpha_NS, alpha_NS) - torch.xlogy(alpha_NS, own_S)).sum(dim=-1)


def lead(log_probs_NV: Tensor, word: int) -> Tensor:
    """The word's log-probability minus that of the best other word: (N,) nats."""
    others_NV = log_probs_NV.index_fill(1, torch.tensor([word]), -torch.inf)
    return log_probs_NV[:, word] - others_NV.max(dim=1).values


def unbeatable_rival(model: Model, moment: AttentionMoment, word: int) -> int | None:
    """A word that is provably more probable than this one under every attention; None without a proof.

    For Luong's order without a pointer: readout ``tanh(x)``, or x where it is linear, ``x = W c + const``, ``c`` in
    the hull of the source states. With l, u the least and greatest x of a component and λ = min(tanh'(l), tanh'(u)),
    ``tanh(x) - λx`` grows from l to u, so ``tanh(l) - λl ≤ tanh(x) - λx ≤ tanh(u) - λu``. That bounds the difference
    of two logits by a function linear in c, which is greatest at one of the source states.
    """
    if not isinstance(model, Seq2Seq) or model.decoder.previous or model.pointer is not None:
        return None
    decoder, prior_BV = model.decoder, moment.memory.prior_BV
    if decoder.readout is None:
        return None
    support_K = (moment.attention_S > 0).nonzero()[:, 0]
    states_KM = moment.memory.states_BSM[0, support_K]
    hidden_KH = moment.output.state.hidden_LBH[-1].expand(len(states_KM), -1)
    x_KR = decoder.readout(torch.cat([states_KM, hidden_KH], dim=1))
    low_R, high_R = x_KR.min(dim=0).values, x_KR.max(dim=0).values
    if decoder.squashing:
        slope_R = torch.minimum(1 - low_R.tanh() ** 2, 1 - high_R.tanh() ** 2)
        least_R, most_R = low_R.tanh() - slope_R * low_R, high_R.tanh() - slope_R * high_R
    else:
        slope_R, least_R, most_R = torch.ones_like(low_R), torch.zeros_like(low_R), torch.zeros_like(low_R)
    ahead_VR = model.output.weight[word] - model.output.weight
    bound_V = (ahead_VR @ (slope_R * x_KR).t()).max(dim=1).values
    bound_V += ahead_VR @ ((least_R + most_R) / 2) + ahead_VR.abs() @ ((most_R - least_R) / 2)
    bound_V += model.output.bias[word] - model.output.bias
    if prior_BV is not None:
        bound_V += prior_BV[0, word] - prior_BV[0]
    bound_V[word] = torch.inf
    rival = int(bound_V.argmin())
    return rival if float(bound_V[rival]) < -1e-3 else None  # sums in float32


def _starts(model: Model, moment: AttentionMoment, word: int) -> Tensor:
    """The start points: the model's weights, uniform weights, and the single tokens that favour the word most."""
    own_S = moment.attention_S
    single_KS = torch.eye(len(own_S))[own_S > 0]
    best_K = lead(log_probs_with(model, moment, single_KS), word).topk(min(STARTS, len(single_KS))).indices
    middle_S = (own_S > 0).float() / (own_S > 0).sum()
    return torch.cat([own_S.unsqueeze(0), middle_S.unsqueeze(0), single_KS[best_K]])


def _descend(model: Model, moment: AttentionMoment, word: int, starts_NS: Tensor) -> Tensor:
    """Descend from each start; return the nearest weights on each path that make the word win: (K, S).

    The loss over softmax parameters is ``KL + ρ max(0, margin - lead)`` with growing ρ, an exact penalty method.
    """
    own_S = moment.attention_S
    soft_NS = 0.97 * starts_NS + 0.03 * own_S
    theta_NS = soft_NS.clamp_min(1e-30).log().masked_fill(own_S == 0, -1e4).requires_grad_()
    best_NS, nearest_N = starts_NS.clone(), torch.full((len(starts_NS),), torch.inf)
    wins_N = lead(log_probs_with(model, moment, starts_NS), word) > 0
    nearest_N[wins_N] = divergence(starts_NS, own_S)[wins_N]
    optimiser = torch.optim.Adam([theta_NS], lr=0.3)
    for turn in range(DESCENT_STEPS):
        optimiser.param_groups[0]["lr"] = 0.3 * 0.96**turn
        with torch.enable_grad():
            alpha_NS = F.softmax(theta_NS, dim=1)
            far_N = divergence(alpha_NS, own_S.clamp_min(1e-38))
            lead_N = lead(log_probs_with(model, moment, alpha_NS), word)
            loss = (far_N + 0.3 * 1.1**turn * F.relu(0.01 - lead_N)).sum()
        (theta_NS.grad,) = torch.autograd.grad(loss, theta_NS)
        better_N = (lead_N > 0) & (far_N < nearest_N)
        best_NS[better_N], nearest_N[better_N] = alpha_NS[better_N].detach(), far_N[better_N].detach()
        optimiser.step()
    return best_NS[nearest_N < torch.inf]


def _nearer(model: Model, moment: AttentionMoment, word: int, found_KS: Tensor) -> Tensor:
    """Refine the weights: interpolate to the model's, ``α^τ own^{1-τ}``, then random steps of falling size: (1, S).

    Random steps help where several rivals have equal probability: there the lead is not differentiable.
    """
    own_S, rng = moment.attention_S, torch.Generator().manual_seed(0)
    support_S, floor = own_S > 0, torch.tensor(1e-38).log()
    own_log_S = own_S.log().clamp_min(floor)
    tilt_KS = found_KS.log().clamp_min(floor) - own_log_S
    for turn in range(RANDOM_ROUNDS):
        if turn == 0:
            tried_NS = (torch.linspace(0, 1, RANDOM_STEPS // 2)[1:, None, None] * tilt_KS[:8]).flatten(0, 1)
        else:
            size = 2 * 0.65**turn
            parent_NS = tilt_KS[torch.randint(len(tilt_KS), (RANDOM_STEPS,), generator=rng)]
            back_N1 = 1 - size * torch.rand((RANDOM_STEPS, 1), generator=rng)
            tried_NS = back_N1 * parent_NS + size * torch.randn(parent_NS.shape, generator=rng)
        all_NS = torch.cat([tilt_KS, tried_NS])
        alpha_NS = F.softmax((own_log_S + all_NS).masked_fill(~support_S, -torch.inf), dim=1)
        far_N = divergence(alpha_NS, own_S).masked_fill(
            lead(log_probs_with(model, moment, alpha_NS), word) <= 0, torch.inf
        )
        if not (far_N < torch.inf).any():  # the word won only by a rounding error
            return found_KS[divergence(found_KS, own_S).argmin()].unsqueeze(0)
        best_K = far_N.topk(min(8, int((far_N < torch.inf).sum())), largest=False).indices
        tilt_KS = all_NS[best_K]
    return alpha_NS[best_K[:1]]
