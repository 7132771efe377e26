"""Checkpoints: all that a run needs to resume as if it had never stopped.

    checkpoint/step-00000120/
        tensors.safetensors   parameters, AdamW's two moments and step counts, the generator's state
        state.json            the training progress, the metrics so far, the model's configuration,
                          and what tells the training data and the frozen parameters
        checksums.json        the CRC-32C of both

Frozen parameters are not stored; they are reloaded from the base model and verified by checksum.
A checkpoint is written under a temporary name and renamed once it is fully on disk. Only then is
the previous one removed. So there is always a whole one, whenever the process or the machine stops.
Nothing in it can run code.
"""

import dataclasses
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from finetune.device import SINGLE_PROCESS, SingleProcess
from finetune.extras.distributed import full_tensor, reshard, shard_like
from finetune.loop import Metrics, Progress
from finetune.optimizer import AdamW
from gpt.errors import UserError
from gpt.model import GPT
from weights import safetensors
from weights.crc32c import crc32c
from weights.files import file_checksum, read_json_object, sync_directory, write_text

MOMENTS = ("exp_avg", "exp_avg_sq", "step")  # what torch's AdamW keeps for each parameter
COMPLETE = "step-*[0-9]"  # an unfinished one ends in .part
TENSORS, STATE, CHECKSUMS = "tensors.safetensors", "state.json", "checksums.json"


class CheckpointError(UserError):
    """A checkpoint that cannot be resumed; the message names the file and what is wrong."""


def newest(directory: Path) -> Path | None:
    """The last complete checkpoint in `directory`, if there is one."""
    return max(directory.glob(COMPLETE), default=None)


def save(
    directory: Path,
    model: GPT,
    optimizer: AdamW,
    progress: Progress,
    history: Sequence[Metrics],
    data_fingerprint: str,
    process: SingleProcess = SINGLE_PROCESS,
) -> None:
    """Write a checkpoint into `directory` and remove those before it. Every process calls this.

    `data_fingerprint` identifies the training data, for `load` to compare. Raises OSError, and then
    the previous checkpoint is still there.
    """
    reshard(model)
    frozen, tensors = _frozen(model, optimizer), {}
    for name, shard in _tensors(model, optimizer):
        tensor = full_tensor(shard)
        if process.is_main_process:
            tensors[name] = tensor if tensor is shard else tensor.cpu()
    assert len({*_trained(model, optimizer)}) == len(optimizer.parameters()), (
        "a parameter is not there"
    )
    if not process.is_main_process:
        return
    step, tokens, seconds, shuffle = progress
    assert shuffle is not None  # after a step
    state = {
        "position": {"step": step, "tokens": tokens, "seconds": seconds},
        "metrics": [metrics._asdict() for metrics in history],
        "records": data_fingerprint,
        "frozen": frozen,
        "config": dataclasses.asdict(model.config),
    }
    target = directory / f"step-{progress.step + 1:08d}"
    unfinished = target.with_suffix(".part")
    for left_over in directory.glob("*.part"):
        shutil.rmtree(left_over)
    unfinished.mkdir(parents=True)
    try:
        all_tensors = tensors | {"shuffle": shuffle}
        safetensors.write(unfinished / TENSORS, all_tensors, checksum=False)  # it is in CHECKSUMS
        write_text(unfinished / STATE, json.dumps(state) + "\n")
        checksums = {name: file_checksum(unfinished / name) for name in (TENSORS, STATE)}
        write_text(unfinished / CHECKSUMS, json.dumps(checksums) + "\n")
        sync_directory(unfinished)
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync_directory(directory)
    for older in directory.glob(COMPLETE):
        if older != target:
            # One that cannot be removed, as on Windows while a program reads it, does no harm.
            shutil.rmtree(older, ignore_errors=True)


def load(
    path: Path, model: GPT, optimizer: AdamW, data_fingerprint: str
) -> tuple[Progress, list[Metrics]]:
    """Copy a checkpoint's numbers into the model and the optimizer, once all of them are checked.

    Raises CheckpointError, and then nothing was changed.
    """
    recorded = read_json_object(path / CHECKSUMS)
    for name in (TENSORS, STATE):
        if file_checksum(path / name) != recorded.get(name):
            raise CheckpointError(f"{path / name}: damaged: its CRC-32C is not that in {CHECKSUMS}")
    state, tensors = read_json_object(path / STATE), safetensors.read(path / TENSORS)
    if state.get("records") != data_fingerprint:
        raise CheckpointError(f"{path}: the run had other records; they were changed since")
    config = dataclasses.asdict(model.config)
    if state.get("config", config) != config or state.get("frozen") != _frozen(model, optimizer):
        raise CheckpointError(f"{path}: the run had another model to start from")
    try:
        progress, history = _progress(state, tensors.pop("shuffle"))
        trained = {
            parameter: _of_parameter(name, parameter, tensors)
            for name, parameter in _trained(model, optimizer)
        }
        if tensors:
            raise ValueError(f"{next(iter(tensors))} belongs to no parameter")
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else error
        raise CheckpointError(f"{path}: not a checkpoint of this run: {what}") from None
    with torch.no_grad():
        for parameter, (value, moments) in trained.items():
            parameter.copy_(value)
            optimizer.state[parameter] = moments
    return progress, history


def _progress(state: dict[str, Any], shuffle: Tensor) -> tuple[Progress, list[Metrics]]:
    """What state.json and the generator's state say. Raises KeyError, TypeError or RuntimeError."""
    step, tokens = (int(state["position"][name]) for name in ("step", "tokens"))
    shuffle = shuffle.clone()  # Windows removes no file that is still mapped
    torch.Generator().set_state(shuffle)  # which checks it
    progress = Progress(step, tokens, float(state["position"]["seconds"]), shuffle)
    return progress, [Metrics(**metrics) for metrics in state["metrics"]]


def _of_parameter(
    name: str, parameter: Parameter, tensors: dict[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """A parameter's value and its moments, taken out of `tensors`. Raises KeyError, ValueError."""
    found = {kind: tensors.pop(f"{kind}.{name}") for kind in ("model", *MOMENTS[:2])}
    for tensor in found.values():
        if (tensor.shape, tensor.dtype) != (parameter.shape, parameter.dtype):
            raise ValueError(f"{name} has another shape in the model there is now")
    found["step"] = tensors.pop(f"step.{name}")
    if found["step"].shape or found["step"].dtype != torch.float32:
        raise ValueError(f"step.{name} is no number")
    parts = {kind: shard_like(tensor, parameter) for kind, tensor in found.items()}
    return parts.pop("model"), {kind: tensor.clone() for kind, tensor in parts.items()}


def _trained(model: GPT, optimizer: AdamW) -> Iterator[tuple[str, Parameter]]:
    trained = {*optimizer.parameters()}
    return ((name, p) for name, p in model.named_parameters() if p in trained)


def _tensors(model: GPT, optimizer: AdamW) -> Iterator[tuple[str, Tensor]]:
    for name, parameter in _trained(model, optimizer):
        yield f"model.{name}", parameter
        for moment, tensor in optimizer.state[parameter].items():
            yield f"{moment}.{name}", tensor


def _frozen(model: GPT, optimizer: AdamW) -> list[int]:
    """Checksums of the parameters that are not trained. Every process calls this."""
    trained = {*optimizer.parameters()}
    frozen = (p for p in model.parameters() if p not in trained)
    return [crc32c(full_tensor(p).detach().cpu()) for p in frozen]
