"""Softmax, sigmoid and losses on a few logits, as the lecture writes them. numpy only; losses in nats."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]

LOGITS = (3.0, 1.0, -3.0)  # the lecture's example; the first class is the true one
TRUE = 0
SLIP = 2.0  # the lecture's slide has this where e³ ≈ 20 belongs


def softmax(logits_V: Row) -> Row:
    """``p_i = e^{z_i} / Σ_j e^{z_j}``.

    >>> softmax(np.array(LOGITS)).round(5).tolist()
    [0.87888, 0.11894, 0.00218]
    """
    exponents_V = np.exp(logits_V - logits_V.max())
    total: Row = exponents_V / exponents_V.sum()
    return total


def sigmoid(logits_V: Row) -> Row:
    """``σ(z) = 1 / (1 + e^{-z})`` of each logit independently."""
    found: Row = 0.5 * (1 + np.tanh(logits_V / 2))
    return found


def smoothed(true: int, size: int, epsilon: float) -> Row:
    """``q = (1-ε) onehot + ε/V``.

    >>> smoothed(0, 4, 0.2).round(3).tolist()
    [0.85, 0.05, 0.05, 0.05]
    """
    target_V = np.full(size, epsilon / size)
    target_V[true] += 1 - epsilon
    return target_V


def log_softmax(logits_V: Row) -> Row:
    """``z_i - log Σ_j e^{z_j}``, exact even where a probability rounds to 0."""
    top = logits_V.max()
    found: Row = logits_V - (top + math.log(np.exp(logits_V - top).sum()))
    return found


def cross_entropy(logits_V: Row, target_V: Row) -> float:
    """``-Σ_i y_i log p_i``.

    >>> round(cross_entropy(np.array(LOGITS), smoothed(TRUE, 3, 0.0)), 5)
    0.12911
    """
    return float(-(target_V * log_softmax(logits_V)).sum())


def gradient(logits_V: Row, target_V: Row) -> Row:
    """``∂L/∂z_i = p_i - y_i`` of ``cross_entropy``.

    >>> gradient(np.array(LOGITS), smoothed(TRUE, 3, 0.0)).round(5).tolist()
    [-0.12112, 0.11894, 0.00218]
    """
    return softmax(logits_V) - target_V


def binary_cross_entropy(logits_V: Row, target_V: Row) -> Row:
    """``-[y log σ(z) + (1-y) log(1-σ(z))]`` of each logit, a question of its own with its own yes or no."""
    return np.logaddexp(0, logits_V) - target_V * logits_V


def perplexity(loss: float) -> float:
    """``e^loss``: among how many words, all equally likely, a model of this loss would be choosing."""
    return math.exp(min(loss, 700))
