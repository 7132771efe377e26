"""finetune/options.py: fields become options, with one default each and errors that name them."""

from dataclasses import dataclass

import pytest

from finetune.options import option, parse
from gpt.errors import UserError


@dataclass(frozen=True)
class Example:
    name: str = option(..., "a name")
    some_count: int = option(3, "a count", min=1)
    rate: float = option(0.5, "a rate", greater_than=0)
    limit: int | None = option(None, "a limit", min=2)
    colour: str = option("red", "a colour", choices=("red", "blue"))
    loud: bool = option(False, "a flag", group="how it is said")
    share: float = option(0.1, "a share", max=1)
    text: str | None = option(None, "a text", positional=True)
    word: str = option("", "a word")
    zero: float = option(0.0, "a number")


def test_defaults_and_given_values():
    default = Example("x", 3, 0.5, None, "red", False, 0.1, None, "", 0.0)
    assert parse(Example, ["--name", "x"], "") == default
    assert parse(Example, ["a text", "--name", "x"], "").text == "a text"
    given = [
        "--name",
        "y",
        "--some-count",
        "7",
        "--rate",
        "1e-3",
        "--limit",
        "2",
        "--colour",
        "blue",
        "--loud",
    ]
    assert parse(Example, given, "") == Example("y", 7, 0.001, 2, "blue", True, 0.1, None, "", 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "--name"),
        ("--name x --some-count 0", "--some-count: must be at least 1, not 0"),
        ("--name x --some-count many", "--some-count: invalid int value: 'many'"),
        ("--name x --some-count 1.5", "--some-count: invalid int value"),
        ("--name x --rate 0", "--rate: must be above 0, not 0"),
        ("--name x --rate nan", "--rate: must be a finite number, not nan"),
        ("--name x --rate inf", "--rate: must be a finite number, not inf"),
        ("--name x --limit 1", "--limit: must be at least 2, not 1"),
        ("--name x --colour green", "--colour: invalid choice: 'green'"),
        ("--name x text more", r"unrecognized arguments: more \(see --help\)"),
        ("--name x --som-count 4", r"--som-count; did you mean --some-count\?"),
        ("--name x --some-cuont=4", r"--some-cuont=4; did you mean --some-count\?"),
        ("--name x --zzz", r"unrecognized arguments: --zzz \(see --help\)"),
        ("--name x --share 1.5", "--share: must be at most 1, not 1.5"),
        ("--name", "--name: expected one argument"),
    ],
)
def test_a_mistake_names_the_option(arguments, message):
    with pytest.raises(UserError, match=message) as caught:
        parse(Example, arguments.split(), "")
    assert "\n" not in str(caught.value)


def test_help_shows_every_option_and_default(capsys):
    with pytest.raises(SystemExit) as ended:
        parse(Example, ["--help"], "What it does.")
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for part in (
        "What it does.",
        "--some-count",
        "(default: 3)",
        "(default: 0.5)",
        "{red,blue}",
        "--some-count N",
        "--rate X",
        "--limit N",
        "how it is said: --loud a flag",
        "[text]",
    ):
        assert part in shown
    assert "--zero X a number (default: 0.0)" in shown and "(default: )" not in shown
    assert "None" not in shown and "False" not in shown
