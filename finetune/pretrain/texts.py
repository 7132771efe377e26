"""Plain texts for pretraining: read a folder, normalize, encode, cut into pieces of one context.

Old books differ in typography and in spelling. A small model should not spend its parameters on
that, so `normalize_text` makes them alike. It is applied to every text that is pretrained on.
"""

import re
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from finetune.dataset import DataError, Example
from gpt.tokenizer import Tokenizer

# Character → what is typed on a keyboard. "--" is the dash of most plain-text books.
TYPOGRAPHY = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "—": "--", "–": "-", "…": "...", "\xa0": " "}
)

# British → American, which is what the bundled records are written in. Stems that end in -our.
OUR = "col|neighb|fav|hon|lab|harb|parl|behavi|flav|hum|rum|vap|splend|vig|od|arm|endeav|ard"
SPELLING = (
    (re.compile(rf"\b((?:dis|un)?(?:{OUR}))our", re.IGNORECASE), r"\1or"),
    (re.compile(r"\b(g)rey", re.IGNORECASE), r"\1ray"),
    (re.compile(r"\b(jewel|travel|quarrel|level|counsel|marvel)l(ed|ing|er|ous)"), r"\1\2"),
    (re.compile(r"\b(cent|theat|met)re\b", re.IGNORECASE), r"\1er"),
    (re.compile(r"\b(t)o-(day|night|morrow)\b", re.IGNORECASE), r"\1o\2"),
)


class Text(NamedTuple):
    """A file's name, and what is in it, normalized."""

    name: str
    text: str


def normalize_text(text: str) -> str:
    """Paragraphs of one line each, with an empty line between; straight quotes, no _italics_."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(TYPOGRAPHY)
    text = re.sub(r"_([^_\n]+(?:\n[^_\n]+)?)_", r"\1", text)
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    text = "\n\n".join(part for part in paragraphs if re.search(r"\w", part))
    for pattern, replacement in SPELLING:
        text = pattern.sub(replacement, text)
    return text


def read_texts(folder: str | Path) -> list[Text]:
    """Every .txt file in a folder and the folders in it, by name. Raises DataError."""
    folder = Path(folder)
    paths = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    if not paths:
        raise DataError(f"{folder}: no folder with .txt files in it")
    texts = []
    for path in paths:
        try:
            text = normalize_text(path.read_bytes().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not UTF-8 (byte {error.start}): save it as UTF-8") from None
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from None
        if not text:
            raise DataError(f"{path}: no text in it")
        texts.append(Text(str(path.relative_to(folder)), text))
    return texts


def split_texts(texts: Sequence[Text], names: str) -> tuple[list[Text], list[Text]]:
    """The texts to train on, and those named ("a.txt,b.txt") to validate on. Raises DataError."""
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in {text.name for text in texts}:
            raise DataError(f"--hold-out {name}: not among the texts, such as {texts[0].name}")
    rest = [text for text in texts if text.name not in wanted]
    if not rest:
        raise DataError("--hold-out: nothing is left to train on")
    return rest, [text for text in texts if text.name in wanted]


def chunk(
    texts: Iterable[Text], tokenizer: Tokenizer, context_length: int, keep_rest: bool = False
) -> list[Example]:
    """All texts in a row, each followed by the end of text, cut into examples without a prompt.

    A piece holds `context_length` + 1 tokens and begins with the last one of the piece before, so
    that every token is a target once. A shorter last piece is kept with `keep_rest`, or where it is
    the only one.
    """
    tokens = array("H")  # two bytes a token: there are 50,257 at most
    for text in texts:
        tokens.extend(tokenizer.encode(text.text))
        tokens.append(tokenizer.end_of_text)
    end = len(tokens) - (1 if keep_rest else context_length)
    starts = range(0, max(end, 1), context_length)
    return [Example(tokens[start : start + context_length + 1], 1) for start in starts]
