"""gpt/sampling.py: against one row at a time without a cache, and against probability itself."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.errors import UserError
from gpt.model import eval_mode
from gpt.sampling import GREEDY, Sampling, generate, generate_stream, sample_next_token
from tests import textbook

NEVER = -1  # an end of text that no model writes
seeds = st.integers(0, 1000)
prompts = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=11), min_size=1, max_size=5)


def generators(n, seed=0):
    return [torch.Generator().manual_seed(seed) for _ in range(n)]


@given(seed=seeds, prompts=prompts, n=st.integers(0, 20), end=st.integers(-1, 30))
def test_greedy_batches_give_each_row_what_it_gets_alone_uncached(seed, prompts, n, end):
    """Up to 20 new tokens, in a context of 12: each row also ends where its context is full."""
    model = textbook.small_model(seed)
    room = [min(n, 12 - len(prompt)) for prompt in prompts]
    expected = [textbook.greedy(model, p, r, end) for p, r in zip(prompts, room, strict=True)]
    assert generate(model, prompts, n, end) == expected


def two_responses(end):
    """Two sampled rows of a model whose texts vary, by `generate` and by `generate_stream`."""
    model, rows = textbook.small_model(0), [[1, 2], [3]]
    drawn = [
        write(model, rows, 8, end, Sampling(3.0), [*generators(1, seed=2), *generators(1, seed=1)])
        for write in (generate, generate_stream)
    ]
    return drawn[0], list(drawn[1])


def test_a_response_ends_before_its_end_of_text_and_the_others_continue():
    (first, second), _ = two_responses(NEVER)
    end = first[2]
    assert end not in first[:2] and end not in second, "choose other seeds"
    (ended, other), _ = two_responses(end)
    assert ended == first[:2] and other == second


@pytest.mark.parametrize("temperature", [5e-324, 1e-45, 1e-9, 1e300])
def test_no_temperature_overflows(temperature):
    logits = torch.tensor([[1.0, 3.0, 2.0]])
    generator = torch.Generator().manual_seed(0)
    drawn = {sample_next_token(logits, Sampling(temperature), [generator])[0] for _ in range(100)}
    assert drawn == ({1} if temperature < 1 else {0, 1, 2})


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
@pytest.mark.parametrize("temperature", [0, 1])
def test_logits_that_are_not_finite_are_told(broken, temperature):
    logits = torch.tensor([[1.0, 2.0], [1.0, broken]])
    with pytest.raises(UserError, match="logits are not finite"):
        sample_next_token(logits, Sampling(temperature), generators(2))


def test_streaming_yields_each_token_as_it_is_made_and_the_end_too():
    (first, second), _ = two_responses(NEVER)
    _, made = two_responses(end=first[2])
    assert made == [
        *[(0, first[0]), (1, second[0]), (0, first[1]), (1, second[1]), (0, first[2])],
        *[(1, token) for token in second[2:]],
    ]


@given(seed=seeds, prompts=prompts, temperature=st.sampled_from([0.5, 1.0, 2.0]))
def test_a_sampled_row_is_the_same_in_a_batch_as_alone(seed, prompts, temperature):
    model = textbook.small_model(seed)
    together = generate(
        model, prompts, 6, 0, Sampling(temperature, 5), generators(len(prompts), seed)
    )
    alone = [
        generate(model, [p], 6, 0, Sampling(temperature, 5), generators(1, seed))[0]
        for p in prompts
    ]
    assert together == alone


@given(seed=seeds, prompts=prompts)
def test_top_1_is_greedy_at_any_temperature(seed, prompts):
    model = textbook.small_model(seed)
    sampled = generate(model, prompts, 5, 0, Sampling(3.0, 1), generators(len(prompts)))
    assert sampled == generate(model, prompts, 5, 0)


def test_the_same_seed_gives_the_same_text_and_another_seed_another():
    model = textbook.small_model()
    texts = [generate(model, [[1]], 11, NEVER, Sampling(2.0), generators(1, s)) for s in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


@given(k=st.integers(1, 6))
def test_exactly_k_candidates_survive_a_tie(k):
    logits = torch.tensor([[1.0, 5, 5, 5, 5, 0]])
    generator = torch.Generator().manual_seed(0)
    drawn = {sample_next_token(logits, Sampling(1.0, k), [generator])[0] for _ in range(300)}
    # 300 draws do not miss a candidate of probability 1/4; the two unlikely ones do not count.
    assert len(drawn & {1, 2, 3, 4}) == min(k, 4)
    if k <= 4:
        assert drawn <= {1, 2, 3, 4}


def test_top_k_beyond_the_vocabulary_is_the_vocabulary():
    generator = torch.Generator().manual_seed(0)
    drawn = {
        sample_next_token(torch.zeros(1, 4), Sampling(1.0, 99), [generator])[0] for _ in range(200)
    }
    assert drawn == {0, 1, 2, 3}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_with_the_softmaxs_probabilities(temperature):
    """10,000 draws: each frequency within 4 standard deviations of its probability."""
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0]])
    weights = torch.exp(logits[0] / temperature)
    probabilities = weights / weights.sum()
    generator = torch.Generator().manual_seed(5)
    drawn = sample_next_token(logits.expand(10_000, 4), Sampling(temperature), [generator] * 10_000)
    deviation = (probabilities * (1 - probabilities) / 10_000).sqrt()
    frequency = torch.bincount(torch.tensor(drawn), minlength=4) / 10_000
    assert ((frequency - probabilities).abs() < 4 * deviation).all()


@given(seed=seeds, n=st.integers(1, 3000), dtype=st.sampled_from([torch.bfloat16, torch.float32]))
def test_greedy_takes_the_first_of_equal_logits(seed, n, dtype):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randint(0, 4, (3, n), generator=generator).to(dtype)
    first = [row.index(max(row)) for row in logits.tolist()]
    assert sample_next_token(logits, GREEDY, []) == first


def test_no_prompts_no_responses():
    assert generate(textbook.small_model(), [], 5, 0) == []


@pytest.mark.parametrize("prompt", [[], [1] * 12])
def test_a_prompt_without_a_token_or_without_room_for_one_is_a_bug(prompt):
    with pytest.raises(AssertionError, match="no token to continue, or no room"):
        generate(textbook.small_model(), [prompt], 5, 0)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_keeps_its_mode_on_every_path_out(training):
    model = textbook.small_model().train(training)
    generate(model, [[1]], 3, 0)
    assert model.training == training
    half_read = generate_stream(model, [[1]], 3, NEVER)
    next(half_read)
    assert not model.training
    half_read.close()
    assert model.training == training
    with pytest.raises(RuntimeError), eval_mode(model):
        raise RuntimeError
    assert model.training == training
    assert all(module.training == training for module in model.modules())


def test_logits_of_low_precision_are_drawn_from_in_float32():
    logits = torch.randn(1, 500, generator=torch.Generator().manual_seed(0)).bfloat16()
    drawn = [
        sample_next_token(each.expand(3000, 500), Sampling(1.0), generators(1) * 3000)
        for each in (logits, logits.float())
    ]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("sampling", "n"),
    [((-1.0,), 2), ((1.0, 0), 2), ((1.0,), 1), ((1.0,), 3), ((1.0, None, 0), 2), ((1, 1, 1.1), 2)],
)
def test_draws_that_cannot_be_made_are_a_bug(sampling, n):
    with pytest.raises(AssertionError):
        generate(textbook.small_model(), [[1], [2]], 5, 0, Sampling(*sampling), generators(n))


@given(seed=seeds, top_p=st.floats(0.01, 1), top_k=st.none() | st.integers(1, 9))
def test_the_nucleus_is_the_fewest_tokens_with_that_probability(seed, top_p, top_k):
    logits = 2 * torch.randn(1, 9, generator=torch.Generator().manual_seed(seed))
    order = logits[0].argsort(descending=True)[:top_k].tolist()
    weights = torch.exp(logits[0, order] / 0.7)
    nucleus, total = set(), 0.0
    for token, probability in zip(order, (weights / weights.sum()).tolist(), strict=True):
        if total >= top_p - 1e-6:
            break
        nucleus.add(token)
        total += probability
    generator = torch.Generator().manual_seed(0)
    sampling = Sampling(0.7, top_k, top_p)
    drawn = set(sample_next_token(logits.expand(400, 9), sampling, [generator] * 400))
    assert drawn <= nucleus
    likely = {t for t in nucleus if float(weights[order.index(t)] / weights.sum()) > 0.03}
    assert likely <= drawn  # 400 draws miss one of 0.03 with a probability of 5e-6


def test_a_row_also_ends_where_it_is_told_to_and_the_others_continue():
    model, prompts = textbook.small_model(0), [[1, 2], [3]]
    whole = generate(model, prompts, 8, NEVER)
    seen = []

    def stop(new):
        seen.append(list(new))
        return new == whole[0][:3]

    made = list(generate_stream(model, prompts, 8, NEVER, GREEDY, (), stop))
    assert [token for row, token in made if row == 0] == whole[0][:3]
    assert [token for row, token in made if row == 1] == whole[1]
    assert whole[0][:2] in seen and whole[1][:5] in seen


def test_generation_keeps_no_graph_and_is_in_evaluation_mode():
    model, seen = textbook.small_model().train(), []
    model.ln_f.register_forward_hook(
        lambda module, _, output: seen.append((module.training, output.requires_grad))
    )
    generate(model, [[1]], 3, NEVER)
    assert seen == [(False, False)] * 3
    assert torch.is_grad_enabled()
