"""An option or a command that there is not: one line that names the nearest, whichever command it is of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from s2s.__main__ import main, parser
from s2s.commands.arguments import Parser
from s2s.errors import LANGUAGES, UserError, say


def commands(top: Parser, *path: str) -> Iterator[tuple[tuple[str, ...], Parser]]:
    """Every command with its parser, also those within another."""
    yield path, top
    for name, within in (top._subparsers._group_actions[0].choices or {}).items() if top._subparsers else ():
        yield from commands(within, *path, name)


EVERY = list(commands(parser()))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The line with which a command is refused, without the program's name."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    return err.partition(": ")[2].strip()


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(path) or "lookback" for path, _ in EVERY])
def test_every_option_is_named_to_who_misspells_it(
    path: tuple[str, ...], command: Parser, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [option for option in command._option_string_actions if option.startswith("--")]
    within = command._subparsers is not None  # then the first argument is a command
    for option in options:
        like = str(UserError("option_like", name="NAME", like=option))
        for written in {"--" + option[2:].replace("-", "_"), option.upper(), option[1:], f"{option}_"} - {*options}:
            for arguments in [(written, "1"), (f"{written}=1",), *([] if within else [("a", "b", written)])]:
                assert refusal(capsys, *path, *arguments) == like.replace("NAME", written)
        typo = option[:-2] + option[-1] + option[-2] + "x"
        assert "Did you mean --" in refusal(capsys, *path, typo) or len(option) < 8, option
    unknown = str(UserError("option_unknown", name="--zzzz", command=command.prog))
    assert refusal(capsys, *path, "--zzzz") == unknown


@pytest.mark.parametrize(
    ("arguments", "name", "like"),
    [
        (("trace", "a", "b", "--top_p", "0.9"), "--top_p", "--top-p"),
        (("trace", "a", "b", "--topp", "0.9"), "--topp", "--top-p"),
        (("trace", "--beem", "3", "a", "b"), "--beem", "--beam"),
        (("trace", "a", "b", "--temp", "2"), "--temp", "--temperature"),
        (("serve", "--prot", "80"), "--prot", "--port"),
        (("--versoin",), "--versoin", "--version"),
    ],
)
def test_a_misspelt_option_does_not_hide_behind_its_value(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], name: str, like: str
) -> None:
    assert refusal(capsys, *arguments) == str(UserError("option_like", name=name, like=like))


@pytest.mark.parametrize(
    ("arguments", "like"), [(("trac",), "trace"), (("Trace", "a"), "trace"), (("prepare", "tatoba", "x"), "tatoeba")]
)
def test_a_misspelt_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], like: str
) -> None:
    assert refusal(capsys, *arguments).endswith(f"Did you mean {like}?")
    assert "choose from" in refusal(capsys, "nonsense"), "all, where none is like it"


def test_what_looks_like_an_option_and_is_none_is_taken() -> None:
    parsed = parser().parse_args(["trace", "a", "-3"]), parser().parse_args(["trace", "a", "--", "--beem"])
    assert [one.text for one in parsed] == ["-3", "--beem"]
    assert parser().parse_args(["trace", "a", "--no such option"]).text == "--no such option"
    assert parser().parse_args(["trace", "a", "b", "--prefix=--beem"]).prefix == "--beem"


def test_a_strangers_option_is_shown_bounded_and_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(capsys, "trace", "a", "b", "--\x1b[31m" + "x" * 10_000)
    assert "\x1b" not in said and len(said) < 400
    assert all("{" not in say("error.option_like", lang, name="a", like="b") for lang in LANGUAGES)
