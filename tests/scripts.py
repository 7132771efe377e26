"""How tests start the scripts: in processes of their own, in which NumPy cannot be imported."""

import contextlib
import gc
import os
import runpy
import subprocess
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).parent.parent
# NumPy made impossible to import, whether installed or not, then the script as it is.
WITHOUT_NUMPY = (
    "import runpy, sys; sys.modules['numpy'] = None; sys.argv = sys.argv[1:]; "
    "sys.path.insert(0, {root!r}); runpy.run_path(sys.argv[0], run_name='__main__')"
)
# The `here` fixture's model and records.
SMALL = ["--model", "small", "--data", "data.json", "--dtype", "float32", "--device", "cpu"]
CAN_FORK = sys.platform == "linux"  # elsewhere what the system's libraries keep is not fork-safe


def command(script, *arguments):
    """The words that start a script of this repository."""
    code = WITHOUT_NUMPY.format(root=str(ROOT))
    return [sys.executable, "-c", code, str(ROOT / script), *map(str, arguments)]


def call(cwd, script, *arguments):
    """The script's finished process."""
    return subprocess.run(
        command(script, *arguments), cwd=cwd, capture_output=True, encoding="utf-8", timeout=120
    )


def begin(script, *arguments, prepare=None, **options):
    """The script in a process that need not import torch first, which takes seconds of a processor.

    For tests of what the script does then: where it can, this process forks, and the child runs the
    script in place of a new interpreter. `prepare` is called first in the child; `options` are
    those of subprocess.Popen.
    """
    if not CAN_FORK:
        return subprocess.Popen(command(script, *arguments), preexec_fn=prepare, **options)

    def run_script():  # called by Popen in the child, when its streams are those asked for
        os.closerange(3, 4096)  # so that Popen believes that another program has been started
        gc.enable()
        status = 1
        try:
            for number, name in enumerate(("stdin", "stdout", "stderr")):
                mode = "w" if number else "r"
                stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
                setattr(sys, name, stream)
            if prepare:
                prepare()
            sys.modules["numpy"] = None
            sys.argv = [str(ROOT / script), *map(str, arguments)]
            runpy.run_path(sys.argv[0], run_name="__main__")
            status = 0
        except SystemExit as ended:
            status = ended.code or 0
        except BaseException:
            traceback.print_exc()
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)

    # restore_signals would leave SIGPIPE as other programs have it; Python ignores it.
    return subprocess.Popen(["script"], preexec_fn=run_script, restore_signals=False, **options)
