"""Fine-tune GPT-2 to follow instructions: `python train.py --model 355M --epochs 1`.

The story in order: read the options, load a model, read and split the records, train, and let the
trained model answer the test records. Each part is one file to read next:

    finetune/dataset.py    records from JSON, checked, split, as token ids
    finetune/collate.py    batches: padded, shifted by one, masked
    finetune/loss.py       cross-entropy at the supervised positions
    finetune/loop.py       the loop: loss, gradient, AdamW step, evaluation
    gpt/model.py           the model itself

What a run leaves behind, and how `--resume` goes on with it, is in finetune/run.py. Under torchrun
several processes share a run: finetune/distributed.py.
"""

import dataclasses
import hashlib
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from finetune.extras.memory import remember_few_shapes, reuse_memory, run  # before torch: see there

# isort: split

import torch
from tqdm import tqdm

from finetune.dataset import BUNDLED, Example, Record, encode, read_records, split
from finetune.device import DEVICES, DTYPES, choose_device, choose_dtype
from finetune.evaluate.__main__ import answers, record_losses
from finetune.evaluate.scores import Answer, by_kind, perplexity, scored
from finetune.extras import adapter, lora
from finetune.extras.distributed import Processes, joined, whole
from finetune.extras.run_directory import Run, is_finished, new_directory, stored_options
from finetune.loop import BEGINNING, Metrics, train
from finetune.optimizer import DECAYING, SCHEDULES, AdamW, learning_rate
from finetune.options import option, parse, parse_again
from finetune.prompt import TEMPLATES
from finetune.report.token_view import Row, look
from gpt.config import SIZES
from gpt.errors import UserError
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights import pretrained
from weights.sources import hugging_face_name


@dataclass(frozen=True)
class TrainOptions:
    """Every option of train.py. The lecture's values are the defaults, but for the model's size.

    What is None here and depends on the model is in RECIPES.
    """

    model: str = option("tiny", f"{', '.join(SIZES)}, or a model's directory", metavar="NAME|DIR")
    init: str = option("pretrained", "the weights to start from", choices=("pretrained", "random"))
    data: str = option(str(BUNDLED), "instruction records: JSON or JSON Lines", metavar="FILE|URL")
    epochs: int | None = option(
        None, "passes over the training records (default: 1; tiny: 4)", at_least=1
    )
    batch_size: int = option(8, "records in a batch", at_least=1)
    accumulate: int = option(1, "batches to a step, as if they were one", at_least=1)
    lr: float | None = option(
        None,
        "AdamW's learning rate, at its highest (default: 5e-5; tiny: 3e-4; LoRA: 4 times that)",
        above=0,
    )
    warmup_steps: int = option(0, "steps in which the learning rate rises to that", at_least=0)
    schedule: str | None = option(
        None,
        "the learning rate from then on (default: constant; tiny: cosine)",
        choices=SCHEDULES,
    )
    weight_decay: float = option(0.1, "AdamW's weight decay", at_least=0)
    decay: str = option("all", "the parameters that decay", choices=DECAYING)
    clip_norm: float | None = option(None, "shorten gradients longer than this", above=0)
    lora_rank: int | None = option(
        None, "train adapters of this rank beside the model instead", at_least=1
    )
    lora_alpha: float = option(256.0, "adapters count alpha / rank", above=0)
    mask_prompt: bool = option(False, "learn from the responses only, not from the prompts too")
    template: str = option("alpaca", "the form of the prompt", choices=tuple(TEMPLATES))
    eval_every: int = option(5, "steps from one evaluation to the next", at_least=1)
    eval_batches: int = option(5, "batches an evaluation looks at, of each part", at_least=1)
    max_steps: int | None = option(None, "stop after so many steps", at_least=1)
    samples: int = option(10, "test records answered before training, to compare", at_least=0)
    seed: int = option(123, "seeds random weights and the order of the records", at_least=0)
    device: str = option("auto", "where to compute", choices=DEVICES)
    dtype: str = option(
        "auto", "the numbers that matrices are multiplied in", choices=("auto", *DTYPES)
    )
    low_memory: bool = option(False, "the same numbers in less memory, in more time")
    shard: bool = option(False, "under torchrun: every process keeps a part of the model")
    save_every: int | None = option(
        None, "steps from one checkpoint to the next (default: at each epoch's end)", at_least=1
    )
    out: str | None = option(
        None, "the run's directory (default: runs/MODEL-DATE-TIME)", metavar="DIR"
    )
    resume: str | None = option(
        None, "go on with a run that was stopped, with its options", metavar="DIR"
    )


# What the lecture trains GPT-2 with. `tiny` is a twentieth of the smallest GPT-2 and has read less
# than a hundredth: it has more to learn here, and bears larger steps.
LECTURE = {"epochs": 1, "lr": 5e-5, "schedule": "constant"}
RECIPES = {"tiny": {"epochs": 4, "lr": 3e-4, "schedule": "cosine"}}
LORA_RATE = 4  # times the learning rate of all parameters; measured, see README.md

SAMPLE_TOKENS = 64  # how long an answer before training gets: a model may go on for ever
UNDER_THE_MICROSCOPE = 3  # validation records

# The options that a resumed run may have otherwise than before.
MAY_CHANGE = ("device", "low_memory", "shard", "save_every", "resume")


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(TrainOptions, argv, "Fine-tune GPT-2 on instruction records.")
    if options.resume is not None:
        stored = stored_options(Path(options.resume))
        options = parse_again(TrainOptions, argv, stored, MAY_CHANGE)
        if is_finished(Path(options.resume)):
            say(f"{options.resume} is finished: nothing is left to do")
            return 0
    with joined(choose_device(options.device)) as (processes, device):
        fine_tune(with_recipe(options), device, processes)
    return 0


def with_recipe(options: TrainOptions) -> TrainOptions:
    """The options with what was left to the recipe."""
    recipe = RECIPES.get(options.model, LECTURE)
    if options.lora_rank is not None:
        recipe = recipe | {"lr": LORA_RATE * recipe["lr"]}
    missing = {name: value for name, value in recipe.items() if getattr(options, name) is None}
    return dataclasses.replace(options, **missing)


def fine_tune(options: TrainOptions, device: torch.device, processes: Processes) -> None:
    """The whole run, in this process alone or in one of several."""
    shard = options.shard and processes.size > 1
    if options.shard and not shard and options.resume is None:
        raise UserError("--shard cuts the model up among processes: start several, by torchrun")
    dtype = choose_dtype(options.dtype, device)
    generator = torch.Generator().manual_seed(options.seed)
    with processes.first_on_its_machine_first():
        splits = split(read_records(options.data), options.data)
        # LoRA is there to save memory, and what is kept of freed memory is a part of what it takes.
        reuse_memory(not options.low_memory and options.lora_rank is None)
        model, tokenizer, _ = pretrained.from_name(
            options.model, options.init, generator, device="cpu" if shard else device
        )
    if model.num_parameters() > 1e8:
        remember_few_shapes()
    model.recompute = options.low_memory
    if options.lora_rank is not None:
        lora.add(model, options.lora_rank, options.lora_alpha, generator, frozen_dtype=dtype)
    training, _ = encode_part("training", splits.train, model, tokenizer, options)
    validation, asked = encode_part("validation", splits.validation, model, tokenizer, options)
    testing, _ = encode_part("test", splits.test, model, tokenizer, options)
    left_out = sum(map(len, splits)) - len(training) - len(validation) - len(testing)
    if len(training) < options.batch_size:
        raise UserError(
            f"{options.data}: {len(training)} training records do not fill one batch; lower "
            f"--batch-size {options.batch_size}"
        )

    replica = processes.replica(model, shard)
    optimizer = AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        options.lr,
        options.weight_decay,
        options.decay,
        options.clip_norm,
        in_backward=options.accumulate == processes.size == 1,
    )
    directory = Path(options.resume or "")
    if processes.leads and options.resume is None:
        directory = new_directory(options.out, options.model, dataclasses.asdict(options))
    records = hashlib.sha256(repr(splits).encode("utf-8")).hexdigest()
    run = Run(directory, model, optimizer, records, options.save_every, processes)
    learned = sum(parameter.numel() for parameter in optimizer.parts)
    run.describe(
        f"{options.model}: {model.num_parameters():,} parameters"
        + (f", {learned:,} of them trained" if learned < model.num_parameters() else "")
        + f", on {device} in {str(dtype).removeprefix('torch.')}"
        + (f", in {processes.size} processes" if processes.size > 1 else "")
        + f"\n{options.data}: {len(training)} records to train on, {len(splits.test)} to test, "
        f"{len(validation)} to validate\n"
        f"Run: {directory}" + (f", after step {run.start.step}" if run.start.step >= 0 else "")
    )

    def seen(model: GPT) -> list[Row]:
        return look(model, tokenizer, validation[:UNDER_THE_MICROSCOPE], options.mask_prompt, dtype)

    sample = asked[0]

    def show(when: str, answer: Answer) -> None:
        say(f"\n{when}, the first validation record:\n  Instruction: {sample.instruction}")
        if sample.input:
            say(f"  Input:       {sample.input}")
        say(f"  Expected:    {sample.output}\n  Response:    {answer.text}\n")

    if run.start == BEGINNING:
        with whole(model):
            if processes.leads:
                plain, to_compare = lora.merged(model), [sample, *splits.test[: options.samples]]
                first, *others = answers(
                    plain, tokenizer, to_compare, options.template, SAMPLE_TOKENS
                )
                run.keep("before.json", {"answers": others, "microscope": seen(plain)})
                show("Before training", first)

    def on_evaluation(metrics: Metrics) -> None:
        run.on_evaluation(metrics)
        when = f"Ep {math.ceil(metrics.epoch)} (Step {metrics.step:06d})"
        say(
            f"{when if metrics.step >= 0 else 'Before training'}: "
            f"Train loss {metrics.train_loss:.3f}, Val loss {metrics.val_loss:.3f}"
        )

    def on_epoch_end(epoch: int) -> None:
        with whole(model):
            if not processes.leads:
                return
            plain = lora.merged(model)
            pretrained.save(directory / "model", plain, options.template)
            if options.lora_rank is not None:
                base = hugging_face_name(options.model)
                adapter.save(directory / "adapter", model, base)
            (answer,) = answers(plain, tokenizer, [sample], options.template)
        show(f"After epoch {epoch}", answer)

    schedule = partial(
        learning_rate,
        peak=options.lr,
        warmup_steps=options.warmup_steps,
        schedule=options.schedule,
    )
    with run.stop:
        train(
            replica,
            optimizer,
            training,
            validation,
            epochs=options.epochs,
            batch_size=options.batch_size,
            accumulate=options.accumulate,
            max_steps=options.max_steps,
            eval_every=options.eval_every,
            eval_batches=options.eval_batches,
            mask_prompt=options.mask_prompt,
            dtype=dtype,
            generator=generator,
            schedule=schedule,
            on_evaluation=on_evaluation,
            on_epoch_end=on_epoch_end,
            on_step=run.on_step,
            start=run.start,
            processes=processes,
        )
    with whole(model):
        if not processes.leads:
            return
        plain = lora.merged(model)
        given = answers(plain, tokenizer, splits.test, options.template)
        run.keep("after.json", {"microscope": seen(plain)})
        figures = scored(splits.test, given)
        for part, examples in (("test", testing), ("validation", validation)):
            losses = record_losses(plain, examples, options.batch_size, options.mask_prompt, dtype)
            figures[f"Perplexity, {part}"] = perplexity(losses)
    kinds = by_kind(splits.test, given)
    run.keep(
        "scores.json",
        {
            "figures": {name: figure._asdict() for name, figure in figures.items()},
            "kinds": {name: kind._asdict() for name, kind in kinds.items()},
        },
    )
    run.finish(splits.test, given)
    last, exact = run.history[-1], figures["Exact match"]
    say(
        f"Of the {exact.count} test answers {round(exact.value * exact.count)} are exact "
        f"({exact.value:.0%}, from {exact.low:.0%} to {exact.high:.0%}).\n"
        f"Trained on {last.tokens:,} tokens in {last.seconds:.1f} s. In {directory}: "
        "model/, report.html, and responses.json with the answers to the test records"
        + (f". {left_out} records did not fit and were left out, as said above" if left_out else "")
    )


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


def say(text: str) -> None:
    """Print above the progress bar, if there is one."""
    tqdm.write(text)


if __name__ == "__main__":
    sys.exit(run(main))
