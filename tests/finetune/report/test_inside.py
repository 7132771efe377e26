"""finetune/report/inside.py: tokens, shifted targets and losses, against each alone; which records
are looked at, and the model's numbers in a view."""

import pytest
import torch

from finetune.collate import Loader, collate
from finetune.dataset import Record, encode
from finetune.loss import batch_loss_sum
from finetune.report import inside as module
from finetune.report.files import VIEW, _checked, _fits
from finetune.report.inside import inside, token_view
from finetune.walk.inside import trace
from gpt.tokenizer import Tokenizer
from tests import textbook

TOKENIZER = Tokenizer(300)
RECORDS = [
    Record("Say hi now.", "Hi"),
    Record("What? " * 40, "No"),
    Record("Make it passive: he ate.", "It was eaten"),
    Record("Passive!", "So it is done"),
    Record("Go", "Gone", "then"),
]
PAIR = [Record("Say hi.", "Hi\nthere you"), Record("Say no.", "No")]


@pytest.mark.parametrize("mask", [False, True])
def test_rows_are_the_batch_with_every_loss_at_its_place(mask):
    model = textbook.small_model(1, vocab_size=300, context_length=300)
    examples = encode(PAIR, TOKENIZER, 300, "alpaca").examples
    rows = token_view(model, TOKENIZER, Loader(examples, 2, mask))
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


def views(model=None):
    model = model or textbook.small_model(vocab_size=300, context_length=500).float()
    encoded = encode(RECORDS, TOKENIZER, 500, "alpaca")
    return model, encoded.examples, inside(model, TOKENIZER, RECORDS, encoded.examples)


def test_short_records_about_the_passive_come_first(monkeypatch):
    assert [view["record"] for view in views()[2]] == [3, 2, 0]
    monkeypatch.setattr(module, "SMALL", 5)
    assert [view["record"] for view in views()[2]] == [3]
    monkeypatch.setattr(module, "LARGE", 5)
    assert views()[2] == []


def test_a_view_has_the_models_own_numbers():
    model, examples, found = views()
    for view in found:
        assert _fits(_checked(view, VIEW, "view"))
        tokens, prompt = examples[view["record"]]
        probabilities = torch.softmax(model(torch.tensor([tokens[:-1]]))[0, prompt - 1 :], dim=-1)
        assert view["prompt"] == prompt and len(view["tokens"]) == len(tokens)
        wanted = [p[token].item() for p, token in zip(probabilities, tokens[prompt:], strict=True)]
        assert view["written"] == pytest.approx(wanted, abs=1e-4)
        for w, p in enumerate(probabilities):
            assert [x for _, x in view["rivals"][w]] == pytest.approx(
                p.topk(4).values.tolist(), abs=1e-4
            )
            assert view["lens"][w][-1] == view["rivals"][w][0]
            shown = view["rivals"][w][0][0]
            assert shown == module.visible(TOKENIZER, int(p.argmax()))
        weights = trace(model, tokens[:-1])[1]  # (L, H, T, T)
        row = dict(view["attention"][1][0][1])
        for place, weight in enumerate(weights[1, 0, prompt].tolist()):
            assert row.get(place, 0) == (round(100 * weight) if weight >= 0.0495 else 0)


def test_the_template_is_what_all_prompts_share():
    view = views()[2][0]
    start, end = view["template"]
    text = "".join(view["tokens"])
    assert "".join(view["tokens"][:start]).endswith("###␣Instruction:↵")
    assert "".join(view["tokens"][view["prompt"] - end : view["prompt"]]) == "↵↵###␣Response:↵"
    assert text.endswith("So␣it␣is␣doneEND")
