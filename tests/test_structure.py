"""The law of the house: arrows one way, nothing happens at import, no NumPy, all documented."""

import ast
import contextlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUNTIME = {"torch", "tiktoken", "tqdm"}
ROOMS = ("gpt", "weights", "finetune", "bench")
FILES = [*ROOT.glob("*.py"), *(path for room in ROOMS for path in ROOT.glob(f"{room}/**/*.py"))]

# In finetune/ a file is a step of the lecture, a folder is beyond it. A folder imports the files,
# and of the other folders these:
FOLDERS = {
    "report": {"evaluate", "walk"},  # the page shows scores, losses of tokens, a walk
    "judge": {"evaluate"},  # the interval of a mean
    "pretrain": {"extras", "report"},  # a run directory and its page, as train.py has them
    "make": {"pretrain"},  # how plain texts are read and cut
}
# A file that another interpreter runs, which has transformers and not this repository.
FOREIGN = {"bench.peer", "bench.run_transformers"}


def name(path):
    return path.relative_to(ROOT).as_posix()


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place(module):
    """The room of a module: gpt, weights, finetune, finetune.extras, …, bench, or a script."""
    parts = module.split(".")
    folder = parts[0] == "finetune" and len(parts) > 1 and (ROOT / "finetune" / parts[1]).is_dir()
    return ".".join(parts[: 1 + folder])


def imports(path):
    """Every module a file imports, wherever in the file, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = {module_of(path): path for path in FILES}


def allowed(room):
    """The rooms that a file of `room` may import, besides its own."""
    lecture = ["gpt", "weights", "finetune"]
    if room in lecture:
        return {*lecture[: lecture.index(room)]}
    if room.startswith("finetune."):
        others = FOLDERS.get(room.removeprefix("finetune."), set())
        return {*lecture, *(f"finetune.{other}" for other in others)}
    return {*map(place, MODULES)} - {"bench"}  # a script or bench may import all


def test_there_are_files_to_look_at():
    found = {*map(name, FILES)}
    assert {"train.py", "generate.py", "gpt/model.py", "finetune/loop.py"} <= found
    assert {"finetune/extras/lora.py", "bench/training.py"} <= found


@pytest.mark.parametrize("path", FILES, ids=name)
def test_arrows_go_one_way(path):
    """gpt ← weights ← finetune's files ← its folders ← scripts, bench; and three packages."""
    room = place(module_of(path))
    packages = RUNTIME | {*sys.stdlib_module_names}
    if module_of(path) in FOREIGN:
        packages |= {"transformers"}
    for module in imports(path):
        top = module.split(".")[0]
        if top not in packages:
            assert place(module) in allowed(room) | {room}, f"{name(path)} imports {module}"


def test_there_is_no_circle():
    """Take away modules that need nothing more until none is left, or none can go."""
    needs = {m: {*imports(path)} & {*MODULES} - {m} for m, path in MODULES.items()}
    while needs:
        free = {m for m, needed in needs.items() if not needed & {*needs}}
        assert free, f"a circle among {sorted(needs)}"
        needs = {m: needed for m, needed in needs.items() if m not in free}


def test_the_training_loop_pulls_in_the_lecture_alone():
    """At most 13 files and 1,500 lines, of gpt/ and of finetune's own files."""
    closure, waiting = set(), {"finetune.loop"}
    while waiting:
        closure |= waiting
        waiting = {m for each in waiting for m in imports(MODULES[each])} & {*MODULES} - closure
    closure -= {"gpt", "finetune"}  # the packages' docstrings
    lines = sum(len(MODULES[m].read_text(encoding="utf-8").splitlines()) for m in closure)
    assert {place(module) for module in closure} == {"gpt", "finetune"}
    assert len(closure) <= 13 and lines <= 1500, f"{len(closure)} files, {lines} lines"


# Prints every change that an import makes to the process. torch and its like come before: what
# they do is theirs. mallopt is the C library's setting of the allocator, reached through ctypes.
WATCH = """
import ctypes, importlib, json, os, signal, sys
import gpt
import torch, tiktoken, tqdm, unittest.mock

def state():
    return {
        "sys.excepthook": sys.excepthook, "os.environ": dict(os.environ), "directory": os.getcwd(),
        "handlers": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
        "random": torch.get_rng_state().tolist(), "dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(), "stdout": sys.stdout, "C": library.mock_calls[:],
    }

library = unittest.mock.Mock()
ctypes.CDLL = library
before = state()
for module in json.loads(sys.argv[1]):
    importlib.import_module(module)
    after = state()
    for what in before:
        if before[what] != after[what]:
            print(f"{module}: {what}")
    before = after
"""


def test_nothing_happens_at_import():
    """Of any module, in one process that imports them all; neither is a word printed."""
    modules = json.dumps(sorted(MODULES.keys() - FOREIGN))
    done = subprocess.run(
        [sys.executable, "-c", WATCH, modules], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def definitions(tree):
    """A file's public functions and classes, and the public methods of those classes."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node.name, node
            for child in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
                    yield f"{node.name}.{child.name}", child


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_says_what_it_is_about_and_calls_nothing_of_numpys(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{name(path)} has no docstring"
    for title, node in definitions(tree):
        facts = "make" in name(path)  # functions of facts, whose names say it all
        if title != "main" and "." not in title and not facts:
            assert ast.get_docstring(node), f"{name(path)}: {title} has no docstring"
    assert not re.search(r"\.numpy\(|from_numpy|import numpy", text), name(path)


def function(path, wanted):
    (node,) = (
        node
        for title, node in definitions(ast.parse(path.read_text(encoding="utf-8")))
        if title == wanted
    )
    return node


def test_a_training_step_and_the_script_are_short():
    """What a teacher points at fits a slide; what a reader opens first fits two screens."""
    step = function(ROOT / "finetune" / "loop.py", "train_step")
    assert step.end_lineno - step.lineno + 1 <= 20
    script = (ROOT / "train.py").read_text(encoding="utf-8").splitlines()
    assert len(script) <= 200, f"train.py has {len(script)} lines"


def test_bench_and_tests_call_the_training_step_and_do_not_retype_it():
    """Zeroing gradients is the sign of a step; the lecture's and transformers' are their own."""
    own = {"bench/lecture.py", "bench/peer.py", "bench/run_transformers.py"}
    for path in FILES:
        if name(path) not in own | {"finetune/loop.py"}:
            assert ".zero_grad()" not in path.read_text(encoding="utf-8"), name(path)


PROGRAMS = [path for path in FILES if '== "__main__"' in path.read_text(encoding="utf-8")]
PROGRAMS = [path for path in PROGRAMS if module_of(path) not in FOREIGN]


@pytest.mark.parametrize("path", PROGRAMS, ids=name)
def test_help_needs_no_docstring(path, capsys, monkeypatch):
    """`python -OO` leaves docstrings out, and a help text made of one would say "None"."""
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec", optimize=2)
    monkeypatch.setattr(sys, "argv", [path.name, "--help"])
    with contextlib.suppress(SystemExit):
        exec(code, program := {"__name__": "program", "__file__": str(path), "__doc__": None})
        if "main" in program:
            program["main"](["--help"])
        else:
            exec(code, program | {"__name__": "__main__", "__doc__": None})
    said = capsys.readouterr().out
    assert len(said) > 100 and not re.search(r"\bNone\b", said), said


def test_no_program_shows_a_docstring():
    """But bench's candidates, whose --help is one sentence longer with it."""
    for path in FILES:
        shown = "__doc__" in path.read_text(encoding="utf-8")
        assert not shown or name(path).startswith("bench/run_"), name(path)


def test_torchs_numpy_warning_is_filtered_before_torch_is_imported():
    """By gpt/__init__.py, which imports no torch; every other way to torch imports it first."""
    assert "torch" not in {*imports(ROOT / "gpt" / "__init__.py")}
    for room in ROOMS[1:]:
        assert next(imports(ROOT / room / "__init__.py")) == "gpt"
    for script in ROOT.glob("*.py"):
        first = next(m for m in imports(script) if m.split(".")[0] in {*ROOMS, *RUNTIME})
        assert first.split(".")[0] in ROOMS, name(script)


def test_requirements_are_pinned_and_few():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    packages = {re.match(r"\w+", line).group() for line in lines}
    needed = RUNTIME | {"pytest", "hypothesis"}
    assert needed <= packages <= needed | {"setuptools"}  # a test builds the package with that
    assert any(line.startswith("torch==2.13.0") for line in lines)
    assert all(re.match(r"\w+(>=[\d.]+,<|=)=\d", line) for line in lines)


# What has no test file of its own, and where it is tested instead.
ELSEWHERE = {
    "prompt_file": "test_generate.py",
    "train_options": "test_train.py",
    "snapshots": "report/test_report.py",
    "answers": "report/test_report.py",
    "compare": "report/test_report.py",
    "files": "report/test_report.py",
    "share": "report/test_report.py",
    "style": "report/test_report.py",
    "steps": "walk/test_walk.py",
    "epochs": "report/test_report.py",
    "grades": "judge/test_judge.py",
    "server": "judge/test_judge.py",
    "held_out": "pretrain/test_pretrain.py",
    "data": "extras/test_data.py",
    "page": "report/test_report.py",
    "losses": "evaluate/test_evaluate.py",
    "optimizer_in_backward": "test_optimizer.py",
    "names": "weights/test_pretrained.py",
}


def test_every_module_has_its_tests():
    tests = [*(ROOT / "tests").glob("**/test_*.py")]
    tested = {path.stem.removeprefix("test_") for path in tests}
    for path in FILES:
        room = place(module_of(path))
        if path.stem in {"__init__", "__main__"} or room in {"bench", "finetune.make"}:
            continue  # a package is tested by its command, bench in bench/, data where it is used
        there = ELSEWHERE.get(path.stem)
        assert path.stem in tested or any(name(test).endswith(there or "?") for test in tests), (
            f"no test file for {name(path)}"
        )
