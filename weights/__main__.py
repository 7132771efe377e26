"""Fetch or convert a model ahead of time: `python -m weights --help`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from gpt.errors import UserError, run_script
from weights import pretrained
from weights.sources import REPOSITORIES

# not the docstring, which `python -OO` leaves out
HELP = """\
Fetch or convert a model ahead of time.

    python -m weights 355M       GPT-2's official weights of that size, fetched, verified, converted
    python -m weights SRC DST    the model in the directory SRC, in any form, into a new one, DST
    python -m weights SRC DST bfloat16    the same, its numbers rounded (or float16, float32)

SRC holds OpenAI's checkpoint (`model.ckpt.*` with `hparams.json`) or Hugging Face's GPT-2
(`config.json` with `model.safetensors` or `pytorch_model.bin`)."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
VERIFIED = {
    ".index": "each tensor's bytes against the CRC-32C in the index; every name and shape",
    ".safetensors": "the header, sizes and offsets; every name and shape",
    ".bin": "every name and shape; no code in the file was run",
}


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in (["-h"], ["--help"]):
        print(HELP)
        return 0
    if len(arguments) == 1 and arguments[0] in REPOSITORIES:
        directory = pretrained.ensure_official(arguments[0])
        raw = pretrained.read(directory)
    elif len(arguments) == 2 or (len(arguments) == 3 and arguments[2] in DTYPES):
        source, directory = map(Path, arguments[:2])
        dtype = DTYPES[arguments[2]] if arguments[2:] else None
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise UserError(f"{directory}: already there; give a new directory to write to")
        raw = pretrained.convert(source, directory, dtype)
        print(f"Read:     {raw.path}")
    else:
        raise UserError(f"give one of {', '.join(REPOSITORIES)}, or SRC DST [DTYPE]; see --help")
    parameters = sum(tensor.numel() for tensor in raw.tensors.values())
    print(
        f"Verified: {VERIFIED[raw.path.suffix]}\n"
        f"Model:    {len(raw.tensors)} tensors, {parameters:,} parameters\n"
        f"In:       {directory}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
