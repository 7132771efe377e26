"""Score any model on any records: `python -m finetune.evaluate --model DIR --data FILE`.

Its loss, its responses and their scores (finetune/evaluate/scores.py), for a model that was
fine-tuned here as for one that was not. As in train.py, responses come from float32 weights and
`--dtype` is that of the matrix products in the losses, so that a finished run scores the same here.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch

from finetune.collate import Loader
from finetune.dataset import encode, left_out_note, split
from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.evaluate.losses import example_losses
from finetune.evaluate.scores import (
    dtypes_note,
    format_table,
    perplexity,
    score,
    score_by_kind,
)
from finetune.loss import batch_loss_sum, loader_loss
from finetune.options import option, parse
from finetune.prompt import TEMPLATES
from finetune.records import BUNDLED, read_records
from finetune.responses import generate_responses
from gpt.config import SIZES
from gpt.errors import run_script
from weights import pretrained
from weights.sources import local_copy


@dataclass(frozen=True)
class EvaluateOptions:
    """Every option of finetune.evaluate."""

    model: str = option("tiny", f"{', '.join(SIZES)}, or a model's directory", metavar="NAME|DIR")
    data: str = option(str(BUNDLED), "instruction records: JSON or JSON Lines", metavar="FILE|URL")
    split: str = option("test", "the part of the records", choices=("test", "val", "all"))
    mask_prompt: bool = option(False, "perplexity of the responses only, not of the prompts too")
    template: str | None = option(
        None,
        "prompt template (default: the model's own, else alpaca)",
        choices=tuple(TEMPLATES),
    )
    max_new_tokens: int = option(256, "the longest response, in tokens", min=1)
    batch_size: int = option(8, "records in a batch", min=1)
    eval_batches: int = option(5, "batches in the lecture's figure", min=1)
    device: str = option("auto", "device", choices=DEVICES)
    dtype: str = option(
        "auto",
        "dtype of matrix products in the losses (responses: float32)",
        choices=("auto", *DTYPES),
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(EvaluateOptions, argv, "Score a model on instruction records.")
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device)
    records = read_records(local_copy(options.data))
    if options.split != "all":
        splits = split(records, options.data)
        records = splits.test if options.split == "test" else splits.validation
    model, tokenizer, template = pretrained.load_model(
        options.model, "pretrained", torch.Generator().manual_seed(0), torch.float32, device
    )
    template = options.template or (template if template in TEMPLATES else "alpaca")
    encoded = encode(records, tokenizer, model.config.context_length, template, options.data)
    loader = Loader(encoded.examples, options.batch_size, options.mask_prompt)
    losses = example_losses(model, loader, dtype)
    responses = generate_responses(
        model, tokenizer, encoded.records, template, options.max_new_tokens
    )
    estimates = score(encoded.records, responses) | {"Perplexity": perplexity(losses)}
    source = f"{options.split} of {options.data}"
    print(f"{options.model}, {source}: {len(encoded.records)} records")
    if encoded.left_out:
        print(f"{left_out_note(encoded, source)}; they are in no score")
    print(f"\n{format_table(estimates, score_by_kind(encoded.records, responses))}")
    lecture_loss = loader_loss(
        model, loader, options.eval_batches, loss_sum=partial(batch_loss_sum, dtype=dtype)
    )
    print(
        f"\nThe lecture's loss, the mean of the first {options.eval_batches} batches: "
        f"{lecture_loss:.3f}\n{dtypes_note(model, dtype).capitalize()}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
