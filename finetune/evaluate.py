"""What a model makes of records it is not being trained on: its loss, and its answers."""

from collections.abc import Sequence
from itertools import islice

import torch
from torch import nn
from tqdm import tqdm

from finetune.collate import batches
from finetune.dataset import Example, Record
from finetune.distributed import ALONE, Processes
from finetune.loss import summed_loss
from finetune.prompt import format_prompt
from gpt.model import GPT
from gpt.sampling import evaluating, generate
from gpt.tokenizer import Tokenizer


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


def answers(
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    template: str,
    max_new_tokens: int = 256,
    batch_size: int = 16,
) -> list[str]:
    """The model's greedy answer to each record, stripped of white space, with a progress bar.

    An answer ends at the end of text, after `max_new_tokens`, or where the context is full. A
    prompt that fills the context gets "".
    """
    prompts = [
        tokenizer.encode(format_prompt(record.instruction, record.input, template))
        for record in records
    ]
    context = model.config.context_length
    # Prompts of like length go together, for less padding.
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    order = [i for i in order if len(prompts[i]) < context]
    results = [""] * len(records)
    with tqdm(total=len(order), desc="Answering", unit="record", disable=None) as bar:
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            texts = generate(
                model,
                [prompts[i] for i in chosen],
                max_new_tokens,
                tokenizer.end_of_text,
                max_length=context,
            )
            for i, tokens in zip(chosen, texts, strict=True):
                results[i] = tokenizer.decode(tokens).strip()
            bar.update(len(chosen))
    return results
