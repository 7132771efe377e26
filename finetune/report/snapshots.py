"""What the report shows of a model before training and after it, as files of the run."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from finetune.collate import Loader
from finetune.console import labelled
from finetune.dataset import Record
from finetune.evaluate.losses import example_losses
from finetune.evaluate.scores import format_value, perplexity, score_run
from finetune.report.answers import chosen
from finetune.report.files import Run, read_run
from finetune.report.inside import SMALL, inside
from finetune.report.page import loss_has_risen, write_page
from finetune.report.token_view import token_view
from finetune.responses import Response, response_entries
from finetune.walk.steps import Walk
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights import pretrained
from weights.files import read_json_object, write_text

VIEWED_RECORDS = 3  # validation records whose token losses the report shows


def before_training(
    directory: Path,
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    responses: Sequence[Response],
    loaders: dict[str, Loader],
    dtype: torch.dtype,
) -> None:
    """Write before.json, with what the model makes of some records before it is trained.

    `responses` are those to the first of the test `records`.
    """
    data = {"answers": responses, **_seen(model, tokenizer, records, loaders, dtype)}
    data["perplexity"] = {
        f"Perplexity, {name}": perplexity(example_losses(model, loaders[name], dtype)).value
        for name in ("test", "validation")
    }
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
    data = _seen(model, tokenizer, records, loaders, dtype)
    if model.config.num_parameters() <= SMALL and len(records) > 1:
        views, options = data["inside"], read_json_object(directory / "options.json")
        first = views[0]["record"] if views else 0
        pair = [records[first], records[first - 1]]
        walked, _, _ = pretrained.load(directory / "model")  # the walk moves a weight
        settings = options["template"], loaders["validation"].mask_prompt
        walk = Walk(walked, tokenizer, pair, 0, 0, *settings)
        data["walk"] = [*walk.steps()]
    _write_json(directory / "after.json", data)
    measured = {"test": loaders["test"], "validation": loaders["validation"]}
    scores = score_run(model, records, responses, measured, dtype)
    _write_json(directory / "scores.json", scores)
    entries = response_entries(records, responses)
    write_page(directory, entries)
    return _said(read_run(directory, entries))


def _seen(
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    loaders: dict[str, Loader],
    dtype: torch.dtype,
) -> dict[str, Any]:
    """What is looked at both times: losses of tokens, and the inside of the model."""
    loader = loaders["validation"]
    examples = loader.examples[:VIEWED_RECORDS]
    return {
        "microscope": token_view(model, tokenizer, examples, loader.mask_prompt, dtype),
        "inside": inside(model, tokenizer, records, loaders["test"].examples),
    }


def _said(run: Run) -> str:
    """For the end of the run: how many answers are exact, and one before training and after."""
    lines = [loss_has_risen(run.history)]
    exact = run.scores["figures"].get("Exact match")
    if exact:
        right, n = round(exact["value"] * exact["count"]), exact["count"]
        value, low, high = (format_value("", exact[key]) for key in ("value", "low", "high"))
        lines.append(f"Of {n} test responses {right} are exact ({value}, {low} to {high}).")
    pool, before = run.compared()
    for note, i in chosen(pool)[:1]:
        texts = {"Instruction": pool[i]["instruction"], "Input": pool[i]["input"]}
        texts |= {"Expected": pool[i]["output"]} | ({"Before": before[i][0]} if before else {})
        texts |= {"After": pool[i]["response"]}
        lines.append(f"\n{note}, to a test record:\n{labelled(texts)}")
    return "\n".join(filter(None, lines))


def _write_json(path: Path, data: object) -> None:
    write_text(path, json.dumps(data, ensure_ascii=False) + "\n")
