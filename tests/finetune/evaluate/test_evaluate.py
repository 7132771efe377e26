"""finetune/evaluate.py: the lecture's figure by hand, and answers against one record at a time."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.collate import collate
from finetune.dataset import Example, Record, encode, read_records, split
from finetune.evaluate.__main__ import answers, main, mean_loss, record_losses, token_losses
from finetune.evaluate.scores import Answer, perplexity, scored, table
from finetune.loss import summed_loss
from finetune.prompt import format_prompt
from gpt.errors import UserError
from gpt.sampling import generate
from gpt.tokenizer import Tokenizer
from tests import textbook
from weights import pretrained

TOKENIZER = Tokenizer(300)


def examples(n):
    return [Example(textbook.random_tokens(1, 3 + i % 7, i)[0].tolist(), 2) for i in range(n)]


@given(n=st.integers(1, 9), size=st.integers(1, 4), most=st.integers(1, 4), mask=st.booleans())
def test_mean_loss_is_the_mean_of_the_first_batches_means(n, size, most, mask):
    model, rows, means = textbook.small_model(), examples(n), []
    for start in range(0, min(n, size * most), size):
        loss, count = summed_loss(model, *collate(rows[start : start + size], mask))
        means.append(loss.item() / count)
    assert mean_loss(model, rows, size, most, mask) == pytest.approx(sum(means) / len(means))


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_leaves_mode_and_gradients_alone(training):
    model = textbook.small_model().train(training)
    mean_loss(model, examples(3), 2, 5)
    assert model.training == training
    assert all(parameter.grad is None for parameter in model.parameters())
    with pytest.raises(IndexError):
        mean_loss(model, [Example([10**6, 1], 1)], 2, 5)
    assert model.training == training


def test_answers_are_each_records_own_in_the_order_of_the_records():
    """Batches of 2 over prompts of many lengths, some of which fill or pass the context."""
    model = textbook.small_model(1, vocab_size=300, context_length=200)
    records = [Record("x" * n, "y") for n in (40, 3, 90, 41, 0, 120, 4)]
    expected = []
    for record in records:
        prompt = TOKENIZER.encode(format_prompt(record.instruction))
        room = min(9, 200 - len(prompt))
        tokens = generate(model, [prompt], room, TOKENIZER.end_of_text) if room > 0 else [[]]
        expected.append(TOKENIZER.decode(tokens[0]).strip())
    given = answers(model, TOKENIZER, records, "alpaca", 9, batch_size=2)
    assert [answer.text for answer in given] == expected
    assert expected[5] == "" and len(set(expected)) > 1


def test_answers_are_asked_in_the_template_given():
    model = textbook.small_model(1, vocab_size=300, context_length=200)
    by_template = {}
    for template in ("alpaca", "phi3"):
        prompt = TOKENIZER.encode(format_prompt("Hi", "there", template))
        (tokens,) = generate(model, [prompt], 9, TOKENIZER.end_of_text)
        by_template[template] = TOKENIZER.decode(tokens).strip()
        record = Record("Hi", "y", "there")
        (given,) = answers(model, TOKENIZER, [record], template, 9)
        assert given.text == by_template[template]
    assert by_template["alpaca"] != by_template["phi3"]


def test_no_records_no_answers():
    assert answers(textbook.small_model(vocab_size=300), TOKENIZER, [], "alpaca") == []
    assert torch.is_grad_enabled()


def test_the_loss_is_taken_in_evaluation_mode_without_a_graph_and_in_the_dtype_given():
    model, seen = textbook.small_model().float().train(), []
    model.ln_f.register_forward_hook(
        lambda module, _, output: seen.append((module.training, output.requires_grad))
    )
    rows = examples(4)
    losses = [mean_loss(model, rows, 4, 1, dtype=d) for d in (torch.float32, torch.bfloat16)]
    assert seen == [(False, False)] * 2
    for loss, dtype in zip(losses, (torch.float32, torch.bfloat16), strict=True):
        with torch.inference_mode():  # with a graph, attention in bfloat16 rounds elsewhere
            total, count = summed_loss(model, *collate(rows), dtype)
        assert loss == pytest.approx(total.item() / count, rel=1e-6)
    assert losses[0] != losses[1]


def always(token, context_length=1000):
    """A model that writes this one token, whatever it reads."""
    model = textbook.small_model(vocab_size=300, context_length=context_length)
    model.ln_f.weight.data.zero_()
    model.ln_f.bias.data.fill_(1)
    model.wte.weight.data.zero_()
    model.wte.weight.data[token] = 1
    return model


def test_an_answer_is_stripped_ends_at_its_end_and_has_256_tokens_at_most():
    (a,), (space,) = TOKENIZER.encode("a"), TOKENIZER.encode(" ")
    record = Record("x", "y")
    assert answers(always(a), TOKENIZER, [record], "alpaca") == [Answer("a" * 256, False, 256)]
    assert answers(always(space), TOKENIZER, [record], "alpaca") == [Answer("", False, 256)]
    ended = answers(always(TOKENIZER.end_of_text), TOKENIZER, [record], "alpaca")
    assert ended == [Answer("", True, 0)]


@pytest.mark.parametrize("room", [-1, 0, 1, 2])
def test_an_answer_ends_where_the_context_is_full(room):
    (a,) = TOKENIZER.encode("a")
    context = len(TOKENIZER.encode(format_prompt("x"))) + room
    answer = answers(always(a, context), TOKENIZER, [Record("x", "y")], "alpaca")
    assert answer == [Answer("a" * max(0, room), False, max(0, room))]


@pytest.mark.parametrize("mask", [False, True])
def test_record_losses_are_those_of_each_example_alone(mask):
    """In batches that pad, and with an example whose prompt is all there is."""
    model = textbook.small_model()
    rows = [*examples(5), Example([1, 2, 3, 4], 4)]
    for (loss, count), example in zip(record_losses(model, rows, 4, mask), rows, strict=True):
        total, tokens = summed_loss(model, *collate([example], mask))
        assert count == tokens and loss == pytest.approx(torch.as_tensor(total).item(), rel=1e-5)


def test_token_losses_are_minus_the_logs_of_the_softmax():
    model, (inputs, targets) = textbook.small_model(), collate(examples(3), mask_prompt=True)
    losses = token_losses(model, inputs, targets)
    logs = model(inputs).log_softmax(dim=-1)
    for row, column in (targets == -100).nonzero().tolist():
        assert losses[row, column] == 0
    for row, column in (targets != -100).nonzero().tolist():
        expected = -logs[row, column, targets[row, column]].item()
        assert losses[row, column].item() == pytest.approx(expected, rel=1e-5)


def test_the_command_scores_a_part_of_the_records(here, capsys):
    words = ["--model", "small", "--data", "data.json", "--dtype", "float32", "--device", "cpu"]
    words += ["--max-new-tokens", "5"]
    assert main([*words, "--split", "val"]) == 0
    printed = capsys.readouterr().out
    model, tokenizer, _ = pretrained.load(here / "small")
    records = split(read_records("data.json"), "").validation
    rows, _ = encode(records, tokenizer, model.config.context_length, "alpaca")
    given = answers(model, tokenizer, records, "alpaca", 5)
    figures = scored(records, given) | {"Perplexity": perplexity(record_losses(model, rows, 8))}
    assert f"small, val of data.json: {len(records)} records" in printed
    assert table(figures, {}) in printed and "By kind" not in printed
    assert f"first 5 batches: {mean_loss(model, rows, 8, 5):.3f}" in printed
    assert main([*words, "--split", "all", "--mask-prompt"]) == 0
    assert "all of data.json: 20 records" in capsys.readouterr().out
    with pytest.raises(UserError, match="no record fits the model's context"):
        pretrained.save(here / "narrow", textbook.small_model(vocab_size=300, context_length=9))
        main([*words, "--model", "narrow"])
