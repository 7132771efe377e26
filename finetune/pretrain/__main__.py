"""Pretrain a model on plain text: `python -m finetune.pretrain --data FOLDER --hold-out NAME`.

How the bundled `tiny` was made (weights/tiny/README.md has its commands), and how to make another.
A language model learns from text as it is: there is no prompt and no answer, every token is the
target of those before it. So all of fine-tuning's machinery serves, the loop, the loss, the
optimizer and the run's directory; only the examples are others (finetune/texts.py). What is usual
in pretraining are a higher learning rate that warms up and falls, clipped gradients, and no weight
decay on biases and LayerNorms, as in the GPT-3 paper (Brown et al., 2020, appendix B).
"""

import dataclasses
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from finetune.extras.memory import reuse_memory, run  # before torch: see there

# isort: split

import torch
from tqdm import tqdm

from finetune.dataset import Record
from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.evaluate.__main__ import mean_loss
from finetune.evaluate.scores import Answer
from finetune.extras.run_directory import Run, is_finished, new_directory, stored_options
from finetune.loop import Metrics, train
from finetune.optimizer import SCHEDULES, AdamW, learning_rate
from finetune.options import option, parse, parse_again
from finetune.pretrain.texts import Text, hold_out, pieces, read_texts
from gpt.config import SIZES
from gpt.errors import UserError
from gpt.model import GPT
from gpt.sampling import generate
from gpt.tokenizer import Tokenizer
from weights import pretrained

OPENING, SAMPLE = 40, 80  # tokens of a held-out text that are read, and that are written


@dataclass(frozen=True)
class PretrainOptions:
    """Every option of finetune.pretrain. The defaults are for `tiny`."""

    data: str | None = option(None, "a folder of .txt files", metavar="FOLDER")
    hold_out: str | None = option(
        None, "the files to validate on, with commas between", metavar="NAME[,NAME]"
    )
    model: str = option("tiny", f"{', '.join(SIZES)}, or a model's directory", metavar="NAME|DIR")
    init: str = option("random", "the weights to start from", choices=("pretrained", "random"))
    epochs: int = option(1, "passes over the texts", at_least=1)
    batch_size: int = option(16, "pieces of one context in a batch", at_least=1)
    lr: float = option(1e-3, "AdamW's learning rate, at its highest", above=0)
    warmup_steps: int = option(200, "steps in which the learning rate rises to that", at_least=0)
    schedule: str = option("cosine", "the learning rate from then on", choices=SCHEDULES)
    weight_decay: float = option(0.1, "AdamW's weight decay, of matrices", at_least=0)
    clip_norm: float = option(1.0, "shorten gradients longer than this", above=0)
    eval_every: int = option(100, "steps from one evaluation to the next", at_least=1)
    eval_batches: int = option(5, "batches an evaluation looks at, of each part", at_least=1)
    max_steps: int | None = option(None, "stop after so many steps", at_least=1)
    seed: int = option(123, "seeds random weights and the order of the pieces", at_least=0)
    device: str = option("auto", "where to compute", choices=DEVICES)
    dtype: str = option(
        "auto", "the numbers that matrices are multiplied in", choices=("auto", *DTYPES)
    )
    save_every: int = option(200, "steps from one checkpoint to the next", at_least=1)
    out: str | None = option(
        None, "the run's directory (default: runs/MODEL-DATE-TIME)", metavar="DIR"
    )
    resume: str | None = option(
        None, "go on with a run that was stopped, with its options", metavar="DIR"
    )


# The options that a resumed run may have otherwise than before.
MAY_CHANGE = ("data", "device", "save_every", "resume")


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(PretrainOptions, argv, "Pretrain a GPT on plain text.")
    if options.resume is not None:
        stored = stored_options(Path(options.resume))
        options = parse_again(PretrainOptions, argv, stored, MAY_CHANGE)
        if is_finished(Path(options.resume)):
            tqdm.write(f"{options.resume} is finished: nothing is left to do")
            return 0
    if options.data is None or options.hold_out is None:
        raise UserError("--data FOLDER and --hold-out NAME are needed (see --help)")
    pretrain(options)
    return 0


def pretrain(options: PretrainOptions) -> None:
    """The whole run."""
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device)
    generator = torch.Generator().manual_seed(options.seed)
    reuse_memory(True)
    texts, held_out = hold_out(read_texts(options.data), options.hold_out)
    model, tokenizer, _ = pretrained.from_name(
        options.model, options.init, generator, device=device
    )
    training = pieces(texts, tokenizer, model.config.context_length)
    validation = pieces(held_out, tokenizer, model.config.context_length)
    if len(training) < options.batch_size:
        raise UserError(
            f"{options.data}: {len(training)} pieces of text do not fill one batch; lower "
            f"--batch-size {options.batch_size}"
        )
    optimizer = AdamW(
        model.parameters(), options.lr, options.weight_decay, "matrices", options.clip_norm
    )
    directory = Path(options.resume or "")
    if options.resume is None:
        directory = new_directory(options.out, options.model, dataclasses.asdict(options))
    digest = hashlib.sha256(repr((texts, held_out)).encode("utf-8")).hexdigest()
    command = "python -m finetune.pretrain"
    run = Run(directory, model, optimizer, digest, options.save_every, command=command)
    run.describe(
        f"{options.model}: {model.num_parameters():,} parameters, on {device} in "
        f"{str(dtype).removeprefix('torch.')}\n"
        f"{options.data}: {len(training):,} pieces of {model.config.context_length} tokens from "
        f"{len(texts)} texts, {len(validation):,} from the {len(held_out)} held out\n"
        f"Run: {directory}" + (f", after step {run.start.step}" if run.start.step >= 0 else "")
    )

    def on_evaluation(metrics: Metrics) -> None:
        run.on_evaluation(metrics)
        tqdm.write(
            f"Step {metrics.step:06d}, {metrics.tokens:,} tokens, {metrics.seconds:.0f} s: "
            f"Train loss {metrics.train_loss:.3f}, Val loss {metrics.val_loss:.3f}"
        )

    def on_epoch_end(epoch: int) -> None:
        pretrained.save(directory / "model", model)

    schedule = partial(
        learning_rate,
        peak=options.lr,
        warmup_steps=options.warmup_steps,
        schedule=options.schedule,
    )
    with run.stop:
        train(
            model,
            optimizer,
            training,
            validation,
            epochs=options.epochs,
            batch_size=options.batch_size,
            accumulate=1,
            max_steps=options.max_steps,
            eval_every=options.eval_every,
            eval_batches=options.eval_batches,
            mask_prompt=False,
            dtype=dtype,
            generator=generator,
            schedule=schedule,
            on_evaluation=on_evaluation,
            on_epoch_end=on_epoch_end,
            on_step=run.on_step,
            start=run.start,
        )
    for text in held_out:
        tqdm.write(measured(model, tokenizer, text, options.batch_size, dtype))
    samples = [continued(model, tokenizer, text) for text in held_out]
    run.finish(*zip(*samples, strict=True))
    tqdm.write(
        f"In {directory}: model/, report.html, and responses.json with a sample of each text"
    )


def measured(
    model: GPT, tokenizer: Tokenizer, text: Text, batch_size: int, dtype: torch.dtype
) -> str:
    """A line with the loss over the whole of a text, in nats per token and per byte."""
    examples = pieces([text], tokenizer, model.config.context_length)
    loss = mean_loss(model, examples, batch_size, len(examples), dtype=dtype)
    tokens, size = len(tokenizer.encode(text.text)), len(text.text.encode("utf-8"))
    per_byte = loss * tokens / size
    return f"{text.name}: {tokens:,} tokens, loss {loss:.3f} a token, {per_byte:.3f} a byte"


def continued(model: GPT, tokenizer: Tokenizer, text: Text) -> tuple[Record, Answer]:
    """The opening of a text, how it goes on, and how the model does (drawn from its top 40)."""
    tokens = tokenizer.encode(text.text[:2000])
    opening, rest = tokens[:OPENING], tokens[OPENING : OPENING + SAMPLE]
    generators = [torch.Generator().manual_seed(0)]
    (answer,) = generate(model, [opening], SAMPLE, tokenizer.end_of_text, 0.8, 40, generators)
    record = Record(instruction=tokenizer.decode(opening), output=tokenizer.decode(rest))
    return record, Answer(tokenizer.decode(answer), len(answer) < SAMPLE, len(answer))


if __name__ == "__main__":
    sys.exit(run(main))
