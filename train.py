"""Fine-tune GPT-2 to follow instructions: `python train.py --model 355M --epochs 1`.

The story in order: read the options, load a model, read and split the records, train, and let the
trained model answer the test records. Each part is one file to read next:

    finetune/dataset.py    records from JSON, checked, split, as token ids
    finetune/collate.py    batches: padded, shifted by one, masked
    finetune/loss.py       cross-entropy at the supervised positions
    finetune/loop.py       the loop: loss, gradient, AdamW step, evaluation
    gpt/model.py           the model itself

A run is a directory: `options.json`, `metrics.jsonl` (one line an evaluation), `model/` (written
after every epoch), `losses.svg`, and `responses.json`, which comes last and marks the run as
finished.
"""

import dataclasses
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gpt.script import reuse_memory, run  # before torch: see there

# isort: split

import torch
from tqdm import tqdm

from finetune.dataset import BUNDLED, Example, Record, encode, read_records, split
from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.evaluate import answers
from finetune.loop import Metrics, train
from finetune.optimizer import AdamW
from finetune.options import option, parse
from finetune.prompt import TEMPLATES
from finetune.report import loss_curves
from gpt.config import SIZES
from gpt.errors import UserError
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights import pretrained
from weights.files import append_text, write_text


@dataclass(frozen=True)
class TrainOptions:
    """Every option of train.py. The lecture's values are the defaults, but for the model's size."""

    model: str = option("tiny", f"{', '.join(SIZES)}, or a model's directory", metavar="NAME|DIR")
    init: str = option("pretrained", "the weights to start from", choices=("pretrained", "random"))
    data: str = option(str(BUNDLED), "instruction records: JSON or JSON Lines", metavar="FILE|URL")
    epochs: int = option(1, "passes over the training records", at_least=1)
    batch_size: int = option(8, "records in a batch", at_least=1)
    lr: float = option(5e-5, "AdamW's learning rate", above=0)
    weight_decay: float = option(0.1, "AdamW's weight decay", at_least=0)
    mask_prompt: bool = option(False, "learn from the responses only, not from the prompts too")
    template: str = option("alpaca", "the form of the prompt", choices=tuple(TEMPLATES))
    eval_every: int = option(5, "steps from one evaluation to the next", at_least=1)
    eval_batches: int = option(5, "batches an evaluation looks at, of each part", at_least=1)
    max_steps: int | None = option(None, "stop after so many steps", at_least=1)
    seed: int = option(123, "seeds random weights and the order of the records", at_least=0)
    device: str = option("auto", "where to compute", choices=DEVICES)
    dtype: str = option(
        "auto", "the numbers that matrices are multiplied in", choices=("auto", *DTYPES)
    )
    low_memory: bool = option(False, "the same numbers in less memory, in more time")
    out: str | None = option(
        None, "the run's directory (default: runs/MODEL-DATE-TIME)", metavar="DIR"
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(TrainOptions, argv, "Fine-tune GPT-2 on instruction records.")
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device)
    generator = torch.Generator().manual_seed(options.seed)
    splits = split(read_records(options.data), options.data)
    reuse_memory(not options.low_memory)
    model, tokenizer, _ = pretrained.from_name(
        options.model, options.init, generator, device=device
    )
    model.recompute = options.low_memory
    training, _ = encode_part("training", splits.train, model, tokenizer, options)
    validation, asked = encode_part("validation", splits.validation, model, tokenizer, options)
    testing, _ = encode_part("test", splits.test, model, tokenizer, options)
    left_out = sum(map(len, splits)) - len(training) - len(validation) - len(testing)
    if len(training) < options.batch_size:
        raise UserError(
            f"{options.data}: {len(training)} training records do not fill one batch; lower "
            f"--batch-size {options.batch_size}"
        )

    directory = new_run_directory(options)
    say(
        f"{options.model}: {model.num_parameters():,} parameters, on {device} in "
        f"{str(dtype).removeprefix('torch.')}\n"
        f"{options.data}: {len(training)} records to train on, {len(splits.test)} to test, "
        f"{len(validation)} to validate\n"
        f"Run: {directory}"
    )
    history: list[Metrics] = []

    def on_evaluation(metrics: Metrics) -> None:
        history.append(metrics)
        append_text(directory / "metrics.jsonl", json.dumps(metrics._asdict()) + "\n")
        when = f"Ep {math.ceil(metrics.epoch)} (Step {metrics.step:06d})"
        say(
            f"{when if metrics.step >= 0 else 'Before training'}: "
            f"Train loss {metrics.train_loss:.3f}, Val loss {metrics.val_loss:.3f}"
        )

    def on_epoch_end(epoch: int) -> None:
        pretrained.save(directory / "model", model, options.template)
        sample = asked[0]
        (answer,) = answers(model, tokenizer, [sample], options.template)
        say(f"\nAfter epoch {epoch}, the first validation record:")
        say(f"  Instruction: {sample.instruction}")
        if sample.input:
            say(f"  Input:       {sample.input}")
        say(f"  Expected:    {sample.output}\n  Response:    {answer}\n")

    train(
        model,
        AdamW(model.parameters(), options.lr, options.weight_decay),
        training,
        validation,
        epochs=options.epochs,
        batch_size=options.batch_size,
        max_steps=options.max_steps,
        eval_every=options.eval_every,
        eval_batches=options.eval_batches,
        mask_prompt=options.mask_prompt,
        dtype=dtype,
        generator=generator,
        on_evaluation=on_evaluation,
        on_epoch_end=on_epoch_end,
    )
    write_text(directory / "losses.svg", loss_curves(history))
    responses = [
        dataclasses.asdict(record) | {"response": answer}
        for record, answer in zip(
            splits.test, answers(model, tokenizer, splits.test, options.template), strict=True
        )
    ]
    write_text(
        directory / "responses.json", json.dumps(responses, indent=2, ensure_ascii=False) + "\n"
    )
    say(
        f"Trained on {history[-1].tokens:,} tokens in {history[-1].seconds:.1f} s. In {directory}: "
        "model/, losses.svg, and responses.json with the answers to the test records"
        + (f". {left_out} records did not fit and were left out, as said above" if left_out else "")
    )
    return 0


def encode_part(
    name: str,
    records: Sequence[Record],
    model: GPT,
    tokenizer: Tokenizer,
    options: TrainOptions,
) -> tuple[list[Example], list[Record]]:
    """The records of a part that fit the context, as examples and as they are.

    Says which do not fit. Raises UserError if none does.
    """
    context = model.config.context_length
    examples, left_out = encode(records, tokenizer, context, options.template)
    if not examples:
        raise UserError(f"{options.data}: no {name} record fits the context of {context} tokens")
    if left_out:
        named = ", ".join(repr(records[i].instruction[:40]) for i in left_out[:5])
        more = ", …" if len(left_out) > 5 else ""
        say(
            f"Left out {len(left_out)} {name} records, whose prompts alone fill the context of "
            f"{context} tokens: {named}{more}"
        )
    return examples, [record for i, record in enumerate(records) if i not in left_out]


def new_run_directory(options: TrainOptions) -> Path:
    """Make the run's directory, with its options in it. Raises UserError if it holds something."""
    if options.out is None:
        name = f"{Path(options.model).resolve().name}-{time.strftime('%Y%m%d-%H%M%S')}"
        directory = Path("runs") / name
        while directory.exists():  # another run began in the same second
            directory = directory.with_name(directory.name + "-again")
    else:
        directory = Path(options.out)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise UserError(f"--out {directory}: already there; give another, to lose nothing")
    directory.mkdir(parents=True, exist_ok=options.out is not None)
    write_text(directory / "options.json", json.dumps(dataclasses.asdict(options), indent=2) + "\n")
    return directory


def say(text: str) -> None:
    """Print above the progress bar, if there is one."""
    tqdm.write(text)


if __name__ == "__main__":
    sys.exit(run(main))
