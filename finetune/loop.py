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
from tqdm import tqdm

from finetune.collate import batches
from finetune.dataset import Example
from finetune.evaluate import mean_loss
from finetune.loss import summed_loss
from finetune.optimizer import AdamW
from gpt.errors import UserError
from gpt.model import GPT


class TrainingError(UserError):
    """Training cannot go on; the message says at which step and what to change."""


class Metrics(NamedTuple):
    """One evaluation. Losses are nats per token, times are seconds since the start of training."""

    step: int  # the update just made, counted from 0 as in the lecture's output; -1 before any
    epoch: float  # passes over the training data so far
    tokens: int  # supervised tokens seen so far
    seconds: float
    train_loss: float
    val_loss: float


def train(
    model: GPT,
    optimizer: AdamW,
    training: Sequence[Example],
    validation: Sequence[Example],
    *,
    epochs: int,
    batch_size: int,
    max_steps: int | None,
    eval_every: int,
    eval_batches: int,
    mask_prompt: bool,
    dtype: torch.dtype,
    generator: torch.Generator,
    on_evaluation: Callable[[Metrics], None],
    on_epoch_end: Callable[[int], None],
) -> None:
    """Fine-tune `model` in place, for `epochs` passes or `max_steps` updates, whichever ends first.

    `on_evaluation` gets the losses before training, after every `eval_every`-th update from the
    first on, and at the end of each epoch. `on_epoch_end` then gets the epoch's number, from 1,
    also for one that `max_steps` cut short. `generator` (CPU) shuffles. Raises TrainingError if a
    loss is not finite: the training loss before its update, any other before it is handed out, so
    that `on_epoch_end` never sees a model that has diverged.
    """
    steps_per_epoch = len(training) // batch_size
    last = min(epochs * steps_per_epoch, max_steps or math.inf) - 1
    step, tokens, started = -1, 0, time.perf_counter()

    def evaluate() -> None:
        losses = [
            mean_loss(model, examples, batch_size, eval_batches, mask_prompt, dtype)
            for examples in (training, validation)
        ]
        for loss in losses:
            _require_finite(loss, step)
        seconds = time.perf_counter() - started
        on_evaluation(Metrics(step, (step + 1) / steps_per_epoch, tokens, seconds, *losses))

    model.train()
    with tqdm(total=last + 1, unit="step", disable=None, dynamic_ncols=True) as bar:
        evaluate()
        for epoch in range(1, epochs + 1):
            shuffled = batches(training, batch_size, mask_prompt, generator)
            for inputs, targets in islice(shuffled, last - step):
                step_started = time.perf_counter()
                inputs, targets = inputs.to(model.device), targets.to(model.device)
                loss_sum, count = summed_loss(model, inputs, targets, dtype)
                loss = loss_sum / count
                _require_finite(loss.item(), step)
                loss.backward()  # most of the optimizer's step is taken in here: see AdamW
                optimizer.step()
                optimizer.zero_grad()
                step += 1
                tokens += count

                speed = count / (time.perf_counter() - step_started)
                bar.set_postfix_str(f"loss {loss.item():.3f}, {speed:.0f} tokens/s", refresh=False)
                bar.update()
                if step % eval_every == 0:
                    evaluate()
            if step % eval_every != 0:
                evaluate()
            on_epoch_end(epoch)
            if step == last:
                break


def _require_finite(loss: float, step: int) -> None:
    if math.isfinite(loss):
        return
    if step < 0:
        raise TrainingError(f"the loss is {loss} before any training: the weights are damaged")
    raise TrainingError(
        f"the loss became {loss} after step {step}: try a smaller --lr, or --dtype float32"
    )
