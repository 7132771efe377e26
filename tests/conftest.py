"""Settings that every test shares."""

import contextlib
import io
import json
import os
import socket
import threading
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from hypothesis import settings
from tqdm import tqdm

from tests import textbook
from tests.fault_server import FaultServer
from tests.two_processes import pytest_runtestloop as pytest_runtestloop
from weights import download, pretrained

# tqdm's own lock is one for all forked processes, and locked for good when one is killed with it.
tqdm.set_lock(threading.RLock())
# Tiny tensors: a second thread costs more than it helps. No deadline: machines differ. In CI the
# examples are the same at every run, so that no change is stopped by an old bug found by chance.
torch.set_num_threads(1)
settings.register_profile("local", deadline=None, max_examples=30)
settings.register_profile("ci", deadline=None, max_examples=30, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session", autouse=True)
def this_machine_only(tmp_path_factory):
    """No test leaves the machine (other names do not resolve) or finds its user's weights."""
    resolve, empty = socket.getaddrinfo, tmp_path_factory.mktemp("home")

    def loopback(host, *args, **options):
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", loopback)
        patch.setenv("TORCH_HOME", str(empty / "torch"))
        patch.setenv("HF_HUB_CACHE", str(empty / "hub"))
        patch.setenv("OMP_NUM_THREADS", "1")  # for the scripts that tests start
        patch.setattr(os, "fsync", lambda file: None)  # no test cuts the power, and it takes long
        yield


@pytest.fixture
def server():
    """A web server on this machine, to misbehave."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def impatience(monkeypatch, tmp_path):
    """No waiting between tries, no proxy, and caches of the test's own."""
    monkeypatch.setattr(download, "BACK_OFF", 0.001)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a small model and 20 records in it, and nothing else."""
    monkeypatch.chdir(tmp_path)
    write_model_and_records(tmp_path)
    return tmp_path


class FinishedRun(NamedTuple):
    """A run of train.py: where it was started, its directory, and what it printed."""

    home: Path
    directory: Path
    printed: str


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """One run for all tests that only look at one: two epochs of 4 batches of 4 of 17 records.

    Nothing in it may be changed: copy it for that.
    """
    import train

    home, printed = tmp_path_factory.mktemp("finished"), io.StringIO()
    write_model_and_records(home)
    words = "--model small --data data.json --dtype float32 --device cpu --batch-size 4 --epochs 2"
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.chdir(home)
        assert train.main([*words.split(), "--lr", "0.01"]) == 0
    (directory,) = (home / "runs").iterdir()
    return FinishedRun(home, directory, printed.getvalue())


def write_model_and_records(directory):
    """A small model in small/, 20 records in data.json.

    It has not learned to end a response: its context, no larger than needed, ends it.
    """
    model = textbook.small_model(vocab_size=300, context_length=140).float()
    for parameter in model.parameters():
        parameter.data /= 10
    pretrained.save(directory / "small", model)
    rows = [
        {"instruction": f"Say {i}.", "input": "now" if i % 2 else "", "output": f"It is {i}."}
        for i in range(20)
    ]
    (directory / "data.json").write_text(json.dumps(rows), encoding="utf-8")
