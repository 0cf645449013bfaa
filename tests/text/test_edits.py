from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.text import edits

SOURCE = ("我", "喜欢", "苹果")


def test_each_edit_gives_new_tokens() -> None:
    assert edits.delete(SOURCE, 1) == ("我", "苹果")
    assert edits.mask(SOURCE, 2) == ("我", "喜欢", "<unk>")
    assert edits.replace(SOURCE, 0, "你", "们") == ("你", "们", "喜欢", "苹果")
    assert edits.split(SOURCE, 1, ["喜", "欢"]) == ("我", "喜", "欢", "苹果")
    assert edits.join(SOURCE, 0) == ("我喜欢", "苹果")
    assert SOURCE == ("我", "喜欢", "苹果")


@given(st.lists(st.text("我你他", min_size=2, max_size=4), min_size=1, max_size=5), st.data())
def test_split_and_join_undo_each_other(tokens: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(tokens) - 1))
    cut = data.draw(st.integers(1, len(tokens[place]) - 1))
    apart = edits.split(tokens, place, [tokens[place][:cut], tokens[place][cut:]])
    assert len(apart) == len(tokens) + 1
    assert edits.join(apart, place) == tuple(tokens)


@pytest.mark.parametrize("place", [-1, 3])
def test_a_place_outside_is_an_error(place: int) -> None:
    for edit in (edits.delete, edits.mask, edits.join):
        with pytest.raises(IndexError):
            edit(SOURCE, place)


def test_pieces_must_spell_the_token() -> None:
    for pieces in (["喜"], ["喜", "爱"], ["喜欢", ""]):
        with pytest.raises(ValueError, match="does not spell"):
            edits.split(SOURCE, 1, pieces)


def test_the_last_token_and_a_mask_have_nothing_to_join() -> None:
    assert [edits.can_join(SOURCE, place) for place in range(3)] == [True, True, False]
    assert not edits.can_join(("我", "<unk>"), 0)
