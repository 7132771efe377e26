"""The pages of docs/ point at lines and files that are there."""

import re
from pathlib import Path

import pytest

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
