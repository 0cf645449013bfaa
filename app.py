"""The router: page configuration, navigation, language; nothing else."""

import streamlit as st

from s2s.web.shell import address, builtin, faults, language, models, outside, style, titles

st.set_page_config(page_title="Lookback · 回望", page_icon="👀", layout="wide", initial_sidebar_state="collapsed")
style.compact()
faults.listen()
outside.ask_nobody()
faults.show_pending_fault()
titles.forget_titles()
# Before any widget: otherwise the first run of a server would give widgets other identities than all later runs.
room = "room" in st.query_params
pages = {
    language.t("page.group_teach"): [
        st.Page("pages/step_through.py", title=language.t("page.step"), default=True),
        st.Page("pages/lesson.py", title=language.t("page.lesson")),
        st.Page("pages/classroom.py", title=language.t("page.classroom")),
    ],
    language.t("page.group_study"): [
        st.Page("pages/compare.py", title=language.t("page.compare")),
        st.Page("pages/exposure.py", title=language.t("page.exposure")),
        st.Page("pages/evidence.py", title=language.t("page.evidence")),
        st.Page("pages/inspection.py", title=language.t("page.inspect")),
        st.Page("pages/checkpoints.py", title=language.t("page.checkpoints")),
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
page.run()
faults.forget_pending_fault()
