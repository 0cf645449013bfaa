"""The search tree in a browser: keys, mouse, slider, n-best list, player, sizes, themes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.decode.record_search import search_tree
from s2s.decode.strategy import Settings
from s2s.errors import say
from s2s.trace.search_tree import SearchTree
from tests.browser.conftest import OpenPage

TEXT = "这个问题没有你想的那么简单。"
LONG = "我昨天在学校里看见了他，他说他明天想和我们一起去山上看书，" * 11 + "你想来吗？"


@pytest.fixture(scope="module")
def tree() -> SearchTree:
    return search_tree(load(find_checkpoint("zh-en-luong")), TEXT, Settings("beam"))


def visit(
    open_page: OpenPage, lang: str = "en", text: str = TEXT, query: dict[str, str] | None = None, **more: Any
) -> Page:
    page = open_page({"lang": lang, "text": text, "mode": "free", "strategy": "beam", **(query or {})}, **more)
    page.get_by_role("tab", name=say("step.beam_tab", lang), exact=True).click()
    page.wait_for_selector(".tree .node[data-i]")
    return page


def said(page: Page, tokens: tuple[str, ...]) -> None:
    expect(page.locator(".spoken .token")).to_have_text(list(tokens))


def classes(page: Page, node: int) -> set[str]:
    return set((page.locator(f".tree .node[data-i='{node}']").get_attribute("class") or "").split())


def test_what_is_drawn_is_the_search(open_page: OpenPage, tree: SearchTree) -> None:
    page = visit(open_page, viewport={"width": 3000, "height": 1400})
    page.locator(".beam select").select_option(label=say("beam.pruned_all", "en"))
    drawn = page.locator(".tree .node[data-i]").evaluate_all(
        "nodes => nodes.map(n => [+n.dataset.i, n.querySelector('.word').textContent, n.getAttribute('class')])"
    )
    shown = {i: (token, kind.split()) for i, token, kind in drawn}
    assert len(shown) > 40
    for i, (token, kinds) in shown.items():
        assert token == tree.nodes[i].token and kinds[:2] == ["node", tree.nodes[i].fate]
    best = set(tree.path(tree.finished[0].node))
    assert {i for i, (_, kinds) in shown.items() if "lead" in kinds} == best & shown.keys()
    rows = page.locator(".best tbody tr")
    expect(rows).to_have_count(len(tree.finished))
    for row, finished in zip(rows.all(), tree.finished, strict=True):
        cells = [c.replace("−", "-") for c in row.locator("td").all_text_contents()]
        node, length = tree.nodes[finished.node], len(tree.path(finished.node))
        assert cells[1] == finished.text and cells[4] == str(length)
        numbers = [
            node.score,
            node.total,
            tree.length_factor(length),
            node.total / tree.length_factor(length),
            node.coverage,
        ]
        assert [float(c) for c in (cells[2], cells[3], *cells[5:8])] == pytest.approx(numbers, abs=6e-4)


def test_arrows_walk_the_tree(open_page: OpenPage, tree: SearchTree) -> None:
    page = visit(open_page)
    best = tree.path(tree.finished[0].node)
    said(page, tree.tokens(best[-1]))
    page.locator(".tree").focus()
    page.keyboard.press("Home")
    said(page, tree.tokens(best[0]))
    for i in best[1:]:
        page.keyboard.press("ArrowRight")
        said(page, tree.tokens(i))
    page.keyboard.press("ArrowRight")
    said(page, tree.tokens(best[-1]))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    said(page, tree.tokens(best[-3]))
    page.keyboard.press("ArrowDown")
    other = int(page.locator(".tree .node.selected").get_attribute("data-i") or -1)
    assert other in tree.at(len(best) - 3) and other != best[-3]
    said(page, tree.tokens(other))
    expect(page.locator(".beam .live")).to_contain_text(tree.nodes[other].token)
    page.keyboard.press("ArrowUp")
    said(page, tree.tokens(best[-3]))
    page.keyboard.press("Escape")
    said(page, tree.tokens(best[-1]))


def test_a_pruned_node_says_when_and_by_how_much(open_page: OpenPage, tree: SearchTree) -> None:
    page = visit(open_page)
    pruned = next(i for i in tree.at(1) if tree.nodes[i].fate == "pruned")
    page.locator(f".tree .node[data-i='{pruned}']").click()
    said(page, tree.tokens(pruned))
    margin, cutoff = tree.cutoff(1) - tree.nodes[pruned].total, tree.cutoff(1)
    sentence = say("beam.why_pruned", "en", step=2, margin=f"{margin:.3f}", cutoff=f"{cutoff:.3f}".replace("-", "−"))
    expect(page.locator(".reason")).to_have_text(sentence)
    first = tree.at(0)[0]
    page.locator(f".tree .node[data-i='{first}']").hover()
    said(page, tree.tokens(first))
    page.mouse.move(5, 5)
    said(page, tree.tokens(pruned))


def test_the_slider_goes_back_to_what_was_alive(open_page: OpenPage, tree: SearchTree) -> None:
    page = visit(open_page)
    last = len(tree.steps)
    expect(page.locator(".beam .where")).to_have_text(say("beam.where", "en", step=last, steps=last))
    page.locator(".beam input[type=range]").focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".beam .where")).to_have_text(say("beam.where", "en", step=4, steps=last))
    kept = [i for i in tree.at(3) if tree.nodes[i].fate != "pruned"]
    rows = page.locator("table.alive tbody tr:not(.pruned) td.said")
    expect(rows).to_have_text([" ".join(tree.tokens(i)) for i in kept])
    alive = {n for i in kept for n in tree.path(i)}
    for i in (n for t in range(4) for n in tree.at(t) if tree.nodes[n].fate == "kept"):
        assert classes(page, i) & {"alive", "dead"} == ({"alive"} if i in alive else {"dead"})
    assert "lead" in classes(page, kept[0])
    page.locator(".tree").focus()
    page.keyboard.press("PageUp")
    expect(page.locator(".beam .where")).to_have_text(say("beam.where", "en", step=3, steps=last))
    page.locator(".times button").nth(1).click()
    expect(page.locator(".beam .where")).to_have_text(say("beam.where", "en", step=2, steps=last))
    page.locator(".beam button.play").click()
    expect(page.locator(".beam .where")).to_have_text(say("beam.where", "en", step=last, steps=last))
    expect(page.locator(".beam button.play")).to_have_attribute("aria-label", say("beam.play", "en"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_hypothesis_opens_in_the_player(open_page: OpenPage, tree: SearchTree, lang: str) -> None:
    page = visit(open_page, lang)
    page.get_by_role("button", name=say("beam.open_rank", lang, rank=3)).click()
    branch = page.locator("tr.lane.b1 td .token")
    expect(branch).to_have_text(list(tree.tokens(tree.finished[2].node)))
    expect(page.locator(".player")).to_be_visible()
    page.wait_for_url(re.compile("branches="))
    page.get_by_role("tab", name=say("step.beam_tab", lang), exact=True).click()
    page.locator(".best tbody tr").nth(1).locator("td").nth(3).click()
    said(page, tree.tokens(tree.finished[1].node))
    page.locator(".tree").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tr.lane.b2 td .token")).to_have_text(list(tree.tokens(tree.finished[1].node)))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_leaves_the_page(open_page: OpenPage, lang: str, scheme: str) -> None:
    size = {"width": 390, "height": 844}
    page = visit(open_page, lang, viewport=size, color_scheme=scheme, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in (".bar", ".tree", ".detail", "table.alive"):
        box = page.locator(f".beam {part}").bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    heights = page.locator(".beam .bar button, .beam .bar select").evaluate_all(
        "nodes => nodes.map(n => n.offsetHeight)"
    )
    assert min(heights) >= 44
    page.locator(".tree .node[data-i='1']").tap()
    expect(page.locator(".spoken .token")).to_have_count(1)
    ink = page.locator(".beam").evaluate("node => getComputedStyle(node).color")
    assert (sum(map(int, re.findall(r"\d+", ink)[:3])) > 384) == (scheme == "dark")


def test_a_long_wide_search_draws_only_what_is_in_sight(open_page: OpenPage) -> None:
    query = {"beam": "10", "length_penalty": "2", "max_length": "60"}
    page = visit(open_page, text=LONG, query=query)
    steps = page.locator(".times button").count()
    assert steps >= 30
    page.locator(".beam select").select_option(label=say("beam.pruned_all", "en"))
    assert page.locator(".tree .node[data-i]").count() < 700
    page.locator(".tree").focus()
    page.keyboard.press("End")
    seen = page.locator(".tree").evaluate(
        """tree => {
            const box = tree.getBoundingClientRect();
            const node = tree.querySelector('.node.selected').getBoundingClientRect();
            const across = node.left >= box.left - 1 && node.right <= box.right + 1;
            return across && node.top >= box.top && node.bottom <= box.bottom;
        }"""
    )
    assert seen
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


GOES_ON = "tree => [tree.scrollWidth > tree.clientWidth + 1, ...tree.classList]"


def test_a_tree_fits_its_room_or_fades_where_it_goes_on(open_page: OpenPage) -> None:
    page = visit(open_page, viewport={"width": 1280, "height": 720})
    box = page.locator(".tree")
    assert box.evaluate(GOES_ON) == [False, "tree", "scroll"]
    expect(page.locator(".spoken")).to_be_in_viewport()  # the selected hypothesis, below the tree
    page.set_viewport_size({"width": 700, "height": 720})
    expect(box).to_have_class("tree scroll more-right")
    type_size = "node => parseFloat(getComputedStyle(node).fontSize) * node.getCTM().a"
    assert page.locator(".tree .word").first.evaluate(type_size) == pytest.approx(12, abs=0.01)
    box.focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("PageDown")
    expect(box).to_have_class("tree scroll more-left")


def test_a_tree_keeps_its_place_while_another_tab_is_open_and_when_it_is_run_again(open_page: OpenPage) -> None:
    page = visit(open_page, viewport={"width": 700, "height": 720})
    box = page.locator(".tree")
    box.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
    selected = page.locator(".tree .node.selected").get_attribute("data-i") or ""
    left = box.evaluate("tree => tree.scrollLeft")
    assert left > 0
    page.get_by_role("tab", name=say("step.charts", "en"), exact=True).click()
    expect(box).to_have_count(0)
    page.get_by_role("tab", name=say("step.beam_tab", "en"), exact=True).click()
    expect(page.locator(".tree .node.selected")).to_have_attribute("data-i", selected)
    assert box.evaluate("tree => tree.scrollLeft") == left
    page.get_by_role("button", name=say("step.run", "en"), exact=True).click()
    expect(box).to_be_focused()  # the run has come
    expect(page.locator(".tree .node.selected")).to_have_attribute("data-i", selected)
    assert box.evaluate("tree => tree.scrollLeft") == left


def test_chinese_words_fit_their_nodes(open_page: OpenPage) -> None:
    query = {"model": "classical-modern-plain", "beam": "5"}
    page = visit(open_page, "zh", "太守闻之，大喜，赐帛十匹。", query)
    inside = page.locator(".tree .node[data-i]").evaluate_all(
        """nodes => nodes.map(n => {
            const [box, word, mark] = ['rect', '.word', '.mark'].map(s => n.querySelector(s).getBoundingClientRect());
            return word.left >= box.left && word.right <= mark.left + 1 && mark.right <= box.right;
        })"""
    )
    assert len(inside) > 20 and all(inside)


def test_language_switches_and_the_walk_goes_on(open_page: OpenPage, tree: SearchTree) -> None:
    page = visit(open_page, "zh")
    page.locator(".tree").focus()
    page.keyboard.press("Home")
    page.get_by_text("English", exact=True).click()
    page.get_by_role("tab", name=say("step.beam_tab", "en"), exact=True).click()
    expect(page.get_by_role("application", name=say("beam.tree_help", "en"))).to_be_visible()
    expect(page.locator(".best tbody tr")).to_have_count(len(tree.finished))


def test_the_textbook_example_is_a_tree_of_its_own(open_page: OpenPage) -> None:
    page = visit(open_page)
    page.get_by_text(say("beam.textbook", "en")).click()
    small = page.locator(".beam").nth(1)
    expect(small.locator(".spoken .token")).to_have_text(["c", "d", "<eos>"])
    small.locator(".tree").focus()
    page.keyboard.press("Home")
    expect(small.locator(".spoken .token")).to_have_text(["c"])
    expect(page.locator(".beam").first.locator(".spoken .token").last).to_have_text("<eos>")
    greedy = small.locator(".node.greedy .word").all_text_contents()
    assert greedy == ["a", "b", "<eos>"] and small.locator("button.open").count() == 0


@pytest.mark.parametrize("forced", ["none", "active"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_legend_draws_the_greedy_path_as_the_tree_does(open_page: OpenPage, scheme: Any, forced: Any) -> None:
    page = visit(open_page, color_scheme=scheme, forced_colors=forced)
    style = "(node, name) => getComputedStyle(node)[name]"
    drawn = page.locator(".node.greedy .word:not(.special)").first.evaluate(style, "fill")  # its underline's, too
    assert page.locator(".legend i.greedy").evaluate(style, "borderBottomColor") == drawn
