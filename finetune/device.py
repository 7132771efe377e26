"""Choose the device and the dtype; and what the training loop asks of the process it runs in."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from finetune.collate import Batch
from gpt.errors import UserError
from gpt.model import GPT

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def choose_device(name: str) -> torch.device:
    """The named device; for "auto" the first usable one of cuda, mps, cpu. Raises UserError."""
    usable = {"cuda": torch.cuda.is_available, "mps": _mps_is_correct, "cpu": lambda: True}
    if name == "auto":
        return torch.device(next(device for device in usable if usable[device]()))
    if not usable[name]():
        wanted = {"cuda": "an NVIDIA GPU and a CUDA build of torch", "mps": "a Mac and torch 2.9"}
        raise UserError(f"--device {name}: not usable here; it takes {wanted[name]}")
    return torch.device(name)


def _mps_is_correct() -> bool:
    """Whether Apple's GPU computes what the CPU does; before torch 2.9 its results were wrong."""
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version < (2, 9) or not torch.backends.mps.is_available():
        return False
    left = torch.linspace(-1, 1, 64 * 32).view(64, 32)
    on_gpu = (left.to("mps") @ left.to("mps").t()).cpu()
    return torch.allclose(on_gpu, left @ left.t(), atol=1e-4)


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The named dtype; for "auto" bfloat16 where the hardware multiplies it, else float32.

    On a CPU without instructions for it bfloat16 is tens of times slower than float32, so that
    has to be asked for by name.
    """
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32: what float32 products are there
    if name != "auto":
        return DTYPES[name]
    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device)[0] >= 8  # from Ampere on
    elif device.type == "cpu":
        features: dict[str, bool] = getattr(
            torch.cpu, "get_capabilities", dict
        )()  # since torch 2.5
        fast = features.get("avx512_bf16", False) or features.get("amx_bf16", False)
    else:
        fast = False
    return torch.bfloat16 if fast else torch.float32


class SingleProcess:
    """What the loop asks of its process. finetune/extras/distributed.py answers for several."""

    is_main_process = True  # it alone prints and writes files
    world_size = 1
    shard = False

    def __init__(self, device_type: str = "cpu") -> None:
        # Whether the loop stops at a loss that is not finite before it moves the weights. A GPU
        # would be waited for, so there it stops after the step, before anything is saved.
        self.check_before_backward = device_type != "cuda"

    def wrap(self, model: GPT) -> nn.Module:
        """What the loop calls in the model's place."""
        return model

    def local_batches(self, model: nn.Module, batches: Sequence[Batch]) -> Iterator[Batch]:
        """This process's rows of each batch, on the model's device."""
        device: Any = model.device
        return (batch.to(device) for batch in batches)

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of `loss`, summed over all processes, to each parameter's `.grad`."""
        loss.backward()

    def all_reduce_sum(self, number: float) -> float:
        """The sum of all processes' numbers."""
        return number

    def main_process_first(self) -> AbstractContextManager[None]:
        """The main process runs the body first (it downloads), then the others (they find it)."""
        return nullcontext()

    def unsharded(self, model: GPT) -> AbstractContextManager[None]:
        """While entered, every process holds all parameters whole."""
        return nullcontext()

    def plain(self, model: GPT) -> GPT:
        """What one process may call while unsharded, when the others do not."""
        return model


SINGLE_PROCESS = SingleProcess()
