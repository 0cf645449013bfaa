"""What a page says of each parameter of its link that it refuses: the reason, what is allowed, what is used instead."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, say
from s2s.web.lesson import CHAPTERS
from s2s.web.shell import link_values, page_state
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.link_values import MAX_NOTE, MAX_VALUE
from s2s.web.shell.refused import MOST, NAMED
from tests.web.conftest import messages, refused

Visit = Callable[..., AppTest]
LONG = "我" * (MAX_VALUE + 1)
TEXTS = ("model", "compare", "text", "ref", "b_text")
BAD = {name: LONG if name in TEXTS else "\x00" for name in page_state.FIELDS} | {"note": "x" * (MAX_NOTE + 1)}


def test_chapters_are_those_of_the_lesson() -> None:
    assert tuple(CHAPTERS) == page_state.CHAPTERS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_parameter_that_is_refused_is_named_with_its_reason(visit: Visit, lang: str) -> None:
    for names in [list(BAD)[at : at + MOST] for at in range(0, len(BAD), MOST)]:
        app = visit(lang=lang, **{name: BAD[name] for name in names})
        assert not app.exception
        for name in names:
            (sentence,) = refused(app, lang, name, BAD[name])
            assert len(sentence) < 600 and LONG[:100] not in sentence, name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_whatever_a_link_holds_the_page_says_only_a_few_sentences(visit: Visit, lang: str) -> None:
    unknown = {f"{name}s": "x" for name in page_state.FIELDS} | {f"text{n}": "x" * 999 for n in range(200)}
    app = visit(lang=lang, **BAD, **unknown)
    assert not app.exception
    usual = messages(visit(lang=lang))
    said = [text for text in messages(app) if text not in usual]
    assert len(said) == MOST + 1 and all(len(sentence) < 600 for sentence in said)
    more = [one.name for one in page_state.read_link(BAD | unknown)[1]][MOST:]
    names = say("app.list", lang).join([*map(code, more[:NAMED]), "…"])
    assert said[-1] == say("step.link_more", lang, count=len(more), names=names)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_parameter_that_is_not_explained_is_named_as_code(visit: Visit, lang: str) -> None:
    bad = {"beam": "99", "top_p": "9", "seed": "x", "step": "y", "beam`": "z"}
    said = [box.value for box in visit(lang=lang, **bad).warning]
    others = [code(one.name) for one in page_state.read_link(bad)[1]][MOST:]
    assert others == ["`step`", "`` beam` ``"]
    assert said[MOST] == say("step.link_more", lang, count=2, names=say("app.list", lang).join(others))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", TEXTS)
def test_what_is_too_long_is_said_once(visit: Visit, lang: str, name: str) -> None:
    tokens = {"text": "tokens", "b_text": "b_tokens"}.get(name)
    app = visit(lang=lang, **{name: LONG}, **({tokens: "我 茶"} if tokens else {}))
    said = refused(app, lang, name, LONG)
    assert [text for text in messages(app) if text not in messages(visit(lang=lang))] == said and len(said) == 1
    assert app.session_state["text"], "the model's example, as without a text"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_language_that_there_is_not_is_refused_as_other_values_are(visit: Visit, lang: str) -> None:
    locale = {"zh": "zh-CN", "en": "en-US"}[lang]
    with mock.patch.object(type(st.context), "locale", locale):
        app = visit(lang="fr", text="我喜欢茶。")
        (sentence,) = refused(app, lang, "lang", "fr")
    assert "zh, en" in sentence and f"`{lang}`" in sentence


@pytest.mark.parametrize(
    ("name", "like"),
    [
        *(("Text", "text"), ("TEXT", "text"), ("txt", "text"), ("top-p", "top_p"), ("topp", "top_p"), ("Room", "room")),
        *(("language", ""), ("langs", "lang"), ("beem", "beam"), ("modle", "mode"), ("temp", "temperature")),
        *(("b-text", "b_text"), ("Chapter", "chapter"), ("reference", ""), ("Lang", "lang"), ("steps", "step")),
    ],
)
def test_a_parameter_that_is_like_one_of_ours_is_answered_with_its_name(name: str, like: str) -> None:
    refusals = page_state.read_link({name: "x", "utm_source": "mail"})[1]
    assert [(one.name, one.reason.values["like"]) for one in refusals] == ([(name, like)] if like else [])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_near_name_is_said_in_one_sentence(visit: Visit, lang: str) -> None:
    app = visit(lang=lang, text="我喜欢茶。", Beam="3", **{"mode:red[x]`": "x"})
    assert [box.value for box in app.warning] == [
        say("error.link_name", lang, name=plain(name), like=like)
        for name, like in (("Beam", "beam"), ("mode:red[x]`", "mode"))
        if page_state.read_link({name: ""})[1]
    ]


STRANGERS = """
    utm_source utm_medium utm_campaign utm_term utm_content utm_id fbclid gclid dclid wbraid gbraid msclkid mc_cid
    mc_eid igshid igsh ref_src ref_url si spm scene from isappinstalled nsukey share_token share_source _ga _gl yclid
    twclid ttclid embed embed_options source v q id hl _hsenc mkt_tok vero_id wt_mc clickid sharer srsltid code name
"""


@pytest.mark.parametrize("name", STRANGERS.split())
def test_what_other_programs_add_to_a_link_is_passed_over(name: str) -> None:
    assert page_state.read_link({name: "x"})[1] == []


@pytest.mark.parametrize(
    ("query", "english", "chinese"),
    [
        (
            {"strategy": "sample"},
            "The link's strategy cannot be used (`sample`): it must be one of: greedy, sampling, beam; "
            "`greedy` is used instead.",
            "链接中的 strategy 无法使用（`sample`）：只能是：greedy, sampling, beam；改用 `greedy`。",
        ),
        (
            {"beam": "99"},
            "The link's beam cannot be used (`99`): it must be a whole number from 1 to 10; `5` is used instead.",
            "链接中的 beam 无法使用（`99`）：应为 1 到 10 之间的整数；改用 `5`。",
        ),
        (
            {"beam": "2.5"},
            "The link's beam cannot be used (`2.5`): it must be a whole number from 1 to 10; `5` is used instead.",
            "链接中的 beam 无法使用（`2.5`）：应为 1 到 10 之间的整数；改用 `5`。",
        ),
        (
            {"temperature": "9"},
            "The link's temperature cannot be used (`9`): it must be a number from 0.05 to 3; `1.0` is used instead.",
            "链接中的 temperature 无法使用（`9`）：应为 0.05 到 3 之间的数；改用 `1.0`。",
        ),
        (
            {"note": "n" * 501},
            f"The link's note cannot be used (`{'n' * 39}…`): it has 501 characters; 500 is the most; "
            "the page is shown without it.",
            f"链接中的 note 无法使用（`{'n' * 39}…`）：共 501 个字符，最多 500 个；页面不使用它。",
        ),
        (
            {"hide": "form,forms"},
            f"The link's hide cannot be used (`forms`): only these can be hidden: {', '.join(page_state.HIDEABLE)}; "
            "the other names count.",
            f"链接中的 hide 无法使用（`forms`）：可以隐藏的只有：{', '.join(page_state.HIDEABLE)}；其余名称有效。",
        ),
        (
            {"chapter": "99"},
            "The link's chapter cannot be used (`99`): it must be a number from 1 to 9 or one of: "
            f"{', '.join(CHAPTERS)}; the page is shown without it.",
            f"链接中的 chapter 无法使用（`99`）：应为 1 到 9 的编号，或其中之一：{', '.join(CHAPTERS)}；页面不使用它。",
        ),
    ],
)
def test_the_sentence_says_what_is_allowed_and_what_is_used(
    visit: Visit, query: dict[str, str], english: str, chinese: str
) -> None:
    for lang, sentence in (("en", english), ("zh", chinese)):
        app = visit(lang=lang, text="我喜欢茶。", **query)
        assert [box.value.replace("\\", "") for box in app.warning] == [sentence]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_model_in_place_of_one_that_there_is_not_is_named_by_its_title(visit: Visit, lang: str) -> None:
    app = visit(lang=lang, text="我喜欢茶。", model="gone")
    (sentence,) = refused(app, lang, "model", "gone")
    assert say("error.link_model", lang).rstrip(".。")[1:] in sentence and "“tiny-additive · Bahdanau" in sentence


def test_what_is_used_is_a_value_that_a_link_can_have() -> None:
    used = {one.name: one.used for one in page_state.read_link(BAD)[1]}
    assert (used["seed"], used["layer"], used["top_p"], used["mode"]) == ("0", "0", "1.0", "both")
    assert {used[name] for name in ("tour", "row", "pieces", "branches", "chapter", "text")} == {""}
    assert all(page_state.read_link({name: value})[1] == [] for name, value in used.items() if value)


def test_a_long_value_is_shown_by_its_beginning() -> None:
    (one,) = page_state.read_link({"lane": "x" * 500})[1]
    assert one.value == "x" * (link_values.MAX_REFUSED - 1) + "…"
