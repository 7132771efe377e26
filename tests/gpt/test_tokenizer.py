"""gpt/tokenizer.py: the same ids as OpenAI's files give, for any text and any vocabulary size.

`data/gpt2_ids.json` holds texts and the ids that OpenAI's `encoder.json` gives them.
"""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.errors import UserError
from gpt.tokenizer import MERGES_FILE, Tokenizer
from tests import textbook

GPT2 = Tokenizer()
SAMPLES = json.loads(
    (Path(__file__).parents[1] / "data" / "gpt2_ids.json").read_text(encoding="utf-8")
)
texts = st.one_of(
    st.text(),
    st.text(alphabet="ab 'st\n.,1é\u00a0<|>", max_size=40),
    st.lists(st.sampled_from(["the", " the", "'ll", "  ", "\n", "<|endoftext|>", "ing", "🙂"])).map(
        "".join
    ),
)
sizes = st.one_of(st.integers(257, 50257), st.sampled_from([257, 258, 8192, 50256, 50257]))


def test_the_bundled_files_are_openais():
    """The merges as they are; the vocabulary, which we derive, as `encoder.json` writes it."""
    merges = hashlib.sha256(MERGES_FILE.read_bytes()).hexdigest()
    assert merges == "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"
    vocabulary = hashlib.sha256(json.dumps(GPT2.vocab).encode("ascii")).hexdigest()
    assert vocabulary == "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: repr(sample["text"][:20]))
def test_ids_are_openais(sample):
    assert GPT2.encode(sample["text"]) == sample["ids"]


@given(text=texts)
def test_ids_are_the_textbooks(text):
    names = textbook.byte_pair_encoding(text, n_merges=50000)
    assert GPT2.encode(text) == [GPT2.vocab[name] for name in names]


@settings(max_examples=12)  # each makes a vocabulary
@given(text=texts, vocab_size=sizes)
def test_a_smaller_vocabulary_is_the_first_merges(text, vocab_size):
    tokenizer = Tokenizer(vocab_size)
    assert tokenizer.end_of_text == vocab_size - 1
    ids = tokenizer.encode(text)
    names = textbook.byte_pair_encoding(text, n_merges=vocab_size - 257)
    assert ids == [GPT2.vocab[name] for name in names]
    assert all(i < tokenizer.end_of_text for i in ids)
    assert tokenizer.decode(ids) == text


def test_the_end_of_text_is_not_in_any_text():
    assert GPT2.end_of_text == 50256
    assert 50256 not in GPT2.encode("<|endoftext|>")
    assert GPT2.decode([50256]) == "<|endoftext|>"


@given(text=texts)
def test_streamed_pieces_make_the_text_and_never_a_broken_character(text):
    pieces = list(GPT2.decode_stream(GPT2.encode(text)))
    assert "".join(pieces) == text
    assert "\ufffd" in text or all("\ufffd" not in piece for piece in pieces)


@given(ids=st.lists(st.integers(0, 50256), max_size=20))
def test_streaming_any_ids_is_decoding_them(ids):
    assert "".join(GPT2.decode_stream(ids)) == GPT2.decode(ids)


@pytest.mark.parametrize("vocab_size", [257, 258, 8192, 50257])
def test_files_hold_the_whole_encoding(vocab_size):
    files = Tokenizer(vocab_size).files()
    vocab = json.loads(files["vocab.json"])
    assert sorted(vocab.values()) == list(range(vocab_size))
    assert vocab["<|endoftext|>"] == vocab_size - 1
    version, *merges, end = files["merges.txt"].split("\n")
    assert version.startswith("#version") and end == "" and len(merges) == vocab_size - 257
    assert all(vocab[m.replace(" ", "")] == 256 + i for i, m in enumerate(merges))


def test_all_merges_are_the_bundled_file():
    assert GPT2.files()["merges.txt"] == MERGES_FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("vocab_size", [0, 256, 50258])
def test_an_impossible_vocabulary_is_refused(vocab_size):
    with pytest.raises(UserError, match=f"vocab_size {vocab_size}"):
        Tokenizer(vocab_size)


@pytest.mark.parametrize("ending", ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"])
def test_contractions_are_pieces_of_their_own_in_small_letters_only(ending):
    for text in (f"it{ending} so", f"IT{ending.upper()} SO", f"it {ending}so"):
        names = textbook.byte_pair_encoding(text, n_merges=50000)
        assert GPT2.encode(text) == [GPT2.vocab[name] for name in names]
    assert GPT2.vocab[ending] in GPT2.encode(f"it{ending} so")


def test_a_capital_after_an_apostrophe_begins_a_word():
    for word in ("Sam", "The", "Many", "Dear", "Really", "Very"):
        assert GPT2.encode(f"'{word}") == [GPT2.vocab["'"], GPT2.vocab[word]]
