"""finetune/pretrain/: a model learns from a folder of texts, is measured, and goes on."""

import json
import math
import re

import pytest
import torch

from finetune.collate import Batch
from finetune.evaluate.losses import token_losses
from finetune.extras import run_directory
from finetune.pretrain.__main__ import PretrainOptions, main
from finetune.pretrain.held_out import text_loss
from finetune.pretrain.texts import Text
from gpt.errors import UserError
from gpt.tokenizer import Tokenizer
from tests import textbook
from weights import pretrained

OPTIONS = ["--data", "texts", "--hold-out", "b.txt", "--model", "short", "--batch-size", "2"]
OPTIONS += ["--warmup-steps", "2", "--lr", "0.01", "--eval-every", "4", "--epochs", "2"]
OPTIONS += ["--dtype", "float32", "--device", "cpu"]


@pytest.fixture
def texts(here):
    pretrained.save(here / "short", textbook.small_model(vocab_size=300, context_length=32))
    (here / "texts").mkdir()
    for name, count in (("a.txt", 400), ("b.txt", 60)):
        words = " ".join(f"The {'cat' if i % 3 else 'dog'} sat." for i in range(count))
        (here / "texts" / name).write_text(words, encoding="utf-8")
    return here


def test_it_learns_and_leaves_a_run_behind(texts, capsys):
    assert main([*OPTIONS, "--out", "r"]) == 0
    printed = capsys.readouterr().out
    lines = (texts / "r/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    metrics = [json.loads(line) for line in lines]
    assert metrics[0]["val_loss"] == pytest.approx(math.log(300), abs=0.5)
    assert metrics[-1]["val_loss"] < 1.5
    model, tokenizer, template = pretrained.load(texts / "r/model")
    assert template is None
    text = Text("b.txt", (texts / "texts/b.txt").read_text(encoding="utf-8"))
    assert text_loss(model, tokenizer, text, 2, torch.float32) in printed
    (sample,) = json.loads((texts / "r/responses.json").read_text(encoding="utf-8"))
    assert text.text.startswith(sample["instruction"] + sample["output"])
    assert sample["response"] and {*sample["response"]} <= {*text.text}  # of 300 tokens, its own
    assert "--hold-out=b.txt" in (texts / "r/report.html").read_text(encoding="utf-8")
    assert main(["--resume", "r"]) == 0
    assert "finished" in capsys.readouterr().out


def test_a_stopped_run_goes_on_to_the_same_end(texts, monkeypatch, capsys):
    assert main([*OPTIONS, "--out", "whole"]) == 0
    plain_save = pretrained.save

    def stopped(*arguments):
        plain_save(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(run_directory.pretrained, "save", stopped)  # at the first epoch's end
    with pytest.raises(KeyboardInterrupt):
        main([*OPTIONS, "--save-every", "3", "--out", "half"])
    monkeypatch.setattr(run_directory.pretrained, "save", plain_save)
    assert not (texts / "half/responses.json").exists()
    assert main(["--resume", "half"]) == 0
    assert "after step" in capsys.readouterr().out
    for name in ("model/model.safetensors", "responses.json"):
        assert (texts / "half" / name).read_bytes() == (texts / "whole" / name).read_bytes()


def test_text_loss_is_the_mean_over_all_tokens_of_the_text():
    """Pieces of 8 targets, read in batches of 3; the last piece is shorter, and counts its own."""
    model, tokenizer = textbook.small_model(1, vocab_size=300, context_length=8), Tokenizer(300)
    text = Text("t", "the £ and " * 11)
    tokens = [*tokenizer.encode(text.text), tokenizer.end_of_text]
    assert (len(tokens) - 1) % 8
    losses = []
    for start in range(0, len(tokens) - 1, 8):
        part = torch.tensor([tokens[start : start + 9]])
        losses += token_losses(model, Batch(part[:, :-1], part[:, 1:]))[0].tolist()
    line = text_loss(model, tokenizer, text, 3, torch.float32)
    count, per_token, per_byte = re.fullmatch(
        r"t: (\d+) tokens, loss (.*) a token, (.*) a byte", line
    ).groups()
    assert int(count) == len(tokens) - 1 == len(losses)
    assert float(per_token) == pytest.approx(sum(losses) / len(losses), abs=1e-3)
    assert float(per_byte) == pytest.approx(sum(losses) / (11 * 11), abs=1e-3)


def test_what_is_not_given_or_too_small_is_said(texts):
    with pytest.raises(UserError, match="--data FOLDER and --hold-out NAME are needed"):
        main(["--data", "texts"])
    with pytest.raises(UserError, match="do not fill one batch"):
        main([*OPTIONS, "--batch-size", "5000"])
    assert PretrainOptions().init == "random"
