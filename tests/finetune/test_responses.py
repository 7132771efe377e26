"""finetune/responses.py: where a response ends, and how it is streamed, collected and batched."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune import responses
from finetune.dataset import Record
from finetune.prompt import HEADERS, prompt_tokens
from finetune.responses import (
    Assistant,
    Response,
    collect_response,
    generate_responses,
    stream_responses,
)
from gpt.errors import UserError
from gpt.sampling import GREEDY, Sampling, generate
from gpt.tokenizer import Tokenizer
from tests import textbook

TOKENIZER = Tokenizer(300)
END = TOKENIZER.end_of_text


def small_model(seed=1):
    return textbook.small_model(seed, vocab_size=300, context_length=200).float()


def assistant(sampling=GREEDY, max_new_tokens=5, template="alpaca", model=None):
    generator = torch.Generator().manual_seed(1)
    model = model or small_model()
    return Assistant("m", model, TOKENIZER, template, True, max_new_tokens, sampling, generator)


def written(monkeypatch, text, end=()):
    """A stream of the text's tokens in place of a model's, which `stop` ends as it would a row."""
    tokens = [*TOKENIZER.encode(text), *end]

    def stream(model, prompts, max_new_tokens, end_of_text, sampling, generators, stop):
        for length, token in enumerate(tokens, start=1):
            yield 0, token
            if stop and stop(tokens[:length]):
                return

    monkeypatch.setattr(responses, "generate_stream", stream)


def test_draws_continue_from_response_to_response_and_a_seed_gives_all_of_them_again():
    def three():
        asked = assistant(Sampling(1.0))
        return ["".join(asked.stream("x")) for _ in range(3)]

    assert three() == three() and len(set(three())) == 3


def test_top_k_and_top_p_count_only_at_a_temperature():
    greedy = "".join(assistant().stream("x"))
    for sampling in (Sampling(0.0, 5, 0.5), Sampling(1.0, 1), Sampling(1.0, None, 1e-6)):
        assert "".join(assistant(sampling).stream("x")) == greedy


@pytest.mark.parametrize(("tokens", "text"), [(4, "🌍"), (3, "\ufffd"), (9, "🌍🌍\ufffd")])
def test_a_character_is_printed_when_all_its_bytes_are_there(monkeypatch, tokens, text):
    """Of four bytes, a token each; a response that is cut off within one shows one sign for it."""
    earth = TOKENIZER.encode("🌍")
    assert len(earth) == 4
    monkeypatch.setattr(
        responses, "generate_stream", lambda *_: ((0, earth[i % 4]) for i in range(tokens))
    )
    pieces = list(assistant().stream("x"))
    assert "".join(pieces) == text
    assert all(piece in ("", "🌍", "\ufffd") for piece in pieces)


@pytest.mark.parametrize(("end", "hit_eos"), [([END], True), ([], False)])
def test_whether_a_response_hit_the_end_of_text_is_known_of_each(monkeypatch, end, hit_eos):
    asked = assistant()
    for text in (" ab ", ""):
        written(monkeypatch, text, end)
        list(asked.stream("x"))
        assert asked.last == Response(text.strip(), hit_eos, len(TOKENIZER.encode(text)))


@pytest.mark.parametrize("template", HEADERS)
def test_a_response_ends_where_it_begins_a_header(monkeypatch, template):
    model = small_model()
    for header in HEADERS[template]:
        for before, after in (("It is.\n\n", "\nNo more"), ("", " x"), ("#\n<\n", "")):
            text = before + header + after
            written(monkeypatch, text)
            asked = assistant(template=template, model=model)
            assert "".join(asked.stream("x")) == before
            used = len(TOKENIZER.encode(before + header))
            assert asked.last == Response(before.strip(), False, used)
            (response,) = generate_responses(model, TOKENIZER, [Record("x", "y")], template)
            assert response == asked.last
        for text in (f"Not {header} here", f"\n {header}", header[:-1], f"a\n{header[:-1]}\nb"):
            written(monkeypatch, text)
            asked = assistant(template=template, model=model)
            assert "".join(asked.stream("x")) == text and asked.last.text == text.strip()
    written(monkeypatch, f"a\n{header}\nb")
    assert "".join(assistant(template=None).stream("x")) == f"a\n{header}\nb"


@given(text=st.lists(st.sampled_from(["\n", "###", " Response:", "### ", "a"])).map("".join))
def test_streamed_pieces_are_the_collected_text(text):
    with pytest.MonkeyPatch.context() as patch:
        written(patch, text)
        asked = assistant(model=torch.nn.Identity())
        patch.setattr(Assistant, "prompt", lambda *_: [1])
        pieces = list(asked.stream("x"))
    assert "".join(pieces).strip() == asked.last.text
    assert asked.last.text == collect_response(TOKENIZER, TOKENIZER.encode(text), "alpaca").text


RECORDS = [Record(f"Say {i}." + " Now" * (i % 5), "", "") for i in range(11)]


@pytest.mark.parametrize("sorted_together", [1, 2, 4])
def test_batches_give_each_record_what_it_gets_alone_in_their_order(monkeypatch, sorted_together):
    monkeypatch.setattr(responses, "SORTED", sorted_together)
    model = small_model()
    expected = []
    for record in RECORDS:
        prompt = prompt_tokens(TOKENIZER, record.instruction, "", "phi3")
        (tokens,) = generate(model, [prompt], 6, END)
        expected.append(TOKENIZER.decode(tokens).strip())
    together = generate_responses(model, TOKENIZER, RECORDS, "phi3", 6, batch_size=3)
    assert [response.text for response in together] == expected


def test_a_drawn_response_depends_on_the_seed_and_its_position_alone():
    model, settings = small_model(), ("phi3", 6, 4, Sampling(1.5))
    whole = list(stream_responses(model, TOKENIZER, RECORDS, *settings, seed=7))
    rest = list(stream_responses(model, TOKENIZER, RECORDS[5:], *settings, seed=12))
    assert whole[5:] == rest and len({response.text for response in whole}) > 5


def test_a_response_also_ends_where_the_context_is_full_and_a_prompt_leaves_room_for_a_token():
    model = small_model()
    fits, full = (Record("q7" * n, "", "") for n in (99, 100))  # 198 and 200 tokens of 200
    (response,) = generate_responses(model, TOKENIZER, [fits], None, 50)
    assert response.tokens == 2
    asked = assistant(max_new_tokens=50, template=None, model=model)
    list(asked.stream(fits.instruction))
    assert asked.last == response
    with pytest.raises(UserError, match="prompt 2 has 200 tokens and the model's context is 200"):
        generate_responses(model, TOKENIZER, [fits, full], None, 50)
    with pytest.raises(UserError, match="the prompt has 200 tokens"):
        asked.stream(full.instruction)
