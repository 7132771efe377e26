"""Let a model read lessons: `python -m finetune.make.teach --books FOLDER --model DIR --out DIR`.

How the bundled `tiny` learned to work on words it has never seen. The lessons are made while it
reads (finetune/make/lessons.py); none is read twice. Several stand in a row, one after the other.
Only the answers are targets: nothing could be learned from words drawn at random. Some rows are
pieces of the books, where every token is a target, so that the model keeps its English.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import torch

from finetune.collate import IGNORE_INDEX, Batch
from finetune.device import choose_device, choose_dtype
from finetune.loop import train_step
from finetune.loss import batch_loss_sum
from finetune.make.lessons import Lessons
from finetune.make.words import Lexicon
from finetune.optimizer import SCHEDULES, AdamW, lr_at_step
from finetune.pretrain.texts import chunk, read_texts, split_texts
from gpt.errors import run_script
from gpt.model import GPT, eval_mode
from gpt.tokenizer import Tokenizer
from weights import pretrained

HELD_OUT = "heidi.txt,railway.txt"
Row = tuple[list[int], list[int]]  # tokens, targets: both of one context at most


def lesson_rows(lessons: Lessons, tokenizer: Tokenizer, context_length: int) -> Iterator[Row]:
    """Whole lessons, as many as fit, each ended by the end of text."""
    tokens: list[int] = []
    targets: list[int] = []
    for prompt, answer in lessons:
        asked = tokenizer.encode(prompt)
        said = [*tokenizer.encode(answer), tokenizer.end_of_text]
        if len(asked) + len(said) > context_length:
            continue
        if len(tokens) + len(asked) + len(said) > context_length + 1:
            yield tokens[:-1], targets[1:]
            tokens, targets = [], []
        tokens += asked + said
        targets += [IGNORE_INDEX] * len(asked) + said


def batch(rows: Sequence[Row]) -> Batch:
    """The rows as one batch, with padding to the right."""
    length = max(len(tokens) for tokens, _ in rows)
    inputs = [tokens + [0] * (length - len(tokens)) for tokens, _ in rows]
    targets = [wanted + [IGNORE_INDEX] * (length - len(wanted)) for _, wanted in rows]
    return Batch(torch.tensor(inputs), torch.tensor(targets))


@torch.no_grad()
def loss_of(model: GPT, rows: Sequence[Row], dtype: torch.dtype) -> float:
    """Nats for each target."""
    batches = [batch(rows[i : i + 8]) for i in range(0, len(rows), 8)]
    with eval_mode(model):
        total = sum(batch_loss_sum(model, each.to(model.device), dtype).item() for each in batches)
    return total / sum(each.num_targets() for each in batches)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Let a model read lessons in open words.")
    parser.add_argument("--books", required=True, help="a folder of .txt files")
    parser.add_argument("--model", required=True, type=Path, help="a model's directory")
    parser.add_argument("--out", required=True, type=Path, help="where the model goes")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--batch-size", type=int, default=16, help="rows in a batch")
    parser.add_argument("--book-rows", type=int, default=2, help="how many of them are of books")
    parser.add_argument("--row-length", type=int, default=144, help="tokens in a row at most")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--schedule", choices=SCHEDULES, default="cosine")
    parser.add_argument("--warmup-steps", type=int, default=100)
    parser.add_argument("--clip-norm", type=float, default=1.0)
    parser.add_argument("--save-every", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    teach(parser.parse_args(argv))
    return 0


def teach(options: argparse.Namespace) -> None:
    """The whole run. Prints the losses on what is held out at every saved step."""
    device = choose_device("auto")
    dtype = choose_dtype("auto", device)
    model, tokenizer, _ = pretrained.load(options.model, device=device)
    context_length = options.row_length
    texts, held_out = split_texts(read_texts(options.books), HELD_OUT)
    vocabulary = json.loads((options.model / "vocab.json").read_text(encoding="utf-8"))
    lexicon = Lexicon(
        [text.text for text in texts], [word.replace("Ġ", " ") for word in vocabulary]
    )
    lessons = lesson_rows(Lessons(lexicon, options.seed), tokenizer, context_length)
    others = lesson_rows(Lessons(lexicon, 0), tokenizer, context_length)
    validation = {
        "lessons": [next(others) for _ in range(64)],
        "books": rows_of(chunk(held_out, tokenizer, context_length)[::17]),
    }
    books = rows_of(chunk(texts, tokenizer, context_length))
    draw = random.Random(options.seed)
    optimizer = AdamW(model.parameters(), options.lr, 0.1, "matrices", options.clip_norm)
    read, supervised, started = 0, 0, time.monotonic()
    for step in range(options.steps + 1):
        if step % options.save_every == 0 or step == options.steps:
            losses = {name: loss_of(model, rows, dtype) for name, rows in validation.items()}
            told = ", ".join(f"{name} {loss:.3f}" for name, loss in losses.items())
            seconds = time.monotonic() - started
            print(
                f"step {step}, {read:,} tokens, {supervised:,} targets, {seconds:.0f} s: {told}",
                flush=True,
            )
            pretrained.save(options.out, model)
        if step == options.steps:
            break
        model.train()
        rows = [next(lessons) for _ in range(options.batch_size - options.book_rows)]
        rows += draw.sample(books, options.book_rows)
        optimizer.set_lr(
            lr_at_step(step, options.steps, options.lr, options.warmup_steps, options.schedule)
        )
        _, count = train_step(model, optimizer, [batch(rows)], partial(batch_loss_sum, dtype=dtype))
        read += sum(len(tokens) for tokens, _ in rows)
        supervised += count


def rows_of(examples: Sequence) -> list[Row]:
    """Pieces of the books, every token a target."""
    return [(list(tokens[:-1]), list(tokens[1:])) for tokens, _ in examples]


if __name__ == "__main__":
    sys.exit(run_script(main))
