"""finetune/prompt.py: the templates, letter by letter."""

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.prompt import TEMPLATES, chat_template, format_prompt


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


def rendered(template, messages):
    """As transformers renders a chat template (utils/chat_template_utils.py)."""

    def raise_exception(message):
        raise jinja2.TemplateError(message)

    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = raise_exception
    compiled = environment.from_string(chat_template(template))
    return compiled.render(messages=messages, add_generation_prompt=True, eos_token="<|endoftext|>")


@pytest.mark.parametrize("template", TEMPLATES)
@given(instruction=st.text(), input=st.text())
def test_the_chat_template_gives_the_prompt_to_the_character(template, instruction, input):
    between = {"alpaca": "\n\n### Input:\n", "phi3": "\n"}[template]
    user = {"role": "user", "content": instruction + (between + input if input else "")}
    prompt = format_prompt(instruction, input, template)
    assert rendered(template, [user]) == prompt
    assistant = {"role": "assistant", "content": "So it is."}
    assert rendered(template, [user, assistant, user]) == (
        f"{prompt}So it is.<|endoftext|>{prompt}"
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_chat_template_knows_no_other_role(template):
    with pytest.raises(jinja2.TemplateError, match="user and assistant"):
        rendered(template, [{"role": "system", "content": "Be brief."}])
