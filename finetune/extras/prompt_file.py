"""`generate.py --prompts FILE --out FILE`: a file of prompts, answered in batches.

The responses are appended in the order of the prompts, a line of JSON each, as they are generated.
The same command resumes after the last complete line.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from finetune.dataset import Record
from finetune.prompt import prompt_tokens
from finetune.records import read_records
from finetune.responses import Assistant, check_room, stream_responses
from gpt.errors import UserError
from weights.files import append_text

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")


class PromptFile:
    """The prompts, and how many of them have a response in `out` (`done`).

    Raises UserError, before a model is loaded, for prompts that cannot be read and for an `out`
    that cannot be written, holds something else, or holds all the responses.
    """

    def __init__(self, prompts: str, out: str, input: str, raw: bool) -> None:
        self.path, self.out = Path(prompts), Path(out)
        self.records = read_prompts(self.path, input, raw)
        self.done = _count_done(self.out, self.records)

    def answer(self, assistant: Assistant, seed: int) -> None:
        """Append the responses that `out` lacks. Raises UserError for a prompt that is too long."""
        tokenizer, template = assistant.tokenizer, assistant.template
        for number, record in enumerate(self.records, start=1):
            tokens = prompt_tokens(tokenizer, record.instruction, record.input, template)
            check_room(tokens, assistant.model.config, f"{self.path}: prompt {number}")
        if self.done:
            count = f"{self.done} of {len(self.records)}"
            print(f"{self.out}: resuming after {count} responses", file=sys.stderr)
        records = self.records[self.done :]
        responses = stream_responses(
            assistant.model,
            tokenizer,
            records,
            template,
            assistant.max_new_tokens,
            sampling=assistant.sampling,
            seed=seed + self.done,
        )
        for record, response in zip(records, responses, strict=True):
            line = _prompt_fields(record) | {"response": response.text, "ended": response.hit_eos}
            append_text(self.out, json.dumps(line, ensure_ascii=False) + "\n")
        print(f"{len(self.records)} responses in {self.out}", file=sys.stderr)


def read_prompts(path: Path, input: str, raw: bool) -> list[Record]:
    """Records without an output: of a JSON file, or of each line that is not empty, with `input`.

    Raises UserError.
    """
    if path.suffix.lower() in JSON_SUFFIXES:
        records = read_records(path, require_output=False)
        if input:
            raise UserError(f"--input: the records of {path} have inputs of their own; drop it")
        for number, record in enumerate(records, start=1):
            if raw and record.input:
                raise UserError(f"{path}: record {number} has an input, which --raw leaves out")
        return records
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 (byte {error.start})") from None
    lines = [line.strip() for line in text.split("\n")]  # splitlines would also split at U+2028
    records = [Record(line, "", input) for line in lines if line]
    if not records:
        raise UserError(f"{path}: no prompt in it")
    return records


def _count_done(out: Path, records: Sequence[Record]) -> int:
    """How many responses an earlier command left in `out`; a line that it cut off is removed."""
    if not out.parent.is_dir():
        raise UserError(f"--out {out}: there is no directory {out.parent}")
    if not out.exists():
        return 0
    *lines, cut_off = out.read_bytes().split(b"\n")
    starts = [json.dumps(_prompt_fields(r), ensure_ascii=False)[:-1].encode() for r in records]
    ours = len(lines) <= len(starts) and all(map(bytes.startswith, lines, starts))
    if cut_off and ours:
        start = starts[len(lines)] if len(lines) < len(starts) else b""
        ours = cut_off[: len(start)] == start[: len(cut_off)] != b""
    if not ours:
        raise UserError(f"--out {out}: already there, with something else; give another file")
    if len(lines) == len(records):
        raise UserError(f"--out {out}: already there, with all responses; give another file")
    if cut_off:
        with out.open("r+b") as file:
            file.truncate(out.stat().st_size - len(cut_off))
    return len(lines)


def _prompt_fields(record: Record) -> dict[str, str]:
    """The first fields of a line of `out`."""
    return {"prompt": record.instruction, "input": record.input}
