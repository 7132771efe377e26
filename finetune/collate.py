"""From examples to batches: pad, shift by one, mask. The only place where targets are made.

A language model is asked, at every position, for the token that comes next. So the targets are
the inputs shifted by one: what stands at t + 1 of the text is the target at t. With three tokens
of prompt (p) and two of response (r), and a shorter example beside it (· is padding, E the end of
text):

    text      p1 p2 p3 r1 r2 E          q1 q2 s1 E
    inputs    p1 p2 p3 r1 r2            q1 q2 s1 ·  ·
    targets   p2 p3 r1 r2 E             q2 s1 E  ✗  ✗      ✗ = IGNORE_INDEX: no loss, no gradient
    …masked   ✗  ✗  r1 r2 E             ✗  s1 E  ✗  ✗      with mask_prompt

Padding stands to the right, where causal attention never looks from the text. What is padding is
known from the lengths. (Looking for the padding's token value instead would also hide every true
end of text, if the two share an id, and the model would never learn to stop.)
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor

from finetune.dataset import Example

IGNORE_INDEX = -100  # what F.cross_entropy skips by default


def collate(examples: Sequence[Example], mask_prompt: bool = False) -> tuple[Tensor, Tensor]:
    """Inputs and targets, each (B, T) int64, T the longest example's length − 1.

    With `mask_prompt` only the response and its end are targets: the last token of the prompt is
    asked for the first of the response.
    """
    T = max(len(example.tokens) for example in examples) - 1
    inputs = torch.zeros(len(examples), T, dtype=torch.int64)  # the padding's value is any token
    targets = torch.full((len(examples), T), IGNORE_INDEX)
    for row, (tokens, prompt_length) in enumerate(examples):
        length = len(tokens) - 1
        first = prompt_length - 1 if mask_prompt else 0
        inputs[row, :length] = torch.tensor(tokens[:-1])
        targets[row, first:length] = torch.tensor(tokens[first + 1 :])
    return inputs, targets


def batches(
    examples: Sequence[Example],
    batch_size: int,
    mask_prompt: bool = False,
    generator: torch.Generator | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches in file order, the last one as short as it comes; or, with a generator, shuffled.

    A shuffled pass is for training and leaves a short last batch out, as in the lecture: a mean
    over three records would move the weights as far as one over eight. The next pass shuffles
    anew.
    """
    order = range(len(examples))
    if generator is not None:
        order = torch.randperm(len(examples), generator=generator).tolist()
        order = order[: len(order) - len(order) % batch_size]
    for start in range(0, len(order), batch_size):
        chosen = [examples[i] for i in order[start : start + batch_size]]
        yield collate(chosen, mask_prompt)


def windows(
    passing: Iterable[tuple[Tensor, Tensor]], size: int
) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """What each optimizer step sees: `size` batches together, in the end what is left of them."""
    passing = iter(passing)
    while window := list(islice(passing, size)):
        yield window
