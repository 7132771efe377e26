"""finetune/judge/, against a server on this machine that answers well, badly, late and not at
all."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from finetune.judge import server as judge_server
from finetune.judge.__main__ import main
from finetune.judge.grades import PROMPT, parse_score, without_reasoning
from finetune.judge.server import SETTINGS, ChatServer
from gpt.errors import UserError, run_script

ENTRIES = [
    {"instruction": f"Say {i}.", "input": "now" if i % 2 else "", "output": f"It is {i}.",
     "kind": "odd" if i % 2 else "even", "response": f"it's {i}" if i else "", "ended": True}
    for i in range(5)
]  # fmt: skip


class Server(ThreadingHTTPServer):
    """Answers each request with the next of `script`, the last one again and again.

    An entry is (status, body, headers), a body alone, a number of seconds to wait, None: the
    connection is closed, or bytes that are sent as they are, one every 10 ms if they end in "drip".
    `asked` has what came: path, headers, JSON.
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
        if isinstance(step, bytes):
            whole = step.removesuffix(b"drip")
            pieces = [whole] if whole == step else [whole[i : i + 1] for i in range(len(whole))]
            for piece in pieces:
                with contextlib.suppress(OSError):
                    self.wfile.write(piece)
                threading.Event().wait(0.01 if len(pieces) > 1 else 0)
            self.close_connection = True
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
    monkeypatch.setattr(judge_server.time, "sleep", waits.append)
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
    assert stored["prompt"] == PROMPT and stored["settings"] == SETTINGS


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
        ("85 out of 100", 85), ("Rating: 85", 85), ("**Score:** 85 / 100.", 85), ('"85"', 85),
        ("(85)", 85), ("grade = 7", 7),
        ("101", None), ("-5", None), ("(-5)", None), ("**-5**", None), ("\u22125", None),
        ("Score: -5", None), ("- 85", None), ("85 out of 10", None), ("1e2", None), ("8.5.1", None),
        ("", None), ("eighty", None), ("85 or 90", None), ("8 5", None), ("\u0668\u0665", None),
        ("I would say 85, as it is close", None), ("85" + " " * 10**6 + "x", None),
    ],
)  # fmt: skip
def test_a_reply_is_a_number_or_it_is_not(reply, score):
    assert parse_score(reply) == score


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("<think>It says 12.\n</think>\n\n85", "85"),
        ("The template opened it.</think> 85", "85"),
        ("85", "85"),
        ("<think>It says 12", "<think>It says 12"),
    ],
)
def test_what_a_reasoning_model_thinks_is_no_part_of_its_grade(serve, run, reply, said):
    assert without_reasoning(reply) == said
    assert run(serve(says(reply)).url) == 0
    assert run.read()["grades"][0]["reply"] == said
    assert scores(run)[0] == (85 if said == "85" else None)


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
    assert run(server.url) == 0
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


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DRIP = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (CHUNKED + b"zz\r\nhello", "no answer"),
        (CHUNKED + b"5\r\nhel", "no answer"),
        (DRIP + b" " * 40 + b"drip", "timed out"),
        (b"HTTP/1.1 404 NO\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "status 404"),
        (b"HTTP/1.1 404 NO\r\nContent-Length: 999\r\n\r\n" + b"a" * 40 + b"drip", "status 404"),
        ("[" * 100_000, "no JSON"),
        ("9" * 5000, "no JSON"),
        (b"\0\xff\r\n\r\n", "no answer"),
    ],
    ids=["bad chunk", "cut chunk", "drip", "chunks of an error", "error drip", "deep", "9s", "raw"],
)  # fmt: skip
def test_an_attack_by_the_server_is_one_line(serve, run, step, message):
    with pytest.raises(UserError, match=message):
        run(serve(step).url, "--timeout", "0.3", "--tries", "2")


def test_half_a_character_in_a_reply_loses_no_grade(serve, run):
    assert run(serve(says("\ud800"), says("50")).url) == 0
    assert scores(run) == [None, 50, 50, 50, 50] and run.read()["grades"][0]["reply"] == "?"


def test_a_key_with_a_line_end_is_sent_without_and_a_bad_one_is_named(serve, run, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret\r")
    server = serve(says("70", "openai"))
    assert run(server.url, "--api", "openai") == 0
    assert server.asked[0][1]["Authorization"] == "Bearer sk-secret"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\r\nHost: x")
    with pytest.raises(UserError, match="OPENAI_API_KEY: has a character that no key has"):
        run(server.url, "--api", "openai")


@pytest.mark.parametrize(
    ("api", "given", "asked"),
    [
        ("openai", "", "/v1/chat/completions"),
        ("openai", "/v1", "/v1/chat/completions"),
        ("openai", "/v1/", "/v1/chat/completions"),
        ("openai", "/v1/chat/completions", "/v1/chat/completions"),
        ("openai", "/openai/v1", "/openai/v1/chat/completions"),
        ("openai", "/v1beta/openai/chat/completions", "/v1beta/openai/chat/completions"),
        ("ollama", "/", "/api/chat"),
        ("ollama", "/api", "/api/chat"),
        ("ollama", "/api/chat", "/api/chat"),
    ],
)
def test_an_address_with_a_part_of_the_path_is_completed(api, given, asked):
    assert ChatServer(f"http://h{given}", api, "m").address == f"http://h{asked}"


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://h:port", "http://h:99999", "http://", "ftp://h", "localhost:11434",
     "http://a b", "http://h/\r\nX: y", "http://h\u00e9", "http://name:word@h", "http://h\0"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_in_one_line(run, url, capsys):
    assert run_script(lambda: run(url)) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: --url") and message.count("\n") == 1
    assert "word" not in message.replace("a password", "")


def test_a_setting_that_the_server_refuses_is_left_out_from_then_on(serve, run, capsys):
    no = '{"error": {"message": "temperature does not support 0 with this model", "param": "x"}}'
    server = serve((400, no, {}), says("70", "openai"))
    assert run(server.url, "--api", "openai") == 0
    assert scores(run) == [70] * 5 and len(server.asked) == 6
    assert [("temperature" in body, body["seed"]) for _, _, body in server.asked] == [
        (True, 123), *[(False, 123)] * 5,
    ]  # fmt: skip
    assert "refuses temperature" in capsys.readouterr().out
    assert run.read()["refused"] == ["temperature"]
    server = serve((400, no, {}))  # a server that says so even where there is none
    with pytest.raises(UserError, match="status 400"):
        run(server.url, "--api", "openai", "--out", str(run.judged.with_name("o.json")))
    assert len(server.asked) == 2


def test_no_proxy_stands_between_this_machine_and_itself(serve, run, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert run(serve(says("50")).url) == 0 and scores(run) == [50] * 5


def test_a_limit_and_a_kind_that_is_no_text(serve, run, capsys):
    entries = [ENTRIES[0] | {"kind": ["a"]}, ENTRIES[1], ENTRIES[2] | {"input": None}]
    run.responses.write_text(json.dumps(entries), encoding="utf-8")
    server = serve(says("50"))
    assert run(server.url, "--limit", "2") == 0 and len(server.asked) == 2
    assert "over 2 answers" in capsys.readouterr().out
    assert run(server.url) == 0 and len(server.asked) == 3 and scores(run) == [50] * 3


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
    for grades in ([{"key": "k"}], [{"score": 1}], [5], "x", [{"key": "k", "score": "a"}]):
        run.judged.write_text(json.dumps(run_header() | {"grades": grades}), encoding="utf-8")
        with pytest.raises(UserError, match="no file of grades"):
            run(server.url)
    run.judged.write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="made with another judge"):
        run(server.url)


def run_header():
    return {"judge": "llama3", "api": "ollama", "prompt": PROMPT, "settings": SETTINGS}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON"),
        ("[]", "should be an array of answers"),
        ("{}", "should be an array of answers"),
        ('[{"instruction": "a", "output": "b"}]', "entry 1: field 'response' should be text"),
        ('["a"]', "entry 1: should be an object"),
        ("[" * 100_000, "no JSON"),
        (json.dumps([ENTRIES[0], ENTRIES[1] | {"input": ["a"]}]), "entry 2: field 'input' should"),
    ],
)
def test_a_file_of_something_else_is_refused(run, content, message):
    run.responses.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        run("http://127.0.0.1:9")


def test_mistakes_in_the_address_and_the_file_are_one_line(run, tmp_path):
    with pytest.raises(UserError, match=r"none\.json: No such file"):
        main([str(tmp_path / "none.json")])
    with pytest.raises(UserError, match="required: FILE"):
        main([])
