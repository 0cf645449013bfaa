"""What two inspections of one file differ in: slices, words by frequency, n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from s2s.inspect.ngrams import ngrams
from s2s.inspect.paired import Paired
from s2s.inspect.query import DIFFERENCE
from s2s.inspect.target_words import read_ranks, word_accuracy
from s2s.inspect.worst import worst_slices


def pair_findings(pair: Paired, rows_N: np.ndarray | None = None) -> dict[str, Any]:
    """``worst``: the slices in which the first, and in which the second is most behind; ``words``; ``ngrams``.

    Of the rows that both have, or of some of them.
    """
    searches = [worst_slices(pair, DIFFERENCE, rows_N, high=high).as_dict() for high in (False, True)]
    return {"worst": dict(zip(("first", "second"), searches, strict=True)), **pair_words(pair, rows_N)}


def pair_words(pair: Paired, rows_N: np.ndarray | None = None) -> dict[str, Any]:
    """``words`` by frequency in the training of the first, and ``ngrams``; empty if the references are cut differently.

    Words that only the second has in its vocabulary get its rank.
    """
    rows = np.flatnonzero(pair.shared if rows_N is None else pair.shared & rows_N)
    names = ("reference_tokens", "output_tokens")
    first = pair.columns(*names).take(pa.array(rows))
    second = pair.second.columns(*names).take(pa.array(pair.beside[rows]))
    if not first["reference_tokens"].equals(second["reference_tokens"]):
        return {"words": [], "ngrams": [[], []]}
    ranks = read_ranks(pair.second.directory) | read_ranks(pair.directory)
    references, outputs = first["reference_tokens"], [table["output_tokens"] for table in (first, second)]
    return {"words": word_accuracy(references, outputs, ranks), "ngrams": ngrams(references, *outputs)}
