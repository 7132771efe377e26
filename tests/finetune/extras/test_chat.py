"""finetune/chat.py and generate.py without --prompt: in a terminal, from a pipe, with a file."""

import io
import json
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
from finetune.extras.chat import HELP, Chat, edited_lines
from finetune.responses import Assistant
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer
from tests import textbook

TOKENIZER = Tokenizer(300)
SMALL = ["--model", "small", "--dtype", "float32", "--device", "cpu"]


def assistant(**changes):
    model = textbook.small_model(1, vocab_size=300, context_length=200).float()
    options = {"max_new_tokens": 5, "temperature": 0.0, "top_k": None}
    generator = torch.Generator().manual_seed(1)
    return Assistant("m", model, TOKENIZER, "alpaca", generator=generator, **(options | changes))


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
        if name == "bad":
            raise UserError("bad: no such directory")
        return other

    lines = ["/top-k 7", "/temperature 0.5", "/temperature x", "/temperature -1",
             "/temperature inf",
             "/top-k 0", "/top-k 1.5", "/model", "/model bad", "/what", "/help"]  # fmt: skip
    chat, _ = talk(lines, asked, load)
    assert (asked.temperature, asked.top_k) == (0.5, 7) and chat.assistant is asked
    printed = capsys.readouterr().out
    assert "Top-k 7. It counts at a temperature above 0.\n" in printed
    assert "Temperature 0.5.\n" in printed and HELP in printed
    errors = [line for line in printed.splitlines() if line.startswith("error: ")]
    assert [line.split(": ", 1)[1] for line in errors] == [
        "'x' is no number",
        "-1 is too small or too large: it should be 0.0 or more",
        "inf is too small or too large: it should be 0.0 or more",
        "0 is too small or too large: it should be 1 or more",
        "'1.5' is no number",
        "/model needs a name or a directory",
        "bad: no such directory",
        "/what: no such command; /help has them all",
    ]
    chat, _ = talk(["/top-k off", "/model good", "/quit", "not read"], asked, load)
    assert asked.top_k is None and chat.assistant is other and other.temperature == 0.5


def test_ctrl_c_stops_an_answer_or_a_line_and_not_the_chat(monkeypatch, capsys):
    asked = assistant()

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


def test_draws_go_on_from_answer_to_answer_and_a_seed_gives_all_of_them_again():
    def three():
        asked = assistant(temperature=1.0)
        return ["".join(asked.stream("x")) for _ in range(3)]

    assert three() == three() and len(set(three())) == 3


def test_top_k_counts_only_at_a_temperature():
    greedy = "".join(assistant().stream("x"))
    assert "".join(assistant(top_k=5).stream("x")) == greedy
    assert "".join(assistant(top_k=1, temperature=1.0).stream("x")) == greedy


@pytest.mark.parametrize(("tokens", "text"), [(4, "🌍"), (3, "\ufffd"), (9, "🌍🌍\ufffd")])
def test_a_character_is_printed_when_all_its_bytes_are_there(monkeypatch, tokens, text):
    """Of four bytes, a token each; an answer that is cut off within one shows one sign for it."""
    earth = TOKENIZER.encode("🌍")
    assert len(earth) == 4

    def stream(*arguments):
        yield from ((0, earth[i % 4]) for i in range(arguments[2]))

    monkeypatch.setattr("finetune.responses.generate_stream", stream)
    pieces = list(assistant(max_new_tokens=tokens).stream("x"))
    assert "".join(pieces) == text
    assert all(piece in ("", "🌍", "\ufffd") for piece in pieces)


def test_whether_an_answer_ended_is_known_of_each(monkeypatch):
    asked = assistant()
    for tokens, ended in (([5, 299], True), ([5, 6], False), ([299], True)):
        monkeypatch.setattr("finetune.responses.generate_stream", lambda *_, t=tokens: ((0, x) for x in t))
        list(asked.stream("x"))
        assert asked.last.hit_eos is ended


def piped(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_pipes_lines_are_answered_a_json_line_each(here, monkeypatch, capsys):
    piped(monkeypatch, "What is é?\n\n  \nSecond\r\nlast".encode())
    assert generate.main([*SMALL, "--max-new-tokens", "4", "--input", "now"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["prompt"] for line in lines] == ["What is é?", "Second", "last"]
    for line in lines:
        asked = [*SMALL, "--max-new-tokens", "4", "--prompt", line["prompt"], "--input", "now"]
        assert generate.main(asked) == 0
        assert capsys.readouterr().out.strip() == line["response"] and line["ended"] is False
    monkeypatch.setattr("finetune.responses.generate_stream", lambda *_: iter([(0, 299)]))
    piped(monkeypatch, b"x")
    assert generate.main(SMALL) == 0
    ended = {"prompt": "x", "response": "", "ended": True}
    assert json.loads(capsys.readouterr().out) == ended
    piped(monkeypatch, b"fine\nnot \xff\n")
    with pytest.raises(UserError, match=r"line 2: not UTF-8 \(byte 4\)"):
        generate.main([*SMALL, "--max-new-tokens", "1"])


def test_a_files_answers_are_drawn_each_by_itself_from_the_seed(here):
    Path("p.txt").write_text("Again\nAgain\n", encoding="utf-8")
    drawn = []
    for number, words in enumerate(([], ["--seed", "4"], ["--seed", "5"], ["--temperature", "0"])):
        words = ["--prompts", "p.txt", "--out", str(number), "--temperature", "1.5", *words]
        assert generate.main([*SMALL, "--max-new-tokens", "6", *words]) == 0
        lines = Path(str(number)).read_text("utf-8").splitlines()
        drawn.append([json.loads(line)["response"] for line in lines])
    greedy = drawn.pop()
    assert greedy[0] == greedy[1] and len({*drawn[0], *drawn[1], *drawn[2]}) > 3
    assert drawn[1][1] == drawn[2][0]  # seeds 4 + 1 and 5 + 0


@pytest.mark.parametrize("draws", [[], ["--temperature", "0.9", "--top-k", "50", "--seed", "4"]])
def test_a_file_of_prompts_is_answered_in_order(here, monkeypatch, capsys, draws):
    Path("p.txt").write_text("A longer one to begin with\n\nB\n C c \n", encoding="utf-8")
    rows = [{"instruction": "A longer one to begin with"}, {"instruction": "B"}]
    rows += [{"instruction": "C c", "input": "more"}]
    Path("p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for name in ("p.txt", "p.jsonl"):
        words = ["--prompts", name, "--out", f"{name}.out", "--max-new-tokens", "6", *draws]
        assert generate.main([*SMALL, *words]) == 0
    text, records = (
        [json.loads(line) for line in Path(f"{name}.out").read_text("utf-8").splitlines()]
        for name in ("p.txt", "p.jsonl")
    )
    assert [line["prompt"] for line in text] == ["A longer one to begin with", "B", "C c"]
    assert text[:2] == records[:2] and records[2]["input"] == "more"
    assert text[2]["response"] != records[2]["response"]
    if not draws:
        capsys.readouterr()
        assert generate.main([*SMALL, "--max-new-tokens", "6", "--prompt", "B"]) == 0
        assert capsys.readouterr().out.strip() == text[1]["response"]
    with pytest.raises(UserError, match="already there"):
        generate.main([*SMALL, *words])
    Path("empty.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"empty\.txt: no prompt"):
        generate.main([*SMALL, "--prompts", "empty.txt", "--out", "e"])


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
            preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
            env=os.environ | {"TERM": "dumb"},
        )  # fmt: skip
        os.close(inner)
        self.screen = ""

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
        terminal.until(r"small: each instruction is answered by itself[^\n]*\n")
        terminal.until("> ")
        terminal.type(b"Go on\r")
        terminal.until(r"Go on\r\n[^\n]")  # the answer has begun
        terminal.type(b"\x03")
        terminal.until(r"\(stopped\)\r\n\r\n> ")
        terminal.type(b"/temperature 0.5\r")
        terminal.until(r"Temperature 0\.5\.\r\n> ")
        terminal.type(b"\x04")
        assert terminal.process.wait(30) == 0
    finally:
        terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait()
        os.close(terminal.end)
    assert "Go on" in (here / "cache/hub/gpt2/history").read_text(encoding="utf-8")
