"""The scripts as people run them: what they print, what they leave, and how they end."""

import ctypes
import io
import json
import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch

import generate
import train
from finetune import responses as speaker
from finetune.dataset import BUNDLED, encode, read_records, split
from finetune.evaluate import __main__ as evaluate
from finetune.evaluate.__main__ import answers
from finetune.evaluate.scores import Answer
from finetune.extras.memory import reuse_memory, run
from finetune.judge import __main__ as judge
from finetune.options import parse
from finetune.prompt import format_prompt
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer
from tests import textbook
from weights import pretrained

ROOT = Path(__file__).parent.parent
# NumPy made impossible to import, whether installed or not, then the script as it is.
WITHOUT_NUMPY = (
    "import runpy, sys; sys.modules['numpy'] = None; sys.argv = sys.argv[1:]; "
    "sys.path.insert(0, {root!r}); runpy.run_path(sys.argv[0], run_name='__main__')"
)


def command(script, *arguments):
    code = WITHOUT_NUMPY.format(root=str(ROOT))
    return [sys.executable, "-c", code, str(ROOT / script), *map(str, arguments)]


def call(cwd, script, *arguments):
    return subprocess.run(
        command(script, *arguments), cwd=cwd, capture_output=True, encoding="utf-8", timeout=120
    )


SMALL = ["--model", "small", "--data", "data.json", "--dtype", "float32", "--device", "cpu"]


def test_train_then_generate(here):
    """Two processes without NumPy: a whole run on disk, and an answer from the model in it."""
    trained = call(here, "train.py", *SMALL, "--batch-size", "4", "--epochs", "2", "--lr", "0.01")
    assert trained.returncode == 0, trained.stderr
    assert "NumPy" not in trained.stderr and "Traceback" not in trained.stderr
    (directory,) = (here / "runs").iterdir()
    assert re.fullmatch(r"small-\d{8}-\d{6}", directory.name)

    lines = (directory / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    metrics = [json.loads(line) for line in lines]
    assert [m["step"] for m in metrics] == [-1, 0, 3, 5, 7]  # 17 records: 4 batches of 4, twice
    assert metrics[-1]["val_loss"] < metrics[0]["val_loss"]
    before, last = metrics[0], metrics[-1]
    assert (
        f"Before training: Train loss {before['train_loss']:.3f}, Val loss {before['val_loss']:.3f}"
    ) in trained.stdout
    assert (
        f"Ep 2 (Step 000007): Train loss {last['train_loss']:.3f}, Val loss {last['val_loss']:.3f}"
    ) in trained.stdout

    splits = split(read_records(here / "data.json"), "")
    model, tokenizer, template = pretrained.load(directory / "model")
    assert template == "alpaca"
    responses = json.loads((directory / "responses.json").read_text(encoding="utf-8"))
    assert [r["instruction"] for r in responses] == [r.instruction for r in splits.test]
    assert [r["output"] for r in responses] == [r.output for r in splits.test]
    expected = answers(model, tokenizer, splits.test, "alpaca")
    given = [(r["response"], r["ended"], r["tokens"]) for r in responses]
    assert given == expected

    # Before training and after each epoch the first validation record is asked; the last answer is
    # the saved model's.
    (sample,) = answers(model, tokenizer, splits.validation[:1], "alpaca")
    assert trained.stdout.count(f"Instruction: {splits.validation[0].instruction}") == 3
    assert f"  Response:    {sample.text}\n" in trained.stdout
    ET.parse(directory / "losses.svg")
    options = json.loads((directory / "options.json").read_text(encoding="utf-8"))
    assert options["lr"] == 0.01 and options["weight_decay"] == 0.1
    assert not list(directory.rglob("*.part"))

    record = splits.test[0]
    asked = call(
        here, "generate.py", "--prompt", record.instruction, "--input", record.input,
        "--dtype", "float32", "--device", "cpu",
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    assert asked.stderr == f"Model: {Path('runs') / directory.name / 'model'}\n"
    assert asked.stdout.strip() == expected[0].text


def test_ctrl_c_ends_with_130_and_what_was_saved_intact(here):
    # A shell's background job (`pytest &`) ignores Ctrl-C, and so would what it starts: heed it.
    heeded = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command("train.py", *SMALL, "--batch-size", "1", "--epochs", "10000", "--out", "r"),
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    signal.signal(signal.SIGINT, heeded)
    try:
        deadline = time.monotonic() + 60
        while not (here / "r" / "model" / "model.safetensors").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:  # else a failure here would leave it training, and fail another test with its pipes
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "interrupted" and "Traceback" not in errors
    pretrained.load(here / "r" / "model")
    assert not list((here / "r").rglob("*.part"))
    for line in (here / "r" / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line)
    assert not (here / "r" / "responses.json").exists()
    assert generate.newest_run() == "tiny"  # an unfinished run is not taken


MISTAKES = {
    "no such data": ("train", "--data nothing.json", "nothing.json: cannot be read"),
    "broken record": ("train", "--data broken.json", "broken.json: record 1: field 'output'"),
    "too few": ("train", "--data few.json", "few.json: 3 records .* at least 10"),
    "batch": ("train", "--batch-size 18", "data.json: 17 training records do not fill one batch"),
    "no fit": ("train", "--model narrow", "data.json: no training record fits the context of 12"),
    "no weights": (
        "train",
        "--model 355M",
        "GPT-2 355M could not be fetched. Tried: OpenAI's bucket .* --model DIR",
    ),
    "no model": ("train", "--model nowhere", "nowhere: no such directory"),
    "run there": ("train", "--out small", "--out small: already there"),
    "run a file": ("train", "--out data.json", "--out data.json: already there"),
    "option": ("train", "--learning-rate 3", "unrecognized arguments: --learning-rate"),
    "value": ("train", "--lr -1", "--lr: must be above 0"),
    "mps": ("train", "--device mps", "--device mps: not usable here"),
    "model a file": ("train", "--model data.json", "data.json: is a file, not a directory"),
    "too large": ("train", "--eval-batches 9223372036854775808", "--eval-batches: has too many"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_status_2(here, case, capsys, monkeypatch):
    script, arguments, message = MISTAKES[case]
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    (here / "broken.json").write_text('[{"instruction": "x"}]', encoding="utf-8")
    rows = json.loads((here / "data.json").read_text(encoding="utf-8"))
    (here / "few.json").write_text(json.dumps(rows[:3]), encoding="utf-8")
    pretrained.save(here / "odd", textbook.small_model(vocab_size=300), "nope")
    pretrained.save(here / "narrow", textbook.small_model(vocab_size=300))
    status = run(lambda: train.main([*SMALL, *arguments.split()]))
    errors = capsys.readouterr().err.splitlines()
    assert status == 2
    errors = [line for line in errors if not line.startswith(("Model: ", "GPT-2 355M: "))]
    assert len(errors) == 1 and re.search(message, errors[0]), errors
    assert not (here / "runs").exists()


def test_a_nan_stops_the_run_and_keeps_what_was_saved(here, capsys):
    arguments = [*SMALL, "--batch-size", "4", "--lr", "1e30", "--out", "r"]
    assert run(lambda: train.main(arguments)) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and re.search(r"loss became (nan|inf) after step \d+: try", errors[0])
    assert (here / "r" / "options.json").exists() and (here / "r" / "metrics.jsonl").exists()


def test_records_that_do_not_fit_are_counted_and_named(here, capsys):
    rows = json.loads((here / "data.json").read_text(encoding="utf-8"))
    rows[2]["instruction"] = "A long story " * 80
    rows[19]["instruction"] = "Another " * 120
    rows += rows[:2]
    (here / "data.json").write_text(json.dumps(rows), encoding="utf-8")
    assert train.main([*SMALL, "--batch-size", "4", "--max-steps", "1", "--out", "r"]) == 0
    printed = capsys.readouterr().out
    assert "Left out 1 training records" in printed and "A long story" in printed
    assert "Left out 1 test records" in printed and "'Another " in printed
    assert "validation records, whose" not in printed
    assert printed.rstrip().endswith("2 records did not fit and were left out, as said above")
    assert "17 records to train on" in printed


def test_two_runs_with_one_seed_are_one_run(here, capsys):
    options = [*SMALL, "--batch-size", "4", "--init", "random"]
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert train.main([*options, "--seed", str(seed), "--out", name]) == 0
    models = [pretrained.load(here / name / "model").model for name in "abc"]
    same = [torch.equal(models[0].wte.weight, other.wte.weight) for other in models]
    assert same == [True, True, False]
    assert (here / "a" / "responses.json").read_bytes() == (
        here / "b" / "responses.json"
    ).read_bytes()


def test_the_template_of_a_run_is_the_template_of_its_answers(here, capsys):
    assert train.main([*SMALL, "--batch-size", "4", "--template", "phi3", "--out", "r"]) == 0
    responses = json.loads((here / "r" / "responses.json").read_text(encoding="utf-8"))
    model, tokenizer, _ = pretrained.load(here / "r" / "model")
    samples = split(read_records(here / "data.json"), "").validation[:1]
    assert f"  Response:    {answers(model, tokenizer, samples, 'phi3')[0].text}\n" in (
        capsys.readouterr().out
    )
    asked = ["--prompt", responses[0]["instruction"], "--input", responses[0]["input"]]
    assert generate.main([*asked, "--model", "r/model", "--dtype", "float32"]) == 0
    assert capsys.readouterr().out.strip() == responses[0]["response"]


def test_runs_that_begin_in_one_second_do_not_meet(here, monkeypatch, capsys):
    monkeypatch.setattr(time, "strftime", lambda form: "20260101-000000")
    for _ in range(3):
        assert train.main([*SMALL, "--batch-size", "4", "--max-steps", "1"]) == 0
    assert len(list((here / "runs").glob("small-20260101-000000*/responses.json"))) == 3


def test_the_first_validation_record_that_fits_is_asked(here, capsys):
    rows = json.loads((here / "data.json").read_text(encoding="utf-8"))
    first = split(rows, "")[2][0]
    first["instruction"] = "Too long " * 200
    rows.append({"instruction": "Say hello.", "output": "Hello."})
    (here / "data.json").write_text(json.dumps(rows), encoding="utf-8")
    assert train.main([*SMALL, "--batch-size", "4", "--max-steps", "1", "--out", "r"]) == 0
    printed = capsys.readouterr().out
    assert "Instruction: Say hello." in printed and "Instruction: Too long" not in printed


README = (ROOT / "README.md").read_text(encoding="utf-8")


def readme_commands():
    """Every line of a shell block in the README, a continued one joined, without comments."""
    for block in re.findall(r"```(?:sh|bash)\n(.*?)```", README, flags=re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield re.split(r"\s#", line)[0].strip()


def test_every_command_in_the_readme_is_one_its_script_takes():
    seen = set()
    for line in readme_commands():
        for part in line.split("&&"):
            words = shlex.split(part)
            for script, options in (
                ("train.py", train.TrainOptions),
                ("generate.py", generate.GenerateOptions),
                ("finetune.evaluate", evaluate.EvaluateOptions),
                ("finetune.judge", judge.JudgeOptions),
            ):
                if script in words:
                    parse(options, words[words.index(script) + 1 :], "")
                    seen.add(script)
    assert seen == {"train.py", "generate.py", "finetune.evaluate", "finetune.judge"}


def test_the_readmes_first_command_trains_and_its_question_is_answered(here):
    """As written, but on 20 records and for one step."""
    (setup,) = [line for line in readme_commands() if "pip install" in line and "train.py" in line]
    words = shlex.split(setup.split("&&")[-1])
    assert words[:2] == [".venv/bin/python", "train.py"]
    short = ["--data", "data.json", "--max-steps", "1"]
    trained = call(here, "train.py", *words[2:], *short)
    assert trained.returncode == 0, trained.stderr
    question = next(line for line in readme_commands() if "generate.py --prompt" in line)
    words = shlex.split(question)
    asked = call(
        here, "generate.py", *words[words.index("generate.py") + 1 :], "--max-new-tokens", "4"
    )
    assert asked.returncode == 0 and asked.stderr.startswith(f"Model: {Path('runs') / 'tiny-'}")


def test_the_defaults_are_the_lectures():
    assert parse(train.TrainOptions, [], "") == train.TrainOptions(
        model="tiny", init="pretrained", data=str(BUNDLED), epochs=None, batch_size=8, lr=None,
        weight_decay=0.1, mask_prompt=False, template="alpaca", eval_every=5, eval_batches=5,
        max_steps=None, seed=123, device="auto", dtype="auto", out=None, accumulate=1,
        warmup_steps=0, schedule=None, decay="all", clip_norm=None, lora_rank=None,
        lora_alpha=256, save_every=None, resume=None, low_memory=False, shard=False, samples=10,
    )  # fmt: skip
    for words, recipe in (
        ("--model 355M", (1, 5e-5, "constant")),
        ("--model 355M --lora-rank 16", (1, 2e-4, "constant")),
        ("--model 124M --lora-rank 4 --lr 1e-3 --epochs 2", (2, 1e-3, "constant")),
        ("", (4, 3e-4, "cosine")),
        ("--schedule linear --lora-rank 8", (4, 1.2e-3, "linear")),
    ):
        options = train.with_recipe(parse(train.TrainOptions, words.split(), ""))
        assert (options.epochs, options.lr, options.schedule) == recipe
    with pytest.raises(UserError, match="--max-steps: must be at least 1"):
        parse(train.TrainOptions, ["--max-steps", "0"], "")


def test_every_option_of_train_reaches_its_place(here, monkeypatch):
    class Reached(Exception):
        pass

    def stop(*arguments, **options):
        raise Reached(arguments, options)

    monkeypatch.setattr(train, "train", stop)
    monkeypatch.setattr(train, "choose_device", lambda name: torch.device("meta"))
    asked = []
    none = Answer("", False, 0)
    monkeypatch.setattr(train, "answers", lambda *arguments: asked.extend(arguments) or [none])
    monkeypatch.setattr(train, "look", lambda *arguments: asked.extend(arguments) or [])
    words = (
        "--epochs 3 --batch-size 2 --max-steps 9 --eval-every 4 --eval-batches 6 --mask-prompt "
        "--lr 0.5 --weight-decay 0.25 --dtype bfloat16 --template phi3 --out r --accumulate 3 "
        "--decay matrices --clip-norm 0.125 --warmup-steps 4 --schedule linear --samples 1"
    )
    with pytest.raises(Reached) as reached:
        train.main([*SMALL, *words.split()])
    _, _, records, template, limit, _, _, watched, masked, dtype = asked
    assert len(records) == 2 and (template, limit) == ("phi3", train.SAMPLE_TOKENS)
    assert len(watched) <= 3 and masked and dtype == torch.bfloat16
    (model, optimizer, training, validation), options = reached.value.args
    expected = {"epochs": 3, "batch_size": 2, "max_steps": 9, "eval_every": 4, "eval_batches": 6}
    expected |= {"mask_prompt": True, "dtype": torch.bfloat16, "accumulate": 3}
    assert all(options[name] == value for name, value in expected.items())
    for parameter, part in optimizer.parts.items():
        (group,) = part.param_groups
        assert (group["lr"], group["weight_decay"]) == (0.5, 0.25 if parameter.dim() > 1 else 0)
    assert optimizer.clip_norm == 0.125 and not optimizer.in_backward
    assert [options["schedule"](step, 8) for step in (1, 6)] == [0.25, 0.25]
    assert model.device.type == "meta" and model.wte.weight.dtype == torch.float32
    splits = split(read_records(here / "data.json"), "")
    for examples, records in ((training, splits.train), (validation, splits.validation)):
        assert examples == encode(records, Tokenizer(300), 500, "phi3")[0]


def test_low_memory_is_the_same_run_to_the_last_digit(here, monkeypatch, capsys):
    assert not parse(train.TrainOptions, [], "").low_memory
    reused, recomputed, plain_train = [], [], train.train

    def spy(model, *arguments, **options):
        recomputed.append(model.recompute)
        plain_train(model, *arguments, **options)

    monkeypatch.setattr(train, "reuse_memory", reused.append)  # it is the whole process's
    monkeypatch.setattr(train, "train", spy)
    short = ["--init", "random", "--batch-size", "4", "--max-steps", "3", "--eval-every", "1"]
    for name, options in (("plain", []), ("low", ["--low-memory"])):
        assert train.main([*SMALL, *short, "--lr", "0.01", *options, "--out", name]) == 0
    assert reused == [True, False] and recomputed == [False, True]
    plain, low = (
        [
            {**json.loads(line), "seconds": None, "tokens_per_second": None}
            for line in (here / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for name in ("plain", "low")
    )
    assert plain == low and [m["step"] for m in plain] == [-1, 0, 1, 2]
    assert plain[-1]["train_loss"] < plain[0]["train_loss"]
    for file in ("model/model.safetensors", "responses.json"):
        assert (here / "plain" / file).read_bytes() == (here / "low" / file).read_bytes()


# What remains in memory of 200 MB, in MB, when of 40 pieces all but the last, or all, are freed.
REMAINS = """
import os

def resident():
    with open("/proc/self/statm", encoding="utf-8") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

def remains(piece):
    pieces = [piece() for _ in range(40)]
    assert resident() - start > 190
    del pieces[:-1]
    print(resident() - start)
    del pieces[:]
    print(resident() - start)

"""
GLIBC = platform.libc_ver()[0] == "glibc"  # elsewhere `reuse_memory` promises nothing


def python(code, **environment):
    """The words that a fresh Python prints, in the repository, without oneDNN's variables."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("ONEDNN")}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=60,
    ).stdout.split()


def test_freed_memory_is_kept_or_given_back():
    assert reuse_memory(True) is None
    if GLIBC:
        code = """
import finetune.extras.memory, torch
start = resident()
for yes in (False, True):
    finetune.extras.memory.reuse_memory(yes)
    remains(lambda: torch.ones(5_000_000, dtype=torch.uint8))
"""
        *given_back, one_left, none_left = map(float, python(REMAINS + code))
        assert max(given_back) < 20 and min(one_left, none_left) > 190


def test_where_there_is_no_mallopt_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())  # another C library, such as musl
    assert reuse_memory(True) is None
    monkeypatch.setattr(ctypes, "CDLL", None)  # on Windows None names no library
    for system in ("darwin", "win32"):
        monkeypatch.setattr(sys, "platform", system)
        assert reuse_memory(False) is None


def test_what_a_script_sets_up_before_torch_is_imported():
    """Freed memory is kept; oneDNN's cache is left as it is until a large model is trained."""
    code = """
import os, sys, finetune.extras.memory
print("torch" in sys.modules, os.environ.get("ONEDNN_PRIMITIVE_CACHE_CAPACITY"))
finetune.extras.memory.remember_few_shapes()
print(os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"])
"""
    assert python(code) == ["False", "None", "32"]
    assert python(code, ONEDNN_PRIMITIVE_CACHE_CAPACITY="7") == ["False", "7", "7"]
    if GLIBC:
        code = "import finetune.extras.memory\nstart = resident()\nremains(lambda: bytearray(5_000_000))"
        assert min(map(float, python(REMAINS + code))) > 190


@pytest.mark.parametrize(("parameters", "few"), [(10**8, 0), (10**8 + 1, 1)])
def test_few_shapes_are_remembered_for_a_large_model(here, monkeypatch, parameters, few):
    calls = []
    monkeypatch.setattr(train, "remember_few_shapes", lambda: calls.append(1))
    monkeypatch.setattr(train.GPT, "num_parameters", lambda model: parameters)
    train.main([*SMALL, "--init", "random", "--max-steps", "1", "--batch-size", "2"])
    assert len(calls) == few


@pytest.mark.parametrize("init", ["pretrained", "random"])
def test_the_first_weights_are_the_ones_asked_for(here, init, monkeypatch):
    def untouched(model, *arguments, **options):
        loaded = pretrained.load(here / "small").model
        assert torch.equal(model.wte.weight, loaded.wte.weight) == (init == "pretrained")
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "train", untouched)
    assert run(lambda: train.main([*SMALL, "--init", init, "--out", "r"])) == 130


def test_what_train_prints(here, capsys):
    """34 records to train on in batches of 17: two steps an epoch; into an empty directory."""
    rows = [{"instruction": f"Né {i}?", "input": "now", "output": f"{i}."} for i in range(40)]
    (here / "data.json").write_text(json.dumps(rows), encoding="utf-8")
    (here / "r").mkdir()
    options = ["--batch-size", "17", "--epochs", "2", "--eval-every", "1", "--lr", "0.1"]
    assert train.main([*SMALL, *options, "--out", "r"]) == 0
    printed = capsys.readouterr().out
    lines = (here / "r" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    metrics = [json.loads(line) for line in lines]
    heads = ["Before training", *(f"Ep {1 + n // 2} (Step {n:06d})" for n in range(4))]
    for head, m in zip(heads, metrics, strict=True):
        losses = f"Train loss {m['train_loss']:.3f}, Val loss {m['val_loss']:.3f}"
        assert f"{head}: {losses}\n" in printed
    assert metrics[-1]["train_loss"] != pytest.approx(metrics[-1]["val_loss"], abs=2e-3)
    for epoch in (1, 2):
        assert (
            f"\nAfter epoch {epoch}, the first validation record:\n  Instruction: Né 38?\n"
            "  Input:       now\n  Expected:    38.\n  Response: "
        ) in printed
    assert f"\nTrained on {metrics[-1]['tokens']:,} tokens in " in printed
    assert metrics[-1]["tokens"] > metrics[1]["tokens"] > 0
    assert '"Né 34?"' in (here / "r" / "responses.json").read_text(encoding="utf-8")


def test_a_run_is_named_after_its_models_directory(here, capsys):
    # one batch of all 17 training records: just enough
    options = [*SMALL, "--model", str(here / "small"), "--batch-size", "17", "--max-steps", "1"]
    assert train.main(options) == 0
    (directory,) = (here / "runs").iterdir()
    assert re.fullmatch(r"small-\d{8}-\d{6}", directory.name)
    assert not (directory / "model" / "small").exists()
