"""Ask a model: `python generate.py "Make this negative: Fatima likes broccoli."`, or talk to it.

    python generate.py                                          in a terminal: a chat
    cat prompts.txt | python generate.py                   each line asked, a JSON line each
    python generate.py --prompts FILE --out FILE                a file of prompts, in batches

The prompt is put into the template that the model was fine-tuned with (finetune/prompt.py), and
the response is printed token by token as it is generated (gpt/sampling.py). Where a response ends
is in finetune/responses.py. With `--raw` the model continues the text without a template, which is
all that a model that was not fine-tuned can do.
"""

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from pathlib import Path

from gpt.errors import UserError, printable, quiet_interrupt, run_script

if __name__ == "__main__":
    quiet_interrupt()  # while torch is imported, which takes seconds

import torch

from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.extras.chat import Chat, edited_lines
from finetune.extras.packed_weights import pack
from finetune.extras.prompt_file import PromptFile
from finetune.options import option, parse
from finetune.responses import Assistant, load_for_prompts
from gpt.config import SIZES
from gpt.sampling import Sampling

HERE = Path(__file__).resolve().parent

many = partial(option, group="a file of prompts")
drawing = partial(option, group="how tokens are chosen")
machine = partial(option, group="the machine")


@dataclass(frozen=True)
class GenerateOptions:
    """Every option of generate.py."""

    text: str | None = option(
        None,
        "the instruction (default: a chat, or each line of a pipe)",
        metavar="TEXT",
        positional=True,
    )
    prompt: str | None = option(None, "the same, as an option", metavar="TEXT")
    input: str = option("", "a text that the instruction is about", metavar="TEXT")
    raw: bool = option(False, "continue the text without a template")
    model: str | None = option(
        None,
        f"{', '.join(SIZES)}, or a model's directory (default: the newest run's, else tiny)",
        metavar="NAME|DIR",
    )
    max_new_tokens: int = option(256, "longest response, in tokens", min=1)
    prompts: str | None = many(
        None, "a prompt on each line, or records as JSON or JSON Lines", metavar="FILE"
    )
    out: str | None = many(
        None, "file for the responses, as JSON Lines; an unfinished one is resumed", metavar="FILE"
    )
    temperature: float = drawing(0.0, "0: the most likely token; above: draw a token", min=0)
    top_k: int | None = drawing(None, "draw from the N most likely tokens only", min=1)
    top_p: float | None = drawing(
        None, "draw from the fewest tokens with probability X together", greater_than=0, max=1
    )
    seed: int = drawing(123, "seed of the draws", min=0)
    device: str = machine("auto", "device", choices=DEVICES)
    dtype: str = machine("auto", "dtype of weights and products", choices=("auto", *DTYPES))


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(GenerateOptions, argv, "Ask a model, or let it continue a text.")
    check(options)
    prompts = None
    if options.prompts is not None and options.out is not None:  # neither alone: `check`
        prompts = PromptFile(options.prompts, options.out, options.input, options.raw)
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device)
    sampling = Sampling(options.temperature, options.top_k, options.top_p)
    generator = torch.Generator().manual_seed(options.seed)

    def load(name: str) -> Assistant:
        loaded = load_for_prompts(name, options.raw, dtype, device)
        pack(loaded[0])
        return Assistant(name, *loaded, options.max_new_tokens, sampling, generator)

    if options.model is None and (note := unfinished_note()):
        print(note, file=sys.stderr)
    assistant = load(options.model or newest_run())
    prompt = options.text if options.prompt is None else options.prompt
    terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    if prompt is None and prompts is None and terminal:
        talk(Chat(assistant, load, options.input))
        return 0
    note = "" if assistant.fine_tuned else ", not fine-tuned: run train.py first"
    dtype_name = str(dtype).removeprefix("torch.")
    print(f"Model: {assistant.name} in {dtype_name} on {device}{note}", file=sys.stderr)
    if prompts is not None:
        prompts.answer(assistant, options.seed)
    elif prompt is not None:
        for piece in assistant.stream(prompt, options.input):
            print(printable(piece), end="", flush=True)
        print()
    else:
        answer_lines(assistant, options.input)
    return 0


def check(options: GenerateOptions) -> None:
    """Raises UserError for options that do not go together."""
    if options.raw and options.input:
        raise UserError("--input is a part of the template, which --raw leaves out; drop one")
    if options.temperature == 0 and (options.top_k or options.top_p) is not None:
        name = "--top-k" if options.top_k is not None else "--top-p"
        raise UserError(f"{name} draws, and temperature 0 does not; give a --temperature above 0")
    given = {"a TEXT": options.text, "--prompt": options.prompt, "--prompts": options.prompts}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise UserError(f"{' and '.join(names)} are both prompts; drop one")
    if (options.prompts is None) != (options.out is None):
        raise UserError("--prompts FILE and --out FILE go together; give both")


def talk(chat: Chat) -> None:
    """Until the user leaves; with line editing, and the history kept."""
    assert isinstance(sys.stdin, TextIOWrapper)  # as a terminal is
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # whatever is typed or pasted
    save = edited_lines()
    try:
        chat.run(input)
    finally:
        save()


def answer_lines(assistant: Assistant, input: str) -> None:
    """Each line of the standard input, except empty ones, becomes a line of JSON at once."""
    for number, line in enumerate(sys.stdin.buffer if sys.stdin else [], start=1):
        try:
            prompt = line.decode("utf-8").removeprefix("\ufeff" if number == 1 else "").strip()
        except UnicodeDecodeError as error:
            raise UserError(f"line {number}: not UTF-8 (byte {error.start})") from None
        if prompt:
            response = "".join(assistant.stream(prompt, input)).strip()
            assert assistant.last is not None
            said = {"prompt": prompt, "response": response, "ended": assistant.last.hit_eos}
            print(json.dumps(said, ensure_ascii=False), flush=True)


def run_directories() -> list[Path]:
    """The directories under runs/, here and beside this script."""
    roots = [Path()] if Path.cwd() == HERE else [Path(), HERE]
    return [path.parent for root in roots for path in root.glob("runs/*/options.json")]


def newest_run() -> str:
    """The model of the run that finished last; "tiny" if there is none."""
    finished = [run for run in run_directories() if (run / "responses.json").is_file()]
    finished = [run for run in finished if (run / "model").is_dir()]
    if not finished:
        return "tiny"
    return str(max(finished, key=lambda run: (run / "responses.json").stat().st_mtime) / "model")


def unfinished_note() -> str | None:
    """A line about the run that was started last, if it did not finish."""
    runs = run_directories()
    newest = max(runs, key=lambda run: (run / "options.json").stat().st_mtime, default=None)
    if newest is None or (newest / "responses.json").is_file():
        return None
    resume = f"python train.py --resume {shlex.quote(str(newest))}"
    return f"{newest} is unfinished. To resume it: {resume}"


if __name__ == "__main__":
    sys.exit(run_script(main))
