"""The measurements measure what they say: equal candidates, right bounds, figures that agree.

Processes are real where they are what is tested; elsewhere a candidate's function is called here,
which spares starting torch once more. `transformers` is played by an actor with a script.
"""

import importlib
import json
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from bench import generation, harness, lecture, memory, run_hardware, startup, timing, training
from bench.harness import Candidate, Ended
from finetune.collate import IGNORE_INDEX, Batch
from finetune.extras import shared_prefixes
from finetune.loss import batch_loss_sum
from gpt.config import SIZES, GPTConfig
from gpt.errors import UserError
from gpt.model import GPT
from gpt.sampling import generate
from tests.test_structure import imports

SMALL = GPTConfig(vocab_size=300, context_length=24, n_layer=3, n_head=2, n_embd=16)
TINY = ["--model", "tiny", "--device", "cpu", "--dtypes", "float32", "--rounds", "1"]
PEER = ["--peer-python", "actor"]
ACTED = {  # what the actor says: seconds a step, a token
    "training": {"seconds": [0.5, 1.5]},
    "generation": {"one": [0.25], "all": [0.75]},
    "startup": {},
}


def act(spec):
    """transformers, with a script."""
    return Ended(json.dumps(ACTED[spec["task"]] | {"versions": "actor 1"}), 8.0, 10**9)


@pytest.fixture
def candidates_here(monkeypatch):
    """Call candidates as functions, but for the `real` ones, by row or by a word of the command.

    The list has those that were called. The model that is called tiny is smaller yet.
    """
    monkeypatch.setitem(SIZES, "tiny", replace(SIZES["tiny"], n_layer=2, n_head=2, n_embd=32))
    real_process, called = harness.run_process, []

    def start(real):
        def run_process(name, command):
            if any(part in real for part in (name, *command)):
                return real_process(name, command)
            spec = json.loads(Path(command[-1]).read_text(encoding="utf-8"))
            called.append((name, spec))
            if command[0] == "actor":
                return act(spec)
            module = importlib.import_module(command[command.index("-m") + 1])
            return Ended(json.dumps(getattr(module, spec["task"])(spec)), 1.0, 2 * 10**9)

        monkeypatch.setattr(harness, "run_process", run_process)
        return called

    return start


def printed(capsys):
    """The heading, the table as {first cell: {column: figure or None}}, and the line below."""
    out, errors = capsys.readouterr()
    assert "NumPy" not in errors
    above, _, rest = out.partition("\n\n")
    rows, _, below = rest.partition("\n\n")
    columns, _, *lines = (
        [cell.strip() for cell in row.split("|")[1:-1]] for row in rows.split("\n") if row
    )
    figures = {
        line[0]: {
            column: None if cell == "–" else float(cell)
            for column, cell in zip(columns[1:], line[1:], strict=True)
        }
        for line in lines
    }
    assert "\n" not in above and f"torch {torch.__version__}" in above
    return above, figures, below


def close(figure, expected):
    """Equal to the three digits that are printed, of each of the numbers involved."""
    return figure == pytest.approx(expected, rel=0.015)


def test_training_table(candidates_here, monkeypatch, capfd):
    monkeypatch.setattr(training, "PRODUCT_SIZE", {"cpu": 256})
    candidates_here(real={"ours, float32"})
    assert training.main([*TINY, *PEER, "--steps", "2", "--batch-size", "2"]) == 0
    above, rows, below = printed(capfd)
    assert "Training, tiny" in above and "actor 1" in above
    assert [*rows] == [
        "lecture, float32",
        "transformers, float32",
        "ours, float32",
        "ours, float32, padded",
        "ours, float32, --low-memory",
        "ours, float32, --lora-rank 16",
    ]
    flops, rate = float(below.split()[1]), float(below.split(" at ")[1].split()[0])
    tokens = float(below.split("; ")[1].split()[0])
    assert rows["transformers, float32"]["seconds"] == 1.00  # the mean of 0.5 and 1.5
    assert rows["transformers, float32"]["peak GB"] == 1.00
    assert rows["lecture, float32"]["× lecture"] == 1.00
    for row in rows.values():
        assert close(row["supervised tokens/s"], tokens / row["seconds"])
        assert close(row["× lecture"], rows["lecture, float32"]["seconds"] / row["seconds"])
        assert close(row["× transformers, same precision"], 1 / row["seconds"])
        assert close(row["× transformers, its better"], 1 / row["seconds"])
        assert close(row["share of the bound"], flops / rate / row["seconds"])
    assert 0.1 < rows["ours, float32"]["peak GB"] < 3


def test_memory_table_is_of_the_largest_batches(candidates_here, capsys):
    called = candidates_here(real=())
    arguments = [*TINY, *PEER, "--steps", "1", "--batch-size", "2"]
    assert memory.main(arguments) == 0
    _, rows, _ = printed(capsys)
    lecture_row = rows["lecture, float32"]
    assert lecture_row["of the lecture's"] == 1.00 and lecture_row["peak GB"] == 2.00
    assert rows["transformers, float32"]["of the lecture's"] == 0.5
    ours = rows["ours, float32, --low-memory"]
    assert ours["of transformers' least"] == 2.00
    speed = "speed, × ours, float32"
    assert rows["ours, float32"][speed] == 1.00
    assert close(ours[speed], rows["ours, float32"]["seconds a step"] / ours["seconds a step"])

    options = training.TrainingOptions(model="tiny", batch_size=2)
    sizes = sorted((batch.inputs.numel() for batch in training.epoch_of(options)), reverse=True)
    for name, spec in called:
        got = [torch.tensor(inputs).numel() for inputs, _ in spec["batches"]]
        assert got == sizes[: training.WARM_UP + 1], name
    low_memory = [spec["low_memory"] for _, spec in called]
    assert low_memory == [False, False, False, False, True, False]
    assert [spec["lora_rank"] for _, spec in called] == [None, None, None, None, None, 16]
    padded = {name for name, spec in called if spec["loss"] == "finetune.loss"}
    assert padded == {"ours, float32, padded"}


def test_generation_table(candidates_here, monkeypatch, capsys):
    for name, value in {"READ_SIZE": 256, "TOKENS": 2, "LECTURE_TOKENS": 1, "REPEATS": 1}.items():
        monkeypatch.setattr(generation, name, value)
    called = candidates_here(real=())
    arguments = [*TINY, *PEER, "--answer-tokens", "2", "--lecture-records", "2"]
    assert generation.main(arguments) == 0
    above, rows, below = printed(capsys)
    assert "random weights" in above

    rate = float(below.split("read at ")[1].split()[0])
    size = generation.weight_bytes(SIZES["tiny"], torch.float32) / 1e9
    one, together = "one prompt, a token: ", "8 prompts, a token each: "
    for label, row in rows.items():
        if label.startswith((one, together)):
            texts, theirs = (1, 0.25) if label.startswith(one) else (8, 0.75)
            assert close(row["tokens/s"], texts / row["seconds"])
            assert close(row["× transformers, its better"], theirs / row["seconds"])
            assert close(row["share of the bound"], size / rate / row["seconds"])
    plain = rows[one + "lecture, float32"]
    assert plain["× lecture"] == 1.00
    ours = rows[one + "ours, float32"]
    assert close(ours["× lecture"], plain["seconds"] / ours["seconds"])
    assert rows[together + "ours, float32"]["× lecture"] is None

    slow, fast = (
        rows[f"110 records, 2 tokens each: {who}"]
        for who in (
            "lecture, float32, one at a time, no cache, extrapolated from 2 of them",
            "ours, float32, in batches",
        )
    )
    for row in (slow, fast):
        assert close(row["tokens/s"], 220 / row["seconds"])
        assert close(row["× lecture"], slow["seconds"] / row["seconds"])
    specs = dict(called)
    assert len(specs["ours, float32"]["records"]) == 110
    assert len(specs["lecture, float32"]["record_prompts"]) == 2


def test_extrapolation_is_from_the_records_that_were_answered(candidates_here, monkeypatch, capsys):
    """With a clock at which every record takes a second, all take as many seconds as there are."""
    ours, plain = (importlib.import_module(f"bench.{name}") for name in ("run_ours", "run_lecture"))
    monkeypatch.setattr(ours, "generation", lambda spec: {"one": [1], "all": [1], "answers": 5})
    monkeypatch.setattr(
        plain, "generation", lambda spec: {"one": [1], "answers": len(spec["record_prompts"])}
    )
    monkeypatch.setattr(generation, "READ_SIZE", 64)
    candidates_here(real=())
    assert generation.main([*TINY, "--lecture-records", "4"]) == 0
    _, rows, _ = printed(capsys)
    (slow,) = (row for label, row in rows.items() if "extrapolated" in label)
    assert slow["seconds"] == 110
    (fast,) = (row for label, row in rows.items() if "in batches" in label)
    assert fast["× lecture"] == 22.0 and fast["× transformers, its better"] is None


def test_startup_table(candidates_here, monkeypatch, capsys):
    candidates_here(real={"generate.py"})
    real, slow = harness.run_process, [Ended("", 10**4, 0)]

    def first_is_slow(name, command):
        return slow.pop() if slow and "generate.py" in command else real(name, command)

    monkeypatch.setattr(harness, "run_process", first_is_slow)
    assert startup.main([*TINY, *PEER]) == 0
    above, rows, _ = printed(capsys)
    assert "rounds: 1" in above and not slow  # the one for warming up is not counted
    theirs, ours = rows["transformers, float32"], rows["ours, float32"]
    assert theirs == {"seconds": 8.00, "× transformers": 1.00}
    assert close(ours["× transformers"], 8 / ours["seconds"])
    assert 0.2 < ours["seconds"] < 60


def test_candidates_take_turns_and_are_measured(capsys):
    """One waits before it prints and the other after; one of them takes 300 MB."""

    def program(text):
        return [sys.executable, "-S", "-c", text]

    wait = "import time; time.sleep(.3)"
    early = f"print('{{\"x\": 1}}', flush=True); bytearray(b'1') * 300_000_000; {wait}"
    late = f"{wait}; print('{{\"x\": 2}}')"
    results = harness.run_rounds(
        [Candidate("early", program(early), {}), Candidate("late", program(late), {})], rounds=2
    )
    turns = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert turns == ["early", "late", "early", "late"]
    assert [result["x"] for result in results["early"] + results["late"]] == [1, 1, 2, 2]
    for early_one, late_one in zip(results["early"], results["late"], strict=True):
        assert late_one["first_output"] > 0.3 > early_one["first_output"]
        assert early_one["peak"] > 3e8
    assert harness.median_of([{"x": 1}, {"x": 9}, {"x": 2}], "x") == 2


def test_a_candidate_that_fails_stops_the_rounds():
    broken = [sys.executable, "-S", "-c", "raise SystemExit(3)"]
    with pytest.raises(UserError, match="the slow one ended with status 3"):
        harness.run_rounds([Candidate("the slow one", broken, None)], rounds=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (12345.6, "12346"), (99.94, "99.9"), (1.0, "1.00"), (0.01234, "0.0123")],
)
def test_three_digits(value, text):
    assert harness.format_number(value) == text


def test_mistakes_are_named():
    with pytest.raises(UserError, match="--dtypes float16"):
        training.main(["--model", "tiny", "--dtypes", "float16"])
    with pytest.raises(UserError, match="935 training records do not fill one batch"):
        training.main(["--model", "tiny", "--batch-size", "936"])


def test_step_flops_are_those_that_torch_counts(monkeypatch):
    """Of real steps; torch does not count inside its attention kernel, so that is written out."""

    def attention(query, key, value, attn_mask, is_causal):
        scores = query @ key.transpose(2, 3) / query.size(-1) ** 0.5
        allowed = torch.ones(scores.shape[-2:]).tril().bool() if attn_mask is None else attn_mask
        return scores.masked_fill(~allowed, -torch.inf).softmax(-1) @ value

    def counted(loss_sum):
        with FlopCounterMode(display=False) as counter:
            (loss_sum(GPT(SMALL), batch) / batch.num_targets()).backward()
        return counter.get_total_flops()

    monkeypatch.setattr(F, "scaled_dot_product_attention", attention)
    for multiple in ("MULTIPLE", "MULTIPLE_T"):
        monkeypatch.setattr(shared_prefixes, multiple, 1)  # no spare positions
    inputs = torch.randint(SMALL.vocab_size, (3, 20))
    inputs[1, :15] = inputs[0, :15]
    targets = torch.cat((inputs[:, 1:], inputs[:, :1]), dim=1)
    targets[0, 4:] = IGNORE_INDEX
    batch = Batch(inputs, targets)
    of_padded = counted(batch_loss_sum)
    assert of_padded == training.step_flops(SMALL, 3 * 20, batch.num_targets(), 3 * 20 * 20)

    trie = shared_prefixes.build_trie(batch)
    N, P = len(trie.tokens), len(trie.asked)
    of_trie = counted(shared_prefixes.batch_loss_sum)
    assert of_trie == training.step_flops(SMALL, N, P, 3 * 20 * 20) < of_padded
    assert training.least_flops(SMALL, batch) < of_trie


def test_the_least_arithmetic_is_by_counting():
    """a b c d, and a b e: five prefixes, and every one is asked for a token."""
    batch = Batch(
        torch.tensor([[1, 2, 3, 4], [1, 2, 5, 0]]),
        torch.tensor([[2, 3, 4, 9], [2, 5, 9, IGNORE_INDEX]]),
    )
    least = training.least_flops(SMALL, batch)
    assert least == training.step_flops(SMALL, 5, 5, 1 + 2 + 3 + 4 + 3)


def test_weight_bytes_are_those_of_the_parameters():
    for config in (SMALL, SIZES["tiny"]):
        with torch.device("meta"):
            model = GPT(config)
        read = model.num_parameters() - model.wpe.weight.numel() + config.n_embd
        assert generation.weight_bytes(config, torch.float32) == 4 * read
        assert generation.weight_bytes(config, torch.bfloat16) == 2 * read


def test_the_lectures_model_is_ours():
    """With our weights it gives our logits and writes our texts: the comparison is of equals."""
    ours, generator = GPT(SMALL).double(), torch.Generator().manual_seed(1)
    for parameter in ours.parameters():  # biases and LayerNorms away from 0 and 1
        torch.nn.init.normal_(parameter, generator=generator)
    size = {name: getattr(SMALL, name) for name in ("n_layer", "n_head", "n_embd", "vocab_size")}
    plain = lecture.LectureGPT(context_length=SMALL.context_length, **size).double()
    pairs = [(plain.tokens, ours.wte), (plain.positions, ours.wpe), (plain.head, ours.wte)]
    norms = [(plain.norm, ours.ln_f)]
    for mine, block in zip(plain.blocks, ours.h, strict=True):
        norms += [(mine.norm1, block.ln_1), (mine.norm2, block.ln_2)]
        parts = [mine.attention.query, mine.attention.key, mine.attention.value]
        thirds = zip(
            block.attn.c_attn.weight.chunk(3), block.attn.c_attn.bias.chunk(3), strict=True
        )
        pairs += [
            (part, types.SimpleNamespace(weight=weight, bias=bias))
            for part, (weight, bias) in zip(parts, thirds, strict=True)
        ]
        pairs += [(mine.attention.out, block.attn.c_proj)]
        pairs += [(mine.feed_forward[0], block.mlp.c_fc), (mine.feed_forward[2], block.mlp.c_proj)]
    with torch.no_grad():
        for mine, theirs in norms:
            mine.scale.copy_(theirs.weight)
            mine.shift.copy_(theirs.bias)
        for mine, theirs in pairs:
            mine.weight.copy_(theirs.weight)
            if getattr(mine, "bias", None) is not None:
                mine.bias.copy_(theirs.bias)
    tokens = torch.randint(SMALL.vocab_size, (2, SMALL.context_length))
    torch.testing.assert_close(plain(tokens), ours(tokens), rtol=1e-9, atol=1e-9)

    written = lecture.generate(plain, tokens[:1, :14], 10)[0, 14:]  # to the end of the context
    assert written.tolist() == generate(ours, tokens[:1, :14].tolist(), 10, end_of_text=-1)[0]


def test_the_lectures_code_runs_without_ours():
    """Importing finetune.extras.memory alone would give it our memory settings."""
    for name in ("run_lecture", "run_hardware", "timing", "lecture"):
        path = Path(harness.__file__).with_name(f"{name}.py")
        assert not {module.split(".")[0] for module in imports(path)} & {
            "gpt",
            "weights",
            "finetune",
        }


def test_transformers_is_asked_for_the_same_targets(monkeypatch):
    """Its labels are compared with the logits one to the left; then they are our targets."""
    monkeypatch.setitem(sys.modules, "transformers", types.ModuleType("transformers"))
    peer = importlib.import_module("bench.run_transformers")
    inputs = torch.tensor([[1, 2, 3], [4, 5, 0]])
    targets = torch.tensor([[2, 3, 9], [5, 9, IGNORE_INDEX]])
    tokens, labels = peer.with_labels(inputs, targets)
    assert torch.equal(tokens[:, :-1], inputs)
    assert torch.equal(labels[:, 1:], targets)


def test_a_candidates_program_says_what_it_is(monkeypatch, capsys):
    """--help, no word and a wrong one: never a traceback."""
    for argv, status, said in (
        (["--help"], 0, "multiply large matrices"),
        ([], 2, "arguments are required: spec"),
        (["nothing.json"], 2, "nothing.json: no such file"),
    ):
        monkeypatch.setattr(sys, "argv", ["run_hardware", *argv])
        with pytest.raises(SystemExit) as ended:
            timing.run_task({}, run_hardware.__doc__)
        assert ended.value.code == status and said in "".join(capsys.readouterr())
