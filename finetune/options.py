"""Command-line options as a dataclass: a field for each, with its one default and its help text."""

import argparse
import math
import re
import shlex
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import MISSING, field, fields
from typing import Any, NoReturn, TypeVar, get_args

from gpt.errors import UserError, did_you_mean

Options = TypeVar("Options", bound=Any)  # a dataclass


def option(
    default: Any,
    help: str,
    *,
    choices: Sequence[str] | None = None,
    metavar: str | None = None,
    min: float | None = None,
    max: float | None = None,
    greater_than: float | None = None,
    positional: bool = False,
    group: str = "",
    bare: str | None = None,
) -> Any:
    """A dataclass field that is an option. `...` as its default means that it must be given.

    A bool is a flag: False unless it is given. A positional one is given without its name, and may
    be left out if it has a default. `min`, `max` and `greater_than` bound a number. `group` is the
    heading it has in --help. `bare` is what the option means when it is given without a value.
    """
    assert default is not True, "a flag can only turn something on"
    details: dict[str, Any] = {"help": help, "choices": choices, "metavar": metavar}
    details |= {"positional": positional, "group": group}
    if bare is not None:
        details |= {"nargs": "?", "const": bare}
    bounds = {"min": min, "max": max, "greater_than": greater_than}
    return field(
        default=MISSING if default is ... else default, metadata=details | {"bounds": bounds}
    )


def parse(cls: type[Options], argv: Sequence[str] | None, description: str) -> Options:
    """The options in `argv` (None: this process's own). Raises UserError, naming the option."""
    parser = _Parser(description=description, formatter_class=_Help, allow_abbrev=False)
    groups: dict[str, Any] = {"": parser}
    for each in fields(cls):
        details = dict(each.metadata)
        bounds, heading = details.pop("bounds"), details.pop("group")
        if heading not in groups:
            groups[heading] = parser.add_argument_group(heading)
        group = groups[heading]
        if details.pop("positional"):
            nargs = None if each.default is MISSING else "?"
            group.add_argument(each.name, nargs=nargs, **details)
            continue
        if each.type is bool:
            group.add_argument(flag(each.name), action="store_true", help=details["help"])
            continue
        kind: Any = next((t for t in get_args(each.type) if t is not type(None)), each.type)
        if kind is not str and details["metavar"] is None:
            details["metavar"] = {int: "N", float: "X"}[kind]
        group.add_argument(
            flag(each.name),
            type=_bounded(kind, **bounds),
            required=each.default is MISSING,
            default=None if each.default is MISSING else each.default,
            **details,
        )
    return cls(**vars(parser.parse_args(argv)))


def parse_resumed(
    cls: type[Options],
    argv: Sequence[str] | None,
    stored: dict[str, Any],
    changeable: Collection[str],
) -> Options:
    """The options of an earlier command together with those in `argv`, which resumes it.

    Raises UserError if `argv` changes one that is not `changeable`, or if one is not valid.
    """
    before = parse(cls, _to_argv(stored), "")
    now = parse(cls, [*_to_argv(stored), *(sys.argv[1:] if argv is None else argv)], "")
    for each in fields(cls):
        was, asked = getattr(before, each.name), getattr(now, each.name)
        if was != asked and each.name not in changeable:
            raise UserError(
                f"{flag(each.name)}: the run has {was} and cannot change to {asked}; start a new "
                "run for that"
            )
    return now


def command_line(stored: dict[str, Any]) -> str:
    """Stored options as they would be typed."""
    return shlex.join(_to_argv(stored))


def _to_argv(stored: dict[str, Any]) -> list[str]:
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
        unknown = re.match(r"unrecognized arguments: (--[^\s=]+)", message)
        hint = did_you_mean(unknown[1], self._option_string_actions) if unknown else ""
        raise UserError(f"{message}{hint} (see --help)")


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows a default wherever there is one to show."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is False or action.default in (None, "", argparse.SUPPRESS):
            return action.help
        return super()._get_help_string(action)


def _bounded(
    kind: type, min: float | None, max: float | None, greater_than: float | None
) -> Callable[[str], Any]:
    """What converts an option's text to its type and checks the bounds."""

    def convert(text: str) -> Any:
        value = kind(text)
        if kind is str:
            return value
        if kind is int and abs(value) >= 2**63:
            raise argparse.ArgumentTypeError("has too many digits")
        if not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"must be a finite number, not {text}")
        if min is not None and value < min:
            raise argparse.ArgumentTypeError(f"must be at least {min}, not {text}")
        if max is not None and value > max:
            raise argparse.ArgumentTypeError(f"must be at most {max}, not {text}")
        if greater_than is not None and value <= greater_than:
            raise argparse.ArgumentTypeError(f"must be above {greater_than}, not {text}")
        return value

    convert.__name__ = kind.__name__  # argparse names it: "invalid int value: 'x'"
    return convert
