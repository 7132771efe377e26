"""Fine-tune GPT-2 to follow instructions: `python train.py --model 355M --epochs 1`.

The lecture in six steps, each in a file to read next:

    1 records     finetune/records.py    JSON records, checked; finetune/dataset.py splits them
    2 batches     finetune/collate.py    prompt + response as token ids, padded, shifted, masked
    3 model       gpt/model.py           GPT-2, with the weights that weights/pretrained.py brings
    4 AdamW       finetune/optimizer.py  the optimizer and its learning rate
    5 loop        finetune/loop.py       loss, gradients, update; both losses every few steps
    6 responses   finetune/responses.py  what the trained model makes of the test records

A line marked `extra` is beyond the lecture: without it, and without its option, the lecture runs.
"""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gpt.errors import UserError, quiet_interrupt, run_script

if __name__ == "__main__":
    quiet_interrupt()  # while torch is imported, which takes seconds

import torch
from tqdm import tqdm

from finetune.collate import Loader
from finetune.console import SAMPLE_TOKENS, Console, closing, header, wrap_words
from finetune.dataset import Record, encode, left_out_note
from finetune.device import SingleProcess, choose_device, choose_dtype
from finetune.extras import gradient_checkpointing, lora, memory, run_directory, shared_prefixes
from finetune.extras.chat import things_to_ask
from finetune.extras.data import first_test_records, read_splits
from finetune.extras.distributed import setup_distributed
from finetune.extras.memory_estimate import Run, decide_low_memory, largest_batch
from finetune.extras.optimizer_in_backward import AdamWInBackward
from finetune.extras.signals import output_may_close
from finetune.extras.train_options import CHANGEABLE_ON_RESUME, ExtraOptions
from finetune.loop import START, Plan, train
from finetune.optimizer import AdamW, lr_at_step
from finetune.options import option, parse, parse_resumed
from finetune.records import BUNDLED_NAME
from finetune.report.epochs import PlayedEpochs
from finetune.report.snapshots import Snapshots
from finetune.responses import Response, generate_responses
from gpt.config import SIZES
from weights import pretrained


@dataclass(frozen=True)
class TrainOptions(ExtraOptions):
    """The lecture's options, with its values as defaults, but for the model's size.

    What is None here and depends on the model is in MODEL_DEFAULTS.
    """

    model: str = option("tiny", f"{', '.join(SIZES)}, or a model's directory", metavar="NAME|DIR")
    init: str = option("pretrained", "initial weights", choices=("pretrained", "random"))
    data: str = option(BUNDLED_NAME, "records, as JSON or JSON Lines", metavar="FILE|URL")
    epochs: int | None = option(None, "passes over the training data (default: 1; tiny: 4)", min=1)
    batch_size: int = option(8, "records in a batch", min=1)
    lr: float | None = option(
        None, "learning rate (default: 5e-5; tiny: 1.5e-4; LoRA: 4 times that)", greater_than=0
    )
    weight_decay: float = option(0.1, "AdamW's weight decay", min=0)
    eval_every: int | None = option(None, "steps between evaluations (default: 5; tiny: 20)", min=1)
    eval_batches: int = option(5, "batches in an evaluation, of each split", min=1)
    max_steps: int | None = option(None, "stop after this many steps", min=1)
    seed: int = option(123, "seed of random weights and of shuffling", min=0)


# What depends on the model: the lecture's values for GPT-2, and what was measured best for `tiny`.
DEFAULTS = ("epochs", "lr", "schedule", "eval_every", "mask_prompt")
LECTURE, TINY = (1, 5e-5, "constant", 5, "off"), (4, 1.5e-4, "cosine", 20, "on")
LORA_LR_FACTOR = 4  # times the learning rate of all parameters; measured, see docs/options.md


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(TrainOptions, argv, "Fine-tune GPT-2 on instruction records.")
    if options.resume is not None:  # extra: resume
        stored = run_directory.stored_options(Path(options.resume))
        options = parse_resumed(TrainOptions, argv, stored, CHANGEABLE_ON_RESUME)
    if options.resume is not None and run_directory.is_finished(Path(options.resume)):  # extra
        tqdm.write(f"{options.resume} is finished; to train it further: --model {options.resume}")
        return 0
    device = choose_device(options.device)
    distributed = setup_distributed(device, options.shard, options.resume is not None)  # extra
    with output_may_close(), distributed as (process, device):  # extra: torchrun, a closed screen
        fine_tune(fill_defaults(options), device, process)
    return 0


def fill_defaults(options: TrainOptions) -> TrainOptions:
    """The options with what depends on the model filled in."""
    values = TINY if options.model == "tiny" else LECTURE
    defaults: dict[str, Any] = dict(zip(DEFAULTS, values, strict=True))
    if options.lora_rank is not None:
        defaults["lr"] *= LORA_LR_FACTOR
    given = {name for name in defaults if getattr(options, name) not in (None, "auto")}
    return dataclasses.replace(options, **{k: v for k, v in defaults.items() if k not in given})


def fine_tune(options: TrainOptions, device: torch.device, process: SingleProcess) -> None:
    """The lecture in six steps. `options` are those of `fill_defaults`."""
    assert options.epochs and options.lr and options.schedule and options.eval_every
    dtype = choose_dtype(options.dtype, device)
    generator = torch.Generator().manual_seed(options.seed)

    # 1. Records: read, checked, split 85 / 10 / 5 in file order
    with process.main_process_first():
        splits = read_splits(options.data, options, generator)
    data_fingerprint = run_directory.fingerprint(splits)
    splits = first_test_records(splits, options.max_test)  # extra

    # 2. Batches: records as token ids; a loader pads them, shifts the targets and masks
    config, tokenizer = pretrained.load_config(options.model)
    records, loaders = {}, {}
    for name, part in splits._asdict().items():
        source = f"{options.data}, {name}"
        encoded = encode(part, tokenizer, config.context_length, options.template, source)
        if encoded.left_out:
            tqdm.write(wrap_words(left_out_note(encoded, source), rest="  "))
        records[name] = encoded.records
        loaders[name] = Loader(encoded.examples, options.batch_size, options.mask_prompt == "on")
    if not loaders["train"].num_full_batches():
        raise UserError(f"{options.data}: fewer records than --batch-size {options.batch_size}")

    # 3. Model: GPT-2 with its pretrained weights
    alone = options.accumulate == process.world_size == 1 and options.clip_norm is None
    in_backward = alone and device.type == "cpu"  # a GPU is faster with one fused step
    positions = largest_batch(loaders["train"].examples, options.batch_size)
    need = Run(config, dtype, positions, options.lora_rank, in_backward)
    low_memory = decide_low_memory(options.low_memory, need, options.model, device)  # extra
    memory.prepare(config.num_parameters(), low_memory or options.lora_rank is not None)  # extra
    with process.main_process_first():
        where = "cpu" if process.shard else device
        model, _, _ = pretrained.load_model(options.model, options.init, generator, device=where)
    gradient_checkpointing.add(model, low_memory)  # extra
    give_back = partial(memory.giving_back, enabled=low_memory)  # extra
    if options.lora_rank is not None:  # extra
        lora.add(model, options.lora_rank, options.lora_alpha, generator, frozen_dtype=dtype)

    # 4. AdamW
    wrapped = process.wrap(model)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    settings = trained, options.lr, options.weight_decay, options.decay
    optimizer = AdamW(*settings, options.clip_norm)
    if in_backward:  # extra: the same numbers in less memory
        optimizer = AdamWInBackward(*settings, model=model)
    lr = partial(
        lr_at_step, max_lr=options.lr, warmup_steps=options.warmup_steps, schedule=options.schedule
    )

    @give_back  # extra
    def respond(chosen: Sequence[Record], max_new_tokens: int = 256) -> list[Response]:
        settings = tokenizer, chosen, options.template, max_new_tokens
        return generate_responses(process.plain(model), *settings)

    # 5. Loop: both losses every few steps, the response to a validation record after each epoch
    stored = dataclasses.replace(options, dtype=str(dtype).removeprefix("torch."))
    directory = run_directory.open_directory(vars(stored), process)
    kept = directory, model, optimizer, data_fingerprint, options.save_every, process
    run = run_directory.RunDirectory(*kept, options=vars(stored))  # extra: log, checkpoints, resume
    run.print_header(header(options.model, model, options.data, records, device, dtype, process))
    console = Console(records["validation"][0], respond, model, process)
    seen = tokenizer, records["test"], options.template, loaders, dtype  # extra
    snapshots = Snapshots(directory, *seen)  # extra: for the report
    if run.start == START:
        console.show("Before training", SAMPLE_TOKENS)
        with process.unsharded(model):
            if process.is_main_process:
                first = respond(records["test"][: options.samples], SAMPLE_TOKENS)
                snapshots.before_training(process.plain(model), first)  # extra
    played = PlayedEpochs(directory, records["validation"], respond, model, process)  # extra
    how_long = options.epochs, options.max_steps, options.accumulate
    plan = Plan(*how_long, options.eval_every, options.eval_batches, lr)
    given = loaders["train"], loaders["validation"], plan, generator, [played, run, console]
    loss_sum = partial(shared_prefixes.batch_loss_sum, dtype=dtype)  # extra: half the arithmetic
    mean_loss = give_back(partial(shared_prefixes.loader_loss, dtype=dtype))  # extra: the same
    with memory.keeping(low_memory), run.stop_signal:  # extra: a signal writes a checkpoint
        train(wrapped, optimizer, *given, loss_sum, run.start, process, mean_loss)

    # 6. Responses to the test records, which were not trained on
    optimizer.state.clear()  # extra: the moments' memory is free for the responses
    with process.unsharded(model):
        if not process.is_main_process:
            return
        responses = respond(records["test"])
        said = snapshots.after_training(process.plain(model), responses)  # extra: scores, page
    run.finish(records["test"], responses)
    ideas = things_to_ask(options.model, options.data, records["test"])  # extra
    tqdm.write(closing(run.history, directory, said, ideas))


if __name__ == "__main__":
    sys.exit(run_script(main))
