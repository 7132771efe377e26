"""weights/tiny and the whole story: a really pretrained model learns to do what it is told.

The story's test is the one that a mistake anywhere on the way should fail: in the shift of the
targets, the mask, the optimizer, the causal mask. So it measures what the fine-tuned model does by
other code than it was trained by: each token of a held-out answer is predicted from the text before
it alone, which nothing later can leak into.
"""

import json
from pathlib import Path

import torch

import train
from finetune.dataset import BUNDLED, encode, read_records, split
from gpt.config import SIZES
from weights import pretrained, safetensors
from weights.pretrained import TINY


def test_it_is_small_in_bfloat16_with_its_card():
    files = [path for path in TINY.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 16 << 20
    tensors = safetensors.read(TINY / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    model, tokenizer, template = pretrained.load(TINY)
    assert model.config == SIZES["tiny"] and tokenizer.vocab_size == 8192 and template is None
    card = (TINY / "README.md").read_text(encoding="utf-8")
    for part in (
        "python -m finetune.pretrain",
        "python -m finetune.exercises",
        "python -m finetune.lessons",
        "public domain",
    ):
        assert part in card


def answer_losses(model, tokenizer, records):
    """(answer tokens' mean loss, end's mean loss), each token from what stands before it alone."""
    inside, ends = [], []
    for tokens, prompt_length in encode(records, tokenizer, 256, "alpaca")[0]:
        for at in range(prompt_length, len(tokens)):
            with torch.inference_mode():
                logits = model(torch.tensor([tokens[:at]]))[0, -1]
            loss = -logits.log_softmax(dim=-1)[tokens[at]].item()
            (ends if tokens[at] == tokenizer.end_of_text else inside).append(loss)
    return sum(inside) / len(inside), sum(ends) / len(ends)


def test_the_story(tmp_path, monkeypatch, capsys):
    """Before: it rambles. After a part of the records: it answers others, and stops."""
    monkeypatch.chdir(tmp_path)
    rows = json.loads(BUNDLED.read_text(encoding="utf-8"))[:400]
    Path("part.json").write_text(json.dumps(rows), encoding="utf-8")
    asked = split(read_records("part.json"), "").test[:20]
    model, tokenizer, _ = pretrained.from_name("tiny", "pretrained", torch.Generator())
    before, end_before = answer_losses(model, tokenizer, asked)
    words = ["--data", "part.json", "--epochs", "1", "--eval-every", "1000", "--samples", "0"]
    assert train.main([*words, "--device", "cpu", "--out", "r"]) == 0
    model, tokenizer, _ = pretrained.load(Path("r/model"))
    after, end_after = answer_losses(model, tokenizer, asked)
    assert before > 4 and after < 2.3  # measured: 4.72 and 1.72
    assert end_before > 6 and end_after < 2.5  # measured: 7.66 and 1.45: it learns to stop
    scores = json.loads(Path("r/scores.json").read_text(encoding="utf-8"))["figures"]
    assert scores["Ended by itself"]["value"] > 0.7
