"""Memory on a CPU: settings of the process with which training is faster or smaller.

glibc returns memory that torch frees to the kernel, and the next step has to request it again,
page by page, each cleared: about a third of a training step. `keep_freed_memory` turns that off.
What evaluations and responses leave behind does not fit what a training step needs. So where memory
is short only the steps keep it (`keeping`), and what is between them does not (`giving_back`).

The pages are of 4 kB. `use_huge_pages` asks Linux for pages of 2 MB, for tensors of that size and
more: 512 times fewer requests. They are aligned, too, so that freed memory is used again with fewer
gaps: 355M takes 0.7 GB less.

oneDNN, which multiplies matrices for torch, caches a compiled kernel for each of the last 1,024
shapes. Every batch has shapes of its own, and the little that is kept for each lies between the
large freed blocks and splits them. `limit_onednn_cache` saves half a gigabyte at 355M, where it
costs no time; `tiny` would lose a fifth of its speed.

torch's optimizers import its compiler, to be left alone by it: 70 MB and a second. Nothing is
compiled here, and `leave_out_compiler` saves both.
"""

import ctypes
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.optim import AdamW, Optimizer

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4  # from glibc's malloc.h
LARGE = 100_000_000  # parameters

_kept = False  # what `keep_freed_memory` was told


def prepare(num_parameters: int, save_memory: bool) -> None:
    """All settings, for training a model of that size. Call it before the model is made."""
    leave_out_compiler()
    use_huge_pages()
    keep_freed_memory(not save_memory)
    if num_parameters > LARGE:
        limit_onednn_cache()


def keep_freed_memory(enabled: bool) -> None:
    """Keep freed memory for the next tensor; or never hold more than is in use, which is slower.

    For tensors made from then on, where the C library is glibc; elsewhere it does nothing.
    mallopt(3) explains the numbers.
    """
    global _kept
    _kept = enabled
    mallopt = _c_function("mallopt")
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1 if enabled else 1 << 20)
        mallopt(M_MMAP_THRESHOLD, 1 << 20)
        mallopt(M_MMAP_MAX, 0 if enabled else 1 << 20)


@contextmanager
def keeping(enabled: bool) -> Iterator[None]:
    """If `enabled`, freed memory is kept while entered, and not afterwards."""
    if enabled:
        keep_freed_memory(True)
    try:
        yield
    finally:
        if enabled:
            keep_freed_memory(False)
            _give_back()


def giving_back(function: Callable[..., Any], enabled: bool) -> Callable[..., Any]:
    """If `enabled`, the function with no freed memory kept while it runs, nor from before."""

    def framed(*arguments: Any) -> Any:
        was_kept = _kept
        keep_freed_memory(False)
        _give_back()
        try:
            return function(*arguments)
        finally:
            keep_freed_memory(was_kept)

    return framed if enabled else function


def _give_back() -> None:
    """Return what is freed to the system: malloc_trim(3) of glibc; elsewhere it does nothing."""
    trim = _c_function("malloc_trim")
    if trim is not None:
        trim(0)


def _c_function(name: str) -> Any:
    """A function of the C library by its name; None if it has none like it."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def use_huge_pages() -> None:
    """torch asks for them, unless told otherwise; it must be called before the first tensor."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def limit_onednn_cache() -> None:
    """Cache 32 kernels instead of 1,024; it must be called before the first matrix product."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")


def leave_out_compiler() -> None:
    """Optimizers that do not import torch's compiler to tell it to leave them alone.

    `_disable_dynamo` in torch asks a function for what is left of it without the compiler, and
    imports that if there is no answer; the answer is the function. `step` has no such question.
    """
    methods = Optimizer.add_param_group, Optimizer.zero_grad
    for method in (*methods, Optimizer.state_dict, Optimizer.load_state_dict):
        function = inspect.unwrap(method)
        setattr(function, "__dynamo_disable", function)  # as torch asks for it
    AdamW.step = torch.no_grad()(inspect.unwrap(AdamW.step))  # type: ignore[method-assign]
