"""The options of train.py beyond the lecture's own, in the groups that --help shows."""

from dataclasses import dataclass
from functools import partial

from finetune.device import DEVICES, DTYPES
from finetune.extras.data import DataOptions
from finetune.extras.run_directory import MOVABLE
from finetune.optimizer import DECAY, SCHEDULES
from finetune.options import option
from finetune.prompt import TEMPLATES

beyond = partial(option, group="beyond the lecture")
machine = partial(option, group="the machine")
run_files = partial(option, group="the run's directory")

CHANGEABLE_ON_RESUME = (*MOVABLE, "device", "low_memory", "shard", "save_every", "resume")


@dataclass(frozen=True)
class ExtraOptions(DataOptions):
    """train.py's own options come after these."""

    mask_prompt: str = beyond(
        "auto",
        "train on the responses only, not on the prompts (auto: with tiny)",
        choices=("auto", "on", "off"),
        bare="on",
    )
    template: str = beyond("alpaca", "prompt template", choices=tuple(TEMPLATES))
    accumulate: int = beyond(1, "gradient accumulation: batches in a step", min=1)
    warmup_steps: int = beyond(0, "warm-up steps (linear)", min=0)
    schedule: str | None = beyond(
        None, "learning-rate schedule (default: constant; tiny: cosine)", choices=SCHEDULES
    )
    decay: str = beyond("all", "parameters that weight decay acts on", choices=DECAY)
    clip_norm: float | None = beyond(None, "clip gradients to this norm", greater_than=0)
    lora_rank: int | None = beyond(None, "train LoRA adapters of this rank instead", min=1)
    lora_alpha: float = beyond(256.0, "LoRA adapters are scaled by alpha / rank", greater_than=0)
    samples: int = beyond(10, "test records answered before training, to compare", min=0)
    device: str = machine("auto", "device", choices=DEVICES)
    dtype: str = machine(
        "auto", "dtype of matrix products (mixed precision)", choices=("auto", *DTYPES)
    )
    low_memory: str = machine(
        "auto",
        "gradient checkpointing: same result, less memory, slower (auto: where it does not fit)",
        choices=("auto", "on", "off"),
        bare="on",
    )
    shard: bool = machine(False, "under torchrun: shard the model among the processes (FSDP2)")
    out: str | None = run_files(None, "directory (default: runs/MODEL-DATE-TIME)", metavar="DIR")
    save_every: int | None = run_files(
        None,
        "steps from one checkpoint to the next (default: ten minutes, and each epoch's end)",
        min=1,
    )
    resume: str | None = run_files(None, "resume a run, with its options", metavar="DIR")
