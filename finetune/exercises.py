"""Write an exercise book: `python -m finetune.exercises FOLDER`.

A small model that has read only tales can tell one, but it cannot copy a word it has just read,
turn a sentence around or say what is the opposite of what: there is too little of that in tales.
So `tiny` reads drills as well, as a pupil does. They are made from tables: sentences in every form
("The cook bakes the bread. The bread is baked by the cook."), small stories with questions, lists
in the order of the alphabet, opposites, plurals, spellings.

The drills are prose, in a form of their own, and share nothing with the bundled instruction
records: a drill is thrown away when a sentence of a record, four words or longer, is anywhere in
it. What a record asks, no drill has answered in its words.
"""

import argparse
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from finetune.extras.memory import run  # before torch: see there

# isort: split

from finetune import exercise_tables as tables
from finetune import instruction_tables
from finetune.make_instructions import (
    Clause,
    Subject,
    Verb,
    capital,
    listed,
    rows,
    sentence,
    spaced,
    split,
)
from finetune.records import BUNDLED
from weights.files import write_text

Drill = Callable[[random.Random], str]

FILES, CHARACTERS = 40, 1_000_000  # how many files, and how long each is at least
SHORTEST = 4  # words


# --- Clauses ---

VERBS = [
    (Verb(*row[0].split()), split(row[1]), split(row[2]), split(row[3]))
    for row in instruction_tables.HABITS + instruction_tables.EVENTS
] + [
    (Verb(*forms.split()), split(things), [], [place]) for forms, things, place in tables.MORE_VERBS
]
BEAST_VERBS = [
    (Verb(*row[0].split()), split(row[1]), split(row[2]), split(row[3]))
    for row in instruction_tables.ANIMAL_ACTIONS
]
MOVES = [
    (Verb(*forms.split()), split(places))
    for forms, places in instruction_tables.MOVES + tables.MORE_MOVES
]
PERSONS, BEASTS = rows(tables.PERSONS), rows(tables.BEASTS)
NAMES = [(name, pronoun) for pronoun, names in tables.NAMES.items() for name in split(names)] + [
    (name, {"man": "he", "woman": "she"}[group])
    for group in ("man", "woman")
    for name in split(instruction_tables.SUBJECTS[group])
]
NOUNS = sorted(
    {word for words in tables.CATEGORIES for word in split(words[1])}
    | set(split(instruction_tables.WORDS))
    | set(split(tables.REGULAR_NOUNS))
)


def subject(draw: random.Random, beast: bool = False) -> Subject:
    """Somebody, singular or plural; half of them with an adjective or in a pair."""
    if not beast and draw.random() < 0.4:
        name, pronoun = draw.choice(NAMES)
        if draw.random() < 0.2:
            other, _ = draw.choice(NAMES)
            return Subject(f"{name} and {other}", True, "they")
        return Subject(name, False, pronoun)
    one, many = draw.choice(BEASTS if beast else PERSONS)
    plural = draw.random() < 0.3
    adjective = draw.choice(["", "", draw.choice(split(tables.ADJECTIVES))])
    article = draw.choice(["the", "the", "the", "my", "our"]) if not beast else "the"
    text = spaced(article, adjective, many if plural else one)
    return Subject(text, plural, "they" if plural else "it" if beast else "")


def clause(draw: random.Random, transitive: bool | None = None) -> Clause:
    """Somebody who does something; with an object, without one, or either."""
    if transitive is None:
        transitive = draw.random() < 0.7
    beast = draw.random() < 0.15
    who = subject(draw, beast)
    if not transitive:
        verb, places = draw.choice(MOVES)
        return Clause(who, verb, "", False, draw.choice(places), True)
    verb, ones, manys, places = draw.choice(BEAST_VERBS if beast else VERBS)
    plural = bool(manys) and draw.random() < 0.4
    adjective = draw.choice(["", "", draw.choice(split(tables.QUALITIES))])
    thing = spaced("the", adjective, draw.choice(manys if plural else ones))
    place = draw.choice([draw.choice(places), draw.choice(split(tables.PLACES))])
    return Clause(who, verb, thing, plural, place, True)


def tense(draw: random.Random) -> str:
    """When a clause is said to happen; mostly in the past, as in tales."""
    return draw.choice(["present", "past", "past", "future"])


def tail(draw: random.Random, c: Clause, when: str) -> str:
    """A place, a time or nothing."""
    if not c.object:
        return c.place
    times = {
        "present": tables.HABITS,
        "past": tables.WHENS,
        "future": instruction_tables.FUTURE_TIMES,
    }
    return draw.choice(["", "", c.place, draw.choice(split(times[when]))])


def passive(c: Clause, when: str, end: str) -> str:
    """The clause turned around."""
    return sentence(c.object, c.passive_form(when), "by", c.subject.text, end)


def bare(text: str) -> str:
    """A sentence's words as they stand inside another one."""
    return text[:-1] if text.split()[0].rstrip(",") in ALL_NAMES else text[0].lower() + text[1:-1]


ALL_NAMES = {name.split()[0] for name, _ in NAMES if name[0].isupper()} | {"I"}


# --- Drills with sentences ---


def voices(draw: random.Random) -> str:
    """Active and passive."""
    c, when = clause(draw, True), tense(draw)
    end = tail(draw, c, when)
    active, turned = c.say(when, end), passive(c, when, end)
    return draw.choice(
        [
            f"{active} {turned}",
            f"{turned} {active}",
            f"Active: {active} Passive: {turned}",
            f"Passive: {turned} Active: {active}",
            f"{active} In the passive we say: {turned}",
            f"{turned} In the active we say: {active}",
            f'"{active}" has the same meaning as "{turned}"',
            f"Who does it? {active} To what is it done? {turned}",
        ]
    )


def tenses(draw: random.Random) -> str:
    """Present, past and future."""
    c = clause(draw)
    end = draw.choice(["", c.place]) if c.object else c.place
    forms = {when: c.say(when, end) for when in ("present", "past", "future")}
    first, second = draw.sample(list(forms), 2)
    names = {"present": "now", "past": "in the past", "future": "in the future"}
    form = draw.randrange(4)
    if form == 0:
        return f"Present: {forms['present']} Past: {forms['past']} Future: {forms['future']}"
    if form == 1:
        return f"{forms[first]} That is {names[first]}. And {names[second]}: {forms[second]}"
    if form == 2:
        return f"{capital(names[first])}: {forms[first]} {capital(names[second])}: {forms[second]}"
    b = c.verb.base
    return (
        f"To {b}: {c.verb.third}, {c.verb.past}, has {c.verb.participle}, is {c.verb.ing}, "
        f"will {b}. {forms[first]} {forms[second]}"
    )


def asked(draw: random.Random) -> str:
    """Questions, answers and denials."""
    c, when = clause(draw), tense(draw)
    end = tail(draw, c, when)
    plain = c.say(when, end)
    question = sentence(c.helper(when), c.subject.text, c.base(end), end="?")
    no = sentence(c.subject.text, c.helper(when), "not", c.base(end))
    short = {"do not": "don't", "does not": "doesn't", "did not": "didn't", "will not": "won't"}
    full = f"{c.helper(when)} not"
    contracted = sentence(c.subject.text, short[full], c.base(end))
    return draw.choice(
        [
            f"{question} Yes: {plain}",
            f"{question} No. {no}",
            f'"{question}" they asked. "Yes," I said, "{bare(plain)}."',
            f"{plain} Is it so? {question}",
            f"A question: {question} The answer: {plain}",
            f"It is true: {plain} It is not true: {no}",
            f"{plain} The contrary: {no}",
            f"With not: {no} Without it: {plain}",
            f"{no} In short: {contracted}",
            f"{contracted} In full, with {full}: {no}",
            f"The short form of {full} is {short[full]}. {no} {contracted}",
        ]
    )


def modals(draw: random.Random) -> str:
    """Short forms with "not"."""
    c = clause(draw)
    short = {"cannot": "can't", "must not": "mustn't", "could not": "couldn't"}
    short |= {"should not": "shouldn't", "would not": "wouldn't"}
    full = draw.choice(list(short))
    rest = c.base(draw.choice(["", c.place]) if c.object else c.place)
    one, other = sentence(c.subject.text, full, rest), sentence(c.subject.text, short[full], rest)
    return draw.choice(
        [
            f"{one} In short: {other}",
            f"{other} In full: {one}",
            f"The short form of {full} is {short[full]}. {one} {other}",
        ]
    )


def orders(draw: random.Random) -> str:
    """What must be done, and how it is ordered."""
    c = clause(draw)
    rest = c.base(tail(draw, c, "future"))
    who = draw.choice(NAMES)[0] if draw.random() < 0.5 else "you"
    must = draw.choice(["must", "should", "ought to", "have to"])
    yes, no = sentence(rest), sentence("do not", rest)
    if draw.random() < 0.5:
        return draw.choice(
            [
                f'"{yes[:-1]}!" That is an order: you {must} {rest}.',
                f"You {must} {rest}. So the order is: {yes}",
                f"What you are told to do: you {must} {rest}. How you are told: {yes}",
            ]
        )
    if who == "you":
        return f"You must not {rest}. So the order is: {no}"
    return f"{capital(who)} was told not to {rest}. The words were: {no}"


PRONOUN = {"he": ("his", "him"), "she": ("her", "her"), "they": ("their", "them")}


def pronouns(draw: random.Random) -> str:
    """He, she and they for those who do it."""
    c, when = clause(draw), tense(draw)
    while c.subject.pronoun not in PRONOUN:
        c = clause(draw)
    end = tail(draw, c, when)
    plain, again = c.say(when, end), c._replace(subject=Subject(c.subject.pronoun, False, ""))
    again = sentence(c.subject.pronoun, c.form(when), c.object, end)
    return draw.choice(
        [
            f"{plain} {again}",
            f"{plain} Who? {capital(c.subject.text)}: {c.subject.pronoun}. {again}",
            f"For {c.subject.text} we can say {c.subject.pronoun}. {plain} {again}",
        ]
    )


def numbers(draw: random.Random) -> str:
    """One and many; the verb that goes with each."""
    one, many = draw.choice(PERSONS + BEASTS)
    c = clause(draw)._replace(subject=Subject(f"the {one}", False, ""))
    end = tail(draw, c, "present")
    singular = c.say("present", end)
    plural = c._replace(subject=Subject(f"the {many}", True, "")).say("present", end)
    wrong = sentence(f"the {one}", c.verb.base), sentence(f"the {many}", c.verb.third)
    form = draw.randrange(5)
    if form == 0:
        return f"One: {singular} More than one: {plural}"
    if form == 1:
        return f"Singular: {singular} Plural: {plural}"
    if form == 2:
        return f"{singular} {plural}"
    if form == 3:
        return f'"{wrong[0]}" is wrong. Right is: {singular}'
    return f'"{wrong[1]}" is wrong. Right is: {plural}'


def corrected(draw: random.Random) -> str:
    """Capital letters and end marks."""
    c, when = clause(draw), tense(draw)
    plain = c.say(when, tail(draw, c, when))
    if draw.random() < 0.3:
        plain = sentence(c.helper(when), c.subject.text, c.base(tail(draw, c, when)), end="?")
    return draw.choice(
        [
            f"Badly written: {plain[:-1].lower()}\nWell written: {plain}",
            f"{plain[:-1].lower()} -- it needs a capital and a stop: {plain}",
        ]
    )


def exchanged(draw: random.Random) -> str:
    """Somebody else in the place of somebody."""
    c, when = clause(draw), tense(draw)
    other = subject(draw)
    while other.plural != c.subject.plural or other.text == c.subject.text:
        other = subject(draw)
    end = tail(draw, c, when)
    old, new = c.say(when, end), c._replace(subject=other).say(when, end)
    return draw.choice(
        [
            f"{old} No, not {c.subject.text} but {other.text}: {new}",
            f"{old} With {other.text} for {c.subject.text}: {new}",
            f"It was not {c.subject.text}, it was {other.text}. Not: {old} But: {new}",
        ]
    )


def joined(draw: random.Random) -> str:
    """Two sentences made one."""
    a, b = clause(draw), clause(draw)
    first, second = a.say("past", a.place), b.say("past", "" if b.object else b.place)
    word = draw.choice(["while", "before", "after", "when", "because", "and", "but", "so", "until"])
    comma = "," if word in ("but", "so") else ""
    both = f"{first[:-1]}{comma} {word} {bare(second)}."
    return draw.choice(
        [
            f"{first} {second} {both}",
            f"{first} {second} Joined by {word}: {both}",
            f"{both} That makes two sentences: {first} {second}",
        ]
    )


def told(draw: random.Random) -> str:
    """Direct and reported speech."""
    c = clause(draw)
    while c.subject.pronoun not in ("he", "she", "they"):
        c = clause(draw)
    i = "we" if c.subject.plural else "I"
    am, was = ("are", "were") if c.subject.plural else ("am", "was")
    end = tail(draw, c, "present") if c.object else c.place
    said, reported = draw.choice(
        [
            (c.verb.base, c.verb.past),
            (f"will {c.verb.base}", f"would {c.verb.base}"),
            (f"can {c.verb.base}", f"could {c.verb.base}"),
            (f"{am} {c.verb.ing}", f"{was} {c.verb.ing}"),
        ]
    )
    words = spaced(i, said, c.object, end)
    text = sentence(c.subject.text, "said that", c.subject.pronoun, reported, c.object, end)
    who = c.subject.text
    return draw.choice(
        [
            f'"{capital(words)}," said {who}. {text}',
            f'{capital(who)} said: "{capital(words)}." So {bare(text)}.',
            f'{text} The very words were: "{capital(words)}."',
        ]
    )


def counted(draw: random.Random) -> str:
    """The words of a sentence, counted."""
    c, when = clause(draw), tense(draw)
    text = c.say(when, tail(draw, c, when))
    words = text[:-1].split()
    one_by_one = ", ".join(f"{n} {word}" for n, word in enumerate(words, start=1))
    return draw.choice(
        [
            f"{text} Counting: {one_by_one}. So there are {len(words)} words.",
            f"{one_by_one}: the sentence '{text}' is {len(words)} words long.",
            f"'{text}' is a sentence of {len(words)} words: {one_by_one}.",
        ]
    )


def mixed_up(draw: random.Random) -> str:
    """Words put in order again."""
    c, when = clause(draw), tense(draw)
    text = c.say(when, draw.choice(["", "", c.place]) if c.object else c.place)
    words = (c.subject.text + " " + text[len(c.subject.text) + 1 : -1]).split()
    draw.shuffle(words)
    return draw.choice(
        [
            f"Mixed up: {' / '.join(words)}. In order: {text}",
            f"{' / '.join(words)} -- that is no sentence, but this is: {text}",
        ]
    )


def echoed(draw: random.Random) -> str:
    """Copying, which everything else is built on."""
    if draw.random() < 0.5:
        words = " ".join(draw.sample(NOUNS, draw.randint(3, 8)))
        return draw.choice(
            [f"{capital(words)}. Again: {words}.", f"Say after me: {words}. I say: {words}."]
        )
    c, when = clause(draw), tense(draw)
    text, name = c.say(when, tail(draw, c, when)), draw.choice(NAMES)[0]
    return draw.choice(
        [f'"{text}" The echo answered: "{text}"', f'{text} "{text}" said {name}.', f"{text} {text}"]
    )


# --- Stories with questions ---


def story(draw: random.Random) -> str:
    """Two to four clauses, then questions about them."""
    clauses: list[Clause] = []
    by_time = draw.random() < 0.4
    count = draw.choice([2, 2, 3, 3, 4])
    ends = draw.sample(split(tables.TIMES if by_time else tables.PLACES), count)
    while len(clauses) < count:
        new = clause(draw, True if by_time else None)
        words = new.nouns | {new.verb.base}
        if not any(words & (old.nouns | {old.verb.base}) for old in clauses):
            clauses.append(new)
    ends = [end if by_time or c.object else c.place for c, end in zip(clauses, ends, strict=True)]
    if draw.random() < 0.3:
        ends = ["" if c.object else end for c, end in zip(clauses, ends, strict=True)]
    text = " ".join(c.say("past", end) for c, end in zip(clauses, ends, strict=True))
    questions = []
    for c, end in draw.sample(list(zip(clauses, ends, strict=True)), min(count, 2)):
        what = c.object or c.place
        choices = [(f"Who {c.verb.past} {what}?", c.say("past", "" if c.object else what))]
        if c.object:
            asking = f"What did {c.subject.text} {c.verb.base}?"
            choices.append((asking, c.say("past", "")))
        if end:
            word = "When" if by_time else "Where"
            asking = f"{word} did {c.subject.text} {c.base('')}?"
            choices.append((asking, c.say("past", end)))
        questions.append(draw.choice(choices))
    style = draw.choice([" {} {}", "\nQ: {} A: {}", ' "{}" "{}"'])
    return text + "".join(style.format(*pair) for pair in questions)


def why(draw: random.Random) -> str:
    """Two sentences, and the reason in one of them."""
    c, other = clause(draw), clause(draw)
    reason, end = draw.choice(split(tables.BECAUSE)), "" if c.object else c.place
    answer = f"{c.say('past', end)[:-1]} because {reason}."
    text = [answer, other.say("past", other.place)]
    draw.shuffle(text)
    question = f"Why did {c.subject.text} {c.base(end)}?"
    return draw.choice(
        [f"{' '.join(text)} {question} {answer}", f"{' '.join(text)}\nQ: {question} A: {answer}"]
    )


def owned(draw: random.Random) -> str:
    """The crown of the king: the king's crown."""
    person, people = draw.choice(PERSONS)
    owner = draw.choice([f"the {person}", f"the {people}", draw.choice(NAMES)[0]])
    thing = draw.choice(split(tables.REGULAR_NOUNS))
    be = spaced("is", draw.choice(split(tables.QUALITIES)))
    of_owner = f"{owner}'" if owner.endswith("s") else f"{owner}'s"
    long, short = sentence("the", thing, "of", owner, be), sentence(of_owner, thing, be)
    return draw.choice(
        [
            f"{long} {short}",
            f"The {thing} of {owner}: {of_owner} {thing}. {long} {short}",
            f"{short} It belongs to {owner}. {long}",
        ]
    )


# --- Drills with words ---


def alphabet(draw: random.Random) -> str:
    """The order of the alphabet."""
    words: dict[str, str] = {}
    for word in draw.sample([noun for noun in NOUNS if noun.islower()], 14):
        words[word[0]] = word
    chosen = draw.sample(list(words.values()), min(len(words), draw.randint(3, 5)))
    order = sorted(chosen)
    first, last = order[0], order[-1]
    letters = ", ".join(f"{word[0]} for {word}" for word in order)
    return draw.choice(
        [
            f"{', '.join(chosen)}: from a to z they are {', '.join(order)}.",
            f"{capital(letters)}. {', '.join(chosen)}. {', '.join(order)}.",
            f"{', '.join(chosen)}. In the dictionary: {', '.join(order)}.",
            f"Of {listed(chosen)}, {first} is first in the dictionary, because of its {first[0]}.",
            f"Of {listed(chosen)}, {last} is last in the dictionary, because of its {last[0]}.",
            "The letters: a b c d e f g h i j k l m n o p q r s t u v w x y z. "
            f"{', '.join(chosen)}: {', '.join(order)}.",
        ]
    )


def opposites(draw: random.Random) -> str:
    """Words that mean the contrary of each other."""
    one, other = draw.sample(draw.choice(rows(tables.OPPOSITES)), 2)
    return draw.choice(
        [
            f"Not {one} but {other}. They are opposites.",
            f"'{capital(one)}' and '{other}' are opposites.",
            f"Opposites: {one}, {other}.",
            f"If it is not {one}, is it {other}? '{capital(other)}' is the contrary of '{one}'.",
        ]
    )


def same_meaning(draw: random.Random) -> str:
    """Words that mean the same, and words that do not."""
    one, other = draw.sample(draw.choice(rows(tables.SAME)), 2)
    wrong = draw.sample(NOUNS, 2)
    choice = [other, *wrong]
    draw.shuffle(choice)
    return draw.choice(
        [
            f"'{capital(one)}' is another word for '{other}'.",
            f"Another word for '{one}'? Not {wrong[0]}, not {wrong[1]}, but '{other}'.",
            f"{one}: {', '.join(choice)}? '{capital(other)}' has the meaning of '{one}'.",
            f"Like in meaning: {one}, {other}.",
        ]
    )


def plural_of(word: str) -> str:
    """By the rules of spelling."""
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    return word[:-1] + "ies" if re.search(r"[^aeiou]y$", word) else word + "s"


def plurals(draw: random.Random) -> str:
    """One and many of a thing."""
    irregular = rows(tables.IRREGULAR_PLURALS)
    word = draw.choice(split(tables.REGULAR_NOUNS))
    one, many = draw.choice([draw.choice(irregular), [word, plural_of(word)]])
    count = draw.choice(["two", "three", "many", "some", "ten", "all the"])
    return draw.choice(
        [
            f"One {one}, {count} {many}.",
            f"One '{one}' and another make two '{many}'.",
            f"Singular: '{one}'. Plural: '{many}'.",
            f"'{capital(many)}' is the plural form of '{one}'.",
        ]
    )


def degrees(draw: random.Random) -> str:
    """Good, better, best."""
    word, more, most = draw.choice(rows(tables.DEGREES))
    a, b, c = draw.sample([name for name, _ in NAMES if name[0].isupper()], 3)
    return draw.choice(
        [
            f"'{capital(word)}', '{more}', '{most}'.",
            f"{a} is {word}. {b} is {more}. {c} is the {most} of the three.",
            f"'{capital(more)}' is the comparative, '{most}' the superlative form of '{word}'.",
            f"Positive: '{word}'. Comparative: '{more}'. Superlative: '{most}'.",
        ]
    )


def spellings(draw: random.Random) -> str:
    """Words letter by letter; mistakes put right."""
    if draw.random() < 0.5:
        word = draw.choice(NOUNS)
        return f"{'-'.join(word)} spells '{word}'."
    wrong, right = draw.choice(rows(tables.MISSPELLED))
    return draw.choice(
        [
            f"Not '{wrong}' but '{right}', {'-'.join(right)}.",
            f"Who writes '{wrong}' has made a mistake: it is '{right}'.",
        ]
    )


def rhymes(draw: random.Random) -> str:
    """Words that rhyme, and words that do not."""
    groups = [row.split() for row in split(tables.RHYMES)]
    group, others = draw.sample(groups, 2)
    one, other = draw.sample(group, 2)
    wrong = draw.sample(others, 2)
    choice = [other, *wrong]
    draw.shuffle(choice)
    return draw.choice(
        [
            f"'{capital(one)}' and '{other}' rhyme. So do {listed(others)}.",
            f"A rhyme for '{one}': {', '.join(choice)}? It is '{other}'.",
            f"{capital(listed(group))} all rhyme.",
        ]
    )


def categories(draw: random.Random) -> str:
    """What is an animal, what a tool; what does not belong."""
    (one, ones), (two, twos) = draw.sample(tables.CATEGORIES, 2)
    a = draw.sample(split(ones), draw.randint(2, 3))
    b = draw.sample(split(twos), 2)
    together = a + b
    draw.shuffle(together)
    odd = [*a, b[0]]
    draw.shuffle(odd)
    return draw.choice(
        [
            f"{capital(listed(a))} are {one}. {capital(listed(b))} are {two}.",
            f"{', '.join(together)}. The {one} are {', '.join(w for w in together if w in a)}. "
            f"The {two} are {', '.join(w for w in together if w in b)}.",
            f"{', '.join(odd)}: '{b[0]}' does not belong. All but '{b[0]}' are {one}.",
            f"Some {one}: {', '.join(draw.sample(split(ones), min(4, len(split(ones)))))}.",
        ]
    )


def compounds(draw: random.Random) -> str:
    """Two words that make one."""
    one, other = draw.choice(rows(tables.COMPOUNDS))
    return draw.choice(
        [
            f"'{capital(one)}' and '{other}' make '{one}{other}'.",
            f"{one} + {other} = {one}{other}",
            f"'{capital(one + other)}' is made of '{one}' and '{other}'.",
        ]
    )


# --- Drills with facts ---


def cities(draw: random.Random) -> str:
    """Countries and their capitals."""
    country, city = draw.choice(rows(tables.CAPITALS))
    return draw.choice(
        [
            f"The capital city of {country} is called {city}.",
            f"{country}: {city}.",
            f"Who rules {country} lives in {city}, its capital.",
            f"In {city}, the capital of the land, they speak of {country} as home.",
        ]
    )


def beasts(draw: random.Random) -> str:
    """Their young, homes, sounds and fame."""
    young, one = draw.choice(rows(tables.BEASTS_YOUNG)), draw.choice(rows(tables.BEASTS_HE_SHE))
    lives, says = draw.choice(rows(tables.BEASTS_HOME)), draw.choice(rows(tables.BEASTS_SOUND))
    many = draw.choice(rows(tables.GROUPS))
    quality, thing = draw.choice([pair.split(":") for pair in split(tables.SIMILES)])
    return draw.choice(
        [
            f"A {young[1]} is a young {young[0]}.",
            f"The young of the {young[0]} is the {young[1]}.",
            f"The {lives[0]} has its home in a {lives[1]}.",
            f"A {lives[1]} is where the {lives[0]} lives.",
            f"The {says[0]} makes a sound, and we name it a {says[1]}.",
            f"The sound that a {says[0]} makes is a {says[1]}.",
            f"The male is a {one[0]} and the female a {one[1]}.",
            f"Many {many[0]} together are a {many[1]}.",
            f"What is more {quality} than {thing}?",
            f"{capital(thing)} is {quality}, and what is very {quality} is like {thing}.",
        ]
    )


def meanings(draw: random.Random) -> str:
    """What a place or a person is."""
    where, what = draw.choice(tables.MEANINGS)
    who, does = draw.choice(tables.WHO_DOES)
    return draw.choice(
        [
            f"A {where}: that is the place where {what}.",
            f"Where {what}, there is a {where}.",
            f"A {who}: that is one who {does}.",
            f"One who {does} is a {who}.",
        ]
    )


def sums(draw: random.Random) -> str:
    """Numbers added, taken away, multiplied and shared."""
    a, b = draw.randint(1, 60), draw.randint(1, 40)
    m, n = draw.randint(2, 12), draw.randint(2, 12)
    name, things = draw.choice(NAMES)[0], plural_of(draw.choice(split(tables.REGULAR_NOUNS)))
    name = capital(name)
    return draw.choice(
        [
            f"{a} and {b} make {a + b}. {a} + {b} = {a + b}",
            f"{a + b} less {b} leaves {a}. {a + b} - {b} = {a}",
            f"{m} times {n} is {m * n}. {m} × {n} = {m * n}",
            f"{m * n} divided by {n} is {m}. {m * n} ÷ {n} = {m}",
            f"{name} had {a} {things} and got {b} more. That makes {a + b} {things}.",
            f"{name} had {a + b} {things} and lost {b}. {a} {things} were left.",
            f"In each of {m} boxes lie {n} {things}. In all, {m * n} {things}.",
        ]
    )


def units(draw: random.Random) -> str:
    """How many of the one are one of the other."""
    large, size, small = draw.choice(tables.UNITS)
    larges, smalls = ("feet" if large == "foot" else f"{large}s"), f"{small}s"
    smalls = {"foots": "feet", "inchs": "inches"}.get(smalls, smalls)
    n = draw.randint(2, 12)
    return draw.choice(
        [
            f"A {large} has {size} {smalls}. {n} {larges} have {n * size} {smalls}.",
            f"{n} × {size} = {n * size}, so {n} {larges} are {n * size} {smalls}.",
            f"{n * size} ÷ {size} = {n}, so {n * size} {smalls} are {n} {larges}.",
        ]
    )


def calendar(draw: random.Random) -> str:
    """Days and months in a row."""
    row = split(draw.choice([tables.WEEK, tables.MONTHS]))
    at = draw.randrange(len(row) - 1)
    number = draw.randint(2, 4)
    return draw.choice(
        [
            f"{row[at]} is followed by {row[at + 1]}.",
            f"Before {row[at + 1]} there is {row[at]}.",
            f"The first {number}: {listed(row[:number])}.",
            f"The last {number}: {listed(row[-number:])}.",
        ]
    )


# A drill, and how often it comes.
DRILLS: dict[Drill, int] = {
    voices: 12,
    tenses: 10,
    asked: 10,
    modals: 3,
    orders: 3,
    pronouns: 4,
    numbers: 6,
    corrected: 3,
    exchanged: 4,
    joined: 4,
    told: 4,
    counted: 3,
    mixed_up: 4,
    echoed: 5,
    story: 14,
    why: 3,
    owned: 3,
    alphabet: 6,
    opposites: 3,
    same_meaning: 3,
    plurals: 3,
    degrees: 3,
    spellings: 3,
    rhymes: 3,
    categories: 5,
    compounds: 3,
    cities: 3,
    beasts: 4,
    meanings: 2,
    sums: 3,
    units: 2,
    calendar: 2,
}


# --- The book ---


def words(text: str) -> list[str]:
    """In small letters, without punctuation."""
    return re.findall(r"[^\W_]+", text.lower())


def sentences(text: str) -> set[tuple[str, ...]]:
    """The words of what stands between two marks of punctuation, if they are not too few."""
    found = (tuple(words(part)) for part in re.split(r"[.?!:;\"\n]|'(?!\w)|(?<!\w)'", text))
    return {part for part in found if len(part) >= SHORTEST}


def record_sentences() -> set[tuple[str, ...]]:
    """Those of all bundled records."""
    records = json.loads(BUNDLED.read_text(encoding="utf-8"))
    fields = ("instruction", "input", "output")
    return set().union(*(sentences(record[field]) for record in records for field in fields))


def repeats(text: str, taken: set[tuple[str, ...]], lengths: set[int]) -> bool:
    """Whether one of those sentences, which have so many words, is anywhere in the text."""
    said = words(text)
    return any(
        tuple(said[start : start + length]) in taken
        for length in lengths
        for start in range(len(said) - length + 1)
    )


def pages(
    draw: random.Random,
    taken: set[tuple[str, ...]],
    characters: int,
    book: Mapping[Drill, int] = MappingProxyType(DRILLS),
) -> str:
    """Drills of the book in a row, one to a paragraph, none with a sentence that is taken."""
    lengths = {len(sentence) for sentence in taken}
    drills, weights = list(book), list(book.values())
    written: list[str] = []
    length = 0
    while length < characters:
        (drill,) = draw.choices(drills, weights)
        text = drill(draw)
        if not repeats(text, taken, lengths):
            written.append(text)
            length += len(text) + 2
    return "\n\n".join(written) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write an exercise book for pretraining.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    taken = record_sentences()
    for number in range(FILES):
        text = pages(random.Random(number), taken, CHARACTERS)
        write_text(folder / f"exercises-{number:02}.txt", text)
        print(f"{folder / f'exercises-{number:02}.txt'}: {len(text):,} characters")
    return 0


if __name__ == "__main__":
    raise SystemExit(run(main))
