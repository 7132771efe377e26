"""What a user gets: a wheel with every file of the rooms, pins for every Python promised, and the
same bytes in every clone."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ["gpt", "weights", "finetune"]
SCRIPTS = ["train.py", "generate.py"]


def test_the_wheel_has_every_file_of_the_rooms_and_the_scripts(tmp_path):
    source, wheels = tmp_path / "source", tmp_path / "wheels"
    for room in ROOMS:  # names alone: what is in the files makes no difference but to the time
        shutil.copytree(
            ROOT / room,
            source / room,
            ignore=shutil.ignore_patterns("__pycache__", ".*", "*.part"),
            copy_function=lambda _, there: Path(there).touch(),
        )
    there = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert {"gpt/model.py", "weights/tiny/model.safetensors"} <= there
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", *SCRIPTS):
        shutil.copy(ROOT / name, source)
    wheels.mkdir()
    # In a process of its own: setuptools changes Python's own modules when it is imported.
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(wheels)!r})"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=source, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == there | {*SCRIPTS}


def test_requirements_are_pinned_and_few():
    pins = {}
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        requirement, _, marker = line.partition("#")[0].partition(";")
        package, version = re.fullmatch(r"(\w+)([=<>,\d.]+)", requirement.strip()).groups()
        pins[package, marker.strip()] = version
    newest = pins["torch", 'sys_platform != "darwin"']
    assert newest.startswith("==")
    # Not every Mac has a wheel of the newest torch. The oldest is that of pyproject.toml.
    assert pins.pop(("torch", 'sys_platform == "darwin"')) == f">=2.2.2,<{newest[1:]}"
    assert '"torch>=2.2.2"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(version.startswith("==") for version in pins.values())
    packages = {package for package, _ in pins}
    assert packages == {"torch", "tiktoken", "tqdm", "pytest", "hypothesis", "setuptools"}


def test_a_clone_has_the_same_bytes_whatever_git_is_set_to_do_with_line_ends():
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    rows = subprocess.run(
        ["git", "ls-files", "--eol"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout.splitlines()
    assert len(rows) > 100
    for row in rows:
        # the line ends as committed, and what .gitattributes says of it
        stored, attributes = re.match(r"i/(\S*) +w/\S* +attr/([^\t]*)", row).groups()
        untouched = attributes.strip() == "-text"
        assert untouched or (stored in ("lf", "none", "-text") and "eol=lf" in attributes), row
