"""Sentences out of open words: who, does, what, and when or where, in every form.

A `Clause` keeps its parts apart, so that each rewriting is a few lines: the helping verb to the
front is a question, "not" after it a denial, the object before it the passive.
"""

import random
from typing import NamedTuple

from finetune.make.instructions import Subject, Verb, sentence, spaced, split
from finetune.make.words import VOWELS, Lexicon, plural

PRONOUNS = {  # subject form: object form
    "I": "me", "you": "you", "we": "us", "they": "them", "he": "him", "she": "her", "it": "it",
}  # fmt: skip
TIMES = {
    "present": split(
        "every day, every morning, every evening, every night, every week, every month, every "
        "year, every Monday, each summer, each day, twice a week, once a year, on Sundays, on "
        "weekdays, after dinner, before breakfast, at noon, in the morning, in winter, all day"
    ),
    "past": split(
        "yesterday, last night, last week, last month, last year, last Tuesday, this morning, on "
        "Monday, on Friday, two days ago, an hour ago, a week ago, long ago, in May, in 1998, at "
        "noon, after lunch, before dark, at midnight, in the evening, yesterday morning, in March"
    ),
    "future": split(
        "tomorrow, tonight, next week, next month, next year, next Friday, on Tuesday, soon, in an "
        "hour, in the morning, in June, after school, this evening, tomorrow morning, in 2050"
    ),
}
PREPOSITIONS = [
    "in",
    "in",
    "in",
    "at",
    "at",
    "on",
    "on",
    "near",
    "near",
    "behind",
    "under",
    "beside",
    "above",
    "with",
    "without",
    "for",
    "from",
    "to",
    "into",
    "through",
    "across",
    "around",
    "over",
    "along",
    "inside",
    "outside",
    "after",
    "before",
    "by",
]
MANNERS = split(
    "quickly, slowly, carefully, quietly, loudly, gladly, again, together, very well, badly, by "
    "accident, at once, for free, in silence, without a word, with care, online, at home, outside, "
    "alone, upstairs, downstairs, abroad, in the dark, in public, on purpose, by hand"
)
MODALS = ("can", "must", "should", "could", "would", "may", "might")
ONE = "the|" * 12 + "a|a|my|our|his|her|your|this|that|every|"
MANY = "the|" * 10 + "||my|our|his|their|two|three|ten|fourteen|many|some|these|all"


class Clause(NamedTuple):
    """`object` has text "" where there is none; `tail` is when, where and how."""

    subject: Subject
    verb: Verb
    object: Subject
    tail: str
    modal: str = "can"
    often: str = ""  # "always", which stands before the verb

    def split_verb(self, tense: str) -> tuple[str, str]:
        """The helping verb, or "", and the form of the verb itself."""
        am, was, has = agreeing(self.subject)
        many = self.subject.plural
        return {
            "present": ("", self.verb.base if many else self.verb.third),
            "past": ("", self.verb.past),
            "future": ("will", self.verb.base),
            "modal": (self.modal, self.verb.base),
            "progressive": (am, self.verb.ing),
            "past progressive": (was, self.verb.ing),
            "perfect": (has, self.verb.participle),
        }[tense]

    def say(self, tense: str) -> str:
        helper, form = self.split_verb(tense)
        return self._sentence(self.subject.text, helper, self.often, form)

    def negative(self, tense: str) -> str:
        helper, form = self.helped(tense)
        no = "cannot" if helper == "can" else f"{helper} not"
        return self._sentence(self.subject.text, no, self.often, form)

    def question(self, tense: str) -> str:
        helper, form = self.helped(tense)
        return self._sentence(helper, self.subject.text, self.often, form, end="?")

    def helped(self, tense: str) -> tuple[str, str]:
        """With a helping verb in any tense: "does sign" for "signs"."""
        helper, form = self.split_verb(tense)
        if helper:
            return helper, form
        do = "do" if self.subject.plural else "does"
        return ("did" if tense == "past" else do), self.verb.base

    def order(self, no: bool = False) -> str:
        return self._sentence("do not" if no else "", self.verb.base)

    def passive(self, tense: str, by_last: bool = False) -> str:
        """The agent before the tail, or after it."""
        am, was, has = agreeing(self.object)
        be = {
            "present": am,
            "past": was,
            "future": "will be",
            "modal": f"{self.modal} be",
            "progressive": f"{am} being",
            "past progressive": f"{was} being",
            "perfect": f"{has} been",
        }[tense]
        first, *others = be.split()
        by = f"by {PRONOUNS.get(self.subject.text, self.subject.text)}"
        ends = (self.tail, by) if by_last else (by, self.tail)
        thing = {me: i for i, me in PRONOUNS.items()}.get(self.object.text, self.object.text)
        return sentence(thing, first, self.often, *others, self.verb.participle, *ends)

    def rest(self) -> str:
        """ "sign the paper in the office" """
        return spaced(self.verb.base, self.object.text, self.tail)

    def _sentence(self, *parts: str, end: str = ".") -> str:
        return sentence(*parts, self.object.text, self.tail, end=end)


NOTHING = Subject("", False, "")


def agreeing(subject: Subject) -> tuple[str, str, str]:
    """The forms of "be" and "have" that go with it."""
    if subject.text in ("I", "me"):
        return "am", "was", "have"
    return ("are", "were", "have") if subject.plural else ("is", "was", "has")


class Writer:
    """Fills the parts of clauses from a lexicon."""

    def __init__(self, lexicon: Lexicon, draw: random.Random) -> None:
        self.lexicon, self.draw = lexicon, draw

    def chance(self, probability: float) -> bool:
        return self.draw.random() < probability

    def one_of(self, options: list | tuple | str):
        """One of a list, or of what stands between bars."""
        return self.draw.choice(options.split("|") if isinstance(options, str) else options)

    def common(self, options: list) -> object:
        """One of a list that begins with what is best known: its first tenth comes a third of the
        time."""
        return options[int(len(options) * self.draw.random() ** 2)]

    def noun(self) -> str:
        return self.lexicon.noun(self.draw)

    def somebody(self) -> Subject:
        """A name, or two, a pronoun, or a thing with its article."""
        kind = self.draw.random()
        if kind < 0.2:
            name = self.lexicon.name(self.draw)
            return Subject(self.one_of(["", "", "", "", "Mr. ", "Dr. ", "Mrs. "]) + name, False, "")
        if kind < 0.26:
            pair = f"{self.lexicon.name(self.draw)} and {self.lexicon.name(self.draw)}"
            return Subject(pair, True, "they")
        if kind < 0.34:
            pronoun = self.one_of("I|you|we|they|he|she|it|they|he|she")
            return Subject(pronoun, pronoun not in ("he", "she", "it"), pronoun)
        return self.something(named=True)

    def something(self, many: bool | None = None, named: bool = False) -> Subject:
        """The wet blick, my blicks, three blicks, blicks; and, not `named`, blick like "milk"."""
        many = self.chance(0.3) if many is None else many
        noun = self.noun()
        adjective = self.lexicon.adjective(self.draw) if self.chance(0.1) else ""
        words = spaced(adjective, plural(noun) if many else noun)
        article = self.one_of(MANY) if many else self.one_of(ONE)
        if not article and named and not many:
            article = f"{self.lexicon.name(self.draw)}'s"
        if article == "a" and words[0] in VOWELS:
            article = "an"
        return Subject(spaced(article, words), many, "they" if many else "")

    def place(self) -> str:
        if self.chance(0.15):
            return f"{self.one_of('in|to|from|near')} {self.lexicon.name(self.draw)}"
        article = self.one_of("the|the|the|the|a|my|our|his|")
        words = spaced(self.lexicon.adjective(self.draw) if self.chance(0.1) else "", self.noun())
        article = "an" if article == "a" and words[0] in VOWELS else article
        return spaced(self.one_of(PREPOSITIONS), article, words)

    def time(self, tense: str) -> str:
        return self.one_of(TIMES.get(tense, TIMES["past"] + TIMES["present"]))

    def tail(self, tense: str) -> str:
        """None in half of them, else one or two of time, place and manner."""
        if self.chance(0.5):
            return ""
        kinds = self.draw.sample(
            [self.time, self.time, self.place_for, self.place_for, self.manner], 2
        )
        ends = {each: each(tense) for each in kinds[: self.one_of((1, 1, 1, 1, 2))]}
        return spaced(*ends.values())

    def place_for(self, tense: str) -> str:
        return self.place()

    def manner(self, tense: str) -> str:
        return self.one_of(MANNERS)

    def clause(self, tense: str = "present", thing: bool | None = None) -> Clause:
        """Somebody who does something; `thing` says whether to something."""
        thing = self.chance(0.75) if thing is None else thing
        kind = self.draw.random()
        given = self.something() if kind < 0.88 else self.somebody()
        if given.text in PRONOUNS:
            given = given._replace(text=PRONOUNS[given.text])
        tail = self.tail(tense)
        if not thing and not tail and self.chance(0.6):
            tail = self.place()
        if self.chance(0.03):
            given = Subject(f"{given.text} and {self.something().text}", True, "they")
        return Clause(
            self.somebody(),
            self.lexicon.verb(self.draw),
            given if thing else NOTHING,
            tail,
            self.one_of(MODALS),
            self.one_of("always|often|usually") if self.chance(0.03) else "",
        )

    def tense(self) -> str:
        if self.chance(0.9):
            return self.one_of(("present", "past", "past", "future", "present"))
        return self.one_of(("modal", "progressive", "past progressive", "perfect"))

    def name(self) -> str:
        return self.lexicon.name(self.draw)

    def quality(self) -> tuple[Subject, str]:
        """Somebody, and how he is: for sentences with "be"."""
        words = self.lexicon.adjective(self.draw)
        return self.somebody(), spaced(self.one_of(["", "", "", "very"]), words)
