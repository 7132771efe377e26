"""This project as a contestant: what finetune/loop.py does at a step, what generate.py calls."""

from pathlib import Path
from typing import Any

from finetune.extras.memory import remember_few_shapes, reuse_memory  # before torch: see there

# isort: split

import torch

from bench.clock import answer, seconds, token_seconds
from finetune.dataset import Record
from finetune.device import DTYPES
from finetune.evaluate.__main__ import answers
from finetune.extras import lora
from finetune.loss import summed_loss
from finetune.optimizer import AdamW
from gpt.config import GPTConfig
from gpt.model import GPT
from gpt.sampling import generate
from weights import pretrained


def save(spec: dict[str, Any]) -> dict[str, Any]:
    """Random weights of a size, as a directory that every contestant can load."""
    model = GPT(GPTConfig(**spec["config"]), torch.Generator().manual_seed(123))
    pretrained.save(Path(spec["directory"]), model)
    return {}


def training(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of each step on the given batches; the first ones are for warming up."""
    reuse_memory(not spec["low_memory"] and spec["lora_rank"] is None)
    model = GPT(GPTConfig(**spec["config"]), torch.Generator().manual_seed(123))
    model.to(spec["device"]).train()
    if model.num_parameters() > 1e8:
        remember_few_shapes()
    model.recompute = spec["low_memory"]
    dtype = DTYPES[spec["dtype"]]
    if spec["lora_rank"] is not None:
        lora.add(model, spec["lora_rank"], alpha=256, frozen_dtype=dtype)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = AdamW(learned, lr=5e-5, weight_decay=0.1)

    def step(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        loss_sum, count = summed_loss(
            model, inputs.to(spec["device"]), targets.to(spec["device"]), dtype
        )
        loss = loss_sum / count
        loss.item()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    batches = [[torch.tensor(part) for part in batch] for batch in spec["batches"]]
    times = [seconds(lambda b=batch: step(*b), spec["device"]) for batch in batches]
    return {"seconds": times[spec["warm_up"] :]}


def generation(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds a token for one prompt and for all together; and for answering the records."""
    model, tokenizer, _ = pretrained.load(
        Path(spec["directory"]), DTYPES[spec["dtype"]], spec["device"]
    )
    tokenizer.end_of_text = -1  # random weights do not know when to stop: every text gets as long
    records = [Record(instruction, "", input) for instruction, input in spec["records"]]

    def timed(prompts: list[list[int]]) -> list[float]:
        return token_seconds(lambda n: generate(model, prompts, n, end_of_text=-1), spec)

    return {
        "one": timed(spec["prompts"][:1]),
        "all": timed(spec["prompts"]),
        "answers": seconds(
            lambda: answers(model, tokenizer, records, "alpaca", spec["answer_tokens"]),
            spec["device"],
        ),
    }


if __name__ == "__main__":
    answer({"save": save, "training": training, "generation": generation})
