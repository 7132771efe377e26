"""How long from starting a program to its first token? `python -m bench.startup --model 124M`

`generate.py` as a user starts it, against a script that does the same with `transformers`:
bench/peer.py's `startup`. The model is a directory of random weights, just written, so that nobody
waits for the disk; what is timed is importing, loading, and writing one token, from the start of
the process to the first character it prints. A first round warms the disk's cache and is not
counted.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from finetune.extras.memory import run  # before torch: see there

# isort: split

from bench.contest import (
    Contestant,
    ContestOptions,
    device_of,
    dtypes_of,
    heading,
    hold,
    middle,
    peer_command,
    ratio,
    table,
)
from bench.generation import make_weights
from finetune.options import option, parse
from gpt.config import SIZES

TEXT = "What is the opposite of hot?"


@dataclass(frozen=True)
class StartupOptions(ContestOptions):
    """The options of bench.startup."""

    model: str = option("124M", "the size", choices=tuple(SIZES))
    rounds: int = option(5, "how often each contestant has its turn", at_least=1)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(StartupOptions, argv, "Measure the time to the first token.")
    device = device_of(options)
    peer = peer_command(options)
    with TemporaryDirectory() as directory:
        make_weights(options.model, directory)
        ours = [sys.executable, "generate.py", "--raw", "--prompt", TEXT, "--model", directory]
        ours += ["--max-new-tokens", "1", "--device", device.type, "--dtype"]
        spec = {"task": "startup", "device": device.type, "directory": directory, "text": TEXT}
        contestants = [
            *(
                Contestant(f"ours, {dtype}", [*ours, dtype], None)
                for dtype in dtypes_of(options, device)
            ),
            *([Contestant("transformers, float32", peer, spec)] if peer is not None else []),
        ]
        results = hold(contestants, 1 + options.rounds)
    counted = {name: rounds[1:] for name, rounds in results.items()}

    time = {name: middle(rounds, "first_output") for name, rounds in counted.items()}
    theirs = time.get("transformers, float32")
    print(heading(f"Start to first token, {options.model}, random weights", device, counted))
    print()
    print(
        table(
            ["who", "seconds", "× transformers"],
            [[name, each, ratio(theirs, each)] for name, each in time.items()],
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
