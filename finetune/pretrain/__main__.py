"""Pretrain a model on plain text: `python -m finetune.pretrain --data FOLDER --hold-out NAME`.

How the bundled `tiny` was made (weights/tiny/README.md has its commands), and how to make another.
A language model learns from plain text: there is no prompt and no response, and every token is the
target of those before it. The loop, the loss, the optimizer and the run's directory are those of
fine-tuning; only the examples differ (finetune/pretrain/texts.py). Pretraining usually takes a
higher learning rate with warm-up and decay, clipped gradients, and no weight decay on biases and
LayerNorms, as in the GPT-3 paper (Brown et al., 2020, appendix B).
"""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from tqdm import tqdm

from finetune.collate import Loader
from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.extras.memory import keep_freed_memory
from finetune.extras.run_directory import (
    RunDirectory,
    fingerprint,
    is_finished,
    open_directory,
    stored_options,
)
from finetune.extras.signals import output_may_close
from finetune.loop import Callbacks, Metrics, Plan, train
from finetune.loss import batch_loss_sum
from finetune.optimizer import SCHEDULES, AdamW, lr_at_step
from finetune.options import option, parse, parse_resumed
from finetune.pretrain.held_out import sample, text_loss
from finetune.pretrain.texts import chunk, read_texts, split_texts
from finetune.report.files import read_run
from finetune.report.page import write_page
from finetune.responses import response_entries
from gpt.config import SIZES
from gpt.errors import UserError, run_script
from weights import pretrained


@dataclass(frozen=True)
class PretrainOptions:
    """Every option of finetune.pretrain. The defaults are for `tiny`."""

    data: str | None = option(None, "a folder of .txt files", metavar="FOLDER")
    hold_out: str | None = option(
        None, "the files to validate on, with commas between", metavar="NAME[,NAME]"
    )
    model: str = option("tiny", f"{', '.join(SIZES)}, or a model's directory", metavar="NAME|DIR")
    init: str = option("random", "initial weights", choices=("pretrained", "random"))
    epochs: int = option(1, "passes over the texts", min=1)
    batch_size: int = option(16, "pieces of one context in a batch", min=1)
    lr: float = option(1e-3, "learning rate, after warm-up", greater_than=0)
    warmup_steps: int = option(200, "warm-up steps (linear)", min=0)
    schedule: str = option("cosine", "learning-rate schedule after warm-up", choices=SCHEDULES)
    weight_decay: float = option(0.1, "AdamW's weight decay, of matrices", min=0)
    clip_norm: float = option(1.0, "clip gradients to this norm", greater_than=0)
    eval_every: int = option(100, "steps from one evaluation to the next", min=1)
    eval_batches: int = option(5, "batches in an evaluation, of each part", min=1)
    max_steps: int | None = option(None, "stop after so many steps", min=1)
    seed: int = option(123, "seeds random weights and the order of the pieces", min=0)
    device: str = option("auto", "device", choices=DEVICES)
    dtype: str = option(
        "auto", "dtype of matrix products (mixed precision)", choices=("auto", *DTYPES)
    )
    save_every: int = option(200, "steps from one checkpoint to the next", min=1)
    out: str | None = option(
        None, "the run's directory (default: runs/MODEL-DATE-TIME)", metavar="DIR"
    )
    resume: str | None = option(None, "resume a stopped run, with its options", metavar="DIR")


CHANGEABLE_ON_RESUME = ("data", "device", "save_every", "resume")


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(PretrainOptions, argv, "Pretrain a GPT on plain text.")
    if options.resume is not None:
        stored = stored_options(Path(options.resume))
        options = parse_resumed(PretrainOptions, argv, stored, CHANGEABLE_ON_RESUME)
    if options.resume is not None and is_finished(Path(options.resume)):
        tqdm.write(f"{options.resume} is finished: nothing is left to do")
        return 0
    if options.data is None or options.hold_out is None:
        raise UserError("--data FOLDER and --hold-out NAME are needed (see --help)")
    with output_may_close():
        pretrain(options)
    return 0


def pretrain(options: PretrainOptions) -> None:
    """Read the texts, train, measure each held-out text, and write the run's files."""
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device)
    generator = torch.Generator().manual_seed(options.seed)
    keep_freed_memory(True)
    assert options.data is not None and options.hold_out is not None  # `main` refuses that
    texts, held_out = split_texts(read_texts(options.data), options.hold_out)
    model, tokenizer, _ = pretrained.load_model(
        options.model, options.init, generator, device=device
    )
    training = chunk(texts, tokenizer, model.config.context_length)
    validation = chunk(held_out, tokenizer, model.config.context_length)
    if len(training) < options.batch_size:
        raise UserError(
            f"{options.data}: {len(training)} pieces of text do not fill one batch; lower "
            f"--batch-size {options.batch_size}"
        )
    optimizer = AdamW(
        model.parameters(), options.lr, options.weight_decay, "matrices", options.clip_norm
    )
    stored = dataclasses.replace(options, dtype=str(dtype).removeprefix("torch."))
    directory = open_directory(vars(stored))
    data_fingerprint = fingerprint((texts, held_out))
    kept = directory, model, optimizer, data_fingerprint, options.save_every
    run = RunDirectory(*kept, command="python -m finetune.pretrain", options=vars(stored))
    run.print_header(
        f"{options.model}: {model.num_parameters():,} parameters, on {device} in "
        f"{str(dtype).removeprefix('torch.')}\n"
        f"{options.data}: {len(training):,} pieces of {model.config.context_length} tokens from "
        f"{len(texts)} texts, {len(validation):,} from the {len(held_out)} held out"
    )

    def lr(step: int, steps: int) -> float:
        return lr_at_step(step, steps, options.lr, options.warmup_steps, options.schedule)

    plan = Plan(
        options.epochs,
        options.max_steps,
        eval_every=options.eval_every,
        eval_batches=options.eval_batches,
        lr=lr,
    )
    loaders = Loader(training, options.batch_size), Loader(validation, options.batch_size)
    loss_sum = partial(batch_loss_sum, dtype=dtype)
    with run.stop_signal:
        train(model, optimizer, *loaders, plan, generator, [run, Console()], loss_sum, run.start)
    for text in held_out:
        tqdm.write(text_loss(model, tokenizer, text, options.batch_size, dtype))
    records, responses = zip(*(sample(model, tokenizer, t) for t in held_out), strict=True)
    write_page(read_run(directory, response_entries(records, responses)))
    run.finish(records, responses)
    tqdm.write(
        f"In {directory}: model/, report.html, and responses.json with a sample of each text"
    )


class Console(Callbacks):
    """Prints both losses at every evaluation."""

    def on_evaluation(self, metrics: Metrics) -> None:
        tqdm.write(
            f"Step {metrics.step:06d}, {metrics.tokens:,} tokens, {metrics.seconds:.0f} s: "
            f"Train loss {metrics.train_loss:.3f}, Val loss {metrics.val_loss:.3f}"
        )


if __name__ == "__main__":
    sys.exit(run_script(main))
