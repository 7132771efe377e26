"""Write a run's page again: `python -m finetune.report runs/A`; or one of several runs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from finetune.report.compare import write_comparison
from finetune.report.files import read_run
from finetune.report.page import write_page
from gpt.errors import run_script


def main(argv: Sequence[str] | None = None) -> int:
    about = "Write a run's report.html again; of several runs, one page that compares them."
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("runs", type=Path, nargs="+", metavar="DIR", help="a run's directory")
    parser.add_argument(
        "--out", type=Path, default="compare.html", metavar="FILE", help="page of several runs"
    )
    options = parser.parse_args(argv)
    runs, out = options.runs, options.out
    print(write_comparison(runs, out) if len(runs) > 1 else write_page(read_run(runs[0])))
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
