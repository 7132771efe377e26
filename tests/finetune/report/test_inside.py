"""finetune/report/inside.py: which records are looked at, and the model's numbers in a view."""

import pytest
import torch

from finetune.dataset import Record, encode
from finetune.report import inside as module
from finetune.report.files import VIEW, _check, _fits
from finetune.report.inside import inside
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
        _check(view, VIEW, "view")
        assert _fits(view)
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
        weights = trace(model, tokens[:-1]).attention  # (L, H, T, T)
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
