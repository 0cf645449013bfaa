"""How much of each word of the open row's output comes from the source, and how little that tells of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.figures.numbers import share
from s2s.web.inspection.shaded import shares_html
from s2s.web.shell.language import t
from s2s.web.shell.turns import turn

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint


@st.cache_resource(max_entries=256, show_spinner=False)
def _shares(
    digest: str, source: tuple[str, ...], output: tuple[str, ...], _checkpoint: Checkpoint
) -> list[float | None]:
    from s2s.inspect.source_share import source_shares

    ids = _checkpoint.source.vocab.encode(source), _checkpoint.target.vocab.encode(output)
    with turn():
        return source_shares(_checkpoint.model, [ids])[0]


def source_share_line(row: dict[str, Any], checkpoint: Checkpoint) -> None:
    """Draw the output's words by their shares, which are computed unless the inspection has them."""
    from s2s.inspect.source_share import LONGEST, METHODS_AUC, PROBABILITY_AUC, RIGHT, WRONG, mean_share

    output = row["output_tokens"]
    if not output:
        return
    shares = row["source_share_words"] or _shares(
        checkpoint.digest, tuple(row["source_tokens"]), tuple(output), checkpoint
    )
    if not shares:
        st.caption(t("inspect.share_long", most=LONGEST))
        return
    mean = mean_share(shares)
    about = "" if mean is None else f" · {t('inspect.share_mean', share=share(mean))}"
    with st.container(key="inspect_share"):
        st.markdown(f"**{t('inspect.column.source_share')}**{about}")
        st.html(f'<p dir="auto" style="margin:0;overflow-wrap:anywhere">{shares_html(output, shares)}</p>')
        auc, low, high = (share(value) for value in METHODS_AUC["unknown"])
        told = {"auc": auc, "low": low, "high": high, "integrated": share(METHODS_AUC["integrated"][0])}
        counts = {"wrong": WRONG, "right": RIGHT, "probability": share(PROBABILITY_AUC)}
        st.caption(t("inspect.share_help", **told, **counts))
