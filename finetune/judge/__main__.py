"""Have another model grade a run's answers: `python -m finetune.judge runs/NAME/responses.json`.

Exact match calls a good answer in other words wrong. So the lecture series asks a larger model,
Llama 3 on one's own machine, for a grade from 0 to 100 for each answer against its reference (after
chapter 7 of Raschka's book; Zheng et al., 2023, on how far such judges are to be trusted). It may
be any model that an Ollama server has, or one behind OpenAI's chat API (`--api openai`; a key is
taken from OPENAI_API_KEY and is written nowhere).

Every grade is on disk before the next is asked for, so that a run that was stopped goes on. A reply
that is no number is kept and counted, not dropped and not guessed at.
"""

import hashlib
import http.client
import json
import os
import random
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tqdm import tqdm

from finetune.evaluate.scores import mean
from finetune.options import option, parse
from gpt.errors import UserError, run_script
from weights.files import read_json_object, write_text

PROMPT = (
    "You grade answers. Here are a task, a correct answer to it, and the answer of a student.\n\n"
    "Task:\n{task}\n\nCorrect answer:\n{reference}\n\nStudent's answer:\n{response}\n\n"
    "How good is the student's answer, from 0 (wrong or none) to 100 (as good as the correct one)? "
    "Write the whole number alone, and nothing else."
)
SETTINGS = {"temperature": 0, "seed": 123}  # so that the same question gets the same grade
TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
LONGEST_WAIT = 60.0  # seconds; also where a server asks for more
LARGEST_REPLY = 1 << 20  # bytes


class _Transient(Exception):
    """Asked again, the server may do better; `after` seconds, if it said so."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True)
class JudgeOptions:
    """Every option of finetune.judge."""

    responses: str = option(..., "a run's responses.json", metavar="FILE", positional=True)
    url: str = option("http://localhost:11434", "the server's address", metavar="URL")
    judge: str = option("llama3", "the name of the model that judges", metavar="NAME")
    api: str = option("ollama", "what the server speaks", choices=("ollama", "openai"))
    timeout: float = option(120.0, "seconds to wait for a grade", greater_than=0)
    tries: int = option(5, "how often a grade is asked for before giving up", min=1)
    out: str | None = option(
        None, "the grades' file (default: judged.json beside the responses)", metavar="FILE"
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(JudgeOptions, argv, "Have a model grade answers from 0 to 100.")
    if not options.url.startswith(("http://", "https://")):
        raise UserError(f"--url {options.url}: should begin with http:// or https://")
    entries = read_entries(Path(options.responses))
    path = Path(options.out or Path(options.responses).with_name("judged.json"))
    header = {
        "judge": options.judge,
        "api": options.api,
        "prompt": PROMPT,
        "settings": SETTINGS,
    }
    known = _known(path, header)
    grades = [known.get(_key(entry)) for entry in entries]

    def save() -> None:
        given = [grade for grade in grades if grade is not None]
        text = json.dumps(header | {"grades": given}, indent=2, ensure_ascii=False)
        write_text(path, text + "\n")

    with tqdm(total=len(entries), desc="Judging", unit="answer", disable=None) as bar:
        for i, entry in enumerate(entries):
            if grades[i] is None:
                reply = ask_with_retries(options, question(entry))
                grades[i] = {"key": _key(entry), "score": parse_score(reply), "reply": reply[:500]}
                save()
            bar.update()
    print(f"{summary(entries, grades, options.judge)}\nIn {path}")
    return 0


def read_entries(path: Path) -> list[dict[str, Any]]:
    """The answers of a run. Raises UserError for the first that is not as it should be."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path}: no JSON: {error}") from None
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{path}: should be an array of answers, as in a run's responses.json")
    for n, entry in enumerate(entries, start=1):
        for field in ("instruction", "output", "response"):
            if not isinstance(entry, dict) or not isinstance(entry.get(field), str):
                raise UserError(f"{path}: entry {n}: field '{field}' should be text")
    return entries


def question(entry: dict[str, Any]) -> str:
    """What the judge reads."""
    task = "\n".join(part for part in (entry["instruction"], entry.get("input")) if part)
    response = entry["response"] or "(nothing)"
    return PROMPT.format(task=task, reference=entry["output"], response=response)


def parse_score(reply: str) -> float | None:
    """The grade, if the reply is one: "85", "85.", "85/100", "Score: 85"; else None."""
    found = re.fullmatch(
        r"\s*\W*(?:(?:score|grade)\s*[:=]\s*)?(\d+(?:\.\d+)?)(?:\s*/\s*100)?\W*", reply, re.I
    )
    if found is None or float(found[1]) > 100 or reply.lstrip().startswith("-"):
        return None
    return float(found[1])


def ask_with_retries(options: JudgeOptions, text: str) -> str:
    """The judge's reply, asked for again where that may help. Raises UserError."""
    for attempt in range(1, options.tries + 1):
        try:
            return ask(options, text)
        except _Transient as error:
            if attempt == options.tries:
                raise UserError(
                    f"{options.url}: {error}, {attempt} times; is the server running? The grades "
                    "so far are kept: the same command goes on"
                ) from None
            # Twice as long each time, and not in step with others that wait for the same server.
            wait = max(error.after, 2.0 ** (attempt - 1) * random.uniform(0.5, 1))
            time.sleep(min(wait, LONGEST_WAIT))
    raise AssertionError("tries is at least 1")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key must not follow to wherever a server points."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def ask(options: JudgeOptions, text: str) -> str:
    """One request. Raises UserError, or _Transient if another try may do better."""
    messages = {"model": options.judge, "messages": [{"role": "user", "content": text}]}
    headers = {"Content-Type": "application/json"}
    if options.api == "ollama":
        path, body = "/api/chat", messages | {"stream": False, "options": SETTINGS}
    else:
        path, body = "/v1/chat/completions", messages | SETTINGS
        if "OPENAI_API_KEY" in os.environ:
            headers["Authorization"] = f"Bearer {os.environ['OPENAI_API_KEY']}"
    url = options.url.rstrip("/") + path
    try:
        request = urllib.request.Request(url, json.dumps(body).encode("utf-8"), headers)
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=options.timeout) as response:
            replied = json.loads(response.read(LARGEST_REPLY))
    except urllib.error.HTTPError as error:
        if error.code in TRANSIENT:
            after = error.headers.get("Retry-After") or ""
            raise _Transient(
                f"status {error.code}", float(after) if after.isdecimal() else 0.0
            ) from None
        hint = f" Ollama has it after: ollama pull {options.judge}" if error.code == 404 else ""
        said = " ".join(error.read(300).decode("utf-8", "replace").split())
        raise UserError(f"{url}: status {error.code}: {said}{hint}") from None
    except (OSError, http.client.HTTPException) as error:  # URLError and timeouts among them
        reason = getattr(error, "reason", None) or error
        raise _Transient(f"no answer ({str(reason) or repr(reason)})") from None
    except ValueError:
        raise _Transient("an answer that is no JSON") from None
    try:
        message = (
            replied["message"] if options.api == "ollama" else replied["choices"][0]["message"]
        )
        content = message["content"]
    except (KeyError, IndexError, TypeError):
        content = None
    if not isinstance(content, str):
        raise UserError(f"{url}: the answer has no message: is it a server of --api {options.api}?")
    return content


def summary(entries: Sequence[dict[str, Any]], grades: Sequence[dict[str, Any]], judge: str) -> str:
    """The mean, by kind of task too where it is known, and what was no number."""
    pairs = list(zip(entries, grades, strict=True))
    scores = [grade["score"] for grade in grades if grade["score"] is not None]
    lines = []
    if scores:
        figure = mean(scores)
        lines.append(
            f"{judge}: {figure.value:.1f} of 100 on average (95 % interval {figure.low:.1f} to "
            f"{figure.high:.1f}), {median(scores):.0f} in the middle, over {figure.count} answers"
        )
    kinds: dict[str, list[float]] = {}
    for entry, grade in pairs:
        if entry.get("kind") and grade["score"] is not None:
            kinds.setdefault(entry["kind"], []).append(grade["score"])
    for kind, own in sorted(kinds.items(), key=lambda item: -sum(item[1]) / len(item[1])):
        lines.append(f"  {sum(own) / len(own):5.1f}  {kind} ({len(own)})")
    unparsed = [
        (n, grade["reply"]) for n, (_, grade) in enumerate(pairs, 1) if grade["score"] is None
    ]
    if unparsed:
        lines.append(f"{len(unparsed)} of {len(pairs)} replies were no number from 0 to 100:")
        lines += [f"  answer {n}: {' '.join(reply.split())[:80]!r}" for n, reply in unparsed[:5]]
        lines += ["  …"] if len(unparsed) > 5 else []
    return "\n".join(lines)


def _key(entry: dict[str, Any]) -> str:
    """Stands for an answer: another answer is graded anew."""
    fields = [entry["instruction"], entry.get("input") or "", entry["output"], entry["response"]]
    return hashlib.sha256(json.dumps(fields).encode("utf-8")).hexdigest()[:32]


def _known(path: Path, header: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The grades that a file has already, by key. Raises UserError if others were asked for."""
    if not path.is_file():
        return {}
    stored = read_json_object(path)
    for name, value in header.items():
        if stored.get(name) != value:
            raise UserError(
                f"{path}: made with another {name} ({str(stored.get(name))[:40]!r}); give another "
                "--out, or remove it"
            )
    try:
        return {grade["key"]: grade for grade in stored["grades"] if "score" in grade}
    except (KeyError, TypeError):
        raise UserError(f"{path}: no file of grades; give another --out") from None


if __name__ == "__main__":
    sys.exit(run_script(main))
