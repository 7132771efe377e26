"""finetune/optimizer.py: one group with everything in it, and the update that the paper writes."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.optimizer import AdamW
from tests import textbook


def test_every_parameter_is_in_one_group_and_decays():
    model = textbook.small_model()
    optimizer = AdamW(model.parameters(), lr=0.1, weight_decay=0.2)
    groups = [group for part in optimizer.parts.values() for group in part.param_groups]
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in model.parameters())
    assert {group["weight_decay"] for group in groups} == {0.2}
    assert {group["lr"] for group in groups} == {0.1}


@given(seed=st.integers(0, 99), lr=st.floats(1e-4, 0.1), decay=st.floats(0, 0.5))
def test_three_steps_are_algorithm_2_of_loshchilov_and_hutter(seed, lr, decay):
    model = textbook.small_model(seed)
    optimizer = AdamW(model.parameters(), lr, decay)
    generator = torch.Generator().manual_seed(seed)
    expected = [p.detach().clone() for p in model.parameters()]
    first = [torch.zeros_like(p) for p in expected]
    second = [torch.zeros_like(p) for p in expected]
    for t in (1, 2, 3):
        for i, parameter in enumerate(model.parameters()):
            g = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.grad = g
            first[i] = 0.9 * first[i] + 0.1 * g
            second[i] = 0.999 * second[i] + 0.001 * g**2
            adam = (first[i] / (1 - 0.9**t)) / (torch.sqrt(second[i] / (1 - 0.999**t)) + 1e-8)
            expected[i] = expected[i] - lr * decay * expected[i] - lr * adam
        optimizer.step()
    for parameter, by_hand in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach(), by_hand)
