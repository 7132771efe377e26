"""finetune/console.py: what is shown, and that data cannot write to the terminal."""

import sys
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.console import Console, closing, header, labelled, wrap_words
from finetune.dataset import Record
from finetune.device import SINGLE_PROCESS
from finetune.extras import lora
from finetune.loop import Metrics
from finetune.responses import Response
from tests import textbook


def test_what_a_terminal_obeys_is_shown_and_not_sent(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    sample = Record("Say\x1b[31m red\nnow", "\x07ring", "a\x9bb")
    console = Console(
        sample,
        lambda records, limit: [Response("\x1b]0;title\x07", True, 3)],
        textbook.small_model(),
        SINGLE_PROCESS,
    )
    console.show("Before training")
    assert capsys.readouterr().out == (
        "\nBefore training, the first validation record:\n"
        f"  Instruction: Say␛[31m red\n{' ' * 15}now\n"
        "  Input:       a\ufffdb\n  Expected:    ␇ring\n  Response:    ␛]0;title␇\n\n"
    )


@given(st.text(st.sampled_from("ab-. \n"), max_size=300))
def test_no_line_is_longer_than_80_unless_it_is_one_word(text):
    shown = wrap_words(text, "  Label: ", "         ")
    for line in shown.splitlines():
        assert len(line) <= 80 or len(line.split()) <= 1 + line.startswith("  Label:")
    assert shown.split() == ["Label:", *text.split()]
    assert shown.count("\n") >= text.count("\n")
    assert wrap_words("runs/a-" * 15 + " b") == "runs/a-" * 15 + "\nb"  # to be copied as it is


def test_a_long_answer_is_cut_after_200_characters():
    whole = labelled({"Input": "", "Response": "x y " * 50})
    assert whole.split() == ["Response:", *["x", "y"] * 50]
    shown = labelled({"Response": "word " * 60})
    assert shown.endswith("word…") and shown.count("word") == 40
    assert max(map(len, shown.splitlines())) <= 80


def test_the_end_says_what_changed_and_what_to_do():
    history = [
        Metrics(-1, 0.0, 0, 0.0, 0.0, 0.0, 3.5, 3.25),
        Metrics(4, 1.0, 9000, 2.5, 0.1, 9.0, 1.5, 2.0),
    ]
    text = closing(history, Path("runs/a"), "Found.", ["Do this.", "Do that. " * 20])
    assert text.startswith("Training loss 3.500 → 1.500, validation loss 3.250 → 2.000\n")
    assert "\nTrained on 9,000 tokens in 2.5 s.\nFound.\n\nOpen runs/a/report.html" in text
    assert "python generate.py\n" in text and "\n  Do this.\n  Do that." in text
    assert max(map(len, text.splitlines())) <= 80
    there = closing(history, Path("else where/a"), "", [])
    assert (
        there.endswith("python generate.py --model 'else where/a/model'") and "Things" not in there
    )


def test_losses_are_shown_with_their_step(capsys):
    console = Console(Record("a", "b"), None, None, SINGLE_PROCESS)
    console.on_evaluation(Metrics(-1, 0.0, 0, 0.0, 0.0, 0.0, 3.5, 3.25))
    console.on_evaluation(Metrics(12, 1.5, 9, 1.0, 0.1, 9.0, 1.5, 2.0))
    assert capsys.readouterr().out == (
        "Before training: Train loss 3.500, Val loss 3.250\n"
        "Ep 2 (Step 000012): Train loss 1.500, Val loss 2.000\n"
    )


def test_the_header_counts_what_is_trained_and_says_what_is_rounded():
    records = {"train": [1] * 3, "test": [1] * 2, "validation": [1]}

    def said(model, dtype):
        source = "my.json", records, torch.device("cpu"), dtype, SINGLE_PROCESS
        return header("small", model, *source)

    model = textbook.small_model()
    parameters = f"small: {model.num_parameters():,} parameters"
    counts = "\nmy.json: 3 records to train on, 2 to test, 1 to validate"
    assert said(model, torch.float32) == f"{parameters}, on cpu in float32{counts}"
    lora.add(model, 2, 4.0, frozen_dtype=torch.bfloat16)
    text = said(model, torch.bfloat16)
    assert "frozen matrices rounded to bfloat16, in model/ too, on cpu in bfloat16" in text
