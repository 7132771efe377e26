"""finetune/extras/run_directory.py, train.py --resume: a run that was killed ends as any other."""

import json
import os
import random
import shutil
import signal
import sys
import time

import pytest

import train
from finetune.loop import Callbacks
from finetune.options import parse
from finetune.responses import Response
from gpt.errors import UserError, run_script

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
    save = train.RunDirectory.on_step

    def on_step(self, progress, epoch_over):
        save(self, progress, epoch_over)
        seen.extend(p.name for p in (here / "r/checkpoint").iterdir())

    monkeypatch.setattr(train.RunDirectory, "on_step", on_step)
    train.main([*LONG, "--out", "r", "--save-every", "1", "--max-steps", "3"])
    assert seen == ["step-00000001", "step-00000002", "step-00000003"]
    assert not (here / "r/checkpoint").exists()


def test_lora_saves_a_merged_model_and_the_adapter(here):
    assert train.main([*LONG, "--out", "r", "--lora-rank", "2", "--dtype", "float32"]) == 0
    assert (here / "r/adapter/adapter_model.safetensors").is_file()
    assert parse(train.TrainOptions, [], "").lora_rank is None
    fields = json.loads((here / "r/adapter/adapter_config.json").read_text(encoding="utf-8"))
    assert (fields["r"], fields["lora_alpha"]) == (2, 256)
