"""finetune/pretrain/texts.py: what is normalized, and that every token is a target once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.dataset import DataError
from finetune.pretrain.texts import Text, chunk, normalize_text, read_texts, split_texts
from gpt.tokenizer import Tokenizer

TOKENIZER = Tokenizer(400)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("A line\nand another.\n\n\n  A new\r\none. ", "A line and another.\n\nA new one."),
        ("\u201cIt\u2019s \u2018so\u2019,\u201d said\u2014\u2026", "\"It's 'so',\" said--..."),
        ("the _Arabian\nNights_ and _so_ on", "the Arabian Nights and so on"),
        ("* * *\n\nThe end\n\n-----", "The end"),
        ("Grey neighbours travelled to-day to the theatre.",
         "Gray neighbors traveled today to the theater."),
        ("our hour, your glamour; mere meters", "our hour, your glamour; mere meters"),
    ],
)  # fmt: skip
def test_normalize_text(text, clean):
    assert normalize_text(text) == clean
    assert normalize_text(clean) == clean


def test_read_texts_finds_them_by_name_in_folders_too(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.txt").write_bytes("\ufeffsecond\n".encode())
    (tmp_path / "sub" / "a.txt").write_text("third", encoding="utf-8")
    (tmp_path / "a.txt").write_text("first", encoding="utf-8")
    (tmp_path / "c.md").write_text("not this", encoding="utf-8")
    assert [text.text for text in read_texts(tmp_path)] == ["first", "second", "third"]
    texts, held_out = split_texts(read_texts(tmp_path), "b.txt, sub/a.txt")
    assert [text.text for text in texts] == ["first"]
    assert [text.text for text in held_out] == ["second", "third"]


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no folder with \.txt files"):
        read_texts(tmp_path / "none")
    with pytest.raises(DataError, match=r"no folder with \.txt files"):
        read_texts(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"ab\xff")
    with pytest.raises(DataError, match=r"a\.txt: not UTF-8 \(byte 2\)"):
        read_texts(tmp_path)
    (tmp_path / "a.txt").write_text("***\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.txt: no text in it"):
        read_texts(tmp_path)
    with pytest.raises(DataError, match=r"--hold-out x\.txt: not among the texts, such as a\.txt"):
        split_texts([Text("a.txt", "a")], "x.txt")
    with pytest.raises(DataError, match="nothing is left"):
        split_texts([Text("a.txt", "a")], "a.txt")


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4), st.integers(1, 9))
def test_every_token_is_a_target_once_but_for_the_rest(texts, context):
    stream = [token for text in texts for token in [*TOKENIZER.encode(text), TOKENIZER.end_of_text]]
    examples = chunk([Text("", text) for text in texts], TOKENIZER, context)
    targets = [token for example in examples for token in example.tokens[1:]]
    assert targets == stream[1 : len(targets) + 1]
    assert all(len(example.tokens) == context + 1 for example in examples) or len(examples) == 1
    assert len(stream) - 1 - len(targets) < context
    assert all(example.prompt_length == 1 for example in examples)
    kept = chunk([Text("", text) for text in texts], TOKENIZER, context, keep_rest=True)
    assert [token for example in kept for token in example.tokens[1:]] == stream[1:]
