"""The model's responses: streamed as they are generated, or for many records in batches.

The rule, for one prompt and for many: a response ends with the model's end-of-text token, after
`max_new_tokens`, where the context is full, or where it begins a new header of the template. A
prompt has to leave room in the context for at least one token.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from finetune.dataset import Record
from finetune.prompt import HEADERS, TEMPLATES, prompt_tokens
from gpt.config import GPTConfig
from gpt.errors import UserError
from gpt.model import GPT
from gpt.sampling import GREEDY, Sampling, generate_stream
from gpt.tokenizer import Tokenizer
from weights import pretrained

SORTED = 4  # batches whose prompts are sorted by length together


class Response(NamedTuple):
    """What a model wrote. `hit_eos`: it ended with end of text; `tokens`: how many, without it."""

    text: str
    hit_eos: bool
    tokens: int


def collect_response(
    tokenizer: Tokenizer, tokens: Sequence[int], template: str | None = None
) -> Response:
    """New tokens, with the end of text if it was generated, as a Response without outer space.

    With a `template`, the text ends before the first of its headers.
    """
    hit_eos = list(tokens[-1:]) == [tokenizer.end_of_text]
    tokens = tokens[: len(tokens) - hit_eos]
    return Response(_cut(tokenizer.decode(tokens), template).strip(), hit_eos, len(tokens))


def response_entries(
    records: Sequence[Record], responses: Sequence[Response]
) -> list[dict[str, Any]]:
    """The records with their responses, as responses.json and the report have them."""
    return [
        asdict(record)
        | {"response": response.text, "ended": response.hit_eos, "tokens": response.tokens}
        for record, response in zip(records, responses, strict=True)
    ]


def check_room(prompt: Sequence[int], config: GPTConfig, where: str = "the prompt") -> None:
    """Raises UserError if the prompt's tokens leave no room in the context for a response."""
    if len(prompt) >= config.context_length:
        raise UserError(
            f"{where} has {len(prompt)} tokens and the model's context is {config.context_length}: "
            "shorten it"
        )


@dataclass
class Assistant:
    """A model that is ready to be asked. `template` None: continue the text without a template."""

    name: str
    model: GPT
    tokenizer: Tokenizer
    template: str | None
    fine_tuned: bool
    max_new_tokens: int
    sampling: Sampling
    generator: torch.Generator  # all draws come from it, one after the other
    last: Response | None = None  # the last response, once all of it was streamed

    def prompt(self, instruction: str, input: str = "") -> list[int]:
        """The prompt's tokens. Raises UserError if they leave no room for a response."""
        tokens = prompt_tokens(self.tokenizer, instruction, input, self.template)
        check_room(tokens, self.model.config)
        return tokens

    def stream(self, instruction: str, input: str = "") -> Iterator[str]:
        """The response in pieces as it is generated; no piece ends within a character.

        A line that could become a header of the template is held back until it is known.
        """
        self.last = None
        prompt = self.prompt(instruction, input)
        return self._pieces(self.tokenizer.decode_stream(self._generate(prompt)))

    def _pieces(self, decoded: Iterator[str]) -> Iterator[str]:
        text, shown = "", 0
        for piece in decoded:
            text += piece
            line = text[text.rfind("\n") + 1 :]
            if not any(header.startswith(line[: len(header)]) for header in self._headers()):
                yield text[shown:]
                shown = len(text)
        yield _cut(text, self.template)[shown:]

    def _headers(self) -> Sequence[str]:
        return () if self.template is None else HEADERS[self.template]

    def _generate(self, prompt: list[int]) -> Iterator[int]:
        tokens = []
        for _, token in generate_stream(
            self.model,
            [prompt],
            self.max_new_tokens,
            self.tokenizer.end_of_text,
            self.sampling,
            [self.generator],
            _begins_header(self.tokenizer, self.template),
        ):
            tokens.append(token)
            if token != self.tokenizer.end_of_text:
                yield token
        self.last = collect_response(self.tokenizer, tokens, self.template)


def load_for_prompts(
    name: str, raw: bool, dtype: torch.dtype, device: torch.device
) -> tuple[GPT, Tokenizer, str | None, bool]:
    """A model by its name or directory, the template to ask it in, and whether it was fine-tuned.

    The template is None for `raw`; a model that does not name one was not fine-tuned, and is asked
    in the lecture's. Raises UserError.
    """
    model, tokenizer, template = pretrained.load_model(
        name, "pretrained", torch.Generator().manual_seed(0), dtype, device
    )
    if template is not None and template not in TEMPLATES:
        raise UserError(
            f"{name}/config.json: prompt_template is {template!r}, none of {', '.join(TEMPLATES)}"
        )
    return model, tokenizer, None if raw else template or "alpaca", template is not None


def generate_responses(
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    template: str | None,
    max_new_tokens: int = 256,
    batch_size: int = 16,
) -> list[Response]:
    """The model's most likely response to each record: `stream_responses`, collected."""
    settings = max_new_tokens, batch_size
    return list(stream_responses(model, tokenizer, records, template, *settings))


def stream_responses(
    model: GPT,
    tokenizer: Tokenizer,
    records: Sequence[Record],
    template: str | None,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    sampling: Sampling = GREEDY,
    seed: int = 0,
) -> Iterator[Response]:
    """The model's response to each record, in their order, generated in batches.

    If they are drawn, each record has a generator of its own, seeded by `seed` and its position.
    Shows a progress bar. Raises UserError for a prompt that leaves no room for a response.
    """
    prompts = [prompt_tokens(tokenizer, r.instruction, r.input, template) for r in records]
    for number, prompt in enumerate(prompts, start=1):
        check_room(prompt, model.config, f"prompt {number}")
    with tqdm(total=len(records), desc="Responses", unit="record", disable=None) as bar:
        for first in range(0, len(records), SORTED * batch_size):
            part = range(first, min(first + SORTED * batch_size, len(records)))
            # Prompts of like length go together, for less padding.
            order = sorted(part, key=lambda i: len(prompts[i]))
            generated: dict[int, list[int]] = {i: [] for i in part}
            for start in range(0, len(order), batch_size):
                batch = order[start : start + batch_size]
                for row, token in generate_stream(
                    model,
                    [prompts[i] for i in batch],
                    max_new_tokens,
                    tokenizer.end_of_text,
                    sampling,
                    [torch.Generator().manual_seed(seed + i) for i in batch],
                    _begins_header(tokenizer, template),
                ):
                    generated[batch[row]].append(token)
                bar.update(len(batch))
            for tokens in generated.values():
                yield collect_response(tokenizer, tokens, template)


def _cut(text: str, template: str | None) -> str:
    """`text` before its first line that begins with one of the template's headers."""
    if template is None:
        return text
    headers = "|".join(map(re.escape, HEADERS[template]))
    return re.split(f"^(?:{headers})", text, maxsplit=1, flags=re.MULTILINE)[0]


def _begins_header(
    tokenizer: Tokenizer, template: str | None
) -> Callable[[list[int]], bool] | None:
    """For `generate_stream`: whether new tokens contain a header of the template."""
    if template is None:
        return None
    ends = {header[-1] for header in HEADERS[template]}

    def stop(tokens: list[int]) -> bool:
        if ends.isdisjoint(tokenizer.decode(tokens[-1:])):  # quick: most tokens complete no header
            return False
        text = tokenizer.decode(tokens)
        return _cut(text, template) != text

    return stop
