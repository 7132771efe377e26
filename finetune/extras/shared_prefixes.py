"""Compute each prefix once: rows that begin alike share the computation of their beginning.

In a causal model without dropout, the hidden state at a position depends on the tokens up to there
and on nothing else. A batch of instruction records repeats many of these prefixes (all rows begin
with the template's first sentences), and the padded batch computes them row after row. Here the
batch becomes a trie (prefix tree; Fredkin, 1960) with one node for each distinct prefix, and the
model runs on the nodes:

    inputs     a b c d          nodes       a  b  c  d  e  f       a ─ b ─ c ─ d
               a b e f          positions   0  1  2  3  2  3           └─ e ─ f
               a b e _

Attention alone goes from row to row: each node is copied to where it stands in the rows, and of
those results one is taken for each node. Each distinct pair of a prefix and its next token is
one row of the logits, and its loss counts as often as the pair occurs in the batch. So the loss and
the gradients are those of the padded batch, for half of its work: the lecture's batches have 562
positions and 277 distinct prefixes on average.

Shapes: B rows, T tokens, N nodes, S supervised positions, P distinct pairs, V vocabulary.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from finetune import loss
from finetune.collate import IGNORE_INDEX, Batch, Loader
from finetune.device import SINGLE_PROCESS, SingleProcess
from finetune.loss import cross_entropy
from gpt.attention import Rows
from gpt.model import eval_mode

JOINED = 2048  # positions: evaluation joins batches into one trie up to here
MULTIPLE, MULTIPLE_T = 16, 8  # of the numbers of nodes and of pairs, and of the columns


class Trie(NamedTuple):
    """The distinct prefixes of a batch, and the tokens that are asked for after them."""

    tokens: Tensor  # (N,) the last token of each prefix
    place: Tensor  # (N,) where it ends, of B · T, in the first row that begins with it
    node: Tensor  # (B, T) the number, among the N, of the prefix that ends there
    asked: Tensor  # (P,) the node of each pair
    targets: Tensor  # (P,) the token asked for there
    pair: Tensor  # (S,) the number, among the P, of the pair at each supervised position

    def rounded_up(self) -> "Trie":
        """With spare nodes and pairs, which nothing looks at, up to a MULTIPLE of each.

        oneDNN compiles kernels for each new number of rows and, in bfloat16, keeps all of them:
        5 MB a step. A spare node is the first one again; a spare pair is in no sum. T is rounded
        up, too.
        """
        nodes, pairs = -len(self.tokens) % MULTIPLE, -len(self.asked) % MULTIPLE
        T = self.node.size(1)
        columns = -T % MULTIPLE_T
        place = self.place // T * (T + columns) + self.place % T
        return self._replace(
            tokens=F.pad(self.tokens, (0, nodes)),
            node=F.pad(self.node, (0, columns)),
            place=F.pad(place, (0, nodes)),
            asked=F.pad(self.asked, (0, pairs)),
            targets=F.pad(self.targets, (0, pairs)),
        )


def build_trie(batch: Batch) -> Trie:
    """A batch's trie, on the CPU, where its many small steps cost least.

    What comes after a row's last target is left out; if there is no target, one node stays.
    """
    inputs, targets = batch.to(torch.device("cpu"))  # (B, T) each
    T = inputs.size(1)
    supervised = targets != IGNORE_INDEX
    needed = supervised.flip(1).cumsum(1).flip(1) > 0  # (B, T)
    needed[0, 0] = True
    # (B, B, T): whether two rows agree in their first t + 1 tokens. argmax: the first that does.
    agree = (inputs[:, None] == inputs).cumprod(2, dtype=torch.uint8)
    place = agree.argmax(1) * T + torch.arange(T)  # (B, T) of B · T
    first_places = place[needed].unique()  # (N,), sorted
    node = torch.searchsorted(first_places, place).clamp(max=len(first_places) - 1)
    # (node, target) as one number, for `unique` is slow with two
    pairs, pair = (node[supervised] << 32 | targets[supervised]).unique(return_inverse=True)
    return Trie(
        tokens=inputs.flatten()[first_places],
        place=first_places,
        node=node,
        asked=pairs >> 32,
        targets=pairs & 0xFFFFFFFF,
        pair=pair,
    )


def token_losses(model: nn.Module, trie: Trie, dtype: torch.dtype) -> Tensor:
    """The cross-entropy at each supervised position, row by row: (S,)."""
    trie = trie.rounded_up()
    device: Any = model.device
    trie = Trie(*(part.to(device, non_blocking=True) for part in trie))
    rows = Rows(trie.node, trie.place)
    with torch.autocast(trie.tokens.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
        logits = model(trie.tokens[None], trie.asked, rows=rows)  # (P, V)
    return cross_entropy(logits, trie.targets)[trie.pair]


def batch_loss_sum(model: nn.Module, batch: Batch, dtype: torch.dtype = torch.float32) -> Tensor:
    """As in finetune/loss.py, from the batch's distinct prefixes, unless there are almost as many
    as positions: then copying them to the rows and back costs more than it saves."""
    trie = build_trie(batch)
    if len(trie.tokens) > 0.9 * batch.inputs.numel():
        return loss.batch_loss_sum(model, batch, dtype)
    return token_losses(model, trie, dtype).sum()


@torch.no_grad()
def loader_loss(
    model: nn.Module,
    loader: Loader,
    max_batches: int,
    process: SingleProcess = SINGLE_PROCESS,
    dtype: torch.dtype = torch.float32,
) -> float:
    """As in finetune/loss.py: the mean of batch means, from tries of several batches each."""
    means = []
    with eval_mode(model):
        for group in _groups(islice(loader, max_batches)):
            local = list(process.local_batches(model, group))
            if len(local) == 1:
                sums = [batch_loss_sum(model, local[0], dtype)]
            else:
                losses = token_losses(model, build_trie(join(local)), dtype)
                sums = [part.sum() for part in losses.split([b.num_targets() for b in local])]
            for batch, total in zip(group, sums, strict=True):
                means.append(process.all_reduce_sum(total.item()) / batch.num_targets())
    return sum(means) / len(means)


def _groups(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """Successive batches that have JOINED positions or fewer together, at least one.

    From the whole batches, not from a process's rows: processes that share a model must all run it
    equally often.
    """
    group: list[Batch] = []
    for batch in batches:
        if group and _positions([*group, batch]) > JOINED:
            yield group
            group = []
        group.append(batch)
    if group:
        yield group


def _positions(batches: Sequence[Batch]) -> int:
    return sum(len(batch.inputs) for batch in batches) * max(b.inputs.size(1) for b in batches)


def join(batches: Sequence[Batch]) -> Batch:
    """The rows of several batches as one batch, padded to the longest."""
    T = max(batch.inputs.size(1) for batch in batches)

    def padded(parts: Iterable[Tensor], value: int) -> Tensor:
        return torch.cat([F.pad(part, (0, T - part.size(1)), value=value) for part in parts])

    inputs, targets = zip(*batches, strict=True)
    return Batch(padded(inputs, 0), padded(targets, IGNORE_INDEX))
