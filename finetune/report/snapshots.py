"""What the report shows of a model before training and after it, as files of the run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
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
from finetune.report.inside import SMALL, inside, token_view
from finetune.report.page import notes, write_page
from finetune.responses import Response, response_entries
from finetune.walk.steps import Walk
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights import pretrained
from weights.files import write_text


@dataclass
class Snapshots:
    """Writes before.json, after.json and scores.json. `records` are the test records."""

    directory: Path
    tokenizer: Tokenizer
    records: Sequence[Record]
    template: str
    loaders: dict[str, Loader]
    dtype: torch.dtype

    def before_training(self, model: GPT, responses: Sequence[Response]) -> None:
        """What the model makes of some records before it is trained; `responses` are those to the
        first test records."""
        perplexities = {
            f"Perplexity, {name}": perplexity(example_losses(model, loader, self.dtype)).value
            for name, loader in self._measured().items()
        }
        seen = {"answers": responses, "perplexity": perplexities, **self._views(model)}
        self._write("before.json", seen)

    def after_training(self, model: GPT, responses: Sequence[Response]) -> str:
        """The same after it, the scores and the page; returns what is to be said of them."""
        views, steps = self._views(model), []
        if model.num_parameters() <= SMALL and len(self.records) > 1:
            first = views["inside"][0]["record"] if views["inside"] else 0
            pair = [self.records[first], self.records[first - 1]]
            walked, _, _ = pretrained.load(self.directory / "model")  # the walk moves a weight
            settings = self.template, self.loaders["validation"].mask_prompt
            steps = [*Walk(walked, self.tokenizer, pair, 0, 0, *settings).steps()]
        self._write("after.json", views | {"walk": steps})
        scores = score_run(model, self.records, responses, self._measured(), self.dtype)
        self._write("scores.json", scores)
        run = read_run(self.directory, response_entries(self.records, responses))
        write_page(run)
        return _said(run)

    def _measured(self) -> dict[str, Loader]:
        return {name: self.loaders[name] for name in ("test", "validation")}

    def _views(self, model: GPT) -> dict[str, Any]:
        losses = token_view(model, self.tokenizer, self.loaders["validation"], self.dtype)
        views = inside(model, self.tokenizer, self.records, self.loaders["test"].examples)
        return {"microscope": losses, "inside": views}

    def _write(self, name: str, data: object) -> None:
        write_text(self.directory / name, json.dumps(data, ensure_ascii=False) + "\n")


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
