"""How an instruction becomes the text a model reads: one home for training and generation.

What the model is trained on and what it is later asked must agree to the character, or it answers
a question it never saw. So one function writes the prompt, up to and including the header that
the response follows, and both sides call it; a training text is that prompt, then the response.

The first template is that of Stanford Alpaca (Taori et al., 2023) in the lecture's form, which
has one preamble for records with and without an input; the second is the chat form of Phi-3
(Abdin et al., 2024), which is shorter.
"""

from collections.abc import Callable

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


def format_prompt(instruction: str, input: str = "", template: str = "alpaca") -> str:
    """The text a response follows, in one of TEMPLATES; `input` "" is no input."""
    return TEMPLATES[template](instruction, input)
