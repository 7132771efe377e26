"""How the measurements are made: candidates in processes of their own, in turn, round after round.

A candidate is a program that reads one JSON file (the size, the token ids, how many steps: the
same for all), does its work with the clock running, and prints one line of JSON. Only one runs at a
time. They take turns, so that whatever else the machine does in these minutes hits all alike. What
is shown are medians over the rounds, and quotients of those medians.

    bench/run_ours.py          this project, as train.py and generate.py use it
    bench/run_lecture.py       bench/lecture.py, the plain implementation
    bench/run_transformers.py  the `transformers` library, in the interpreter of `--peer-python`
    bench/run_hardware.py      what the machine can do at most: products, reading

Needs Linux or a Mac, where the system tells how much memory a process took.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch

from finetune.dataset import Record, split
from finetune.device import DTYPES, choose_device, choose_dtype
from finetune.options import option
from finetune.records import read_records
from gpt.config import SIZES
from gpt.errors import UserError

ROOT = Path(__file__).parent.parent
OURS = [sys.executable, "-m", "bench.run_ours"]
LECTURE = [sys.executable, "-m", "bench.run_lecture"]
HARDWARE = [sys.executable, "-m", "bench.run_hardware"]


@dataclass(frozen=True)
class HarnessOptions:
    """The options of every measurement."""

    model: str = option("355M", "model size", choices=tuple(SIZES))
    device: str = option("auto", "device", choices=("auto", "cpu", "cuda"))
    dtypes: str = option(
        "auto",
        "float32, bfloat16, or both with a comma; auto: float32, and bfloat16 if it is fast",
        metavar="LIST",
    )
    rounds: int = option(3, "times that each candidate runs", min=1)
    peer_python: str | None = option(
        None, "a Python that has transformers, to compare with", metavar="PATH"
    )


class Candidate(NamedTuple):
    """A program and what it is told; `spec` None for one that takes no JSON and prints none."""

    name: str
    command: list[str]
    spec: dict[str, Any] | None


def transformers_command(options: HarnessOptions) -> list[str] | None:
    """How `transformers` is started; None where it is not asked for."""
    if options.peer_python is None:
        return None
    return [options.peer_python, str(ROOT / "bench" / "run_transformers.py")]


def device_of(options: HarnessOptions) -> torch.device:
    """The device named; for "auto" a CUDA GPU if there is one. Raises UserError."""
    if options.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return choose_device(options.device)


def default_dtype(device: torch.device) -> str:
    """What the scripts compute in if nothing is said: the name of a dtype."""
    chosen = choose_dtype("auto", device)
    return next(name for name, dtype in DTYPES.items() if dtype == chosen)


def dtypes_of(options: HarnessOptions, device: torch.device) -> list[str]:
    """The names of the dtypes to measure. Raises UserError."""
    if options.dtypes == "auto":
        return sorted({"float32", default_dtype(device)}, reverse=True)
    names = options.dtypes.split(",")
    if not set(names) <= set(DTYPES):
        raise UserError(f"--dtypes {options.dtypes}: give {' or '.join(DTYPES)}, or both with a ,")
    return names


def records_of(data: str) -> tuple[list[Record], list[Record]]:
    """The training and the test records of a file, divided as train.py does."""
    parts = split(read_records(data), data)
    return parts.train, parts.test


def run_rounds(candidates: Sequence[Candidate], rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Every candidate's results, one for each round.

    To what the program says of itself two figures are added: "first_output", the seconds from the
    start of the process to the first character it printed, and "peak", the bytes of memory it took
    at most: the GPU's where the program tells, else the process's.
    """
    results: dict[str, list[dict[str, Any]]] = {each.name: [] for each in candidates}
    with tempfile.TemporaryDirectory() as directory:
        for turn in range(1, rounds + 1):
            for name, command, spec in candidates:
                print(f"round {turn} of {rounds}: {name}", file=sys.stderr, flush=True)
                if spec is not None:
                    path = Path(directory) / "spec.json"
                    path.write_text(json.dumps(spec), encoding="utf-8")
                    command = [*command, str(path)]
                started = run_process(name, command)
                result = {"first_output": started.first_output, "peak": started.peak}
                if spec is not None:
                    result |= json.loads(started.output.splitlines()[-1])
                results[name].append(result)
    return results


class Ended(NamedTuple):
    """What a process printed; seconds to its first character; the bytes of memory it peaked at."""

    output: str
    first_output: float
    peak: int


def run_process(name: str, command: list[str]) -> Ended:
    """Run a program from the repository's root to its end. Raises UserError if it fails.

    The system's figure for a process's peak starts at that of the process that made it. So whoever
    calls this stays small, a fraction of a gigabyte: what takes memory is done by candidates.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read(1)
        first_output = time.perf_counter() - start
        output += process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        reason = "no memory left?" if process.returncode == -9 else "see what it said above"
        raise UserError(f"{name} ended with status {process.returncode}: {reason}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: see getrusage(2)
    return Ended(output.decode("utf-8"), first_output, usage.ru_maxrss * unit)


def median_of(results: Iterable[dict[str, Any]], key: str) -> float:
    """The median of one figure over the rounds."""
    return median(result[key] for result in results)


def heading(title: str, device: torch.device, results: dict[str, list[dict[str, Any]]]) -> str:
    """One line: what was measured, on what, with which versions, how often."""
    processor = _processor()
    if device.type == "cuda":
        processor = f"{torch.cuda.get_device_name()}, {processor}"
    every = [result for rounds in results.values() for result in rounds]
    versions = sorted({result["versions"] for result in every if "versions" in result})
    rounds = len(next(iter(results.values())))
    return (
        f"**{title}** · {processor}, {torch.get_num_threads()} threads · torch "
        f"{torch.__version__}{''.join(f' · {v}' for v in versions)} · medians, rounds: {rounds}"
    )


def _processor() -> str:
    """The processor's name, and how many cores of it this process may use."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


def format_number(value: float | None) -> str:
    """Three significant digits; a dash for what was not measured."""
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def ratio(value: float | None, of: float | None) -> float | None:
    """The quotient; None where one of the two was not measured."""
    return None if value is None or of is None else value / of


def format_table(columns: Sequence[str], rows: Sequence[Sequence[str | float | None]]) -> str:
    """Markdown: the first column as text to the left, figures to the right."""
    lines = ["| " + " | ".join(columns) + " |", "|---" + "|--:" * (len(columns) - 1) + "|"]
    for row in rows:
        cells = [cell if isinstance(cell, str) else format_number(cell) for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
