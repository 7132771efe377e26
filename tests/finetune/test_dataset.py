"""finetune/dataset.py: the split, and where a response is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.dataset import DataError, Record, encode, left_out_note, split
from finetune.prompt import format_prompt
from gpt.tokenizer import Tokenizer

TOKENIZER = Tokenizer(300)
words = st.text(min_size=1).filter(str.strip)


@given(total=st.integers(10, 3000))
def test_a_split_keeps_the_order_and_loses_nothing(total):
    rows = list(range(total))
    train, test, validation = split(rows, "x")
    assert train + test + validation == rows
    assert len(train) == int(total * 0.85) and len(test) == int(total * 0.1)
    assert validation


def test_the_lectures_split():
    assert [len(part) for part in split(range(1100), "x")] == [935, 110, 55]


@pytest.mark.parametrize("total", range(10))
def test_too_few_records_to_split_says_how_many_are_needed(total):
    with pytest.raises(DataError, match=f"my.json: {total} records .* at least 10 are needed"):
        split(range(total), "my.json")
    assert all(split(range(10), "my.json"))


@pytest.mark.parametrize("template", ["alpaca", "phi3"])
@given(instruction=words, input=st.text(), output=words)
def test_an_example_is_prompt_response_and_one_end(template, instruction, input, output):
    record = Record(instruction, output, input)
    (example,), kept, left_out = encode([record], TOKENIZER, 10**6, template)
    prompt, response = (
        example.tokens[: example.prompt_length],
        example.tokens[example.prompt_length :],
    )
    assert TOKENIZER.decode(prompt) == format_prompt(instruction, input, template)
    assert response[-1] == TOKENIZER.end_of_text and TOKENIZER.end_of_text not in response[:-1]
    assert TOKENIZER.decode(response[:-1]) == output
    assert kept == [record] and left_out == []


def test_prompt_and_response_are_encoded_apart():
    """Together, line breaks on both sides of the boundary would become one token."""
    tokenizer = Tokenizer()
    record = Record("i", "\n\nx")
    prompt, response = tokenizer.encode(format_prompt("i")), tokenizer.encode(record.output)
    assert tokenizer.encode(format_prompt("i") + record.output) != prompt + response
    (example,), _, _ = encode([record], tokenizer, 10**6, "alpaca")
    assert example.tokens == [*prompt, *response, tokenizer.end_of_text]


def test_a_response_that_spells_the_end_of_text_keeps_its_real_end():
    record = Record("Which token ends a text?", "It is <|endoftext|>.")
    (example,), _, _ = encode([record], TOKENIZER, 10**6, "alpaca")
    assert example.tokens.count(TOKENIZER.end_of_text) == 1
    assert example.tokens[-1] == TOKENIZER.end_of_text
    assert TOKENIZER.decode(example.tokens[:-1]).endswith("It is <|endoftext|>.")


@given(output=st.text(alphabet="abc", min_size=1, max_size=8), less=st.integers(-3, 12))
def test_cutting_at_below_and_above_every_boundary(output, less):
    """A context of T tokens reads T and is asked for T: T + 1 of prompt, response and end."""
    record = Record("i", output)
    prompt = TOKENIZER.encode(format_prompt("i"))
    response = TOKENIZER.encode(output)
    everything = [*prompt, *response, TOKENIZER.end_of_text]
    context = len(everything) - 1 - less
    if context <= len(prompt):
        with pytest.raises(DataError, match=f"records: no record fits the context of {context}"):
            encode([record, record], TOKENIZER, context, "alpaca")
        return
    examples, kept, left_out = encode([record, record], TOKENIZER, context, "alpaca")
    assert kept == [record, record] and left_out == []
    if less <= 0:
        assert examples[0].tokens == everything
    else:
        assert examples[0].tokens == everything[: context + 1]
        assert examples[0].tokens[-1] != TOKENIZER.end_of_text
        assert len(examples[0].tokens) > examples[0].prompt_length


def test_records_whose_prompts_fill_the_context_are_left_out_and_named():
    long = Record("A long story " * 40, "x")
    encoded = encode([long, *[Record("i", "o")] * 3, *[long] * 6], TOKENIZER, 400, "alpaca")
    assert encoded.records == [Record("i", "o")] * 3 == [Record("i", "o")] * len(encoded.examples)
    assert encoded.left_out == [long] * 7
    assert left_out_note(encoded, "my.json") == (
        "my.json: left out 7 records, whose prompts fill the context: "
        + ", ".join([repr(long.instruction[:40])] * 5)
        + ", …"
    )
