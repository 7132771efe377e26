"""finetune/exercises.py: the drills are right, and share nothing with the instruction records."""

import json
import random
import re

import pytest

from finetune import exercises
from finetune.exercises import DRILLS, pages, record_sentences, sentences
from finetune.records import BUNDLED

TAKEN = record_sentences()
RECORDS = json.loads(BUNDLED.read_text(encoding="utf-8"))


def drawn(drill, times=60):
    draw = random.Random(4)
    return [drill(draw) for _ in range(times)]


def test_the_book_shares_no_sentence_prompt_or_answer_with_the_records():
    """Looked for another way than the book does: each text of a record in the whole book."""

    def words(text):
        return f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "

    book = words(pages(random.Random(7), TAKEN, 300_000))
    for record in RECORDS:
        for field in ("instruction", "input", "output"):
            for sentence in re.split(r"(?<=[.?!]) ", record[field]):
                asked = words(sentence)
                if len(asked.split()) >= 4:
                    assert asked not in book, sentence


def test_a_drill_with_a_sentence_that_is_taken_is_thrown_away():
    free = pages(random.Random(3), set(), 20_000)
    taken = set(sorted(sentences(free))[::40])
    book = pages(random.Random(3), taken, 20_000)
    assert taken and not sentences(book) & taken
    assert sentences(free) & sentences(book)


def test_sentences_are_what_stands_between_marks_in_small_letters():
    text = 'The cook\'s boy ran. "Stop him at once!" Yes. He did not: so it was then'
    assert sentences(text) == {
        ("the", "cook", "s", "boy", "ran"),
        ("stop", "him", "at", "once"),
        ("so", "it", "was", "then"),
    }
    assert sentences("Who is 'the old king here' of all?") == {("the", "old", "king", "here")}
    for record in RECORDS:
        assert sentences(record["output"]) <= TAKEN


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.__name__)
def test_every_drill_varies_and_is_written_cleanly(drill):
    texts = drawn(drill)
    assert len(set(texts)) > 25
    for text in texts:
        assert text == text.strip() and "  " not in text and "{" not in text
        assert not re.search(r"\b(the the|a the|None)\b|\.\.|\?\.", text), text


def test_the_same_book_for_the_same_seed():
    assert pages(random.Random(1), set(), 5000) == pages(random.Random(1), set(), 5000)
    assert pages(random.Random(1), set(), 5000) != pages(random.Random(2), set(), 5000)


def test_stories_are_answered_from_the_story():
    """Who and where are to be found in it, word for word."""
    for text in drawn(exercises.story):
        if "\nQ:" in text:
            told, *questions = text.split("\nQ: ")
            for pair in questions:
                _, answer = pair.split(" A: ")
                assert told.startswith(answer[:-1]) or f" {answer[:-1]}" in told


def test_lists_are_in_order_sums_are_right_and_words_are_spelled():
    for text in drawn(exercises.alphabet):
        for made in re.findall(r"(?:they are|dictionary:) ([a-z, ]+)\.", text):
            assert made.split(", ") == sorted(made.split(", "))
    for text in drawn(exercises.sums) + drawn(exercises.units):
        for a, sign, b, c in re.findall(r"(\d+) ([-+×÷]) (\d+) = (\d+)", text):
            made = {"+": int(a) + int(b), "-": int(a) - int(b), "×": int(a) * int(b)}
            assert int(c) == made.get(sign, int(a) / int(b))
    for text in drawn(exercises.spellings):
        for letters, word in re.findall(r"^([a-zA-Z-]+) spells '(\w+)'", text):
            assert letters.replace("-", "") == word
    for text in drawn(exercises.mixed_up):
        mixed, plain = re.fullmatch(r"(?:Mixed up: )?(.*?)(?:\.| --).*?: (.*)\.", text).groups()
        assert sorted(mixed.lower().split(" / ")) == sorted(plain.lower().split())
    for text in drawn(exercises.counted):
        count = int(re.search(r"(\d+) words", text).group(1))
        assert f"{count} " in text and f"{count + 1} " not in text.replace(f"{count} words", "")


def test_the_command_writes_the_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(exercises, "FILES", 2)
    monkeypatch.setattr(exercises, "CHARACTERS", 3000)
    assert exercises.main([str(tmp_path / "new")]) == 0
    first, second = sorted((tmp_path / "new").iterdir())
    assert first.name == "exercises-00.txt" and str(first) in capsys.readouterr().out
    assert first.read_text(encoding="utf-8") == pages(random.Random(0), TAKEN, 3000)
    assert first.read_bytes() != second.read_bytes()
