"""Checkpoints: all that a run needs to go on as if it had never stopped.

    checkpoint/step-00000120/
        tensors.safetensors   parameters, AdamW's two moments and step counts, the generator's state
        state.json            where the run stood, and its metrics so far
        checksums.json        the CRC-32C of both

The parameters are those that are trained; what is frozen comes back from where it came from, and a
checksum tells if it is the same. A checkpoint is written under another name, and has its own when
all of it is on the disk. Only then does the one before it go. So there is always a whole one,
whenever the process or the machine stops. Nothing in it can run code.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import Parameter

from finetune.extras.distributed import ALONE, Processes, complete, like, take_apart
from finetune.loop import Metrics, Position
from finetune.optimizer import AdamW
from gpt.errors import UserError
from gpt.model import GPT
from weights import safetensors
from weights.crc32c import crc32c
from weights.files import mapped, read_json_object, sync_directory, write_text

MOMENTS = ("exp_avg", "exp_avg_sq", "step")  # what torch's AdamW keeps for each parameter
WHOLE = "step-*[0-9]"  # an unfinished one ends in .part
TENSORS, STATE, CHECKSUMS = "tensors.safetensors", "state.json", "checksums.json"


class CheckpointError(UserError):
    """A checkpoint that cannot be gone on from; the message names the file and what is wrong."""


def newest(directory: Path) -> Path | None:
    """The last whole checkpoint in `directory`, if there is one."""
    return max(directory.glob(WHOLE), default=None)


def save(
    directory: Path,
    model: GPT,
    optimizer: AdamW,
    position: Position,
    history: Sequence[Metrics],
    records: str,
    processes: Processes = ALONE,
) -> None:
    """Write a checkpoint into `directory` and remove those before it. Every process calls this.

    `records` stands for what is trained on, for `load` to compare. Raises OSError, and then the
    checkpoint that was there still is.
    """
    take_apart(model)
    frozen, tensors = _frozen(model, optimizer), {}
    for name, part in _tensors(model, optimizer):
        tensor = complete(part)
        if processes.leads:
            tensors[name] = tensor if tensor is part else tensor.cpu()
    assert len({*_trained(model, optimizer)}) == len(optimizer.parts), "a parameter is not there"
    if not processes.leads:
        return
    state = {
        "position": position._asdict() | {"shuffle": None},
        "metrics": [metrics._asdict() for metrics in history],
        "records": records,
        "frozen": frozen,
    }
    target = directory / f"step-{position.step + 1:08d}"
    unfinished = target.with_suffix(".part")
    for left_over in directory.glob("*.part"):
        shutil.rmtree(left_over)
    unfinished.mkdir(parents=True)
    try:
        safetensors.write(unfinished / TENSORS, tensors | {"shuffle": position.shuffle})
        write_text(unfinished / STATE, json.dumps(state) + "\n")
        checksums = {name: _checksum(unfinished / name) for name in (TENSORS, STATE)}
        write_text(unfinished / CHECKSUMS, json.dumps(checksums) + "\n")
        sync_directory(unfinished)
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync_directory(directory)
    for older in directory.glob(WHOLE):
        if older != target:
            shutil.rmtree(older)


def load(path: Path, model: GPT, optimizer: AdamW, records: str) -> tuple[Position, list[Metrics]]:
    """Put a checkpoint's numbers into the model and the optimizer, once all of them are checked.

    Raises CheckpointError, and then nothing was changed.
    """
    recorded = read_json_object(path / CHECKSUMS)
    for name in (TENSORS, STATE):
        if _checksum(path / name) != recorded.get(name):
            raise CheckpointError(f"{path / name}: damaged: its CRC-32C is not that in {CHECKSUMS}")
    state, tensors = read_json_object(path / STATE), safetensors.read(path / TENSORS)
    if state["records"] != records:
        raise CheckpointError(f"{path}: the run had other records; they were changed since")
    if state["frozen"] != _frozen(model, optimizer):
        raise CheckpointError(f"{path}: the run had another model to start from")
    shuffle = tensors.pop("shuffle")
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    for name, tensor in tensors.items():
        kind, _, of = name.partition(".")
        if kind != "step" and shapes.get(of) != tensor.shape:
            raise CheckpointError(f"{path}: {of} has another shape in the model there is now")
    with torch.no_grad():
        for name, parameter in _trained(model, optimizer):
            parameter.copy_(like(tensors[f"model.{name}"], parameter))
            optimizer.parts[parameter].state[parameter] = {
                moment: like(tensors[f"{moment}.{name}"], parameter).clone()
                for moment in MOMENTS
                if f"{moment}.{name}" in tensors
            }
    position = Position(**state["position"] | {"shuffle": shuffle})
    return position, [Metrics(**metrics) for metrics in state["metrics"]]


def _trained(model: GPT, optimizer: AdamW) -> Iterator[tuple[str, Parameter]]:
    return ((name, p) for name, p in model.named_parameters() if p in optimizer.parts)


def _tensors(model: GPT, optimizer: AdamW) -> Iterator[tuple[str, Tensor]]:
    for name, parameter in _trained(model, optimizer):
        yield f"model.{name}", parameter
        for moment, tensor in optimizer.parts[parameter].state[parameter].items():
            yield f"{moment}.{name}", tensor


def _frozen(model: GPT, optimizer: AdamW) -> list[int]:
    """Checksums of the parameters that are not trained. Every process calls this."""
    parameters = (p for p in model.parameters() if p not in optimizer.parts)
    return [crc32c(complete(p).detach().cpu()) for p in parameters]


def _checksum(path: Path) -> int:
    size = path.stat().st_size
    return crc32c(mapped(path, 0, size, torch.uint8, (size,)))
