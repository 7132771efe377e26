"""The model's responses: streamed as they are generated, or for many records in batches.

A response ends with the model's end-of-text token, after `max_new_tokens`, or where the context is
full. A prompt has to leave room in the context for at least one token.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from finetune.dataset import Record
from finetune.prompt import TEMPLATES, prompt_tokens
from gpt.errors import UserError
from gpt.model import GPT
from gpt.sampling import generate_stream
from gpt.tokenizer import Tokenizer
from weights import pretrained


class Response(NamedTuple):
    """What a model wrote. `hit_eos`: it ended with end of text; `tokens`: how many, without it."""

    text: str
    hit_eos: bool
    tokens: int


def collect_response(tokenizer: Tokenizer, tokens: Sequence[int]) -> Response:
    """New tokens, with the end of text if it was generated, as a Response without outer space."""
    hit_eos = list(tokens[-1:]) == [tokenizer.end_of_text]
    tokens = tokens[: len(tokens) - hit_eos]
    return Response(tokenizer.decode(tokens).strip(), hit_eos, len(tokens))


def response_entries(
    records: Sequence[Record], responses: Sequence[Response]
) -> list[dict[str, Any]]:
    """The records with their responses, as responses.json and the report have them."""
    return [
        asdict(record)
        | {"response": response.text, "ended": response.hit_eos, "tokens": response.tokens}
        for record, response in zip(records, responses, strict=True)
    ]


@dataclass
class Assistant:
    """A model that is ready to be asked. `template` None: continue the text without a template."""

    name: str
    model: GPT
    tokenizer: Tokenizer
    template: str | None
    max_new_tokens: int
    temperature: float
    top_k: int | None
    generator: torch.Generator  # all draws come from it, one after the other
    last: Response | None = None  # the last response, once all of it was streamed

    def prompt(self, instruction: str, input: str = "") -> list[int]:
        """The prompt's tokens. Raises UserError if they leave no room for a response."""
        tokens = prompt_tokens(self.tokenizer, instruction, input, self.template)
        context = self.model.config.context_length
        if len(tokens) >= context:
            raise UserError(
                f"the prompt has {len(tokens)} tokens and the model's context {context}: shorten it"
            )
        return tokens

    def stream(self, instruction: str, input: str = "") -> Iterator[str]:
        """The response in pieces as it is generated; no piece ends within a character."""
        self.last = None
        tokens = self._generate(self.prompt(instruction, input))
        return self.tokenizer.decode_stream(tokens)

    def _generate(self, prompt: list[int]) -> Iterator[int]:
        tokens = []
        for _, token in generate_stream(
            self.model,
            [prompt],
            self.max_new_tokens,
            self.tokenizer.end_of_text,
            self.temperature,
            self.top_k if self.temperature else None,
            [self.generator],
        ):
            tokens.append(token)
            if token != self.tokenizer.end_of_text:
                yield token
        self.last = collect_response(self.tokenizer, tokens)


def load_for_prompts(
    name: str, raw: bool, dtype: torch.dtype, device: torch.device
) -> tuple[GPT, Tokenizer, str | None]:
    """A model by its name or directory, with the template to ask it in; None for `raw`.

    A model that does not name a template is asked in the lecture's. Raises UserError.
    """
    model, tokenizer, template = pretrained.load_model(
        name, "pretrained", torch.Generator().manual_seed(0), dtype, device
    )
    if template is not None and template not in TEMPLATES:
        raise UserError(
            f"{name}/config.json: prompt_template is {template!r}, none of {', '.join(TEMPLATES)}"
        )
    return model, tokenizer, None if raw else template or "alpaca"


def generate_responses(
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    template: str | None,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    temperature: float = 0.0,
    top_k: int | None = None,
    seed: int = 0,
) -> list[Response]:
    """The model's response to each record, with a progress bar.

    Greedy, or sampled: each record from a generator of its own, seeded by `seed` and its position.
    A prompt that fills the context gets "".
    """
    prompts = [prompt_tokens(tokenizer, r.instruction, r.input, template) for r in records]
    # Prompts of like length go together, for less padding.
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    order = [i for i in order if len(prompts[i]) < model.config.context_length]
    generated: list[list[int]] = [[] for _ in records]
    with tqdm(total=len(order), desc="Responses", unit="record", disable=None) as bar:
        for chosen in _groups(order, batch_size):
            for row, token in generate_stream(
                model,
                [prompts[i] for i in chosen],
                max_new_tokens,
                tokenizer.end_of_text,
                temperature,
                top_k,
                [torch.Generator().manual_seed(seed + i) for i in chosen],
            ):
                generated[chosen[row]].append(token)
            bar.update(len(chosen))
    return [collect_response(tokenizer, tokens) for tokens in generated]


def _groups(order: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (order[start : start + size] for start in range(0, len(order), size))
