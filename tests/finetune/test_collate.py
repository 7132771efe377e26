"""finetune/collate.py: the shift, the padding and the masks, by counting."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.collate import IGNORE_INDEX, Batch, Loader, accumulate, collate
from finetune.dataset import Example

END = 9  # plays the end of text; it may also occur inside
example = st.builds(
    lambda prompt, response: Example([*prompt, *response], len(prompt)),
    st.lists(st.integers(0, 9), min_size=1, max_size=6),
    st.lists(st.integers(0, 9), min_size=1, max_size=6),
)
examples = st.lists(example, min_size=1, max_size=5)


def test_the_picture_in_the_docstring():
    p1, p2, p3, r1, r2, q1, q2, s1 = range(1, 9)
    pair = [Example([p1, p2, p3, r1, r2, END], 3), Example([q1, q2, s1, END], 2)]
    no = IGNORE_INDEX
    inputs, targets = collate(pair)
    assert inputs[0].tolist() == [p1, p2, p3, r1, r2] and inputs[1, :3].tolist() == [q1, q2, s1]
    assert targets.tolist() == [[p2, p3, r1, r2, END], [q2, s1, END, no, no]]
    _, masked = collate(pair, mask_prompt=True)
    assert masked.tolist() == [[no, no, r1, r2, END], [no, s1, END, no, no]]


@given(examples=examples, mask=st.booleans())
def test_targets_are_the_inputs_shifted_by_one(examples, mask):
    inputs, targets = collate(examples, mask)
    assert inputs.shape == targets.shape and inputs.dtype == targets.dtype == torch.int64
    assert inputs.size(1) == max(len(e.tokens) for e in examples) - 1
    for row, (tokens, _) in enumerate(examples):
        for t in range(inputs.size(1)):
            if t < len(tokens) - 1:
                assert inputs[row, t] == tokens[t]
            if targets[row, t] != IGNORE_INDEX:
                assert targets[row, t] == tokens[t + 1]
            if targets[row, t] != IGNORE_INDEX and t + 1 < len(tokens) - 1:
                assert targets[row, t] == inputs[row, t + 1]


@given(examples=examples)
def test_everything_but_padding_is_supervised(examples):
    _, targets = collate(examples)
    for row, (tokens, _) in zip(targets.tolist(), examples, strict=True):
        assert row == tokens[1:] + [IGNORE_INDEX] * (len(row) - len(tokens) + 1)


@given(examples=examples)
def test_mask_prompt_supervises_exactly_the_response_and_its_end(examples):
    """Lengths decide: a response may hold the end's id anywhere, and each is still a target."""
    ended = [Example([*tokens, END], length) for tokens, length in examples]
    _, targets = collate(ended, mask_prompt=True)
    for row, (tokens, length) in zip(targets.tolist(), ended, strict=True):
        assert [t for t in row if t != IGNORE_INDEX] == tokens[length:]
        assert row[: length - 1] == [IGNORE_INDEX] * (length - 1)


@given(examples=examples, mask=st.booleans(), data=st.data())
def test_rows_are_independent_of_their_order(examples, mask, data):
    order = data.draw(st.permutations(range(len(examples))))
    inputs, targets = collate(examples, mask)
    other_inputs, other_targets = collate([examples[i] for i in order], mask)
    assert torch.equal(other_inputs, inputs[order])
    assert torch.equal(other_targets, targets[order])


def numbered(n):
    return [Example([i, i + 100], 1) for i in range(n)]


@given(n=st.integers(1, 30), size=st.integers(1, 9))
def test_in_file_order_every_example_comes_once(n, size):
    loader = Loader(numbered(n), size)
    made = list(loader)
    assert len(made) == len(loader)
    assert [len(inputs) for inputs, _ in made[:-1]] == [size] * (len(made) - 1)
    assert torch.cat([inputs for inputs, _ in made])[:, 0].tolist() == list(range(n))


@given(n=st.integers(1, 30), size=st.integers(1, 9), seed=st.integers(0, 99))
def test_a_shuffled_pass_takes_whole_batches_of_different_examples(n, size, seed):
    generator = torch.Generator().manual_seed(seed)
    loader = Loader(numbered(n), size)
    made = [inputs[:, 0].tolist() for inputs, _ in loader.shuffled(generator)]
    seen = [i for batch in made for i in batch]
    assert [len(batch) for batch in made] == [size] * loader.num_full_batches()
    assert loader.num_full_batches() == n // size
    assert len(set(seen)) == len(seen) and set(seen) <= set(range(n))


def test_passes_differ_and_a_seed_repeats_them():
    def two_passes(seed):
        generator = torch.Generator().manual_seed(seed)
        loader = Loader(numbered(20), 4)
        return [[inputs.tolist() for inputs, _ in loader.shuffled(generator)] for _ in range(2)]

    first, second = two_passes(1)
    assert first != second
    assert two_passes(1) == [first, second] != two_passes(2)


@pytest.mark.parametrize("mask", [False, True])
def test_a_loader_passes_the_mask_on(mask):
    loader = Loader([Example([1, 2, 3, END], 2)], 1, mask)
    for batches in (loader, loader.shuffled(torch.Generator())):
        ((_, targets),) = batches
        assert (targets[0, 0] == IGNORE_INDEX) == mask


def test_targets_are_counted_and_a_batch_moves_whole():
    batch = Batch(torch.zeros(2, 3), torch.tensor([[1, 2, IGNORE_INDEX], [0, *[IGNORE_INDEX] * 2]]))
    assert batch.num_targets() == 3
    moved = batch.to(torch.device("meta"))
    assert type(moved) is Batch and {part.device.type for part in moved} == {"meta"}


@given(n=st.integers(0, 20), size=st.integers(1, 6))
def test_accumulated_batches_come_once_and_in_order(n, size):
    made = list(accumulate(range(n), size))
    assert [batch for group in made for batch in group] == list(range(n))
    assert [len(group) for group in made] == [size] * (n // size) + [n % size] * (n % size > 0)
