"""How much memory a run takes at most, before anything is downloaded or trained; and how much there
is.

The estimate counts what is in memory when most of it is, at the start of the backward pass: the
weights, AdamW's two moments, the activations that are kept for the backward pass, the logits, and
the largest gradient. With LoRA it may be before that, when the weights are read. The constants
marked "measured" were fitted to the peak resident memory of runs of 124M and 355M on a CPU; a test
holds the estimate to a measured run.

Letters: P parameters, L n_layer, C n_embd, V vocabulary, N positions computed in a batch.
"""

import ctypes
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tqdm import tqdm

from finetune.dataset import Example
from finetune.extras.optimizer_in_backward import ROWS
from gpt.config import SIZES, GPTConfig
from gpt.errors import UserError

# Bytes, measured: Python, torch, oneDNN's kernels, the step's small tensors. torch's build for CUDA
# loads larger libraries, whether there is a GPU or not.
PROCESS = 290e6 + (335e6 if torch.version.cuda else 0)
# Bytes kept for the backward pass, per position, layer and C; measured. In bfloat16: the inputs of
# the two LayerNorms (4 + 4), of the four linear layers (2 + 2 + 2 + 8), GELU's input (8); and at
# each place in the rows, about two for a position, q, k, v (6), the heads' outputs, the softmax.
ACTIVATIONS = {torch.bfloat16: 64, torch.float32: 88}
CHECKPOINTED = 8  # the block's input
# Bytes per V · C: the gradient of the head (4), in bfloat16 also its copy in that.
HEAD = {torch.bfloat16: 7.4, torch.float32: 6.0}
# Bytes per number of ROWS rows of that gradient, where AdamWInBackward makes it in such blocks.
BLOCK = 8
LOGITS = {torch.bfloat16: 2, torch.float32: 4}  # per V · N: the logits, then their gradient
# Unused between tensors where freed memory is kept: of the weights' bytes, with checkpointing half
# of that, and bytes; measured.
FRAGMENTS, FRAGMENTS_AT_LEAST = 0.2, 50e6
LORA_RANK = 16  # the one that is proposed where a run does not fit


@dataclass(frozen=True)
class Run:
    """What decides a run's memory."""

    config: GPTConfig
    dtype: torch.dtype  # of matrix products
    positions: int  # N: computed in the largest batch
    lora_rank: int | None = None
    in_backward: bool = True  # gradients are freed one by one: not with accumulation or clipping
    gradient_checkpointing: bool = False


def peak_memory(run: Run) -> int:
    """Bytes in memory at most, Python and torch included."""
    config, dtype = run.config, run.dtype
    L, C, V, N = config.n_layer, config.n_embd, config.vocab_size, run.positions
    P, matrices = config.num_parameters(), 12 * L * C**2
    per_position = L * C * (CHECKPOINTED if run.gradient_checkpointing else ACTIVATIONS[dtype])
    total = PROCESS + N * (per_position + LOGITS[dtype] * V)
    if run.lora_rank is not None:
        adapters = 16 * L * C * run.lora_rank  # parameters: in + out of the four linear layers
        total += matrices * dtype.itemsize + 4 * (P - matrices) + 16 * adapters
        total += 2 * V * C if dtype == torch.bfloat16 else 0  # the head's copy
        return int(max(total, PROCESS + 4 * P))  # the weights come in float32
    total += 12 * P  # weights and two moments in float32
    in_blocks = run.in_backward and config.tied_head
    total += BLOCK * ROWS * C if in_blocks else HEAD[dtype] * V * C
    if not run.in_backward:
        total += 4 * (P - V * C)  # the other gradients
    total += FRAGMENTS * 4 * P / (2 if run.gradient_checkpointing else 1)
    return int(total + (FRAGMENTS_AT_LEAST if P > 1e8 else 0))


def largest_batch(examples: Sequence[Example], batch_size: int) -> int:
    """Positions of the longest examples together, those counted once that all of them share."""
    longest = sorted((each.tokens for each in examples), key=len)[-batch_size:]
    shared = 0
    while all(len(t) > shared + 1 and t[shared] == longest[0][shared] for t in longest):
        shared += 1
    return shared + sum(len(tokens) - 1 - shared for tokens in longest)


def decide_low_memory(wanted: str, run: Run, name: str, device: torch.device) -> bool:
    """Whether to train with gradient checkpointing. Prints what the run will take and what is free.

    `wanted` is "on", "off" or "auto": on if the run would not fit otherwise. Raises UserError with
    what would fit, each with its figure, if "auto" finds that neither does.
    """
    free, low = free_memory(device), replace(run, gradient_checkpointing=True)
    chosen = low if wanted == "on" else run
    if wanted == "auto" and free is not None and peak_memory(run) > free:
        chosen = low
        if peak_memory(low) > free:
            raise UserError(f"{name} takes {_gb(peak_memory(low))} even with --low-memory, "
                            f"and {_gb(free)} are free. {_alternatives(run, free)}")  # fmt: skip
    note = f"Memory: about {_gb(peak_memory(chosen))} at most"
    if free is not None:
        note += f"; {_gb(free)} are free"
    if wanted == "auto" and chosen is low:
        note += f": --low-memory is on, without it {_gb(peak_memory(run))}"
    tqdm.write(note)
    return chosen is low


def _alternatives(run: Run, free: int) -> str:
    low = replace(run, gradient_checkpointing=True)
    smallest = (
        SIZES["124M"] if run.config.num_parameters() > SIZES["124M"].num_parameters() else None
    )
    proposals = {
        f"--lora-rank {LORA_RANK}": replace(low, lora_rank=LORA_RANK),
        "--batch-size 1": replace(low, positions=max(run.positions // 8, 1)),
        "--model 124M": replace(low, config=smallest or run.config),
    }
    fits = [f"{what} ({_gb(peak_memory(each))})" for what, each in proposals.items()
            if peak_memory(each) < free]  # fmt: skip
    hint = "Close other programs" + (f", or try {', or '.join(fits)}" if fits else "")
    return f"{hint}; --low-memory off starts all the same"


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def free_memory(device: torch.device) -> int | None:
    """Bytes that this process can still have: what the machine has, its container and its limits
    allow. None: unknown."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    free = (_system_free(), *_container_free(), *_limits_free())
    known = [each for each in free if each is not None]
    return min(known, default=None)


def _system_free() -> int | None:
    if sys.platform == "linux":
        found = re.search(r"MemAvailable:\s+(\d+) kB", _text(Path("/proc/meminfo")))
        return int(found[1]) * 1024 if found else None
    if sys.platform == "win32":
        status = (ctypes.c_uint64 * 8)()  # MEMORYSTATUSEX: its length, then ullAvailPhys third
        ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = 64
        done = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return status[2] if done else None
    return None  # macOS tells programs no number that means this


def _limits_free() -> list[int]:
    """What the limits of this process leave: `ulimit -d` of data, `ulimit -v` of addresses."""
    if sys.platform != "linux":
        return []
    import resource  # Unix only

    status = _text(Path("/proc/self/status"))
    free = []
    for limit, name in ((resource.RLIMIT_DATA, "VmData"), (resource.RLIMIT_AS, "VmSize")):
        allowed, _ = resource.getrlimit(limit)
        used = re.search(rf"{name}:\s+(\d+) kB", status)
        if allowed != resource.RLIM_INFINITY and used:
            free.append(allowed - int(used[1]) * 1024)
    return free


def _container_free() -> list[int]:
    """What the control groups above this process leave of their limits (Linux; version 2 and 1)."""
    free = []
    for line in _text(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, limit, used = Path("/sys/fs/cgroup"), "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root = Path("/sys/fs/cgroup/memory")
            limit, used = "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        group = root / path.lstrip("/")
        for directory in (group, *group.parents):
            allowed = _text(directory / limit).strip()
            if allowed.isdecimal() and int(allowed) < 1 << 60:
                # The page cache counts as used, and is given up when memory is short.
                stat = _text(directory / "memory.stat")
                cached = re.search(r"^(?:total_)?inactive_file (\d+)", stat, re.MULTILINE)
                taken = int(_text(directory / used) or 0) - (int(cached[1]) if cached else 0)
                free.append(int(allowed) - taken)
            if directory == root:
                break
    return free


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
