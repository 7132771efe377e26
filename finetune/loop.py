"""The training loop: batches in, weights moved, figures out.

It knows nothing of files, options or the screen, except for one progress bar. What is to be done
with a figure or at the end of an epoch is passed in.
"""

import math
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from finetune.collate import IGNORE_INDEX, batches, windows
from finetune.dataset import Example
from finetune.evaluate.__main__ import mean_loss
from finetune.extras.distributed import ALONE, Processes
from finetune.loss import summed_loss
from finetune.optimizer import AdamW
from gpt.errors import UserError


class TrainingError(UserError):
    """Training cannot go on; the message says at which step and what to change."""


class Metrics(NamedTuple):
    """One evaluation. Losses are nats per token, times are seconds since the start of training."""

    step: int  # the update just made, counted from 0 as in the lecture's output; -1 before any
    epoch: float  # passes over the training data so far
    tokens: int  # supervised tokens seen so far
    seconds: float
    lr: float  # of that update; 0 before any
    tokens_per_second: float  # in the updates since the evaluation before, not counting that
    train_loss: float
    val_loss: float


class Position(NamedTuple):
    """Where training stands after a step, from which it can go on: with this, the model and the
    optimizer's state. The default is where it starts."""

    step: int = -1
    tokens: int = 0
    seconds: float = 0.0
    shuffle: Tensor | None = None  # the generator's state at the start of the epoch to go on with


BEGINNING = Position()


def train(
    model: nn.Module,
    optimizer: AdamW,
    training: Sequence[Example],
    validation: Sequence[Example],
    *,
    epochs: int,
    batch_size: int,
    accumulate: int,
    max_steps: int | None,
    eval_every: int,
    eval_batches: int,
    mask_prompt: bool,
    dtype: torch.dtype,
    generator: torch.Generator,
    schedule: Callable[[int, int], float],
    on_evaluation: Callable[[Metrics], None],
    on_epoch_end: Callable[[int], None],
    on_step: Callable[[Position, bool], None],
    start: Position = BEGINNING,
    processes: Processes = ALONE,
) -> None:
    """Fine-tune `model` in place, for `epochs` passes or `max_steps` updates, whichever ends first.

    An update is made from `accumulate` batches, in the end of an epoch from what is left of them:
    it is that of one batch with all their records. `schedule` gives its learning rate from its
    number and how many there will be. `generator` (CPU) shuffles.

    `on_evaluation` gets the losses before training, after every `eval_every`-th update from the
    first on, and at the end of each epoch. `on_epoch_end` then gets the epoch's number, from 1,
    also for one that `max_steps` cut short. `on_step` comes last after every update, with whether
    the epoch is over. Raises TrainingError if a loss is not finite: the training loss before its
    update, any other before it is handed out, so that `on_epoch_end` never sees a model that has
    diverged.
    """
    steps_per_epoch = math.ceil(len(training) // batch_size / accumulate)
    steps = min(epochs * steps_per_epoch, max_steps or math.inf)
    step, tokens, seconds, shuffle = start
    started = time.perf_counter() - seconds
    lr, recent_tokens, recent_seconds = 0.0, 0, 0.0  # the two since the last evaluation
    if shuffle is not None:
        generator.set_state(shuffle)

    def evaluate() -> None:
        nonlocal recent_tokens, recent_seconds
        losses = [
            mean_loss(model, examples, batch_size, eval_batches, mask_prompt, dtype, processes)
            for examples in (training, validation)
        ]
        for loss in losses:
            _require_finite(loss, step)
        seconds = time.perf_counter() - started
        speed = recent_tokens / recent_seconds if recent_tokens else 0.0
        recent_tokens, recent_seconds = 0, 0.0
        epoch = (step + 1) / steps_per_epoch
        on_evaluation(Metrics(step, epoch, tokens, seconds, lr, speed, *losses))

    model.train()
    with tqdm(
        initial=step + 1,
        total=steps,
        unit="step",
        disable=None if processes.leads else True,
        dynamic_ncols=True,
    ) as bar:
        if step < 0:
            evaluate()
        while step + 1 < steps:
            epoch, first = divmod(step + 1, steps_per_epoch)
            shuffle = generator.get_state()
            shuffled = windows(batches(training, batch_size, mask_prompt, generator), accumulate)
            for window in islice(shuffled, first, None):
                step_started = time.perf_counter()
                lr = schedule(step + 1, steps)
                optimizer.set_lr(lr)
                count = sum(int((targets != IGNORE_INDEX).sum()) for _, targets in window)
                loss = 0.0
                for inputs, targets in processes.rows(model, window):
                    loss_sum, _ = summed_loss(model, inputs, targets, dtype)
                    part = loss_sum / count
                    loss += processes.sum(part.item())
                    _require_finite(loss, step)
                    processes.backward(part)  # AdamW takes most of its step in here: see there
                optimizer.step()
                optimizer.zero_grad()
                step += 1
                tokens += count

                step_seconds = time.perf_counter() - step_started
                recent_tokens, recent_seconds = recent_tokens + count, recent_seconds + step_seconds
                speed = count / step_seconds
                bar.set_postfix_str(f"loss {loss:.3f}, {speed:.0f} tokens/s", refresh=False)
                bar.update()
                epoch_over = step + 1 in (steps, (epoch + 1) * steps_per_epoch)
                if step % eval_every == 0 or epoch_over:
                    evaluate()
                if epoch_over:
                    on_epoch_end(epoch + 1)
                    shuffle = generator.get_state()
                seconds = time.perf_counter() - started
                on_step(Position(step, tokens, seconds, shuffle), epoch_over)
                if epoch_over:
                    break


def _require_finite(loss: float, step: int) -> None:
    if math.isfinite(loss):
        return
    if step < 0:
        raise TrainingError(f"the loss is {loss} before any training: the weights are damaged")
    raise TrainingError(
        f"the loss became {loss} after step {step}: try a smaller --lr, or --dtype float32"
    )
