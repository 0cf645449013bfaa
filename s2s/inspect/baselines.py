"""The trivial baselines of an inspected file: counts by row in ``baselines.parquet``, their scores for any rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from s2s import disk
from s2s.checkpoint.record import Side
from s2s.evaluate.baselines import BASELINES, File, as_output, sample_rows, summarise
from s2s.exposure.beams import bleu_from_counts
from s2s.inspect.columns import count_columns
from s2s.inspect.scores import SentenceScores, chrf

BASELINES_FILE = "baselines.parquet"
COUNTS = pa.schema(
    {
        "baseline": pa.dictionary(pa.int8(), pa.string()),
        "id": pa.int64(),
        "bleu_counts": pa.list_(pa.int32()),
        "chrf_counts": pa.list_(pa.int32()),
        "rouge_l": pa.float32(),
    }
)


def write_baselines(directory: Path, parts: Sequence[Path], target: Side, tokenizer: str) -> None:
    """Score the baselines of the parts' rows and write ``baselines.parquet``: a row for each baseline and example."""
    scores = SentenceScores(target, tokenizer)
    tables = [_texts(path) for path in parts]
    texts = pa.concat_tables(tables)
    sample = sample_rows(len(texts))
    chosen, references = texts.take(sample).to_pydict(), texts["reference"].to_pylist()
    file = File(references, texts["length"].to_pylist(), sample, chosen["source"])
    rows = []
    for name, outputs in file.outputs().items():
        for id, reference, output in zip(chosen["id"], chosen["reference"], outputs, strict=True):
            columns = scores.columns(as_output(name, output, target), reference)
            rows.append({"baseline": name, "id": id, **columns})
    table = pa.Table.from_pylist(rows, schema=COUNTS)
    disk.write_file(directory / BASELINES_FILE, lambda path: pq.write_table(table, path, compression="zstd"))


def _texts(path: Path) -> pa.Table:
    part = pq.read_table(path, columns=["id", "source", "reference", "reference_tokens"])
    length = pc.list_value_length(part["reference_tokens"])
    return part.drop_columns(["reference_tokens"]).append_column("length", length)


def baseline_scores(directory: Path, ids: np.ndarray | None = None) -> dict[str, Any]:
    """The scores of the baselines, of all rows or of those with some ids; see ``evaluate.baselines.summarise``.

    ``rows`` is smaller than the number of examples if a sample of them was scored. Without such rows, and in an
    inspection that has no outputs or is older than the baselines, ``scores`` is empty.
    """
    path = directory / BASELINES_FILE
    table = pq.read_table(path) if path.exists() else COUNTS.empty_table()
    if ids is not None:
        table = table.filter(pc.is_in(table["id"], pa.array(ids, pa.int64())))
    scores, rows = {}, 0
    for name in BASELINES:
        part = table.filter(pc.equal(table["baseline"].cast(pa.string()), name))
        if rows_of := len(part):
            rows = rows_of
            scores[name] = {
                "bleu": float(bleu_from_counts(count_columns(part["bleu_counts"]).sum(axis=0, keepdims=True))[0, 0]),
                "chrf": float(chrf(count_columns(part["chrf_counts"]).sum(axis=0, keepdims=True))[0, 0]),
                "rouge_l": float(pc.mean(part["rouge_l"]).as_py()),
            }
    return summarise(rows, scores)
