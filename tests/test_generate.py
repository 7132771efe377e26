"""generate.py as people run it: a prompt, a pipe, a file of prompts; what it prints and leaves."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import generate
from finetune.extras import prompt_file
from finetune.options import parse
from finetune.prompt import format_prompt
from gpt.errors import UserError, run_script
from gpt.sampling import Sampling
from gpt.tokenizer import Tokenizer
from tests import textbook
from tests.scripts import begin
from weights import pretrained

ROOT = Path(generate.__file__).parent
SMALL = ["--model", "small", "--dtype", "float32", "--device", "cpu"]
SHORT = [*SMALL, "--max-new-tokens", "4"]


@pytest.fixture(autouse=True)
def no_runs_beside_the_script(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "HERE", tmp_path / "house")


def piped(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def lines_of(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def emit(monkeypatch, *tokens):
    """Every response consists of these tokens."""

    def stream(model, prompts, *_):
        yield from ((row, token) for token in tokens for row in range(len(prompts)))

    monkeypatch.setattr("finetune.responses.generate_stream", stream)


MISTAKES = {
    "template": ("--prompt x --model odd", "odd.*: prompt_template is 'nope'"),
    "idle top-k": ("x --top-k 5 --model small", "--top-k draws, and temper"),
    "idle top-p": ("x --top-p 0.5 --model small", "--top-p draws, and temper"),
    "two prompts": ("--prompt x --prompts y --out z", "--prompt and --prompts are both prompts"),
    "text twice": ("x --prompt y", "a TEXT and --prompt are both prompts"),
    "no out": ("--prompts y", "--prompts FILE and --out FILE go together"),
    "out alone": ("--out y", "--prompts FILE and --out FILE go together"),
    "out there": ("--prompts p --out data.json", "--out data.json: already there"),
    "out nowhere": ("--prompts p --out no/x", "--out no/x: there is no directory no"),
    "no such file": ("--model small --prompts y --out z", "y: No such file"),
    "no model there": ("--prompt x --model nowhere", "nowhere: no such directory"),
    "raw input": ("x --input y --raw --model small", "--input .* --raw"),
    "input and JSON": ("--prompts data.json --out z --input y", "--input: the records of data"),
    "raw and JSON": ("--prompts data.json --out z --raw", "data.json: record 2 has an input"),
    "top-k": ("x --top-k 0", "--top-k: must be at least 1"),
    "top-p": ("x --top-p 1.5 --temperature 1", "--top-p: must be at most 1, not 1.5"),
    "a typing error": ("x --temprature 1", "--temprature 1; did you mean --temperature"),
    "long": (f"{'q7' * 70} --raw --model small", "prompt has 140 tokens .* context is 140"),
    "long in a file": ("--prompts long --out z --raw --model small", "long: prompt 2 has 140 tok"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_status_2(here, case, capsys, monkeypatch):
    arguments, message = MISTAKES[case]
    Path("p").write_text("x\n", encoding="utf-8")
    Path("long").write_text(f"x\n{'q7' * 70}\n", encoding="utf-8")
    pretrained.save(here / "odd", textbook.small_model(vocab_size=300), "nope")
    if "--prompts" in arguments and "long" not in arguments:  # told before a model is loaded
        monkeypatch.setattr(generate, "load_for_prompts", None)
    before = sorted(path.name for path in here.iterdir())
    assert run_script(lambda: generate.main(arguments.split())) == 2
    errors = capsys.readouterr().err.splitlines()
    errors = [line for line in errors if not line.startswith("Model: ")]
    assert len(errors) == 1 and re.search(message, errors[0]), errors
    assert sorted(path.name for path in here.iterdir()) == before


def test_raw_text_seeds_and_limits(here, capsys):
    def ask(*arguments):
        assert generate.main([*SMALL, *arguments]) == 0
        return capsys.readouterr().out

    warm = ["--raw", "--temperature", "1", "--top-k", "50", "--max-new-tokens", "20"]
    first = ask("--prompt", "Once", *warm, "--seed", "1")
    assert first == ask("Once", *warm, "--seed", "1")
    assert first != ask("Once", *warm, "--seed", "2")
    assert first != ask("Once", *warm[1:], "--seed", "1")  # in the template
    ask("", "--raw", "--max-new-tokens", "2")  # an empty text follows the end of another
    greedy = ask("Once", "--max-new-tokens", "6")
    assert greedy == ask("Once", "--max-new-tokens", "6", "--temperature", "2", "--top-p", "1e-9")


def test_every_option_reaches_its_place(here, monkeypatch):
    class Reached(Exception):
        pass

    def stop(*arguments):
        raise Reached(*arguments)

    monkeypatch.setattr("finetune.responses.generate_stream", stop)
    words = "--max-new-tokens 7 --temperature 0.5 --top-k 3 --top-p 0.9 --seed 9 --dtype bfloat16"
    with pytest.raises(Reached) as reached:
        generate.main(["--model", "small", "x", *words.split(), "--device", "cpu"])
    model, prompts, *options, (generator,), _ = reached.value.args
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert prompts == [Tokenizer(300).encode(format_prompt("x"))]
    assert options == [7, 299, Sampling(0.5, 3, 0.9)] and generator.initial_seed() == 9


def test_the_defaults():
    assert parse(generate.GenerateOptions, ["x"], "") == generate.GenerateOptions(
        text="x", prompt=None, input="", raw=False, model=None, max_new_tokens=256, prompts=None,
        out=None, temperature=0.0, top_k=None, top_p=None, seed=123, device="auto", dtype="auto",
    )  # fmt: skip


def test_a_response_is_written_as_it_comes_and_ends_with_a_line_break(here, monkeypatch):
    written, (a,) = io.BytesIO(), Tokenizer(300).encode("a")

    def stream(*_):
        yield 0, a
        assert written.getvalue() == b"a"
        yield 0, a
        yield 0, 299  # the end of the text

    monkeypatch.setattr("finetune.responses.generate_stream", stream)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="utf-8"))
    assert generate.main(["x", "--model", "small"]) == 0
    sys.stdout.flush()
    assert written.getvalue() == f"aa{os.linesep}".encode()


def test_a_terminal_is_shown_escape_codes_and_a_file_gets_them(here, monkeypatch, capsys):
    emit(monkeypatch, *Tokenizer(300).encode("\x1b[2J"))
    for terminal, shown in ((True, "␛[2J\n"), (False, "\x1b[2J\n")):
        monkeypatch.setattr(sys.stdout, "isatty", lambda t=terminal: t)
        assert generate.main([*SMALL, "x"]) == 0
        assert capsys.readouterr().out == shown


def test_the_model_its_dtype_and_whether_it_was_fine_tuned_are_told(here, capsys):
    model = textbook.small_model(vocab_size=300, context_length=200)
    pretrained.save(here / "tuned", model, "alpaca")
    for name, note in (("small", ", not fine-tuned: run train.py first"), ("tuned", "")):
        assert generate.main(["--model", name, *SHORT[2:], "x"]) == 0
        assert capsys.readouterr().err == f"Model: {name} in float32 on cpu{note}\n"


def make_run(path, time, finished=True):
    (path / "model").mkdir(parents=True)
    for name in ["options.json", *(["responses.json"] if finished else [])]:
        (path / name).write_text("[]", encoding="utf-8")
        os.utime(path / name, (time, time))


def test_the_newest_finished_run_is_taken_from_here_or_beside_the_script(here, monkeypatch):
    assert generate.newest_run() == "tiny"
    for age, name in enumerate(["b", "a", "unfinished"]):
        make_run(here / "runs" / name, 1000 + age, finished=name != "unfinished")
    make_run(here / "runs" / "moved", 2000)
    (here / "runs" / "moved" / "model").rmdir()
    assert generate.newest_run() == str(Path("runs") / "a" / "model")
    make_run(here / "house" / "runs" / "c", 1500)
    assert generate.newest_run() == str(here / "house" / "runs" / "c" / "model")
    monkeypatch.chdir(here / "house")
    assert generate.newest_run() == str(Path("runs") / "c" / "model")


def test_an_unfinished_run_is_told_if_it_is_the_newest(here, capsys):
    assert generate.unfinished_note() is None
    make_run(here / "runs" / "a", 1000)
    assert generate.unfinished_note() is None
    make_run(here / "runs" / "b c", 1001, finished=False)
    assert generate.unfinished_note() == (
        f"{Path('runs/b c')} is unfinished. To resume it: python train.py --resume 'runs/b c'"
    )
    with pytest.raises(UserError):  # there is no model in it, but the note comes first
        generate.main(["x"])
    assert capsys.readouterr().err.startswith(f"{Path('runs/b c')} is unfinished.")
    make_run(here / "runs" / "d", 1002)
    assert generate.unfinished_note() is None


def test_a_pipes_lines_are_answered_a_json_line_each(here, monkeypatch, capsys):
    piped(monkeypatch, "\ufeffWhat is é?\n\n  \nSecond\u2028line\r\nlast".encode())
    assert generate.main([*SHORT, "--input", "now"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.split("\n")[:-1]]
    assert [line["prompt"] for line in lines] == ["What is é?", "Second\u2028line", "last"]
    for line in lines:
        assert generate.main([*SHORT, "--prompt", line["prompt"], "--input", "now"]) == 0
        assert capsys.readouterr().out.strip() == line["response"] and line["ended"] is False
    emit(monkeypatch, 299)
    piped(monkeypatch, b"x")
    assert generate.main(SMALL) == 0
    ended = {"prompt": "x", "response": "", "ended": True}
    assert json.loads(capsys.readouterr().out) == ended
    piped(monkeypatch, b"fine\nnot \xff\n")
    with pytest.raises(UserError, match=r"line 2: not UTF-8 \(byte 4\)"):
        generate.main([*SMALL, "--max-new-tokens", "1"])


def test_a_files_responses_are_drawn_each_by_itself_from_the_seed(here):
    Path("p.txt").write_text("Again\nAgain\n", encoding="utf-8")
    drawn = []
    for number, words in enumerate(([], ["--seed", "4"], ["--seed", "5"], ["--temperature", "0"])):
        words = ["--prompts", "p.txt", "--out", str(number), "--temperature", "1.5", *words]
        assert generate.main([*SMALL, "--max-new-tokens", "6", *words]) == 0
        drawn.append([line["response"] for line in lines_of(str(number))])
    greedy = drawn.pop()
    assert greedy[0] == greedy[1] and len({*drawn[0], *drawn[1], *drawn[2]}) > 3
    assert drawn[1][1] == drawn[2][0]  # seeds 4 + 1 and 5 + 0


@pytest.mark.parametrize("draws", [[], ["--temperature", "0.9", "--top-k", "50", "--seed", "4"]])
def test_a_file_of_prompts_is_answered_in_order(here, capsys, draws):
    Path("p.txt").write_text("A longer one to begin with\n\nB\n C c \n", encoding="utf-8")
    rows = [{"instruction": "A longer one to begin with"}, {"instruction": "B"}]
    rows += [{"instruction": "C c", "input": "more"}]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    for name in ("p.jsonl", "P.JSONL", "p.ndjson"):
        Path(name).write_text(text, encoding="utf-8")
    outs = {}
    for name in ("p.txt", "p.jsonl", "P.JSONL", "p.ndjson"):
        words = ["--prompts", name, "--out", f"{name}.out", *draws]
        assert generate.main([*SHORT, *words]) == 0
        outs[name] = lines_of(f"{name}.out")
    lines, records = outs["p.txt"], outs["p.jsonl"]
    assert records == outs["P.JSONL"] == outs["p.ndjson"]
    assert [line["prompt"] for line in lines] == ["A longer one to begin with", "B", "C c"]
    assert lines[:2] == records[:2] and records[2]["input"] == "more"
    assert lines[2]["response"] != records[2]["response"]
    if not draws:
        capsys.readouterr()
        assert generate.main([*SHORT, "--prompt", "B"]) == 0
        assert capsys.readouterr().out.strip() == lines[1]["response"]
    with pytest.raises(UserError, match="already there, with all responses"):
        generate.main([*SHORT, *words])
    Path("empty.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"empty\.txt: no prompt"):
        generate.main([*SHORT, "--prompts", "empty.txt", "--out", "e"])


def test_a_line_is_a_prompt_whatever_else_breaks_lines(tmp_path):
    signs = ["\u2028", "\x0c", "\x1c", "\x85", "\u2029", "\x0b"]
    text = "\ufeff" + "\r\n".join(f"a{sign}b" for sign in signs)
    (tmp_path / "p.txt").write_bytes(text.encode("utf-8"))
    records = prompt_file.read_prompts(tmp_path / "p.txt", "i", raw=False)
    assert [(r.instruction, r.input) for r in records] == [(f"a{sign}b", "i") for sign in signs]


@pytest.mark.parametrize("cut", [-1, -4, 1, 0])  # bytes from the end of the third line
def test_a_file_is_resumed_after_its_last_complete_line(here, monkeypatch, capsys, cut):
    Path("p").write_text("".join(f"é {i}\n" for i in range(5)), encoding="utf-8")
    words = [*SHORT, "--prompts", "p", "--temperature", "1.5", "--out"]
    assert generate.main([*words, "whole"]) == 0
    whole = Path("whole").read_bytes()
    third = len(b"\n".join(whole.split(b"\n")[:3])) + 1
    Path("part").write_bytes(whole[: third + cut])
    asked = []
    generating = prompt_file.stream_responses

    def spy(model, tokenizer, records, *rest, **options):
        asked.extend(records)
        return generating(model, tokenizer, records, *rest, **options)

    monkeypatch.setattr(prompt_file, "stream_responses", spy)
    assert generate.main([*words, "part"]) == 0
    assert Path("part").read_bytes() == whole
    assert len(asked) == (3 if cut < 0 else 2)
    assert f"part: resuming after {5 - len(asked)} of 5 responses" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["mine", '{"prompt": "x", "inp', "a\nb", '{"prompt": "y"}\n'])
def test_a_file_with_something_else_is_left_alone(here, other):
    Path("p").write_text("y\nz\n", encoding="utf-8")
    Path("out").write_text(other, encoding="utf-8")
    with pytest.raises(UserError, match="already there, with something else"):
        generate.main([*SHORT, "--prompts", "p", "--out", "out"])
    assert Path("out").read_text(encoding="utf-8") == other


def test_responses_are_in_the_file_as_soon_as_their_part_is_generated(here, monkeypatch):
    monkeypatch.setattr("finetune.responses.SORTED", 1)
    Path("p").write_text("".join(f"{i}\n" for i in range(40)), encoding="utf-8")
    sizes = []

    def stream(model, prompts, *_):
        sizes.append(Path("out").read_bytes().count(b"\n") if Path("out").exists() else 0)
        if len(sizes) == 3:
            raise KeyboardInterrupt
        yield from ((row, 299) for row in range(len(prompts)))

    monkeypatch.setattr("finetune.responses.generate_stream", stream)
    assert run_script(lambda: generate.main([*SHORT, "--prompts", "p", "--out", "out"])) == 130
    assert sizes == [0, 16, 32] and len(lines_of("out")) == 32


def test_an_output_that_nobody_reads_is_no_error(here):
    """Neither closed standard streams nor, as in `yes | generate.py | head -n 1`, a reader that has
    read enough."""
    script = shlex.join([sys.executable, str(ROOT / "generate.py"), *SHORT])
    closed = ["sh", "-c", f"{script} x <&- >&- 2>&-"]
    assert subprocess.run(closed, cwd=here, timeout=300).returncode == 0
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with (
        subprocess.Popen(["yes"], stdout=subprocess.PIPE) as yes,
        begin("generate.py", *SHORT, cwd=here, stdin=yes.stdout, **pipes) as process,
    ):
        yes.stdout.close()
        assert json.loads(process.stdout.readline())["prompt"] == "y"
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == 141  # 128 + SIGPIPE, as the shell says it
