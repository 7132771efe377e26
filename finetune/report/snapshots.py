"""What the report shows of a model before training and after it, as files of the run."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from finetune.collate import Loader
from finetune.dataset import Record
from finetune.evaluate.scores import score_run
from finetune.report.page import write_page
from finetune.report.token_view import token_view
from finetune.responses import Response, response_entries
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights.files import write_text

VIEWED_RECORDS = 3  # validation records whose token losses the report shows


def before_training(
    directory: Path,
    model: GPT,
    tokenizer: Tokenizer,
    responses: Sequence[Response],
    loader: Loader,
    dtype: torch.dtype,
) -> None:
    """Write before.json: responses to the first test records, token losses of `loader`'s first."""
    examples = loader.examples[:VIEWED_RECORDS]
    rows = token_view(model, tokenizer, examples, loader.mask_prompt, dtype)
    _write_json(directory / "before.json", {"answers": responses, "microscope": rows})


def after_training(
    directory: Path,
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    responses: Sequence[Response],
    loaders: dict[str, Loader],
    dtype: torch.dtype,
) -> str:
    """Write after.json, scores.json and the page; returns a sentence with the exact matches."""
    examples = loaders["validation"].examples[:VIEWED_RECORDS]
    rows = token_view(model, tokenizer, examples, loaders["validation"].mask_prompt, dtype)
    _write_json(directory / "after.json", {"microscope": rows})
    measured = {"test": loaders["test"], "validation": loaders["validation"]}
    scores = score_run(model, records, responses, measured, dtype)
    _write_json(directory / "scores.json", scores)
    write_page(directory, response_entries(records, responses))
    exact = scores["figures"]["Exact match"]
    return (
        f"Of the {exact['count']} test responses "
        f"{round(exact['value'] * exact['count'])} are exact ("
        f"{exact['value']:.0%}, from {exact['low']:.0%} to {exact['high']:.0%})."
    )


def _write_json(path: Path, data: object) -> None:
    write_text(path, json.dumps(data, ensure_ascii=False) + "\n")
