"""AdamW (Loshchilov & Hutter, 2019): Adam, with weights pulled towards zero apart from the
gradient.

As in the lecture every parameter is in one group and decays, biases and LayerNorms too. β = (0.9,
0.999) and ε = 1e-8 are torch's defaults and the lecture's.
"""

import torch

from gpt.model import GPT


def adamw(model: GPT, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """The optimizer of all parameters; `fused` updates each in one pass over its memory."""
    return torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay, fused=True)
