"""The pages of docs/ point at lines and files that are there."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from finetune.evaluate.__main__ import EvaluateOptions
from finetune.options import parse
from train import TrainOptions

DOCS = Path(__file__).parents[1] / "docs"
LINK = re.compile(r"\[`?([\w./]+?)`?\]\(([^)#]+)#L(\d+)\)")


def line_of(name: str, path: Path) -> int:
    """The line where `name`, a function, a class or a method as Class.method, is defined."""
    if "/" in name or ("." in name and name.split(".")[0] == "finetune"):
        return 1  # a file
    start, lines = 0, path.read_text(encoding="utf-8").splitlines()
    for part in name.split("."):
        pattern = re.compile(rf"\s*(def|class) {part}\b")
        start = next((i + 1 for i in range(start, len(lines)) if pattern.match(lines[i])), 0)
    return start


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_a_link_to_a_line_is_where_the_name_is_defined(page):
    for name, target, line in LINK.findall(page.read_text(encoding="utf-8")):
        path = page.parent / target
        assert path.is_file(), f"{page.name}: {target}"
        assert int(line) == line_of(name, path), (
            f"{page.name}: {name} is at line {line_of(name, path)}"
        )


@pytest.mark.parametrize(
    "page", [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"], ids=lambda path: path.name
)
def test_a_link_to_a_file_finds_it(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    for target in links:
        assert target.startswith("http") or (page.parent / target).exists(), (
            f"{page.name}: {target}"
        )


def test_the_lectures_page_has_lines_to_check():
    assert len(LINK.findall((DOCS / "lecture.md").read_text(encoding="utf-8"))) > 20


EXPERIMENTS = (DOCS / "break-it.md").read_text(encoding="utf-8")
CHANGES = re.findall(r"```diff\n--- (\S+)\n-(.+)\n\+(.+)\n```", EXPERIMENTS)


@pytest.mark.parametrize(("file", "old", "new"), CHANGES, ids=lambda text: text.strip()[:20])
def test_a_line_to_break_is_in_its_file_once(file, old, new):
    text = (DOCS.parent / file).read_text(encoding="utf-8")
    assert text.splitlines().count(old) == 1
    ast.parse(text.replace(old, new))


def test_the_commands_that_break_something_are_understood():
    commands = [shlex.split(line) for line in re.findall(r"^python .*", EXPERIMENTS, re.MULTILINE)]
    trained = [words[2:] for words in commands if words[1] == "train.py"]
    for options in trained:
        parse(TrainOptions, options, "")
    (evaluated,) = [words[3:] for words in commands if words[2] == "finetune.evaluate"]
    parse(EvaluateOptions, evaluated, "")
    assert EXPERIMENTS.count("\n## ") == 8 and len(CHANGES) == 3 and len(trained) >= 7
