"""From examples to batches: pad, shift by one, mask. The only place where targets are made.

A language model is asked, at every position, for the token that comes next. So the targets are
the inputs shifted by one: what stands at t + 1 of the text is the target at t. With three tokens
of prompt (p) and two of response (r), and a shorter example beside it (_ is padding, E the end of
text):

    text      p1 p2 p3 r1 r2 E          q1 q2 s1 E
    inputs    p1 p2 p3 r1 r2            q1 q2 s1 _  _
    targets   p2 p3 r1 r2 E             q2 s1 E  ×  ×      × = IGNORE_INDEX: no loss, no gradient
    …masked   ×  ×  r1 r2 E             ×  s1 E  ×  ×      with mask_prompt

Padding stands to the right, where causal attention never looks from the text. What is padding is
known from the lengths. (Looking for the padding's token value instead would also hide every true
end of text, if the two share an id, and the model would never learn to stop.)

Shapes: B examples in a batch, T tokens of the longest of them less one.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from finetune.dataset import Example

IGNORE_INDEX = -100  # what F.cross_entropy skips by default


class Batch(NamedTuple):
    """What the model reads and what it is asked for, each (B, T) int64."""

    inputs: Tensor
    targets: Tensor

    def num_targets(self) -> int:
        """How many tokens are supervised."""
        return int((self.targets != IGNORE_INDEX).sum())

    def to(self, device: torch.device) -> "Batch":
        return Batch(self.inputs.to(device), self.targets.to(device))


def collate(examples: Sequence[Example], mask_prompt: bool = False) -> Batch:
    """The examples as one batch.

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
    return Batch(inputs, targets)


@dataclass(frozen=True)
class Loader:
    """Batches of examples: in file order to evaluate, shuffled to train."""

    examples: Sequence[Example]
    batch_size: int
    mask_prompt: bool = False

    def __len__(self) -> int:
        """How many batches `__iter__` gives."""
        return math.ceil(len(self.examples) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """In file order, the last batch possibly shorter."""
        return self._batches(range(len(self.examples)))

    def num_full_batches(self) -> int:
        """How many batches `shuffled` gives."""
        return len(self.examples) // self.batch_size

    def shuffled(self, generator: torch.Generator) -> Iterator[Batch]:
        """One epoch, in an order drawn from `generator` (CPU) when the first batch is asked for.

        A short last batch is left out, as in the lecture: a mean over three records would move the
        weights as far as one over eight. Those records come back in the next epoch's order.
        """
        order = torch.randperm(len(self.examples), generator=generator).tolist()
        yield from self._batches(order[: self.num_full_batches() * self.batch_size])

    def _batches(self, order: Sequence[int]) -> Iterator[Batch]:
        for start in range(0, len(order), self.batch_size):
            chosen = [self.examples[i] for i in order[start : start + self.batch_size]]
            yield collate(chosen, self.mask_prompt)


def accumulate(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """Group batches for gradient accumulation: lists of `size`, the last one possibly shorter."""
    batches = iter(batches)
    while micro_batches := list(islice(batches, size)):
        yield micro_batches
