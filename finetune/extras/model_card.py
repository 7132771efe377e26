"""The model card of a run: the README.md beside its weights, in the form Hugging Face reads."""

from collections.abc import Mapping
from typing import Any

from finetune.loop import Metrics
from finetune.prompt import format_prompt
from weights.sources import hugging_face_name


def model_card(
    options: Mapping[str, Any],
    metrics: Metrics | None = None,
    scores: Mapping[str, str] | None = None,
) -> str:
    """The card's text, in Markdown.

    `options` are those in options.json, `metrics` the last evaluation, and `scores` each score's
    name and its figure as text.
    """
    base, template = options["model"], options["template"]
    lines = ["---", "language: en", "library_name: transformers", "pipeline_tag: text-generation"]
    if options["init"] == "pretrained" and hugging_face_name(base) != base:
        lines.append(f"base_model: {hugging_face_name(base)}")
    began = "new random weights" if options["init"] == "random" else "its pretrained weights"
    how = f"LoRA, rank {options['lora_rank']}" if options.get("lora_rank") else "all parameters"
    lines += [
        "---",
        "",
        "# GPT-2, fine-tuned to follow instructions",
        "",
        f"From GPT-2 `{base}`, starting with {began}; trained: {how}.",
        f"Epochs: {options['epochs']}. Batch size: {options['batch_size']}. Learning rate: "
        f"{options['lr']:g}. Seed: {options['seed']}.",
        "",
        f"Its prompt is the template `{template}`, which `chat_template` in "
        "`tokenizer_config.json` gives to other programs:",
        "",
        "```",
        format_prompt("Name a colour.", template=template).rstrip("\n"),
        "```",
    ]
    figures = dict(scores or {})
    if metrics is not None:
        figures |= {
            "Training loss": f"{metrics.train_loss:.3f}",
            "Validation loss": f"{metrics.val_loss:.3f}",
            "Tokens trained on": f"{metrics.tokens:,}",
        }
    if figures:
        lines += ["", "| | |", "|---|---|"]
        lines += [f"| {name} | {figure} |" for name, figure in figures.items()]
    return "\n".join(lines) + "\n"
