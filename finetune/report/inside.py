"""What the page shows of the model itself, measured before training and after it.

Token losses: a few examples as the training loop sees them, each token with its target and the
target's loss, which shows what shifting and masking mean, and which tokens were learned. And what
happens inside the model while an answer is written: both times it reads the same text, a test
record with its reference as the answer, so what is not the same comes from training. In a model of
more than LARGE parameters that is not measured, and of more than SMALL for one record, not three.
The page draws them (finetune/report/page.py, attention.py).
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch

from finetune.collate import IGNORE_INDEX, Loader, collate
from finetune.dataset import Example, Record
from finetune.evaluate.losses import token_losses
from finetune.walk.inside import layer_logits, trace, visible
from gpt.model import GPT
from gpt.tokenizer import Tokenizer

SMALL, LARGE = 20_000_000, 400_000_000
RECORDS = 3  # shown of the validation records, and looked into of the test records
LONGEST = 64  # tokens of a record, beside those that every record has from the template
LEAST = 5  # per cent; smaller attention weights are left out
RIVALS = 4  # tokens

# One example of a batch: its tokens and their targets as text, "" where there is padding, and the
# targets' losses in nats, None where nothing is asked.
TokenRow = tuple[list[str], list[str], list[float | None]]


def token_view(
    model: GPT, tokenizer: Tokenizer, loader: Loader, dtype: torch.dtype = torch.float32
) -> list[TokenRow]:
    """The loader's first examples, as one batch."""
    examples, rows = loader.examples[:RECORDS], []
    batch = collate(examples, loader.mask_prompt)
    losses = token_losses(model, batch.to(model.device), dtype).tolist()
    asked = (batch.targets != IGNORE_INDEX).tolist()
    for example, row_losses, row_asked in zip(examples, losses, asked, strict=True):
        texts = [visible(tokenizer, token) for token in example.tokens]
        padding = [""] * (len(row_losses) - len(texts) + 1)
        known = [x if is_asked else None for x, is_asked in zip(row_losses, row_asked, strict=True)]
        rows.append((texts[:-1] + padding, texts[1:] + padding, known))
    return rows


def inside(
    model: GPT, tokenizer: Tokenizer, records: Sequence[Record], examples: Sequence[Example]
) -> list[dict[str, Any]]:
    """A view for each record that is chosen, as finetune/report/files.py describes it in VIEW.

    They are short ones: those about the passive voice, the shortest first, then the others.
    """
    size = model.num_parameters()
    if size > LARGE:
        return []
    # How many tokens all prompts share at their beginning, and how many at their end.
    prompts = [[*example.tokens[: example.prompt_length]] for example in examples]
    start = shared_beginning(prompts)
    end = shared_beginning([prompt[start:][::-1] for prompt in prompts])
    lengths = [len(example.tokens) - start - end for example in examples]
    fitting = [i for i, length in enumerate(lengths) if length <= LONGEST]
    passive = {i: lengths[i] for i in fitting if "passive" in records[i].instruction.lower()}
    chosen = sorted(passive, key=lambda i: lengths[i]) + [i for i in fitting if i not in passive]
    return [
        {"record": i, "template": [start, end], **_view(model, tokenizer, examples[i])}
        for i in chosen[: RECORDS if size <= SMALL else 1]
    ]


@torch.no_grad()
def _view(model: GPT, tokenizer: Tokenizer, example: Example) -> dict[str, Any]:
    tokens, prompt = example
    hidden_states, attention = trace(model, tokens[:-1])
    places = slice(prompt - 1, None)  # where the model stands when it writes a token, (W,)
    said: list[list[list[Any]]] = []  # by layer, of each written token the likeliest in its place
    for hidden in hidden_states[:, places]:
        probabilities = torch.softmax(layer_logits(model, hidden).float(), dim=-1)  # (W, V)
        said.append([])
        for p, ids in zip(*(each.tolist() for each in probabilities.topk(RIVALS)), strict=True):
            pairs = zip(ids, p, strict=True)
            said[-1].append([[visible(tokenizer, i), round(x, 4)] for i, x in pairs])
    written = torch.tensor(tokens[prompt:], device=model.device)[:, None]
    percent = (100 * attention[:, :, places]).round().int().tolist()  # [L][H][W][T]
    return {
        "tokens": [visible(tokenizer, token) for token in tokens],
        "prompt": prompt,
        "written": [round(p, 4) for p in probabilities.gather(1, written)[:, 0].tolist()],
        "rivals": said[-1],
        "lens": [[layer[w][0] for layer in said] for w in range(len(written))],
        "attention": [[[*map(_large, head)] for head in layer] for layer in percent],
    }


def _large(weights: list[int]) -> list[list[int]]:
    return [[place, percent] for place, percent in enumerate(weights) if percent >= LEAST]


def shared_beginning(rows: Sequence[Sequence[Any]]) -> int:
    """How many entries two rows or more have in common from the first on; 0 of fewer rows."""
    columns = zip(*rows, strict=False)
    same = takewhile(lambda column: all(each == column[0] for each in column), columns)
    return len(list(same)) if len(rows) > 1 else 0
