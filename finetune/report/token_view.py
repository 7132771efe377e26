"""A few examples as the training loop sees them: each token, its target, and the target's loss.

Looked at before training and after it, they show what shifting and masking mean, and which tokens
were learned. The page draws them (finetune/report/page.py).
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import torch

from finetune.collate import IGNORE_INDEX, collate
from finetune.dataset import Example
from finetune.evaluate.losses import token_losses
from finetune.walk.inside import visible
from gpt.model import GPT
from gpt.tokenizer import Tokenizer


class TokenRow(NamedTuple):
    """One example of a batch, padded to the batch's length: lists of that length.

    `inputs` and `targets` are the tokens as text, "" where there is padding. `losses` are in nats,
    None where nothing is asked.
    """

    inputs: list[str]
    targets: list[str]
    losses: list[float | None]


def token_view(
    model: GPT,
    tokenizer: Tokenizer,
    examples: Sequence[Example],
    mask_prompt: bool,
    dtype: torch.dtype = torch.float32,
) -> list[TokenRow]:
    """The examples, as one batch."""
    batch = collate(examples, mask_prompt)
    losses = token_losses(model, batch.to(model.device), dtype).tolist()
    supervised = (batch.targets != IGNORE_INDEX).tolist()
    rows = []
    for example, row_losses, row_supervised in zip(examples, losses, supervised, strict=True):
        texts = [visible(tokenizer, token) for token in example.tokens]
        padding = [""] * (batch.inputs.shape[1] - len(texts) + 1)
        kept = [loss if s else None for loss, s in zip(row_losses, row_supervised, strict=True)]
        rows.append(TokenRow(texts[:-1] + padding, texts[1:] + padding, kept))
    return rows


def shared_beginning(rows: Sequence[Sequence[Any]]) -> int:
    """How many entries two rows or more have in common from the first on; 0 of fewer rows."""
    columns = zip(*rows, strict=False)
    same = takewhile(lambda column: all(each == column[0] for each in column), columns)
    return len(list(same)) if len(rows) > 1 else 0
