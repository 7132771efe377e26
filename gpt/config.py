"""The shape of a GPT-2, and the four sizes OpenAI released.

The sizes are Table 2 of "Language Models are Unsupervised Multitask Learners" (Radford et al.,
2019) with the parameter counts of the released checkpoints; the paper's own counts are known to
be wrong.
"""

from dataclasses import dataclass, fields

from gpt.errors import UserError

MAX_SIZE = 1_000_000  # of any field: beyond it is a broken file, not a model
MAX_LAYERS = 1_000  # a layer is a module of its own, and a million would take hours to make


@dataclass(frozen=True)
class GPTConfig:
    """Every number that decides a parameter's shape. The defaults are GPT-2 124M.

    Raises UserError, naming the field, if a value cannot make a model.
    """

    vocab_size: int = 50257  # 256 bytes + 50,000 merges + the end of text
    context_length: int = 1024
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768
    tied_head: bool = True  # the output projection is the token embedding, as in GPT-2

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is bool:
                if not isinstance(value, bool):
                    raise UserError(f"GPTConfig.{field.name} must be true or false, not {value!r}")
                continue
            most = MAX_LAYERS if field.name == "n_layer" else MAX_SIZE
            if type(value) is not int or not 1 <= value <= most:
                raise UserError(
                    f"GPTConfig.{field.name} must be an integer from 1 to {most:,}, not "
                    f"{value!r:.50}"
                )
        if self.n_embd % self.n_head:
            raise UserError(
                f"GPTConfig.n_embd must be a multiple of n_head: {self.n_embd} is not a multiple "
                f"of {self.n_head}"
            )

    def num_parameters(self) -> int:
        """12 C² numbers in a block's matrices and 13 C in its biases and LayerNorms."""
        L, C, V = self.n_layer, self.n_embd, self.vocab_size
        tables = (V + self.context_length) * C + (0 if self.tied_head else V * C)
        return tables + L * (12 * C**2 + 13 * C) + 2 * C


SIZES = {
    # small enough to train from nothing on a laptop; its vocabulary is GPT-2's first 7,935 merges
    "tiny": GPTConfig(vocab_size=8192, context_length=256, n_layer=6, n_head=4, n_embd=256),
    "124M": GPTConfig(n_layer=12, n_head=12, n_embd=768),
    "355M": GPTConfig(n_layer=24, n_head=16, n_embd=1024),
    "774M": GPTConfig(n_layer=36, n_head=20, n_embd=1280),
    "1558M": GPTConfig(n_layer=48, n_head=25, n_embd=1600),
}
