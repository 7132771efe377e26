"""The names of GPT-2's parameters in OpenAI's files, in Hugging Face's and in our model.

OpenAI writes `model/h0/attn/c_attn/w` for what Hugging Face calls `h.0.attn.c_attn.weight`
(sometimes after `transformer.`), which is our model's own name for it. Both compute x · w where
`nn.Linear` computes x · Wᵀ: the weights of the linear layers lie transposed in every file.
"""

from collections.abc import Iterator

from gpt.config import GPTConfig

# The model's name for a parameter, OpenAI's, and whether it is a linear layer's weight, [in, out].
TOP_LEVEL_PARAMS = (
    ("wte.weight", "wte", False),
    ("wpe.weight", "wpe", False),
    ("ln_f.weight", "ln_f/g", False),
    ("ln_f.bias", "ln_f/b", False),
)
BLOCK_PARAMS = (  # of each block N: h.N.… and hN/…
    ("ln_1.weight", "ln_1/g", False),
    ("ln_1.bias", "ln_1/b", False),
    ("attn.c_attn.weight", "attn/c_attn/w", True),
    ("attn.c_attn.bias", "attn/c_attn/b", False),
    ("attn.c_proj.weight", "attn/c_proj/w", True),
    ("attn.c_proj.bias", "attn/c_proj/b", False),
    ("ln_2.weight", "ln_2/g", False),
    ("ln_2.bias", "ln_2/b", False),
    ("mlp.c_fc.weight", "mlp/c_fc/w", True),
    ("mlp.c_fc.bias", "mlp/c_fc/b", False),
    ("mlp.c_proj.weight", "mlp/c_proj/w", True),
    ("mlp.c_proj.bias", "mlp/c_proj/b", False),
)
UNTIED_HEAD = "lm_head.weight"  # unknown to OpenAI, and not transposed


def parameter_names(config: GPTConfig) -> Iterator[tuple[str, str, bool]]:
    """Every parameter: our name, OpenAI's, and whether files have it transposed; in their order."""
    yield from TOP_LEVEL_PARAMS[:2]
    for n in range(config.n_layer):
        for ours, theirs, transposed in BLOCK_PARAMS:
            yield f"h.{n}.{ours}", f"h{n}/{theirs}", transposed
    yield from TOP_LEVEL_PARAMS[2:]
    if not config.tied_head:
        yield UNTIED_HEAD, UNTIED_HEAD, False
