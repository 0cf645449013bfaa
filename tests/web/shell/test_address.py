"""The page's state as a link."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.web.shell import address, page_state
from s2s.web.shell.page_state import PageState
from tests.trace.test_branch import lists

TOKENS = st.lists(st.sampled_from(["我", "喜欢", "<unk>", "a:b", "␣", "%20", "é", "喜,欢"]), max_size=5).map(" ".join)
DECODING = {
    "strategy": st.sampled_from(page_state.STRATEGIES),
    "temperature": st.floats(0.05, 3),
    "top_k": st.integers(0, 1000),
    "top_p": st.floats(0.05, 1),
    "seed": st.integers(0, 999_999),
    "beam": st.integers(1, 10),
    "length_penalty": st.floats(0, 2),
    "coverage_penalty": st.floats(0, 2),
    "max_length": st.integers(0, 200),
}
VALUES = st.fixed_dictionaries(
    {
        "model": st.text(max_size=30),
        "compare": st.text(max_size=30),
        "hide": st.sampled_from(["", "form", "menu,heatmap,keys"]),
        "note": st.sampled_from(["", "Look at ◆.\nThen guess."]),
        "text": st.text(max_size=200),
        "ref": st.text(max_size=200),
        "mode": st.sampled_from(page_state.MODES),
        **DECODING,
        **{f"b_{name}": values for name, values in DECODING.items()},
        "tokens": TOKENS,
        "b_text": st.text(max_size=200),
        "b_tokens": TOKENS,
        "differs": st.lists(st.booleans(), min_size=3, max_size=3).map(
            lambda chosen: ",".join(name for name, yes in zip(page_state.DIFFERS, chosen, strict=True) if yes)
        ),
        "compared": st.sampled_from(["free", "forced"]),
        "layer": st.integers(0, 999),
        "head": st.integers(0, 999),
        "pieces": st.booleans(),
        "tab": st.sampled_from(page_state.TABS),
        "step": st.integers(1, 10_000),
        "lane": st.sampled_from(["free", "forced", "b3"]),
        "branches": st.just(()) | lists(),
        "predict": st.booleans(),
        "chapter": st.sampled_from(["", "attention"]),
        "exercise": st.sampled_from(page_state.EXERCISES),
        "projector": st.booleans(),
        "inspection": st.sampled_from(["", "zh-en-luong", "u-x_Y.1"]),
        "against": st.sampled_from(["", "zh-en-bahdanau", "zh-en-guided"]),
        "won_by": st.sampled_from(["chrf", "bleu", "rouge_l", "nll"]),
        "query": st.sampled_from(["", '{"sort":"nll"}', '{"ranges":{"chrf":[null,20.0]},"searches":[{"text":"茶"}]}']),
        "labelled": st.sampled_from(["", '{"verdict":"wrong"}', '{"person":"安","category":3}']),
        "row": st.integers(0, 10**12),
        "marked": st.sampled_from(["reference", "outputs", "off"]),
    }
)


@given(VALUES)
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    state = PageState(**values)
    assert page_state.read_link(page_state.write_link(state)) == (state, [])


@given(st.dictionaries(st.sampled_from(sorted(page_state.FIELDS)), st.text(max_size=30)))
def test_any_text_gives_a_usable_state_and_names_what_was_ignored(query: dict[str, str]) -> None:
    state, ignored = page_state.read_link(query)
    for name, *_ in ignored:
        assert getattr(state, name) == getattr(PageState(), name)
    again, none = page_state.read_link(page_state.write_link(state))
    assert (again, none) == (state, [])


def test_every_setting_of_a_link_is_one_that_decoding_accepts() -> None:
    from s2s.decode.strategy import Settings

    state, _ = page_state.read_link({})
    assert Settings(**dict(state.settings)) == Settings()


@pytest.mark.parametrize("tokens", [" 我", "我 ", "我  你", "我\u200b", "我\n你", "我\t你", " ", "我" * 4001])
def test_tokens_that_no_model_can_be_given_are_ignored(tokens: str) -> None:
    state, ignored = page_state.read_link({"tokens": tokens, "b_tokens": tokens})
    assert (state.tokens, state.b_tokens) == ("", "")
    assert [refused.name for refused in ignored] == ["tokens", "b_tokens"]


@pytest.mark.parametrize("differs", ["decoding,source", "source,source", "everything", ",", "source,"])
def test_what_may_differ_is_named_once_and_in_order(differs: str) -> None:
    state, ignored = page_state.read_link({"differs": differs})
    assert (state.differs, [refused[:2] for refused in ignored]) == ("source", [("differs", differs)])


@pytest.mark.parametrize("name", ["opus@6.1", "opus@0.12"])
def test_a_name_with_a_layer_and_a_head_is_three_fields(name: str) -> None:
    found = address._viewed(PageState(model=name, compare="other@1.2"))
    assert f"{found.model}@{found.layer}.{found.head}" == name and found.compare == "other"
    other = PageState(model="opus@x", compare="a@1.2.3")
    assert address._viewed(other) == other


def test_tokens_belong_to_a_text_that_they_spell() -> None:
    assert page_state.spelt("我喜歡 茶.", "我 喜 欢 茶 。")
    assert page_state.spelt("May 5", "May ␣ 5") and page_state.spelt("anything", "")
    assert not page_state.spelt("我喜欢茶", "我 喜欢") and not page_state.spelt("", "我")
