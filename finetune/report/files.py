"""The files of a run, read and checked, so that the page can rely on what is in them.

finetune/extras/run_directory.py lists them. One that is missing is empty here; one that is damaged
is told in one line. What must not leave the user's machine with a page is taken out here, too.
"""

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from finetune.dataset import Record
from finetune.loop import Metrics
from finetune.options import command_line
from finetune.responses import Response
from gpt.errors import UserError
from weights.download import without_secrets
from weights.files import read_json_object

# Shapes for `_check`. A list of one: any number of these. A list of more: exactly these. A tuple:
# one of these. A dict: these keys at least, but for one with "?", or with the key "*" any keys.
TOKENS = [[str], [str], [(float, None)]]
ESTIMATE = {"value": float, "low": float, "high": float, "count": int}
SAID = [str, float]  # a token and its probability
VIEW = {  # finetune/report/inside.py
    "record": int,  # its number among the test records, from 0
    "tokens": [str],
    "prompt": int,  # so many of them; after them comes what is written
    "template": [int, int],  # so many of the prompt's first and last ones every prompt has
    "written": [float],  # the probability of each written token
    "rivals": [[SAID]],  # of each, the likeliest in its place
    "lens": [[SAID]],  # of each, the likeliest after each layer
    "attention": [[[[[int, int]]]]],  # of each layer, head and written token: a place, per cent
}
KIND = {"exact": (float, None), "f1": float, "count": int}
ENTRY = {"instruction": str, "output": str, "input": str, "response": str, "ended": bool}
SHAPES: dict[str, Any] = {
    "run.json": {"command": str, "about": [str], "versions": str},
    "options.json": {"*": (str, bool, float, None)},
    "before.json": {
        "answers": [[str, bool, int]],
        "microscope": [TOKENS],
        "perplexity?": {"*": float},
        "inside?": [VIEW],
    },
    "after.json": {"microscope": [TOKENS], "inside?": [VIEW], "walk?": [[str, [str]]]},
    "scores.json": {"figures": {"*": ESTIMATE}, "kinds": {"*": KIND}},
    "epochs.json": {
        "records": [{"instruction": str, "output": str, "input": str}],
        "answers": [{"when": str, "step": int, "responses": [[str, bool, int]]}],
    },
}
NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number", None: "null"}


@dataclass
class Run:
    """What the page is made of."""

    directory: Path
    history: list[Metrics]
    facts: dict[str, Any]  # run.json
    options: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    scores: dict[str, Any]
    epochs: dict[str, Any]
    responses: list[dict[str, Any]]

    def compared(self) -> tuple[list[dict[str, Any]], list[list[Any]]]:
        """The responses after training to the records that were answered before it, and those from
        before; all responses and none where nothing was answered before."""
        before = self.before.get("answers", [])
        return self.responses[: len(before)] or self.responses, before

    def public(self, text: str) -> str:
        """`text` without paths of the user's disk, and without what is secret in an address."""
        for value in sorted(filter(_is_absolute, self.options.values()), key=len, reverse=True):
            text = text.replace(value, PureWindowsPath(value).name)
        if self.directory.is_absolute():
            text = text.replace(str(self.directory), self.directory.name)
        return without_secrets(text)

    def command(self) -> str:
        """The run's command as it would be typed, "" if that is not known."""
        if not self.facts:
            return ""
        return self.public(f"{self.facts['command']} {command_line(self.options)}")


def read_run(directory: Path, responses: list[dict[str, Any]] | None = None) -> Run:
    """The files of a run; `responses` in place of responses.json. Raises UserError."""
    read = {}
    for name, shape in SHAPES.items():
        path = directory / name
        read[name] = read_json_object(path) if path.is_file() else {}
        if read[name]:
            _check(read[name], shape, f"{path}")
    path = directory / "responses.json"
    if responses is None:
        responses = _list(path) if path.is_file() else []
    responses = [
        {"input": "", "kind": "", "tokens": 0} | entry if isinstance(entry, dict) else entry
        for entry in responses
    ]
    _check(responses, [ENTRY | {"kind": str, "tokens": int}], f"{path}")
    for name in ("before.json", "after.json"):
        for row in read[name].get("microscope", []):
            if not len(row[0]) == len(row[1]) == len(row[2]) > 0:
                raise UserError(f"{directory / name}: a row of tokens without as many losses")
        for view in read[name].get("inside", []):
            if not _fits(view):
                raise UserError(f"{directory / name}: an inside view whose parts do not fit")
    facts, options, before, after, scores, epochs = read.values()
    shares = [e["value"] for n, e in scores.get("figures", {}).items() if n == "Exact match"]
    shares += [k["exact"] or 0 for k in scores.get("kinds", {}).values()]
    if not all(0 <= share <= 1 for share in shares):
        raise UserError(f"{directory / 'scores.json'}: a share that is not between 0 and 1")
    history = _history(directory / "metrics.jsonl")
    return Run(directory, history, facts, options, before, after, scores, epochs, responses)


def record_of(entry: dict[str, Any]) -> Record:
    """The task in an entry of responses.json."""
    return Record(entry["instruction"], entry["output"], entry["input"], entry.get("kind", ""))


def response_of(entry: dict[str, Any]) -> Response:
    """The model's response in an entry of responses.json."""
    return Response(entry["response"], entry["ended"], entry["tokens"])


def _history(path: Path) -> list[Metrics]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        history = [Metrics(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{path}: no metrics of a run: {error}") from None
    if not history:
        raise UserError(f"{path}: empty: the run has not measured anything yet")
    for number, metrics in enumerate(history, start=1):
        _check([*metrics], [int, float, int, *[float] * 5], f"{path}: line {number}")
    in_order = all(a.epoch <= b.epoch and a.tokens <= b.tokens for a, b in pairwise(history))
    if not in_order or history[0].epoch < 0 or history[0].tokens < 0:
        raise UserError(f"{path}: the evaluations are not in order")
    if min(min(m[4:]) for m in history) < 0:
        raise UserError(f"{path}: a rate or a loss below 0")
    return history


def _fits(view: dict[str, Any]) -> bool:
    """Whether what is told of each written token is told of all, and points at earlier ones."""
    tokens, prompt, (start, end) = view["tokens"], view["prompt"], view["template"]
    W, L = len(tokens) - prompt, len(view["attention"])
    heads = [head for layer in view["attention"] for head in layer]
    return (
        min(start, end, W - 1) >= 0 < prompt >= start + end
        and all(len(view[name]) == W for name in ("written", "rivals", "lens"))
        and all(len(said) == L > 0 for said in view["lens"])
        and len({len(layer) for layer in view["attention"]}) == 1
        and len(heads) > 0
        and all(len(head) == W for head in heads)
        and all(
            0 <= place < prompt + w and 0 <= percent <= 100
            for head in heads
            for w, row in enumerate(head)
            for place, percent in row
        )
    )


def _list(path: Path) -> list[Any]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: broken JSON: {error}") from None
    if not isinstance(entries, list):
        raise UserError(f"{path}: should be an array of answers")
    return entries


def _check(value: Any, shape: Any, where: str) -> None:
    """Raises UserError, saying where, if a value read from JSON is not of a shape."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise UserError(f"{where}: should be an object")
        parts = {key.removesuffix("?"): part for key, part in shape.items()}
        if missing := [key for key in shape if key not in value and key[-1] not in "?*"]:
            raise UserError(f"{where}: '{missing[0]}' is missing")
        for key in value:
            if key in parts or "*" in parts:
                _check(value[key], parts.get("*", parts.get(key)), f"{where}: {key[:40]}")
    elif isinstance(shape, list):
        if not isinstance(value, list) or len(value) != len(shape) != 1:
            raise UserError(f"{where}: should be a list" + f" of {len(shape)}" * (len(shape) > 1))
        for number, each in enumerate(value):
            _check(each, shape[number if len(shape) > 1 else 0], f"{where}: entry {number + 1}")
    elif not any(_is(value, each) for each in (shape if isinstance(shape, tuple) else (shape,))):
        names = [NAMES[each] for each in (shape if isinstance(shape, tuple) else (shape,))]
        raise UserError(f"{where}: should be {' or '.join(names)}")


def _is(value: Any, kind: type | None) -> bool:
    if kind is None or kind in (str, bool):
        return value is None if kind is None else isinstance(value, kind)
    if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
        return False
    return abs(value) < 2**63 if isinstance(value, int) else math.isfinite(value)


def _is_absolute(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute()
