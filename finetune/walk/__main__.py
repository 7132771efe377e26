"""Follow one record through the lecture's steps, with the values as they are: `python -m
finetune.walk`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from finetune.console import wrap_words
from finetune.options import option, parse
from finetune.records import BUNDLED, read_records
from finetune.walk.steps import STEPS, Walk
from gpt.errors import UserError, run_script
from weights import pretrained
from weights.sources import local_copy


@dataclass(frozen=True)
class WalkOptions:
    """Every option of finetune.walk."""

    model: str = option("tiny", "a size's name, or a model's directory", metavar="NAME|DIR")
    data: str = option(str(BUNDLED), "instruction records", metavar="FILE|URL")
    record: int = option(1, "which record, counted from 1; the next is beside it", min=1)
    step: int | None = option(None, f"show one step only, 1 to {len(STEPS)}", min=1)
    layer: int = option(1, "which block's attention is shown, counted from 1", min=1)
    head: int = option(1, "which of its heads, counted from 1", min=1)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(WalkOptions, argv, "Follow one record through every step, with its numbers.")
    records = read_records(local_copy(options.data))
    generator = torch.Generator().manual_seed(0)
    model, tokenizer, _ = pretrained.load_model(options.model, "pretrained", generator)
    most = {"step": len(STEPS), "record": len(records) - 1}
    most |= {"layer": model.config.n_layer, "head": model.config.n_head}
    for name, last in most.items():
        if (getattr(options, name) or 1) > last:
            raise UserError(f"--{name} {getattr(options, name)}: from 1 to {last}")
    pair = records[options.record - 1 : options.record + 1]
    walk = Walk(model, tokenizer, pair, options.layer - 1, options.head - 1)
    for number, (title, lines) in enumerate(walk.steps(), start=1):
        if options.step in (None, number):
            print(f"\n{wrap_words(f'{number}. {title}', rest='   ')}")
            print(*(wrap_words(line, "   ", "   ") for line in lines), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
