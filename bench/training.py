"""How fast is a training step? `python -m bench.training --model 355M`

All contestants get the same batches: of the training records, shuffled once, padded as
finetune/collate.py does. A step is the forward pass, the gradients and AdamW on every parameter.
"Seconds" is, for every batch, the median over the rounds, and of these the mean over the batches.
Throughput counts supervised tokens, which are the same for all, whatever else is computed.

The bound is arithmetic: `step_flops`, divided by the rate at which the same machine, in the same
run and precision, multiplies large square matrices. Nothing that does these products takes less
time than that, and a share of 1.00 would mean that it does nothing else.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from statistics import mean, median
from typing import Any

from finetune.extras.memory import run  # before torch: see there

# isort: split

import torch
from torch import Tensor

from bench.contest import (
    OURS,
    PLAIN,
    RATES,
    Contestant,
    ContestOptions,
    default_dtype,
    device_of,
    dtypes_of,
    heading,
    hold,
    middle,
    number,
    peer_command,
    ratio,
    records_of,
    table,
)
from finetune.collate import IGNORE_INDEX, batches
from finetune.dataset import BUNDLED, encode
from finetune.options import option, parse
from gpt.config import SIZES, GPTConfig
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer

WARM_UP = 2  # steps of every process that are not counted: the first ones allocate and plan
PRODUCT_SIZE = {"cpu": 4096, "cuda": 8192}  # of the matrices that the rate is measured with

Batch = tuple[Tensor, Tensor]  # inputs and targets, (B, T) each


@dataclass(frozen=True)
class TrainingOptions(ContestOptions):
    """The options of bench.training and bench.memory."""

    data: str = option(str(BUNDLED), "instruction records: JSON or JSON Lines", metavar="FILE")
    batch_size: int = option(8, "records in a batch", at_least=1)
    steps: int = option(4, f"steps a process is timed for, after {WARM_UP} more", at_least=1)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(TrainingOptions, argv, "Measure training: ours, the lecture's, transformers.")
    device, config = device_of(options), SIZES[options.model]
    dtypes = dtypes_of(options, device)
    epoch = epoch_of(options)
    chosen = list(islice(cycle(epoch), WARM_UP + options.steps))
    rates = Contestant(
        "rate of products",
        RATES,
        {
            "task": "products",
            "device": device.type,
            "dtypes": sorted({"float32", *dtypes}, reverse=True),
            "size": PRODUCT_SIZE[device.type],
            "repeats": 5,
        },
    )
    results = hold([rates, *contestants(options, device, dtypes, chosen)], options.rounds)
    measured = results.pop(rates.name)
    rate = {dtype: middle(measured, dtype) for dtype in rates.spec["dtypes"]}

    counted = chosen[WARM_UP:]
    tokens = sum(int((targets != IGNORE_INDEX).sum()) for _, targets in counted) / len(counted)
    flops = mean(step_flops(config, *batch) for batch in counted)
    time = {name: step_seconds(rounds) for name, rounds in results.items()}
    peers = [each for name, each in time.items() if name.startswith("transformers")]
    rows = []
    for name, each in time.items():
        dtype = "bfloat16" if "bfloat16" in name else "float32"
        rows.append(
            [
                name,
                each,
                tokens / each,
                time["lecture, float32"] / each,
                ratio(time.get(f"transformers, {dtype}"), each),
                ratio(min(peers, default=None), each),
                flops / rate[dtype] / each,
                middle(results[name], "peak") / 1e9,
            ]
        )
    print(heading(f"Training, {options.model}, batches of {options.batch_size}", device, results))
    print()
    print(
        table(
            [
                "a step of",
                "seconds",
                "supervised tokens/s",
                "× lecture",
                "× transformers, same precision",
                "× transformers, its better",
                "share of the bound",
                "peak GB",
            ],
            rows,
        )
    )
    print(
        f"\nBound: {number(flops / 1e9)} GFLOP a step, at "
        + ", ".join(f"{number(rate[dtype] / 1e9)} GFLOP/s in {dtype}" for dtype in rate)
        + f"; {number(tokens)} supervised tokens a step. "
        f"Ours by default: {default_dtype(device)}"
    )
    return 0


def epoch_of(options: TrainingOptions) -> list[Batch]:
    """An epoch's batches as train.py makes them: shuffled, without a short last one.

    Raises UserError if there is not even one.
    """
    config = SIZES[options.model]
    training, _ = records_of(options.data)
    examples, _ = encode(training, Tokenizer(config.vocab_size), config.context_length, "alpaca")
    generator = torch.Generator().manual_seed(123)
    epoch = list(batches(examples, options.batch_size, generator=generator))
    if not epoch:
        raise UserError(
            f"{options.data}: {len(examples)} training records do not fill one batch; lower "
            f"--batch-size {options.batch_size}"
        )
    return epoch


def contestants(
    options: ContestOptions, device: torch.device, dtypes: Sequence[str], chosen: Sequence[Batch]
) -> list[Contestant]:
    """Whoever takes the steps on the chosen batches, by the names of their rows."""

    def spec(dtype: str, low_memory: bool = False, lora_rank: int | None = None) -> dict[str, Any]:
        return {
            "task": "training",
            "config": asdict(SIZES[options.model]),
            "device": device.type,
            "dtype": dtype,
            "low_memory": low_memory,
            "lora_rank": lora_rank,
            "batches": [[part.tolist() for part in batch] for batch in chosen],
            "warm_up": WARM_UP,
        }

    default = default_dtype(device) if default_dtype(device) in dtypes else dtypes[-1]
    peer = peer_command(options)
    return [
        Contestant("lecture, float32", PLAIN, spec("float32")),
        *(
            Contestant(f"transformers, {dtype}", peer, spec(dtype))
            for dtype in dtypes
            if peer is not None
        ),
        *(Contestant(f"ours, {dtype}", OURS, spec(dtype)) for dtype in dtypes),
        Contestant(f"ours, {default}, --low-memory", OURS, spec(default, low_memory=True)),
        Contestant(f"ours, {default}, --lora-rank 16", OURS, spec(default, lora_rank=16)),
    ]


def step_flops(config: GPTConfig, inputs: Tensor, targets: Tensor) -> int:
    """Floating-point operations in the matrix products of one step on inputs, targets (B, T).

    A product with a weight takes 2 operations for each of its numbers and each position, and the
    backward pass two such products: 6. The blocks have 12 C² such weights each and are applied at
    all B · T positions, padding too; the vocabulary's V · C only at the supervised ones. Attention
    multiplies (T, D) by (D, T) and (T, T) by (T, D) in each head: 4 · T · C operations a position
    and layer, 12 with the backward pass. What is computed a second time to save memory, or at
    positions where nothing is asked, is not counted: it need not be done.
    """
    L, C, V = config.n_layer, config.n_embd, config.vocab_size
    positions, T = inputs.numel(), inputs.size(1)
    supervised = int((targets != IGNORE_INDEX).sum())
    return 6 * 12 * L * C**2 * positions + 6 * V * C * supervised + 12 * L * C * T * positions


def step_seconds(rounds: Sequence[dict[str, Any]]) -> float:
    """The mean over the batches of each one's median over the rounds."""
    return mean(median(times) for times in zip(*(r["seconds"] for r in rounds), strict=True))


if __name__ == "__main__":
    sys.exit(run(main))
