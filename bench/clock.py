"""What the contestants of this repository share: the clock, and how they are told and answer."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def seconds(action: Callable[[], object], device: str) -> float:
    """How long `action` takes, on a GPU until the last of its work is done."""
    _wait(device)
    start = time.perf_counter()
    action()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def answer(tasks: dict[str, Callable[[dict[str, Any]], dict[str, Any]]]) -> None:
    """Do the task that the JSON file named on the command line asks for; print what came of it."""
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    result = tasks[spec["task"]](spec)
    if spec["device"] == "cuda":
        result["peak"] = torch.cuda.max_memory_allocated()
    print(json.dumps(result))


def token_seconds(write: Callable[[int], object], spec: dict[str, Any]) -> list[float]:
    """Seconds for one new token, measured `repeats` times; `write(n)` writes n tokens.

    The time for 1 + `tokens` tokens less the time for 1: reading the prompt is not in it.
    """
    write(2)  # warm-up
    tokens, device = spec["tokens"], spec["device"]
    return [
        (seconds(lambda: write(1 + tokens), device) - seconds(lambda: write(1), device)) / tokens
        for _ in range(spec["repeats"])
    ]
