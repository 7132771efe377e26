"""bench/lecture.py as a candidate, in float32. Of this project it imports nothing else."""

from functools import partial
from typing import Any

import torch

from bench.lecture import LectureGPT, generate, train_step
from bench.timing import run_task, seconds, token_seconds


def training(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of each step on the given batches; the first ones are for warming up."""
    model = _model(spec).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.1)
    batches = [
        [torch.tensor(part, device=spec["device"]) for part in batch] for batch in spec["batches"]
    ]
    times = [
        seconds(partial(train_step, model, optimizer, *batch), spec["device"]) for batch in batches
    ]
    return {"seconds": times[spec["warm_up"] :]}


def generation(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds a token for one prompt; and for answering the given ones, one after the other."""
    model = _model(spec).eval()

    def write(prompt: list[int], tokens: int) -> None:
        generate(model, torch.tensor([prompt], device=spec["device"]), tokens)

    def answer() -> None:
        for prompt in spec["record_prompts"]:
            write(prompt, spec["answer_tokens"])

    return {
        "one": token_seconds(lambda n: write(spec["prompts"][0], n), spec),
        "answers": seconds(answer, spec["device"]),
    }


def _model(spec: dict[str, Any]) -> LectureGPT:
    config = {key: value for key, value in spec["config"].items() if key != "tied_head"}
    return LectureGPT(**config).to(spec["device"])


if __name__ == "__main__":
    run_task({"training": training, "generation": generation}, __doc__)
