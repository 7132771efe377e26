"""A LoRA adapter as a directory in the layout of PEFT, Hugging Face's library for such adapters.

    adapter_config.json         rank, alpha, and which layers
    adapter_model.safetensors   each layer's A (rank, in) and B (out, rank)

`PeftModel.from_pretrained(base, directory)` puts it onto the model that it was trained on.
"""

import json
from pathlib import Path

from finetune.extras.lora import LoRALinear
from gpt.model import GPT
from weights import safetensors
from weights.files import write_text


def save(directory: Path, model: GPT, base: str) -> None:
    """Write the adapter of `model` into `directory`. `base` is where its frozen part is found.

    Where `adapter_model.safetensors` is, all of it is there. Raises OSError.
    """
    layers = [(n, layer) for n, layer in model.named_modules() if isinstance(layer, LoRALinear)]
    fields = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": layers[0][1].rank,
        "lora_alpha": layers[0][1].alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted({name.rpartition(".")[2] for name, _ in layers}),
        "fan_in_fan_out": True,  # the weights beside which they stand are [in, out] in files
        "inference_mode": True,
    }
    directory.mkdir(parents=True, exist_ok=True)
    write_text(directory / "adapter_config.json", json.dumps(fields, indent=2) + "\n")
    tensors = {}
    for name, layer in layers:
        prefix = f"base_model.model.transformer.{name}"
        tensors[f"{prefix}.lora_A.weight"] = layer.lora_A
        tensors[f"{prefix}.lora_B.weight"] = layer.lora_B
    safetensors.write(directory / "adapter_model.safetensors", tensors)
