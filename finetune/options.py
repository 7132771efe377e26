"""Command-line options as a dataclass: a field each, with its one default and its help."""

import argparse
import math
import shlex
import sys
from collections.abc import Collection, Sequence
from dataclasses import MISSING, field, fields
from typing import Any, NoReturn, TypeVar, get_args

from gpt.errors import UserError

Options = TypeVar("Options")


def option(
    default: Any,
    help: str,
    *,
    choices: Sequence[str] | None = None,
    metavar: str | None = None,
    at_least: float | None = None,
    above: float | None = None,
    positional: bool = False,
) -> Any:
    """A dataclass field that is an option. `...` as its default means that it must be given.

    A bool is a flag: False unless it is given. A positional one is given without its name.

    `at_least` and `above` bound a number from below.
    """
    assert default is not True, "a flag can only turn something on"
    details = {"help": help, "choices": choices, "metavar": metavar, "positional": positional}
    bounds = {"at_least": at_least, "above": above}
    return field(
        default=MISSING if default is ... else default, metadata=details | {"bounds": bounds}
    )


def parse(cls: type[Options], argv: Sequence[str] | None, description: str) -> Options:
    """The options in `argv` (None: this process's own). Raises UserError, naming the option."""
    parser = _Parser(description=description, formatter_class=_Help, allow_abbrev=False)
    for each in fields(cls):
        details = dict(each.metadata)
        bounds = details.pop("bounds")
        if details.pop("positional"):
            parser.add_argument(each.name, **details)
            continue
        if each.type is bool:
            parser.add_argument(flag(each.name), action="store_true", help=details["help"])
            continue
        kind = next((t for t in get_args(each.type) if t is not type(None)), each.type)
        if kind is not str and details["metavar"] is None:
            details["metavar"] = {int: "N", float: "X"}[kind]
        parser.add_argument(
            flag(each.name),
            type=_bounded(kind, **bounds),
            required=each.default is MISSING,
            default=None if each.default is MISSING else each.default,
            **details,
        )
    return cls(**vars(parser.parse_args(argv)))


def parse_again(
    cls: type[Options],
    argv: Sequence[str] | None,
    stored: dict[str, Any],
    may_change: Collection[str],
) -> Options:
    """The options of an earlier command, and with them those of `argv`.

    Raises UserError if `argv` changes one that is not among `may_change`, or if one is not right.
    """
    words = _words(stored)
    before = parse(cls, words, "")
    now = parse(cls, [*words, *(sys.argv[1:] if argv is None else argv)], "")
    for each in fields(cls):
        was, asked = getattr(before, each.name), getattr(now, each.name)
        if was != asked and each.name not in may_change:
            raise UserError(
                f"{flag(each.name)}: it was {was} so far and cannot become {asked}; start anew for "
                "that"
            )
    return now


def command_line(stored: dict[str, Any]) -> str:
    """Stored options as they would be typed."""
    return shlex.join(_words(stored))


def _words(stored: dict[str, Any]) -> list[str]:
    return [
        flag(name) if value is True else f"{flag(name)}={value}"
        for name, value in stored.items()
        if value is not None and value is not False
    ]


def flag(name: str) -> str:
    """A field's name as it is written on the command line."""
    return "--" + name.replace("_", "-")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see --help)")


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows a default wherever there is one to show."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False, argparse.SUPPRESS):
            return action.help
        return super()._get_help_string(action)


def _bounded(kind: type, at_least: float | None, above: float | None):
    def convert(text: str):
        value = kind(text)
        if kind is str:
            return value
        if kind is int and abs(value) >= 2**63:
            raise argparse.ArgumentTypeError("has too many digits")
        if not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"must be a finite number, not {text}")
        if at_least is not None and value < at_least:
            raise argparse.ArgumentTypeError(f"must be at least {at_least}, not {text}")
        if above is not None and value <= above:
            raise argparse.ArgumentTypeError(f"must be above {above}, not {text}")
        return value

    convert.__name__ = kind.__name__  # argparse names it: "invalid int value: 'x'"
    return convert
