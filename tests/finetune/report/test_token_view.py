"""finetune/report/token_view.py: tokens, shifted targets and losses, against each alone."""

import pytest

from finetune.collate import collate
from finetune.dataset import Record, encode
from finetune.loss import batch_loss_sum
from finetune.report.token_view import token_view
from gpt.tokenizer import Tokenizer
from tests import textbook

TOKENIZER = Tokenizer(300)
RECORDS = [Record("Say hi.", "Hi\nthere you"), Record("Say no.", "No")]


@pytest.mark.parametrize("mask", [False, True])
def test_rows_are_the_batch_with_every_loss_at_its_place(mask):
    model = textbook.small_model(1, vocab_size=300, context_length=300)
    examples = encode(RECORDS, TOKENIZER, 300, "alpaca").examples
    rows = token_view(model, TOKENIZER, examples, mask)
    width = max(len(example.tokens) for example in examples) - 1
    for example, (inputs, targets, losses) in zip(examples, rows, strict=True):
        length = len(example.tokens) - 1
        assert len(inputs) == len(targets) == len(losses) == width
        assert inputs[1:length] == targets[: length - 1]
        assert targets[length - 1] == "END"
        assert inputs[length:] == targets[length:] == [""] * (width - length)
        text = TOKENIZER.decode(example.tokens[:-1]).replace(" ", "␣").replace("\n", "↵")
        assert "".join(inputs) == text
        first = example.prompt_length - 1 if mask else 0
        known = [i for i, loss in enumerate(losses) if loss is not None]
        assert known == list(range(first, length))
        batch = collate([example], mask)
        total, count = batch_loss_sum(model, batch), batch.num_targets()
        assert sum(losses[i] for i in known) == pytest.approx(total.item(), rel=1e-5)
        assert count == len(known)
        assert losses[first] != pytest.approx(losses[first + 1])
