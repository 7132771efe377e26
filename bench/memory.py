"""How much memory does training take? `python -m bench.memory --model 355M`

The candidates of bench/training.py on the largest batches of an epoch, which decide what the epoch
takes at most. What is shown is the peak of each process's resident memory, Python and torch and the
weights and all, as the system counts it; on a GPU, of what torch allocated there.
"""

import sys
from collections.abc import Sequence
from itertools import cycle, islice

from bench.harness import device_of, dtypes_of, format_table, heading, median_of, ratio, run_rounds
from bench.training import WARM_UP, TrainingOptions, candidates, epoch_of, step_seconds
from finetune.options import parse
from gpt.config import SIZES
from gpt.errors import run_script


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(TrainingOptions, argv, "Measure the memory that training takes.")
    device = device_of(options)
    dtypes = dtypes_of(options, device)
    largest = sorted(epoch_of(options), key=lambda batch: batch[0].numel(), reverse=True)
    chosen = list(islice(cycle(largest), WARM_UP + options.steps))
    results = run_rounds(candidates(options, device, dtypes, chosen), options.rounds)

    peak = {name: median_of(rounds, "peak") for name, rounds in results.items()}
    time = {name: step_seconds(rounds) for name, rounds in results.items()}
    least = min((peak[name] for name in peak if name.startswith("transformers")), default=None)
    low_memory = next(name for name in peak if name.endswith(", --low-memory"))
    default = low_memory.removesuffix(", --low-memory")  # the same without the option
    rows = [
        [
            name,
            peak[name] / 1e9,
            peak[name] / peak["lecture, float32"],
            ratio(peak[name], least),
            time[name],
            time[default] / time[name],
        ]
        for name in peak
    ]
    batches = f"an epoch's {len(chosen)} largest batches of {options.batch_size}"
    print(heading(f"Memory of training, {options.model}, {batches}", device, results))
    print()
    print(
        format_table(
            [
                "training with",
                "peak GB",
                "of the lecture's",
                "of transformers' least",
                "seconds a step",
                f"speed, × {default}",
            ],
            rows,
        )
    )
    size = SIZES[options.model]
    numbers = 12 * size.n_layer * size.n_embd**2 + size.vocab_size * size.n_embd
    print(
        f"\nFor scale: weights and AdamW's two averages in float32 are {12 * numbers / 1e9:.2f} GB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
