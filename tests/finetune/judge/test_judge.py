"""finetune/judge.py, against a server on this machine that answers well, badly, late and not at
all."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from finetune.judge import __main__ as judge
from finetune.judge.__main__ import main, number
from gpt.errors import UserError

ENTRIES = [
    {"instruction": f"Say {i}.", "input": "now" if i % 2 else "", "output": f"It is {i}.",
     "kind": "odd" if i % 2 else "even", "response": f"it's {i}" if i else "", "ended": True}
    for i in range(5)
]  # fmt: skip


class Server(ThreadingHTTPServer):
    """Answers each request with the next of `script`, the last one again and again.

    An entry is (status, body, headers), a body alone, a number of seconds to wait, or None: the
    connection is closed. `asked` has what came: path, headers, JSON.
    """

    daemon_threads = True

    def __init__(self, *script):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.asked = list(script), []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.asked.append((self.path, dict(self.headers), body))
        step = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        if step is None:
            self.connection.close()
            return
        if isinstance(step, float):
            threading.Event().wait(step)  # sleep is patched
            return
        status, text, headers = step if isinstance(step, tuple) else (200, step, {})
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass


def says(content, api="ollama"):
    message = {"message": {"role": "assistant", "content": content}}
    return json.dumps(message if api == "ollama" else {"choices": [message]})


@pytest.fixture
def serve(monkeypatch):
    servers = []
    waits = []
    monkeypatch.setattr(judge.time, "sleep", waits.append)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def start(*script):
        servers.append(Server(*script))
        servers[-1].waits = waits
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def run(tmp_path):
    """Judge five answers at an address, with options."""
    path = tmp_path / "responses.json"
    path.write_text(json.dumps(ENTRIES), encoding="utf-8")

    def command(url, *words):
        return main([str(path), "--url", url, "--timeout", "5", *words])

    command.responses, command.judged = path, tmp_path / "judged.json"
    command.read = lambda: json.loads(command.judged.read_text(encoding="utf-8"))
    return command


def scores(run):
    return [grade["score"] for grade in run.read()["grades"]]


def test_every_answer_is_graded_against_its_reference(serve, run, capsys):
    server = serve(*(says(f"{20 * i}") for i in range(5)))
    assert run(server.url, "--judge", "wise") == 0
    printed = capsys.readouterr().out
    assert (
        "wise: 40.0 of 100 on average (95 % interval" in printed and "40 in the middle" in printed
    )
    assert "over 5 answers" in printed
    assert " 40.0  even (3)" in printed and " 40.0  odd (2)" in printed
    for (path, headers, body), entry in zip(server.asked, ENTRIES, strict=True):
        assert path == "/api/chat" and body["model"] == "wise" and body["stream"] is False
        assert body["options"]["temperature"] == 0 and "Authorization" not in headers
        asked = body["messages"][0]["content"]
        assert entry["instruction"] in asked and entry["output"] in asked
        assert (entry["response"] or "(nothing)") in asked
        assert (f"{entry['instruction']}\nnow" in asked) == bool(entry["input"])
    assert scores(run) == [0, 20, 40, 60, 80]
    stored = run.read()
    assert stored["judge"] == "wise" and stored["api"] == "ollama"
    assert stored["prompt"] == judge.PROMPT and stored["settings"] == judge.SETTINGS


def test_openais_form_and_its_key_which_is_written_nowhere(serve, run, monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server = serve(says("70", "openai"))
    assert run(server.url, "--api", "openai") == 0
    for path, headers, body in server.asked:
        assert path == "/v1/chat/completions" and headers["Authorization"] == "Bearer sk-secret"
        assert body["temperature"] == 0
    assert scores(run) == [70] * 5
    assert "secret" not in run.judged.read_text(encoding="utf-8") + capsys.readouterr().out
    other = serve(says("1"))
    assert run(other.url, "--out", str(run.judged.with_name("o.json"))) == 0
    assert all("Authorization" not in headers for _, headers, _ in other.asked)
    moved = serve((302, "", {"Location": other.url}))
    with pytest.raises(UserError, match="status 302"):
        run(moved.url, "--api", "openai", "--out", str(run.judged.with_name("m.json")))
    assert len(other.asked) == 5


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("85", 85), (" 85.\n", 85), ("85/100", 85), ("Score: 85", 85), ("**90**", 90),
        ("0", 0), ("100", 100), ("99.5", 99.5),
        ("101", None), ("-5", None), ("", None), ("eighty", None), ("85 or 90", None),
        ("I would say 85, as it is close", None), ("8 5", None),
    ],
)  # fmt: skip
def test_a_reply_is_a_number_or_it_is_not(reply, score):
    assert number(reply) == score


def test_what_is_no_number_is_kept_counted_and_shown(serve, run, capsys):
    server = serve(says("50"), says("Very good!"), says("150"), says(""), says("70"))
    assert run(server.url) == 0
    printed = capsys.readouterr().out
    assert "60.0 of 100 on average" in printed and "over 2 answers" in printed
    assert "3 of 5 replies were no number from 0 to 100:" in printed
    assert "answer 2: 'Very good!'" in printed and "answer 4: ''" in printed
    assert scores(run) == [50, None, None, None, 70]
    assert run.read()["grades"][1]["reply"] == "Very good!"


@pytest.mark.parametrize(
    "fault",
    [(500, "busy", {}), (429, "", {}), (503, "", {"Retry-After": "7"}), None, "{half",
     (200, says("50")[:20], {"Content-Length": "9999"})],
    ids=["500", "429", "503 with Retry-After", "closed", "no JSON", "cut off"],
)  # fmt: skip
def test_what_may_pass_is_tried_again(serve, run, fault):
    server = serve(fault, fault, says("50"))
    assert run(server.url, "--timeout", "0.5") == 0
    assert scores(run) == [50] * 5 and len(server.asked) == 7
    first, second = server.waits
    if isinstance(fault, tuple) and "Retry-After" in fault[2]:
        assert first == second == 7
    else:
        assert 0.5 <= first <= 1 <= second <= 2


def test_a_server_that_is_late_or_away_is_given_up_in_time(serve, run):
    late = serve(1.0)
    with pytest.raises(UserError, match=r"timed out.*, 2 times; is the server running"):
        run(late.url, "--timeout", "0.1", "--tries", "2")
    away = serve(None)
    away.shutdown()
    away.server_close()
    with pytest.raises(UserError, match=r"refused.*, 3 times"):
        run(away.url, "--tries", "3")
    assert not run.judged.exists()


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ((404, '{"error": "model not found"}', {}), "404: .*not found.* ollama pull llama3"),
        ((401, "who are you", {}), "status 401: who are you"),
        ('{"choices": []}', "no message: is it a server of --api ollama"),
        ("[1]", "no message"),
        (json.dumps({"message": {"content": 5}}), "no message"),
    ],
)
def test_what_will_not_pass_is_told_at_once(serve, run, step, message):
    server = serve(step)
    with pytest.raises(UserError, match=message):
        run(server.url)
    assert len(server.asked) == 1 and server.waits == []


def test_a_judge_that_is_stopped_goes_on_and_asks_only_what_it_does_not_know(serve, run):
    """The third request fails for good; then one answer changes."""
    server = serve(says("10"), says("20"), (400, "", {}))
    with pytest.raises(UserError, match="status 400"):
        run(server.url)
    assert scores(run) == [10, 20]
    server = serve(says("30"))
    assert run(server.url) == 0
    assert scores(run) == [10, 20, 30, 30, 30] and len(server.asked) == 3
    changed = [*ENTRIES]
    changed[1] = ENTRIES[1] | {"response": "better"}
    run.responses.write_text(json.dumps(changed), encoding="utf-8")
    server = serve(says("99"))
    assert run(server.url) == 0
    assert scores(run) == [10, 99, 30, 30, 30] and len(server.asked) == 1
    with pytest.raises(UserError, match=r"another judge \('llama3'\); give another --out"):
        run(server.url, "--judge", "other")
    run.judged.write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="made with another judge"):
        run(server.url)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON"),
        ("[]", "should be an array of answers"),
        ("{}", "should be an array of answers"),
        ('[{"instruction": "a", "output": "b"}]', "entry 1: field 'response' should be text"),
        ('["a"]', "entry 1: field 'instruction' should be text"),
    ],
)
def test_a_file_of_something_else_is_refused(run, content, message):
    run.responses.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        run("http://127.0.0.1:9")


def test_mistakes_in_the_address_and_the_file_are_one_line(run, tmp_path):
    with pytest.raises(UserError, match="should begin with http"):
        run("localhost:11434")
    with pytest.raises(UserError, match=r"none\.json: No such file"):
        main([str(tmp_path / "none.json")])
    with pytest.raises(UserError, match="required: FILE"):
        main([])
