"""How fast is a training step? `python -m bench.training --model 355M`

All candidates get the same batches: of the training records, shuffled once, padded as
finetune/collate.py does. A step is the forward pass, the gradients and AdamW on every parameter.
"Ours" takes it as train.py does; "padded" computes every position of the batch, and not each
distinct prefix once (finetune/extras/shared_prefixes.py).

"Seconds" is, for every batch, the median over the rounds, and of these the mean over the batches.
Throughput counts supervised tokens, which are the same for all, whatever else is computed.

The bound is arithmetic: the products that a step cannot do without, those of the batch's distinct
prefixes, divided by the rate at which the same machine, in the same run and precision, multiplies
large square matrices. A share of 1.00 would mean that a candidate does nothing else.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from statistics import mean, median
from typing import Any

import torch

from bench.harness import (
    HARDWARE,
    LECTURE,
    OURS,
    Candidate,
    HarnessOptions,
    default_dtype,
    device_of,
    dtypes_of,
    format_number,
    format_table,
    heading,
    median_of,
    ratio,
    records_of,
    run_rounds,
    transformers_command,
)
from finetune.collate import Batch, Loader
from finetune.dataset import encode
from finetune.extras.shared_prefixes import build_trie
from finetune.options import option, parse
from finetune.records import BUNDLED
from gpt.config import SIZES, GPTConfig
from gpt.errors import UserError, run_script
from gpt.tokenizer import Tokenizer

WARM_UP = 2  # steps of every process that are not counted: the first ones allocate and plan
PRODUCT_SIZE = {"cpu": 4096, "cuda": 8192}  # of the matrices that the rate is measured with


@dataclass(frozen=True)
class TrainingOptions(HarnessOptions):
    """The options of bench.training and bench.memory."""

    data: str = option(str(BUNDLED), "instruction records: JSON or JSON Lines", metavar="FILE")
    batch_size: int = option(8, "records in a batch", min=1)
    steps: int = option(4, f"steps a process is timed for, after {WARM_UP} more", min=1)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(TrainingOptions, argv, "Measure training: ours, the lecture's, transformers.")
    device, config = device_of(options), SIZES[options.model]
    dtypes = dtypes_of(options, device)
    epoch = epoch_of(options)
    chosen = list(islice(cycle(epoch), WARM_UP + options.steps))
    multiplied = sorted({"float32", *dtypes}, reverse=True)
    rates = Candidate(
        "rate of products",
        HARDWARE,
        {
            "task": "products",
            "device": device.type,
            "dtypes": multiplied,
            "size": PRODUCT_SIZE[device.type],
            "repeats": 5,
        },
    )
    results = run_rounds([rates, *candidates(options, device, dtypes, chosen)], options.rounds)
    measured = results.pop(rates.name)
    rate = {dtype: median_of(measured, dtype) for dtype in multiplied}

    counted = chosen[WARM_UP:]
    tokens = mean(batch.num_targets() for batch in counted)
    flops = mean(least_flops(config, batch) for batch in counted)
    time = {name: step_seconds(rounds) for name, rounds in results.items()}
    peers = [each for name, each in time.items() if name.startswith("transformers")]
    rows: list[list[str | float | None]] = []
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
                median_of(results[name], "peak") / 1e9,
            ]
        )
    print(heading(f"Training, {options.model}, batches of {options.batch_size}", device, results))
    print()
    print(
        format_table(
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
        f"\nBound: {format_number(flops / 1e9)} GFLOP a step, at "
        + ", ".join(f"{format_number(rate[dtype] / 1e9)} GFLOP/s in {dtype}" for dtype in rate)
        + f"; {format_number(tokens)} supervised tokens a step. "
        f"Ours by default: {default_dtype(device)}"
    )
    return 0


def epoch_of(options: TrainingOptions) -> list[Batch]:
    """An epoch's batches as train.py makes them: shuffled, without a short last one.

    Raises UserError if there is not even one.
    """
    config = SIZES[options.model]
    training, _ = records_of(options.data)
    tokenizer = Tokenizer(config.vocab_size)
    examples = encode(training, tokenizer, config.context_length, "alpaca", options.data).examples
    generator = torch.Generator().manual_seed(123)
    epoch = list(Loader(examples, options.batch_size).shuffled(generator))
    if not epoch:
        raise UserError(
            f"{options.data}: {len(examples)} training records do not fill one batch; lower "
            f"--batch-size {options.batch_size}"
        )
    return epoch


def candidates(
    options: HarnessOptions, device: torch.device, dtypes: Sequence[str], chosen: Sequence[Batch]
) -> list[Candidate]:
    """Whoever takes the steps on the chosen batches, by the names of their rows."""

    def spec(dtype: str, **changes: Any) -> dict[str, Any]:
        return {
            "task": "training",
            "config": asdict(SIZES[options.model]),
            "device": device.type,
            "dtype": dtype,
            "loss": "finetune.extras.shared_prefixes",
            "low_memory": False,
            "lora_rank": None,
            "batches": [[part.tolist() for part in batch] for batch in chosen],
            "warm_up": WARM_UP,
        } | changes

    default = default_dtype(device) if default_dtype(device) in dtypes else dtypes[-1]
    peer = transformers_command(options)
    return [
        Candidate("lecture, float32", LECTURE, spec("float32")),
        *(
            Candidate(f"transformers, {dtype}", peer, spec(dtype))
            for dtype in dtypes
            if peer is not None
        ),
        *(Candidate(f"ours, {dtype}", OURS, spec(dtype)) for dtype in dtypes),
        *(
            Candidate(f"ours, {dtype}, padded", OURS, spec(dtype, loss="finetune.loss"))
            for dtype in dtypes
        ),
        Candidate(f"ours, {default}, --low-memory", OURS, spec(default, low_memory=True)),
        Candidate(f"ours, {default}, --lora-rank 16", OURS, spec(default, lora_rank=16)),
    ]


def least_flops(config: GPTConfig, batch: Batch) -> int:
    """`step_flops` with each distinct prefix of a batch once, and each attending to itself alone.

    What is computed a second time to save memory, or at positions that nothing is learned from, is
    not counted: it need not be done.
    """
    trie = build_trie(batch)
    pairs = int((trie.place % batch.inputs.size(1) + 1).sum())
    return step_flops(config, len(trie.tokens), len(trie.asked.unique()), pairs)


def step_flops(config: GPTConfig, positions: int, predictions: int, pairs: int) -> int:
    """Floating-point operations in the matrix products of one training step.

    A product with a weight takes 2 operations for each of its numbers and each position, and the
    backward pass two such products: 6. The blocks have 12 C² such weights each and are applied at
    all positions; the vocabulary's V · C only where a token is predicted. A pair of a position and
    one that it attends to takes 2 C operations for its score and 2 C for its value, in each layer:
    12 C with the backward pass.
    """
    L, C, V = config.n_layer, config.n_embd, config.vocab_size
    return 6 * 12 * L * C**2 * positions + 6 * V * C * predictions + 12 * L * C * pairs


def step_seconds(rounds: Sequence[dict[str, Any]]) -> float:
    """The mean over the batches of each one's median over the rounds."""
    return mean(median(times) for times in zip(*(r["seconds"] for r in rounds), strict=True))


if __name__ == "__main__":
    sys.exit(run_script(main))
