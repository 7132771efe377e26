"""What the candidates of this repository share: the clock, and how a task reaches them."""

import argparse
import json
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


def run_task(tasks: dict[str, Callable[[dict[str, Any]], dict[str, Any]]], about: str) -> None:
    """Run the task that a JSON file asks for, the command line's one word; print its result.

    `about` is shown by --help.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("spec", help="a JSON file, which python -m bench.training and others write")
    path = Path(parser.parse_args().spec)
    if not path.is_file():
        parser.error(f"{path}: no such file")
    spec = json.loads(path.read_text(encoding="utf-8"))
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
