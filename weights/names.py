"""The names of GPT-2's parameters: ours, which are Hugging Face's, OpenAI's and the book's.

OpenAI writes `model/h0/attn/c_attn/w` for what Hugging Face calls `h.0.attn.c_attn.weight`
(sometimes after `transformer.`), which is our model's own name for it. Both compute x · w where
`nn.Linear` computes x · Wᵀ: their files hold linear weights transposed, [in, out].

The book is Raschka's "Build a Large Language Model (From Scratch)", whose code the lecture uses.
Its file is a `torch.save` of the model's state dict, linear weights [out, in], with three matrices,
W_query, W_key and W_value, for the one c_attn.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Names(NamedTuple):
    """One parameter: its name in each form, and whether it is the weight of a linear layer."""

    ours: str
    openai: str
    book: str
    linear: bool = False


TOP_LEVEL_PARAMS = (
    Names("wte.weight", "model/wte", "tok_emb.weight"),
    Names("wpe.weight", "model/wpe", "pos_emb.weight"),
    Names("ln_f.weight", "model/ln_f/g", "final_norm.scale"),
    Names("ln_f.bias", "model/ln_f/b", "final_norm.shift"),
)
BLOCK_PARAMS = (  # of each block N: after h.N., model/hN/ and trf_blocks.N.
    Names("ln_1.weight", "ln_1/g", "norm1.scale"),
    Names("ln_1.bias", "ln_1/b", "norm1.shift"),
    Names("attn.c_attn.weight", "attn/c_attn/w", "att.W_{}.weight", linear=True),
    Names("attn.c_attn.bias", "attn/c_attn/b", "att.W_{}.bias"),
    Names("attn.c_proj.weight", "attn/c_proj/w", "att.out_proj.weight", linear=True),
    Names("attn.c_proj.bias", "attn/c_proj/b", "att.out_proj.bias"),
    Names("ln_2.weight", "ln_2/g", "norm2.scale"),
    Names("ln_2.bias", "ln_2/b", "norm2.shift"),
    Names("mlp.c_fc.weight", "mlp/c_fc/w", "ff.layers.0.weight", linear=True),
    Names("mlp.c_fc.bias", "mlp/c_fc/b", "ff.layers.0.bias"),
    Names("mlp.c_proj.weight", "mlp/c_proj/w", "ff.layers.2.weight", linear=True),
    Names("mlp.c_proj.bias", "mlp/c_proj/b", "ff.layers.2.bias"),
)
# A head of its own: unknown to OpenAI, and [out, in] in every file.
UNTIED_HEAD = Names("lm_head.weight", "lm_head.weight", "out_head.weight")


def parameter_names(n_layer: int, tied_head: bool) -> Iterator[Names]:
    """The names of every parameter of such a model, in the order in which it computes."""
    yield from TOP_LEVEL_PARAMS[:2]
    for n in range(n_layer):
        for ours, openai, book, linear in BLOCK_PARAMS:
            yield Names(f"h.{n}.{ours}", f"model/h{n}/{openai}", f"trf_blocks.{n}.{book}", linear)
    yield from TOP_LEVEL_PARAMS[2:]
    if not tied_head:
        yield UNTIED_HEAD
