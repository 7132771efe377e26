"""Ask a model: `python generate.py --prompt "What is the opposite of hot?"`, or talk to it.

    python generate.py                                     in a terminal: a chat
    echo "What is the opposite of hot?" | python generate.py    each line asked, a JSON line each
    python generate.py --prompts FILE --out FILE           a file of prompts, in batches

The prompt is put into the template that the model was fine-tuned with (finetune/prompt.py), and
the answer is printed token by token as the model chooses it (gpt/sampling.py). With `--raw` the
text goes in as it is and the model simply continues it, which is all that a model that was not
fine-tuned can do.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gpt.errors import UserError, quiet_interrupt, run_script

if __name__ == "__main__":
    quiet_interrupt()  # while torch is imported, which takes seconds

import torch

from finetune.dataset import Record, read_records
from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.extras.chat import Chat, edited_lines
from finetune.options import option, parse
from finetune.responses import Assistant, generate_responses, load_for_prompts
from gpt.config import SIZES
from weights.files import write_text

RUNS = Path("runs")


@dataclass(frozen=True)
class GenerateOptions:
    """Every option of generate.py."""

    prompt: str | None = option(
        None, "the instruction to answer (default: a chat, or the lines of a pipe)", metavar="TEXT"
    )
    input: str = option("", "what the instruction is about, if it needs more", metavar="TEXT")
    prompts: str | None = option(
        None, "a file of prompts: one a line, or instruction records", metavar="FILE"
    )
    out: str | None = option(None, "where their answers go, as JSON Lines", metavar="FILE")
    raw: bool = option(False, "continue the prompt as it is, without a template")
    model: str | None = option(
        None,
        f"{', '.join(SIZES)}, or a model's directory (default: the newest run's, else tiny)",
        metavar="NAME|DIR",
    )
    max_new_tokens: int = option(256, "the longest answer, in tokens", min=1)
    temperature: float = option(0.0, "0 takes the likeliest token; above, draws", min=0)
    top_k: int | None = option(None, "draw from the k likeliest tokens only", min=1)
    seed: int = option(123, "seeds the draws", min=0)
    device: str = option("auto", "where to compute", choices=DEVICES)
    dtype: str = option("auto", "the numbers to compute in", choices=("auto", *DTYPES))


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(GenerateOptions, argv, "Ask a model, or let it continue a text.")
    check(options)
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device)
    generator = torch.Generator().manual_seed(options.seed)

    def load(name: str) -> Assistant:
        loaded = load_for_prompts(name, options.raw, dtype, device)
        settings = options.max_new_tokens, options.temperature, options.top_k
        return Assistant(name, *loaded, *settings, generator)

    name = options.model or newest_run()
    assistant = load(name)
    alone = options.prompt is None and options.prompts is None
    if alone and all(end is not None and end.isatty() for end in (sys.stdin, sys.stdout)):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # whatever is typed or pasted
        talk(Chat(assistant, load, options.input))
        return 0
    print(f"Model: {name}", file=sys.stderr)
    if options.prompts is not None:
        answer_file(assistant, options)
    elif options.prompt is not None:
        for piece in assistant.stream(options.prompt, options.input):
            print(piece, end="", flush=True)
        print()
    else:
        answer_lines(assistant, options.input)
    return 0


def check(options: GenerateOptions) -> None:
    """Raises UserError for options that do not go together."""
    if options.raw and options.input:
        raise UserError("--input is a part of the template, which --raw leaves out; drop one")
    if options.top_k is not None and options.temperature == 0:
        raise UserError("--top-k draws, and temperature 0 does not; give a --temperature above 0")
    if options.prompt is not None and options.prompts is not None:
        raise UserError("--prompt is one prompt and --prompts a file of them; drop one")
    if (options.prompts is None) != (options.out is None):
        raise UserError("--prompts FILE and --out FILE go together; give both")
    if options.out is not None and Path(options.out).exists():
        raise UserError(f"--out {options.out}: already there; give another, to lose nothing")


def talk(chat: Chat) -> None:
    """Until the user leaves; with line editing, and the history kept."""
    save = edited_lines()
    try:
        chat.run(input)
    finally:
        save()


def answer_lines(assistant: Assistant, input: str) -> None:
    """Each line of the standard input, but for empty ones, becomes a line of JSON at once."""
    lines = sys.stdin.buffer if sys.stdin is not None else []
    for number, line in enumerate(lines, start=1):
        try:
            prompt = line.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise UserError(f"line {number}: not UTF-8 (byte {error.start})") from None
        if prompt:
            response = "".join(assistant.stream(prompt, input)).strip()
            said = {"prompt": prompt, "response": response, "ended": assistant.last.hit_eos}
            print(json.dumps(said, ensure_ascii=False), flush=True)


def answer_file(assistant: Assistant, options: GenerateOptions) -> None:
    """The answers of a file of prompts, in their order, written when all are there."""
    path = Path(options.prompts)
    if path.suffix in (".json", ".jsonl"):
        records = read_records(path, require_output=False)
    else:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: not UTF-8 (byte {error.start})") from None
        records = [Record(line.strip(), "", options.input) for line in lines if line.strip()]
    if not records:
        raise UserError(f"{path}: no prompt in it")
    responses = generate_responses(
        assistant.model,
        assistant.tokenizer,
        records,
        assistant.template,
        options.max_new_tokens,
        temperature=options.temperature,
        top_k=options.top_k,
        seed=options.seed,
    )
    lines = []
    for record, response in zip(records, responses, strict=True):
        said = {"prompt": record.instruction, "input": record.input}
        said |= {"response": response.text, "ended": response.hit_eos}
        lines.append(json.dumps(said, ensure_ascii=False) + "\n")
    write_text(Path(options.out), "".join(lines))
    print(f"{len(lines)} answers in {options.out}", file=sys.stderr)


def newest_run() -> str:
    """The model of the run under runs/ that finished last; "tiny" if there is none."""
    finished = [path for path in RUNS.glob("*/responses.json") if (path.parent / "model").is_dir()]
    if not finished:
        return "tiny"
    return str(max(finished, key=lambda path: path.stat().st_mtime).parent / "model")


if __name__ == "__main__":
    sys.exit(run_script(main))
