"""finetune/extras/model_card.py: the card beside a run's weights."""

from finetune.extras.model_card import model_card
from finetune.loop import Metrics
from finetune.prompt import TEMPLATES, format_prompt

OPTIONS = {
    "model": "355M", "init": "pretrained", "template": "alpaca", "lora_rank": None,
    "epochs": 2, "batch_size": 8, "lr": 5e-5, "seed": 123,
}  # fmt: skip


def test_it_names_the_base_the_recipe_the_prompt_and_the_losses():
    card = model_card(OPTIONS, Metrics(231, 2.0, 1000, 1.0, 5e-5, 1.0, 0.299, 0.657))
    assert "base_model: openai-community/gpt2-medium" in card and "Learning rate: 5e-05" in card
    assert "0.299" in card and "0.657" in card
    for template in TEMPLATES:
        text = format_prompt("Name a colour.", template=template).rstrip("\n")
        assert text in model_card(OPTIONS | {"template": template})


def test_a_model_of_ones_own_has_no_base_and_lora_says_its_rank():
    card = model_card(OPTIONS | {"model": "my/model", "init": "random", "lora_rank": 16})
    assert "base_model" not in card and "rank 16" in card and "new random weights" in card


def test_a_run_writes_it(finished_run):
    _, directory, _ = finished_run
    card = (directory / "model/README.md").read_text(encoding="utf-8")
    assert card.startswith("---\n") and "`alpaca`" in card
