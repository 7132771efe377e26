"""finetune/prompt.py: the templates, letter by letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.prompt import TEMPLATES, format_prompt


def test_alpaca_is_the_lectures():
    assert format_prompt("Name a colour.") == (
        "Below is an instruction that describes a task. Write a response that appropriately "
        "completes the request.\n\n### Instruction:\nName a colour.\n\n### Response:\n"
    )
    assert format_prompt("Correct it.", "freind") == (
        "Below is an instruction that describes a task. Write a response that appropriately "
        "completes the request.\n\n### Instruction:\nCorrect it.\n\n### Input:\nfreind"
        "\n\n### Response:\n"
    )


def test_phi3_is_a_turn_of_the_user_and_the_assistants_header():
    assert format_prompt("Name a colour.", template="phi3") == (
        "<|user|>\nName a colour.\n<|assistant|>\n"
    )
    assert format_prompt("Correct it.", "freind", "phi3") == (
        "<|user|>\nCorrect it.\nfreind\n<|assistant|>\n"
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_white_space_at_the_ends_of_a_text_is_kept(template):
    prompt = format_prompt("\n code \t", "  \n    x = 1\n", template)
    assert "\n code \t" in prompt and "  \n    x = 1\n" in prompt


@pytest.mark.parametrize("template", TEMPLATES)
@given(instruction=st.text(), input=st.text())
def test_a_prompt_holds_its_parts_and_ends_with_the_header(template, instruction, input):
    prompt = format_prompt(instruction, input, template)
    assert instruction in prompt and input in prompt
    header = {"alpaca": "### Response:\n", "phi3": "<|assistant|>\n"}[template]
    assert prompt.endswith(header)
