"""The page *Models*: a table of all checkpoints, one or two cards beside each other, and uploads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s import disk, settings
from s2s.checkpoint.archive import FILES
from s2s.errors import UserError
from s2s.figures.numbers import storage
from s2s.server import folders, uploads
from s2s.server.registry import IN_USE
from s2s.web.checkpoints import saved
from s2s.web.shell import architecture, card, controls, csv_table, keys, language, models, turns
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.language import t
from s2s.web.shell.titles import pair_titles, title, titles
from s2s.web.shell.upload import explain_refusal, file_field, forget

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

CARDS = "cards"  # names whose cards are shown
LAST_FILE = "refused"  # file_id of the upload that was read last
UPLOAD_MISTAKE = "upload_mistake"  # UserError of that upload, or None
ASKED = {  # errors that further options can answer
    *("keras_carries", "keras_query", "keras_ambiguous", "keras_marks", "keras_map", "keras_map_option"),
    *("keras_output_reads", "keras_which_state", "keras_current", "keras_reads_unused"),
    *("archive_words", "import_typed", "segmenter_unknown"),
}
UPLOADS_MADE = "uploads_made"  # accepted uploads so far: each gets a fresh widget

NETWORK_WIDTH, DIRECTORY_WIDTH = 290, 130  # pixels of a description, which wraps, and of a name
SCORES = ("bleu", "chrf", "rouge_l", "perplexity", "token_accuracy")


def checkpoints_page(names: list[str]) -> None:
    """Draw the table, the uploads, the saved runs and the chosen cards."""
    csv_table.show_table(_table_columns(names), "checkpoints", "cards_table", _column_formats(), t("cards.name"))
    _upload_section()
    saved.saved_runs_section()
    chosen = _chosen_cards(names)
    if len(chosen) == 2:
        _differences(*chosen)
    if not chosen:  # the only chip was taken away
        return
    for name, column in zip(chosen, st.columns(len(chosen), gap="large"), strict=True):
        with column:
            _card_with_button(name)


def _chosen_cards(names: list[str]) -> list[str]:
    """Draw the choice of the cards; at first that of the default model."""
    state, key = st.session_state, f"{CARDS}-{language.current()}"  # Streamlit identifies options by their labels
    state[key] = state[CARDS] = [name for name in state.get(CARDS, names[:1]) if name in names]
    chosen: list[str] = st.multiselect(
        t("cards.choose"),
        names,
        format_func=titles(names).__getitem__,
        max_selections=2,
        key=key,
        on_change=lambda: state.update({CARDS: state[key]}),
    )
    return chosen


def _table_columns(names: list[str]) -> dict[str, list[Any]]:
    """The columns of the table, with one row for each checkpoint."""
    facts = [models.about(name, models.changed(name)) for name in names]
    tests = [_scores(entry) for entry in facts]
    sizes = [round(sum(map(disk.size, models.checkpoint_directory(name).rglob("*"))) / 1e3) for name in names]
    return {
        t("cards.name"): list(titles(names).values()),
        **{t(f"cards.{score}"): [test.get(score) for test in tests] for score in SCORES},
        t("cards.parameters"): [_parameters(entry) for entry in facts],
        t("cards.size"): sizes,
        t("cards.film"): ["✓" if models.filmed(name) else "–" for name in names],
        t("cards.kind"): [architecture.described(entry) for entry in facts],
        t("cards.directory"): names,
    }


def _column_formats() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    formats = {score: "%.1f" for score in SCORES} | {
        "token_accuracy": "%.3f",
        "size": "localized",
        "parameters": "localized",
    }
    help_ = {"bleu": t("cards.bleu_help")}
    columns = {t(f"cards.{name}"): number(format=shape, help=help_.get(name)) for name, shape in formats.items()}
    widths = {"kind": NETWORK_WIDTH, "directory": DIRECTORY_WIDTH}
    return columns | {t(f"cards.{name}"): st.column_config.TextColumn(width=width) for name, width in widths.items()}


def _parameters(entry: Mapping[str, Any]) -> Any:
    metrics = entry["metrics"]
    return (metrics.get("training") or metrics.get("imported") or {}).get("parameters")


def _scores(entry: Mapping[str, Any]) -> dict[str, float]:
    """The scores on the test split, or on dev if there are none."""
    scores = entry["metrics"].get("test") or entry["metrics"].get("dev") or {}
    return {key: scores[key] for key in SCORES if key in scores}


def _differences(first: str, second: str) -> None:
    """Draw a table of the scores and settings in which two checkpoints differ."""
    pair = [models.about(name, models.changed(name)) for name in (first, second)]
    flat = [
        _flatten(entry["config"]) | {t(f"cards.{k}"): f"{v:.4g}" for k, v in _scores(entry).items()} for entry in pair
    ]
    settings = [key for key in dict.fromkeys([*flat[0], *flat[1]]) if flat[0].get(key) != flat[1].get(key)]
    heads = pair_titles(first, second)
    columns = {n: [values.get(key, "–") for key in settings] for n, values in zip(heads, flat, strict=True)}
    st.markdown(f"#### {t('cards.differences')}")
    csv_table.show_table({t("cards.setting"): settings} | columns, f"{first}-{second}", "cards_differences")


def _flatten(config: Mapping[str, Any]) -> dict[str, str]:
    """A config as ``{"model.cell": "gru", …}``, with all values as text."""
    parts = {part: value for part, value in config.items() if isinstance(value, dict)}
    return {f"{part}.{key}": str(value)[:80] for part, values in parts.items() for key, value in values.items()}


def _card_with_button(name: str) -> None:
    """Draw a checkpoint's card, and the button that opens it in *Step through*."""
    if st.button(t("cards.open"), key=f"open-{name}", icon=":material/play_arrow:"):
        st.session_state.update({keys.MODEL: name, **controls.first_example(name)})
        # Else the language would be the browser's: a switch forgets the widgets of the page that it leaves.
        st.switch_page("pages/step_through.py", query_params={"lang": language.current()})
    with st.container(border=True):
        st.markdown(f"**{plain(title(name))}** :small[{code(name)}]")
        card.show_card(name)


def _upload_section() -> None:
    """Draw the forms that add a checkpoint to this session, and a button for each that removes it."""
    mine = models.own_uploads()
    with st.expander(t("cards.bring"), expanded=bool(mine)):
        most, off = settings.current().uploads_per_session, settings.is_off("uploads")
        st.caption(t("error.switched_off") if off else t("cards.bring_help", files=", ".join(FILES), most=most))
        full = off or len(mine) >= most
        left, right = st.columns(2)
        generation = st.session_state.get(UPLOADS_MADE, 0)  # a fresh widget once its file has been taken
        with left:
            file = file_field(
                t("cards.zip"), f"zip-{generation}", "checkpoint_mb", ["zip"], disabled=full, on_change=_drop_mistake
            )
            typed = st.text_input(
                t("cards.options"),
                key="import_options",
                max_chars=300,
                help=t("cards.options_help"),
                disabled=full,
            )
        if file is not None and st.session_state.get(LAST_FILE) != (asked := (file.file_id, typed)):
            st.session_state[LAST_FILE] = asked  # not read anew at every run
            _add_file(file, typed)
        with right.form("folder", border=False):
            typed = st.text_input(
                t("cards.folder"),
                key="folder_path",
                max_chars=folders.MAX_PATH,
                placeholder="models/mine",
                disabled=full,
            )
            if st.form_submit_button(t("cards.load"), disabled=full):
                _add_upload(lambda: uploads.add_folder(typed, turns.visitor().client))
        right.caption(t("cards.folder_help", folder=code(folders.DATA.name)))
        if mistake := st.session_state.get(UPLOAD_MISTAKE):
            explain_refusal(f"zip-{generation}", mistake)
        for upload in mine:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{code(upload.name)} · {storage(upload.size)} · {t('cards.ends')}")
                with st.popover(t("cards.remove"), key=f"removal-{upload.name}"):
                    sure = f"remove-{upload.name}"
                    st.button(t("cards.remove_sure"), key=sure, on_click=_remove_upload, args=(upload,))
        if mine:
            st.caption(t("cards.ends_help", minutes=IN_USE / 60))


def _drop_mistake() -> None:
    st.session_state[UPLOAD_MISTAKE] = None


def _add_file(file: UploadedFile, typed: str) -> None:
    """Add a zip to the session. Its field keeps the file while options could answer what is open."""

    def make() -> uploads.Upload:
        upload = uploads.add_archive(file.name, file.getvalue(), turns.visitor().client, typed)
        forget(file)
        return upload

    _add_upload(make)
    mistake = st.session_state[UPLOAD_MISTAKE]
    if mistake.key.removeprefix("error.") not in ASKED:
        forget(file)


def _add_upload(make: Callable[[], uploads.Upload]) -> None:
    """Add an upload to the session and show its card; a UserError is stored and shown."""
    state = st.session_state
    _drop_mistake()
    most = settings.current().uploads_per_session
    try:
        if len(models.own_uploads()) >= most > 0:  # the fields are disabled, which only binds browsers
            raise UserError("uploads_own_full", most=most)
        with st.spinner(t("cards.reading")):
            upload = make()
    except UserError as error:
        state[UPLOAD_MISTAKE] = error.bare()
        return
    state[keys.UPLOADS] = [*models.own_uploads(), upload]
    state[UPLOADS_MADE] = state.get(UPLOADS_MADE, 0) + 1
    state[CARDS] = [upload.name]
    st.rerun()


def _remove_upload(upload: uploads.Upload) -> None:
    """Remove an upload from the session and from the disk."""
    state = st.session_state
    uploads.remove_upload(upload)
    state[keys.UPLOADS] = [other for other in models.own_uploads() if other is not upload]
    names = models.names()
    state[CARDS] = [name for name in state.get(CARDS, []) if name in names]
    if state.get(keys.MODEL) not in names:
        state[keys.MODEL] = names[0]
        state.update(controls.first_example(names[0]))
    if state.get(keys.COMPARE) not in names:
        state[keys.COMPARE] = ""
