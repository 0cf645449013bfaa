"""Queries as texts of a link, and their rows against plain Python over all rows."""

from __future__ import annotations

import contextlib
import json
import operator
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError, say
from s2s.inspect import matching
from s2s.inspect.causes import TAGS
from s2s.inspect.conditions import describe_conditions
from s2s.inspect.query import SEARCHED, Query, Search
from s2s.inspect.table import PAGE_COLUMNS, Examples
from s2s.web.shell.link_values import MAX_VALUE
from tests.inspect.test_table import ROWS, write


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return write(tmp_path_factory.mktemp("query"), ROWS)


def finds(search: Search, row: dict[str, Any]) -> bool:
    names = [search.field] if search.field else SEARCHED
    if search.how == "word":
        words = search.text.lower().split()
        lists = [[token.lower().removeprefix("▁") for token in row[f"{name}_tokens"] or []] for name in names]
        return any(tokens[n : n + len(words)] == words for tokens in lists for n in range(len(tokens)))
    texts = [row[name] or "" for name in names if row[name] is not None]
    if search.how == "regex":
        return any(re.search(search.text, text) for text in texts)
    return any(search.text.lower() in text.lower() for text in texts)


def within(value: float | None, low: float | None, high: float | None) -> bool:
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def fits(row: dict[str, Any], query: Query) -> bool:
    met = {
        "errors": row["verdict"] == "error",
        "verdict": row["verdict"] == query.verdict,
        "ids": row["id"] in query.ids,
        **{f"causes:{name}": bool(row[column]) for name, column in TAGS.items()},
        **{f"ranges:{name}": within(row[name], *ends) for name, ends in query.ranges.items()},
        **{f"words:{name}": row[name] == word for name, word in query.words.items()},
        **{f"unknown:{name}": bool(row.get(f"{name}_unknown")) for name in SEARCHED},
        **{f"extra:{name}": dict(row["extra"]).get(name) == value for name, value in query.extra.items()},
        **{f"searches:{n}": finds(search, row) for n, search in enumerate(query.searches)},
    }
    return all(operator.xor(met[name], query.is_negated(name)) for name in query.conditions())


def expected(query: Query) -> list[int]:
    kept = [row for row in ROWS if fits(row, query)]
    there = [row for row in kept if row[query.sort] is not None]
    there.sort(key=lambda row: float(row[query.sort]) * (-1 if query.descending else 1))
    return [row["id"] for row in [*there, *(row for row in kept if row[query.sort] is None)]]


SEARCHES = st.builds(
    Search,
    st.sampled_from(["tea", "茶", "%", "nothing", "a.b", "drink tea"]),
    st.sampled_from(["text", "word", "regex"]),
    st.sampled_from(["", *SEARCHED]),
    st.booleans(),
) | st.builds(Search, st.sampled_from([r"^.$", r"[0-9]+%", r"(?i)^TEA$", "(a|t)+"]), st.just("regex"))
CONDITIONS = {
    "errors": st.booleans(),
    "verdict": st.sampled_from(["", "same", "doubtful", "error"]),
    "causes": st.lists(st.sampled_from(list(TAGS)), max_size=2, unique=True).map(tuple),
    "ranges": st.dictionaries(
        st.sampled_from(["bleu", "divergence", "rarest_rank"]),
        st.tuples(st.none() | st.just(1.0), st.none() | st.just(50.0)),
        max_size=2,
    ),
    "words": st.sampled_from([{}, {"wanted": "tea"}]),
    "searches": st.lists(SEARCHES, max_size=2).map(tuple),
    "unknown": st.lists(st.sampled_from(["source", "output"]), max_size=2, unique=True).map(tuple),
    "extra": st.sampled_from([{}, {"domain": "news"}, {"domain": "talk", "année": "2020"}, {"none": "x"}]),
    "ids": st.just(()) | st.sets(st.integers(1, 70)).map(lambda ids: tuple(sorted(ids))),
}
SORTS = {"sort": st.sampled_from(["id", "bleu", "chrf", "divergence"]), "descending": st.booleans()}


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """A query with few conditions, of which some are negated."""
    kinds = draw(st.sets(st.sampled_from(list(CONDITIONS)), max_size=3))
    query = draw(st.builds(Query, **SORTS, **{kind: CONDITIONS[kind] for kind in kinds}))
    for condition in query.conditions():
        query = query.negate(condition) if draw(st.booleans()) else query
    return query


@given(queries(), st.integers(0, 20), st.integers(1, 30))
def test_a_page_is_what_a_loop_over_all_rows_gives(examples: Examples, query: Query, start: int, count: int) -> None:
    assert Query.unpack(query.pack()) == query
    found = examples.page(query, start, count)
    wanted = [row for id in expected(query) for row in ROWS if row["id"] == id]
    assert found.total == len(wanted)
    assert [row["id"] for row in found.rows] == [row["id"] for row in wanted][start : start + count]
    for row in found.rows:
        assert list(row) == list(PAGE_COLUMNS)
        held = ROWS[row["id"] - 1]
        assert all(row[name] == pytest.approx(held[name]) for name in ("bleu", "chrf", "nll", "source", "output"))


@given(queries())
def test_each_condition_is_cleared_turned_and_told_by_its_name(query: Query) -> None:
    names = query.conditions()
    assert [name for name, _ in describe_conditions(query, lambda key, **values: key)] == names
    for name in names:
        assert query.negate(name).negate(name) == query != query.negate(name)
        assert len(query.without(name).conditions()) == len(names) - 1
    for name in reversed(names):  # searches count from 0, so the last goes first
        query = query.without(name)
    assert query.conditions() == [] and query.negated == ()
    with pytest.raises(KeyError):
        query.negate("errors")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WRITTEN = st.builds(
    Query,
    sort=st.sampled_from(["id", "nll", "source_length"]),
    ranges=st.dictionaries(st.sampled_from(["chrf", "nll"]), st.tuples(st.none() | st.floats(0, 9), st.none())),
    words=st.dictionaries(st.sampled_from(["wanted", "said"]), TEXTS),
    searches=st.lists(TEXTS.filter(str.strip).map(Search), max_size=5).map(tuple),
    extra=st.dictionaries(TEXTS, TEXTS, max_size=5),
)


@given(WRITTEN)
def test_a_query_comes_back_from_its_text(query: Query) -> None:
    assert Query.unpack(query.pack()) == query


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(max_size=60) | st.dictionaries(st.sampled_from(list(vars(Query()))), JSON, max_size=3).map(json.dumps))
def test_any_text_is_a_query_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(Query.unpack(text), Query)


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "7", "null", '{"sort":1}', '{"sort":"source"}', '{"x":1}', '{"errors":1}', '{"negated":"errors"}'),
        *(
            '{"ranges":{"nll":["a",1]}}',
            '{"ranges":{"nll":[1]}}',
            '{"ranges":{"nll":[NaN,1]}}',
            '{"ranges":{"x":[1,2]}}',
        ),
        '{"ranges":{"nll":[1' + "0" * 400 + ",null]}}",
        *('{"searches":[["tea"]]}', '{"searches":[{"text":[1]}]}', '{"searches":[{"text":" "}]}', '{"text":[1]}'),
        *('{"searches":[{"text":"a","how":"glob"}]}', '{"searches":[{"text":"a","field":"id"}]}'),
        '{"searches":[{"text":"\\ud800"}]}',
        json.dumps({"searches": [{"text": "a"}] * 6}),
        json.dumps({"searches": [{"text": "a" * 401}]}),
        *('{"words":{"said":"\\ud800"}}', '{"words":{"said":7}}', '{"causes":"word"}', '{"causes":["word","word"]}'),
        *('{"extra":{"a":1}}', '{"extra":["a"]}', '{"unknown":["id"]}', '{"verdict":"wrong"}'),
        json.dumps({"extra": {str(n): "x" for n in range(21)}}),
        json.dumps({"extra": {"a": "x" * 201}}),
        *(f'{{"ids":{ids}}}' for ids in ("[0]", "[3,-3]", '["1"]', "[true]", "7", "[[1]]", "[1e400]")),
        '{"ids":[9223372036854775808]}',
        "[" * 5000,
    ],
)
def test_what_no_page_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Query.unpack(text)


def test_ids_are_written_as_differences() -> None:
    assert Query(ids=(3, 5, 9)).pack() == '{"ids":[3,2,4]}' and Query(ids=(3, 5)).without("ids") == Query()


def test_a_link_of_an_earlier_version_is_a_search() -> None:
    assert Query.unpack('{"text":"tea","errors":true}') == Query(errors=True, searches=(Search("tea"),))


@pytest.mark.parametrize("wrong", [{"sort": "source"}, {"sort": "x"}, {"causes": ("x",)}, {"ranges": {"x": (0, 1)}}])
def test_what_is_no_column_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="choose one of"):
        Query(**wrong)


@pytest.mark.parametrize(
    ("expression", "place"), [("(tea", "(tea"), ("tea[", "["), ("*", "*"), (r"\p{Klingon}", r"\p{Klingon}")]
)
def test_a_wrong_expression_is_told_with_its_place(expression: str, place: str) -> None:
    for make in (
        lambda: Search(expression, "regex"),
        lambda: Query.unpack(json.dumps({"searches": [{"text": expression, "how": "regex"}]})),
    ):
        with pytest.raises(UserError) as refused:
            make()
        assert refused.value.key == "error.regex" and refused.value.values["place"] == place
        told = refused.value.say("en")
        assert told == say("error.regex", "en", expression=expression, place=place)  # nothing of the library's words
        assert expression in refused.value.say("zh")


@pytest.mark.parametrize("expression", [r"((a{100}){100}){100}", r"(\pL{100}){10}", "a{1001}"])
def test_an_expression_is_bounded(expression: str) -> None:
    with pytest.raises(UserError, match="too large"):
        Search(expression, "regex")


def test_a_slow_expression_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row | {"source": "abcdef 茶" * 40} for row in ROWS * 20]
    examples = write(tmp_path / "slow", [row | {"id": n} for n, row in enumerate(rows)])
    assert examples.mask(Query(searches=(Search("(a*)*(a|aa)+$", "regex", "source"),))).sum() == 0  # linear in RE2
    monkeypatch.setattr(matching, "PATIENCE", -1.0)
    with pytest.raises(UserError, match="simpler"):
        examples.mask(Query(searches=(Search(r"(?i)(\PN.{0,99}[a-f]){9}zz", "regex"),)))


def test_columns_of_the_users_own_are_listed(examples: Examples) -> None:
    assert matching.extra_columns(examples) == {"domain": ["news", "talk"], "année": ["2020"]}
    assert matching.extra_columns(examples, most=1)["année"] == ["2020"]


def test_five_long_searches_fit_into_a_link() -> None:
    query = Query(searches=tuple(Search("x" * 100, "regex", "reference", True) for _ in range(5)))
    assert len(query.pack()) < MAX_VALUE
