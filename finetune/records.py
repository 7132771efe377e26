"""Read instruction records from JSON, and check every one.

A data set is a JSON array of objects (`[{...}, {...}]`) or JSON Lines (one object a line), each
with an `instruction`, an `output` and, where the task needs one, an `input`: the form of Stanford
Alpaca's data. Other common forms are in FORMS and CHATS. Of other fields only `kind` is read, the
kind of task, for scores by kind.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finetune.dataset import DataError, Record

BUNDLED_NAME = "bundled"  # the name of the project's own records, wherever its clone is
BUNDLED = Path(__file__).with_name("instructions.json")

# What instruction, input and output are called.
FORMS = {
    "Alpaca": ("instruction", "input", "output"),
    "Dolly": ("instruction", "context", "response"),
    "TRL": ("prompt", "", "completion"),
}
# A field with a list of turns: what says who speaks, what holds the text, the user, the model.
CHATS = {
    "messages": ("role", "content", "user", "assistant"),
    "conversations": ("from", "value", "human", "gpt"),  # ShareGPT
}
NO_INPUT = "<noinput>"  # what Alpaca's own data has where there is no input
LFS_POINTER = "version https://git-lfs.github.com/spec/"  # its first words

HALF_CHARACTER = re.compile("[\ud800-\udfff]")
MAX_FAULTS = 10  # bad records that are named
MAX_FIELD = 500_000  # characters; hundreds of times what any GPT-2 reads


class InvalidRecords(DataError):
    """Some records are invalid; others may not be."""


def read_records(
    path: str | Path, require_output: bool = True, skipped: list[str] | None = None
) -> list[Record]:
    """The records of a file, or the project's own (BUNDLED_NAME).

    If `require_output` is False, `output` may be missing. Raises DataError, which names the first
    invalid records. With a list `skipped` they are left out, and what is wrong goes into the list.
    """
    path = BUNDLED if str(path) == BUNDLED_NAME else Path(path)
    entries = _entries(_text(path), path)
    if not entries:
        raise DataError(f"{path}: the list is empty; it should hold instruction records")
    records, faults = [], []
    for n, entry in enumerate(entries, start=1):
        try:
            records.append(_record(entry, require_output))
        except DataError as error:
            faults.append(f"record {n}: {error}")
    if skipped is not None:
        skipped += faults
    elif faults:
        count = f"{len(faults)} of {len(entries)} records: " if len(faults) > 1 else ""
        raise InvalidRecords(f"{path}: {count}{named(faults)}")
    return records


def named(faults: Sequence[str]) -> str:
    """The first faults, in one line."""
    return "; ".join(faults[:MAX_FAULTS]) + ("; …" if len(faults) > MAX_FAULTS else "")


def _text(path: Path) -> str:
    if path.suffix.lower() in (".csv", ".tsv"):
        raise DataError(
            f"{path}: a table; records are read from JSON. To convert it: python -X utf8 -c "
            '"import csv, json, sys; print(json.dumps(list(csv.DictReader(sys.stdin))))" '
            f"< {path.name} > {path.stem}.json"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if not text.strip():
        raise DataError(f"{path}: the file is empty; it should hold instruction records")
    if text.startswith(LFS_POINTER):
        raise DataError(
            f"{path}: a Git LFS pointer, not the file itself; `git lfs pull` fetches it"
        )
    return text


def _entries(text: str, path: Path) -> list[Any]:
    """The records as they stand: an array, JSON Lines, an object with one array, or of columns."""
    lines = [(n, s.strip()) for n, s in enumerate(text.split("\n"), start=1) if s.strip()]
    first = lines[0][1]
    if len(lines) > 1 and first.startswith("{") and first.endswith("}"):
        return [_json(line, f"{path}: line {n}") for n, line in lines]
    data = _json(text, str(path))
    if not isinstance(data, dict):
        return data if isinstance(data, list) else [data]
    lists = {name: value for name, value in data.items() if isinstance(value, list)}
    if len(lists) == len(data) > 1 and len({*map(len, lists.values())}) == 1:
        return [dict(zip(data, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    fields = {*CHATS, *(field for form in FORMS.values() for field in form)}
    if len(lists) == 1 and not data.keys() & fields:
        return next(iter(lists.values()))
    return [data]


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = f"line {error.lineno} " if "\n" in text else ""
        raise DataError(
            f"{where}: broken JSON at {line}column {error.colno}: {error.msg}"
        ) from None
    except ValueError as error:  # an integer of thousands of digits
        raise DataError(f"{where}: broken JSON: {error}") from None
    except RecursionError:
        raise DataError(f"{where}: JSON nested too deeply for a list of records") from None


def _record(entry: object, require_output: bool) -> Record:
    if not isinstance(entry, dict):
        raise DataError(f"should be an object with instruction and output, not {_kind_of(entry)}")
    kind = entry.get("kind")
    for field in CHATS:
        if field in entry:
            entry = _single_turn(field, entry[field], require_output)
    form = max(FORMS.values(), key=lambda form: sum(field in entry for field in form))
    if not any(field in entry for field in form):
        forms = [" and ".join((form[0], form[2])) for form in FORMS.values()]
        raise DataError(
            f"has the fields {', '.join(map(repr, entry))[:100] or 'none'}; it should have "
            f"{', or '.join([*forms, *CHATS])}"
        )
    required = dict(zip(form, (True, False, require_output), strict=True))
    instruction, input, output = (_text_field(entry, *each) for each in required.items())
    return Record(
        instruction,
        output,
        "" if input.strip() == NO_INPUT else input,
        kind if isinstance(kind, str) and not HALF_CHARACTER.search(kind) else "",
    )


def _text_field(entry: dict[str, Any], field: str, required: bool) -> str:
    value = entry.get(field)
    if value is None and not required:
        return ""
    if field not in entry:
        raise DataError(
            f"field '{field}' is missing; there are {', '.join(map(repr, entry))[:100]}"
        )
    if not isinstance(value, str):
        raise DataError(f"field '{field}' should be text, not {_kind_of(value)}")
    if required and not value.strip():
        raise DataError(f"field '{field}' is empty")
    if len(value) > MAX_FIELD:
        raise DataError(f"field '{field}' is longer than {MAX_FIELD:,} characters")
    if HALF_CHARACTER.search(value):
        raise DataError(f"field '{field}' has half a character (a lone \\ud… escape)")
    return value


def _single_turn(field: str, turns: Any, require_output: bool) -> dict[str, Any]:
    """A chat of one question and one answer as a record; a system text before is put in front."""
    who, what, user, model = CHATS[field]
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise DataError(f"field '{field}' should be a list of objects with {who} and {what}")
    speakers = [turn.get(who) for turn in turns]
    texts = [turn.get(what) for turn in turns]
    if speakers[:1] == ["system"]:
        speakers, (system, *texts) = speakers[1:], texts
        if texts and isinstance(texts[0], str) and isinstance(system, str) and system.strip():
            texts[0] = f"{system}\n\n{texts[0]}"
    if speakers != [user, model] and (require_output or speakers != [user]):
        raise DataError(
            f"field '{field}' should be one turn of '{user}' and one of '{model}', not "
            f"{', '.join(map(repr, speakers))[:100] or 'empty'}"
        )
    return dict(zip(("instruction", "output"), texts, strict=False))


def _kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
