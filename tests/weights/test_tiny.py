"""weights/tiny and the whole story: a really pretrained model learns to do what it is told.

The story's test is the one that a mistake anywhere on the way should fail: in the shift of the
targets, the mask, the optimizer, the causal mask. So it measures what the fine-tuned model does by
other code than it was trained by: each token of a held-out answer is predicted from the text before
it alone, which nothing later can leak into. Then it asks the model in words that no file of the
project has: what it cannot have learned by heart it must copy.
"""

import json
from pathlib import Path

import torch

import train
from finetune.dataset import encode, split
from finetune.prompt import format_prompt
from finetune.records import BUNDLED, read_records
from gpt.attention import KVCache
from gpt.config import SIZES
from gpt.sampling import generate
from weights import pretrained, safetensors
from weights.pretrained import TINY

# Joined here, so that this file does not have the words either.
DRAF, TOBLE, MIRA = "dra" + "fter", "to" + "ble", "Mi" + "raz"
OPEN_WORDS = {
    f"Rewrite in the passive voice: The {DRAF} cleaned the {TOBLE}.": (
        f"The {TOBLE} was cleaned by the {DRAF}."
    ),
    f"Put this sentence into the passive voice: {MIRA} opens the {DRAF}.": (
        f"The {DRAF} is opened by {MIRA}."
    ),
    f"Make the sentence negative: The {DRAF} opened the {TOBLE}.": (
        f"The {DRAF} did not open the {TOBLE}."
    ),
    f"Turn this into a yes-or-no question: The {TOBLE} saw the {DRAF}.": (
        f"Did the {TOBLE} see the {DRAF}?"
    ),
    f"Put this into the future tense: The {TOBLE} helps {MIRA}.": f"The {TOBLE} will help {MIRA}.",
    f"Put this into the past tense: {MIRA} washes the {TOBLE}.": f"{MIRA} washed the {TOBLE}.",
    f"Repeat this sentence: The {TOBLE} saw the {DRAF}.": f"The {TOBLE} saw the {DRAF}.",
    f"The {DRAF} slept. {MIRA} found the {TOBLE}. Who found the {TOBLE}?": (
        f"{MIRA} found the {TOBLE}."
    ),
}


def test_it_is_small_in_bfloat16_with_its_card():
    files = [path for path in TINY.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 16 << 20
    tensors = safetensors.read(TINY / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    model, tokenizer, template = pretrained.load(TINY)
    assert model.config == SIZES["tiny"] and tokenizer.vocab_size == 8192 and template is None
    card = (TINY / "README.md").read_text(encoding="utf-8")
    for part in ("python -m finetune.make.teach", "public domain", "Ask it this"):
        assert part in card


def answer_losses(model, tokenizer, records):
    """(answer tokens' mean loss, end's mean loss), each token from what stands before it alone.

    The model reads a token, as when it writes one, only after it was asked for it.
    """
    inside, ends = [], []
    for tokens, prompt_length in encode(records, tokenizer, 256, "alpaca")[0]:
        cache, new = KVCache(), tokens[:prompt_length]
        for token in tokens[prompt_length:]:
            with torch.inference_mode():
                logits = model(torch.tensor([new]), cache=cache)[0, -1]
            loss = -logits.log_softmax(dim=-1)[token].item()
            (ends if token == tokenizer.end_of_text else inside).append(loss)
            new = [token]
    return sum(inside) / len(inside), sum(ends) / len(ends)


# To tune for other weights: of so many records 85 % are trained on, for one epoch in such batches;
# fewer take less time. What was measured stands beside each bound of the test.
PART, BATCH_SIZE = 120, 4


def test_the_story(tmp_path, monkeypatch, capsys):
    """Before: it has read other tasks. After a part of the records: it answers others like them."""
    monkeypatch.chdir(tmp_path)
    rows = json.loads(BUNDLED.read_text(encoding="utf-8"))[:PART]
    Path("part.json").write_text(json.dumps(rows), encoding="utf-8")
    asked = split(read_records("part.json"), "").test[:8]
    model, tokenizer, _ = pretrained.load_model("tiny", "pretrained", torch.Generator())
    before, end_before = answer_losses(model, tokenizer, asked)
    words = ["--data", "part.json", "--epochs", "1", "--batch-size", str(BATCH_SIZE)]
    seldom = ["--eval-every", "1000", "--eval-batches", "1", "--samples", "0", "--max-test", "8"]
    assert train.main([*words, *seldom, "--device", "cpu", "--out", "r"]) == 0
    model, tokenizer, _ = pretrained.load(Path("r/model"))
    after, end_after = answer_losses(model, tokenizer, asked)
    assert before > 1.7 and after < 0.9  # measured: 2.30 and 0.72
    assert end_before < 0.5 and end_after < 0.3  # measured: 0.00 and 0.02: its lessons ended too
    scores = json.loads(Path("r/scores.json").read_text(encoding="utf-8"))["figures"]
    assert scores["Ended with end of text"]["value"] > 0.8

    prompts = [tokenizer.encode(format_prompt(instruction)) for instruction in OPEN_WORDS]
    replies = generate(model, prompts, 40, tokenizer.end_of_text)
    said = [tokenizer.decode(reply).strip() for reply in replies]
    right = [one == other for one, other in zip(said, OPEN_WORDS.values(), strict=True)]
    assert sum(right) >= 4, said  # measured: 6, after 25 steps, a tenth of the records
