"""finetune/lessons.py: the answers are right, and nothing is shared with the records."""

import random
import re

import pytest

from finetune import exercise_tables as tables
from finetune import lessons
from finetune.exercises import pages, record_sentences, repeats
from finetune.lessons import BOOK, LESSONS
from finetune.make_instructions import rows, split
from tests.test_exercises import RECORDS

TAKEN = record_sentences()


def given(lesson, times=80):
    draw = random.Random(5)
    return [lesson(draw) for _ in range(times)]


def test_the_lessons_share_no_sentence_prompt_or_answer_with_the_records():
    """Looked for another way than the book does: each text of a record in the whole book."""

    def words(text):
        return f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "

    book = words(pages(random.Random(7), TAKEN, 300_000, BOOK))
    for record in RECORDS:
        for field in ("instruction", "input", "output"):
            for sentence in re.split(r"(?<=[.?!]) ", record[field]):
                asked = words(sentence)
                if len(asked.split()) >= 4:
                    assert asked not in book, sentence


def test_the_lessons_are_not_in_the_form_of_the_records():
    """Neither is the prompt's, nor does an answer say what the records' answers say around it."""
    book = pages(random.Random(8), TAKEN, 200_000, BOOK)
    for form in (
        "###",
        "Instruction",
        "Response",
        "is the opposite of",
        "rhymes with",
        "is called",
    ):
        assert form not in book


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.__name__)
def test_every_lesson_varies_is_written_cleanly_and_is_rarely_thrown_away(lesson):
    tasks = given(lesson)
    assert len(set(tasks)) > 50
    for text in [part for task in tasks for part in task if part]:
        assert text == text.strip() and "  " not in text and "{" not in text
        assert not re.search(r"\b(the the|a the|None)\b|\.\.$(?<!\.\.\.)|\?\.", text), text
    lengths = {len(sentence) for sentence in TAKEN}
    assert sum(repeats(" ".join(task), TAKEN, lengths) for task in tasks) < len(tasks) / 5


def test_what_is_turned_is_turned_back():
    """The same draws give the one the other way around, in both directions."""
    for (_, active, passive), (_, given_back, back) in zip(
        given(lessons.turned), given(lessons.turned_back), strict=True
    ):
        assert (active, passive) == (back, given_back)
        assert " by " in passive and active != passive


def test_what_is_copied_and_answered_is_in_what_was_given():
    for _, text, answer in given(lessons.copied):
        assert answer == text
    for _, text, answer in given(lessons.told_in_text):
        assert answer[:-1] in text
    for _, text, answer in given(lessons.polished):
        assert answer[:-1].lower() == text and answer[0].isupper()
    for _, text, answer in given(lessons.unmixed):
        assert sorted(text.lower().split(" / ")) == sorted(answer[:-1].lower().split())
    for _, text, answer in given(lessons.measured):
        assert int(re.match(r"\d+", answer).group()) == len(text.split())


def test_words_are_picked_by_their_letters_and_places():
    for task, text, answer in given(lessons.in_order):
        words = re.split(r", | or ", text)
        if "," in answer:
            assert answer.split(", ") == sorted(words)
        else:
            place = "first" if "first" in task.lower() else "last"
            word = re.match(r"'(\w+)'", answer).group(1).lower()
            assert word == (min(words) if place == "first" else max(words))
    for task, text, answer in given(lessons.picked):
        words = re.split(r", | or ", text)
        found = next(word for word in words if f"'{word}'".lower() in answer.lower())
        at = words.index(found)
        if match := re.match(r"What comes after '(.+)'\?", task):
            assert words[at - 1] == match.group(1)
        if match := re.match(r"The (\w+) of these", task):
            assert ["first", "second", "third", "fourth"][at] == match.group(1)


def test_who_is_out_of_place_is_of_another_kind():
    kinds = dict(tables.CATEGORIES)
    for _, text, answer in given(lessons.sorted_out):
        words = re.split(r", | or ", text)
        if match := re.fullmatch(r"'(.+)'\. The rest are (.+)\.", answer):
            odd = match.group(1).lower()
            others = [word for word in words if word.lower() != odd]
            assert len(others) == 3 and set(others) <= set(split(kinds[match.group(2)]))
            assert odd not in [word.lower() for word in split(kinds[match.group(2)])]
        else:
            heaps = [heap.split(": ") for heap in answer[:-1].split(". ")]
            assert sorted(word for _, heap in heaps for word in heap.split(", ")) == sorted(words)
            for kind, heap in heaps:
                assert set(heap.split(", ")) <= set(split(kinds[kind.lower()]))


def test_choices_hold_one_right_word():
    same = [set(row) for row in rows(tables.SAME)]
    sounds = [set(row.split()) for row in split(tables.RHYMES)]
    for task, text, answer in given(lessons.chosen):
        one = re.search(r"'(.+?)'", task).group(1).lower()
        right = re.match(r"'(.+?)'", answer).group(1).lower()
        groups = same if any({one, right} <= group for group in same) else sounds
        words = re.split(r", | or ", text)
        like = {word for group in groups if one in group for word in group}
        assert right in words and [word for word in words if word in like] == [right]


def test_sums_are_right():
    for task, _, answer in given(lessons.reckoned, 300):
        numbers = [int(number) for number in re.findall(r"\d+", task)]
        last = int(re.findall(r"\d+", answer)[-1])
        if " and " in task and "got" not in task and "lost" not in task:
            assert last == sum(numbers)
        if " less " in task or " lost " in task:
            assert last == numbers[0] - numbers[1]
        if " got " in task:
            assert last == sum(numbers)
        if " times " in task or "boxes, in each" in task:
            assert last == numbers[0] * numbers[1]
        if match := re.match(r"(\d+) ([×÷]) (\d+) = (\d+)\.", answer):
            a, sign, b, c = match.groups()
            assert int(c) == (int(a) * int(b) if sign == "×" else int(a) / int(b))


def test_the_command_writes_the_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lessons, "FILES", 2)
    monkeypatch.setattr(lessons, "CHARACTERS", 3000)
    assert lessons.main([str(tmp_path / "new")]) == 0
    first, second = sorted((tmp_path / "new").iterdir())
    assert first.name == "lessons-00.txt" and str(first) in capsys.readouterr().out
    assert first.read_text(encoding="utf-8") == pages(random.Random(1000), TAKEN, 3000, BOOK)
    assert first.read_bytes() != second.read_bytes()
