"""Talk to a model in the terminal.

It was fine-tuned on single instructions, so each one is answered by itself: the chat does not
remember earlier ones. Line editing and history are Python's `readline`, where there is one.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from finetune.dataset import Record
from finetune.records import BUNDLED_NAME
from finetune.responses import Assistant
from gpt.errors import UserError, did_you_mean, printable
from gpt.sampling import Sampling
from weights.files import cache_directory

EXAMPLES = """\
  Rewrite in the passive voice: The chef cooks the meal every day.
  Make this negative: Fatima likes broccoli.
  Turn this into a yes-or-no question: The lawyer signed the contract.
  Put this into the past tense: The scientist discovers a planet.
  Replace the subject with a pronoun: Fatima and Carlos painted the ceiling."""


def things_to_ask(model: str, data: str, records: Sequence[Record]) -> list[str]:
    """Three instructions for a model that was fine-tuned: of EXAMPLES, or from its test records."""
    if (model, data) == ("tiny", BUNDLED_NAME):
        return [line.strip() for line in EXAMPLES.splitlines()[:3]]
    return [record.instruction for record in records if not record.input][:3]


HELP = """\
Write an instruction and press Enter. A line that ends in \\ continues on the next one.
  /input TEXT       a text that the next instructions are about; without TEXT, none
  /temperature X    0: the most likely token; above 0: draw a token, more freely as X grows
  /top-k N          draw from the N most likely tokens only (temperature above 0); "off": from all
  /top-p P          draw from the fewest tokens with probability P together; "off": from all
  /model NAME|DIR   ask another model
  /examples         instructions to try
  /help             this list
  /quit             leave, as "exit" and Ctrl-D do
Ctrl-C stops a response. To begin an instruction with /, write //."""

COMMANDS = ("/input", "/temperature", "/top-k", "/top-p", "/model", "/examples", "/help", "/quit")
HISTORY_LENGTH = 1000  # lines


class Chat:
    """The commands and what they set. `load` puts another model into an Assistant."""

    def __init__(
        self, assistant: Assistant, load: Callable[[str], Assistant], input: str = ""
    ) -> None:
        self.assistant, self.load, self.input = assistant, load, input

    def run(self, read: Callable[[str], str]) -> None:
        """Until the end of the input; `read` shows a prompt and returns a line, as `input` does."""
        self.introduce()
        print(f"Each instruction is answered by itself. Some to try:\n{EXAMPLES}\n/help for more.")
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
            word = line.strip().lower()
            if word in ("exit", "quit", "/exit", "/quit"):
                return
            if word == "help":
                print(HELP)
            elif line.startswith("/") and not line.startswith("//"):
                self.command(line)
            elif word:
                self.answer(line.removeprefix("/") if line.startswith("//") else line)

    def introduce(self) -> None:
        """Print the model's name, and whether it was fine-tuned."""
        note = "" if self.assistant.fine_tuned else ", not fine-tuned: run train.py first"
        print(f"Model: {self.assistant.name}{note}")

    def answer(self, instruction: str) -> None:
        """Print the response as it is generated."""
        try:
            for piece in self.assistant.stream(instruction, self.input):
                print(printable(piece), end="", flush=True)
        except UserError as error:
            print(f"error: {error}", end="")
        except KeyboardInterrupt:
            print(" (stopped)", end="")
        print("\n")

    def command(self, line: str) -> None:
        """Do what a line beginning with / says, or print why it cannot be done."""
        name, _, value = line.strip().partition(" ")
        value = value.strip()
        sampling = self.assistant.sampling
        try:
            if name == "/help":
                print(HELP)
            elif name == "/examples":
                print(EXAMPLES)
            elif name == "/input":
                self.input = value
                print(f"Input: {printable(value)}" if value else "No input.")
            elif name == "/temperature":
                self.set(sampling._replace(temperature=_number(value, 0)))
            elif name == "/top-k":
                self.set(sampling._replace(top_k=_number(value, 1, kind=int, off=True)))
            elif name == "/top-p":
                self.set(sampling._replace(top_p=_number(value, 0.001, 1, off=True)))
            elif name == "/model":
                if not value:
                    raise UserError("/model needs a name or a directory")
                self.assistant = self.load(value)
                self.assistant.sampling = sampling
                self.introduce()
            else:
                raise UserError(f"{name}: no such command{did_you_mean(name, COMMANDS)}")
        except UserError as error:
            print(f"error: {printable(str(error))}")
        except OSError as error:  # of /model: a name that is too long, a directory that is closed
            print(f"error: {name}: {error.strerror}")
        except KeyboardInterrupt:
            print("\nstopped")

    def set(self, sampling: Sampling) -> None:
        """Choose tokens in this way from now on, and print it."""
        self.assistant.sampling = sampling
        temperature, top_k, top_p = sampling
        print(
            f"Temperature {temperature:g}, top-k {top_k or 'off'}, top-p {top_p or 'off'}", end=""
        )
        print("." if temperature else ": at temperature 0 nothing is drawn.")


def _number(
    text: str, least: float, most: float = 1e30, kind: type = float, off: bool = False
) -> Any:
    """The number in `text`; None for the word "off" where it is allowed. Raises UserError."""
    if off and text == "off":
        return None
    try:
        value = kind(text)
    except ValueError:
        raise UserError(f"{text!r} is not a number") from None
    if not least <= value <= most:
        raise UserError(f"{text} is out of range: {least:g} to {most:g}")
    return value


def edited_lines() -> Callable[[], None]:
    """Give `input` line editing and the history of earlier chats; returns what saves the history.

    A history that cannot be read or written is ignored.
    """
    try:
        import readline
    except ImportError:  # Windows, whose terminal has its own line editing
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
