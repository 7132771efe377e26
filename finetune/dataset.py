"""Records and examples: split the records, turn them into token ids.

finetune/records.py reads them from files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from finetune.prompt import prompt_tokens
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer


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

    tokens: Sequence[int]
    prompt_length: int


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
