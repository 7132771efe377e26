"""finetune/device.py: what "auto" means on a machine that has, or has not, the hardware."""

import pytest
import torch

from finetune.collate import Batch
from finetune.device import SINGLE_PROCESS, choose_device, choose_dtype
from gpt.errors import UserError
from tests import textbook


def test_a_device_that_is_not_there_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == choose_device("cpu").type == "cpu"
    for name in ("cuda", "mps"):
        with pytest.raises(UserError, match=f"--device {name}: not usable here"):
            choose_device(name)


def test_auto_takes_the_gpu_that_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    assert choose_device("cpu").type == "cpu"
    monkeypatch.setattr("finetune.device._mps_is_correct", lambda: True)
    assert choose_device("auto").type == "cuda"
    assert choose_device("mps").type == "mps"


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True, "avx512_bf16": False}, torch.bfloat16),
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, torch.float32),
        ({}, torch.float32),
    ],
)
def test_auto_is_bfloat16_only_where_the_cpu_multiplies_it(monkeypatch, features, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features, raising=False)
    assert choose_dtype("auto", torch.device("cpu")) == expected
    assert choose_dtype("float32", torch.device("cpu")) == torch.float32
    assert choose_dtype("bfloat16", torch.device("cpu")) == torch.bfloat16
    assert choose_dtype("auto", torch.device("mps")) == torch.float32


@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0)])
def test_auto_is_bfloat16_on_gpus_from_ampere_on(monkeypatch, capability):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch, "set_float32_matmul_precision", lambda precision: None)
    expected = torch.bfloat16 if capability >= (8, 0) else torch.float32
    assert choose_dtype("auto", torch.device("cuda")) == expected


def test_mps_is_taken_only_from_torch_2_9_and_if_it_multiplies_rightly(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch, "__version__", "2.8.0")
    assert choose_device("auto").type == "cpu"
    monkeypatch.setattr(torch, "__version__", "2.10.1")
    to = torch.Tensor.to
    for error, expected in ((0.0, "mps"), (0.01, "cpu")):
        # stands for Apple's GPU: the CPU, with an error put in on the way there
        monkeypatch.setattr(
            torch.Tensor,
            "to",
            lambda x, device, error=error: x + error if device == "mps" else to(x, device),
        )
        assert choose_device("auto").type == expected


def test_one_process_does_the_plain_thing():
    """Its batches are all of them, its sums its own numbers, its gradients those of backward."""
    model, one = textbook.small_model(), SINGLE_PROCESS
    assert one.wrap(model) is model and one.is_main_process and one.world_size == 1
    assert one.all_reduce_sum(0.1) == 0.1 and not one.shard
    batches = [Batch(textbook.random_tokens(2, 5, n), torch.zeros(2, 5)) for n in range(3)]
    with torch.device("meta"):
        elsewhere = textbook.GPT(textbook.small_config())
    for where in (model, elsewhere):
        found = [*one.local_batches(where, batches)]
        assert [tuple(each.inputs.shape) for each in found] == [(2, 5)] * 3
        assert {part.device for each in found for part in each} == {where.device}
    one.backward(2 * model.ln_f.bias.sum())
    assert model.ln_f.bias.grad.tolist() == [2.0] * 8
    with one.main_process_first(), one.unsharded(model):
        pass
