"""What the report shows of a model before training and after it, as files of the run."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from finetune.collate import Loader
from finetune.dataset import Record
from finetune.evaluate.losses import example_losses
from finetune.evaluate.scores import format_value, perplexity, score_run
from finetune.report.files import read_run
from finetune.report.page import loss_has_risen, write_page
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
    """Write before.json, with what the model makes of some records before it is trained.

    `responses` are those to the first test records; `loader`, of the validation records, gives the
    perplexity and the losses of its first records' tokens.
    """
    examples = loader.examples[:VIEWED_RECORDS]
    rows = token_view(model, tokenizer, examples, loader.mask_prompt, dtype)
    before = perplexity(example_losses(model, loader, dtype)).value
    data = {"answers": responses, "microscope": rows, "perplexity": before}
    _write_json(directory / "before.json", data)


def after_training(
    directory: Path,
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    responses: Sequence[Response],
    loaders: dict[str, Loader],
    dtype: torch.dtype,
) -> str:
    """Write after.json, scores.json and the page; returns what is to be said of them."""
    examples = loaders["validation"].examples[:VIEWED_RECORDS]
    rows = token_view(model, tokenizer, examples, loaders["validation"].mask_prompt, dtype)
    _write_json(directory / "after.json", {"microscope": rows})
    measured = {"test": loaders["test"], "validation": loaders["validation"]}
    scores = score_run(model, records, responses, measured, dtype)
    _write_json(directory / "scores.json", scores)
    write_page(directory, response_entries(records, responses))
    sentences = [loss_has_risen(read_run(directory, []).history)]
    exact = scores["figures"].get("Exact match")
    if exact:
        right, n = round(exact["value"] * exact["count"]), exact["count"]
        value, low, high = (format_value("", exact[key]) for key in ("value", "low", "high"))
        sentences.append(f"Of {n} test responses {right} are exact ({value}, {low} to {high}).")
    return " ".join(filter(None, sentences))


def _write_json(path: Path, data: object) -> None:
    write_text(path, json.dumps(data, ensure_ascii=False) + "\n")
