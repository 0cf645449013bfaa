"""Label filters as the text of a link."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.store.label import MAX_NAME, VERDICTS, LabelFilter, clean_text

ASKED = st.builds(
    LabelFilter,
    person=st.text(max_size=MAX_NAME).map(lambda name: clean_text(name, MAX_NAME)),
    verdict=st.sampled_from(["", "any", "none", *VERDICTS]),
    category=st.none() | st.integers(1, 2**31 - 1),
)


@given(ASKED)
def test_a_filter_comes_back_from_its_text(asked: LabelFilter) -> None:
    assert LabelFilter.unpack(asked.pack()) == asked and bool(asked) == bool(asked.pack())


NONSENSE = ["[]", "[1]", "{", "7", "[" * 10_000, '{"verdict":"x"}', '{"verdict":[]}', '{"category":-1}']
NONSENSE += ['{"category":true}', '{"category":1.5}', '{"person":7}', '{"person":" a"}', '{"x":1}']


@pytest.mark.parametrize("text", NONSENSE)
def test_an_invalid_filter_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        LabelFilter.unpack(text)


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_raises_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(LabelFilter.unpack(text), LabelFilter)
