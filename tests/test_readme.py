"""README.md and docs/: what they tell a reader to type."""

import importlib
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from finetune.options import parse
from tests.scripts import ROOT, begin, call

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OPTIONS = {  # who takes the words after it
    "train.py": ("train", "TrainOptions"),
    "generate.py": ("generate", "GenerateOptions"),
    "finetune.evaluate": ("finetune.evaluate.__main__", "EvaluateOptions"),
    "finetune.judge": ("finetune.judge.__main__", "JudgeOptions"),
    "finetune.pretrain": ("finetune.pretrain.__main__", "PretrainOptions"),
    "bench.training": ("bench.training", "TrainingOptions"),
    "bench.memory": ("bench.training", "TrainingOptions"),
    "bench.generation": ("bench.generation", "GenerationOptions"),
    "bench.startup": ("bench.startup", "StartupOptions"),
}


def commands(page):
    """Every command in a shell block of a page, a continued line joined, without comments."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```(?:sh|bash)\n(.*?)```", text, flags=re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield from re.split(r"&&|\s[|>]\s", re.split(r"\s#", line)[0])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_one_its_script_takes(page):
    for words in map(shlex.split, commands(page)):
        for script in OPTIONS.keys() & {*words}:
            module, options = OPTIONS[script]
            cls = getattr(importlib.import_module(module), options)
            parse(cls, words[words.index(script) + 1 :], "")


def test_the_commands_are_found():
    words = {word for page in PAGES for line in commands(page) for word in shlex.split(line)}
    assert {"train.py", "generate.py", "finetune.evaluate", "finetune.judge"} <= words


def test_the_first_commands_train_and_answer(here):
    """As written, but on 20 records and for one step; in processes without NumPy."""
    lines = [*commands(PAGES[0])]
    first = next(shlex.split(line) for line in lines if "train.py" in line)
    assert first[:2] == [".venv/bin/python", "train.py"]
    assert any("pip install -r requirements.txt" in line for line in lines)
    short = ["--data", "data.json", "--max-steps", "1", "--samples", "1"]
    trained = call(here, "train.py", *first[2:], *short)
    assert trained.returncode == 0, trained.stderr
    question = next(shlex.split(line) for line in lines if "generate.py --prompt" in line)
    words = [*question[question.index("generate.py") :], "--max-new-tokens", "4"]
    asked = begin(*words, cwd=here, stderr=subprocess.PIPE, encoding="utf-8")
    _, errors = asked.communicate(timeout=120)
    assert asked.returncode == 0 and errors.startswith(f"Model: {Path('runs') / 'tiny-'}")
    assert "NumPy" not in trained.stderr and "Traceback" not in trained.stderr
