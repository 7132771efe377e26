"""finetune/extras/memory.py: three settings of the process, seen from outside it."""

import contextlib
import ctypes
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from finetune.extras import memory

ROOT = Path(__file__).parents[3]


def huge_pages_on_request():
    path = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return path.is_file() and "[never]" not in path.read_text(encoding="utf-8")


def without_setting():
    return {name: os.environ[name] for name in os.environ if name != "THP_MEM_ALLOC_ENABLE"}


GLIBC = platform.libc_ver()[0] == "glibc"  # elsewhere `keep_freed_memory` promises nothing

# What is resident of 200 MB, in MB, when of 40 pieces all but the last, or all, are freed. A small
# process without torch: the settings are the C library's.
RESIDENT = """
import os
from finetune.extras.memory import keep_freed_memory

def resident():
    with open("/proc/self/statm", encoding="utf-8") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

start = resident()
for enabled in (False, True):
    keep_freed_memory(enabled)
    pieces = [bytearray(b"1") * 5_000_000 for _ in range(40)]
    assert resident() - start > 190
    del pieces[:-1]
    print(resident() - start)
    del pieces[:]
    print(resident() - start)
"""


@pytest.mark.skipif(not GLIBC, reason="the setting is glibc's")
def test_freed_memory_is_kept_or_given_back():
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    *given_back, one_left, none_left = map(float, done.stdout.split())
    assert max(given_back) < 20 and min(one_left, none_left) > 190


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_where_there_is_no_mallopt_nothing_happens(monkeypatch, system):
    """Another C library, such as musl; and on Windows None names no library."""
    monkeypatch.setattr(sys, "platform", system)
    library = (lambda name: object()) if system == "linux" else None
    monkeypatch.setattr(ctypes, "CDLL", library)
    memory.keep_freed_memory(True)
    memory.keep_freed_memory(False)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("steps", [False, True])
def test_no_freed_memory_is_kept_while_a_function_runs(monkeypatch, fails, steps):
    """Whether it is called between training steps, which keep it, or outside of them."""
    order, settings = [], []

    def function(*arguments):
        order.append(arguments)
        assert not fails

    class Library:
        malloc_trim = order.append

        def mallopt(*setting):
            settings.append(setting)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library)
    monkeypatch.setattr(memory, "_kept", False)
    framed = memory.giving_back(function, True)
    with memory.keeping(steps):
        with pytest.raises(AssertionError) if fails else contextlib.nullcontext():
            framed(1, 2)
        assert memory._kept == steps
    assert order == [0, (1, 2)] + [0] * steps and not memory._kept
    kept = [value == 0 for name, value in settings if name == memory.M_MMAP_MAX]
    assert kept == ([True, False, True, False] if steps else [False, False])
    assert memory.giving_back(function, False) is function


@pytest.mark.parametrize(("before", "after"), [(None, "32"), ("7", "7")])
def test_a_smaller_cache_of_kernels_unless_the_user_has_set_one(monkeypatch, before, after):
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", before or "")
    if before is None:
        monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY")
    memory.limit_onednn_cache()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == after


@pytest.mark.parametrize(("parameters", "limited"), [(10**8, 0), (10**8 + 1, 1)])
@pytest.mark.parametrize("save_memory", [True, False])
def test_a_large_model_has_the_smaller_cache(monkeypatch, parameters, limited, save_memory):
    kept, calls = [], []
    monkeypatch.setenv("THP_MEM_ALLOC_ENABLE", "0")  # and so it stays
    monkeypatch.setattr(memory, "keep_freed_memory", kept.append)
    monkeypatch.setattr(memory, "limit_onednn_cache", lambda: calls.append(1))
    memory.prepare(parameters, save_memory)
    assert len(calls) == limited and kept == [not save_memory]
    assert os.environ["THP_MEM_ALLOC_ENABLE"] == "0"


FAULTS = """
import resource, torch
from finetune.extras import memory
memory.use_huge_pages()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
torch.ones(25_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not huge_pages_on_request(), reason="the setting is Linux's")
def test_a_large_tensor_is_made_of_huge_pages():
    """100 MB: 24,414 pages of 4 kB, or 48 of 2 MB and a few at the ends. torch reads the variable
    when it makes its first tensor, so importing torch beforehand is no harm."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FAULTS],
        cwd=ROOT, capture_output=True, check=True, timeout=60, env=without_setting(),
    )  # fmt: skip
    assert int(done.stdout) < 5000
