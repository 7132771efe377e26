"""GPT-2's byte-pair encoding: text ↔ token ids, with no download.

A text is split by a pattern into words and the like; each piece starts as its bytes, and the pair
of neighbours that was learned first is merged, again and again, until no learned pair is left
(Sennrich et al., 2016; on bytes: section 2.2 of the GPT-2 paper). A token's id is the order in
which it was learned: the 256 bytes, then the 50,000 merges, which stand in that order in
`vocab.bpe`, OpenAI's own file. So the first N ids are an encoding in their own right, with fewer
and shorter tokens: any `vocab_size` works. tiktoken does the merging.
"""

import codecs
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import tiktoken

from gpt.errors import UserError

MERGES_FILE = Path(__file__).with_name("vocab.bpe")
END_OF_TEXT = "<|endoftext|>"
MAX_VOCAB_SIZE = 50257
MIN_VOCAB_SIZE = 257  # every byte, and the end of text

# How a text is cut into pieces before merging, from OpenAI's `encoder.py`: English contractions;
# words, numbers and punctuation, each with the space before it; runs of white space.
SPLIT_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""


def _byte_alphabet() -> dict[str, int]:
    """The printable character that stands for each byte in `vocab.bpe`, in the order of the ids.

    Bytes that print as themselves come first and stand for themselves; the other 68, spaces and
    control characters among them, are written as the characters from U+0100 on. (A space is "Ġ".)
    """
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    printable += range(ord("®"), ord("ÿ") + 1)
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    alphabet.update({chr(256 + i): byte for i, byte in enumerate(others)})
    return alphabet


@cache
def _merges() -> list[tuple[str, str]]:
    """The 50,000 learned pairs, in the order in which they were learned."""
    lines = MERGES_FILE.read_text(encoding="utf-8").splitlines()
    first, second = lines[0], lines[1:]
    assert first.startswith("#version"), MERGES_FILE
    return [(left, right) for left, right in map(str.split, second)]


class Tokenizer:
    """The first `vocab_size` − 1 ids of GPT-2's encoding, and one more: the end of text.

    Text never becomes the end-of-text id, not even the text "<|endoftext|>": that token is appended
    by id (`end_of_text`) where a training example ends, and read where the model ends its answer.

    Raises UserError unless 257 ≤ vocab_size ≤ 50257.
    """

    def __init__(self, vocab_size: int = MAX_VOCAB_SIZE) -> None:
        if not MIN_VOCAB_SIZE <= vocab_size <= MAX_VOCAB_SIZE:
            raise UserError(
                f"vocab_size {vocab_size}: GPT-2's encoding makes vocabularies from "
                f"{MIN_VOCAB_SIZE} to {MAX_VOCAB_SIZE} tokens"
            )
        self.vocab_size = vocab_size
        self.end_of_text = vocab_size - 1
        alphabet = _byte_alphabet()
        tokens = [*alphabet, *map("".join, _merges()[: vocab_size - MIN_VOCAB_SIZE])]
        # as vocab.json writes them, with printable characters for bytes
        self.vocab = {name: rank for rank, name in enumerate([*tokens, END_OF_TEXT])}
        self._encoding = tiktoken.Encoding(
            name=f"gpt2-{vocab_size}",
            pat_str=SPLIT_PATTERN,
            mergeable_ranks={
                bytes(alphabet[character] for character in token): rank
                for rank, token in enumerate(tokens)
            },
            special_tokens={END_OF_TEXT: self.end_of_text},
        )

    def encode(self, text: str) -> list[int]:
        """Ids below `end_of_text`. Decoding them gives back the text."""
        return self._encoding.encode_ordinary(text)

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the ids; bytes that are no UTF-8 (a character cut in two) become U+FFFD."""
        return self._encoding.decode(list(tokens), errors="replace")

    def decode_stream(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text of each token as it comes, holding a character back until all its bytes are
        there.

        Joined, the pieces are `decode` of the whole.
        """
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        for token in tokens:
            yield decoder.decode(self._encoding.decode_single_token_bytes(token))
        yield decoder.decode(b"", final=True)

    def files(self) -> dict[str, str]:
        """Name and text of the two files in which other GPT-2 tokenizers read this encoding."""
        merges = [" ".join(pair) for pair in _merges()[: self.vocab_size - MIN_VOCAB_SIZE]]
        return {
            "vocab.json": json.dumps(self.vocab, ensure_ascii=False),
            "merges.txt": "\n".join(["#version: 0.2", *merges, ""]),
        }
