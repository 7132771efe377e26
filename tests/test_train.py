"""train.py: what it prints, what it leaves, which option goes where, and how it ends."""

import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from itertools import pairwise
from unittest.mock import Mock

import pytest
import torch

import generate
import train
from finetune.console import labelled
from finetune.dataset import encode, split
from finetune.extras import memory
from finetune.extras.optimizer_in_backward import AdamWInBackward
from finetune.extras.run_directory import open_directory
from finetune.options import parse
from finetune.records import read_records
from finetune.responses import Response, generate_responses
from gpt.errors import UserError, run_script
from gpt.tokenizer import Tokenizer
from tests import textbook
from tests.scripts import SMALL, begin
from weights import pretrained

ONE_STEP = ["--batch-size", "4", "--max-steps", "1", "--samples", "1"]


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def metrics_of(directory):
    lines = (directory / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_finished_run_holds_its_options_metrics_model_and_responses(finished_run):
    home, directory, _ = finished_run
    assert re.fullmatch(r"small-\d{8}-\d{6}", directory.name)
    metrics = metrics_of(directory)
    assert [m["step"] for m in metrics] == [-1, 0, 3, 5, 7]  # 17 records: 4 batches of 4, twice
    assert metrics[-1]["val_loss"] < metrics[0]["val_loss"]
    options = read_json(directory / "options.json")
    assert options["lr"] == 0.01 and options["weight_decay"] == 0.1
    ET.parse(directory / "losses.svg")
    assert not list(directory.rglob("*.part")) and not (directory / "checkpoint").exists()

    splits = split(read_records(home / "data.json"), "")
    model, tokenizer, template = pretrained.load(directory / "model")
    assert template == "alpaca"
    entries = read_json(directory / "responses.json")
    assert [e["instruction"] for e in entries] == [r.instruction for r in splits.test]
    assert [e["output"] for e in entries] == [r.output for r in splits.test]
    expected = generate_responses(model, tokenizer, splits.test, "alpaca")
    assert [(e["response"], e["ended"], e["tokens"]) for e in entries] == expected


def test_a_run_prints_its_losses_and_what_the_model_answers(finished_run):
    """To the first validation record: before training, and after each epoch."""
    home, directory, printed = finished_run
    metrics = metrics_of(directory)
    heads = ["Before training", "Ep 1 (Step 000000)", "Ep 1 (Step 000003)"]
    heads += ["Ep 2 (Step 000005)", "Ep 2 (Step 000007)"]
    for head, m in zip(heads, metrics, strict=True):
        losses = f"Train loss {m['train_loss']:.3f}, Val loss {m['val_loss']:.3f}"
        assert f"{head}: {losses}\n" in printed
    assert metrics[-1]["train_loss"] != metrics[-1]["val_loss"]

    (sample,) = split(read_records(home / "data.json"), "").validation
    for when in ("Before training", "After epoch 1", "After epoch 2"):
        assert (
            f"\n{when}, the first validation record:\n  Instruction: {sample.instruction}\n"
            f"  Input:       {sample.input}\n  Expected:    {sample.output}\n  Response: "
        ) in printed
    model, tokenizer, _ = pretrained.load(directory / "model")
    (last,) = generate_responses(model, tokenizer, [sample], "alpaca")
    assert printed.count("  Response:    ") == 3
    assert f"{labelled({'Response': last.text})}\n\n" in printed
    first, last = metrics[0], metrics[-1]
    assert f"validation loss {first['val_loss']:.3f} → {last['val_loss']:.3f}\n" in printed
    assert "\nA typical answer, to a test record:\n  Instruction: Say " in printed
    assert re.search(r"\n  Before:      .*\n(  +.*\n)*  After:       ", printed)
    assert printed.endswith("Ask the model: python generate.py\nThings to ask:\n  Say 18.\n")
    assert f"\nTrained on {metrics[-1]['tokens']:,} tokens in " in printed
    assert metrics[-1]["tokens"] > metrics[1]["tokens"] > 0


def test_ctrl_c_ends_with_130_and_what_was_saved_intact(here):
    # A shell's background job (`pytest &`) ignores Ctrl-C, and so would what it starts: heed it.
    heeded = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = begin(
        "train.py",
        *SMALL,
        *("--batch-size", "1", "--epochs", "10000", "--out", "r"),
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    signal.signal(signal.SIGINT, heeded)
    try:
        deadline = time.monotonic() + 300  # a busy machine may take minutes
        while not (here / "r" / "model" / "model.safetensors").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    finally:  # else a failure here would leave it training, and fail another test with its pipes
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "interrupted" and "Traceback" not in errors
    pretrained.load(here / "r" / "model")
    assert not list((here / "r").rglob("*.part"))
    metrics_of(here / "r")
    assert not (here / "r" / "responses.json").exists()


MISTAKES = {
    "no such data": ("--data nothing.json", "nothing.json: "),
    "broken record": ("--data broken.json", "broken.json: record 1: field 'output'"),
    "too few": ("--data few.json", "few.json: 3 records .* at least 10"),
    "batch": ("--batch-size 18", "data.json: .*--batch-size 18"),
    "no fit": ("--model narrow", "data.json.* fits the context of 12"),
    "no weights": (
        "--model 355M",
        "GPT-2 355M could not be fetched. Tried: OpenAI's bucket .* --model DIR",
    ),
    "no model": ("--model nowhere", "nowhere: no such directory"),
    "run there": ("--out small", "--out small: already there"),
    "run a file": ("--out data.json", "--out data.json: already there"),
    "option": ("--learning-rate 3", "unrecognized arguments: --learning-rate"),
    "value": ("--lr -1", "--lr: must be above 0"),
    "mps": ("--device mps", "--device mps: not usable here"),
    "model a file": ("--model data.json", "data.json: not a file of PyTorch weights"),
    "too large": ("--eval-batches 9223372036854775808", "--eval-batches: has too many"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_status_2(here, case, capsys, monkeypatch):
    arguments, message = MISTAKES[case]
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    (here / "broken.json").write_text('[{"instruction": "x"}]', encoding="utf-8")
    few = read_json(here / "data.json")[:3]
    (here / "few.json").write_text(json.dumps(few), encoding="utf-8")
    pretrained.save(here / "narrow", textbook.small_model(vocab_size=300))
    status = run_script(lambda: train.main([*SMALL, *arguments.split()]))
    errors = capsys.readouterr().err.splitlines()
    assert status == 2
    errors = [line for line in errors if not line.startswith("GPT-2 355M: ")]
    assert len(errors) == 1 and re.search(message, errors[0]), errors
    assert not (here / "runs").exists()


def test_a_nan_stops_the_run_and_keeps_what_was_saved(here, capsys):
    arguments = [*SMALL, "--batch-size", "4", "--lr", "1e30", "--samples", "1", "--out", "r"]
    assert run_script(lambda: train.main(arguments)) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and re.search(r"loss became (nan|inf).*: try", errors[0])
    assert (here / "r" / "options.json").exists() and (here / "r" / "metrics.jsonl").exists()


def test_records_that_do_not_fit_are_counted_and_named(here, capsys):
    """One of each split; then the first validation record that fits is asked. In UTF-8."""
    rows = [{"instruction": f"Né {i}?", "input": "now", "output": f"{i}."} for i in range(40)]
    for number, story in ((2, "A long story "), (34, "Another "), (38, "Too long ")):
        rows[number]["instruction"] = story * 80
    (here / "data.json").write_text(json.dumps(rows), encoding="utf-8")
    (here / "r").mkdir()  # an empty directory is as good as none
    assert train.main([*SMALL, *ONE_STEP, "--out", "r"]) == 0
    printed = capsys.readouterr().out
    for part, story in (("train", "A long"), ("test", "Another"), ("validation", "Too long")):
        note = f"data.json, {part}: left out 1 records, whose prompts fill the context: '{story}"
        assert " ".join(printed.split()).count(note) == 1
    assert "33 records to train on, 3 to test, 1 to validate" in printed
    assert "Instruction: Né 39?" in printed and "Instruction: Too long" not in printed
    assert '"Né 35?"' in (here / "r" / "responses.json").read_text(encoding="utf-8")


def test_a_seed_gives_one_run_with_low_memory_too(here, monkeypatch, capsys):
    """To the last byte of the weights and digit of the losses; another seed gives another."""
    assert parse(train.TrainOptions, [], "").low_memory == "auto"
    kept, checkpointing, plain_train = [], [], train.train

    def spy(model, *arguments):
        checkpointing.append("forward" in vars(model.h[0]))
        plain_train(model, *arguments)

    monkeypatch.setattr(memory, "keep_freed_memory", kept.append)  # it is the whole process's
    monkeypatch.setattr(train, "train", spy)
    short = ["--init", "random", "--batch-size", "4", "--max-steps", "3", "--eval-every", "1"]
    short += ["--lr", "0.01", "--samples", "1"]
    for name, *options in (("a", "1"), ("b", "1", "--low-memory"), ("c", "2")):
        assert train.main([*SMALL, *short, "--out", name, "--seed", *options]) == 0
    changes = [a for a, b in pairwise([*kept, None]) if a != b]
    # with low memory what is freed is kept between evaluations, and not before training or after
    assert changes[:2] == [True, False] and changes[-2:] == [False, True]
    assert changes == [True, False] * (len(changes) // 2) + [True] and len(changes) > 8
    assert checkpointing == [False, True, False]
    first, again, other = (
        [m | {"seconds": None, "tokens_per_second": None} for m in metrics_of(here / name)]
        for name in "abc"
    )
    assert first == again != other and [m["step"] for m in first] == [-1, 0, 1, 2]
    assert first[-1]["train_loss"] < first[0]["train_loss"]
    for file in ("model/model.safetensors", "responses.json"):
        contents = [(here / name / file).read_bytes() for name in "abc"]
        assert contents[0] == contents[1]
    assert contents[0] != contents[2] or file != "model/model.safetensors"


def test_the_template_of_a_run_is_the_template_of_its_responses(here, capsys):
    assert train.main([*SMALL, *ONE_STEP, "--template", "phi3", "--out", "r"]) == 0
    entries = read_json(here / "r" / "responses.json")
    model, tokenizer, _ = pretrained.load(here / "r" / "model")
    samples = split(read_records(here / "data.json"), "").validation[:1]
    (response,) = generate_responses(model, tokenizer, samples, "phi3")
    assert f"{labelled({'Response': response.text})}\n\n" in capsys.readouterr().out
    asked = ["--prompt", entries[0]["instruction"], "--input", entries[0]["input"]]
    assert generate.main([*asked, "--model", "r/model", "--dtype", "float32"]) == 0
    assert capsys.readouterr().out.strip() == entries[0]["response"]


def test_runs_are_named_after_their_model_and_do_not_meet(here, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "20260101-000000")
    options = {"resume": None, "out": None, "model": str(here / "small")}
    opened = {open_directory(options).resolve() for _ in range(3)}
    assert len(opened) == 3 and {each.parent for each in opened} == {here.resolve() / "runs"}
    assert all(each.name.startswith("small-20260101-000000") for each in opened)


def test_the_defaults_are_the_lectures():
    assert parse(train.TrainOptions, [], "") == train.TrainOptions(
        model="tiny", init="pretrained", data="bundled", epochs=None, batch_size=8, lr=None,
        weight_decay=0.1, mask_prompt="auto", template="alpaca", eval_every=None, eval_batches=5,
        max_steps=None, seed=123, device="auto", dtype="auto", out=None, accumulate=1,
        warmup_steps=0, schedule=None, decay="all", clip_norm=None, lora_rank=None,
        lora_alpha=256, save_every=None, resume=None, low_memory="auto", shard=False, samples=10,
    )  # fmt: skip
    for words, defaults in (
        ("--model 355M", (1, 5e-5, "constant")),
        ("--model 355M --lora-rank 16", (1, 2e-4, "constant")),
        ("--model 124M --lora-rank 4 --lr 1e-3 --epochs 2", (2, 1e-3, "constant")),
        ("", (4, 1.5e-4, "cosine")),
        ("--schedule linear --lora-rank 8", (4, 6e-4, "linear")),
    ):
        options = train.fill_defaults(parse(train.TrainOptions, words.split(), ""))
        assert (options.epochs, options.lr, options.schedule) == defaults
        assert options.eval_every == (20 if options.model == "tiny" else 5)
        assert options.mask_prompt == ("on" if options.model == "tiny" else "off")
    for wanted in ("on", "off"):
        options = train.fill_defaults(train.TrainOptions(mask_prompt=wanted))
        assert options.mask_prompt == wanted
    with pytest.raises(UserError, match="--max-steps: must be at least 1"):
        parse(train.TrainOptions, ["--max-steps", "0"], "")


class Reached(Exception):
    """What `train` is called with, and not called."""


def stop(*arguments):
    raise Reached(*arguments)


def test_every_option_reaches_its_place(here, monkeypatch):
    monkeypatch.setattr(train, "train", stop)
    monkeypatch.setattr(train, "choose_device", lambda name: torch.device("meta"))
    asked, viewed, none = [], [], Response("", False, 0)
    monkeypatch.setattr(
        train, "generate_responses", lambda *arguments: asked.append(arguments[2:]) or [none]
    )
    monkeypatch.setattr(train, "Snapshots", lambda *given: viewed.extend(given) or Mock())
    words = (
        "--epochs 3 --batch-size 2 --max-steps 9 --eval-every 4 --eval-batches 6 --mask-prompt "
        "--lr 0.5 --weight-decay 0.25 --dtype bfloat16 --template phi3 --out r --accumulate 3 "
        "--decay matrices --clip-norm 0.125 --warmup-steps 4 --schedule linear --samples 1"
    )
    with pytest.raises(Reached) as reached:
        train.main([*SMALL, *words.split()])
    for records, template, limit in asked:  # the validation record, and the samples
        assert len(records) == 1 and (template, limit) == ("phi3", train.SAMPLE_TOKENS)
    assert len(asked) == 2 and viewed[-1] == torch.bfloat16
    model, optimizer, training, validation, plan, _, callbacks, loss_sum, *_ = reached.value.args
    assert plan[:-1] == (3, 9, 3, 4, 6)
    assert loss_sum.keywords == {"dtype": torch.bfloat16} and len(callbacks) == 3
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            assert group["weight_decay"] == (0.25 if parameter.dim() > 1 else 0)
        assert group["lr"] == 0.5
    assert optimizer.clip_norm == 0.125 and not isinstance(optimizer, AdamWInBackward)
    assert [plan.lr(step, 8) for step in (1, 6)] == [0.25, 0.25]
    assert model.device.type == "meta" and model.wte.weight.dtype == torch.float32
    splits = split(read_records(here / "data.json"), "")
    for loader, records in ((training, splits.train), (validation, splits.validation)):
        assert loader.examples == encode(records, Tokenizer(300), 140, "phi3")[0]
        assert loader.batch_size == 2 and loader.mask_prompt


@pytest.mark.parametrize(
    ("words", "in_backward"), [("", True), ("--accumulate 2", False), ("--clip-norm 1", False)]
)
def test_the_update_is_made_in_backward_where_nothing_needs_all_gradients(
    here, monkeypatch, words, in_backward
):
    monkeypatch.setattr(train, "train", stop)
    monkeypatch.setattr(train, "Snapshots", Mock())
    with pytest.raises(Reached) as reached:
        train.main([*SMALL, "--samples", "0", *words.split()])
    assert isinstance(reached.value.args[1], AdamWInBackward) == in_backward


@pytest.mark.parametrize("init", ["pretrained", "random"])
def test_the_first_weights_are_the_ones_asked_for(here, init, monkeypatch):
    monkeypatch.setattr(train, "train", stop)
    with pytest.raises(Reached) as reached:
        train.main([*SMALL, "--init", init, "--samples", "1"])
    loaded = pretrained.load(here / "small").model
    same = torch.equal(reached.value.args[0].wte.weight, loaded.wte.weight)
    assert same == (init == "pretrained")
