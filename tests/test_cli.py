"""generate.py as people run it: what it prints and how it ends."""

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import generate
from finetune import responses
from finetune.options import parse
from finetune.prompt import prompt_tokens
from gpt.errors import run_script
from gpt.tokenizer import Tokenizer
from tests import textbook
from tests.scripts import SMALL, command  # noqa: F401
from weights import pretrained

MISTAKES = {
    "template": ("--prompt x --model odd", "odd.*: prompt_template is 'nope'"),
    "idle top-k": ("--prompt x --top-k 5 --model small", "--top-k draws, and temper"),
    "two prompts": ("--prompt x --prompts y --out z", "--prompt is one prompt"),
    "no out": ("--prompts y", "--prompts FILE and --out FILE go together"),
    "out alone": ("--out y", "--prompts FILE and --out FILE go together"),
    "out there": ("--prompts y --out data.json", "--out data.json: already there"),
    "no such file": ("--model small --prompts y --out z", "y: No such file"),
    "no model there": ("--prompt x --model nowhere", "nowhere: no such directory"),
    "raw input": ("--prompt x --input y --raw --model small", "--input .* --raw"),
    "top-k": ("--prompt x --top-k 0", "--top-k: must be at least 1"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_status_2(here, case, capsys):
    arguments, message = MISTAKES[case]
    pretrained.save(here / "odd", textbook.small_model(vocab_size=300), "nope")
    status = run_script(lambda: generate.main(arguments.split()))
    errors = capsys.readouterr().err.splitlines()
    assert status == 2
    errors = [line for line in errors if not line.startswith("Model: ")]
    assert len(errors) == 1 and re.search(message, errors[0]), errors


def test_the_defaults_of_generate():
    assert parse(generate.GenerateOptions, ["--prompt", "x"], "") == generate.GenerateOptions(
        prompt="x", input="", raw=False, model=None, max_new_tokens=256, temperature=0.0,
        top_k=None, seed=123, device="auto", dtype="auto", prompts=None, out=None,
    )  # fmt: skip


def test_generate_takes_raw_text_seeds_and_limits(here, capsys):
    def ask(*arguments):
        assert generate.main(["--model", "small", "--dtype", "float32", *arguments]) == 0
        return capsys.readouterr()

    warm = ["--raw", "--temperature", "1", "--top-k", "50", "--max-new-tokens", "20"]
    first = ask("--prompt", "Once", *warm, "--seed", "1").out
    assert first == ask("--prompt", "Once", *warm, "--seed", "1").out
    assert first != ask("--prompt", "Once", *warm, "--seed", "2").out
    assert first != ask("--prompt", "Once", *warm[1:], "--seed", "1").out  # in the template
    ask("--prompt", "", "--raw")  # an empty text continues the end of another
    assert "sees the last 500" in ask("--prompt", "x" * 400, "--max-new-tokens", "1").err


def test_the_newest_finished_run_is_taken(here):
    assert generate.newest_run() == "tiny"
    for age, name in enumerate(["b", "a", "unfinished"]):
        (here / "runs" / name / "model").mkdir(parents=True)
        if name != "unfinished":
            marker = here / "runs" / name / "responses.json"
            marker.write_text("[]", encoding="utf-8")
            os.utime(marker, (1000 + age, 1000 + age))
    moved = here / "runs" / "moved" / "responses.json"  # whose model is somewhere else now
    moved.parent.mkdir()
    moved.write_text("[]", encoding="utf-8")
    assert generate.newest_run() == str(Path("runs") / "a" / "model")


def test_an_output_that_nobody_reads_is_no_error(here):
    """Neither a closed standard output nor, for what was read, one that closes half-way."""
    arguments = ["--model", "small", "--prompt", "x", "--dtype", "float32"]
    script = shlex.join(command("generate.py", *arguments))
    for redirect in (">&-", "| head -c 1"):
        done = subprocess.run(
            ["sh", "-c", f"{script} {redirect}"], cwd=here, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0 and done.stderr == "Model: small\n"


def test_every_option_of_generate_reaches_its_place(here, monkeypatch):
    class Reached(Exception):
        pass

    def stop(*arguments):
        raise Reached(*arguments)

    monkeypatch.setattr(responses, "generate_stream", stop)
    words = "--model small --max-new-tokens 7 --temperature 0.5 --top-k 3 --seed 9 --dtype bfloat16"
    with pytest.raises(Reached) as reached:
        generate.main(["--prompt", "x", *words.split(), "--device", "cpu"])
    model, prompts, *options, (generator,) = reached.value.args
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert prompts == [prompt_tokens(Tokenizer(300), "x", "", "alpaca")]
    assert options == [7, 299, 0.5, 3] and generator.initial_seed() == 9


def test_an_answer_is_written_as_it_comes_and_ends_with_a_line_break(here, monkeypatch):
    written, (a,) = io.BytesIO(), Tokenizer(300).encode("a")

    def stream(*_):
        yield 0, a
        assert written.getvalue() == b"a"
        yield 0, a
        yield 0, 299  # the end of the text

    monkeypatch.setattr(responses, "generate_stream", stream)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="utf-8"))
    assert generate.main(["--prompt", "x", "--model", "small"]) == 0
    sys.stdout.flush()
    assert written.getvalue() == f"aa{os.linesep}".encode()


@pytest.mark.parametrize("more", [0, 1])
def test_a_prompt_is_called_too_long_where_it_is(here, capsys, more):
    asked = [
        "--raw",
        "--model",
        "small",
        "--max-new-tokens",
        "1",
        "--prompt",
        "q7" * 250 + "q" * more,
    ]
    assert generate.main(asked) == 0
    assert ("sees the last 500" in capsys.readouterr().err) == bool(more)
