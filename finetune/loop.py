"""The training loop: reads batches, updates the weights, reports losses.

`train_step` is what a teacher points at; `train` repeats it for every batch of every epoch and
measures both losses every few steps. The loop knows nothing of files, options or the screen, except
for one progress bar: what is to be done with a loss or at the end of an epoch is handed in.
"""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from finetune.collate import Batch, Loader, accumulate
from finetune.device import SINGLE_PROCESS, SingleProcess
from finetune.loss import LossSum, MeanLoss, batch_loss_sum, loader_loss
from finetune.optimizer import AdamW
from gpt.errors import UserError


class TrainingError(UserError):
    """Training has to stop; the message says at which step and what to change."""


class Metrics(NamedTuple):
    """One evaluation. Losses are nats per token, times are seconds since the start of training."""

    step: int  # the update just made, counted from 0 as in the lecture's output; -1 before any
    epoch: float  # passes over the training data so far
    tokens: int  # supervised tokens seen so far
    seconds: float
    lr: float  # of that update; 0 before any
    tokens_per_second: float  # of the updates since the previous evaluation, without evaluations
    train_loss: float
    val_loss: float


class Progress(NamedTuple):
    """Training progress after a step. Together with the model and optimizer state it is enough to
    resume."""

    step: int = -1
    tokens: int = 0
    seconds: float = 0.0
    shuffle_rng_state: Tensor | None = None  # the generator's, at the start of the epoch at hand


START = Progress()


class Plan(NamedTuple):
    """How long to train and how often to evaluate."""

    epochs: int = 1
    max_steps: int | None = None  # ends training earlier
    accumulation: int = 1  # batches in an optimizer step
    eval_every: int = 5  # steps from one evaluation to the next
    eval_batches: int = 5  # batches in an evaluation, of each loader
    lr: Callable[[int, int], float] = lambda step, steps: 5e-5  # of a step, of so many steps


class Callbacks:
    """What `train` reports to. Each method may be overridden; here none does anything."""

    def on_evaluation(self, metrics: Metrics) -> None:
        """Before training, after every `eval_every`-th step, and at the end of each epoch."""

    def on_epoch_end(self, epoch: int) -> None:
        """The epoch's number, from 1; also for one that `max_steps` cut short."""

    def on_step(self, progress: Progress, epoch_over: bool) -> None:
        """Last after every step."""


def train_step(
    model: nn.Module,
    optimizer: AdamW,
    micro_batches: Sequence[Batch],
    loss_sum: LossSum = batch_loss_sum,
    process: SingleProcess = SINGLE_PROCESS,
) -> tuple[float, int]:
    """One update of the weights; returns the mean loss and the number of supervised tokens."""
    count = sum(batch.num_targets() for batch in micro_batches)
    loss: float | Tensor = 0.0
    for batch in process.local_batches(model, micro_batches):  # inputs, targets (B, T)
        mean = loss_sum(model, batch) / count  # forward: logits (N, V) → cross-entropy, a scalar
        if process.check_before_backward:
            require_finite(process.all_reduce_sum(mean.item()))
        process.backward(mean)  # a gradient for each parameter, of the parameter's shape
        loss = loss + mean.detach()
    optimizer.step()  # AdamW moves the weights
    optimizer.zero_grad()
    return require_finite(process.all_reduce_sum(float(loss))), count


def train(
    model: nn.Module,
    optimizer: AdamW,
    train_loader: Loader,
    val_loader: Loader,
    plan: Plan,
    generator: torch.Generator,
    callbacks: Sequence[Callbacks],
    loss_sum: LossSum = batch_loss_sum,
    start: Progress = START,
    process: SingleProcess = SINGLE_PROCESS,
    mean_loss: MeanLoss | None = None,
) -> None:
    """Fine-tune `model` in place, as long as `plan` says. `generator` (CPU) shuffles.

    Each optimizer step uses `accumulation` batches (the last step of an epoch: those that remain).
    Its gradient equals that of one batch holding all their records. `mean_loss` measures a loader,
    by default `loader_loss` with `loss_sum`.

    Raises TrainingError if a loss is not finite: the training loss before its update, any other
    before it is reported, so that `on_epoch_end` never sees a model that has diverged.
    """
    steps_per_epoch = math.ceil(train_loader.num_full_batches() / plan.accumulation)
    steps = plan.epochs * steps_per_epoch
    steps = min(steps, plan.max_steps or steps)
    step, tokens, seconds, rng_state = start
    started = time.perf_counter() - seconds
    lr, recent_tokens, recent_seconds = 0.0, 0, 0.0  # the two since the previous evaluation
    if rng_state is not None:
        generator.set_state(rng_state)
    if mean_loss is None:
        mean_loss = partial(loader_loss, loss_sum=loss_sum)

    def evaluate() -> None:
        losses = [
            require_finite(mean_loss(model, loader, plan.eval_batches, process), step)
            for loader in (train_loader, val_loader)
        ]
        seconds = time.perf_counter() - started
        speed = recent_tokens / recent_seconds if recent_tokens else 0.0
        epoch = (step + 1) / steps_per_epoch
        metrics = Metrics(step, epoch, tokens, seconds, lr, speed, *losses)
        for callback in callbacks:
            callback.on_evaluation(metrics)

    model.train()
    bar = tqdm(
        initial=step + 1,
        total=steps,
        unit="step",
        disable=None if process.is_main_process else True,
        dynamic_ncols=True,
    )
    with bar:
        if step < 0:
            evaluate()
        while step + 1 < steps:
            epoch, done = divmod(step + 1, steps_per_epoch)  # done: steps of this epoch, on resume
            rng_state = generator.get_state()
            grouped = accumulate(train_loader.shuffled(generator), plan.accumulation)
            for micro_batches in islice(grouped, done, None):
                step_started = time.perf_counter()
                lr = plan.lr(step + 1, steps)
                optimizer.set_lr(lr)
                loss, count = train_step(model, optimizer, micro_batches, loss_sum, process)
                step, tokens = step + 1, tokens + count
                step_seconds = time.perf_counter() - step_started
                recent_tokens, recent_seconds = recent_tokens + count, recent_seconds + step_seconds
                speed = f"{count / step_seconds:.0f} tokens/s"
                bar.set_postfix_str(f"loss {loss:.3f}, {speed}", refresh=False)
                bar.update()

                epoch_over = step + 1 in (steps, (epoch + 1) * steps_per_epoch)
                if step % plan.eval_every == 0 or epoch_over:
                    evaluate()
                    recent_tokens, recent_seconds = 0, 0.0
                if epoch_over:
                    for callback in callbacks:
                        callback.on_epoch_end(epoch + 1)
                    rng_state = generator.get_state()
                seconds = time.perf_counter() - started
                progress = Progress(step, tokens, seconds, rng_state)
                for callback in callbacks:
                    callback.on_step(progress, epoch_over)
                if epoch_over:
                    break


def require_finite(loss: float, step: int | None = None) -> float:
    """The loss, if it is finite; else TrainingError. `step` is the last one, None within one."""
    if math.isfinite(loss):
        return loss
    if step == -1:
        raise TrainingError(f"the loss is {loss} before any training: the weights are damaged")
    when = "" if step is None else f" after step {step}"
    raise TrainingError(f"the loss became {loss}{when}: try a smaller --lr, or --dtype float32")
