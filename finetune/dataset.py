"""Instruction records: read them, check every one, split them, turn them into token ids.

A data set is a JSON array of objects (`[{...}, {...}]`) or JSON Lines (one object a line), each
with an `instruction`, an `output` and, where the task needs one, an `input`: the form of Stanford
Alpaca's data. Of other fields only `kind` is read, the kind of task, for scores by kind.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from finetune.prompt import prompt_tokens
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer

BUNDLED = Path(__file__).with_name("instructions.json")
MAX_FIELD = 500_000  # characters; hundreds of times what any GPT-2 reads


class DataError(UserError):
    """Data that cannot be trained on; the message names the file, the record and the field."""


@dataclass(frozen=True)
class Record:
    """A task (`input` is "" where the instruction needs none) and the response to learn."""

    instruction: str
    output: str
    input: str = ""
    kind: str = ""


class Splits(NamedTuple):
    """The training, test and validation records."""

    train: list[Record]
    test: list[Record]
    validation: list[Record]


class Example(NamedTuple):
    """One record as the model reads it. The first `prompt_length` of `tokens` are the prompt."""

    tokens: list[int]
    prompt_length: int


def read_records(path: str | Path, require_output: bool = True) -> list[Record]:
    """The records of a file. If `require_output` is False, `output` may be missing.

    Raises DataError for the first invalid record.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if not text.strip():
        raise DataError(f"{path}: the file is empty; it should hold instruction records")
    lines = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if lines[0][1].strip() == "{":
        raise DataError(
            f"{path}: one object; it should be an array of records, [{{...}}, {{...}}], or JSON "
            "Lines, one record on a line"
        )
    if text.lstrip().startswith("["):
        entries = _json(text, str(path))
    else:
        entries = [_json(line, f"{path}: line {n}") for n, line in lines]
    if not entries:
        raise DataError(f"{path}: the list is empty; it should hold instruction records")
    return [
        _record(entry, f"{path}: record {n}", require_output)
        for n, entry in enumerate(entries, start=1)
    ]


def _json(text: str, where: str):
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = (
            f"line {error.lineno} column {error.colno}" if "\n" in text else f"column {error.colno}"
        )
        raise DataError(f"{where}: broken JSON at {at}: {error.msg}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise DataError(f"{where}: broken JSON: {error}") from None
    except RecursionError:
        raise DataError(f"{where}: JSON nested too deeply for a list of records") from None


def _record(entry: object, where: str, require_output: bool) -> Record:
    if not isinstance(entry, dict):
        raise DataError(
            f"{where}: should be an object with instruction and output, not {_kind_of(entry)}"
        )
    fields = {}
    for field, required in (
        ("instruction", True),
        ("input", False),
        ("output", require_output),
        ("kind", False),
    ):
        value = entry.get(field)
        if value is None and not required:
            value = ""
        if field not in entry and required:
            raise DataError(f"{where}: field '{field}' is missing")
        if not isinstance(value, str):
            raise DataError(f"{where}: field '{field}' should be text, not {_kind_of(value)}")
        if required and not value.strip():
            raise DataError(f"{where}: field '{field}' is empty")
        if len(value) > MAX_FIELD:
            raise DataError(f"{where}: field '{field}' is longer than {MAX_FIELD:,} characters")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise DataError(f"{where}: field '{field}' has half a character (a lone \\ud… escape)")
        fields[field] = value
    return Record(**fields)


def _kind_of(value: object) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "true or false",
        type(None): "null",
    }
    return names.get(type(value), "a number")


def split(records: Sequence[Record], source: str | Path) -> Splits:
    """In file order: the first 85 % to train on, the next 10 % to test, the rest to validate.

    Rounded as in the lecture, which makes 935, 110 and 55 of 1,100. Raises DataError, naming
    `source`, if one of the three would be empty.
    """

    def ends(total: int) -> tuple[int, int]:
        train = int(total * 0.85)
        return train, train + int(total * 0.1)

    train, test = ends(len(records))
    if not 0 < train < test < len(records):
        needed = next(n for n in range(1, 100) if 0 < ends(n)[0] < ends(n)[1] < n)
        raise DataError(
            f"{source}: {len(records)} records cannot be split into training, test and validation "
            f"parts; at least {needed} are needed"
        )
    return Splits(list(records[:train]), list(records[train:test]), list(records[test:]))


class Encoded(NamedTuple):
    """The records that fit the context, as examples and as they were; and those that do not."""

    examples: list[Example]
    records: list[Record]
    left_out: list[Record]


def encode(
    records: Sequence[Record],
    tokenizer: Tokenizer,
    context_length: int,
    template: str,
    source: str = "records",
) -> Encoded:
    """Each record as prompt, response and end of text. Raises DataError if none fits.

    A model with a context of `context_length` reads that many tokens and is asked for the one after
    each, so an example holds at most `context_length` + 1. A longer response is cut, and then has
    no end of text to learn: it did not end. A record whose prompt fills the context leaves no room
    for a response and is left out. `source` names the records in messages.
    """
    encoded = Encoded([], [], [])
    for record in records:
        prompt = prompt_tokens(tokenizer, record.instruction, record.input, template)
        if len(prompt) >= context_length:
            encoded.left_out.append(record)
            continue
        response = [*tokenizer.encode(record.output), tokenizer.end_of_text]
        tokens = [*prompt, *response][: context_length + 1]
        encoded.examples.append(Example(tokens, len(prompt)))
        encoded.records.append(record)
    if not encoded.examples:
        raise DataError(f"{source}: no record fits the context of {context_length} tokens")
    return encoded


def left_out_note(encoded: Encoded, source: str) -> str:
    """One line that names the first records that were left out."""
    named = ", ".join(repr(record.instruction[:40]) for record in encoded.left_out[:5])
    more = ", …" if len(encoded.left_out) > 5 else ""
    return (
        f"{source}: left out {len(encoded.left_out)} records, whose prompts fill the context: "
        f"{named}{more}"
    )
