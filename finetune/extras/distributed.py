"""Several processes, one run: `torchrun --nproc-per-node 2 train.py …`, and torchrun's own options
for several machines.

Every process shuffles alike, makes the same batches and takes its own rows of each. So a run has
the same batches however many processes share them, and may resume with another number of them. The
loss is divided by the supervised tokens of the whole batch, and the processes' gradients are summed
(all-reduce). Two of PyTorch's engines do that:

- DistributedDataParallel (Li et al., 2020): each process has the whole model. Gradients are summed
  while `backward` is still at work on earlier layers.
- FSDP2, `fully_shard` (Zhao et al., 2023, after ZeRO: Rajbhandari et al., 2020): parameters and
  moments are sharded, each process has a part. Each block's parameters are gathered just before it
  runs and freed right after.

Without torchrun there is one process, and nothing here does anything.

One run made by one process or by two has the same losses to rounding, not the same bits: sums are
made in another order.
"""

import atexit
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from finetune.collate import IGNORE_INDEX, Batch
from finetune.device import SingleProcess
from gpt.errors import UserError
from gpt.linear import Linear
from gpt.model import GPT

# How long a process waits for another that lives but does not come: for the one that downloads the
# weights, or writes them. One that died is noticed at once.
TIMEOUT = timedelta(hours=2)
# What the errors of Gloo say of a process that is no longer there, by how its connection ended.
LOST = ("closed by peer", "reset by peer", "Broken pipe")
NUMBERS = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_PORT")  # torchrun sets them


class DistributedContext(SingleProcess):
    """This process among those that train together: number `rank` of `world_size`.

    Raises UserError where another is lost.
    """

    def __init__(self, rank: int, world_size: int, shard: bool, device_type: str = "cpu") -> None:
        super().__init__(device_type)
        self.rank, self.world_size, self.shard = rank, world_size, shard
        self.is_main_process = rank == 0

    def wrap(self, model: GPT) -> nn.Module:
        """DDP's wrapper; with `shard` the model itself, its parameters sharded.

        Call it before the optimizer is made, which takes the parameters as they are then.
        """
        model.wte.sparse = False  # neither engine reduces sparse gradients
        if not self.shard:
            ids = None if model.device.type == "cpu" else [model.device]
            return DistributedDataParallel(model, ids, gradient_as_bucket_view=True)
        try:
            from torch.distributed.fsdp import fully_shard
        except ImportError:
            raise UserError(f"--shard takes torch 2.6 or later, not {torch.__version__}") from None

        mesh = dist.device_mesh.init_device_mesh(_device_type(), (self.world_size,))
        for block in model.h:
            fully_shard(block, mesh=mesh)
        fully_shard(model, mesh=mesh)
        return model

    def local_batches(self, model: nn.Module, batches: Sequence[Batch]) -> Iterator[Batch]:
        """Of each batch the rows that are this process's, on its device.

        A process without rows gets one row with all targets ignored, because every process must
        take part in the collective calls. Gradients are reduced in the last batch's backward pass.
        """
        device: Any = model.device
        for number, (inputs, targets) in enumerate(batches, start=1):
            if isinstance(model, DistributedDataParallel):
                model.require_backward_grad_sync = number == len(batches)
            if self.rank < len(inputs):
                rows = slice(self.rank, None, self.world_size)
                batch = Batch(inputs[rows], targets[rows])
            else:
                batch = Batch(inputs[:1], torch.full_like(targets[:1], IGNORE_INDEX))
            yield batch.to(device)

    def backward(self, loss: Tensor) -> None:
        """The gradient of the sum of all processes' losses. (The engines give the mean.)"""
        with _peer_loss_as_user_error():
            (loss * self.world_size).backward()

    def all_reduce_sum(self, number: float) -> float:
        total = torch.tensor(number, dtype=torch.float64, device=_device_type())
        with _peer_loss_as_user_error():
            dist.all_reduce(total)
        return total.item()

    @contextlib.contextmanager
    def main_process_first(self) -> Iterator[None]:
        """Local rank 0 runs the body first and downloads; the others then read its cache."""
        follows = int(os.environ["LOCAL_RANK"]) > 0
        if follows:
            self.all_reduce_sum(0)  # which waits until the first has come to the same
        yield
        if not follows:
            self.all_reduce_sum(0)

    @contextlib.contextmanager
    def unsharded(self, model: GPT) -> Iterator[None]:
        for module in _fsdp_modules(model):
            module.unshard()
        yield
        reshard(model)

    def plain(self, model: GPT) -> GPT:
        """A plain model with the same parameters: FSDP's calls a collective in each block."""
        if not self.shard:
            return model
        with torch.device("meta"):
            plain = GPT(model.config)
        for name, _ in list(plain.named_parameters()):
            module_name, _, leaf = name.rpartition(".")
            module: Any = model.get_submodule(module_name)
            linear = isinstance(module, Linear) and leaf == "weight"
            value = module.plain_weight() if linear else getattr(module, leaf)
            setattr(plain.get_submodule(module_name), leaf, nn.Parameter(value.detach()))
        return plain


@contextlib.contextmanager
def _peer_loss_as_user_error() -> Iterator[None]:
    """Around a collective call: report the loss of a peer as a UserError."""
    try:
        yield
    except RuntimeError as error:
        if any(sign in str(error) for sign in LOST):
            raise UserError("another process of this run has ended, so this one does") from error
        raise


def _device_type() -> str:
    return "cuda" if dist.get_backend() == "nccl" else "cpu"


@contextlib.contextmanager
def setup_distributed(
    device: torch.device, shard: bool, resumed: bool = False
) -> Iterator[tuple[SingleProcess, torch.device]]:
    """This process among those that torchrun started, and its device; a SingleProcess without it.

    torchrun tells each by environment variables. With `shard` the model is sharded; a run of
    several processes that is `resumed` by one is not.

    Raises UserError for variables that torchrun did not set, and where a process has no GPU.
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        if shard and not resumed:
            raise UserError("--shard needs several processes: start them with torchrun")
        yield SingleProcess(device.type), device
        return
    wrong = [name for name in NUMBERS if not os.environ.get(name, "").isdecimal()]
    if wrong or "MASTER_ADDR" not in os.environ:
        raise UserError(
            f"WORLD_SIZE is set, but {wrong[0] if wrong else 'MASTER_ADDR'} is missing or no "
            "number: start several processes with torchrun; for one, unset WORLD_SIZE"
        )
    if device.type == "cuda":
        local_rank, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if local_rank >= gpus:
            raise UserError(f"a process for each GPU: this machine has {gpus}, so start no more")
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    elif device.type != "cpu":
        raise UserError("several processes train on NVIDIA GPUs or with --device cpu")
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)
    rank = dist.get_rank()
    with contextlib.ExitStack() as stack:
        if rank > 0:  # the main process alone prints
            nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        yield DistributedContext(rank, dist.get_world_size(), shard, device.type), device
        dist.destroy_process_group()
        atexit.register(_exit_without_teardown)


def _exit_without_teardown() -> None:
    """End a process that is done before the interpreter is torn down.

    torch's caches keep the group, and Gloo's threads with it. One that frees a tensor when there is
    no interpreter left aborts the process (one in 25 on a busy machine).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


# FSDP's names are looked up rather than imported: importing them takes half a second.


def full_tensor(tensor: Tensor) -> Tensor:
    """The full, unsharded tensor. Collective: every process must call this."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def shard_like(tensor: Tensor, parameter: Tensor) -> Tensor:
    """A full tensor moved to the parameter's device and sharded in the same way.

    0-dimensional tensors are not sharded.
    """
    tensor = tensor.to(parameter.device)
    if not hasattr(parameter, "full_tensor") or tensor.dim() == 0:
        return tensor
    from torch.distributed.tensor import DTensor, distribute_tensor

    assert isinstance(parameter, DTensor)
    mesh, placements = parameter.device_mesh, parameter.placements
    return distribute_tensor(tensor, mesh, placements, src_data_rank=None)


def reshard(model: GPT) -> None:
    """Free what FSDP has gathered, so that the parameters are those of the optimizer."""
    for module in _fsdp_modules(model):
        module.reshard()


def _fsdp_modules(model: GPT) -> list[Any]:
    return [*model.h, model] if hasattr(model, "unshard") else []
