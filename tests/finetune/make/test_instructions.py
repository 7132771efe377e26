"""The bundled instruction records: rebuilt byte for byte, correct in form, and without a leak.

Where an answer follows from its record by a rule (a count, a sum, an order, a copy), the test works
it out on its own from the text of the record and does not ask the tables.
"""

import json
import operator
import re
from collections import Counter
from itertools import pairwise

import pytest

from finetune.make import instruction_tables as tables
from finetune.make import instructions as make
from finetune.make.words import Verb, forms, plural

TOTAL = 1100
TRAIN, TEST = slice(0, 935), slice(935, 1045)
VALIDATION = slice(1045, TOTAL)
ROWS = [row for rows, _, _ in make.PACKS.values() for row in rows]


@pytest.fixture(scope="module")
def records() -> list[dict[str, str]]:
    return json.loads(make.TARGET.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tasks() -> list[tuple[str, make.Task]]:
    return make.make_tasks()


def folded(text: str) -> str:
    """Letters and digits only, so that neither case, spaces nor marks hide that two texts agree."""
    return " ".join(re.findall(r"[^\W_]+|[^\w\s.,'\"?!:;]", text.lower()))


def prompt(record: dict[str, str]) -> str:
    return folded(f"{record['instruction']} {record['input']}")


def of_kind(records: list[dict[str, str]], kind: str) -> list[dict[str, str]]:
    chosen = [record for record in records if record["kind"] == kind]
    assert chosen
    return chosen


def quoted_or_input(record: dict[str, str]) -> str:
    """The text to work on: the input, or what the instruction quotes or names after a colon."""
    if record["input"]:
        return record["input"]
    return re.split(r": |\? (?=')", record["instruction"], maxsplit=1)[1].strip("'")


# --- The file ---


def test_the_script_reproduces_the_file(tmp_path, capsys):
    target = tmp_path / "instructions.json"
    assert make.main([str(target)]) == 0
    assert target.read_bytes() == make.TARGET.read_bytes()
    shown = capsys.readouterr().out
    assert all(kind in shown for kind in tables.KINDS) and str(TOTAL) in shown


def test_form_of_the_file(records):
    data = make.TARGET.read_bytes()
    assert data.endswith(b"\n]\n") and b"\r" not in data
    assert len(records) == TOTAL
    for record in records:
        assert list(record) == ["kind", "instruction", "input", "output"]
        assert all(isinstance(text, str) and text == text.strip() for text in record.values())
        assert all("  " not in text and "{" not in text for text in record.values())
        assert record["kind"] and record["instruction"] and record["output"]
        assert record["instruction"][0].isupper() or record["instruction"][0].isdigit()
        assert len(" ".join(record.values()).split()) < 120
        assert len(record["output"].split()) <= 20


# --- The kinds ---


def test_kinds_are_many_and_none_is_large(records):
    counts = Counter(record["kind"] for record in records)
    assert counts == {kind: number for kind, (number, _) in tables.KINDS.items()}
    assert len(counts) >= 34
    assert max(counts.values()) <= 0.06 * TOTAL


def test_most_records_hold_their_own_answer(records):
    assert set(tables.KINDS) > make.FROM_RECORD
    own = sum(record["kind"] in make.FROM_RECORD for record in records)
    assert own >= 0.6 * TOTAL


def test_every_kind_is_in_every_split(records):
    for part in (TRAIN, TEST, VALIDATION):
        assert {record["kind"] for record in records[part]} == set(tables.KINDS)


def test_the_order_is_mixed(records):
    """No stretch of the file is about one kind: neighbors of the same kind are rare."""
    kinds = [record["kind"] for record in records]
    assert sum(a == b for a, b in pairwise(kinds)) < 0.06 * TOTAL


def test_the_first_validation_record_is_like_the_lectures(records):
    first = records[VALIDATION][0]
    assert first["kind"] == "active_to_passive"
    assert re.fullmatch(r"The [\w ]+ (is|are) \w+ by [\w ]+\.", first["output"])


def test_wordings_vary(records):
    for kind, (number, wordings) in tables.KINDS.items():
        assert len(set(wordings)) == len(wordings) >= 5, kind
        assert number >= 20, kind
        quoted = ["{text}" in wording for wording in wordings]
        if any(quoted):
            assert not all(quoted), f"{kind}: no wording leaves the text to the input"


# --- No leak ---


def test_no_prompt_and_no_answer_twice(records):
    assert len({prompt(record) for record in records}) == TOTAL
    assert len({folded(record["output"]) for record in records}) == TOTAL


def test_a_fact_serves_one_record(tasks):
    facts = Counter(fact for _, task in tasks for fact in task.facts)
    assert len(tasks) == TOTAL and all(task.facts for _, task in tasks)
    assert [fact for fact, number in facts.items() if number > 1] == []


def test_facts_name_the_sentences_of_a_record(tasks):
    """Each clause fact shows in its record, so that "a fact once" says something about the text."""
    subjects = {one for group in tables.SUBJECTS.values() for one in group.split(", ")}
    subjects |= {plural(one) for one in subjects}
    for kind, task in tasks:
        shown = folded(" ".join([*map(str, task.fields.values()), task.output]))
        for fact in task.facts:
            if kind in make.FROM_RECORD and len(fact) == 3 and fact[0] in subjects:
                assert folded(fact[2]) in shown
                # "You must close the door" has put "you" in place of the subject dealt.
                assert kind == "command" or folded(fact[0]) in shown


def test_training_does_not_show_what_the_other_splits_ask(records):
    """No prompt, text or answer of test or validation is a part of a training record."""
    train = [folded(" ".join(list(record.values())[1:])) for record in records[TRAIN]]
    for record in records[TEST] + records[VALIDATION]:
        texts = [prompt(record), folded(record["output"]), folded(record["input"])]
        # Short phrases such as "close the door" are words of the language, not a leak.
        for text in [text for text in texts if len(text.split()) >= 5]:
            assert not [other for other in train if f" {text} " in f" {other} "], text


# --- Right answers, worked out again from the text ---


def test_counts_of_words(records):
    for record in of_kind(records, "count_words"):
        quoted, number = re.fullmatch(
            r"The sentence '(.+)' has (\d+) words\.", record["output"]
        ).groups()
        assert quoted in record["instruction"] + record["input"]
        assert int(number) == len(quoted.split())


def test_orders_of_the_alphabet(records):
    for record in of_kind(records, "alphabetical_order"):
        words = quoted_or_input(record).split(", ")
        assert record["output"].split(", ") == sorted(words) != words
    for record in of_kind(records, "first_or_last"):
        words = re.split(", | or ", quoted_or_input(record).rstrip("?"))
        right = (min if "first" in record["instruction"] else max)(words)
        end = "first" if "first" in record["instruction"] else "last"
        assert len(words) == 3
        assert record["output"] == f"The word '{right}' comes {end}."


def test_sums(records):
    solve = {"+": operator.add, "-": operator.sub, "×": operator.mul, "÷": operator.truediv}
    found = []
    for record in of_kind(records, "arithmetic"):
        text = quoted_or_input(record)
        if plain := re.fullmatch(r"(\d+) (\S) (\d+)", text):
            a, sign, b = plain.groups()
            assert record["output"] == f"{text} = {solve[sign](int(a), int(b)):g}"
        else:
            found.append(re.search(r"\d+ \w+", record["output"])[0])
    # Worked out by hand from the questions of the stories.
    right = "9 shells, 7 buns, 18 eggs, 3 plums, 7 birds, 22 people, 16 legs, 30 pages, 13 coins, "
    right += "23 animals, 45 dollars, 7 years"
    assert sorted(found) == sorted(right.split(", "))


def test_units(records):
    sizes = {
        "length": {"millimeters": 1, "centimeters": 10, "meters": 1000, "kilometers": 10**6},
        "feet": {"inches": 1, "feet": 12, "yards": 36},
        "mass": {"grams": 1, "kilograms": 1000},
        "pounds": {"ounces": 1, "pounds": 16},
        "liters": {"milliliters": 1, "liters": 1000},
        "gallons": {"pints": 1, "quarts": 2, "gallons": 8},
        "time": {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800},
        "years": {"months": 1, "years": 12},
        "money": {"cents": 1, "dollars": 100},
    }
    for record in of_kind(records, "units"):
        a, unit, b, other = re.fullmatch(r"(\d+) (\w+) = (\d+) (\w+)", record["output"]).groups()
        scale = next(scale for scale in sizes.values() if unit in scale)
        assert int(a) * scale[unit] == int(b) * scale[other]
        assert re.search(rf"\b{a} {unit}\b", record["instruction"])
        assert re.search(rf"\b{other}\b", record["instruction"])


def test_rewritten_sentences_keep_their_words(records):
    """What each rewriting may add or drop; every other word is the text's own, in its number."""
    for record in of_kind(records, "unscramble"):
        words = quoted_or_input(record).split(" / ")
        assert Counter(folded(record["output"]).split()) == Counter(folded(" ".join(words)).split())
    for record in of_kind(records, "punctuation"):
        assert record["output"][:-1].lower() == quoted_or_input(record)
        asks = record["output"].startswith("Did ")
        assert record["output"][-1] == ("?" if asks else ".")
    for record in of_kind(records, "contraction"):
        text = quoted_or_input(record)
        (short,) = re.findall(r"\w+'t", record["output"])
        stems = ["does", "did", "must", "could", "should", "would"]
        full = {"can't": "cannot", "won't": "will not"} | {f"{x}n't": f"{x} not" for x in stems}
        assert record["output"].replace(short, full[short]) == text
    for record in of_kind(records, "replace_word"):
        text = quoted_or_input(record)
        one, two = re.findall(r"'([^']+)'", record["instruction"])[:2]
        old, new = (one, two) if text.lower().startswith(one.lower()) else (two, one)
        swapped = re.sub(f"^{old}", new, text, flags=re.IGNORECASE)
        assert record["output"] == swapped[0].upper() + swapped[1:]


def test_passives_agree_with_their_actives(records):
    """Voice, tense, number and participle, taken from the two sentences and the verb tables."""
    singular = {thing for row in ROWS for thing in row.ones}
    verbs = {row.verb.participle: row.verb for row in ROWS}
    for kind in ("active_to_passive", "passive_to_active"):
        for record in of_kind(records, kind):
            active, passive = quoted_or_input(record)[:-1], record["output"][:-1]
            if kind == "passive_to_active":
                active, passive = passive, active
            thing, be, participle, rest = re.fullmatch(
                r"(The .+?) (is|are|was|were|will be) (\w+) by (.+)", passive
            ).groups()
            before, after = active.split(f" {thing.lower()}")
            subject = rest.removesuffix(after)
            assert rest.endswith(after) and before.lower().startswith(subject.lower())
            base, third, past, _, _ = verbs[participle]
            verb = before[len(subject) + 1 :]
            tense = {"is": (base, third), "are": (base, third), "will be": (f"will {base}",)}
            assert verb in tense.get(be, (past,)), active
            one = thing.removeprefix("The ") in singular
            assert be == "will be" or (be in ("is", "was")) == one, passive
            many = any(
                subject in tables.SUBJECTS[group].split(", ") for group in tables.PLURAL_GROUPS
            )
            assert verb not in (base, third) or (verb == base) == many, active


def test_verbs_of_the_rewritten_sentences(records):
    """The text comes back when the answer's helping verb is taken into the verb again."""
    forms = {row.verb.base: row.verb[:3] for row in ROWS}

    def active(helper: str, base: str) -> str:
        _, third, past = forms[base]
        return {"do": base, "does": third, "did": past, "will": f"will {base}"}[helper]

    for record in of_kind(records, "negation"):
        pattern = r"(.+) (do|does|did|will) not (\w+)(.*)"
        subject, helper, base, rest = re.fullmatch(pattern, record["output"]).groups()
        assert f"{subject} {active(helper, base)}{rest}" == quoted_or_input(record)
    for record in of_kind(records, "question"):
        helper, *words = record["output"].rstrip("?").split()
        verbs = [place for place, word in enumerate(words) if word in forms]
        texts = [
            " ".join([*words[:place], active(helper.lower(), words[place]), *words[place + 1 :]])
            for place in verbs
        ]
        assert quoted_or_input(record)[:-1].lower() in [text.lower() for text in texts]
    for kind, helper in (("past_tense", "did"), ("future_tense", "will")):
        for record in of_kind(records, kind):
            text = quoted_or_input(record)
            changed = [
                re.sub(rf"\b{present}\b", active(helper, base), text, count=1)
                for base, (_, third, _) in forms.items()
                for present in (base, third)
            ]
            assert record["output"] in changed and record["output"] != text


def test_stories_hold_their_answers(records):
    for word in ("who", "what", "where", "when", "why"):
        for record in of_kind(records, f"extract_{word}"):
            both = f"{record['instruction']} {record['input']}"
            answer = folded(record["output"])
            hits = [text for text in re.split(r"(?<=[.?]) |: ", both) if answer in folded(text)]
            assert len(hits) == 1, both
            assert re.search(rf"\b{word}\b", record["instruction"].lower())


def test_choices_hold_the_answer(records):
    for kind in ("synonym", "rhyme", "odd_one_out"):
        for record in of_kind(records, kind):
            choices = re.split(", | or ", quoted_or_input(record).rstrip("?"))
            assert len(choices) == (4 if kind == "odd_one_out" else 3)
            assert re.match(r"'(\w+)'", record["output"])[1].lower() in choices
    for record in of_kind(records, "classify"):
        items = quoted_or_input(record).split(", ")
        answers = re.fullmatch(r".+: (.+)\. .+: (.+)\.", record["output"]).groups()
        groups = [answer.split(", ") for answer in answers]
        assert sorted(groups[0] + groups[1]) == sorted(items)
        # In the order of the question: one right answer.
        assert all(group == sorted(group, key=items.index) for group in groups)


def test_articles(records):
    """ "a" before a consonant, "an" before a vowel; "hour" and "one" go by their sound."""
    sound = {"hour": "a", "one": "w", "unit": "y"}
    for record in records:
        text = re.sub("'[^']*'", "", " ".join(list(record.values())[1:]))
        for article, word in re.findall(r"\b([Aa]n?) ([a-zA-Z]+)", text):
            if article == "A" and (len(word) == 1 or word in ("and", "to")):
                continue  # the letter A, not the article
            vowel = sound.get(word.lower(), word[0].lower()) in "aeiou"
            assert (article.lower() == "an") == vowel, text


# --- The tables ---


def test_verb_tables():
    for row in ROWS:
        base, third, past, participle, ing = row.verb
        assert third.endswith("s") and third[:2] == base[:2]
        assert ing.endswith("ing") and ing[0] == base[0]
        assert past not in (base, third)
        # A regular verb has one form for both; the irregular ones are listed by hand.
        assert past == participle or not past.endswith("ed") or past == "sewed"
        assert {"a", "an", "the"}.isdisjoint(" ".join(row.ones + row.manys).split())
    assert len(ROWS) >= 200


# Every form of these was checked by hand: what the rules of spelling make of verbs they could get
# wrong.
CHECKED = (
    "bake bakes baked baked baking, carry carries carried carried carrying, stir stirs stirred "
    "stirred stirring, watch watches watched watched watching, play plays played played playing, "
    "fix fixes fixed fixed fixing, forget forgets forgot forgotten forgetting, tie ties tied tied "
    "tying, cancel cancels canceled canceled canceling, swim swims swam swum swimming, "
    "weave weaves wove woven weaving, record records recorded recorded recording, "
    "deliver delivers delivered delivered delivering, visit visits visited visited visiting, lie "
    "lies lay lain lying, throw "
    "throws threw thrown throwing, go goes went gone going, freeze freezes froze frozen freezing"
)


@pytest.mark.parametrize("right", CHECKED.split(", "))
def test_the_forms_of_verbs(right):
    assert forms(right.split()[0]) == Verb(*right.split())


def test_plurals():
    for one, many in (
        ("chef", "chefs"), ("box", "boxes"), ("city", "cities"), ("boy", "boys"),
        ("church", "churches"), ("the fox", "the foxes"), ("the spy", "the spies"),
        ("child", "children"), ("hero", "heroes"),
    ):  # fmt: skip
        assert plural(one) == many


def test_no_noun_and_no_verb_comes_often(records):
    """None is in more than a hundredth of the training records, in any of its forms."""
    bases = {form: row.verb.base for row in ROWS for form in row.verb}
    nouns = {word for row in ROWS for thing in row.ones + row.manys for word in thing.split()}
    nouns |= {word for subject in make.PEOPLE + make.BEASTS for word in make.content(subject.text)}
    counts: Counter[str] = Counter()
    for record in records[TRAIN]:
        wordings = tables.KINDS[record["kind"]][1]
        told = {word for wording in wordings for word in re.findall(r"[a-z]+", wording.lower())}
        words = set(re.findall(r"[a-z]+", " ".join(list(record.values())[1:]).lower())) - told
        counts.update({bases.get(word, word) for word in words if word in bases.keys() | nouns})
    assert len(counts) > 500
    assert [(word, count) for word, count in counts.items() if count > 9] == []
