"""finetune/evaluate/, the lecture's loss by hand, and responses against one record at a time."""

import json
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import train
from finetune.collate import Loader, collate
from finetune.dataset import Example, Record, encode, split
from finetune.evaluate.__main__ import main
from finetune.evaluate.losses import example_losses, token_losses
from finetune.evaluate.scores import Estimate, format_table, perplexity, score
from finetune.loss import batch_loss_sum, loader_loss
from finetune.prompt import format_prompt
from finetune.records import read_records
from finetune.responses import Response, generate_responses
from gpt.errors import UserError
from gpt.sampling import generate
from gpt.tokenizer import Tokenizer
from tests import textbook
from weights import pretrained

TOKENIZER = Tokenizer(300)


def examples(n):
    return [Example(textbook.random_tokens(1, 3 + i % 7, i)[0].tolist(), 2) for i in range(n)]


@given(n=st.integers(1, 9), size=st.integers(1, 4), most=st.integers(1, 4), mask=st.booleans())
def test_loader_loss_is_the_mean_of_the_first_batches_means(n, size, most, mask):
    model, rows, means = textbook.small_model(), examples(n), []
    for start in range(0, min(n, size * most), size):
        batch = collate(rows[start : start + size], mask)
        means.append(batch_loss_sum(model, batch).item() / batch.num_targets())
    loss = loader_loss(model, Loader(rows, size, mask), most)
    assert loss == pytest.approx(sum(means) / len(means))


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_leaves_mode_and_gradients_alone(training):
    model = textbook.small_model().train(training)
    loader_loss(model, Loader(examples(3), 2), 5)
    assert model.training == training
    assert all(parameter.grad is None for parameter in model.parameters())
    with pytest.raises(IndexError):
        loader_loss(model, Loader([Example([10**6, 1], 1)], 2), 5)
    assert model.training == training


def test_responses_are_each_records_own_in_the_order_of_the_records():
    """Batches of 2 over prompts of many lengths, one of which leaves room for 3 tokens."""
    model = textbook.small_model(1, vocab_size=300, context_length=225)
    records = [Record("x" * n, "y") for n in (40, 3, 90, 41, 0, 120, 4)]
    expected = []
    for record in records:
        prompt = TOKENIZER.encode(format_prompt(record.instruction))
        (tokens,) = generate(model, [prompt], 9, TOKENIZER.end_of_text)
        expected.append(TOKENIZER.decode(tokens).strip())
    responses = generate_responses(model, TOKENIZER, records, "alpaca", 9, batch_size=2)
    assert [response.text for response in responses] == expected
    assert len(set(expected)) > 1


def test_responses_are_asked_in_the_template_given():
    model = textbook.small_model(1, vocab_size=300, context_length=200)
    by_template = {}
    for template in ("alpaca", "phi3"):
        prompt = TOKENIZER.encode(format_prompt("Hi", "there", template))
        (tokens,) = generate(model, [prompt], 9, TOKENIZER.end_of_text)
        by_template[template] = TOKENIZER.decode(tokens).strip()
        record = Record("Hi", "y", "there")
        (response,) = generate_responses(model, TOKENIZER, [record], template, 9)
        assert response.text == by_template[template]
    assert by_template["alpaca"] != by_template["phi3"]


def test_no_records_no_responses():
    assert generate_responses(textbook.small_model(vocab_size=300), TOKENIZER, [], "alpaca") == []
    assert torch.is_grad_enabled()


def test_the_loss_is_taken_in_evaluation_mode_without_a_graph_and_in_the_dtype_given():
    model, seen = textbook.small_model().float().train(), []
    model.ln_f.register_forward_hook(
        lambda module, _, output: seen.append((module.training, output.requires_grad))
    )
    rows = examples(4)
    loader, dtypes = Loader(rows, 4), (torch.float32, torch.bfloat16)
    losses = [
        loader_loss(model, loader, 1, loss_sum=partial(batch_loss_sum, dtype=d)) for d in dtypes
    ]
    assert seen == [(False, False)] * 2
    for loss, dtype in zip(losses, dtypes, strict=True):
        with torch.inference_mode():  # with a graph, attention in bfloat16 rounds elsewhere
            total = batch_loss_sum(model, collate(rows), dtype)
        assert loss == pytest.approx(total.item() / collate(rows).num_targets(), rel=1e-6)
    assert losses[0] != losses[1]


def always(token, context_length=1000):
    """A model that writes this one token, whatever it reads."""
    model = textbook.small_model(vocab_size=300, context_length=context_length)
    model.ln_f.weight.data.zero_()
    model.ln_f.bias.data.fill_(1)
    model.wte.weight.data.zero_()
    model.wte.weight.data[token] = 1
    return model


def test_a_response_is_stripped_ends_at_its_end_and_has_256_tokens_at_most():
    (a,), (space,) = TOKENIZER.encode("a"), TOKENIZER.encode(" ")
    record = Record("x", "y")
    assert generate_responses(always(a), TOKENIZER, [record], "alpaca") == [
        Response("a" * 256, False, 256)
    ]
    assert generate_responses(always(space), TOKENIZER, [record], "alpaca") == [
        Response("", False, 256)
    ]
    ended = generate_responses(always(TOKENIZER.end_of_text), TOKENIZER, [record], "alpaca")
    assert ended == [Response("", True, 0)]


@pytest.mark.parametrize("room", [1, 2])
def test_a_response_ends_where_the_context_is_full(room):
    (a,) = TOKENIZER.encode("a")
    context = len(TOKENIZER.encode(format_prompt("x"))) + room
    responses = generate_responses(always(a, context), TOKENIZER, [Record("x", "y")], "alpaca")
    assert responses == [Response("a" * room, False, room)]


@pytest.mark.parametrize("mask", [False, True])
def test_example_losses_are_those_of_each_example_alone(mask):
    """In batches that pad, and with an example whose prompt is all there is."""
    model = textbook.small_model()
    rows = [*examples(5), Example([1, 2, 3, 4], 4)]
    losses = example_losses(model, Loader(rows, 4, mask))
    for (loss, count), example in zip(losses, rows, strict=True):
        batch = collate([example], mask)
        total = torch.as_tensor(batch_loss_sum(model, batch)).item()
        assert count == batch.num_targets() and loss == pytest.approx(total, rel=1e-5)


def test_token_losses_are_minus_the_logs_of_the_softmax():
    model, batch = textbook.small_model(), collate(examples(3), mask_prompt=True)
    inputs, targets = batch
    losses = token_losses(model, batch)
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
    rows = encode(records, tokenizer, model.config.context_length, "alpaca").examples
    responses = generate_responses(model, tokenizer, records, "alpaca", 5)
    losses = example_losses(model, Loader(rows, 8))
    estimates = score(records, responses) | {"Perplexity": perplexity(losses)}
    assert f"small, val of data.json: {len(records)} records" in printed
    assert format_table(estimates, {}) in printed and "By kind" not in printed
    assert f"first 5 batches: {loader_loss(model, Loader(rows, 8), 5):.3f}" in printed
    assert main([*words, "--split", "all", "--mask-prompt"]) == 0
    assert "all of data.json: 20 records" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"data\.json: no record fits the context of 9 tokens"):
        pretrained.save(here / "narrow", textbook.small_model(vocab_size=300, context_length=9))
        main([*words, "--model", "narrow"])


def test_records_that_do_not_fit_are_in_no_score(here, capsys):
    rows = json.loads((here / "data.json").read_text(encoding="utf-8"))
    rows[3]["instruction"] = rows[17]["instruction"] = "word " * 500
    (here / "data.json").write_text(json.dumps(rows), encoding="utf-8")
    words = ["--model", "small", "--data", "data.json", "--device", "cpu", "--max-new-tokens", "3"]
    assert main([*words, "--split", "all"]) == 0
    printed = capsys.readouterr().out
    assert "data.json: 18 records" in printed
    (line,) = [line for line in printed.splitlines() if line.startswith("Exact match")]
    assert line.split()[-1] == "18"
    assert "left out 2 records, whose prompts fill the context" in printed


def test_a_run_scores_the_same_here_as_in_its_scores_json(here, capsys):
    """Responses come from float32 weights in both, whatever --dtype is."""
    options = ["--data", "data.json", "--device", "cpu", "--dtype", "bfloat16"]
    train.main(["--model", "small", *options, "--batch-size", "4", "--lr", "0.01", "--out", "r"])
    scores = json.loads((here / "r/scores.json").read_text(encoding="utf-8"))
    assert scores["dtypes"] == "responses computed in float32, losses in bfloat16"
    capsys.readouterr()
    assert main(["--model", "r/model", *options]) == 0
    printed = capsys.readouterr().out
    assert "Responses computed in float32, losses in bfloat16" in printed
    stored = {n: Estimate(**e) for n, e in scores["figures"].items() if "Perplexity" not in n}
    assert format_table(stored, {}) in printed
