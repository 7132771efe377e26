"""finetune/extras/run_directory.py, train.py --resume: a run that was killed ends as any other."""

import errno
import io
import json
import os
import random
import shlex
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

import train
from finetune.device import SingleProcess
from finetune.extras import run_directory
from finetune.extras.run_directory import RunDirectory
from finetune.loop import Callbacks, Progress
from finetune.options import parse
from finetune.responses import Response
from gpt.errors import UserError, run_script
from weights.download import try_lock

SMALL = ["--model", "small", "--data", "data.json", "--dtype", "float32", "--device", "cpu"]
LONG = [*SMALL, "--init", "random", "--batch-size", "2", "--epochs", "2", "--lr", "0.01"]
LONG += ["--eval-every", "2", "--eval-batches", "1", "--schedule", "cosine"]
OFTEN = [*LONG, "--save-every", "1"]
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir"}  # as sys.addaudithook names them
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked to be killed")


def begin(argv, writes=None):
    """train.py in a process of its own, which does not have to import anything first.

    Given `writes`, it kills itself before that many changes of names in the file system.
    """
    child = os.fork()
    if child == 0:
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        changes = iter(range(writes or 0, 0, -1))

        def killed(event, _):
            if event in CHANGES and next(changes, 0) == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(killed)
        os._exit(run_script(lambda: train.main(argv)))
    return child


def status(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def left_behind(directory):
    """What must be the same: every byte of the weights and answers, and all but the seconds."""
    lines = (directory / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return (
        (directory / "model/model.safetensors").read_bytes(),
        (directory / "responses.json").read_bytes(),
        [json.loads(line) | {"seconds": 0, "tokens_per_second": 0} for line in lines],
        sorted(path.name for path in directory.iterdir()),
    )


@needs_fork
def test_a_run_killed_twenty_times_is_the_run_that_was_not(here):
    """Every other time by itself, between two steps of writing or removing files."""
    assert train.main([*OFTEN, "--out", "whole"]) == 0
    started = time.monotonic()
    assert status(begin([*OFTEN, "--out", "another"])) == 0
    lasts = time.monotonic() - started
    chance, kills, saving, finished = random.Random(20), 0, 0, 0
    killed, argv = here / "killed", [*OFTEN, "--out", "killed"]
    while True:
        if kills == 20:
            child = begin(argv)
        elif kills % 2:
            child = begin(argv, writes=chance.randrange(1, 60))
        else:
            child = begin(argv)
            time.sleep(chance.uniform(0, lasts * 0.7))
            os.kill(child, signal.SIGKILL)
        if status(child) == 0:
            assert left_behind(killed) == left_behind(here / "whole")
            if kills == 20:
                break
            finished += 1
            killed.rename(here / f"finished{finished}")
        else:
            kills += 1
            saving += any(killed.glob("checkpoint/*.part"))
        if killed.exists() and not (killed / "options.json").is_file():
            shutil.rmtree(killed)  # killed before there was a run
        argv = ["--resume", "killed"] if killed.exists() else [*OFTEN, "--out", "killed"]
    assert saving >= 3, "too few of the kills came while a checkpoint was being written"


@needs_fork
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_a_checkpoint(here, number, code, monkeypatch):
    train_, steps = train.train, []

    def signalled(*arguments):
        class Signal(Callbacks):
            def on_step(self, progress, epoch_over):
                steps.append(progress.step)
                if progress.step == 3:
                    os.kill(os.getpid(), number)

        arguments[6].insert(0, Signal())
        return train_(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(train, "train", signalled)
        with pytest.raises((KeyboardInterrupt, SystemExit)) as caught:
            train.main([*LONG, "--out", "stopped"])
    assert steps == [0, 1, 2, 3]
    assert code == 130 or caught.value.code == code
    assert [p.name for p in (here / "stopped/checkpoint").iterdir()] == ["step-00000004"]
    assert train.main(["--resume", "stopped"]) == 0
    assert train.main([*LONG, "--out", "whole"]) == 0
    assert left_behind(here / "stopped") == left_behind(here / "whole")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def interrupted(here, capsys, *options):
    """A run in `r` that ended after its first epoch, when the model was asked for a response."""

    def no_response(*arguments):
        if arguments[4] == 256:  # not before training, where a response has fewer tokens
            raise KeyboardInterrupt
        return [Response("", False, 0)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "generate_responses", no_response)
        with pytest.raises(KeyboardInterrupt):
            train.main([*OFTEN, "--out", "r", *options])
    run_directory.unlock(here / "r")  # as the end of its process does
    capsys.readouterr()


def test_an_option_that_matters_cannot_change(here, capsys):
    interrupted(here, capsys, "--mask-prompt")
    for words, message in (
        (["--lr", "0.5"], "--lr: the run has 0.01 and cannot change to 0.5"),
        (["--epochs", "4"], "--epochs: the run has 2 and cannot change to 4"),
        (["--seed", "1"], "--seed: the run has 123"),
        (["--out", "other"], "--out: the run has r"),
    ):
        with pytest.raises(UserError, match=message):
            train.main(["--resume", "r", *words])
    for left_over in ("options.json.1.part", "model/model.safetensors.1.part"):
        (here / "r" / left_over).touch()  # of a process that was killed
    assert train.main(["--resume", "r", "--lr", "1e-2", "--low-memory", "--save-every", "3"]) == 0
    (here / "r/checkpoint/step-00000004").mkdir(parents=True)  # killed before it was removed
    assert train.main(["--resume", "r"]) == 0
    assert "finished" in capsys.readouterr().out and not (here / "r/checkpoint").exists()
    assert not list((here / "r").rglob("*.part"))


def test_what_cannot_be_resumed_is_told(here, capsys):
    with pytest.raises(UserError, match="nowhere: no options"):
        train.main(["--resume", "nowhere"])
    interrupted(here, capsys)
    data = (here / "data.json").read_text(encoding="utf-8")
    (here / "data.json").write_text(data.replace("Say 0.", "Say 99."), encoding="utf-8")
    with pytest.raises(UserError, match="the run had other records"):
        train.main(["--resume", "r"])
    options = (here / "r/options.json").read_text(encoding="utf-8")
    (here / "r/options.json").write_text(options.replace("0.01", '"quick"'), encoding="utf-8")
    with pytest.raises(UserError, match="--lr: invalid float value: 'quick'"):
        train.main(["--resume", "r"])


def test_checkpoints_are_written_when_asked_and_gone_at_the_end(here, monkeypatch):
    seen = []
    save = train.run_directory.RunDirectory.on_step

    def on_step(self, progress, epoch_over):
        save(self, progress, epoch_over)
        seen.extend(p.name for p in (here / "r/checkpoint").iterdir())

    monkeypatch.setattr(train.run_directory.RunDirectory, "on_step", on_step)
    train.main([*LONG, "--out", "r", "--save-every", "1", "--max-steps", "3"])
    assert seen == ["step-00000001", "step-00000002", "step-00000003"]
    assert not (here / "r/checkpoint").exists()


def test_lora_saves_a_merged_model_and_the_adapter(here):
    assert train.main([*LONG, "--out", "r", "--lora-rank", "2", "--dtype", "float32"]) == 0
    assert (here / "r/adapter/adapter_model.safetensors").is_file()
    assert parse(train.TrainOptions, [], "").lora_rank is None
    fields = json.loads((here / "r/adapter/adapter_config.json").read_text(encoding="utf-8"))
    assert (fields["r"], fields["lora_alpha"]) == (2, 256)


@contextmanager
def locked(directory):
    """The run is another process's, which has opened the lock for itself."""
    with (directory / "lock").open("ab") as file:
        assert try_lock(file)
        yield


def resume_message(capsys):
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "To resume" in line]
    return line


def test_an_unfinished_run_is_named_by_the_next_one(here, capsys, monkeypatch):
    monkeypatch.setattr(run_directory, "RUNS", here / "my runs")
    interrupted(here, capsys)
    (here / "my runs").mkdir()
    (here / "r").rename(here / "my runs/it's")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.setattr(run_directory, "RUNS", Path("my runs"))
        with locked(Path("my runs/it's")):  # a process is at work on it
            assert run_directory.unfinished_note() is None
        options = {"resume": None, "out": "new", "model": "small"}
        assert run_directory.open_directory(options) == Path("new")
    line = resume_message(capsys)
    assert line.startswith(f"{Path('my runs/it')}'s is unfinished. To resume it: python train.py")
    words = shlex.split(line.partition("python train.py ")[2])
    assert words == ["--resume", "my runs/it's"]
    assert train.main(words) == 0
    assert run_directory.unfinished_note() is None


def test_a_second_process_is_refused(here, capsys):
    interrupted(here, capsys)
    before = (here / "r/metrics.jsonl").read_bytes()
    with locked(here / "r"), pytest.raises(UserError, match="r: another process is"):
        train.main(["--resume", "r"])
    assert (here / "r/metrics.jsonl").read_bytes() == before
    look = run_directory.is_finished
    with pytest.MonkeyPatch.context() as patch:  # another ends it between the two looks at it

        def first_look(directory):
            (directory / "responses.json").write_text("[]", encoding="utf-8")
            patch.setattr(run_directory, "is_finished", look)
            return False

        patch.setattr(run_directory, "is_finished", first_look)
        with pytest.raises(UserError, match="r: another process has finished this run"):
            train.main(["--resume", "r"])


def test_checkpoints_are_written_by_the_clock(here, monkeypatch, capsys):
    """And change nothing of the run."""
    steps, save = [], run_directory.checkpoint.save

    def spy(directory, model, optimizer, progress, *more):
        steps.append(progress.step)
        save(directory, model, optimizer, progress, *more)

    monkeypatch.setattr(run_directory.checkpoint, "save", spy)
    assert train.main([*LONG, "--out", "seldom"]) == 0
    assert steps == [7, 15]  # each epoch's end
    monkeypatch.setattr(run_directory, "SAVE_SECONDS", 0)
    assert train.main([*LONG, "--out", "often"]) == 0
    assert steps[2:] == [*range(16)]
    steps.clear()
    assert train.main([*LONG, "--out", "asked", "--save-every", "3"]) == 0
    assert steps == [2, 5, 7, 8, 11, 14, 15]  # so many steps, whatever the clock says
    assert left_behind(here / "seldom") == left_behind(here / "often")


def test_the_clock_is_the_main_processs(tmp_path, monkeypatch):
    """Whatever this process's own says: all of them take part in writing a checkpoint."""

    class Other(SingleProcess):
        is_main_process = False
        total = 0

        def all_reduce_sum(self, number):
            return self.total + number

    saved = []
    monkeypatch.setattr(run_directory.checkpoint, "save", lambda *_: saved.append(1))
    monkeypatch.setattr(run_directory, "SAVE_SECONDS", 0)
    run = RunDirectory(tmp_path, None, None, "", process=Other())
    run.on_step(Progress(1), epoch_over=False)
    assert saved == []
    monkeypatch.setattr(run_directory, "SAVE_SECONDS", 10**9)
    Other.total = 1
    monkeypatch.setattr(run.stop_signal, "exit", lambda: None)
    run.on_step(Progress(1), epoch_over=False)
    assert saved == [1]


@pytest.mark.parametrize("stopping", [False, True])
def test_a_full_disk_ends_a_run_only_where_the_checkpoint_is_what_was_asked_for(
    here, monkeypatch, capsys, stopping
):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "r/checkpoint")

    monkeypatch.setattr(run_directory.checkpoint, "save", full)
    if not stopping:
        assert train.main([*LONG, "--out", "r"]) == 0
        printed = capsys.readouterr().out
        note = "warning: no checkpoint after step 15: r/checkpoint: No space left on device\n"
        assert note in printed and (here / "r/responses.json").is_file()
        return
    monkeypatch.setattr(run_directory.StopSignal, "requested", True)
    with pytest.raises(OSError, match="No space"):
        train.main([*LONG, "--out", "r"])


def test_what_a_checkpoint_proves_the_same_may_be_elsewhere(here, capsys):
    interrupted(here, capsys, "--lora-rank", "2")
    (here / "moved").mkdir()
    for name in ("small", "data.json", "r"):
        (here / name).rename(here / "moved" / name)
    with pytest.raises(UserError, match=r"data\.json: cannot be read"):
        train.main(["--resume", "moved/r"])
    words = ["--resume", "moved/r", "--model", "moved/small", "--data", "moved/data.json"]
    assert train.main(words) == 0
    assert train.main([*OFTEN, "--lora-rank", "2", "--out", "w", *words[2:]]) == 0
    assert left_behind(here / "moved/r")[:3] == left_behind(here / "w")[:3]


def test_where_things_were_moved_is_remembered(here, capsys):
    """Once they were shown to be the same, and not before; nothing else of the options changes."""
    interrupted(here, capsys, "--test", "data.json")
    stored = run_directory.stored_options(here / "r")
    (here / "moved").mkdir()
    for name in ("small", "data.json"):
        (here / name).rename(here / "moved" / name)
    (here / "data.json").write_text('[{"instruction": "x", "output": "y"}]', encoding="utf-8")
    words = ["--resume", "r", "--model", "moved/small", "--data", "moved/data.json"]
    with pytest.raises(UserError, match="the run had other records"):
        train.main(words)
    run_directory.unlock(here / "r")
    assert run_directory.stored_options(here / "r") == stored

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:  # stopped again, at once
        patch.setattr(train, "train", stop)
        with pytest.raises(KeyboardInterrupt):
            train.main([*words, "--test", "moved/data.json", "--save-every", "7"])
    run_directory.unlock(here / "r")
    places = {"model": "moved/small", "data": "moved/data.json", "test": "moved/data.json"}
    assert run_directory.stored_options(here / "r") == stored | places
    assert train.main(["--resume", "r"]) == 0


def test_what_nothing_proves_the_same_may_not(here, capsys):
    interrupted(here, capsys)
    shutil.rmtree(here / "r/checkpoint")
    shutil.copy(here / "data.json", here / "copy.json")
    with pytest.raises(UserError, match="--data: r has no checkpoint to tell whether"):
        train.main(["--resume", "r", "--data", "copy.json"])


@pytest.mark.parametrize(
    "stored", ["/home/x/finetune/instructions.json", r"C:\x\finetune\instructions.json"]
)
def test_the_bundled_records_are_stored_by_name(tmp_path, stored):
    assert parse(train.TrainOptions, [], "").data == "bundled"
    (tmp_path / "options.json").write_text(json.dumps({"data": stored}), encoding="utf-8")
    assert run_directory.stored_options(tmp_path)["data"] == "bundled"
    (tmp_path / "options.json").write_text('{"data": "instructions.json"}', encoding="utf-8")
    assert run_directory.stored_options(tmp_path)["data"] == "instructions.json"


def test_the_dtype_is_stored_as_it_was_chosen(here, monkeypatch):
    monkeypatch.setattr(train, "choose_dtype", lambda name, device: torch.bfloat16)
    assert train.main([*LONG, "--dtype", "auto", "--max-steps", "1", "--out", "r"]) == 0
    assert run_directory.stored_options(here / "r")["dtype"] == "bfloat16"


@pytest.mark.skipif(sys.platform != "linux", reason="where a file name is any bytes")
def test_a_directory_whose_name_is_not_utf8(here, monkeypatch):
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace")  # run_script's
    monkeypatch.setattr(sys, "stdout", screen)
    name = os.fsdecode(b"caf\xe9")
    assert train.main([*LONG, "--max-steps", "1", "--out", name]) == 0
    assert "caf" in (here / name / "report.html").read_text(encoding="utf-8")


def test_a_loss_that_exploded_is_said_in_words(here, capsys):
    assert train.main([*LONG, "--lr", "30", "--out", "r"]) == 0
    lines = (here / "r/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    first, last = (json.loads(line)["train_loss"] for line in (lines[0], lines[-1]))
    assert last > 2 * first
    note = f"warning: the training loss rose from {first:.2f} to {last:,.2f}: the learning rate is"
    assert note in capsys.readouterr().out
    (here / "r/responses.json").unlink()  # killed just before it
    assert train.main(["--resume", "r"]) == 0


def test_the_moments_are_freed_before_the_last_responses(here, monkeypatch):
    kept, states = [], []
    make = train.AdamWInBackward

    def made(*settings, **more):
        kept.append(make(*settings, **more))
        return kept[0]

    def responses(model, tokenizer, records, *_):
        states.append(len(kept[0].state) if kept else 0)
        return [Response("", False, 0)] * len(records)

    monkeypatch.setattr(train, "AdamWInBackward", made)
    monkeypatch.setattr(train, "generate_responses", responses)
    assert train.main([*LONG, "--out", "r"]) == 0
    assert states[-2] > 0 and states[-1] == 0  # after the last epoch; for the test records
