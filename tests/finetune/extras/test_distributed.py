"""finetune/extras/distributed.py: two processes make the run of one; neither outlives the other."""

import importlib
import json
import os
import socket
import subprocess
from functools import partial

import pytest
import torch
import torch.distributed.run
from hypothesis import given
from hypothesis import strategies as st

import train
from finetune.collate import IGNORE_INDEX, Batch
from finetune.device import SINGLE_PROCESS, SingleProcess
from finetune.extras.distributed import DistributedContext, setup_distributed
from finetune.extras.run_directory import RunDirectory, open_directory
from finetune.loop import START
from gpt.errors import UserError
from tests import textbook
from tests.scripts import CAN_FORK, ROOT, SMALL, begin

TIMES = {"seconds": 0, "tokens_per_second": 0}
SHORT = [*SMALL, "--init", "random", "--batch-size", "3", "--lr", "0.01", "--eval-every", "1"]
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}


@pytest.fixture(scope="module", autouse=True)
def compiler():
    """torch's engines for several processes import it, in each child if it is not here yet."""
    importlib.import_module("torch._dynamo")


def torchrun(script, *arguments):
    """Two processes on this machine's CPU, as the README starts them: by torchrun, which does not
    have to import torch here."""
    words = [torch.distributed.run.__file__, "--nproc-per-node", "2", "--standalone"]
    changes = {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    return [begin(*words, script, *arguments, prepare=partial(os.environ.update, changes), **PIPES)]


def forked(script, *arguments):
    """Two processes as torchrun makes them, but without torchrun and three imports of torch.

    Where one ends early, nobody but the other itself ends the other.
    """
    if not CAN_FORK:
        return torchrun(script, *arguments)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def told(rank):
        numbers = {"WORLD_SIZE": 2, "RANK": rank, "LOCAL_RANK": rank, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in numbers.items()})
        os.environ["MASTER_ADDR"] = "127.0.0.1"

    return [begin(script, *arguments, prepare=partial(told, rank), **PIPES) for rank in range(2)]


def ended(processes):
    """Their statuses, and what they all printed on stdout and on stderr."""
    texts = [process.communicate(timeout=300) for process in processes]
    return [process.returncode for process in processes], *map("".join, zip(*texts, strict=True))


def metrics(directory):
    lines = (directory / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


OLD = tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6)
NO_FSDP2 = pytest.mark.skipif(OLD, reason="--shard needs torch 2.6")
SHARDED = ["--shard", "--accumulate", "2", "--clip-norm", "0.1", "--low-memory", "on"]


@pytest.mark.parametrize(
    ("start", "options"), [(torchrun, []), pytest.param(forked, SHARDED, marks=NO_FSDP2)]
)
def test_two_processes_make_the_run_of_one(here, capsys, start, options):
    """Every loss to 1e-5, with batches of 3 that do not halve, and the saved model."""
    words = [*SHORT, *options]
    processes = start(ROOT / "train.py", *words, "--out", "two", "--max-steps", "3")
    alone = [word for word in words if word != "--shard"]
    assert train.main([*alone, "--out", "one", "--max-steps", "3"]) == 0
    statuses, out, err = ended(processes)
    assert not any(statuses), err
    printed = capsys.readouterr().out
    assert out.count("Before training:") == out.count("Trained on") == 1
    assert [m["step"] for m in metrics(here / "two")] == [-1, 0, 1, 2]
    for one, two in zip(metrics(here / "one"), metrics(here / "two"), strict=True):
        assert one | TIMES == pytest.approx(two | TIMES, abs=1e-5)
    assert "in 2 processes" in out and "processes" not in printed
    for file in ("responses.json", "model/config.json"):
        assert (here / "one" / file).read_bytes() == (here / "two" / file).read_bytes()


STOPPED = """
import os, signal, sys, train
from finetune.loop import Callbacks
whole_train = train.train
def stopping(*arguments):
    class Signal(Callbacks):
        def on_step(self, progress, epoch_over):
            if progress.step == 1 and arguments[-2].rank == 1:
                os.kill(os.getpid(), getattr(signal, sys.argv[1]))
    arguments[6].insert(0, Signal())
    whole_train(*arguments)
train.train = stopping
sys.exit(train.run_script(lambda: train.main(sys.argv[2:])))
"""


@NO_FSDP2
def test_a_sharded_run_that_one_process_stops_is_resumed_by_one(here):
    """The signal reaches process 1 alone; all end after the same step, with one checkpoint."""
    (here / "stopped.py").write_text(STOPPED, encoding="utf-8")
    processes = forked(here / "stopped.py", "SIGTERM", *SHORT, "--shard", "--out", "two")
    train.main([*SHORT, "--out", "one"])
    statuses, out, err = ended(processes)
    assert all(statuses) and "Stopped after step 1" in out, err
    assert [p.name for p in (here / "two/checkpoint").iterdir()] == ["step-00000002"]
    assert train.main(["--resume", "two"]) == 0  # one process, and nothing sharded
    for one, two in zip(metrics(here / "one"), metrics(here / "two"), strict=True):
        assert one | TIMES == pytest.approx(two | TIMES, abs=1e-5)


def test_where_one_process_dies_the_others_end(here):
    (here / "stopped.py").write_text(STOPPED, encoding="utf-8")
    statuses, _, err = ended(forked(here / "stopped.py", "SIGKILL", *SHORT, "--out", "two"))
    assert all(statuses)
    assert "error: another process of this run has ended" in err or "SIGKILL" in err
    assert not (here / "two/responses.json").exists()


@given(rows=st.integers(1, 9), size=st.integers(1, 5))
def test_every_row_is_one_processs_and_none_is_without_work(rows, size):
    class Model:
        device = torch.device("cpu")

    inputs = torch.arange(rows * 4).view(rows, 4)
    targets = inputs + 100
    supervised = []
    for rank in range(size):
        context = DistributedContext(rank, size, shard=False)
        ((mine, asked),) = context.local_batches(Model, [Batch(inputs, targets)])
        assert len(mine) > 0 and mine.shape == asked.shape
        chosen = asked[:, 0] != IGNORE_INDEX
        assert torch.equal(asked[chosen], mine[chosen] + 100)
        supervised += mine[chosen, 0].tolist()
    assert sorted(supervised) == inputs[:, 0].tolist()


def test_alone_nothing_is_changed():
    model = textbook.small_model()
    assert SINGLE_PROCESS.wrap(model) is model and SINGLE_PROCESS.all_reduce_sum(3) == 3
    with setup_distributed(torch.device("cpu"), shard=False) as (process, device):
        assert type(process) is SingleProcess and device == torch.device("cpu")


def test_shard_alone_is_an_error(here):
    with pytest.raises(UserError, match=r"--shard .* torchrun"):
        train.main([*SHORT, "--shard"])


STARTED = {"WORLD_SIZE": "4", "RANK": "2", "LOCAL_RANK": "2", "MASTER_PORT": "29500"}
STARTED |= {"MASTER_ADDR": "127.0.0.1"}


@pytest.mark.parametrize("name", STARTED)
def test_what_torchrun_did_not_set_is_named(monkeypatch, name):
    for other, value in STARTED.items():
        monkeypatch.setenv(other, value)
    monkeypatch.setenv("WORLD_SIZE", "many")
    if name != "WORLD_SIZE":
        monkeypatch.setenv("WORLD_SIZE", "4")
        monkeypatch.delenv(name)
    with (
        pytest.raises(UserError, match=f"WORLD_SIZE is set, but {name} is missing or no number"),
        setup_distributed(torch.device("cpu"), False),
    ):
        pass


class Second(SingleProcess):
    """Another process than the main one, without any main one."""

    is_main_process = False


def test_another_process_of_a_new_run_looks_at_no_directory(here):
    """Not at a checkpoint in the working directory, nor whether --out is there by now."""
    (here / "checkpoint/step-00000001").mkdir(parents=True)
    (here / "out").mkdir()
    (here / "out/options.json").touch()  # of the main process, which was faster
    for out in (None, "out"):
        options = {"resume": None, "out": out, "model": "small"}
        directory = open_directory(options, Second())
        run = RunDirectory(directory, textbook.small_model(), None, "", process=Second())
        assert run.start == START
    assert sorted(path.name for path in here.iterdir()) == [
        "checkpoint", "data.json", "out", "small"
    ]  # fmt: skip


def test_a_process_needs_a_gpu_of_its_own(monkeypatch):
    for name, value in STARTED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with (
        pytest.raises(UserError, match="this machine has 2"),
        setup_distributed(torch.device("cuda"), False),
    ):
        pass
    with (
        pytest.raises(UserError, match="or with --device cpu"),
        setup_distributed(torch.device("mps"), False),
    ):
        pass
