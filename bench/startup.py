"""How long from starting a program to its first token? `python -m bench.startup --model 124M`

`generate.py` as a user starts it, against a script that does the same with `transformers`:
bench/run_transformers.py's `startup`. The model is a directory of random weights, just written, so
that nobody waits for the disk; what is timed is importing, loading, and writing one token, from the
start of the process to the first character it prints. A first round warms the disk's cache and is
not counted.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from bench.generation import make_weights
from bench.harness import (
    Candidate,
    HarnessOptions,
    device_of,
    dtypes_of,
    format_table,
    heading,
    median_of,
    ratio,
    run_rounds,
    transformers_command,
)
from finetune.options import option, parse
from gpt.config import SIZES
from gpt.errors import run_script

TEXT = "What is the opposite of hot?"


@dataclass(frozen=True)
class StartupOptions(HarnessOptions):
    """The options of bench.startup."""

    model: str = option("124M", "model size", choices=tuple(SIZES))
    rounds: int = option(5, "times that each candidate runs", min=1)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(StartupOptions, argv, "Measure the time to the first token.")
    device = device_of(options)
    peer = transformers_command(options)
    with TemporaryDirectory() as directory:
        make_weights(options.model, directory)
        ours = [sys.executable, "generate.py", "--raw", "--prompt", TEXT, "--model", directory]
        ours += ["--max-new-tokens", "1", "--device", device.type, "--dtype"]
        spec = {"task": "startup", "device": device.type, "directory": directory, "text": TEXT}
        candidates = [
            *(
                Candidate(f"ours, {dtype}", [*ours, dtype], None)
                for dtype in dtypes_of(options, device)
            ),
            *([Candidate("transformers, float32", peer, spec)] if peer is not None else []),
        ]
        results = run_rounds(candidates, 1 + options.rounds)
    counted = {name: rounds[1:] for name, rounds in results.items()}

    time = {name: median_of(rounds, "first_output") for name, rounds in counted.items()}
    theirs = time.get("transformers, float32")
    print(heading(f"Start to first token, {options.model}, random weights", device, counted))
    print()
    print(
        format_table(
            ["who", "seconds", "× transformers"],
            [[name, each, ratio(theirs, each)] for name, each in time.items()],
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
