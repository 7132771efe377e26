"""A model that is ready to be asked: an instruction in, an answer out, piece by piece."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from finetune.prompt import TEMPLATES, format_prompt
from gpt.errors import UserError
from gpt.model import GPT
from gpt.sampling import stream
from gpt.tokenizer import Tokenizer
from weights import pretrained


@dataclass
class Speaker:
    """A model, and how it is to answer. `template` None: it goes on with the text as it is."""

    name: str
    model: GPT
    tokenizer: Tokenizer
    template: str | None
    max_new_tokens: int
    temperature: float
    top_k: int | None
    generator: torch.Generator  # all draws come from it, one after the other
    ended: bool = False  # whether the last answer ended by itself

    def prompt(self, instruction: str, input: str = "") -> list[int]:
        """What the model reads: at least one token."""
        text = instruction
        if self.template is not None:
            text = format_prompt(instruction, input, self.template)
        # A text starts, and here an empty one continues, after the end of another.
        return self.tokenizer.encode(text) or [self.tokenizer.end_of_text]

    def answer(self, instruction: str, input: str = "") -> Iterator[str]:
        """The pieces of the answer as they come; no piece ends within a character."""
        self.ended = False
        prompt, context = self.prompt(instruction, input), self.model.config.context_length
        if len(prompt) > context:
            print(
                f"The prompt has {len(prompt)} tokens: the model sees the last {context}",
                file=sys.stderr,
            )
        return self.tokenizer.decode_stream(self._tokens(prompt))

    def _tokens(self, prompt: list[int]) -> Iterator[int]:
        for _, token in stream(
            self.model,
            [prompt],
            self.max_new_tokens,
            self.tokenizer.end_of_text,
            self.temperature,
            self.top_k if self.temperature else None,
            [self.generator],
        ):
            if token == self.tokenizer.end_of_text:
                self.ended = True
            else:
                yield token


def load(
    name: str, raw: bool, dtype: torch.dtype, device: torch.device
) -> tuple[GPT, Tokenizer, str | None]:
    """A model by its name or directory, with the template to ask it in; None for `raw`.

    A model that does not say which is asked in the lecture's. Raises UserError.
    """
    model, tokenizer, template = pretrained.from_name(
        name, "pretrained", torch.Generator().manual_seed(0), dtype, device
    )
    if template is not None and template not in TEMPLATES:
        raise UserError(
            f"{name}/config.json: prompt_template is {template!r}, none of {', '.join(TEMPLATES)}"
        )
    return model, tokenizer, None if raw else template or "alpaca"
