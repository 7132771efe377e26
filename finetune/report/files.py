"""The files of a run, read and checked, so that the page can rely on what is in them.

finetune/extras/run_directory.py lists them. What is missing is empty here; what is damaged is told
in one line. What must not leave the user's machine with a page is taken out here, too.
"""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from finetune.dataset import Record
from finetune.loop import Metrics
from finetune.responses import Response
from gpt.errors import UserError
from weights.download import without_secrets

# Shapes for `_checked`. A list of one: any number of these. A list of more: exactly these. A tuple:
# this or null. A dict: these keys, or with the key "*" any keys.
TASK = {"instruction": str, "output": str, "input": str, "kind": str}  # as in Record
RESPONSE = [str, bool, int]  # as in Response
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
SEEN = {"microscope": [[[str], [str], [(float,)]]], "inside": [VIEW]}
ESTIMATE = {"value": float, "low": float, "high": float, "count": int}
KIND = {"exact": (float,), "f1": float, "count": int}
MOMENT = {"when": str, "step": int, "responses": [RESPONSE]}
SHAPES: dict[str, Any] = {
    "run.json": {"command": str, "about": [str], "versions": str},
    "options.json": {"*": object},
    "before.json": SEEN | {"answers": [RESPONSE], "perplexity": {"*": float}},
    "after.json": SEEN | {"walk": [[str, [str]]]},
    "scores.json": {"figures": {"*": ESTIMATE}, "kinds": {"*": KIND}, "dtypes": str},
    "epochs.json": {"records": [TASK], "answers": [MOMENT]},
    "responses.json": [TASK | {"response": str, "ended": bool, "tokens": int}],
    "metrics.jsonl": [Metrics.__annotations__],
}
NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number",
         list: "a list", dict: "an object"}  # fmt: skip
EMPTY: dict[Any, Any] = {str: "", int: 0, list: [], dict: {}}  # missing; others must be there


@dataclass
class Run:
    """What the page is made of. The dicts are files, as SHAPES has them."""

    directory: Path
    facts: dict[str, Any]  # run.json
    options: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    scores: dict[str, Any]
    epochs: dict[str, Any]
    records: list[Record]
    responses: list[Response]
    history: list[Metrics]

    def compared(self) -> tuple[list[Record], list[Response], list[Response]]:
        """The test records that were answered before training, with the responses after it and
        before it; all records, and none from before, where nothing was answered before."""
        before = [Response(*each) for each in self.before["answers"][: len(self.responses)]]
        n = len(before) or len(self.responses)
        return self.records[:n], self.responses[:n], before

    def public(self, text: str) -> str:
        """`text` without paths of the user's disk, and without what is secret in an address."""
        paths = filter(_is_absolute, [*self.options.values(), str(self.directory)])
        for path in sorted(paths, key=len, reverse=True):
            text = text.replace(path, PureWindowsPath(path).name)
        return without_secrets(text)


def read_run(directory: Path, entries: list[dict[str, Any]] | None = None) -> Run:
    """The files of a run; `entries` in place of responses.json, its last file. Raises UserError."""
    found = {name: _read(directory / name) for name in SHAPES}
    if entries is not None:
        found["responses.json"] = entries
    facts, options, before, after, scores, epochs, entries, lines = (
        _checked(found[name], shape, f"{directory / name}") for name, shape in SHAPES.items()
    )
    if not lines:
        raise UserError(f"{directory / 'metrics.jsonl'}: no metrics of a run in it yet")
    for name, seen in (("before.json", before), ("after.json", after)):
        if not all(len(read) == len(asked) == len(x) > 0 for read, asked, x in seen["microscope"]):
            raise UserError(f"{directory / name}: a row of tokens without as many losses")
        if not all(map(_fits, seen["inside"])):
            raise UserError(f"{directory / name}: an inside view whose parts do not fit")
    records = [Record(*(entry[name] for name in TASK)) for entry in entries]
    answers = [Response(e["response"], e["ended"], e["tokens"]) for e in entries]
    history = [Metrics(**line) for line in lines]
    return Run(directory, facts, options, before, after, scores, epochs, records, answers, history)


def _read(path: Path) -> Any:
    """What a JSON file holds, or a list of each line; None if it is not there."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            text = f"[{','.join(text.splitlines())}]"
        return json.loads(text)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: not JSON in UTF-8: {error}") from None


def _checked(value: Any, shape: Any, where: str) -> Any:
    """A value read from JSON, with what is missing in it as EMPTY. Raises UserError, which says
    where it is, if it is not of the shape."""
    if isinstance(shape, tuple):
        return None if value is None else _checked(value, shape[0], where)
    kind: Any = shape if isinstance(shape, type) else type(shape)
    value = EMPTY[kind] if value is None and kind in EMPTY else value
    if kind in (int, float):
        fits = isinstance(value, (int, kind)) and not isinstance(value, bool) and abs(value) < 1e306
    else:
        fits = isinstance(value, kind) and (kind is not list or len(shape) in (1, len(value)))
    if not fits:
        raise UserError(f"{where}: should be {NAMES[kind]}")
    if kind is list:
        shapes = shape * len(value) if len(shape) == 1 else shape
        pairs = enumerate(zip(value, shapes, strict=True), start=1)
        return [_checked(each, part, f"{where}: entry {n}") for n, (each, part) in pairs]
    if kind is dict:
        parts = dict.fromkeys(value, shape["*"]) if "*" in shape else shape
        return {key: _checked(value.get(key), parts[key], f"{where}: {key}") for key in parts}
    return value


def _fits(view: dict[str, Any]) -> bool:
    """Whether what is told of each written token is told of all, and points at earlier ones."""
    tokens, prompt, (start, end) = view["tokens"], view["prompt"], view["template"]
    W, layers = len(tokens) - prompt, view["attention"]
    heads = [head for layer in layers for head in layer]
    looks = [(w, *look) for head in heads for w, row in enumerate(head) for look in row]
    return (
        min(start, end, W - 1, len(heads) - 1) >= 0 < prompt >= start + end
        and {len(each) for each in (view["written"], view["rivals"], view["lens"], *heads)} == {W}
        and {len(layer) for layer in layers} == {len(layers[0])}
        and {len(said) for said in view["lens"]} == {len(layers)}
        and all(0 <= place < prompt + w and 0 <= percent <= 100 for w, place, percent in looks)
    )


def _is_absolute(value: Any) -> bool:
    kinds = PurePosixPath, PureWindowsPath
    return isinstance(value, str) and any(kind(value).is_absolute() for kind in kinds)
