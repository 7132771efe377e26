"""weights/adapter.py: PEFT's layout, by its names, shapes and formula."""

import json

import torch

from finetune.extras import adapter, lora
from tests import textbook
from weights import safetensors


def test_the_files_are_those_of_peft_and_give_the_same_logits(tmp_path):
    """What PEFT does with them, written out: W [in, out] + (A · B as [in, out]) · alpha / r."""
    model = textbook.small_model(1)
    lora.add(model, 2, 6.0, torch.Generator().manual_seed(1))
    for name, parameter in model.named_parameters():
        if name.endswith("lora_B"):
            parameter.data.normal_(std=0.3, generator=torch.Generator().manual_seed(3))
    adapter.save(tmp_path / "a", model, "openai-community/gpt2")
    fields = json.loads((tmp_path / "a/adapter_config.json").read_text(encoding="utf-8"))
    assert fields["peft_type"] == "LORA" and fields["fan_in_fan_out"] is True
    assert (fields["r"], fields["lora_alpha"], fields["bias"]) == (2, 6.0, "none")
    assert fields["target_modules"] == ["c_attn", "c_fc", "c_proj"]
    assert fields["base_model_name_or_path"] == "openai-community/gpt2"

    tensors = safetensors.read(tmp_path / "a/adapter_model.safetensors")
    base, expected = textbook.small_model(1), textbook.random_tokens(2, 7, 1)
    for n, block in enumerate(base.h):
        for of in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"):
            prefix = f"base_model.model.transformer.h.{n}.{of}"
            a, b = (tensors.pop(f"{prefix}.lora_{x}.weight") for x in "AB")
            layer = block.get_submodule(of)
            assert a.shape == (2, layer.in_features) and b.shape == (layer.out_features, 2)
            in_out = layer.weight.data.t() + (b @ a).t() * fields["lora_alpha"] / fields["r"]
            layer.weight.data = in_out.t()
    assert not tensors
    torch.testing.assert_close(base(expected), model(expected))
