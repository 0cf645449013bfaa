"""The state of the page as a link."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from s2s.web import link
from tests.test_branch import lists

VALUES = st.fixed_dictionaries(
    {
        "model": st.text(max_size=30),
        "compare": st.text(max_size=30),
        "text": st.text(max_size=200),
        "ref": st.text(max_size=200),
        "mode": st.sampled_from(link.MODES),
        "strategy": st.sampled_from(link.STRATEGIES),
        "temperature": st.floats(0.05, 3),
        "top_k": st.integers(0, 1000),
        "top_p": st.floats(0.05, 1),
        "seed": st.integers(0, 999_999),
        "beam": st.integers(1, 10),
        "length_penalty": st.floats(0, 2),
        "coverage_penalty": st.floats(0, 2),
        "max_length": st.integers(0, 200),
        "step": st.integers(1, 10_000),
        "lane": st.sampled_from(["free", "forced", "b3"]),
        "branches": st.just(()) | lists(),
    }
)


@given(VALUES)
def test_what_is_written_is_read_back(values: dict[str, object]) -> None:
    assert link.read(link.write(values)) == (values, [])


@given(st.dictionaries(st.sampled_from(sorted(link.FIELDS)), st.text(max_size=30)))
def test_any_text_gives_a_usable_state_and_names_what_was_ignored(query: dict[str, str]) -> None:
    values, ignored = link.read(query)
    assert values.keys() == link.FIELDS.keys()
    for name, _ in ignored:
        assert values[name] == link.FIELDS[name].default
    again, none = link.read(link.write(values))
    assert (again, none) == (values, [])


def test_every_setting_of_a_link_is_one_that_decoding_accepts() -> None:
    from s2s.strategy import Settings

    values, _ = link.read({})
    assert Settings(**{k: values[k] for k in link.SETTINGS}) == Settings()
