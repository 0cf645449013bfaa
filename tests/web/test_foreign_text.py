"""Every text that Streamlit renders as Markdown is ours, or was escaped: a walk of the code finds what is not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.web.markdown_walk import foreign

# Expressions that the walk cannot follow, by why no text of others is in them.
LISTED = {
    "a number": """
        checkpoints/page.py: settings.current().uploads_per_session
        checkpoints/page.py: storage(upload.size)
        classroom/teacher.py: counts.voters
        classroom/teacher.py: seats.seats
        classroom/teacher.py: seats.taken
        compare/editor.py: f'log P {log_prob:.1f}'.replace('-', '−')
        compare/page.py: candidate.rank
        compare/page.py: compared.largest
        compare/page.py: compared.parting
        compare/page.py: p_a
        compare/page.py: p_b
        evidence/heatmaps.py: found.sentences
        evidence/heatmaps.py: high
        evidence/heatmaps.py: low
        evidence/heatmaps.py: value
        exposure/sentence.py: at
        exposure/source_share.py: auc
        exposure/source_share.py: high
        exposure/source_share.py: low
        exposure/sentence.py: gold.rank
        inspection/example.py: agree
        inspection/example.py: id
        inspection/example.py: right
        inspection/example.py: st.session_state
        inspection/findings.py: search.candidates
        inspection/findings.py: search.least
        inspection/findings.py: search.rows
        inspection/holdings.py: inspection_quota.days_left(name)
        inspection/holdings.py: storage(inspection_quota.size(name))
        inspection/holdings.py: storage(inspection_quota.states_size(directory))
        inspection/labels.py: labels.count_marks(number)
        inspection/progress.py: minutes
        inspection/progress.py: rest
        inspection/source_share.py: auc
        inspection/source_share.py: high
        inspection/source_share.py: low
        inspection/states.py: points.total
        inspection/summary.py: comparison(_first, _second, score, rows_N=_rows_N)
        inspection/summary.py: map(chance, p_values)
        inspection/summary.py: one
        inspection/summary.py: sides
        inspection/summary.py: slice_scores(_examples, _rows_N)
        lesson/cross_entropy.py: at
        lesson/cross_entropy.py: ce.smoothed(0, loss.words, epsilon)
        lesson/cross_entropy.py: i
        lesson/cross_entropy.py: loss.words
        lesson/encoder_decoder.py: s.epochs
        lesson/exposure.py: forced.divergence
        lesson/homework.py: scores.hidden
        lesson/homework.py: step.log_prob
        lesson/homework.py: step.normaliser
        lesson/layers.py: st.slider(t('layers.step'), 1, max(steps, 2), key=LAYERS_STEP, persist_state='session')
        lesson/prior.py: run.ones
        lesson/training.py: job.queue_position
        lesson/training.py: training.done
        lesson/training.py: training.steps
        shell/heads.py: heads
        shell/heads.py: layers
        shell/layout.py: number
        step_through/beam.py: next((i for i, (n, step) in pairs if tree.nodes[n].token != step.output), last)
    """,
    "a text of ours, or a name in our code": """
        classroom/teacher.py: name
        compare/editor.py: label
        compare/page.py: names.__getitem__
        doctor/heatmaps.py: words.shown(finite.max())
        doctor/heatmaps.py: words.shown(finite.min())
        doctor/result.py: number
        evidence/heatmaps.py: found.date
        evidence/heatmaps.py: label(name)
        evidence/page.py: names
        exposure/source_share.py: line
        inspection/labelled.py: form.upper()
        inspection/labelled.py: title
        inspection/labels.py: {verdict: t(f'labels.verdict.{verdict}') for verdict in VERDICTS}.__getitem__
        lesson/cross_entropy.py: text
        lesson/homework.py: label
        lesson/layers.py: piece.name
        lesson/remedies.py: marked
        lesson/training.py: label
        shell/controls.py: card.bleu_name(metrics, t)
        shell/controls.py: label
        shell/controls.py: labels.__getitem__
        shell/refused.py: refused.name
        shell/language.py: NAMES.__getitem__
        shell/layout.py: values
        shell/share.py: labels.__getitem__
        shell/titles.py: label
        shell/upload.py: label
        step_through/beam.py: text
        step_through/heads.py: names.__getitem__
        step_through/page.py: name
    """,
    "escaped where it is made": """
        classroom/teacher_room.py: st.session_state.pop(CLASS_PROBLEM, None)
        compare/editor.py: name
        doctor/result.py: values
        evidence/page.py: name
        evidence/page.py: values
        exposure/reports.py: columns
        inspection/summary.py: Form(Path(name), **read_as).remark(language.current(), code(name))
        lesson/attention.py: problem
        lesson/training.py: st.session_state.pop(TRAINING_PROBLEM, None)
        shell/upload.py: form.remark(language.current(), code(name))
        shell/refused.py: within(language.explain(refused.reason))
        step_through/page.py: beam.take_opened_hypothesis(state)
    """,
    "a room's code, made by the server of letters and digits": "classroom/join.py: code",
}
KNOWN = {line.strip() for text in LISTED.values() for line in text.splitlines() if line.strip()}


def sources() -> list[Path]:
    """The modules that draw pages."""
    return [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "s2s/web").rglob("*.py"))]


@pytest.mark.parametrize(
    "code",
    [
        'def draw(name):\n    st.caption(f"{name}")',
        'def draw(file):\n    st.markdown(t("inspect.unfinished", name=file.name))',
        'def draw(names):\n    st.pills(t("labels.categories"), list(names), format_func=lambda n: names.get(n, ""))',
        "def draw(entry):\n    name = title(entry)\n    left.button(t('a'), help=name)",
        "def draw(sides):\n    st.tabs([side.name for side in sides])",
        "def draw(error):\n    st.error(str(error))",
    ],
)
def test_text_of_others_is_found(code: str) -> None:
    assert foreign(ast.parse(code))


def test_what_is_escaped_or_a_number_is_not_found() -> None:
    code = """def draw(name, share):
    shown = plain(name)
    st.caption(f"{shown} {share:.0f}")
    st.markdown(t("inspect.unfinished", name=code(name)))
    st.tabs([plain(one) for one in name])
"""
    assert not foreign(ast.parse(code))


def test_no_page_renders_text_of_others_as_markdown() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix().removeprefix('s2s/web/')}: {part}"
        for path in sources()
        for part in foreign(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == KNOWN, "escape new ones with s2s/web/shell/foreign.py; drop from LISTED what is gone"
