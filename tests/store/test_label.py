"""What is asked of labels, as a link's text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.store.label import NAME, VERDICTS, Asked, cleaned

ASKED = st.builds(
    Asked,
    person=st.text(max_size=NAME).map(lambda name: cleaned(name, NAME)),
    verdict=st.sampled_from(["", "any", "none", *VERDICTS]),
    category=st.none() | st.integers(1, 2**31 - 1),
)


@given(ASKED)
def test_it_comes_back_from_its_text(asked: Asked) -> None:
    assert Asked.unpack(asked.pack()) == asked and bool(asked) == bool(asked.pack())


NONSENSE = ["[]", "[1]", "{", "7", "[" * 10_000, '{"verdict":"x"}', '{"verdict":[]}', '{"category":-1}']
NONSENSE += ['{"category":true}', '{"category":1.5}', '{"person":7}', '{"person":" a"}', '{"x":1}']


@pytest.mark.parametrize("text", NONSENSE)
def test_what_makes_no_sense_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Asked.unpack(text)


@given(st.text(max_size=60))
def test_any_text_is_something_asked_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(Asked.unpack(text), Asked)
