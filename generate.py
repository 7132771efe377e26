"""Ask a model: `python generate.py --prompt "What is the opposite of hot?"`.

The prompt is put into the template that the model was fine-tuned with (finetune/prompt.py), and
the answer is printed token by token as the model chooses it (gpt/sampling.py). With `--raw` the
text goes in as it is and the model simply continues it, which is all that a model that was not
fine-tuned can do.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gpt.script import run  # before torch: see there

# isort: split

import torch

from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.options import option, parse
from finetune.prompt import TEMPLATES, format_prompt
from gpt.config import SIZES
from gpt.errors import UserError
from gpt.sampling import stream
from weights import pretrained

RUNS = Path("runs")


@dataclass(frozen=True)
class GenerateOptions:
    """Every option of generate.py."""

    prompt: str = option(..., "the instruction to answer", metavar="TEXT")
    input: str = option("", "what the instruction is about, if it needs more", metavar="TEXT")
    raw: bool = option(False, "continue the prompt as it is, without a template")
    model: str | None = option(
        None,
        f"{', '.join(SIZES)}, or a model's directory (default: the newest run's, else tiny)",
        metavar="NAME|DIR",
    )
    max_new_tokens: int = option(256, "the longest answer, in tokens", at_least=1)
    temperature: float = option(0.0, "0 takes the likeliest token; above, draws", at_least=0)
    top_k: int | None = option(None, "draw from the k likeliest tokens only", at_least=1)
    seed: int = option(123, "seeds the draws", at_least=0)
    device: str = option("auto", "where to compute", choices=DEVICES)
    dtype: str = option("auto", "the numbers to compute in", choices=("auto", *DTYPES))


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(GenerateOptions, argv, "Ask a model, or let it continue a text.")
    if options.raw and options.input:
        raise UserError("--input is a part of the template, which --raw leaves out; drop one")
    if options.top_k is not None and options.temperature == 0:
        raise UserError("--top-k draws, and temperature 0 does not; give a --temperature above 0")
    device = choose_device(options.device)
    generator = torch.Generator().manual_seed(options.seed)
    name = options.model or newest_run()
    model, tokenizer, template = pretrained.from_name(
        name, "pretrained", generator, choose_dtype(options.dtype, device), device
    )
    if template is not None and template not in TEMPLATES:
        raise UserError(
            f"{name}/config.json: prompt_template is {template!r}, none of {', '.join(TEMPLATES)}"
        )
    print(f"Model: {name}", file=sys.stderr)
    text = options.prompt
    if not options.raw:
        text = format_prompt(text, options.input, template or "alpaca")
    # A text starts, and here an empty one continues, after the end of another.
    prompt = tokenizer.encode(text) or [tokenizer.end_of_text]
    if len(prompt) > model.config.context_length:
        print(
            f"The prompt has {len(prompt)} tokens: the model sees the last "
            f"{model.config.context_length}",
            file=sys.stderr,
        )
    tokens = stream(
        model,
        [prompt],
        options.max_new_tokens,
        tokenizer.end_of_text,
        options.temperature,
        options.top_k,
        [generator],
    )
    answer = (token for _, token in tokens if token != tokenizer.end_of_text)
    for piece in tokenizer.decode_stream(answer):
        print(piece, end="", flush=True)
    print()
    return 0


def newest_run() -> str:
    """The model of the run under runs/ that finished last; "tiny" if there is none."""
    finished = [path for path in RUNS.glob("*/responses.json") if (path.parent / "model").is_dir()]
    if not finished:
        return "tiny"
    return str(max(finished, key=lambda path: path.stat().st_mtime).parent / "model")


if __name__ == "__main__":
    sys.exit(run(main))
