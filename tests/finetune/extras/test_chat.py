"""finetune/extras/chat.py: a chat over lines, and in a terminal of its own."""

import errno
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import generate
from finetune.extras.chat import COMMANDS, EXAMPLES, HELP, Chat, edited_lines
from finetune.responses import Assistant
from gpt.errors import UserError
from gpt.sampling import GREEDY, Sampling
from gpt.tokenizer import Tokenizer
from tests import textbook

TOKENIZER = Tokenizer(300)
SMALL = ["--model", "small", "--dtype", "float32", "--device", "cpu"]


def assistant(fine_tuned=True):
    model = textbook.small_model(1, vocab_size=300, context_length=200).float()
    generator = torch.Generator().manual_seed(1)
    return Assistant("m", model, TOKENIZER, "alpaca", fine_tuned, 5, GREEDY, generator)


def talk(lines, asked=None, load=None):
    """A chat over lines; an exception among them is raised where a line is waited for."""
    asked, prompts = asked or assistant(), []
    source = iter(lines)

    def read(prompt):
        prompts.append(prompt)
        line = next(source, EOFError)
        if isinstance(line, str):
            return line
        raise line

    chat = Chat(asked, load or (lambda name: asked))
    chat.run(read)
    return chat, prompts


def heard(monkeypatch, asked):
    """What the model is asked, in place of its answers."""
    seen = []

    def answer(instruction, input=""):
        seen.append((instruction, input))
        return iter(["a", "b"])

    monkeypatch.setattr(asked, "stream", answer)
    return seen


def test_each_line_is_an_instruction_with_the_input_set_for_it(monkeypatch, capsys):
    asked = assistant()
    seen = heard(monkeypatch, asked)
    lines = [
        "One",
        "",
        "  ",
        "/input the text",
        "Two\\",
        "lines\\",
        "more",
        "/input",
        "//slash",
        "Last",
    ]
    _, prompts = talk(lines, asked)
    assert seen == [
        ("One", ""), ("Two\nlines\nmore", "the text"), ("/slash", ""), ("Last", ""),
    ]  # fmt: skip
    assert prompts.count(". ") == 2
    printed = capsys.readouterr().out
    assert printed.count("ab\n\n") == 4 and "Input: the text" in printed and "No input." in printed


def test_commands_set_what_they_say_and_tell_what_is_wrong(monkeypatch, capsys):
    asked, other = assistant(), assistant()
    monkeypatch.setattr(asked, "stream", None)

    def load(name):
        if name == "good":
            return other
        Path(name).stat()  # as loading does, which is an OSError if the name is too long
        raise UserError(f"{name}: no such directory")

    lines = ["/top-k 7", "/top-p 0.9", "/temperature 0.5", "/temperature x", "/temperature -1",
             "/temperature inf", "/top-k 0", "/top-k 1.5", "/top-p 0", "/model", "/model /",
             "/model " + 300 * "m", "/modle x", "/what", "/help"]  # fmt: skip
    chat, _ = talk(lines, asked, load)
    assert asked.sampling == Sampling(0.5, 7, 0.9) and chat.assistant is asked
    printed = capsys.readouterr().out
    assert "Temperature 0, top-k 7, top-p off: at temperature 0 nothing is drawn.\n" in printed
    assert "Temperature 0.5, top-k 7, top-p 0.9.\n" in printed and HELP in printed
    errors = [line for line in printed.splitlines() if line.startswith("error: ")]
    assert [line.split(": ", 1)[1] for line in errors] == [
        "'x' is not a number",
        "-1 is out of range: 0 to 1e+30",
        "inf is out of range: 0 to 1e+30",
        "0 is out of range: 1 to 1e+30",
        "'1.5' is not a number",
        "0 is out of range: 0.001 to 1",
        "/model needs a name or a directory",
        "/: no such directory",
        f"/model: {os.strerror(errno.ENAMETOOLONG)}",
        "/modle: no such command; did you mean /model?",
        "/what: no such command",
    ]
    chat, _ = talk(["/top-k off", "/top-p off", "/model good", "/quit", "not read"], asked, load)
    assert chat.assistant is other and other.sampling == Sampling(0.5)


@pytest.mark.parametrize("word", ["exit", "quit", "/quit", "/exit", " Exit "])
def test_these_words_leave(monkeypatch, word):
    asked = assistant()
    seen = heard(monkeypatch, asked)
    talk(["help", "/examples", word, "not read"], asked)
    assert seen == []


def test_it_begins_with_the_model_and_examples_to_try(monkeypatch, capsys):
    for fine_tuned, line in ((True, "Model: m"), (False, "Model: m, not fine-tuned: run train.py")):
        talk([], assistant(fine_tuned))
        printed = capsys.readouterr().out
        assert printed.startswith(line) and EXAMPLES in printed and EXAMPLES.count("\n") == 4
    talk(["/examples", "help"])
    printed = capsys.readouterr().out
    assert printed.count(EXAMPLES) == 2 and HELP in printed
    assert all(f"  {command} " in HELP for command in COMMANDS)


def test_ctrl_c_stops_an_answer_or_a_line_and_not_the_chat(monkeypatch, capsys):
    asked = assistant()

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    def answer(instruction, input=""):
        yield "begun"
        yield "\x1b[2J"  # which clears a terminal
        if instruction == "stop":
            raise KeyboardInterrupt
        yield " and done"

    monkeypatch.setattr(asked, "stream", answer)
    talk([KeyboardInterrupt, "stop", "half\\", KeyboardInterrupt, "go"], asked)
    printed = capsys.readouterr().out
    assert "begun␛[2J (stopped)\n" in printed and printed.count("begun␛[2J and done\n") == 1
    assert printed.count("Ctrl-D or /quit leaves.") == 2


def test_a_history_that_cannot_be_kept_is_no_reason_not_to_talk(tmp_path, monkeypatch):
    readline = pytest.importorskip("readline")
    (tmp_path / "file").touch()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file"))  # no directory can be made in it
    edited_lines()()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    save = edited_lines()
    readline.add_history("Say it again")
    save()
    readline.clear_history()
    edited_lines()
    assert readline.get_history_item(readline.get_current_history_length()) == "Say it again"
    readline.clear_history()


class Terminal:
    """generate.py in a terminal of its own."""

    def __init__(self, *arguments):
        pty = pytest.importorskip("pty")  # which Windows has not
        self.end, inner = pty.openpty()
        script = Path(generate.__file__)
        self.process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
            preexec_fn=self._own_terminal,
            env=os.environ | {"TERM": "dumb"},
        )  # fmt: skip
        os.close(inner)
        self.screen = ""

    @staticmethod
    def _own_terminal():
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        # A shell's background job (`pytest &`) ignores Ctrl-C, and so would what it starts.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def until(self, pattern, seconds=60):
        """Read on until a pattern is there after what was found last."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.screen)):
            assert time.monotonic() < deadline, self.screen
            if select.select([self.end], [], [], 0.1)[0]:
                self.screen += os.read(self.end, 4096).decode("utf-8", "replace")
        self.screen = self.screen[found.end() :]

    def type(self, keys):
        os.write(self.end, keys)


def test_in_a_terminal_it_is_a_chat(here, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(here / "cache"))
    terminal = Terminal(*SMALL, "--max-new-tokens", "100000")
    try:
        terminal.until(r"Model: small, not fine-tuned[^\n]*\n")
        terminal.until(r"Each instruction is answered by itself[^\n]*\n")
        terminal.until("> ")
        terminal.type(b"Go on\r")
        terminal.until(r"Go on\r\n[^\n]")  # the answer has begun
        terminal.type(b"\x03")
        terminal.until(r"\(stopped\)\r\n\r\n> ")
        terminal.type(b"/temperature 0.5\r")
        terminal.until(r"Temperature 0\.5, top-k off, top-p off\.\r\n> ")
        terminal.type(b"\x04")
        assert terminal.process.wait(30) == 0
    finally:
        terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait()
        os.close(terminal.end)
    assert "Go on" in (here / "cache/hub/gpt2/history").read_text(encoding="utf-8")
