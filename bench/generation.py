"""How fast is a text written? `python -m bench.generation --model 355M`

With random weights, which take as long as trained ones, and with the end of text switched off, so
that every text gets as long as every other. Prompts are 40 random tokens; the time of a token is
that of 41 new ones less that of 1, divided by 40, so that reading the prompt is not in it. The
lecture's code, which has no cache, writes only 4: the first ones, which are its cheapest.

The bound is reading: to write a token every weight is read once (the table of positions aside). Its
bytes, divided by the rate at which the same machine in the same run reads a large matrix, are the
least time a step can take, for one text or several.

Answering the test records is `generate_responses` of finetune/responses.py, in batches, reading the
prompts included, against one record after the other without a cache. All answers are equally long
here, where real ones end at different times and make room.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from tempfile import TemporaryDirectory

import torch

from bench.harness import (
    HARDWARE,
    LECTURE,
    OURS,
    Candidate,
    HarnessOptions,
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
from finetune.device import DTYPES
from finetune.options import option, parse
from finetune.prompt import prompt_tokens
from finetune.records import BUNDLED
from gpt.config import SIZES, GPTConfig
from gpt.errors import run_script
from gpt.tokenizer import Tokenizer

PROMPT, TOKENS, REPEATS, TOGETHER = 40, 40, 3, 8
LECTURE_TOKENS = 3  # after the first: without a cache each takes as long as reading the prompt
READ_SIZE = 14336  # a square matrix of 822 MB: no cache holds it


@dataclass(frozen=True)
class GenerationOptions(HarnessOptions):
    """The options of bench.generation."""

    data: str = option(str(BUNDLED), "whose test records are answered", metavar="FILE")
    answer_tokens: int = option(32, "the length of every answer, in tokens", min=1)
    lecture_records: int = option(
        3, "records answered without a cache, from which all are extrapolated", min=1
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(GenerationOptions, argv, "Measure writing: ours, the lecture's, transformers.")
    device, config = device_of(options), SIZES[options.model]
    dtypes = dtypes_of(options, device)
    _, records = records_of(options.data)
    with TemporaryDirectory() as directory:
        make_weights(options.model, directory)
        results = run_rounds(candidates(options, device, dtypes, directory), options.rounds)
    reads = results.pop("rate of reading")
    ways = {way: median(r["ways"][way] for r in reads) for way in reads[0]["ways"]}
    rate = max(ways.values())

    rows = []
    for key, what, texts in (
        ("one", "one prompt, a token", 1),
        ("all", f"{TOGETHER} prompts, a token each", TOGETHER),
    ):
        time = {
            name: median(second for r in rounds for second in r[key])
            for name, rounds in results.items()
            if key in rounds[0]
        }
        peers = [each for name, each in time.items() if name.startswith("transformers")]
        for name, each in time.items():
            dtype = DTYPES["bfloat16" if "bfloat16" in name else "float32"]
            rows.append(
                [
                    f"{what}: {name}",
                    each,
                    texts / each,
                    ratio(time.get("lecture, float32"), each),
                    ratio(min(peers, default=None), each),
                    weight_bytes(config, dtype) / rate / each,
                ]
            )

    few = min(options.lecture_records, len(records))
    who = [name for name in results if "answers" in results[name][0]]
    time = {name: median_of(results[name], "answers") for name in who}
    time["lecture, float32"] *= len(records) / few
    for name, each in time.items():
        how = "in batches"
        if name == "lecture, float32":
            how = "one at a time, no cache"
            how += f", extrapolated from {few} of them" if few < len(records) else ""
        rows.append(
            [
                f"{len(records)} records, {options.answer_tokens} tokens each: {name}, {how}",
                each,
                len(records) * options.answer_tokens / each,
                time["lecture, float32"] / each,
                None,
                None,
            ]
        )

    print(heading(f"Generation, {options.model}, random weights, greedy", device, results))
    print()
    print(
        format_table(
            [
                "writing",
                "seconds",
                "tokens/s",
                "× lecture",
                "× transformers, its better",
                "share of the bound",
            ],
            rows,
        )
    )
    print(
        "\nBound: "
        + ", ".join(
            f"{weight_bytes(config, DTYPES[dtype]) / 1e9:.2f} GB of weights in {dtype}"
            for dtype in dtypes
        )
        + f", read at {format_number(rate / 1e9)} GB/s, the best of "
        + ", ".join(f"{way} {format_number(each / 1e9)}" for way, each in ways.items())
    )
    return 0


def make_weights(model: str, directory: str) -> None:
    """Random weights of a size, as a directory that all can load; made by a process of its own."""
    spec = {
        "task": "save",
        "device": "cpu",
        "config": asdict(SIZES[model]),
        "directory": directory,
    }
    run_rounds([Candidate(f"making random weights, {model}", OURS, spec)], rounds=1)


def candidates(
    options: GenerationOptions, device: torch.device, dtypes: Sequence[str], directory: str
) -> list[Candidate]:
    """The reading rate and whoever writes, by the names of their rows."""
    config = SIZES[options.model]
    generator = torch.Generator().manual_seed(123)
    prompts = torch.randint(config.vocab_size - 1, (TOGETHER, PROMPT), generator=generator)
    spec = {
        "task": "generation",
        "config": asdict(config),
        "directory": directory,
        "device": device.type,
        "prompts": prompts.tolist(),
        "tokens": TOKENS,
        "repeats": REPEATS,
        "answer_tokens": options.answer_tokens,
    }
    _, records = records_of(options.data)
    tokenizer = Tokenizer(config.vocab_size)
    asked = sorted(
        (prompt_tokens(tokenizer, r.instruction, r.input, "alpaca") for r in records),
        key=len,
    )
    few = min(options.lecture_records, len(asked))
    # evenly over the lengths, so that their mean stands for all
    sample = [asked[(2 * i + 1) * len(asked) // (2 * few)] for i in range(few)]
    ours = {"records": [[record.instruction, record.input] for record in records]}
    peer = transformers_command(options)
    return [
        Candidate(
            "rate of reading",
            HARDWARE,
            {"task": "reading", "device": device.type, "size": READ_SIZE, "repeats": 9},
        ),
        Candidate(
            "lecture, float32", LECTURE, spec | {"tokens": LECTURE_TOKENS, "record_prompts": sample}
        ),
        *(
            Candidate(f"transformers, {dtype}", peer, spec | {"dtype": dtype})
            for dtype in dtypes
            if peer is not None
        ),
        *(Candidate(f"ours, {dtype}", OURS, spec | ours | {"dtype": dtype}) for dtype in dtypes),
    ]


def weight_bytes(config: GPTConfig, dtype: torch.dtype) -> int:
    """What is read to write one token: every weight but the table of positions, of which one row.

    In a block 12 C² numbers in matrices and 13 C in biases and LayerNorms; around the blocks the
    vocabulary's V · C, the last LayerNorm's 2 C and the position's C.
    """
    L, C, V = config.n_layer, config.n_embd, config.vocab_size
    return (L * (12 * C**2 + 13 * C) + V * C + 3 * C) * dtype.itemsize


if __name__ == "__main__":
    sys.exit(run_script(main))
