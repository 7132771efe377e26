"""gpt/errors.py: how a script ends, and what it says then."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gpt.errors import UserError, did_you_mean, printable, quiet_interrupt, run_script


def raises(error):
    def main():
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UserError("one\nline"), 2, "error: one line"),
        (OSError(28, "No space left", "runs/x/model"), 2, "error: runs/x/model: No space left"),
        (OSError(28, "No space left on device"), 2, "error: output: No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_a_mistake_the_system_and_ctrl_c_get_one_line(capsys, error, status, line):
    assert run_script(raises(error)) == status
    assert capsys.readouterr().err == line + "\n"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        torch.cuda.OutOfMemoryError("CUDA out of memory."),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_a_lack_of_memory_gets_advice(capsys, error):
    assert run_script(raises(error)) == 2
    assert "not enough memory: --low-memory, --lora-rank" in capsys.readouterr().err


@pytest.mark.parametrize(
    "bug",
    [
        ValueError("x"),
        AssertionError("x"),
        RuntimeError("memory format"),
        TypeError("x"),
        OSError("no file of the system's"),
    ],
)
def test_a_bug_keeps_its_traceback(bug):
    with pytest.raises(type(bug), match=str(bug)):
        run_script(raises(bug))


@pytest.mark.parametrize("status", [0, 1])
def test_a_status_is_handed_on(status):
    assert run_script(lambda: status) == status


def test_what_is_printed_is_utf8_whatever_the_console_has(monkeypatch):
    written = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, buffer in written.items():
        monkeypatch.setattr(sys, name, io.TextIOWrapper(buffer, encoding="ascii"))
    assert run_script(lambda: print("é 🙂 \ud83d") or print("ß", file=sys.stderr) or 0) == 0
    sys.stderr.flush()
    assert written["stdout"].getvalue().decode("utf-8").split() == ["é", "🙂", "?"]
    assert written["stderr"].getvalue().decode("utf-8").split() == ["ß"]


def test_ctrl_c_while_torch_is_imported_is_quiet_and_a_bug_is_not(monkeypatch, capsys):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    quiet_interrupt()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == "interrupted\n"
    sys.excepthook(ValueError, ValueError("a bug"), None)
    assert "ValueError: a bug" in capsys.readouterr().err


def test_a_line_is_written_as_soon_as_it_is_printed(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written))

    def main():
        print("a line")
        assert written.getvalue() == f"a line{os.linesep}".encode()
        return 0

    assert run_script(main) == 0


def test_a_terminal_shows_control_characters_and_a_file_gets_them(monkeypatch, capsys):
    text = "a\x1b]0;title\x07\x9bm\x7f\tb\né"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert printable(text) == "a␛]0;title␇\ufffdm␡\tb\né"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert printable(text) == text
    assert run_script(raises(UserError("x\x1b[2J"))) == 2
    assert capsys.readouterr().err == "error: x␛[2J\n"


def test_did_you_mean():
    known = ("--batch-size", "--temperature")
    assert did_you_mean("--temprature", known) == "; did you mean --temperature?"
    assert did_you_mean("--nothing-like-it", known) == ""


def test_closed_standard_streams_are_no_files_of_others(tmp_path):
    """Closed ones are free numbers: a file that is opened later would be printed into."""
    code = """
import os, sys
from gpt.errors import run_script
def main():
    with open("file", "w") as file:
        assert file.fileno() > 2
        os.write(1, b"printed")
        os.write(2, b"printed")
        print(input.__name__, sys.stdin.read())
    return 0
sys.exit(run_script(main))
"""
    command = [sys.executable, "-c", code]
    script = 'exec "$@" <&- >&- 2>&-'
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["sh", "-c", script, "sh", *command], cwd=tmp_path, env=environment)
    assert done.returncode == 0 and (tmp_path / "file").read_bytes() == b""
