"""What a pretrained model makes of a held-out text: its loss, and a sample that continues it."""

import torch

from finetune.collate import Loader
from finetune.dataset import Record
from finetune.loss import batch_loss_sum
from finetune.pretrain.texts import Text, chunk
from finetune.responses import Response, collect_response
from gpt.model import GPT, eval_mode
from gpt.sampling import Sampling, generate_stream
from gpt.tokenizer import Tokenizer

OPENING, SAMPLE = 40, 80  # tokens of the text that are read, and tokens that are generated


@torch.no_grad()
def text_loss(
    model: GPT, tokenizer: Tokenizer, text: Text, batch_size: int, dtype: torch.dtype
) -> str:
    """A line with the loss of a whole text, in nats: the mean over its tokens, and per byte.

    Each piece of one context is read alone, and every token but the first is a target once, the end
    of text too.
    """
    examples = chunk([text], tokenizer, model.config.context_length, keep_rest=True)
    total, count = 0.0, 0
    with eval_mode(model):
        for batch in Loader(examples, batch_size):
            total += float(batch_loss_sum(model, batch.to(model.device), dtype))
            count += batch.num_targets()
    size = len(text.text.encode("utf-8"))
    per_token, per_byte = total / count, total / size
    return f"{text.name}: {count:,} tokens, loss {per_token:.3f} a token, {per_byte:.3f} a byte"


def sample(model: GPT, tokenizer: Tokenizer, text: Text) -> tuple[Record, Response]:
    """The opening of a text with its true continuation, and the model's (from its top 40)."""
    tokens = tokenizer.encode(text.text[:2000])
    length = min(OPENING, model.config.context_length // 2)
    opening, rest = tokens[:length], tokens[length : length + SAMPLE]
    generators = [torch.Generator().manual_seed(0)]
    end = tokenizer.end_of_text
    stream = generate_stream(model, [opening], SAMPLE, end, Sampling(0.8, 40), generators)
    record = Record(instruction=tokenizer.decode(opening), output=tokenizer.decode(rest))
    return record, collect_response(tokenizer, [token for _, token in stream])
