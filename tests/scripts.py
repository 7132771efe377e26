"""How tests start the scripts: in processes of their own, in which NumPy cannot be imported."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# NumPy made impossible to import, whether installed or not, then the script as it is.
WITHOUT_NUMPY = (
    "import runpy, sys; sys.modules['numpy'] = None; sys.argv = sys.argv[1:]; "
    "sys.path.insert(0, {root!r}); runpy.run_path(sys.argv[0], run_name='__main__')"
)
# The `here` fixture's model and records.
SMALL = ["--model", "small", "--data", "data.json", "--dtype", "float32", "--device", "cpu"]


def command(script, *arguments):
    """The words that start a script of this repository."""
    code = WITHOUT_NUMPY.format(root=str(ROOT))
    return [sys.executable, "-c", code, str(ROOT / script), *map(str, arguments)]


def call(cwd, script, *arguments):
    """The script's finished process."""
    return subprocess.run(
        command(script, *arguments), cwd=cwd, capture_output=True, encoding="utf-8", timeout=120
    )
