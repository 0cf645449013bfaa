"""Which layer and head of a model of many heads is shown."""

from __future__ import annotations

import streamlit as st

from s2s.errors import UserError
from s2s.web.shell import controls, keys, models
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.language import t
from s2s.web.shell.link_values import refuse


def choose_head(edited: bool = True) -> None:
    """Choose the layer and the head to show, if the model has several; ``edited``: the page can edit attention."""
    name = st.session_state[keys.MODEL]
    layers, heads = controls.sizes(name)
    if not layers:
        return
    config = models.about(name, models.changed(name))["config"]
    st.caption(t("heads.kind", kind=plain(str(config["model"].get("kind", ""))), layers=layers, heads=heads))
    if config.get("source_language") and config.get("target_language"):
        languages = {side: code(str(config[f"{side}_language"])) for side in ("source", "target")}
        st.caption(t("heads.languages", **languages))
    select_number("layer", layers)
    select_number("head", heads)
    if not edited:
        st.caption(t("heads.only_shown"))
    elif not (st.session_state[keys.LAYER] and st.session_state[keys.HEAD]):
        st.caption(t("heads.edits_mean"))


def select_number(part: str, count: int, prefix: str = "") -> None:
    """A choice of one of ``count`` layers or heads, or 0, their mean; ``prefix + part`` is its key in the session."""
    name = f"{prefix}{part}"
    if not 0 <= st.session_state[name] <= count:
        if not prefix:  # only a link can name one that there is not
            reason = UserError("link_whole", low=0, high=count)
            st.session_state[keys.IGNORED].append(refuse(part, str(st.session_state[name]), reason, "0"))
        st.session_state[name] = 0
    each = [t(f"heads.number_{part}", number=n) for n in range(1, count + 1)]
    controls.select(name, t(f"heads.{part}"), [t(f"heads.all_{part}s", count=count), *each])
