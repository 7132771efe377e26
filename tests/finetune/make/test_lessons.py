"""finetune/make: lessons in open words are right, and share no sentence with the records."""

import json
import random
import re
from collections import Counter
from itertools import islice

import pytest
import torch

from finetune.collate import IGNORE_INDEX
from finetune.make import facts, lessons, measure, teach
from finetune.make.clauses import Writer
from finetune.make.instructions import rows, split
from finetune.make.lessons import LESSONS, Lessons, record_sentences, sentences
from finetune.make.words import Lexicon, invented
from finetune.records import BUNDLED
from gpt.config import GPTConfig
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights import pretrained

BOOK = """
The goblin saw a barrel. Two barrels stood there, and goblins came to the mill and to the mills.
The mill was old. She was very wooden, and so crooked. He said to Ludovic and to Melinda, who had
seen Ludovic and Melinda, and told Melinda. They wanted to polish
the barrel: he polishes the pan, polished the pan, polished a pot, polished his boots, is
polishing. The barrel was old. A goblin was in the barrel.
The goblin had gone to the mill. The barrel and the mill were old. They told Ludovic,
and told Melinda of the goblin, by the goblin and with the goblin. It was very wooden,
and very crooked, so crooked.
"""
PIECES = [" sen", " blan", " tro", "ator", "kets", "mmel", "Ġ", "###", " The"]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon([BOOK], PIECES)


def given(lexicon, lesson, times=120):
    w = Writer(lexicon, random.Random(5))
    return [lesson(w) for _ in range(times)]


def test_books_are_sorted_into_kinds_of_words(lexicon):
    assert {"goblin", "barrel", "mill"} <= set(lexicon.nouns)
    assert set(lexicon.names) == {"Ludovic", "Melinda"}
    assert set(lexicon.adjectives) == {"wooden", "crooked"}
    assert [verb.past for verb in lexicon.regular_verbs] == ["polished"]
    assert lexicon.pieces == ["ator", "kets", "mmel"]
    assert lexicon.starts == ["sen", "blan", "tro"]
    draw = random.Random(1)
    assert len({invented(draw) for _ in range(1000)}) > 800


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.__name__)
def test_every_lesson_varies_and_is_written_cleanly(lexicon, lesson):
    tasks = given(lexicon, lesson)
    assert len(set(tasks)) > 40
    for wordings, text, answer in tasks:
        assert answer and answer == answer.strip()
        for part in (*wordings.replace("{S}", "it").split("|"), text, answer):
            assert "  " not in part and not re.search(r"[{}|]|\bNone\b|\?\.|\.\.$(?<!\.{3})", part)


def test_no_sentence_of_a_record_and_not_the_form_of_their_prompts(lexicon):
    """Looked for another way than the lessons do: whole texts, and the sentences in them."""

    def parts(*texts):
        found = [part for text in texts for part in re.split(r"(?<=[.?!])['\"]? |: |\n", text)]
        folded = [" ".join(re.findall(r"[a-z0-9]+", part.lower())) for part in [*texts, *found]]
        return {part for part in folded if part.count(" ") >= 3}

    made = list(islice(Lessons(lexicon, 3), 2000))
    records = json.loads(BUNDLED.read_text(encoding="utf-8"))
    counts = Counter(part for record in records for part in parts(*list(record.values())[1:]))
    taught = set().union(*(parts(prompt, answer) for prompt, answer in made))
    # What several records have in common is the wording of their task, not what they ask.
    assert [part for part in taught if counts[part] == 1] == []
    made = [prompt + answer for prompt, answer in made]
    for form in ("###", "Instruction", "Response"):
        assert form not in "".join(made)


def test_a_lesson_with_a_sentence_that_is_taken_is_thrown_away(lexicon):
    free = Lessons(lexicon, 4)
    prompt, answer = next(pair for pair in free if sentences(pair[1]))
    taken = Lessons(lexicon, 4)
    taken.taken = sentences(answer)
    assert (prompt, answer) not in islice(taken, 200)
    assert sentences("The car is very fast. Go!") == {"the car is very fast"}
    assert "the chef cooks the meal every day" in record_sentences()


def test_the_same_lessons_for_the_same_seed(lexicon):
    one, same, other = (list(islice(Lessons(lexicon, seed), 20)) for seed in (1, 1, 2))
    assert one == same != other


def test_rewritten_sentences_keep_their_words(lexicon):
    forms = {form: verb.base for verb in verbs(lexicon) for form in verb}

    def stems(text, *without):
        found = [forms.get(word, word) for word in re.findall(r"[a-z0-9]+", text.lower())]
        return Counter(word[:3] for word in found if word not in without)

    # A verb that was made up for this sentence is in no list: its forms begin alike.
    helping = ["do", "does", "did", "will", "not", "cannot", "can", "be", "been", "being"]
    helping += ["is", "are", "am", "was", "were", "has", "have"]
    pairs = {"i": "me", "we": "us", "they": "them", "he": "him", "she": "her"}
    objects = {him: he for he, him in pairs.items()}
    for _, text, answer in given(lexicon, lessons.negative) + given(lexicon, lessons.question):
        assert stems(text, *helping) == stems(answer, *helping)
        assert " not " in f" {answer} " or "cannot" in answer or answer.endswith("?")
    for _, text, answer in given(lexicon, lessons.passive):
        changed = " ".join(objects.get(word, word) for word in answer[:-1].lower().split())
        again = " ".join(objects.get(word, word) for word in text[:-1].lower().split())
        assert stems(again, "by", *helping) == stems(changed, "by", *helping) and " by " in answer
    for _, text, answer in given(lexicon, lessons.mixed_up):
        words = re.split(r" / |, | ", text.lower())
        assert Counter(words) == Counter(answer[:-1].lower().split())


def verbs(lexicon):
    return lexicon.irregular_verbs + lexicon.regular_verbs


def test_what_is_copied_or_answered_is_in_what_was_given(lexicon):
    for _, text, answer in given(lexicon, lessons.copy):
        assert text == answer
    for wordings, text, answer in given(lexicon, lessons.told):
        word = wordings.split()[0].lower()
        assert word in ("who", "what", "where", "when", "why") and answer[:-1] in text
    for wordings, text, answer in given(lexicon, lessons.found):
        part = re.search(r"'(.+?)'\|", wordings)[1]
        assert answer in text and part.lower() in answer.lower()
        assert not re.search(rf"\b{re.escape(part)}\b", text.replace(answer, ""), re.I)
    for wordings, text, answer in given(lexicon, lessons.beside):
        end, word = re.match(r"Which word stands (\w+) '(.+?)'\?", wordings).groups()
        words = text.rstrip(".").replace(",", "").split()
        at = words.index(word) + (1 if end == "after" else -1)
        assert re.sub(r"It is |['.]", "", answer) == words[at].replace(".", "")
    for _, text, answer in given(lexicon, lessons.tidy):
        assert answer[:-1].lower() == text and answer[0].isupper()
    for wording, text, answer in given(lexicon, lessons.replace):
        quoted = re.findall(r"'([^']+)'", wording)
        if len(quoted) == 2 and "place of" not in wording:
            assert any(part.lower() in answer.lower() for part in quoted) and text != answer


def test_words_are_sorted_and_counted(lexicon):
    for _, text, answer in given(lexicon, lessons.alphabet):
        words = re.split(r", | or ", text)
        if not text:
            assert re.fullmatch(r"'(.)\w*' begins with \1\.", answer)
        elif ", " in answer:
            assert answer.split(", ") == sorted(words)
        else:
            end = min(words) if "first" in answer else max(words)
            assert f"'{end}'" in answer
    for _, text, answer in given(lexicon, lessons.counted):
        count = len(text.split(", ")) if not text.endswith((".", "?")) else len(text.split())
        assert f"{count} words" in answer


def test_sums_and_choices_are_right(lexicon):
    for _, _, answer in given(lexicon, facts.reckoned, 400):
        if match := re.match(r"(\d+) ([-+×÷]) (\d+) = (\d+)", answer):
            a, sign, b, c = match.groups()
            a, b = int(a), int(b)
            assert int(c) == {"+": a + b, "-": a - b, "×": a * b, "÷": a / b}[sign]
    alike = [set(row) for row in rows(facts.SAME)] + [
        set(row.split()) for row in split(facts.RHYMES)
    ]
    for wordings, text, answer in given(lexicon, facts.alike, 300):
        if text:
            one = re.search(r"(?:same as|rhymes with) ([\w-]+)", wordings)[1]
            right = re.match(r"'?([\w-]+)", answer)[1].lower()
            like = {word for row in alike if one in row for word in row}
            assert [word for word in re.split(r", | or ", text) if word in like] == [right], text
    for _, text, answer in given(lexicon, facts.grouped, 200):
        if match := re.fullmatch(r"'(.+)'\. The rest are (.+)\.", answer):
            members = split(dict(facts.CATEGORIES)[match[2]])
            others = [
                word for word in re.split(r", | or ", text) if word.lower() != match[1].lower()
            ]
            assert (
                len(others) == 3 and set(others) <= set(members) and match[1].lower() not in members
            )


# --- What reads them ---


def test_only_answers_are_targets(lexicon):
    tokenizer = Tokenizer(8192)
    source = list(islice(Lessons(lexicon, 9), 30))
    made = list(teach.lesson_rows(iter(source), tokenizer, 128))
    said = "".join(
        tokenizer.decode([token for token in targets if token != IGNORE_INDEX])
        for _, targets in made
    ).split("<|endoftext|>")
    assert said[:-1] == [answer for _, answer in source][: len(said) - 1] and len(said) > 10
    for tokens, targets in made:
        assert len(tokens) == len(targets) <= 128
        for after, target in zip(tokens[1:], targets, strict=False):
            assert target in (after, IGNORE_INDEX)
    inputs, targets = teach.batch(made[:2])
    assert inputs.shape == targets.shape == (2, max(len(tokens) for tokens, _ in made[:2]))


@pytest.fixture
def small(tmp_path):
    torch.manual_seed(0)
    config = GPTConfig(n_layer=1, n_head=1, n_embd=16, vocab_size=8192, context_length=256)
    model = GPT(config, generator=torch.Generator().manual_seed(0))
    pretrained.save(tmp_path / "small", model)
    return tmp_path / "small"


def test_the_command_teaches(small, tmp_path, capsys):
    books = tmp_path / "books"
    books.mkdir()
    for name in ("a.txt", "heidi.txt", "railway.txt"):
        (books / name).write_text(BOOK * 20, encoding="utf-8")
    words = ["--books", str(books), "--model", str(small), "--out", str(tmp_path / "out")]
    words += ["--batch-size", "3", "--book-rows", "1", "--lr", "0.01", "--warmup-steps", "1"]
    assert teach.main([*words, "--steps", "4", "--save-every", "2"]) == 0
    shown = capsys.readouterr().out
    first, *_, last = (float(x) for x in re.findall(r"lessons (\d+\.\d+)", shown))
    assert last < first and (tmp_path / "out" / "model.safetensors").is_file()


def test_the_command_measures(small, tmp_path, capsys, monkeypatch):
    asked = json.loads(measure.UNSEEN.read_text(encoding="utf-8"))
    monkeypatch.setattr(measure, "UNSEEN", tmp_path / "few.json")
    (tmp_path / "few.json").write_text(json.dumps(asked[5:7]), encoding="utf-8")
    assert measure.main([str(small), "--lesson", "--show"]) == 0
    shown = capsys.readouterr().out
    assert "passive 0/2" in shown and "unseen words: 0 of 2" in shown and "satellite" in shown


def test_the_instructions_are_in_unseen_words():
    """Each has a word that is in no record and in no table, and most have several."""
    records = json.loads(BUNDLED.read_text(encoding="utf-8"))
    known = " ".join(part for record in records for part in record.values())
    known += " ".join(str(table) for name, table in vars(facts).items() if name.isupper())
    known = set(re.findall(r"[a-z]+", known.lower()))
    asked = json.loads(measure.UNSEEN.read_text(encoding="utf-8"))
    open_ = [one for one in asked if one["kind"] not in measure.SEEN]
    counts = []
    for one in open_:
        text = f"{one['instruction']} {one['input']} {one['answers'][0]}".lower()
        counts.append(len(set(re.findall(r"[a-z]+", text)) - known))
    assert len(open_) >= 83 and min(counts) >= 1 and sum(counts) > 2 * len(counts)
    assert sum(one["kind"] == "lecture" for one in asked) == 5
