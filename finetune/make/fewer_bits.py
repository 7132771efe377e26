"""Weights with fewer bits, so that a repository stays small: `python -m finetune.make.fewer_bits`.

A number in bfloat16 has a sign, 8 bits of exponent and 7 of the fraction. The last bits of the
fraction are noise, and noise cannot be compressed. With 3 bits of it, as in the 8-bit format E4M3
(Micikevicius et al., 2022, "FP8 Formats for Deep Learning"), the file is as long as before, but git
and zip store it in half the space.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from gpt.errors import run_script
from weights import pretrained


def rounded(x: Tensor, bits: int) -> Tensor:
    """Each number to the nearest one whose fraction has so many bits; floating point, any shape."""
    fraction, exponent = torch.frexp(x)  # x = fraction · 2^exponent, 0.5 ≤ |fraction| < 1
    steps = 2 ** (bits + 1)
    return torch.ldexp(torch.round(fraction * steps) / steps, exponent)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Round weights, so that they compress.")
    parser.add_argument("model", type=Path, help="a model's directory")
    parser.add_argument("out", type=Path, help="where the rounded model goes, in bfloat16")
    parser.add_argument("--bits", type=int, default=3, choices=range(1, 8), help="of the fraction")
    options = parser.parse_args(argv)
    model, _, _ = pretrained.load(options.model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(rounded(parameter, options.bits))
    pretrained.save(options.out, model.bfloat16())
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
