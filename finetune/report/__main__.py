"""Write a run's page anew: `python -m finetune.report runs/NAME`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from finetune.report.page import read_responses, write_page
from gpt.errors import run_script


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write a run's report.html anew.")
    parser.add_argument("run", type=Path, metavar="DIR", help="the run's directory")
    directory = parser.parse_args(argv).run
    print(write_page(directory, read_responses(directory)))
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
