"""Build `finetune/instructions.json`, the project's own 1,100 instruction records.

    python -m finetune.make.instructions [FILE]

The kinds of task are in the spirit of the data set of Sebastian Raschka's "Build a Large Language
Model (From Scratch)", chapter 7; the records are this project's own. The words, facts and wordings
are in `instruction_tables.py`. Here, one function per kind of task makes its tasks: what is asked,
the answer, and the facts used up. `build` gives each task a wording and shuffles the records.

Three promises, which the tests hold:

- A fact serves one record. A clause (who, does, what) is dealt once from the whole pack, so that a
  test record never asks for a sentence, a word pair or a capital that a training record has shown.
- No two prompts and no two answers are equal.
- The file is the same on every Python: each "random" choice is read off a SHA-256 digest of what is
  being chosen, never drawn from the `random` module, whose draws may differ between versions.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from finetune.make import instruction_tables as tables
from finetune.make.words import Verb, forms, plural

# Only the order of the records depends on the seed, and it was chosen on purpose: the first one to
# put a sentence like the lecture's "The chef cooks the meal every day." (active to passive, in the
# present, with a time) at index 1045. That is the first validation record (935 train, 110 test, 55
# validation), whose answer training prints after every epoch.
SEED = 1100

TARGET = Path(__file__).parents[1] / "instructions.json"

T = TypeVar("T")


class Task(NamedTuple):
    """What a record asks, before it has a wording.

    `fields` fill the braces of the wordings; `text` among them is the text to work on. `facts` are
    what the record gives away: no other record may use any of them.
    """

    facts: tuple[tuple, ...]
    fields: dict[str, object]
    output: str


# --- Choosing and writing ---


def digest(*parts: object) -> int:
    """A number below 2^64 that looks random and is fixed for `parts`."""
    return int.from_bytes(sha256(repr(parts).encode("utf-8")).digest()[:8], "big")


def pick(options: Sequence[T], *parts: object) -> T:
    """One of the options, fixed for `parts`."""
    return options[digest(*parts) % len(options)]


def mixed(items: Sequence[str]) -> list[str]:
    """The items in another order than given, fixed for the items."""
    for attempt in count():
        places = sorted(range(len(items)), key=lambda place: digest(*items, attempt, place))
        order = [items[place] for place in places]
        if order != list(items):
            return order


def split(words: str) -> list[str]:
    """'empty full, early late' as ['empty full', 'early late']."""
    return words.split(", ")


def rows(table: str) -> list[list[str]]:
    """'empty full, early late' as [['empty', 'full'], ['early', 'late']]."""
    return [row.split() for row in split(table)]


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def spaced(*parts: str) -> str:
    """The parts that are not empty, with a space between."""
    return " ".join(part for part in parts if part)


def sentence(*parts: str, end: str = ".") -> str:
    return capital(spaced(*parts)) + end


def listed(items: Sequence[str], word: str = "and") -> str:
    return ", ".join(items[:-1]) + f" {word} {items[-1]}"


# --- Clauses: who does what ---


class Subject(NamedTuple):
    text: str
    plural: bool
    pronoun: str  # "he", "she", "they"; "" where the word does not tell


class Clause(NamedTuple):
    """Something that someone does, not yet in a tense. `object` is "" for verbs like "sleep"."""

    subject: Subject
    verb: Verb
    object: str
    object_plural: bool
    place: str
    habit: bool

    @property
    def fact(self) -> tuple[str, str, str]:
        return (self.subject.text, self.verb.base, self.object or self.place)

    @property
    def nouns(self) -> set[str]:
        return content(self.subject.text) | content(self.object)

    def helper(self, tense: str) -> str:
        """The auxiliary of a question or a "not": Does the cook ...? The cook did not ..."""
        present = "do" if self.subject.plural else "does"
        return {"present": present, "past": "did", "future": "will"}[tense]

    def form(self, tense: str) -> str:
        """The verb of the active sentence."""
        present = self.verb.base if self.subject.plural else self.verb.third
        future = f"will {self.verb.base}"
        return {"present": present, "past": self.verb.past, "future": future}[tense]

    def passive_form(self, tense: str) -> str:
        """The verb of the passive sentence, whose subject is the object."""
        present, past = ("are", "were") if self.object_plural else ("is", "was")
        be = {"present": present, "past": past, "future": "will be"}[tense]
        return f"{be} {self.verb.participle}"

    def time(self, tense: str) -> str:
        """A fitting time; none where it would sound odd ("The girl loses the purse every day")."""
        if tense == "past":
            return pick(split(tables.PAST_TIMES), "time", self.fact)
        if not self.habit:
            return ""
        times = tables.HABIT_TIMES if tense == "present" else tables.FUTURE_TIMES
        return pick(split(times), "time", self.fact)

    def tail(self, tense: str) -> str:
        """How the clause goes on: with a place, a time or nothing."""
        if not self.object:
            return self.place
        time = self.time(tense)
        return pick(["", time, time, self.place], "tail", self.fact)

    def say(self, tense: str, tail: str) -> str:
        """The clause as a sentence."""
        return sentence(self.subject.text, self.form(tense), self.object, tail)

    def base(self, tail: str) -> str:
        """The clause without its subject and tense: "bake the bread in the kitchen"."""
        return spaced(self.verb.base, self.object, tail)


def content(text: str) -> set[str]:
    return set(text.split()) - GRAMMAR


GRAMMAR = {
    "the", "my", "a", "an", "and", "on", "at", "in", "to", "of", "by", "for", "with", "from",
    "into", "onto", "off", "over", "under", "behind", "beside", "near", "around", "across", "along",
    "through", "up", "down", "out", "before", "after", "during", "between", "against", "beyond",
    "past", "every", "each", "last", "next", "this", "other", "all", "ago",
}  # fmt: skip


def subjects(*groups: str) -> list[Subject]:
    return [
        Subject(text, group in tables.PLURAL_GROUPS, tables.PRONOUNS.get(group, ""))
        for group in groups
        for text in split(tables.SUBJECTS[group])
    ]


ONE_PERSON = subjects("man", "woman", "worker")
PEOPLE = ONE_PERSON + subjects("people")
BEASTS = subjects("animal", "animals")
ONE_KIND = subjects("worker", "animal")


class Row(NamedTuple):
    """A line of a verb table: objects in the singular and in the plural, and places."""

    verb: Verb
    ones: list[str]
    manys: list[str]
    places: list[str]


def verb_rows(table: str) -> list[Row]:
    made = []
    for line in table.strip().split("\n"):
        base, rest = line.split(": ")
        *things, places = (split(part) for part in rest.split("; "))
        made.append(Row(forms(base), *(things or ([], [])), places))
    return made


# name of the pack -> (rows of the verb table, who can do it, whether it goes with "every day")
PACKS = {
    "habit": (verb_rows(tables.HABITS), PEOPLE, True),
    "event": (verb_rows(tables.EVENTS), PEOPLE, False),
    "animal": (verb_rows(tables.ANIMAL_ACTIONS), BEASTS, False),
    "move": (verb_rows(tables.MOVES), PEOPLE + BEASTS, False),
}
WITH_OBJECT = ("habit", "event", "animal")
ALL = tuple(PACKS)


class Deck:
    """Deals clauses: no (subject, verb, object) twice, and every word about equally often."""

    def __init__(self) -> None:
        self.facts: set[tuple[str, str, str]] = set()
        self.uses: Counter[str] = Counter()

    def deal(
        self, packs: Sequence[str] = ALL, want: Callable[[Clause], bool] = lambda clause: True
    ) -> Clause:
        """A new clause from the packs named that satisfies `want`."""
        verbs = [(row, name) for name in packs for row in PACKS[name][0]]
        verbs.sort(key=lambda verb: self._rank(verb[0].verb.base, verb[0]))
        for row, name in verbs:
            for clause in islice(self._clauses(row, name), 60):
                reflexive = content(clause.subject.text) & content(clause.object)
                if clause.fact not in self.facts and not reflexive and want(clause):
                    self.facts.add(clause.fact)
                    self.use(clause.verb.base, clause.subject.text, clause.object, clause.place)
                    return clause
        raise AssertionError("the tables are too small for so many records")

    def use(self, *texts: str) -> None:
        """Count the words."""
        self.uses.update(word for text in texts for word in content(text))

    def _rank(self, text: str, *parts: object) -> tuple[int, int]:
        """What was dealt least often comes first; between equals it looks random."""
        used = max((self.uses[word] for word in content(text)), default=0)
        return used, digest(used, text, *parts)

    def _clauses(self, row: Row, name: str) -> Iterator[Clause]:
        """With this verb, those of the rarest words first."""
        _, who, habit = PACKS[name]

        def rank(text: str) -> tuple[int, int]:
            return self._rank(text, row.verb)

        place = min(row.places, key=rank)
        things = sorted(row.ones + row.manys, key=rank)
        for subject in sorted(who, key=lambda one: rank(one.text)):
            if name == "move":
                yield Clause(subject, row.verb, "", False, place, habit)
            for thing in things[:2]:
                yield Clause(subject, row.verb, f"the {thing}", thing in row.manys, place, habit)


# --- Rewriting a sentence ---


def any_tense(clause: Clause) -> str:
    return pick(["present", "past", "present", "past", "future"], "tense", clause.fact)


def passive(clause: Clause, tense: str, tail: str) -> str:
    return sentence(clause.object, clause.passive_form(tense), "by", clause.subject.text, tail)


def time_or_nothing(clause: Clause, tense: str) -> str:
    return pick(["", clause.time(tense), clause.time(tense)], "tail", clause.fact)


def active_to_passive(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal(WITH_OBJECT)
        tense = any_tense(clause)
        tail = time_or_nothing(clause, tense)
        text = clause.say(tense, tail)
        yield Task((clause.fact,), {"text": text}, passive(clause, tense, tail))


def passive_to_active(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal(WITH_OBJECT)
        tense = any_tense(clause)
        tail = time_or_nothing(clause, tense)
        text = passive(clause, tense, tail)
        yield Task((clause.fact,), {"text": text}, clause.say(tense, tail))


def past_tense(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal()
        tail = clause.tail("present")
        text = clause.say("present", tail)
        yield Task((clause.fact,), {"text": text}, clause.say("past", tail))


def future_tense(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal()
        tail = clause.tail("present")
        text = clause.say("present", tail)
        yield Task((clause.fact,), {"text": text}, clause.say("future", tail))


def question(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal()
        tense = any_tense(clause)
        tail = clause.tail(tense)
        answer = sentence(clause.helper(tense), clause.subject.text, clause.base(tail), end="?")
        yield Task((clause.fact,), {"text": clause.say(tense, tail)}, answer)


def negation(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal()
        tense = any_tense(clause)
        tail = clause.tail(tense)
        answer = sentence(clause.subject.text, clause.helper(tense), "not", clause.base(tail))
        yield Task((clause.fact,), {"text": clause.say(tense, tail)}, answer)


def plural_sentence(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal(want=lambda clause: clause.subject in ONE_KIND)
        many = Subject(plural(clause.subject.text), True, "they")
        answer = clause._replace(subject=many)
        if answer.fact in deck.facts:
            continue
        deck.facts.add(answer.fact)
        tail = clause.tail("present")
        facts = (clause.fact, answer.fact)
        yield Task(facts, {"text": clause.say("present", tail)}, answer.say("present", tail))


def command(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal(("habit",))
        phrase = clause.base(clause.tail("future"))
        duty, order = pick(
            [("must", ""), ("should", ""), ("have to", ""), ("must not", "do not")],
            "duty",
            clause.fact,
        )
        yield Task((clause.fact,), {"text": sentence("you", duty, phrase)}, sentence(order, phrase))


def pronoun(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal(want=lambda clause: bool(clause.subject.pronoun))
        tense = any_tense(clause)
        tail = clause.tail(tense)
        answer = sentence(clause.subject.pronoun, clause.form(tense), clause.object, tail)
        yield Task((clause.fact,), {"text": clause.say(tense, tail)}, answer)


# --- Short stories with a question ---


Tail = Callable[[Clause], str]


def place(clause: Clause) -> str:
    return clause.place


def place_or_nothing(clause: Clause) -> str:
    return pick(["", clause.place], "story", clause.fact) if clause.object else clause.place


def story_time(clause: Clause) -> str:
    return pick(split(tables.STORY_TIMES), "story", clause.fact)


def story(deck: Deck, packs: Sequence[str], tail: Tail, avoid: str) -> list[Clause]:
    """Two or three clauses that share no noun, verb or tail, without the verbs to avoid."""
    clauses: list[Clause] = []

    def fits(new: Clause) -> bool:
        return new.verb.base not in split(avoid) and not any(
            new.nouns & old.nouns or new.verb == old.verb or tail(new) == tail(old) != ""
            for old in clauses
        )

    for _ in range(pick([2, 3, 3], "length", len(deck.facts))):
        clauses.append(deck.deal(packs, fits))
    return clauses


def extract(
    deck: Deck,
    packs: Sequence[str],
    tail: Tail,
    ask: Callable[[Clause], tuple[str, str]],
    avoid: str = "",
) -> Iterator[Task]:
    """Stories in the past. `ask` gives the question, less its question word, and the answer."""
    while True:
        clauses = story(deck, packs, tail, avoid)
        asking, answer = ask(pick(clauses, "asked", clauses[0].fact))
        text = " ".join(clause.say("past", tail(clause)) for clause in clauses)
        facts = tuple(clause.fact for clause in clauses)
        yield Task(facts, {"text": text, "question": asking}, answer)


def extract_who(deck: Deck) -> Iterator[Task]:
    def ask(clause: Clause) -> tuple[str, str]:
        what = clause.object or clause.place
        return f"{clause.verb.past} {what}", clause.say("past", "" if clause.object else what)

    return extract(deck, ALL, place_or_nothing, ask)


def extract_what(deck: Deck) -> Iterator[Task]:
    def ask(clause: Clause) -> tuple[str, str]:
        return f"did {clause.subject.text} {clause.verb.base}", clause.say("past", "")

    return extract(deck, WITH_OBJECT, place_or_nothing, ask, avoid=tables.WHOM)


def extract_where(deck: Deck) -> Iterator[Task]:
    def ask(clause: Clause) -> tuple[str, str]:
        return f"did {clause.subject.text} {clause.base('')}", clause.say("past", clause.place)

    return extract(deck, ALL, place, ask)


def extract_when(deck: Deck) -> Iterator[Task]:
    def ask(clause: Clause) -> tuple[str, str]:
        time = story_time(clause)
        return f"did {clause.subject.text} {clause.base('')}", clause.say("past", time)

    return extract(deck, WITH_OBJECT, story_time, ask)


def extract_why(deck: Deck) -> Iterator[Task]:
    for past, base, reason in tables.REASONS:
        subject = pick(ONE_PERSON, "why", past).text
        other = deck.deal(want=lambda clause, subject=subject: not clause.nouns & content(subject))
        answer = sentence(subject, past, "because", reason)
        text = " ".join(mixed([answer, other.say("past", other.place)]))
        asking = f"did {subject} {base}"
        yield Task((("why", past), other.fact), {"text": text, "question": asking}, answer)


# --- Two sentences, or a sentence inside another ---


def join_sentences(deck: Deck) -> Iterator[Task]:
    for first, second, word in tables.JOINS:
        comma = "" if word == "because" else ","
        answer = f"{first}{comma} {word} {second[0].lower()}{second[1:]}."
        yield Task((("join", first),), {"text": f"{first}. {second}.", "word": word}, answer)
    while True:
        first = deck.deal()
        second = deck.deal(want=lambda clause, old=first: not clause.nouns & old.nouns)
        word = pick(["while", "before", "after", "when"], "join", first.fact)
        start = first.say("past", place_or_nothing(first))
        rest = (second.subject.text, second.verb.past, second.object or second.place)
        fields = {"text": f"{start} {sentence(*rest)}", "word": word}
        yield Task((first.fact, second.fact), fields, sentence(start[:-1], word, *rest))


def reported_speech(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal(("habit", "move"), lambda clause: bool(clause.subject.pronoun))
        subject, verb = clause.subject, clause.verb
        said, reported, tail = pick(
            [
                (verb.base, verb.past, clause.time("present")),
                (f"will {verb.base}", f"would {verb.base}", ""),
                (f"can {verb.base}", f"could {verb.base}", ""),
                (f"are {verb.ing}", f"were {verb.ing}", "")
                if subject.plural
                else (f"am {verb.ing}", f"was {verb.ing}", ""),
            ],
            "said",
            clause.fact,
        )
        rest = (clause.object, place_or_nothing(clause), tail)
        words = sentence("we" if subject.plural else "I", said, *rest)
        text = capital(f'{subject.text} said, "{words}"')
        answer = sentence(subject.text, "said that", subject.pronoun, reported, *rest)
        yield Task((clause.fact,), {"text": text}, answer)


# --- Words and their order ---


def word_sets(size: int, name: str) -> Iterator[list[str]]:
    """Sets of words, no two with the same first letter, in no special order."""
    words = split(tables.WORDS)
    for number in count():
        by_letter = {word[0]: word for word in sorted(words, key=lambda w: digest(name, number, w))}
        yield sorted(by_letter.values(), key=lambda word: digest(name, number, "", word))[:size]


def alphabetical_order(deck: Deck) -> Iterator[Task]:
    for words in word_sets(4, "order"):
        words = mixed(sorted(words))
        answer = ", ".join(sorted(words))
        yield Task((("order", answer),), {"text": ", ".join(words)}, answer)


def first_or_last(deck: Deck) -> Iterator[Task]:
    ends: dict[str, set[str]] = {"first": set(), "last": set()}
    for words in word_sets(3, "end"):
        end = "first" if len(ends["first"]) <= len(ends["last"]) else "last"
        word = min(words) if end == "first" else max(words)
        if word not in ends[end]:
            ends[end].add(word)
            fields = {"text": listed(words, "or"), "end": end}
            yield Task(((end, *sorted(words)),), fields, f"The word '{word}' comes {end}.")


def count_words(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal()
        tense = any_tense(clause)
        text = clause.say(tense, clause.tail(tense))
        answer = f"The sentence '{text}' has {len(text.split())} words."
        yield Task((clause.fact,), {"text": text}, answer)


def unscramble(deck: Deck) -> Iterator[Task]:
    def clear(clause: Clause) -> bool:
        """One order only: no word could move to the other noun, and only the subject can act."""
        one_name = clause.subject.text[0].isupper() and " and " not in clause.subject.text
        plain = clause.subject.text.startswith("the ") and len(clause.nouns) == 2
        return (one_name or plain) and clause.verb.base not in split(tables.LIVE_OBJECTS)

    while True:
        clause = deck.deal(("habit", "event"), clear)
        words = [*clause.subject.text.split(), clause.verb.past, *clause.object.split()]
        fields = {"text": " / ".join(mixed(words))}
        yield Task((clause.fact,), fields, clause.say("past", ""))


def compound_word(deck: Deck) -> Iterator[Task]:
    for first, second in rows(tables.COMPOUNDS):
        fields = {"first": first, "second": second}
        yield Task((("compound", first, second),), fields, f"The word is '{first}{second}'.")


# --- Small repairs in a sentence ---


def possessive(deck: Deck) -> Iterator[Task]:
    for owner, thing, remark in tables.POSSESSIONS:
        of_owner = f"{owner}'" if owner.endswith("s") else f"{owner}'s"
        text = sentence("the", thing, "of", owner, remark)
        yield Task((("owner", owner),), {"text": text}, sentence(of_owner, thing, remark))


def contraction(deck: Deck) -> Iterator[Task]:
    for number in count():
        full, short = tables.CONTRACTIONS[number % len(tables.CONTRACTIONS)]
        singular = full.startswith("does")
        clause = deck.deal(want=lambda c, singular=singular: not (singular and c.subject.plural))
        phrase = clause.base(place_or_nothing(clause))
        fields = {"text": sentence(clause.subject.text, full, phrase), "full": full}
        yield Task((clause.fact,), fields, sentence(clause.subject.text, short, phrase))


def punctuation(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal()
        tail = clause.time("past") if clause.object else clause.place
        answer = clause.say("past", tail)
        if pick([True, False], "asked", clause.fact):
            answer = sentence("did", clause.subject.text, clause.base(tail), end="?")
        yield Task((clause.fact,), {"text": answer[:-1].lower()}, answer)


def agreement(deck: Deck) -> Iterator[Task]:
    for wrong, right in tables.MISTAKES:
        yield Task((("mistake", right),), {"text": wrong}, right)
    plural = False
    while True:
        plural = not plural
        clause = deck.deal(("habit",), lambda clause, many=plural: clause.subject.plural == many)
        verb = clause.verb.third if clause.subject.plural else clause.verb.base
        # The time keeps the answer in the present: "The cook bake the bread" might mean "baked".
        rest = (clause.object, clause.time("present"))
        answer = sentence(clause.subject.text, clause.form("present"), *rest)
        yield Task((clause.fact,), {"text": sentence(clause.subject.text, verb, *rest)}, answer)


def replace_word(deck: Deck) -> Iterator[Task]:
    while True:
        clause = deck.deal(("habit", "event"), lambda clause: clause.subject in ONE_PERSON)
        others = [one for one in ONE_PERSON if not content(one.text) & clause.nouns]
        new = clause._replace(subject=pick(others, "new", clause.fact))
        if new.fact in deck.facts:
            continue
        deck.facts.add(new.fact)
        tense = any_tense(clause)
        tail = clause.tail(tense)
        text = clause.say(tense, tail)
        fields = {"text": text, "old": clause.subject.text, "new": new.subject.text}
        yield Task((clause.fact, new.fact), fields, new.say(tense, tail))


# --- Words and what they mean ---


def antonym(deck: Deck) -> Iterator[Task]:
    for word, opposite in rows(tables.ANTONYMS):
        facts = (("antonym", word), ("antonym", opposite))
        yield Task(facts, {"word": word}, f"'{capital(opposite)}' is the opposite of '{word}'.")


def synonym(deck: Deck) -> Iterator[Task]:
    for word, same, others in tables.SYNONYMS:
        choice = mixed([same, *split(others)])
        facts = (("synonym", word), ("synonym", same))
        fields = {"word": word, "text": listed(choice, "or")}
        yield Task(facts, fields, f"'{capital(same)}' means the same as '{word}'.")


def plural_noun(deck: Deck) -> Iterator[Task]:
    for word, many in rows(tables.PLURALS):
        answer = f"The plural of '{word}' is '{many}'."
        yield Task((("plural", word),), {"word": word}, answer)


def comparison(deck: Deck) -> Iterator[Task]:
    for number, (word, *degrees) in enumerate(rows(tables.DEGREES)):
        degree = ("comparative", "superlative")[number % 2]
        answer = f"The {degree} of '{word}' is '{degrees[number % 2]}'."
        yield Task((("degree", word),), {"word": word, "degree": degree}, answer)


def spelling(deck: Deck) -> Iterator[Task]:
    for wrong, right in rows(tables.SPELLINGS):
        answer = f"The correct spelling is '{right}'."
        yield Task((("spelling", right),), {"word": wrong}, answer)


def simile(deck: Deck) -> Iterator[Task]:
    for quality, thing in tables.SIMILES:
        answer = f"As {quality} as {thing}."
        yield Task((("simile", quality), ("like", thing)), {"quality": quality}, answer)


def classify(deck: Deck) -> Iterator[Task]:
    for one, ones, two, twos in tables.GROUPS:
        words = mixed(split(ones) + split(twos))
        fields = {"one": one, "two": two, "text": ", ".join(words)}
        # Each group in the order of the question, so that there is one right answer.
        ones, twos = (", ".join(w for w in words if w in split(group)) for group in (ones, twos))
        answer = f"{capital(one)}: {ones}. {capital(two)}: {twos}."
        yield Task((("group", one), ("group", two)), fields, answer)


def odd_one_out(deck: Deck) -> Iterator[Task]:
    for odd, others, group in tables.ODD_ONES:
        words = mixed([odd, *split(others)])
        answer = f"'{capital(odd)}' is the odd one out. The others are {group}."
        yield Task((("odd", odd), ("others", group)), {"text": listed(words, "or")}, answer)


def rhyme(deck: Deck) -> Iterator[Task]:
    for word, same, others in tables.RHYMES:
        choice = mixed([same, *split(others)])
        facts = (("rhyme", word), ("rhyme", same))
        answer = f"'{capital(same)}' rhymes with '{word}'."
        yield Task(facts, {"word": word, "text": listed(choice, "or")}, answer)


# --- Knowledge ---


def capital_city(deck: Deck) -> Iterator[Task]:
    for country, city in tables.CAPITALS:
        answer = f"{city} is the capital of {country}."
        yield Task((("capital", country),), {"country": country}, answer)


def symbol(deck: Deck) -> Iterator[Task]:
    for sign, thing, mark in tables.SYMBOLS:
        answer = f"{mark} is the {sign} for {thing}."
        yield Task((("symbol", mark),), {"sign": sign, "thing": thing}, answer)


def definition(deck: Deck) -> Iterator[Task]:
    for thing, meaning in tables.DEFINITIONS:
        yield Task((("definition", thing),), {"thing": thing}, sentence(thing, "is", meaning))


def units(deck: Deck) -> Iterator[Task]:
    for amount, unit, same, other in tables.UNITS:
        fields = {"amount": amount, "unit": unit, "other": other}
        facts = ((amount, unit, other), (same, other, unit))
        yield Task(facts, fields, f"{amount} {unit} = {same} {other}")


def result(a: int, sign: str, b: int) -> int:
    return {"+": a + b, "-": a - b, "×": a * b, "÷": a // b}[sign]


def arithmetic(deck: Deck) -> Iterator[Task]:
    for a, sign, b in tables.SUMS:
        n = result(a, sign, b)
        yield Task(((a, sign, b),), {"text": f"{a} {sign} {b}"}, f"{a} {sign} {b} = {n}")
    for problem, answer, a, sign, b in tables.WORD_PROBLEMS:
        fields = {"text": problem.format(a=a, b=b)}
        yield Task(((a, sign, b),), fields, answer.format(n=result(a, sign, b)))


def animals(deck: Deck) -> Iterator[Task]:
    for thing, name in tables.ANIMALS:
        yield Task((("animals", thing),), {"thing": thing}, sentence(thing, "is called", name))


def complete_sentence(deck: Deck) -> Iterator[Task]:
    for text, word in tables.GAPS:
        yield Task((("gap", word),), {"text": text}, text.replace("___", word))


def name_some(deck: Deck) -> Iterator[Task]:
    for thing, names in tables.LISTS:
        yield Task((("list", thing),), {"thing": thing}, sentence(listed(split(names))))


# Their answer can be made from the record itself, by copying, rearranging or inflecting its words.
MAKERS_FROM_RECORD = (
    active_to_passive,
    passive_to_active,
    past_tense,
    future_tense,
    question,
    negation,
    plural_sentence,
    command,
    pronoun,
    extract_who,
    extract_what,
    extract_where,
    extract_when,
    extract_why,
    join_sentences,
    reported_speech,
    alphabetical_order,
    first_or_last,
    count_words,
    unscramble,
    possessive,
    contraction,
    punctuation,
    agreement,
    replace_word,
    compound_word,
)
# These ask for knowledge of the world, or of words that the record does not show.
MAKERS_FROM_KNOWLEDGE = (
    antonym,
    synonym,
    plural_noun,
    comparison,
    spelling,
    simile,
    classify,
    odd_one_out,
    rhyme,
    capital_city,
    symbol,
    definition,
    units,
    arithmetic,
    animals,
    complete_sentence,
    name_some,
)
MAKERS = {maker.__name__: maker for maker in MAKERS_FROM_RECORD + MAKERS_FROM_KNOWLEDGE}
FROM_RECORD = frozenset(maker.__name__ for maker in MAKERS_FROM_RECORD)


# --- Records ---


@cache
def make_tasks() -> list[tuple[str, Task]]:
    """Every task with its kind, kind after kind."""
    deck, made = Deck(), []
    for kind, (number, _) in tables.KINDS.items():
        tasks = list(islice(MAKERS[kind](deck), number))
        assert len(tasks) == number, f"{kind}: {len(tasks)} tasks where {number} are wanted"
        made += [(kind, task) for task in tasks]
    return made


def worded(kind: str, task: Task, wording: str) -> dict[str, str]:
    """The record: a wording that does not quote the text leaves it to the input."""
    return {
        "kind": kind,
        "instruction": capital(wording.format(**task.fields)),
        "input": "" if "{text}" in wording else str(task.fields.get("text", "")),
        "output": task.output,
    }


def shuffled(records: list[dict[str, str]], seed: int) -> list[dict[str, str]]:
    """The records in an order that looks random, yet with every kind spread over the whole file.

    The n records of a kind are put in the order of a digest; the k-th then falls at random into
    the k-th of n equal parts of the file. So each kind has its share of every split, which a plain
    shuffle would not give a kind of 22 records in a split of 55.
    """
    places: list[tuple[float, dict[str, str]]] = []
    for kind in tables.KINDS:
        own = [record for record in records if record["kind"] == kind]
        own.sort(key=lambda record: digest(seed, record["instruction"], record["input"]))
        for rank, record in enumerate(own):
            within = digest(seed, "place", record["instruction"], record["input"]) / 2**64
            places.append(((rank + within) / len(own), record))
    return [record for _, record in sorted(places, key=lambda place: place[0])]


def build(seed: int = SEED) -> list[dict[str, str]]:
    """The records in file order, each with kind, instruction, input and output."""
    records = []
    used: Counter[str] = Counter()
    for kind, task in make_tasks():
        wordings = tables.KINDS[kind][1]
        records.append(worded(kind, task, wordings[used[kind] % len(wordings)]))
        used[kind] += 1
    return shuffled(records, seed)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the project's own instruction records.")
    parser.add_argument("file", nargs="?", type=Path, default=TARGET, help="default: %(default)s")
    target = parser.parse_args(argv).file
    records = build()
    text = json.dumps(records, ensure_ascii=False, indent=4) + "\n"
    target.write_text(text, encoding="utf-8", newline="\n")
    counts = Counter(record["kind"] for record in records)
    for kind in tables.KINDS:
        note = "  (from the record itself)" if kind in FROM_RECORD else ""
        print(f"{counts[kind]:5}  {kind}{note}")
    own = sum(counts[kind] for kind in FROM_RECORD)
    print(f"{len(records):5}  records in {target}, {own} answerable from the record itself")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
