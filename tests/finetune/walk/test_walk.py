"""The walk prints what the formulas of textbook.py give."""

import contextlib
import copy
import math
import re
from pathlib import Path

import pytest
import torch

from finetune.dataset import Record
from finetune.loop import train_step
from finetune.loss import batch_loss_sum
from finetune.optimizer import AdamW
from finetune.walk import steps as steps_module
from finetune.walk.__main__ import main
from finetune.walk.steps import STEPS, Walk
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer
from tests import textbook

RECORDS = [
    Record("Say the word.", "Blue."),
    Record("Say two words.", "Red and blue.", "colors"),
]


@pytest.fixture(scope="module")
def walk():
    """A small model's walk, all of its steps taken, with the model as it was before."""
    model = textbook.small_model(vocab_size=300, context_length=500).float()
    before = copy.deepcopy(model)
    walk = Walk(model, Tokenizer(300), RECORDS, layer=1, head=1, template="phi3")  # a short one
    return walk, before, dict(zip([step.__name__ for step in STEPS], walk.steps(), strict=True))


def numbers(line):
    return [float(x) for x in re.findall(r"[-+]?\d+\.\d+(?:e[-+]\d+)?", line)]


def test_its_logits_and_losses_are_the_textbooks(walk):
    walk, before, steps = walk
    tokens, prompt_length = walk.examples[0]
    logits = textbook.gpt(tokens[:-1], before)  # (T, V)
    top = torch.softmax(logits[prompt_length - 1], dim=-1).topk(5)
    printed = [numbers(line) for line in steps["predictions"][1][:5]]
    assert [p for _, p in printed] == pytest.approx(top.values.tolist(), abs=1e-4)
    expected = [
        textbook.negative_log_likelihood(logits[t], tokens[t + 1]) for t in range(len(tokens) - 1)
    ]
    shown = numbers(" ".join(steps["loss"][1][:-1]))
    assert shown == pytest.approx([x.item() for x in expected[prompt_length - 1 :]], abs=2e-3)
    losses = list(expected)
    other = walk.examples[1].tokens
    logits = textbook.gpt(other[:-1], before)
    losses += [
        textbook.negative_log_likelihood(logits[t], other[t + 1]) for t in range(len(other) - 1)
    ]
    total, mean = numbers(steps["loss"][1][-1])
    assert total == pytest.approx(sum(losses).item(), rel=1e-4)
    assert mean == pytest.approx(sum(losses).item() / len(losses), rel=1e-3)


def test_its_attention_is_the_textbooks(walk):
    walk, before, steps = walk
    tokens = walk.examples[0].tokens[:-1]
    x = before.wte.weight[tokens] + before.wpe.weight[: len(tokens)]
    x = textbook.block(x, before.h[0], before.config.n_head)
    normed = textbook.layer_norm(x, before.h[1].ln_1.weight, before.h[1].ln_1.bias)
    query, key, _ = textbook.linear(normed, before.h[1].attn.c_attn).split(before.config.n_embd, 1)
    D = before.config.n_embd // before.config.n_head
    t, part = len(tokens) - 1, slice(D, 2 * D)
    scores = query[t, part] @ key[:, part].T / math.sqrt(D)
    lines = steps["attention"][1]
    assert numbers(lines[4])[-4:] == pytest.approx(scores[-4:].tolist(), abs=2e-3)
    assert numbers(lines[8])[-4:] == pytest.approx(torch.softmax(scores, 0)[-4:].tolist(), abs=2e-3)


def test_its_update_is_adamws(walk):
    walk, before, steps = walk
    lines = [numbers(line) for line in steps["adamw"][1]]
    w, gradient, after = lines[0][-1], lines[1][-1], lines[-1][-1]
    assert w == pytest.approx(before.h[1].attn.c_attn.weight[0, 0].item(), abs=1e-8)
    step = 5e-5 * gradient / (abs(gradient) + 1e-8)  # at the first step m / √v is the sign
    assert after == pytest.approx(w * (1 - 5e-5 * 0.1) - step, abs=2e-8)
    squares = sum(p.grad.to_dense().square().sum().item() for p in walk.model.h[0].parameters())
    shown = next(line for line in steps["gradients"][1] if line.split()[0] == "h.0")
    assert numbers(shown)[0] == pytest.approx(math.sqrt(squares), abs=1e-4)


def test_every_step_names_a_line_that_is_there(walk):
    for title, _ in walk[2].values():
        path, line = re.search(r"\((\S+\.py):(\d+)\)", title).groups()
        text = Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert re.match(r"\s*(def|class|@)", text), title


def test_one_step_alone_and_what_is_not_there(capsys):
    assert main(["--step", "3"]) == 0
    assert capsys.readouterr().out.startswith("\n3. As token ids")
    assert main(["--record", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 100 and max(map(len, lines)) <= 80
    for words in (["--step", "11"], ["--record", "1100"], ["--layer", "99"], ["--head", "99"]):
        with pytest.raises(UserError, match=words[0]):
            main(words)


@pytest.mark.parametrize(("off", "noticed"), [(5e-6, False), (1e-3, True)])
def test_losses_near_zero_are_explained_too(monkeypatch, off, noticed):
    """As after four epochs. What the walk sums and the loop's loss are rounded otherwise: that is
    more than a ten-thousandth of almost nothing, and no mistake. More is one."""
    model = textbook.small_model(vocab_size=300, context_length=500).float()
    walk = Walk(model, Tokenizer(300), RECORDS, layer=1, head=1, template="phi3", mask_prompt=True)
    optimizer = AdamW(model.parameters(), 0.05, 0.0)
    for _ in range(60):
        train_step(model, optimizer, [walk.batch])
    walk = Walk(model, Tokenizer(300), RECORDS, layer=1, head=1, template="phi3", mask_prompt=True)

    def loss_sum(*arguments):
        return batch_loss_sum(*arguments) + off * walk.batch.num_targets()

    monkeypatch.setattr(steps_module, "batch_loss_sum", loss_sum)
    with pytest.raises(AssertionError) if noticed else contextlib.nullcontext():
        assert len([*walk.steps()]) == len(STEPS) and walk.mean.item() < 0.04
