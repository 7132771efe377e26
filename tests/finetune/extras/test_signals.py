"""finetune/extras/signals.py: what stops a run, and what does not."""

import os
import signal
import sys
from contextlib import contextmanager

import pytest
from tqdm import tqdm

from finetune.extras.signals import StopSignal, output_may_close

posix = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")


@contextmanager
def handler(number, what):
    before = signal.signal(number, what)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@posix
def test_a_signal_waits_until_it_is_asked_for(name, capfd):
    number = getattr(signal, name)
    with handler(number, signal.SIG_DFL), StopSignal() as stop:
        assert not stop.requested
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)  # torchrun passes on what the terminal has sent
        assert stop.requested
        with pytest.raises(KeyboardInterrupt if name == "SIGINT" else SystemExit) as caught:
            stop.exit()
    assert name == "SIGINT" or caught.value.code == 128 + number


@posix
def test_nohup_still_ignores_the_hang_up():
    with handler(signal.SIGHUP, signal.SIG_IGN), StopSignal() as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        assert not stop.requested
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


@pytest.mark.parametrize("stream", [None, "closed", "bad"])
def test_a_signal_is_heeded_where_stderr_is_closed(stream, monkeypatch, tmp_path):
    with (tmp_path / "file").open("w", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stderr", file)
        if stream == "closed":
            file.close()
        elif stream == "bad":
            os.close(file.fileno())
        with StopSignal() as stop:
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.requested
        if stream == "bad":
            os.open(os.devnull, os.O_RDONLY)  # the number that the file object will close


def test_whoever_stops_reading_does_not_stop_the_program(monkeypatch):
    reads, writes = os.pipe()
    os.close(reads)
    monkeypatch.setattr(sys, "stdout", open(writes, "w", encoding="utf-8"))  # noqa: SIM115
    before = sys.stdout
    with output_may_close():
        for _ in range(3):
            tqdm.write("x" * 10_000)
            print("y", flush=True)
    assert sys.stdout is before
    before.close()  # writes what is in its buffer


def test_an_error_inside_is_no_concern_of_the_screen(capsys):
    with pytest.raises(OSError, match="disk"), output_may_close():
        print("shown")
        raise OSError("disk")
    assert capsys.readouterr().out == "shown\n"
