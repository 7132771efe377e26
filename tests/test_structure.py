"""What DESIGN asks of the code as a whole: arrows one way, no NumPy, nothing undocumented."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Each may import those before it; the scripts may import all.
ROOMS = ["gpt", "weights", "finetune"]
FILES = [
    *ROOT.glob("*.py"),
    *(path for room in ROOMS for path in sorted((ROOT / room).glob("*.py"))),
]
RUNTIME = {"torch", "tiktoken", "tqdm"}


def name(path):
    return path.relative_to(ROOT).as_posix()


def imports(path):
    """Every module a file imports, wherever in the file, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_there_are_files_to_look_at():
    assert {"train.py", "generate.py", "gpt/model.py", "finetune/loop.py"} <= {*map(name, FILES)}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_imports_only_what_it_may(path):
    room = path.parent.name
    allowed = ROOMS[: ROOMS.index(room) + 1] if room in ROOMS else ROOMS
    for module in imports(path):
        top = module.split(".")[0]
        assert top in {*allowed, *RUNTIME, *sys.stdlib_module_names}, f"{name(path)}: {module}"


@pytest.mark.parametrize("room", ROOMS)
def test_there_is_no_circle_inside_a_room(room):
    """Take away modules that need nothing more of the room until none is left, or none can go."""
    modules = {f"{room}.{path.stem}": path for path in (ROOT / room).glob("*.py")}
    needs = {m: {*imports(path)} & {*modules} - {m} for m, path in modules.items()}
    while needs:
        free = {m for m, needed in needs.items() if not needed & {*needs}}
        assert free, f"a circle among {sorted(needs)}"
        needs = {m: needed for m, needed in needs.items() if m not in free}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_says_what_it_is_about_and_calls_nothing_of_numpys(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{name(path)} has no docstring"
    for node in tree.body if path.stem != "make_instructions" else ():  # whose names say it all
        public = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        assert not public or node.name == "main" or ast.get_docstring(node), (
            f"{name(path)}: {node.name} has no docstring"
        )
    assert not re.search(r"\.numpy\(|from_numpy|import numpy", text), name(path)


def test_requirements_are_pinned_and_few():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    packages = dict(line.split("==") for line in lines)
    assert packages.keys() == RUNTIME | {"pytest", "hypothesis"}
    assert packages["torch"] == "2.13.0"


def test_every_module_has_its_tests():
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    covered_elsewhere = {"__init__", "errors", "script", "train", "generate"}  # in test_cli.py
    covered_elsewhere |= {"__main__"}  # in test_pretrained.py
    covered_elsewhere |= {"make_instructions", "instruction_tables"}  # in test_instructions.py
    covered_elsewhere |= {"exercise_tables"}  # in test_exercises.py
    covered_elsewhere |= {"speaker"}  # in test_chat.py
    modules = {path.stem for path in FILES} - covered_elsewhere
    assert modules <= tested, f"no test file for {sorted(modules - tested)}"
