"""What every script does around its `main`. Imported before torch, whose import it quietens.

torch warns at import when NumPy is not installed. Here it never is, and nothing misses it.
"""

import sys
import warnings
from collections.abc import Callable

from gpt.errors import UserError

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")


def run(main: Callable[[], int]) -> int:
    """`main`'s exit status; 2 and one line on stderr for what the user can mend; 130 for Ctrl-C.

    What the user can mend is a UserError, or the system's own refusal of a file (a full disk, a
    missing permission). Anything else is a bug and shows its traceback.
    """
    for output in (sys.stdout, sys.stderr):
        output.reconfigure(encoding="utf-8", errors="replace")  # Windows consoles differ
    try:
        return main()
    except UserError as error:
        message = str(error)
    except OSError as error:
        if error.filename is None and error.strerror is None:
            raise
        message = f"{error.filename or 'output'}: {error.strerror}"
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2
