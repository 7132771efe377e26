"""What a model makes of records it is not being trained on: its loss, its answers, their scores.

    python -m finetune.evaluate --model runs/NAME/model --data FILE --split test

does so for any model, one that was not fine-tuned included. finetune/scores.py says what the scores
are.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from finetune.extras.memory import run  # before torch: see there

# isort: split

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from finetune.collate import IGNORE_INDEX, batches
from finetune.dataset import BUNDLED, Example, Record, encode, read_records, split
from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.evaluate.scores import Answer, by_kind, perplexity, scored, table
from finetune.extras.distributed import ALONE, Processes
from finetune.loss import summed_loss
from finetune.options import option, parse
from finetune.prompt import TEMPLATES, format_prompt
from gpt.config import SIZES
from gpt.errors import UserError
from gpt.model import GPT
from gpt.sampling import evaluating, stream
from gpt.tokenizer import Tokenizer
from weights import pretrained


@torch.no_grad()  # and not inference_mode: FSDP trains with the tensors it first makes in here
def mean_loss(
    model: nn.Module,
    examples: Sequence[Example],
    batch_size: int,
    max_batches: int,
    mask_prompt: bool = False,
    dtype: torch.dtype = torch.float32,
    processes: Processes = ALONE,
) -> float:
    """The lecture's figure: the mean of the first `max_batches` batches' mean losses.

    In file order, so that every evaluation sees the same records and a curve shows the training
    only.
    """
    means = []
    with evaluating(model):
        for batch in islice(batches(examples, batch_size, mask_prompt), max_batches):
            for inputs, targets in processes.rows(model, [batch]):
                loss, count = summed_loss(model, inputs, targets, dtype)
                means.append(processes.sum(loss.item()) / processes.sum(count))
    return sum(means) / len(means)


@torch.no_grad()
def token_losses(
    model: GPT, inputs: Tensor, targets: Tensor, dtype: torch.dtype = torch.float32
) -> Tensor:
    """The loss at each position, (B, T), 0 where nothing is supervised; what loss.py sums up."""
    supervised = targets != IGNORE_INDEX
    with (
        evaluating(model),
        torch.autocast(inputs.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16),
    ):
        logits = model(inputs, at=supervised)
    losses = torch.zeros(targets.shape, dtype=torch.float32, device=targets.device)
    losses[supervised] = F.cross_entropy(logits.float(), targets[supervised], reduction="none")
    return losses


def record_losses(
    model: GPT,
    examples: Sequence[Example],
    batch_size: int,
    mask_prompt: bool = False,
    dtype: torch.dtype = torch.float32,
) -> list[tuple[float, int]]:
    """Of each example its loss, summed, and its count of supervised tokens."""
    losses = []
    for batch in batches(examples, batch_size, mask_prompt):
        inputs, targets = (part.to(model.device) for part in batch)
        sums = token_losses(model, inputs, targets, dtype).sum(dim=1).tolist()
        counts = (targets != IGNORE_INDEX).sum(dim=1).tolist()
        losses += zip(sums, counts, strict=True)
    return losses


def answers(
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    template: str | None,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    temperature: float = 0.0,
    top_k: int | None = None,
    seed: int = 0,
) -> list[Answer]:
    """The model's answer to each record, stripped of white space, with a progress bar.

    Greedy, or drawn: each record from a generator of its own, seeded by `seed` and its position.
    Without a template the model goes on with the instruction as it is. An answer ends at the end of
    text, after `max_new_tokens`, or where the context is full. A prompt that fills the context
    gets "".
    """
    prompts = [
        tokenizer.encode(
            format_prompt(record.instruction, record.input, template)
            if template is not None
            else record.instruction
        )
        for record in records
    ]
    context = model.config.context_length
    # Prompts of like length go together, for less padding.
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    order = [i for i in order if len(prompts[i]) < context]
    written: list[list[int]] = [[] for _ in records]
    with tqdm(total=len(order), desc="Answering", unit="record", disable=None) as bar:
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            tokens = stream(
                model,
                [prompts[i] for i in chosen],
                max_new_tokens,
                tokenizer.end_of_text,
                temperature,
                top_k,
                [torch.Generator().manual_seed(seed + i) for i in chosen],
                max_length=context,
            )
            for row, token in tokens:
                written[chosen[row]].append(token)
            bar.update(len(chosen))
    results = []
    for tokens in written:
        ended = tokens[-1:] == [tokenizer.end_of_text]
        tokens = tokens[: len(tokens) - ended]
        results.append(Answer(tokenizer.decode(tokens).strip(), ended, len(tokens)))
    return results


@dataclass(frozen=True)
class EvaluateOptions:
    """Every option of finetune.evaluate."""

    model: str = option("tiny", f"{', '.join(SIZES)}, or a model's directory", metavar="NAME|DIR")
    data: str = option(str(BUNDLED), "instruction records: JSON or JSON Lines", metavar="FILE|URL")
    split: str = option("test", "the part of the records", choices=("test", "val", "all"))
    mask_prompt: bool = option(False, "perplexity of the responses only, not of the prompts too")
    template: str | None = option(
        None,
        "the form of the prompt (default: the model's own, else alpaca)",
        choices=tuple(TEMPLATES),
    )
    max_new_tokens: int = option(256, "the longest answer, in tokens", at_least=1)
    batch_size: int = option(8, "records in a batch", at_least=1)
    eval_batches: int = option(5, "batches that the lecture's figure looks at", at_least=1)
    device: str = option("auto", "where to compute", choices=DEVICES)
    dtype: str = option("auto", "the numbers to compute in", choices=("auto", *DTYPES))


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(EvaluateOptions, argv, "Score a model's answers to instruction records.")
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device)
    records = read_records(options.data)
    if options.split != "all":
        parts = split(records, options.data)
        records = parts.test if options.split == "test" else parts.validation
    model, tokenizer, template = pretrained.from_name(
        options.model, "pretrained", torch.Generator().manual_seed(0), dtype, device
    )
    template = options.template or (template if template in TEMPLATES else "alpaca")
    examples, left_out = encode(records, tokenizer, model.config.context_length, template)
    if not examples:
        raise UserError(f"{options.data}: no record fits the model's context")
    losses = record_losses(model, examples, options.batch_size, options.mask_prompt, dtype)
    given = answers(model, tokenizer, records, template, options.max_new_tokens, options.batch_size)
    figures = scored(records, given) | {"Perplexity": perplexity(losses)}
    print(f"{options.model}, {options.split} of {options.data}: {len(records)} records\n")
    print(table(figures, by_kind(records, given)))
    five = mean_loss(
        model, examples, options.batch_size, options.eval_batches, options.mask_prompt, dtype
    )
    print(
        f"\nThe lecture's figure, the mean loss of the first {options.eval_batches} batches: "
        f"{five:.3f}"
    )
    if left_out:
        print(f"{len(left_out)} records did not fit the context and have no loss and no answer")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
