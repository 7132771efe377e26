"""What the report shows of a model before training and after it, as files of the run."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from finetune.collate import Loader
from finetune.console import labelled
from finetune.dataset import Record
from finetune.evaluate.losses import example_losses
from finetune.evaluate.scores import format_value, perplexity, score_run
from finetune.report.answers import chosen
from finetune.report.files import Run, read_run
from finetune.report.inside import SMALL, inside, token_view
from finetune.report.page import notes, write_page
from finetune.responses import Response, response_entries
from finetune.walk.steps import Walk
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights import pretrained
from weights.files import read_json_object, write_text


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
    perplexities = {
        f"Perplexity, {name}": perplexity(example_losses(model, loaders[name], dtype)).value
        for name in ("test", "validation")
    }
    seen = token_view(model, tokenizer, loaders["validation"], dtype)
    views = inside(model, tokenizer, records, loaders["test"].examples)
    data = {"answers": responses, "perplexity": perplexities, "microscope": seen, "inside": views}
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
    seen = token_view(model, tokenizer, loaders["validation"], dtype)
    views = inside(model, tokenizer, records, loaders["test"].examples)
    steps = []
    if model.config.num_parameters() <= SMALL and len(records) > 1:
        first = views[0]["record"] if views else 0
        pair = [records[first], records[first - 1]]
        walked, _, _ = pretrained.load(directory / "model")  # the walk moves a weight
        template = read_json_object(directory / "options.json")["template"]
        settings = template, loaders["validation"].mask_prompt
        steps = [*Walk(walked, tokenizer, pair, 0, 0, *settings).steps()]
    _write_json(directory / "after.json", {"microscope": seen, "inside": views, "walk": steps})
    measured = {name: loaders[name] for name in ("test", "validation")}
    scores = score_run(model, records, responses, measured, dtype)
    _write_json(directory / "scores.json", scores)
    run = read_run(directory, response_entries(records, responses))
    write_page(run)
    return _said(run)


def _said(run: Run) -> str:
    """For the end of the run: how many answers are exact, and one before training and after."""
    lines = notes(run)
    if exact := run.scores["figures"].get("Exact match"):
        right, n = round(exact["value"] * exact["count"]), exact["count"]
        value, low, high = (format_value("", exact[key]) for key in ("value", "low", "high"))
        lines.append(f"Of {n} test responses {right} are exact ({value}, {low} to {high}).")
    records, after, before = run.compared()
    for i, note in [*chosen(records, after).items()][:1]:
        texts = {"Instruction": records[i].instruction, "Input": records[i].input}
        texts |= {"Expected": records[i].output} | ({"Before": before[i].text} if before else {})
        texts |= {"After": after[i].text}
        lines.append(f"\n{note}, to a test record:\n{labelled(texts)}")
    return "\n".join(lines)


def _write_json(path: Path, data: object) -> None:
    write_text(path, json.dumps(data, ensure_ascii=False) + "\n")
