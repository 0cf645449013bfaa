"""How much of each word of a sentence comes from the source, and how much from the words before, in both lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from s2s.figures import exposure
from s2s.figures.numbers import share
from s2s.trace.trace import Trace
from s2s.web.shell import language, models
from s2s.web.shell.foreign import plain
from s2s.web.shell.language import t
from s2s.web.shell.turns import turn

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.explain import Origins

LONGEST = 900  # source tokens × steps of a lane that are examined
METHOD = "integrated"


@st.cache_resource(max_entries=256, show_spinner=False)
def lane_origins(
    name: str, changed: int, text: str, reference: str, mode: str, _checkpoint: Checkpoint, _trace: Trace
) -> list[Origins]:
    """What all words of a lane owe to source and prefix; the first five arguments say which lane it is."""
    from s2s.explain import of_trace, origins

    with turn():
        return origins(_checkpoint.model, of_trace(_checkpoint, _trace), range(len(_trace.steps)))


def source_share_section(checkpoint: Checkpoint, lanes: Mapping[str, Trace], title: str = "") -> None:
    """An expander with the curve of a checkpoint's lanes; it is worked out when it is opened."""
    name = checkpoint.name
    heading = t("exposure.source_share_of", model=plain(title)) if title else t("exposure.source_share")
    with st.expander(heading, key=f"source_share-{name}", on_change="rerun") as section:
        if not section.open:
            return
        if any(len(trace.source_tokens) * len(trace.steps) > LONGEST for trace in lanes.values()):
            st.info(t("exposure.source_share_long", most=LONGEST))
            return
        changed, reference = models.changed(name), str(lanes["forced"].reference)
        with st.spinner(t("exposure.source_share_working"), show_time=False):
            found = {
                mode: lane_origins(name, changed, trace.source_text, reference, mode, checkpoint, trace)
                for mode, trace in lanes.items()
            }
        shares = {mode: [step.shares[METHOD] for step in steps] for mode, steps in found.items()}
        tokens = checkpoint.target.vocab.tokens
        words = {mode: [tokens[step.word] for step in steps] for mode, steps in found.items()}
        at = lanes["forced"].divergence
        figure = exposure.source_share(shares, words, at, language.strings("curve"))
        st.plotly_chart(figure, key=f"source-share-{name}", config={"displayModeBar": False})
        st.markdown("\n".join(f"- {line}" for line in means(shares, at)))
        gap = max(abs(step.gap) for steps in found.values() for step in steps)
        st.markdown(t("exposure.source_share_help", gap=f"{gap:.4f}"))
        _reliability()


def means(shares: Mapping[str, Sequence[float | None]], at: int | None) -> list[str]:
    """What the curves say, in words: the mean of each lane without its first step, and both lanes' after ◆."""
    from s2s.inspect.source_share import mean_share

    lines = []
    for mode in shares:
        whole = mean_share(shares[mode])
        if whole is not None:
            values = {"lane": t(f"curve.{mode}"), "share": share(whole), "steps": len(shares[mode]) - 1}
            lines.append(t("exposure.source_share_mean", **values))
    after = {mode: mean_share(values[at:]) for mode, values in shares.items()} if at is not None else {}
    forced, free = after.get("forced"), after.get("free")
    if forced is not None and free is not None:
        key = "less" if free < forced else "more"
        lines.append(t(f"exposure.source_share_{key}", free=share(free), forced=share(forced)))
    return lines


def _reliability() -> None:
    """Draw how little a low share tells of a word's being wrong."""
    from s2s.inspect.source_share import METHODS_AUC, RIGHT, WRONG

    auc, low, high = (share(value) for value in METHODS_AUC[METHOD])
    st.caption(t("exposure.source_share_reliability", auc=auc, low=low, high=high, wrong=WRONG, right=RIGHT))
