"""gpt/errors.py: how a script ends, and what it says then."""

import io
import sys

import pytest
import torch

from gpt.errors import UserError, quiet_interrupt, run_script


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
        torch.OutOfMemoryError("CUDA out of memory."),
    ],
)
def test_a_lack_of_memory_gets_advice(capsys, error):
    assert run_script(raises(error)) == 2
    assert "not enough memory: a smaller --model" in capsys.readouterr().err


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
