"""What happens inside the model while an answer is written, measured before training and after it.

Both times the model reads the same text, a test record with its reference as the answer: what is
not the same comes from training. The page draws it (finetune/report/attention.py). In a model of
more than LARGE parameters nothing is measured, and of more than SMALL one record in place of three.
"""

from collections.abc import Sequence
from typing import Any

import torch

from finetune.dataset import Example, Record
from finetune.report.token_view import shared_beginning
from finetune.walk.inside import layer_logits, trace, visible
from gpt.model import GPT
from gpt.tokenizer import Tokenizer

SMALL, LARGE = 20_000_000, 400_000_000
RECORDS = 3
LONGEST = 64  # tokens of a record, beside those that every record has from the template
LEAST = 5  # per cent; smaller attention weights are left out
RIVALS = 4  # tokens


def inside(
    model: GPT, tokenizer: Tokenizer, records: Sequence[Record], examples: Sequence[Example]
) -> list[dict[str, Any]]:
    """A view for each record that is chosen, as finetune/report/files.py describes it in VIEW."""
    size = model.num_parameters()
    if size > LARGE:
        return []
    template = _template(examples)
    chosen = _chosen(records, examples, sum(template))[: RECORDS if size <= SMALL else 1]
    return [_view(model, tokenizer, number, examples[number], template) for number in chosen]


def _template(examples: Sequence[Example]) -> tuple[int, int]:
    """How many tokens all prompts share at their beginning, and how many at their end."""
    prompts = [[*example.tokens[: example.prompt_length]] for example in examples]
    start = shared_beginning(prompts)
    return start, shared_beginning([prompt[start:][::-1] for prompt in prompts])


def _chosen(records: Sequence[Record], examples: Sequence[Example], template: int) -> list[int]:
    """Numbers of the records that are short enough: those about the passive voice, the shortest
    first, then the others in their order."""
    lengths = [len(example.tokens) - template for example in examples]
    passive = ["passive" in record.instruction.lower() for record in records]
    fitting = [i for i, length in enumerate(lengths) if length <= LONGEST]
    return sorted(fitting, key=lambda i: (not passive[i], lengths[i] if passive[i] else 0))


@torch.no_grad()
def _view(
    model: GPT, tokenizer: Tokenizer, number: int, example: Example, template: tuple[int, int]
) -> dict[str, Any]:
    tokens, prompt = example
    seen = trace(model, tokens[:-1])
    places = slice(prompt - 1, None)  # where the model stands when it writes a token, (W,)
    written = torch.tensor(tokens[prompt:], device=model.device)[:, None]
    said: list[list[list[Any]]] = []  # by layer, of each written token the likeliest in its place
    for hidden in seen.hidden[:, places]:
        probabilities = torch.softmax(layer_logits(model, hidden).float(), dim=-1)  # (W, V)
        said.append([])
        for p, ids in zip(*(each.tolist() for each in probabilities.topk(RIVALS)), strict=True):
            pairs = zip(ids, p, strict=True)
            said[-1].append([[visible(tokenizer, i), round(x, 4)] for i, x in pairs])
    percent = (100 * seen.attention[:, :, places]).round().int().tolist()  # [L][H][W][T]
    return {
        "record": number,
        "tokens": [visible(tokenizer, token) for token in tokens],
        "prompt": prompt,
        "template": [*template],
        "written": [round(p, 4) for p in probabilities.gather(1, written)[:, 0].tolist()],
        "rivals": said[-1],
        "lens": [[layer[w][0] for layer in said] for w in range(len(written))],
        "attention": [
            [[[[t, x] for t, x in enumerate(row) if x >= LEAST] for row in head] for head in layer]
            for layer in percent
        ],
    }
