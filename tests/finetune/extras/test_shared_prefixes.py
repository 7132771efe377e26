"""finetune/extras/shared_prefixes.py: against the padded batch, in float64."""

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from finetune import loss
from finetune.collate import IGNORE_INDEX, Batch, Loader, collate
from finetune.dataset import Example
from finetune.extras import gradient_checkpointing, lora, shared_prefixes
from finetune.extras.shared_prefixes import build_trie, token_losses
from finetune.loop import train_step
from finetune.optimizer import AdamW
from tests import textbook

# Two or three different tokens: rows with common beginnings, equal rows, rows that begin others.
row = st.lists(st.integers(0, 2), min_size=2, max_size=9)
rows = st.lists(row, min_size=1, max_size=5)
seeds = st.integers(0, 1000)


def batch(rows, mask_prompt=False):
    """The rows as a batch; with `mask_prompt` a third of each is its prompt."""
    return collate([Example(row, 1 + len(row) // 3) for row in rows], mask_prompt)


def from_trie(model, batch, dtype=torch.float32):
    """The loss from the distinct prefixes, cheaper or not."""
    return token_losses(model, build_trie(batch), dtype).sum()


def loss_and_gradients(loss_sum, model, batch):
    model.zero_grad()
    value = loss_sum(model, batch)
    value.backward()
    return value, [p.grad.to_dense() for p in model.parameters() if p.requires_grad]


def assert_same(model, batch):
    expected, expected_gradients = loss_and_gradients(loss.batch_loss_sum, model, batch)
    value, gradients = loss_and_gradients(from_trie, model, batch)
    torch.testing.assert_close(value, expected)
    for ours, padded in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(ours, padded, rtol=1e-9, atol=1e-11)


@example([[0, 1, 2, 0], [1, 2, 0, 1]], 0, True, False, False)  # nothing in common
@example([[0, 1, 2, 0]] * 3, 0, True, False, False)  # equal rows
@example([[0, 1], [0, 1, 2, 0], [0, 1, 2]], 0, True, False, False)  # rows that begin others
@example([[0, 1, 2, 0]], 0, True, True, False)  # one row, its prompt masked
@example([[0, 1, 2, 0, 1], [0, 1, 2, 1, 1]], 0, False, True, True)
@given(rows, seeds, st.booleans(), st.booleans(), st.booleans())
def test_loss_and_gradients_are_those_of_the_padded_batch(rows, seed, tied, mask, checkpointing):
    model = textbook.small_model(seed, tied_head=tied).train()
    gradient_checkpointing.add(model, checkpointing)
    assert_same(model, batch(rows, mask))


@given(seed=seeds, B=st.integers(1, 4), T=st.integers(1, 8), tokens=st.integers(1, 31))
def test_targets_anywhere(seed, B, T, tokens):
    """Also such as no collated batch has: gaps, rows without any, others than the next input."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randint(tokens, (B, T), generator=generator)
    targets = torch.randint(31, (B, T), generator=generator)
    targets[torch.rand(B, T, generator=generator) > 0.5] = IGNORE_INDEX
    assert_same(textbook.small_model(seed), Batch(inputs, targets))


@pytest.mark.parametrize("tied", [True, False])
def test_nothing_supervised_is_zero_and_so_are_its_gradients(tied):
    model = textbook.small_model(tied_head=tied)
    inputs = textbook.random_tokens(2, 5, 0)
    nothing = Batch(inputs, torch.full_like(inputs, IGNORE_INDEX))
    assert len(build_trie(nothing).tokens) == 1  # no kernel meets an empty tensor
    value, gradients = loss_and_gradients(from_trie, model, nothing)
    assert value == 0 and not any(gradient.any() for gradient in gradients)
    assert len(gradients) == len([*model.parameters()])  # which torch's engines wait for


@given(rows, seeds)
def test_lora_adapters_get_the_same_gradients(rows, seed):
    model = textbook.small_model(seed)
    lora.add(model, rank=2, alpha=4)
    for name, parameter in model.named_parameters():
        if name.endswith("lora_B"):
            parameter.data.normal_(0, 0.5, generator=torch.Generator().manual_seed(seed))
    assert_same(model, batch(rows))


@given(rows, st.booleans())
def test_there_is_a_node_for_every_prefix_of_a_supervised_one(rows, mask):
    trie = build_trie(batch(rows, mask))
    prefixes = {tuple(row[: t + 1]) for row in rows for t in range(len(row) - 1)}
    paths = []
    for n in range(len(trie.tokens)):
        row, t = divmod(int(trie.place[n]), trie.node.size(1))
        line = trie.node[row, : t + 1].tolist()
        assert line[-1] == n
        paths.append(tuple(int(trie.tokens[node]) for node in line))
    assert sorted(paths) == sorted(prefixes)
    next_tokens = {
        (tuple(row[:t]), row[t])
        for row in rows
        for t in range(1 + len(row) // 3 if mask else 1, len(row))
    }
    asked = zip(trie.asked.tolist(), trie.targets.tolist(), strict=True)
    assert sorted((paths[node], target) for node, target in asked) == sorted(next_tokens)


@given(rows, st.integers(1, 9))
def test_the_model_sees_few_sizes(rows, multiple):
    """Numbers of nodes and of pairs are rounded up to any multiple, and no further."""
    plain, sizes = textbook.small_model(), []

    def model(tokens, asked, rows):
        sizes.append((tokens.size(1), len(asked), rows.token.size(1)))
        return plain(tokens, asked, rows=rows)

    model.device = plain.device
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_prefixes, "MULTIPLE", multiple)
        trie = build_trie(batch(rows))
        value = token_losses(model, trie, torch.float32).sum()
    torch.testing.assert_close(value, loss.batch_loss_sum(plain, batch(rows)))
    for size, needed in zip(sizes[0][:2], (len(trie.tokens), len(trie.asked)), strict=True):
        assert size % multiple == 0 and needed <= size < needed + multiple
    T = trie.node.size(1)
    assert sizes[0][2] % 8 == 0 and T <= sizes[0][2] < T + 8


def test_padding_and_what_follows_the_last_target_are_not_computed():
    tokens = torch.tensor([[5, 6, 7, 8], [5, 6, 0, 0], [9, 9, 9, 9]])
    targets = torch.tensor([[6, 7, 8, 1], [6, 1, -100, -100], [-100, 3, -100, -100]])
    trie = build_trie(Batch(tokens, targets))
    assert trie.tokens.tolist() == [5, 6, 7, 8, 9, 9]
    assert trie.place.tolist() == [0, 1, 2, 3, 8, 9]
    assert trie.pair.tolist() == [0, 2, 3, 4, 0, 1, 5]  # 6 after 5 is asked for twice


def test_the_model_runs_on_the_nodes_only(monkeypatch):
    monkeypatch.setattr(shared_prefixes, "MULTIPLE", 1)
    model, seen = textbook.small_model(), []
    model.h[0].register_forward_hook(lambda *call: seen.append(tuple(call[-1].shape)))
    model.ln_f.register_forward_hook(lambda *call: seen.append(tuple(call[-1].shape)))
    tokens = [1, 2, 3, 4, 5, 6]
    shared_prefixes.batch_loss_sum(model, batch([[*tokens, i] for i in range(4)]))
    assert seen == [(1, 6, 8), (9, 8)]  # 24 positions; after the last of the 6, four tokens


def test_rows_with_little_in_common_are_padded(monkeypatch):
    model = textbook.small_model(context_length=64)
    different = Batch(textbook.random_tokens(4, 60, 0), textbook.random_tokens(4, 60, 1))
    alike = Batch(different.inputs[:1].repeat(4, 1), different.targets)
    expected = loss.batch_loss_sum(model, different)
    monkeypatch.setattr(shared_prefixes, "token_losses", None)
    assert shared_prefixes.batch_loss_sum(model, different) == expected
    with pytest.raises(TypeError, match="not callable"):
        shared_prefixes.batch_loss_sum(model, alike)


@given(rows, seeds)
def test_bfloat16_is_as_coarse_as_in_the_padded_batch(rows, seed):
    model = textbook.small_model(seed).float()
    padded = loss.batch_loss_sum(model, batch(rows), torch.bfloat16)
    shared = from_trie(model, batch(rows), torch.bfloat16)
    assert shared.dtype == torch.float32
    assert shared.item() == pytest.approx(padded.item(), rel=0.05)


def test_bfloat16_is_not_float32():
    model, some = textbook.small_model().float(), batch([[0, 1, 2, 0, 1], [0, 1, 1, 2]])
    assert from_trie(model, some) != from_trie(model, some, torch.bfloat16)


@pytest.mark.parametrize("mask_prompt", [False, True])
def test_steps_with_accumulation_move_the_weights_alike(mask_prompt):
    examples = [Example([1, 2, 3, 4, *range(5 + i % 5, 12)], 4) for i in range(12)]
    weights = []
    for loss_sum in (loss.batch_loss_sum, from_trie):
        model = textbook.small_model().train()
        optimizer = AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
        for micro_batches in ([*Loader(examples, 4, mask_prompt)], [batch([[1, 2, 3], [1, 2]])]):
            train_step(model, optimizer, micro_batches, loss_sum)
        weights.append([*model.parameters()])
    for ours, padded in zip(*weights, strict=True):
        torch.testing.assert_close(ours, padded, rtol=1e-7, atol=1e-9)


@given(
    rows=st.lists(row, min_size=1, max_size=12),
    batch_size=st.integers(1, 5),
    max_batches=st.integers(1, 5),
    joined=st.integers(0, 200),
    mask=st.booleans(),
)
def test_the_mean_of_batch_means_is_the_same_however_batches_are_joined(
    rows, batch_size, max_batches, joined, mask
):
    model = textbook.small_model().train()
    loader = Loader([Example(row, 1 + len(row) // 3) for row in rows], batch_size, mask)
    expected = loss.loader_loss(model, loader, max_batches)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_prefixes, "JOINED", joined)
        assert shared_prefixes.loader_loss(model, loader, max_batches) == pytest.approx(expected)
    assert model.training


def test_batches_are_joined_up_to_a_number_of_positions(monkeypatch):
    loader = Loader([Example([0] * 9, 1)] * 12, 2)  # 6 batches of 2 × 8 positions
    for joined, sizes in ((0, [1] * 6), (47, [2] * 3), (48, [3] * 2), (1000, [6])):
        monkeypatch.setattr(shared_prefixes, "JOINED", joined)
        assert [len(group) for group in shared_prefixes._groups(loader)] == sizes
