"""From an instruction to the prompt that a model reads, in training and in generation alike.

The two must agree to the character, or the model is asked in a form that it never saw. So one
function makes the prompt, up to and including the header that the response follows, and both call
it. A training text is that prompt, then the response.

The first template is that of Stanford Alpaca (Taori et al., 2023) in the lecture's form, which
has one preamble for records with and without an input. The second is the chat form of Phi-3
(Abdin et al., 2024), which is shorter.
"""

import json
from collections.abc import Callable

from gpt.tokenizer import Tokenizer

ALPACA_PREAMBLE = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)


def alpaca(instruction: str, input: str = "") -> str:
    """Preamble, instruction, input if there is one, response header."""
    input_part = f"\n\n### Input:\n{input}" if input else ""
    return f"{ALPACA_PREAMBLE}\n\n### Instruction:\n{instruction}{input_part}\n\n### Response:\n"


def phi3(instruction: str, input: str = "") -> str:
    """The user's turn, with the input on a line of its own, then the assistant's header."""
    input_part = f"\n{input}" if input else ""
    return f"<|user|>\n{instruction}{input_part}\n<|assistant|>\n"


TEMPLATES: dict[str, Callable[[str, str], str]] = {"alpaca": alpaca, "phi3": phi3}
# The lines that begin a part of a prompt. A response that writes one has begun another exchange.
HEADERS = {
    "alpaca": ("### Instruction:", "### Input:", "### Response:"),
    "phi3": ("<|user|>", "<|assistant|>"),
}


def format_prompt(instruction: str, input: str = "", template: str = "alpaca") -> str:
    """The text a response follows, in one of TEMPLATES; `input` "" is no input."""
    return TEMPLATES[template](instruction, input)


def chat_template(template: str) -> str:
    """The template in Jinja, which other programs read from a model's tokenizer_config.json.

    It renders `messages`, a list of {"role", "content"}: the text of a `user` becomes the prompt as
    `format_prompt` makes it, header included, and that of an `assistant` the response and the end
    of text. An input is a part of the user's text, as the template writes it. Other roles, such as
    `system`, raise an error there, because the model was not trained with any.
    """
    before, after = map(json.dumps, format_prompt("\0", template=template).split("\0"))
    return (
        "{% for message in messages %}{% if message['role'] == 'user' %}"
        f"{{{{ {before} + message['content'] + {after} }}}}"
        "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}"
        "{% else %}{{ raise_exception('only the roles user and assistant are known') }}"
        "{% endif %}{% endfor %}"
    )


def prompt_tokens(
    tokenizer: Tokenizer, instruction: str, input: str = "", template: str | None = "alpaca"
) -> list[int]:
    """The prompt as token ids, at least one; with `template` None the instruction as it is.

    The response is tokenized separately, so that the boundary lies between two tokens. An empty
    prompt becomes a single end-of-text token, which is what a new text follows in training.
    """
    text = instruction if template is None else format_prompt(instruction, input, template)
    return tokenizer.encode(text) or [tokenizer.end_of_text]
