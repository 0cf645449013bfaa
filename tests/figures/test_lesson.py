from __future__ import annotations

from s2s.errors import strings
from s2s.figures import lesson
from s2s.lesson.remedies import Adversarial, Rewarded, Sampled

TEXT = strings("lesson.remedies", "en")


def test_losses_mark_the_chosen_token_and_their_mean() -> None:
    figure = lesson.losses(["<b>", "tea"], [0.5, 1.5], 1, 1.0, strings("lesson.cross_entropy", "en")).to_dict()
    (bars,) = figure["data"]
    assert (list(bars["y"]), bars["customdata"][0]) == ([0.5, 1.5], "&lt;b&gt;")
    assert [c == lesson.ORANGE for c in bars["marker"]["color"]] == [False, True]
    assert figure["layout"]["shapes"][0]["y0"] == 1.0


def test_schedules_and_the_curves_of_the_perturbation() -> None:
    lines = {"linear": [1.0, 0.5], "exponential": [1.0, 0.25], "inverse_sigmoid": [0.9, 0.1]}
    drawn = lesson.schedules([0, 100], lines, TEXT).to_dict()["data"]
    assert {line["name"]: list(line["y"]) for line in drawn} == {TEXT[name]: y for name, y in lines.items()}
    found = Adversarial(1.0, (0.0, 0.5), (1.0, 2.0), (1.0, 1.1), ())
    assert [list(line["y"]) for line in lesson.adversarial(found, TEXT).to_dict()["data"]] == [[1, 2], [1, 1.1]]


def test_rewards_hang_from_the_greedy_one() -> None:
    samples = tuple(Sampled(f"<{r}>", r, -1.0, 0.0) for r in (0.75, 0.5, 0.25))
    bars, dots = lesson.rewards(Rewarded("x", 0.5, samples), TEXT).to_dict()["data"]
    assert (bars["base"], list(bars["y"]), list(dots["y"])) == (0.5, [0.25, 0, -0.25], [0.75, 0.5, 0.25])
    assert list(bars["marker"]["color"]) == [lesson.GREEN, lesson.GREY, lesson.ORANGE]
    assert bars["customdata"][0][0] == "&lt;0.75&gt;"


def test_smoothing_marks_where_the_slider_stands() -> None:
    line, mark = lesson.smoothing([0, 0.5], [1, 2], (0.5, 2.0), strings("lesson.cross_entropy", "en")).to_dict()["data"]
    assert (list(line["y"]), list(mark["x"]), list(mark["y"])) == ([1, 2], [0.5], [2.0])
