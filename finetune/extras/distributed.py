"""Several processes, one run: `torchrun --nproc-per-node 2 train.py …`, and torchrun's own options
for several machines.

Every process shuffles alike, makes the same batches and takes its own rows of each. So a run has
the same batches however many processes share them, and may go on with another number of them. The
loss is divided by the supervised tokens of the whole batch, and each process's part of the gradient
is added up. Two of PyTorch's engines do that:

- DistributedDataParallel (Li et al., 2020): each process has the whole model. Gradients are added
  up while `backward` is still at work on earlier layers.
- FSDP2, `fully_shard` (Zhao et al., 2023, after ZeRO: Rajbhandari et al., 2020): each has a part
  of every parameter and of its moments. A block is put together when its turn comes, and let go.

Without torchrun there is one process, and nothing here does anything.
"""

import atexit
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from finetune.collate import IGNORE_INDEX
from gpt.errors import UserError
from gpt.model import GPT

# How long one process waits for another that lives but does not come: for the one that fetches the
# weights, or writes them. One that died is noticed at once.
PATIENCE = timedelta(hours=2)


class Processes:
    """This process among those that train together: number `rank` of `size`.

    Number 0 leads: it alone prints and writes. Raises UserError where another is lost.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size
        self.leads = rank == 0

    def replica(self, model: GPT, shard: bool) -> nn.Module:
        """What to call in the model's place; with `shard` the model itself, its parameters cut up.

        Before the optimizer is made, which takes the parameters as they are then.
        """
        if self.size == 1:
            return model
        model.wte.sparse = False  # a sparse gradient is exchanged by neither engine
        if not shard:
            ids = None if model.device.type == "cpu" else [model.device]
            return DistributedDataParallel(model, ids, gradient_as_bucket_view=True)
        from torch.distributed.fsdp import fully_shard

        mesh = dist.device_mesh.init_device_mesh(_kind_of_device(), (self.size,))
        for block in model.h:
            fully_shard(block, mesh=mesh)
        return fully_shard(model, mesh=mesh)

    def rows(
        self, model: nn.Module, batches: Sequence[tuple[Tensor, Tensor]]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Of each batch the rows that are this process's, on its device.

        Where it has none it takes one without targets, so that all make the same calls. Gradients
        are exchanged in the last batch's backward pass.
        """
        for number, (inputs, targets) in enumerate(batches, start=1):
            if isinstance(model, DistributedDataParallel):
                model.require_backward_grad_sync = number == len(batches)
            if self.rank < len(inputs):
                inputs, targets = inputs[self.rank :: self.size], targets[self.rank :: self.size]
            else:
                inputs, targets = inputs[:1], torch.full_like(targets[:1], IGNORE_INDEX)
            yield inputs.to(model.device), targets.to(model.device)

    def backward(self, loss: Tensor) -> None:
        """The gradient of the sum of all processes' losses. (The engines give the mean.)"""
        with self._together():
            (loss * self.size).backward()

    def sum(self, number: float) -> float:
        """All processes' numbers added up."""
        if self.size == 1:
            return number
        total = torch.tensor(number, dtype=torch.float64, device=_kind_of_device())
        with self._together():
            dist.all_reduce(total)
        return total.item()

    @contextlib.contextmanager
    def first_on_its_machine_first(self) -> Iterator[None]:
        """What the first process of a machine fetches into its cache, the others find there."""
        follows = self.size > 1 and int(os.environ["LOCAL_RANK"]) > 0
        if follows:
            self.sum(0)  # which waits until the first has come to the same
        yield
        if not follows:
            self.sum(0)

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        """Where a process waits for the others."""
        try:
            yield
        except RuntimeError as error:
            if self.size > 1 and "closed by peer" in str(error):
                raise UserError(
                    "another process of this run has ended, so this one does"
                ) from error
            raise


ALONE = Processes()


def _kind_of_device() -> str:
    return "cuda" if dist.get_backend() == "nccl" else "cpu"


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[tuple[Processes, torch.device]]:
    """The processes that torchrun started, and this one's device; ALONE if it did not.

    torchrun tells each by environment variables. Raises UserError.
    """
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1:
        yield ALONE, device
        return
    if device.type == "cuda":
        local, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if local >= there:
            raise UserError(f"a process for each GPU: this machine has {there}, so start no more")
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    elif device.type != "cpu":
        raise UserError("several processes train on NVIDIA GPUs or with --device cpu")
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    rank = dist.get_rank()
    with contextlib.ExitStack() as stack:
        if rank > 0:  # number 0 speaks for all
            nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        yield Processes(rank, size), device
        dist.destroy_process_group()
        atexit.register(_leave)


def _leave() -> None:
    """End a process that has done its part, without taking the interpreter down.

    torch's caches keep the group, and Gloo's threads with it. One that is still letting go of a
    tensor when there is no interpreter left aborts the process (one in 25 on a busy machine).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


# FSDP's names are looked up rather than imported: importing them takes half a second.


def complete(tensor: Tensor) -> Tensor:
    """A parameter, or what is kept for it, with all its parts. Every process calls this."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def like(tensor: Tensor, parameter: Tensor) -> Tensor:
    """A complete tensor, put where the parameter is and cut up as it is; a number stays whole."""
    tensor = tensor.to(parameter.device)
    if not hasattr(parameter, "full_tensor") or tensor.dim() == 0:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    mesh, placements = parameter.device_mesh, parameter.placements
    return distribute_tensor(tensor, mesh, placements, src_data_rank=None)


@contextlib.contextmanager
def whole(model: GPT) -> Iterator[None]:
    """While it lasts, every process has all parameters complete. Every process calls this."""
    for part in _parts(model):
        part.unshard()
    yield
    take_apart(model)


def take_apart(model: GPT) -> None:
    """Let go of what FSDP has put together, so that the parameters are those of the optimizer."""
    for part in _parts(model):
        part.reshard()


def _parts(model: GPT) -> list[nn.Module]:
    return [*model.h, model] if hasattr(model, "unshard") else []
