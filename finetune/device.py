"""Where to compute, and in which numbers."""

import torch

from gpt.errors import UserError

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def choose_device(name: str) -> torch.device:
    """The named device; for "auto" the fastest that is there and right. Raises UserError."""
    usable = {"cuda": torch.cuda.is_available, "mps": _mps_is_right, "cpu": lambda: True}
    if name == "auto":
        return torch.device(next(device for device in usable if usable[device]()))
    if not usable[name]():
        wanted = {"cuda": "an NVIDIA GPU and a CUDA build of torch", "mps": "a Mac and torch 2.9"}
        raise UserError(f"--device {name}: not usable here; it takes {wanted[name]}")
    return torch.device(name)


def _mps_is_right() -> bool:
    """Apple's GPU, if it computes what the CPU does: before torch 2.9 it trained on nonsense."""
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
    if name != "auto":
        return DTYPES[name]
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device.type == "cpu":
        features = torch.cpu.get_capabilities()
        fast = features.get("avx512_bf16", False) or features.get("amx_bf16", False)
    else:
        fast = False
    return torch.bfloat16 if fast else torch.float32
