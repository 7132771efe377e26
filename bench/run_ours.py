"""This project as a candidate: the step of finetune/loop.py, and what generate.py calls."""

import copy
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from bench.timing import run_task, seconds, token_seconds
from finetune.collate import Batch
from finetune.dataset import Record
from finetune.device import DTYPES
from finetune.extras import gradient_checkpointing, lora, memory
from finetune.extras.optimizer_in_backward import AdamWInBackward
from finetune.extras.packed_weights import pack
from finetune.loop import train_step
from finetune.responses import generate_responses
from gpt.config import GPTConfig
from gpt.model import GPT
from gpt.sampling import generate
from weights import pretrained


def save(spec: dict[str, Any]) -> dict[str, Any]:
    """Random weights of a size, as a directory that every candidate can load."""
    model = GPT(GPTConfig(**spec["config"]), torch.Generator().manual_seed(123))
    pretrained.save(Path(spec["directory"]), model)
    return {}


def training(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of each step on the given batches, set up as in train.py.

    The first steps are for warming up. `loss` names the module whose `batch_loss_sum` is used.
    """
    config, dtype = GPTConfig(**spec["config"]), DTYPES[spec["dtype"]]
    save_memory = spec["low_memory"] or spec["lora_rank"] is not None
    memory.prepare(config.num_parameters(), save_memory)
    model = GPT(config, torch.Generator().manual_seed(123)).to(spec["device"]).train()
    gradient_checkpointing.add(model, spec["low_memory"])
    if spec["lora_rank"] is not None:
        lora.add(model, spec["lora_rank"], alpha=256, frozen_dtype=dtype)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = AdamWInBackward(trained, lr=5e-5, weight_decay=0.1, model=model)
    if spec["low_memory"]:
        memory.keep_freed_memory(True)  # as `keeping` does in train.py
    loss_sum = partial(import_module(spec["loss"]).batch_loss_sum, dtype=dtype)

    batches = [Batch(*map(torch.tensor, batch)) for batch in spec["batches"]]
    times = [
        seconds(partial(train_step, model, optimizer, [batch], loss_sum), spec["device"])
        for batch in batches
    ]
    return {"seconds": times[spec["warm_up"] :]}


def generation(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds a token for one prompt and for all together; and for answering the records."""
    model, tokenizer, _ = pretrained.load(
        Path(spec["directory"]), DTYPES[spec["dtype"]], spec["device"]
    )
    pack(model)  # as generate.py does
    tokenizer = copy.copy(tokenizer)  # others have the same one
    tokenizer.end_of_text = -1  # random weights do not know when to stop: every text gets as long
    records = [Record(instruction, "", input) for instruction, input in spec["records"]]

    def timed(prompts: list[list[int]]) -> list[float]:
        return token_seconds(lambda n: generate(model, prompts, n, end_of_text=-1), spec)

    return {
        "one": timed(spec["prompts"][:1]),
        "all": timed(spec["prompts"]),
        "answers": seconds(
            lambda: generate_responses(model, tokenizer, records, "alpaca", spec["answer_tokens"]),
            spec["device"],
        ),
    }


if __name__ == "__main__":
    run_task({"save": save, "training": training, "generation": generation}, __doc__)
