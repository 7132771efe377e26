"""Have another model grade a run's answers: `python -m finetune.judge runs/NAME/responses.json`.

Exact match calls a good answer in other words wrong. So the lecture series asks a larger model,
Llama 3 on one's own machine, for a grade from 0 to 100 for each answer against its reference (after
chapter 7 of Raschka's book; Zheng et al., 2023, on how far such judges are to be trusted). It may
be any model that an Ollama server has, or one behind OpenAI's chat API (`--api openai`; a key is
taken from OPENAI_API_KEY and is written nowhere).

Every grade is on disk before the next is asked for, so that a stopped command resumes. A reply that
is no number is kept and counted, not dropped and not guessed at.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from finetune.judge.grades import (
    PROMPT,
    entry_key,
    parse_score,
    question,
    read_entries,
    stored_grades,
    summary,
    without_reasoning,
)
from finetune.judge.server import PATHS, SETTINGS, ChatServer
from finetune.options import option, parse
from gpt.errors import run_script
from weights.files import write_text


@dataclass(frozen=True)
class JudgeOptions:
    """Every option of finetune.judge."""

    responses: str = option(..., "a run's responses.json", metavar="FILE", positional=True)
    url: str = option("http://localhost:11434", "the server's address", metavar="URL")
    judge: str = option("llama3", "the name of the model that judges", metavar="NAME")
    api: str = option("ollama", "the server's API", choices=tuple(PATHS))
    limit: int | None = option(None, "grade the first N answers only", min=1)
    timeout: float = option(120.0, "seconds to wait for a grade", greater_than=0)
    tries: int = option(5, "how often a grade is asked for before giving up", min=1)
    out: str | None = option(
        None, "the grades' file (default: judged.json beside the responses)", metavar="FILE"
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(JudgeOptions, argv, "Have a model grade answers from 0 to 100.")
    server = ChatServer(options.url, options.api, options.judge, options.timeout, options.tries)
    entries = read_entries(Path(options.responses))
    keys = [entry_key(entry) for entry in entries]
    path = Path(options.out or Path(options.responses).with_name("judged.json"))
    header = {
        "judge": options.judge,
        "api": options.api,
        "prompt": PROMPT,
        "settings": SETTINGS,
    }
    known = stored_grades(path, header)
    chosen = list(zip(entries, keys, strict=True))[: options.limit]
    for entry, key in tqdm(chosen, desc="Judging", unit="answer", disable=None):
        if key not in known:
            reply = without_reasoning(server.ask(question(entry)))
            known[key] = {"key": key, "score": parse_score(reply), "reply": reply[:500]}
            grades = [known[key] for key in dict.fromkeys(keys) if key in known]
            stored = header | {"refused": server.refused, "grades": grades}
            write_text(path, json.dumps(stored, indent=2, ensure_ascii=False) + "\n")
    if server.refused:
        print(f"The server refuses {' and '.join(server.refused)}: the grades may vary")
    print(summary([e for e, _ in chosen], [known[key] for _, key in chosen], options.judge))
    print(f"In {path}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
