"""What a page says of the parameters of its link that were refused."""

from __future__ import annotations

import streamlit as st

from s2s.errors import within
from s2s.web.shell import keys, language
from s2s.web.shell.foreign import code, quoted
from s2s.web.shell.language import t
from s2s.web.shell.link_values import Refused
from s2s.web.shell.titles import title

MOST = 3  # parameters that are explained; the others of a link are named
NAMED = 8  # names of the others, at most


def warn_of_link() -> None:
    """A warning for each of the first parameters of the link that were refused, until the visitor runs a sentence."""
    ignored = st.session_state[keys.IGNORED]
    for refused in ignored[:MOST]:
        st.warning(refusal(refused))
    if others := ignored[MOST:]:
        names = [code(refused.name) for refused in others[:NAMED]] + ["…"] * (len(others) > NAMED)
        st.warning(t("step.link_more", count=len(others), names=t("app.list").join(names)))


def refusal(refused: Refused) -> str:
    """What was refused, why, and what is used instead."""
    if refused.reason.key == "error.link_name":  # it is no parameter of ours
        return language.explain(refused.reason)
    model = refused.name in (keys.MODEL, keys.COMPARE)
    used = quoted(title(refused.used)) if model and refused.used else code(refused.used)
    instead = t("step.link_used", used=used) if refused.used else t("step.link_without")
    return t(
        "step.link_ignored",
        name=refused.name,
        value=code(refused.value),
        reason=within(language.explain(refused.reason)),
        instead=t("step.link_rest") if refused.name == keys.HIDE else instead,
    )
