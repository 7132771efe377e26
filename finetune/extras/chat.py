"""Talk to a model in the terminal.

What it was fine-tuned on are single instructions, so each is answered by itself: what was said
before is not remembered. Line editing and history are Python's `readline`, where there is one.
"""

import contextlib
from collections.abc import Callable

from finetune.responses import Assistant
from gpt.errors import UserError
from weights.files import cache_directory

HELP = """\
Write an instruction and press Enter. A line that ends in \\ goes on in the next one.
  /input TEXT       what the next instructions are about; without TEXT, nothing
  /temperature X    0 takes the likeliest token; above, draws
  /top-k N          draw from the N likeliest tokens only, at a temperature above 0; "off": all
  /model NAME|DIR   ask another model
  /help             this
  /quit             leave, as Ctrl-D does
Ctrl-C stops an answer. An instruction that begins with / is written with //."""

HISTORY_LENGTH = 1000  # lines

# Characters that a terminal obeys rather than shows, as signs that stand for them: ESC as ␛.
CONTROL_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"}
CONTROL_PICTURES |= {127: 0x2421} | dict.fromkeys(range(128, 160), 0xFFFD)


class Chat:
    """The commands and what they set. `load` puts another model into an Assistant."""

    def __init__(
        self, assistant: Assistant, load: Callable[[str], Assistant], input: str = ""
    ) -> None:
        self.assistant, self.load, self.input = assistant, load, input

    def run(self, read: Callable[[str], str]) -> None:
        """Until the end of the input; `read` shows a prompt and gives a line, as `input` does."""
        print(f"{self.assistant.name}: each instruction is answered by itself. /help for more.")
        while True:
            try:
                line = read("> ")
                while line.endswith("\\"):
                    line = line[:-1] + "\n" + read(". ")
            except EOFError:
                print()
                return
            except KeyboardInterrupt:
                print("\nCtrl-D or /quit leaves.")
                continue
            if line.strip() == "/quit":
                return
            if line.startswith("/") and not line.startswith("//"):
                self.command(line)
            elif line.strip():
                self.answer(line.removeprefix("/") if line.startswith("//") else line)

    def answer(self, instruction: str) -> None:
        """Print the response as it is generated."""
        try:
            for piece in self.assistant.stream(instruction, self.input):
                print(piece.translate(CONTROL_PICTURES), end="", flush=True)
        except UserError as error:
            print(f"error: {error}", end="")
        except KeyboardInterrupt:
            print(" (stopped)", end="")
        print("\n")

    def command(self, line: str) -> None:
        """Do what a line beginning with / says, or say in a line why not."""
        name, _, value = line.partition(" ")
        value = value.strip()
        try:
            if name == "/help":
                print(HELP)
            elif name == "/input":
                self.input = value
                print(f"Input: {value}" if value else "No input.")
            elif name == "/temperature":
                self.assistant.temperature = _number(value, 0.0)
                print(f"Temperature {self.assistant.temperature:g}.")
            elif name == "/top-k":
                self.assistant.top_k = None if value == "off" else int(_number(value, 1, int))
                idle = "" if self.assistant.temperature else " It counts at a temperature above 0."
                print(f"Top-k {value}.{idle}")
            elif name == "/model":
                if not value:
                    raise UserError("/model needs a name or a directory")
                before, self.assistant = self.assistant, self.load(value)
                self.assistant.temperature, self.assistant.top_k = before.temperature, before.top_k
                print(f"Asking {value}.")
            else:
                raise UserError(f"{name}: no such command; /help has them all")
        except UserError as error:
            print(f"error: {error}")
        except KeyboardInterrupt:
            print("\nstopped")


def _number(text: str, least: float, kind: type = float) -> float:
    try:
        value = kind(text)
    except ValueError:
        raise UserError(f"{text!r} is no number") from None
    if not least <= value < float("inf"):
        raise UserError(f"{text} is too small or too large: it should be {least} or more")
    return value


def edited_lines() -> Callable[[], None]:
    """Give `input` line editing and the history of earlier chats; returns what saves the history.

    A history that cannot be read or written is ignored.
    """
    try:
        import readline
    except ImportError:  # Windows, whose terminal has an editing of its own
        return lambda: None
    path = cache_directory() / "history"
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(HISTORY_LENGTH)

    def save() -> None:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(path)

    return save
