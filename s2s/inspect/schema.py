"""The columns of an inspected test set, names and types; docs/INSPECT.md defines each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from s2s.errors import UserError
from s2s.inspect.causes import OUTCOMES
from s2s.inspect.causes import TAGS as TAGGED

SCHEMA = "lookback-inspection/2"
TEXTS, PLACES, MARKS = pa.list_(pa.string()), pa.list_(pa.int32()), pa.list_(pa.bool_())

EXAMPLE = {
    "id": pa.int64(),
    "source": pa.string(),
    "reference": pa.string(),
    "source_tokens": TEXTS,
    "reference_tokens": TEXTS,
    "source_unknown": PLACES,
    "reference_unknown": PLACES,
    "reference_ratio": pa.float32(),
    "reference_script": pa.float32(),
    "rarest_rank": pa.int32(),
    "extra": pa.map_(pa.string(), pa.string()),
}
FORCED = {
    "nll": pa.float32(),
    "perplexity": pa.float32(),
    "reference_log_prob": pa.float32(),
    "accuracy_forced": pa.float32(),
    "forced_hits": MARKS,
    "divergence": pa.int32(),
}
FREE = {
    "output": pa.string(),
    "output_tokens": TEXTS,
    "differs": pa.bool_(),
    "cut_off": pa.bool_(),
    "bleu": pa.float32(),
    "chrf": pa.float32(),
    "rouge_l": pa.float32(),
    "bleu_counts": PLACES,
    "chrf_counts": PLACES,
    "accuracy_free": pa.float32(),
    "free_hits": MARKS,
    "output_log_prob": pa.float32(),
    "mean_probability": pa.float32(),
    "lowest_probability": pa.float32(),
    "output_unknown": PLACES,
    "length_ratio": pa.float32(),
    "repetition": pa.float32(),
    "reference_repetition": pa.float32(),
    "coverage": pa.list_(pa.float32()),
    "never_looked": PLACES,
    "looked_often": PLACES,
    "attention_entropy": pa.float32(),
    "attention_last": pa.float32(),
    "source_share": pa.float32(),
    "source_share_words": pa.list_(pa.float32()),
    "missing_numbers": TEXTS,
    "missing_names": TEXTS,
}
JUDGED = {
    "verdict": pa.string(),
    "error": pa.bool_(),
    "error_probability": pa.float32(),
    "cause": pa.string(),
    "wrong_output": PLACES,
    "lost_source": PLACES,
    "wrong_probability": pa.list_(pa.float32()),
    "suspicion": pa.list_(pa.float32()),
}
EVIDENCE = {
    "wanted": pa.string(),
    "wanted_at": pa.int32(),
    "wanted_unknown": pa.bool_(),
    "wanted_probability": pa.float32(),
    "said": pa.string(),
    "said_at": pa.int32(),
    "attended": pa.int32(),
    "attended_weight": pa.float32(),
    "mended_by": PLACES,
    "moved_to": pa.int32(),
    "moved_probability": pa.float32(),
    "resegmented": TEXTS,
    "resegmented_gain": pa.float32(),
    "resegmented_mends": pa.bool_(),
    "beam_output": pa.string(),
    "beam_log_prob": pa.float32(),
    "beam_chrf": pa.float32(),
    "reference_gain": pa.float32(),
    "random_gain": pa.float32(),
    **dict.fromkeys(OUTCOMES, pa.bool_()),
}
TAGS = dict.fromkeys(TAGGED.values(), pa.bool_())
PART = pa.schema(list({**EXAMPLE, **FORCED, **FREE, **JUDGED, **EVIDENCE}.items()))
TABLE = pa.schema([*PART, *TAGS.items()], metadata={"schema": SCHEMA})


def refuse_other_schema(directory: Path, manifest: Any) -> None:
    """Raise UserError for a manifest that is not of this version's inspections: it says so of another version's."""
    found = manifest.get("schema") if isinstance(manifest, dict) else None
    if found == SCHEMA:
        return
    known = isinstance(found, str) and found.startswith(SCHEMA.partition("/")[0])
    raise UserError("inspect_version" if known else "inspect_directory", directory=str(directory))
