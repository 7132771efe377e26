"""finetune/extras/memory_estimate.py: what a run will take, and what there is."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from finetune.collate import Loader
from finetune.dataset import encode
from finetune.extras import memory_estimate
from finetune.extras.memory_estimate import (
    Run,
    decide_low_memory,
    free_memory,
    largest_batch,
    peak_memory,
)
from finetune.extras.shared_prefixes import build_trie
from finetune.records import BUNDLED, read_records
from gpt.config import SIZES
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer

CPU = torch.device("cpu")
LARGE = Run(SIZES["355M"], torch.bfloat16, 267)

MEASURE = """
import gpt, inspect, sys, torch
from functools import partial
from finetune.collate import Batch
from finetune.extras import memory, shared_prefixes
from finetune.extras.optimizer_in_backward import AdamWInBackward
from finetune.loop import train_step
from gpt.config import GPTConfig
from gpt.model import GPT
config = GPTConfig(vocab_size=8192, context_length=256, n_layer=8, n_head=8, n_embd=512)
memory.prepare(config.num_parameters(), False)
model = GPT(config, torch.Generator().manual_seed(0)).train()
optimizer = AdamWInBackward(model.parameters(), 5e-5, 0.1, model=model)
for seed in range(2):
    tokens = torch.randint(8191, (8, 59), generator=torch.Generator().manual_seed(seed))
    tokens[:, :32] = tokens[0, :32]  # 32 + 8 · 26 = 240 positions
    loss_sum = partial(shared_prefixes.batch_loss_sum, dtype=torch.float32)
    train_step(model, optimizer, [Batch(tokens[:, :-1], tokens[:, 1:])], loss_sum)
asks = "__dynamo_disable" in inspect.getsource(torch._compile)  # torch 2.2 does not
assert not (asks and "torch._dynamo" in sys.modules), "torch's compiler, 70 MB"
with open("/proc/self/status", encoding="utf-8") as file:
    print(next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_the_estimate_is_what_a_run_takes():
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, encoding="utf-8", check=True
    )
    config = replace(SIZES["tiny"], n_layer=8, n_head=8, n_embd=512)
    estimate = peak_memory(Run(config, torch.float32, 240))
    assert estimate == pytest.approx(int(done.stdout), rel=0.1)


@pytest.mark.parametrize(
    ("changes", "gigabytes"),  # measured, 2 cores with avx512_bf16, the lecture's largest batch
    [
        ({}, 5.25),
        ({"gradient_checkpointing": True}, 4.87),
        ({"gradient_checkpointing": True, "dtype": torch.float32}, 4.85),
        ({"lora_rank": 16}, 1.82),
        ({"dtype": torch.float32}, 5.54),
        ({"config": SIZES["774M"], "gradient_checkpointing": True}, 9.99),
        ({"config": SIZES["774M"], "lora_rank": 16}, 3.33),
        ({"config": SIZES["1558M"], "gradient_checkpointing": True}, 19.64),
        ({"config": SIZES["1558M"], "lora_rank": 16}, 6.47),
        ({"config": SIZES["124M"]}, 2.16),
        ({"config": SIZES["124M"], "gradient_checkpointing": True}, 2.03),
        ({"config": SIZES["124M"], "in_backward": False}, 2.73),
        ({"config": SIZES["124M"], "positions": 1061}, 2.94),
    ],
)
def test_the_estimate_is_within_a_tenth_of_what_was_measured(changes, gigabytes):
    measured = gigabytes * 1e9 - 290e6 + memory_estimate.PROCESS  # it was torch's build for the CPU
    assert peak_memory(replace(LARGE, **changes)) == pytest.approx(measured, rel=0.1)


def test_a_head_of_its_own_has_its_gradient_as_a_whole():
    """Its weights and moments, 12 bytes, and 6 or more for the gradient, which is not in blocks."""
    config = LARGE.config
    more = peak_memory(replace(LARGE, config=replace(config, tied_head=False))) - peak_memory(LARGE)
    assert more > 18 * config.vocab_size * config.n_embd


def test_the_largest_batch_is_never_larger_than_estimated():
    tokenizer = Tokenizer(8192)
    examples = encode(read_records(BUNDLED)[:300], tokenizer, 256, "alpaca").examples
    most = largest_batch(examples, 8)
    for batch in Loader(examples, 8).shuffled(torch.Generator().manual_seed(1)):
        assert len(build_trie(batch).tokens) <= most


@pytest.mark.parametrize(
    ("wanted", "free", "chosen", "said"),
    [
        ("auto", 8e9, False, "Memory: about 5.4 GB at most; 8.0 GB are free"),
        ("auto", 5.2e9, True, "--low-memory is on, without it 5.4 GB"),
        ("off", 1e9, False, "Memory: about 5.4 GB at most; 1.0 GB are free"),
        ("on", 8e9, True, "Memory: about 4.9 GB at most; 8.0 GB are free"),
        ("auto", None, False, "Memory: about 5.4 GB at most\n"),
    ],
)
def test_it_says_what_it_decides(wanted, free, chosen, said, monkeypatch, capsys):
    monkeypatch.setattr(memory_estimate, "PROCESS", 360e6)  # that of torch's build for the CPU
    monkeypatch.setattr(memory_estimate, "free_memory", lambda device: free)
    assert decide_low_memory(wanted, LARGE, "355M", CPU) == chosen
    assert said in capsys.readouterr().out


def test_what_does_not_fit_is_refused_with_what_would(monkeypatch):
    monkeypatch.setattr(memory_estimate, "PROCESS", 360e6)
    monkeypatch.setattr(memory_estimate, "free_memory", lambda device: int(3e9))
    with pytest.raises(
        UserError, match=r"355M takes 4\.9 GB .* 3\.0 GB .*--lora-rank 16 \(1\.\d GB"
    ) as error:
        decide_low_memory("auto", LARGE, "355M", CPU)
    assert "--model 124M (2." in str(error.value) and "--low-memory off" in str(error.value)
    monkeypatch.setattr(memory_estimate, "free_memory", lambda device: int(1e8))
    with pytest.raises(UserError, match="Close other programs; --low-memory off"):
        decide_low_memory("auto", LARGE, "355M", CPU)


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux counts it")
@pytest.mark.parametrize("limit", ["RLIMIT_DATA", "RLIMIT_AS"])
def test_a_limit_of_the_process_counts(limit):
    """`ulimit -d` and `ulimit -v`, which strict accounts of memory are kept by."""
    import resource

    kind = getattr(resource, limit)
    before = resource.getrlimit(kind)
    without = free_memory(CPU)
    resource.setrlimit(kind, (without + 10**12, before[1]))  # more than there is: it does not count
    try:
        assert free_memory(CPU) < without + 10**9
        (left,) = memory_estimate._limits_free()
        resource.setrlimit(kind, (without + 10**12 - left + 10**8, before[1]))
        assert free_memory(CPU) <= 10**8
    finally:
        resource.setrlimit(kind, before)


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    """Version 2: memory.max and memory.current of the group and those above; the cache is free."""
    group = tmp_path / "a/b"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n", encoding="utf-8")
    (tmp_path / "a/memory.max").write_text("5000\n", encoding="utf-8")
    (tmp_path / "a/memory.current").write_text("3000\n", encoding="utf-8")
    (tmp_path / "a/memory.stat").write_text("anon 1\ninactive_file 700\n", encoding="utf-8")
    read = memory_estimate._text

    def text(path):
        path = str(path)
        if path == "/proc/self/cgroup":
            return "0::/a/b\n"
        return read(memory_estimate.Path(path.replace("/sys/fs/cgroup", str(tmp_path))))

    monkeypatch.setattr(memory_estimate, "_text", text)
    assert memory_estimate._container_free() == [2700]
    assert free_memory(CPU) == 2700 or sys.platform != "linux" or free_memory(CPU) is None
