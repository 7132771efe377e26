"""weights/forms.py: files as other programs write them are read to the same model."""

import json

import pytest
import torch
from torch import nn

from gpt.errors import UserError
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from tests import textbook
from weights import pretrained, safetensors
from weights.forms import read_tensors


@pytest.fixture
def model():
    return textbook.small_model(vocab_size=300).float()


@pytest.fixture
def directory(tmp_path, model):
    pretrained.save(tmp_path / "m", model)
    return tmp_path / "m"


def assert_loads(path, model):
    back = pretrained.load(path).model
    assert back.config == model.config
    for (name, one), (_, other) in zip(
        back.named_parameters(), model.named_parameters(), strict=True
    ):
        assert torch.equal(one, other), name


# --- Hugging Face's sharded form


def shard(directory, index="model.safetensors.index.json"):
    """As save_pretrained(max_shard_size=...) of transformers and its huggingface_hub writes it."""
    tensors = safetensors.read(directory / "model.safetensors")
    names, weight_map, pickled = list(tensors), {}, index.startswith("pytorch")
    for number in range(3):
        part = {name: tensors[name].clone() for name in names[number::3]}
        stem, suffix = index.removesuffix(".index.json").split(".")
        file = f"{stem}-{number + 1:05}-of-00003.{suffix}"
        (torch.save if pickled else flipped(safetensors.write))(part, directory / file)
        weight_map |= dict.fromkeys(part, file)
    (directory / "model.safetensors").unlink()
    content = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (directory / index).write_text(json.dumps(content), encoding="utf-8")
    return directory / index


def flipped(function):
    return lambda one, other: function(other, one)


@pytest.mark.parametrize("index", ["model.safetensors.index.json", "pytorch_model.bin.index.json"])
def test_a_model_in_several_files_is_read(directory, model, index):
    shard(directory, index)
    assert_loads(directory, model)


def test_a_shard_that_is_missing_or_incomplete_is_named(directory):
    index = shard(directory)
    second = directory / "model-00002-of-00003.safetensors"
    tensors = {name: tensor.clone() for name, tensor in safetensors.read(second).items()}
    name, _ = tensors.popitem()
    safetensors.write(second, tensors)
    with pytest.raises(UserError, match=rf"00002-of-00003\.safetensors: missing: {name}"):
        pretrained.load(directory)
    second.unlink()
    with pytest.raises(UserError, match=r"00002-of-00003\.safetensors: no such file"):
        pretrained.load(directory)
    for weight_map in (None, ["x"], {"x": 3}, {"x": "../x"}, {"x": "/etc/passwd"}):
        index.write_text(json.dumps({"weight_map": weight_map}), encoding="utf-8")
        with pytest.raises(UserError, match="weight_map should give a file beside it"):
            pretrained.load(directory)


# --- names with a prefix


@pytest.mark.parametrize(
    "prefix", ["_orig_mod.", "module.", "module._orig_mod.transformer.", "_orig_mod.transformer."]
)
def test_prefixes_of_wrappers_are_dropped(directory, model, prefix):
    path = directory / "model.safetensors"
    tensors = {prefix + name: t.clone() for name, t in safetensors.read(path).items()}
    safetensors.write(path, tensors)
    assert_loads(directory, model)


def test_two_models_in_one_file_are_refused(directory):
    path = directory / "model.safetensors"
    tensors = {name: tensor.clone() for name, tensor in safetensors.read(path).items()}
    safetensors.write(path, tensors | {"module.wte.weight": torch.zeros(300, 8)})
    with pytest.raises(UserError, match=r"model\.safetensors: two models in it"):
        pretrained.load(directory)


# --- the book's state dict


class BookBlock(nn.Module):
    """The modules of the book's TransformerBlock, under its names."""

    def __init__(self, width, heads, context, qkv_bias):
        super().__init__()
        self.att, self.ff, self.heads = nn.Module(), nn.Module(), heads
        for name in ("W_query", "W_key", "W_value"):
            setattr(self.att, name, nn.Linear(width, width, bias=qkv_bias))
        self.att.out_proj = nn.Linear(width, width)
        self.att.register_buffer("mask", torch.triu(torch.ones(context, context), diagonal=1))
        self.ff.layers = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width)
        )
        self.norm1, self.norm2 = BookNorm(width), BookNorm(width)

    def forward(self, x):
        normed = self.norm1(x)
        split = [
            project(normed).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project in (self.att.W_query, self.att.W_key, self.att.W_value)
        ]
        scores = split[0] @ split[1].transpose(2, 3) / split[0].shape[-1] ** 0.5
        scores = scores.masked_fill(self.att.mask.bool()[: x.shape[1], : x.shape[1]], -torch.inf)
        mixed = (scores.softmax(-1) @ split[2]).transpose(1, 2).flatten(2)
        x = x + self.att.out_proj(mixed)
        return x + self.ff.layers(self.norm2(x))


class BookNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(width))
        self.shift = nn.Parameter(torch.randn(width))

    def forward(self, x):
        return textbook.layer_norm(x, self.scale, self.shift)


class BookGPT(nn.Module):
    """The book's GPTModel: its names, its structure, and a head of its own."""

    def __init__(self, vocab_size=8192, width=128, heads=2, context=12, qkv_bias=True):
        super().__init__()
        self.tok_emb = nn.Embedding(vocab_size, width)
        self.pos_emb = nn.Embedding(context, width)
        self.trf_blocks = nn.Sequential(
            *(BookBlock(width, heads, context, qkv_bias) for _ in range(2))
        )
        self.final_norm = BookNorm(width)
        self.out_head = nn.Linear(width, vocab_size, bias=False)

    def forward(self, tokens):
        x = self.tok_emb(tokens) + self.pos_emb.weight[: tokens.shape[1]]
        return self.out_head(self.final_norm(self.trf_blocks(x)))


@pytest.fixture(scope="module", params=["with biases", "without", "tied", "with its optimizer"])
def book(request, tmp_path_factory):
    """The book's model and its file."""
    torch.manual_seed(0)
    model = BookGPT(qkv_bias=request.param != "without")
    if request.param == "tied":  # as it is when OpenAI's weights were just copied into it
        model.out_head.weight = model.tok_emb.weight
    path = tmp_path_factory.mktemp("book") / "gpt2-medium355M-sft.pth"
    content = model.state_dict()
    if request.param == "with its optimizer":
        content = {"model_state_dict": content, "optimizer_state_dict": {"state": {}}}
    torch.save(content, path)
    return model, path


@torch.no_grad()
def test_the_books_file_computes_what_the_books_code_computes(book):
    theirs, path = book
    loaded = pretrained.load(path)
    tokens = textbook.random_tokens(2, 12, 0, vocab_size=8192)
    torch.testing.assert_close(loaded.model(tokens), theirs(tokens), rtol=1e-4, atol=1e-4)
    assert loaded.model.config.n_head == 2 and loaded.prompt_template is None
    tied = theirs.out_head.weight is theirs.tok_emb.weight
    assert loaded.model.config.tied_head == tied
    assert pretrained.load_config(str(path))[0] == loaded.model.config


def test_a_copy_of_the_books_model_has_no_part_of_its_file(book, tmp_path):
    """A view of the map would be changed by training, or crash."""
    loaded = pretrained.load(book[1])
    for parameter in loaded.model.parameters():
        parameter.data += 1
    assert all(p.is_contiguous() for p in loaded.model.parameters())
    pretrained.save(tmp_path / "m", loaded.model)
    assert_loads(tmp_path / "m", loaded.model)


def book_file(tmp_path, change, **sizes):
    content = BookGPT(**({"vocab_size": 300, "width": 64, "heads": 1} | sizes)).state_dict()
    change(content)
    torch.save(content, tmp_path / "x.pth")
    return tmp_path / "x.pth"


REFUSED = {
    "a part is missing": (
        lambda c: c.pop("trf_blocks.1.att.W_key.weight"),
        r"missing: trf_blocks\.1\.att\.W_key\.weight; there are: ",
    ),
    "parts do not fit": (
        lambda c: c.update({"trf_blocks.0.att.W_key.weight": torch.zeros(4, 4)}),
        r"W_query\.weight has an impossible shape",
    ),
    "no matrix": (
        lambda c: c.update({"trf_blocks.0.ff.layers.0.weight": torch.zeros(2, 2, 2)}),
        r"layers\.0\.weight has an impossible shape: \[2, 2, 2\]",
    ),
    "no position": (lambda c: c.pop("pos_emb.weight"), r"missing: pos_emb\.weight"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_book_that_does_not_fit_is_named(tmp_path, case):
    change, message = REFUSED[case]
    with pytest.raises(UserError, match=rf"x\.pth: .*{message}"):
        pretrained.load(book_file(tmp_path, change))


def test_an_unknown_part_is_named(tmp_path):
    def add_adapter(content):
        content["trf_blocks.0.lora.A"] = torch.zeros(1)

    path = book_file(tmp_path, add_adapter, vocab_size=8192)
    with pytest.raises(UserError, match=r"not a part of this model: trf_blocks\.0\.lora\.A"):
        pretrained.load(path)


def test_a_file_alone_with_another_vocabulary_or_width_is_refused(tmp_path):
    with pytest.raises(UserError, match="a vocabulary of 300 tokens, which nothing shows"):
        pretrained.load(book_file(tmp_path, lambda content: None))
    with pytest.raises(UserError, match="its width 40 is no multiple of 64"):
        pretrained.load(book_file(tmp_path, lambda content: None, width=40))


# --- other state dicts


def test_hugging_faces_state_dict_alone_is_read(tmp_path):
    model = textbook.small_model(vocab_size=8192, n_embd=64, n_head=1).float()
    pretrained.save(tmp_path / "m", model)
    tensors = read_tensors(tmp_path / "m" / "model.safetensors")
    tensors = {f"transformer.{name}": tensor.clone() for name, tensor in tensors.items()}
    for file in ("pytorch_model.bin", "x.pt"):
        torch.save(tensors | {"lm_head.weight": model.wte.weight.detach()}, tmp_path / file)
        assert_loads(tmp_path / file, model)


def test_nanogpt_is_refused_and_told_why(tmp_path):
    """Its train.py saves these; `transformer.h.0.mlp.c_fc.weight` is [out, in] in it."""
    config = {"n_layer": 2, "n_head": 1, "n_embd": 64, "block_size": 12, "vocab_size": 50304}
    content = {"model": {"_orig_mod.transformer.wte.weight": torch.zeros(2, 2)}, "iter_num": 5}
    torch.save(content | {"model_args": config, "best_val_loss": torch.ones(())}, tmp_path / "c.pt")
    with pytest.raises(UserError, match=r"c\.pt: a checkpoint of nanoGPT, .* erf .* tanh"):
        pretrained.load(tmp_path / "c.pt")


def test_a_file_of_other_things_says_what_is_in_it(tmp_path):
    torch.save({"epoch": 3, "weights": torch.zeros(2), "lr": 0.1}, tmp_path / "x.pth")
    with pytest.raises(UserError, match="something else than named tensors; there are: epoch, lr"):
        pretrained.load(tmp_path / "x.pth")
    names = [f"layers.{n}" for n in range(9)]
    torch.save({name: torch.zeros(2) for name in names}, tmp_path / "x.pth")
    with pytest.raises(UserError, match=r"no embeddings .*: layers\.0, .*, layers\.3 and 5 more"):
        pretrained.load(tmp_path / "x.pth")


def test_a_git_lfs_pointer_is_called_that(directory):
    """The file that a clone without git-lfs has in the place of a large one."""
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 548105171\n"
    (directory / "model.safetensors").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"model\.safetensors: a Git LFS pointer.*git lfs pull"):
        pretrained.load(directory)


# --- a vocabulary that was enlarged


@pytest.mark.parametrize(("rows", "tied"), [(50258, True), (50304, False)])
@torch.no_grad()
def test_rows_beyond_gpt2s_vocabulary_are_left_out(tmp_path, rows, tied):
    """As resize_token_embeddings of transformers writes them, with the tokens that were added."""
    wide = textbook.small_model(vocab_size=rows, tied_head=tied).float()
    narrow = GPT(textbook.small_config(vocab_size=50257, tied_head=tied))
    for (name, one), (_, other) in zip(
        narrow.named_parameters(), wide.named_parameters(), strict=True
    ):
        one.copy_(other[:50257] if name in ("wte.weight", "lm_head.weight") else other)
    pretrained.save(tmp_path / "m", narrow)
    path = tmp_path / "m" / "model.safetensors"
    tensors = {name: tensor.clone() for name, tensor in safetensors.read(path).items()}
    for name in tensors:
        if name.endswith(("wte.weight", "lm_head.weight")):
            tensors[name] = wide.get_parameter(name.removeprefix("transformer.")).clone()
    safetensors.write(path, tensors)
    config = json.loads((tmp_path / "m" / "config.json").read_text(encoding="utf-8"))
    config["vocab_size"] = rows
    (tmp_path / "m" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    vocab = Tokenizer().vocab | {"<|pad|>": 50257}
    (tmp_path / "m" / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
    loaded = pretrained.load(tmp_path / "m")
    assert loaded.tokenizer.vocab_size == 50257
    assert_loads(tmp_path / "m", narrow)
    assert pretrained.load_config(str(tmp_path / "m"))[0] == narrow.config
    tokens = textbook.random_tokens(1, 5, 0, vocab_size=50257)
    torch.testing.assert_close(
        loaded.model(tokens), wide(tokens)[..., :50257], rtol=1e-4, atol=1e-4
    )
