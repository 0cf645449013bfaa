"""The router: page configuration, navigation, language; nothing else."""

import streamlit as st

from s2s.web.shell import address, announce, builtin, faults, language, models, outside, style, titles

# Other names of the pages' addresses, as older links have them and as people guess them; no menu shows them.
OTHER_NAMES = {
    "page.step": ("home", "player", "stage", "step", "step-through", "step_through"),
    "page.lesson": ("lecture", "lessons"),
    "page.classroom": ("ask-a-class", "class"),
    "page.compare": ("comparison",),
    "page.exposure": ("exposure-bias", "exposure_bias"),
    "page.evidence": ("attention",),
    "page.doctor": ("diagnosis", "attention-doctor", "attention_doctor"),
    "page.inspect": ("error", "errors", "inspect", "inspections"),
    "page.checkpoints": ("checkpoint", "model", "models"),
}

NAME = "Lookback · 回望"

st.set_page_config(page_title=NAME, page_icon="👀", layout="wide", initial_sidebar_state="collapsed")
style.compact()
faults.listen()
outside.ask_nobody()
faults.show_pending_fault()
titles.forget_titles()
# Before any widget: otherwise the first run of a server would give widgets other identities than all later runs.
room = "room" in st.query_params
asked = address.asked_name()


def named(key: str, file: str, default: bool = False) -> list[st.Page]:
    """A page by its own name, and by the others; also by one of them as this visit spells it."""
    path, title, own = f"pages/{file}.py", language.t(key), "" if default else file
    others = {*OTHER_NAMES[key], own}
    others = others | {asked} if address.same_name(asked, others) else others
    hidden = [st.Page(path, title=title, url_path=name, visibility="hidden") for name in sorted(others - {own})]
    return [st.Page(path, title=title, url_path=own, default=default), *hidden]


pages = {
    language.t("page.group_teach"): [
        *named("page.step", "step_through", default=True),
        *named("page.lesson", "lesson"),
        *named("page.classroom", "classroom"),
    ],
    language.t("page.group_study"): [
        *named("page.compare", "compare"),
        *named("page.exposure", "exposure"),
        *named("page.evidence", "evidence"),
        *named("page.doctor", "doctor"),
        *named("page.inspect", "inspection"),
        *named("page.checkpoints", "checkpoints"),
    ],
}
if room:  # a visitor with a link to a room sees only its question, whichever page the link names
    title = language.t("page.room")
    paths = [page.url_path for group in pages.values() for page in group]
    pages = {"": [st.Page("pages/room.py", title=title, url_path=path, default=not path) for path in paths]}
alone = room or st.context.is_embedded  # without a header: Streamlit's own would stay for its links
page = st.navigation(pages, position="hidden" if alone else "top")
if not room:
    address.keep_fields(page.url_path)
    address.back(models.names())
if not alone:
    style.logo()
    language.switch()
builtin.translate_streamlit(page.url_path)
announce.region()
st.set_page_config(page_title=f"{page.title} · {NAME}")  # tabs and history tell pages apart
page.run()
faults.forget_pending_fault()
