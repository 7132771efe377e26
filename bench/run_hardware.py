"""What the machine can do at most: multiply large matrices, and read memory.

Everything else is held against these two. A training step cannot be done before its matrices are
multiplied, nor a token written before the weights have been read.
"""

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F

from bench.timing import run_task, seconds


def products(spec: dict[str, Any]) -> dict[str, Any]:
    """Floating-point operations a second in products of two (size, size) matrices, per dtype."""
    size, device = spec["size"], spec["device"]
    rates = {}
    for name in spec["dtypes"]:
        left, right = (
            torch.randn(size, size, device=device).to(getattr(torch, name)) for _ in range(2)
        )
        rates[name] = 2 * size**3 / _median_seconds(partial(torch.matmul, left, right), spec)
    return rates


def reading(spec: dict[str, Any]) -> dict[str, Any]:
    """Bytes a second at which a float32 (size, size) matrix is read, in three ways.

    Which way is the fastest differs from machine to machine, and W · x from x · Wᵀ although it is
    the same product: gpt/linear.py makes use of that.
    """
    size, device = spec["size"], spec["device"]
    weight, x = torch.ones(size, size, device=device), torch.ones(size, device=device)
    ways = {
        "sum": lambda: weight.sum(),
        "W·x": lambda: torch.mv(weight, x),
        "x·Wᵀ": lambda: F.linear(x[None], weight),
    }
    return {"ways": {way: 4 * size**2 / _median_seconds(read, spec) for way, read in ways.items()}}


@torch.inference_mode()
def _median_seconds(action: Callable[[], object], spec: dict[str, Any]) -> float:
    action()  # warm-up
    return median(seconds(action, spec["device"]) for _ in range(spec["repeats"]))


if __name__ == "__main__":
    run_task({"products": products, "reading": reading}, __doc__)
