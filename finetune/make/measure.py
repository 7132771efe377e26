"""How many instructions in unseen words a model answers: `python -m finetune.make.measure DIR`.

The instructions (unseen.json) were written down before tiny read its lessons, about people and
things that no table of this project names. An answer counts when it is, to the letter, one of those
written down. A model that was fine-tuned is asked in the records' form; with `--lesson` in the form
of the lessons, for one that has only read those.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from finetune.prompt import format_prompt
from gpt.errors import run_script
from gpt.sampling import generate
from weights import pretrained

UNSEEN = Path(__file__).with_name("unseen.json")
LONGEST = 60  # tokens of an answer
SEEN = ("lecture", "known", "shown")  # what needs more than the sentence, or is in the README


def lesson_prompt(instruction: str, text: str) -> str:
    """The lessons' first form."""
    given = f"## Text\n{text}\n\n" if text else ""
    return f"## Task\n{instruction}\n\n{given}## Answer\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Ask a model in words it has never seen.")
    parser.add_argument("model", type=Path, help="a model's directory")
    parser.add_argument("--lesson", action="store_true", help="ask in the form of the lessons")
    parser.add_argument("--show", action="store_true", help="print the answers too")
    options = parser.parse_args(argv)
    model, tokenizer, _ = pretrained.load(options.model)
    prompt = lesson_prompt if options.lesson else format_prompt
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    records = json.loads(UNSEEN.read_text(encoding="utf-8"))
    prompts = [tokenizer.encode(prompt(each["instruction"], each["input"])) for each in records]
    replies = generate(model, prompts, LONGEST, tokenizer.end_of_text)
    for record, said in zip(records, replies, strict=True):
        answer = tokenizer.decode(said).strip()
        asked[record["kind"]] += 1
        right[record["kind"]] += answer in record["answers"]
        if options.show:
            mark = "+" if answer in record["answers"] else "-"
            print(f"{mark} {record['instruction']} | {record['input']} -> {answer}")
    print(", ".join(f"{kind} {right[kind]}/{asked[kind]}" for kind in asked))
    open_kinds = [kind for kind in asked if kind not in SEEN]
    total = sum(right[kind] for kind in open_kinds)
    print(f"unseen words: {total} of {sum(asked[kind] for kind in open_kinds)}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
