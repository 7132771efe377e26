"""gpt/linear.py: the product it stands for, in every case it tells apart, and what it keeps."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from gpt import linear as linear_module
from gpt.linear import FEW_ROWS, Linear, linear

seeds = st.integers(0, 1000)
sizes = st.integers(1, 9)
# Few rows, many, around the border between them, or none at all; or in several dimensions.
shapes = st.one_of(
    st.integers(0, 2 * FEW_ROWS).map(lambda rows: (rows,)),
    st.sampled_from([(1,), (FEW_ROWS,), (FEW_ROWS + 1,), (1, 1), (2, FEW_ROWS // 2)]),
    st.lists(st.integers(0, 5), min_size=2, max_size=3).map(tuple),
)
# With 8 significant bits, rounding to bfloat16 moves a number by 2⁻⁸ of it at most. A product of
# two rounded numbers that is rounded itself is thus off by little more than 3 · 2⁻⁸; a sum of such,
# by that of the sum of their absolute values.
THREE_ROUNDINGS = 4 * 2**-8


def operands(shape, size_in, size_out, seed, dtype=torch.float64):
    """x, weight, bias, and a gradient of the output that bfloat16 can hold."""
    generator = torch.Generator().manual_seed(seed)
    x, weight, bias, grad = (
        torch.randn(*each, generator=generator, dtype=dtype)
        for each in ((*shape, size_in), (size_out, size_in), (size_out,), (*shape, size_out))
    )
    return x, weight, bias, grad.bfloat16().to(dtype)


def gradients(function, operands, grad):
    """The output, and the gradient of each operand that there is, by `function`."""
    leaves = [None if each is None else each.clone().requires_grad_() for each in operands]
    with torch.autocast("cpu", torch.bfloat16):
        y = function(*leaves)
    there = [each for each in leaves if each is not None]
    return y, torch.autograd.grad(y, there, grad.to(y.dtype))


def filled(layer):
    for parameter in layer.parameters():
        parameter.data.normal_()
    return layer


@given(
    shape=shapes | st.just(()),
    size_in=sizes,
    size_out=sizes,
    seed=seeds,
    has_bias=st.booleans(),
    grad_enabled=st.booleans(),
    strided=st.booleans(),
)
def test_it_is_x_times_w_transposed_plus_b(
    shape, size_in, size_out, seed, has_bias, grad_enabled, strided
):
    x, weight, bias, _ = operands(shape, size_in, size_out, seed)
    if strided:  # not one block of memory: every other number of a larger x
        x = torch.stack([x, x], dim=-1).flatten(-2)[..., ::2]
    expected = (x[..., None, :] * weight).sum(-1) + (bias if has_bias else 0)
    with torch.set_grad_enabled(grad_enabled):
        y = linear(x, weight, bias if has_bias else None)
    assert y.shape == (*shape, size_out) and y.dtype == torch.float64
    assert y.is_contiguous()  # attention takes views of it
    torch.testing.assert_close(y, expected)


@given(shape=shapes, size_in=sizes, size_out=sizes, seed=seeds)
def test_its_gradients_are_those_of_the_formula(shape, size_in, size_out, seed):
    *three, grad = operands(shape, size_in, size_out, seed)
    x, weight, bias = (each.requires_grad_() for each in three)
    got = torch.autograd.grad(linear(x, weight, bias), (x, weight, bias), grad)
    rows = [row.unsqueeze(0) for row in x.detach().reshape(-1, size_in)]
    outer = [g[:, None] * row for g, row in zip(grad.reshape(-1, size_out), rows, strict=True)]
    for gradient, by_hand in zip(
        got,
        (
            (grad[..., :, None] * weight.detach()).sum(-2),
            sum(outer, torch.zeros_like(weight)),
            grad.reshape(-1, size_out).sum(0),
        ),
        strict=True,
    ):
        torch.testing.assert_close(gradient, by_hand)


@pytest.mark.parametrize("amx", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 5, FEW_ROWS, FEW_ROWS + 1])
def test_a_model_in_any_precision_gets_its_own_back(rows, dtype, amx, monkeypatch):
    monkeypatch.setattr(linear_module, "_has_amx", lambda: amx)
    x, weight, bias, _ = (each.to(dtype) for each in operands((rows,), 40, 30, rows))
    with torch.inference_mode():
        y = linear(x, weight, bias)
    assert y.dtype == dtype
    x, weight, bias = x.double(), weight.double(), bias.double()
    largest = x.abs() @ weight.abs().t() + bias.abs()
    tolerance = THREE_ROUNDINGS if dtype == torch.bfloat16 else 1e-6
    assert ((y.double() - (x @ weight.t() + bias)).abs() <= tolerance * largest).all()


@given(shape=shapes, size_in=sizes, size_out=sizes, seed=seeds, has_bias=st.booleans())
def test_under_autocast_it_is_the_product_of_rounded_operands(
    shape, size_in, size_out, seed, has_bias
):
    x, weight, bias, _ = operands(shape, size_in, size_out, seed, torch.float32)
    bias = bias if has_bias else None
    expected = F.linear(x.bfloat16(), weight.bfloat16(), None if bias is None else bias.bfloat16())
    for grad_enabled in (True, False):
        with torch.set_grad_enabled(grad_enabled), torch.autocast("cpu", torch.bfloat16):
            y = linear(x, weight, bias)
        assert y.dtype == torch.bfloat16 and torch.equal(y, expected)


@given(shape=shapes, size_in=sizes, size_out=sizes, seed=seeds, has_bias=st.booleans())
def test_under_autocast_gradients_are_those_of_plain_autocast(
    shape, size_in, size_out, seed, has_bias
):
    x, weight, bias, grad = operands(shape, size_in, size_out, seed, torch.float32)
    bias = bias if has_bias else None
    y, ours = gradients(linear, (x, weight, bias), grad)
    expected, plain = gradients(F.linear, (x, weight, bias), grad)
    assert torch.equal(y, expected)
    for a, b in zip(ours, plain, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype == torch.float32
        # the same sums in an order that is the kernel's own: neighbours in bfloat16 at most
        largest = float(b.abs().max()) if b.numel() else 0
        torch.testing.assert_close(a, b, rtol=0, atol=2**-7 * largest)


@given(shape=shapes, size_in=sizes, size_out=sizes, seed=seeds)
def test_under_autocast_all_is_as_near_float32_as_bfloat16_can_be(shape, size_in, size_out, seed):
    x, weight, bias, grad = operands(shape, size_in, size_out, seed, torch.float32)
    y, ours = gradients(linear, (x, weight, bias), grad)
    rows, grad_rows = x.reshape(-1, size_in), grad.reshape(-1, size_out)
    for got, a, b, plus in (
        (y.reshape(-1, size_out), rows, weight.t(), bias),
        (ours[0].reshape(-1, size_in), grad_rows, weight, torch.zeros(())),
        (ours[1], grad_rows.t(), rows, torch.zeros(())),
        (ours[2][None], torch.ones(1, len(grad_rows)), grad_rows, torch.zeros(())),
    ):
        largest = a.abs() @ b.abs() + plus.abs()
        assert ((got.float() - (a @ b + plus)).abs() <= THREE_ROUNDINGS * largest).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_gradient_is_in_the_precision_of_its_own(dtype):
    x, weight, bias, _ = operands((3, 4), 6, 5, 0, torch.float32)
    x = x.to(dtype)
    for each in (x, weight, bias):
        each.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        y = linear(x, weight, bias)
    y.sum().backward()
    assert (x.grad.dtype, weight.grad.dtype, bias.grad.dtype) == (dtype, *[torch.float32] * 2)
    assert y.dtype == torch.bfloat16


@pytest.mark.parametrize("autocast", [True, False])
@pytest.mark.parametrize("trained", ["x", "weight", "bias", "x weight", "weight bias", "x bias"])
def test_what_is_frozen_gets_no_gradient_and_costs_no_arithmetic(trained, autocast):
    *three, grad = operands((3, 4), 6, 5, 0, torch.float32)
    leaves = dict(zip(("x", "weight", "bias"), three, strict=True))
    for name in trained.split():
        leaves[name].requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        y = linear(**leaves)
    with FlopCounterMode(display=False) as counted:
        y.backward(grad.to(y.dtype))
    assert {name for name, leaf in leaves.items() if leaf.grad is not None} == {*trained.split()}
    products = len({"x", "weight"} & {*trained.split()})
    assert counted.get_total_flops() == products * 2 * 12 * 6 * 5


def test_under_autocast_no_rounded_copy_of_the_weight_is_kept():
    layer, saved = filled(Linear(6, 5)), []
    x = torch.randn(3, 4, 6, requires_grad=True)
    hooks = saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t)
    with hooks, torch.autocast("cpu", torch.bfloat16):
        layer(x)
    kept = sorted((str(t.dtype), tuple(t.shape)) for t in saved)
    assert kept == [("torch.bfloat16", (3, 4, 6)), ("torch.float32", (5, 6))]
    assert layer.weight.data_ptr() in {t.data_ptr() for t in saved}  # itself, not a copy


def test_the_layer_is_torchs_with_the_same_names():
    layer = filled(Linear(6, 5))
    x = torch.randn(2, 3, 6)
    assert isinstance(layer, torch.nn.Linear) and {*layer.state_dict()} == {"weight", "bias"}
    torch.testing.assert_close(layer(x), x @ layer.weight.t() + layer.bias)
    layer = filled(Linear(6, 5, bias=False))
    torch.testing.assert_close(layer(x), x @ layer.weight.t())


def test_one_vector_has_gradients_in_bfloat16_too():
    x, weight, bias, grad = operands((), 3, 2, 0)
    _, plain = gradients(linear, (x, weight, bias), grad)
    _, batched = gradients(linear, (x[None], weight, bias), grad[None])
    for one, other in zip(plain, batched, strict=True):
        assert torch.equal(one, other.view_as(one))


@pytest.mark.parametrize(
    ("rows", "dtype", "amx", "form"),
    [
        (1, torch.float32, True, "linear"),
        (2, torch.float32, False, "W · xᵀ"),
        (FEW_ROWS + 1, torch.float32, False, "linear"),
        (1, torch.bfloat16, True, "mv"),
        (1, torch.bfloat16, False, "linear"),
        (2, torch.bfloat16, True, "W · xᵀ"),
        (2, torch.bfloat16, False, "linear"),
        (FEW_ROWS + 1, torch.bfloat16, True, "linear"),
    ],
)
def test_which_form_is_taken(monkeypatch, rows, dtype, amx, form):
    seen = []

    class Weight(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            names = {"linear": "linear", "addmv": "mv", "mv": "mv", "matmul": "W · xᵀ"}
            name = getattr(function, "__name__", "").strip("_")
            seen.extend([names[name]] if name in names else [])
            return super().__torch_function__(function, types, args, kwargs)

    monkeypatch.setattr(linear_module, "_has_amx", lambda: amx)
    weight = torch.zeros(3, 4, dtype=dtype).as_subclass(Weight)
    with torch.no_grad():
        linear(torch.zeros(rows, 4, dtype=dtype), weight, torch.zeros(3, dtype=dtype))
    assert seen == [form]
