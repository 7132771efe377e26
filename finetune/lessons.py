"""Write the lessons of the exercise book: `python -m finetune.lessons FOLDER`.

The drills (finetune/exercises.py) show a pupil two forms of a thing, side by side. In a lesson
somebody asks for one of them: there is a task in plain words, most often something given, and the
answer. This is how `tiny` learns to look at the task, then at what is given, and to copy from it;
the records teach it afterwards to do so in their form.

Tasks and answers are worded otherwise than in the records, and here too a lesson is thrown away
when a sentence of a record is anywhere in it.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from finetune.extras.memory import run  # before torch: see there

# isort: split

from finetune import exercise_tables as tables
from finetune.exercises import (
    BEASTS,
    CHARACTERS,
    NAMES,
    NOUNS,
    PERSONS,
    PRONOUN,
    bare,
    clause,
    pages,
    passive,
    plural_of,
    record_sentences,
    subject,
    tail,
    tense,
)
from finetune.make_instructions import Clause, Subject, capital, listed, rows, sentence, split
from weights.files import write_text

FILES = 60

Task = tuple[str, str, str]  # what is to be done, what is given (or ""), the answer
Lesson = Callable[[random.Random], Task]


# --- Lessons with sentences ---


def turned(draw: random.Random) -> Task:
    """From active to passive."""
    c, when = clause(draw, True), tense(draw)
    end = tail(draw, c, when)
    tasks = (
        "Begin with the thing that it is done to.|Turn the sentence around, with 'by'.|"
        "From active to passive.|In the passive, please.|Who does it shall come last."
    )
    return draw.choice(tasks.split("|")), c.say(when, end), passive(c, when, end)


def turned_back(draw: random.Random) -> Task:
    """From passive to active."""
    c, when = clause(draw, True), tense(draw)
    end = tail(draw, c, when)
    tasks = (
        "Begin with the one who does it.|Turn the sentence around, without 'by'.|"
        "From passive to active.|In the active, please.|Who does it shall come first."
    )
    return draw.choice(tasks.split("|")), passive(c, when, end), c.say(when, end)


def denied(draw: random.Random) -> Task:
    """With "not"."""
    c, when = clause(draw), tense(draw)
    end = tail(draw, c, when)
    no = sentence(c.subject.text, c.helper(when), "not", c.base(end))
    tasks = (
        "Deny it.|Say no to this.|Add a 'not'.|The contrary, with 'not'.|It is not true. What is?"
    )
    return draw.choice(tasks.split("|")), c.say(when, end), no


def wondered(draw: random.Random) -> Task:
    """A question with yes or no for an answer."""
    c, when = clause(draw), tense(draw)
    end = tail(draw, c, when)
    question = sentence(c.helper(when), c.subject.text, c.base(end), end="?")
    tasks = (
        "Ask whether it is so.|Is it true? Ask.|Make it a question.|Put a question mark after it."
    )
    return draw.choice(tasks.split("|")), c.say(when, end), question


def moved(draw: random.Random) -> Task:
    """Into another tense, with everything else as it was."""
    c = clause(draw)
    old, new = draw.choice(
        [
            *(("present", "past"), ("present", "past"), ("present", "future")),
            *(("present", "future"), ("past", "present"), ("past", "future"), ("future", "past")),
        ]
    )
    end = tail(draw, c, old) if old == "present" else (c.place if not c.object else "")
    tasks = {
        "past": "In the past.|It is over now. Tell it so.|Past tense, please.|As it was before.",
        "future": "In the future.|It has yet to come. Tell it so.|Future tense, please.|"
        "With 'will'.",
        "present": "In the present.|It is so now. Tell it so.|Present tense, please.",
    }
    return draw.choice(tasks[new].split("|")), c.say(old, end), c.say(new, end)


def many_for_one(draw: random.Random) -> Task:
    """One who does it, or many."""
    c, when = clause(draw), tense(draw)
    one, many = draw.choice(PERSONS + BEASTS)
    end = tail(draw, c, when)
    single = c._replace(subject=Subject(f"the {one}", False, "")).say(when, end)
    several = c._replace(subject=Subject(f"the {many}", True, "")).say(when, end)
    if draw.random() < 0.75:
        tasks = (
            "Not one but several do it.|There are many of them.|Make one into many.|More than one!"
        )
        return draw.choice(tasks.split("|")), single, several
    return draw.choice(["Only one does it.", "Make many into one."]), several, single


def put_right(draw: random.Random) -> Task:
    """A verb that does not go with its subject."""
    c = clause(draw)
    end = tail(draw, c, "present")
    other = c.verb.third if c.subject.plural else c.verb.base
    wrong = sentence(c.subject.text, other, c.object, end)
    tasks = "Mend the verb.|What is wrong with the verb?|Say it rightly.|Is it -s or not?"
    return draw.choice(tasks.split("|")), wrong, c.say("present", end)


def shortened(draw: random.Random) -> Task:
    """ "He" for the king."""
    c, when = clause(draw), tense(draw)
    while c.subject.pronoun not in PRONOUN:
        c = clause(draw)
    end = tail(draw, c, when)
    said = sentence(c.subject.pronoun, c.form(when), c.object, end)
    tasks = "He, she or they?|Do not name who it was.|A pronoun first.|Say it without the name."
    return draw.choice(tasks.split("|")), c.say(when, end), said


def ordered(draw: random.Random) -> Task:
    """An order, of what must be done."""
    c = clause(draw)
    rest = c.base(tail(draw, c, "future"))
    must = draw.choice(["must", "should", "have to", "ought to", "must not", "should not"])
    order = sentence("do not" if "not" in must else "", rest)
    tasks = "Order it.|Leave 'you' out.|Give the order.|How does the master say it?"
    return draw.choice(tasks.split("|")), f"You {must} {rest}.", order


SHORT = {
    "do not": "don't", "does not": "doesn't", "did not": "didn't", "will not": "won't",
    "cannot": "can't", "must not": "mustn't", "could not": "couldn't", "should not": "shouldn't",
    "would not": "wouldn't",
}  # fmt: skip


def contracted(draw: random.Random) -> Task:
    """Short forms, and full ones."""
    c, when = clause(draw), tense(draw)
    full = f"{c.helper(when)} not"
    if draw.random() < 0.5:
        full = draw.choice(["cannot", "must not", "could not", "should not", "would not"])
    rest = c.base(tail(draw, c, when))
    one, other = sentence(c.subject.text, full, rest), sentence(c.subject.text, SHORT[full], rest)
    if draw.random() < 0.8:
        tasks = (
            f"In short.|As one speaks.|'{capital(full)}' in one word.|"
            f"With the short '{SHORT[full]}'."
        )
        return draw.choice(tasks.split("|")), one, other
    return draw.choice(["In full.", "Without an apostrophe."]), other, one


def reported(draw: random.Random) -> Task:
    """What somebody said."""
    c = clause(draw)
    while c.subject.pronoun not in ("he", "she", "they"):
        c = clause(draw)
    i, am, was = ("we", "are", "were") if c.subject.plural else ("I", "am", "was")
    end = tail(draw, c, "present")
    said, told = draw.choice(
        [
            (c.verb.base, c.verb.past),
            (f"will {c.verb.base}", f"would {c.verb.base}"),
            (f"can {c.verb.base}", f"could {c.verb.base}"),
            (f"{am} {c.verb.ing}", f"{was} {c.verb.ing}"),
        ]
    )
    words = capital(sentence(i, said, c.object, end))
    given = f'{capital(c.subject.text)} said, "{words}"'
    answer = sentence(c.subject.text, "said that", c.subject.pronoun, told, c.object, end)
    tasks = "Tell what was said.|Said that ...|Not the very words.|What did they say?"
    return draw.choice(tasks.split("|")), given, answer


def united(draw: random.Random) -> Task:
    """Two sentences made one."""
    a, b = clause(draw), clause(draw)
    first = a.say("past", draw.choice([a.place, ""]) if a.object else a.place)
    second = b.say("past", "" if b.object else b.place)
    word = draw.choice(["while", "before", "after", "when", "because", "and", "but", "so", "until"])
    comma = "," if word in ("but", "so") else ""
    tasks = f"Two into one, by '{word}'.|Join: {word}.|'{capital(word)}' goes between.|Use {word}."
    answer = f"{first[:-1]}{comma} {word} {bare(second)}."
    return draw.choice(tasks.split("|")), f"{first} {second}", answer


def replaced(draw: random.Random) -> Task:
    """Somebody else, or another thing."""
    c, when = clause(draw), tense(draw)
    end = tail(draw, c, when)
    other = subject(draw)
    while other.plural != c.subject.plural or other.text == c.subject.text:
        other = subject(draw)
    old, new = c.say(when, end), c._replace(subject=other).say(when, end)
    tasks = (
        f"It was not {c.subject.text} but {other.text}.|"
        f"Say '{other.text}', not '{c.subject.text}'.|"
        f"{capital(c.subject.text)} becomes {other.text}.|For {c.subject.text} put {other.text}."
    )
    return draw.choice(tasks.split("|")), old, new


def unmixed(draw: random.Random) -> Task:
    """Words put in order again."""
    c, when = clause(draw, True), "past"
    text = c.say(when, draw.choice(["", "", c.place]))
    words = (c.subject.text + text[len(c.subject.text) : -1]).split()
    draw.shuffle(words)
    tasks = "Make sense of it.|Which sentence is it?|In the right order, please.|Put it in order."
    return draw.choice(tasks.split("|")), " / ".join(words), text


def measured(draw: random.Random) -> Task:
    """How many words there are."""
    c, when = clause(draw), tense(draw)
    text = c.say(when, tail(draw, c, when))
    count = len(text.split())
    tasks = "Count.|How long is it, in words?|The number of words?|Words, please."
    return draw.choice(tasks.split("|")), text, draw.choice([f"{count} words.", f"{count}."])


def polished(draw: random.Random) -> Task:
    """Capitals and end marks."""
    c, when = clause(draw), tense(draw)
    end = tail(draw, c, when)
    plain = c.say(when, end)
    if draw.random() < 0.4:
        plain = sentence(c.helper(when), c.subject.text, c.base(end), end="?")
    tasks = "Write it well.|Capitals and stops!|Clean this up.|What is missing?"
    return draw.choice(tasks.split("|")), plain[:-1].lower(), plain


def owner_first(draw: random.Random) -> Task:
    """The crown of the king: the king's crown."""
    person, people = draw.choice(PERSONS)
    owner = draw.choice([f"the {person}", f"the {people}", draw.choice(NAMES)[0]])
    thing = draw.choice(split(tables.REGULAR_NOUNS))
    many = draw.random() < 0.4
    be = "are" if many else "is"
    thing = plural_of(thing) if many else thing
    rest = draw.choice(split(tables.QUALITIES + ", " + tables.PLACES))
    of_owner = f"{owner}'" if owner.endswith("s") else f"{owner}'s"
    given = sentence("the", thing, "of", owner, be, rest)
    tasks = "Name the owner first.|Leave out 'of'.|Whose is it?|With -'s or -s'."
    return draw.choice(tasks.split("|")), given, sentence(of_owner, thing, be, rest)


def told_in_text(draw: random.Random) -> Task:
    """Who, what, where, when and why, answered out of a text."""
    clauses: list[Clause] = []
    count = draw.choice([2, 2, 3, 3])
    while len(clauses) < count:
        new = clause(draw)
        words = new.nouns | {new.verb.base}
        if not any(words & (old.nouns | {old.verb.base}) for old in clauses):
            clauses.append(new)
    by_time = draw.random() < 0.4
    ends = draw.sample(split(tables.TIMES if by_time else tables.PLACES), count)
    ends = [end if c.object else c.place for c, end in zip(clauses, ends, strict=True)]
    if draw.random() < 0.4:
        ends = ["" if c.object else end for c, end in zip(clauses, ends, strict=True)]
    at = draw.randrange(count)
    c, end = clauses[at], ends[at]
    told = [one.say("past", last) for one, last in zip(clauses, ends, strict=True)]
    what = c.object or c.place
    asked = [(f"Who {c.verb.past} {what}?", c.say("past", "" if c.object else what))]
    if c.object:
        asked.append((f"What did {c.subject.text} {c.verb.base}?", c.say("past", "")))
    if end:
        word = "When" if by_time and c.object else "Where"
        asked.append((f"{word} did {c.subject.text} {c.base('')}?", told[at]))
    question, answer = draw.choice(asked)
    if draw.random() < 0.2:
        answer = told[at] = f"{told[at][:-1]} because {draw.choice(split(tables.BECAUSE))}."
        question = f"Why did {c.subject.text} {c.base(end)}?"
    return question, " ".join(told), answer


# --- Lessons with words ---


def some_words(draw: random.Random, count: int) -> list[str]:
    """Words with different first letters."""
    words: dict[str, str] = {}
    while len(words) < count:
        word = draw.choice(NOUNS)
        if word.islower():
            words[word[0]] = word
    return list(words.values())


def or_list(words: Sequence[str]) -> str:
    """a, b or c"""
    return f"{', '.join(words[:-1])} or {words[-1]}"


def in_order(draw: random.Random) -> Task:
    """The alphabet."""
    words = some_words(draw, draw.choice([3, 4, 4, 5]))
    draw.shuffle(words)
    order = sorted(words)
    if draw.random() < 0.6:
        tasks = "As in a dictionary.|By their first letters.|From a to z, please.|In order, a to z."
        return draw.choice(tasks.split("|")), ", ".join(words), ", ".join(order)
    first = draw.random() < 0.5
    place, one = ("first", order[0]) if first else ("last", order[-1])
    tasks = (
        f"Which is {place} from a to z?|The {place} by its letter.|"
        f"{capital(place)} in the list a-z."
    )
    return draw.choice(tasks.split("|")), or_list(words), f"'{capital(one)}' is {place}."


def picked(draw: random.Random) -> Task:
    """A word of a list, by where it stands."""
    words = draw.sample(NOUNS, draw.choice([3, 4, 5]))
    at = draw.randrange(len(words) - 1)
    one, after = words[at], words[at + 1]
    number = ["first", "second", "third", "fourth"][at]
    task, word = draw.choice(
        [
            (f"What comes after '{one}'?", after),
            (f"What stands before '{after}'?", one),
            (f"The {number} of these?", one),
            (f"Which word has the letters {'-'.join(one)}?", one),
            (f"Which begins with '{one[:2]}' and ends with '{one[-2:]}'?", one),
        ]
    )
    answer = draw.choice([f"'{capital(word)}'.", f"It is '{word}'.", f"The '{word}'."])
    return task, draw.choice([", ".join(words), or_list(words)]), answer


def copied(draw: random.Random) -> Task:
    """What is there once is to be there twice."""
    if draw.random() < 0.5:
        c, when = clause(draw), tense(draw)
        text = c.say(when, tail(draw, c, when))
    else:
        text = ", ".join(draw.sample(NOUNS, draw.randint(2, 6)))
    return draw.choice(["Copy it.", "Say it again.", "The same once more."]), text, text


def contrary(draw: random.Random) -> Task:
    """Opposites."""
    one, other = draw.sample(draw.choice(rows(tables.OPPOSITES)), 2)
    tasks = f"What is not {one}?|The contrary of '{one}'?|Opposite: {one}.|'{capital(one)}' or ...?"
    return (
        draw.choice(tasks.split("|")),
        "",
        draw.choice([f"'{capital(other)}'.", f"It is '{other}'."]),
    )


def chosen(draw: random.Random) -> Task:
    """One word of three: the one that means the same, or that rhymes."""
    if draw.random() < 0.5:
        one, other = draw.sample(draw.choice(rows(tables.SAME)), 2)
        tasks = (
            f"Which is like '{one}' in meaning?|Another word for '{one}'?|'{capital(one)}' is ..."
        )
        wrong = draw.sample([word for row in rows(tables.SAME + ", " + tables.OPPOSITES)
                             for word in row if one not in row], 2)  # fmt: skip
    else:
        group, others = draw.sample([row.split() for row in split(tables.RHYMES)], 2)
        one, other = draw.sample(group, 2)
        tasks = f"Which sounds like '{one}'?|A rhyme for '{one}'?|'{capital(one)}' goes with ..."
        wrong = draw.sample(others, 2)
    words = [other, *wrong]
    draw.shuffle(words)
    answer = draw.choice([f"'{capital(other)}'.", f"'{capital(other)}', like '{one}'."])
    return draw.choice(tasks.split("|")), or_list(words), answer


def inflected(draw: random.Random) -> Task:
    """Plurals, comparatives and superlatives."""
    if draw.random() < 0.5:
        word = draw.choice(split(tables.REGULAR_NOUNS))
        pairs = rows(tables.IRREGULAR_PLURALS) + rows(tables.PERSONS) + rows(tables.BEASTS)
        one, many = draw.choice([draw.choice(pairs), [word, plural_of(word)]])
        tasks = (
            f"One {one}, two ...?|Many of '{one}'?|'{capital(one)}' in the plural?|"
            f"Not one {one} but ..."
        )
        return (
            draw.choice(tasks.split("|")),
            "",
            draw.choice([f"'{capital(many)}'.", f"Two {many}."]),
        )
    word, more, most = draw.choice(rows(tables.DEGREES))
    if draw.random() < 0.5:
        tasks = (
            f"{capital(word)}, and then?|The comparative of {word}?|'{capital(word)}', one step up."
        )
        return draw.choice(tasks.split("|")), "", f"'{capital(more)}'."
    tasks = (
        f"The most {word} of all is the ...?|The superlative of {word}?|"
        f"'{capital(word)}', two steps up."
    )
    return draw.choice(tasks.split("|")), "", f"'{capital(most)}'."


def spelled(draw: random.Random) -> Task:
    """Mistakes put right, letters put together, words put together."""
    form = draw.randrange(3)
    if form == 0:
        wrong, right = draw.choice(rows(tables.MISSPELLED))
        tasks = (
            f"Spell '{wrong}' well.|What is wrong with '{wrong}'?|'{capital(wrong)}' is written ..."
        )
        return draw.choice(tasks.split("|")), "", f"It is '{right}'."
    if form == 1:
        one, other = draw.choice(rows(tables.COMPOUNDS))
        tasks = (
            f"One word of '{one}' and '{other}'?|'{capital(one)}', then '{other}'?|{one} + {other}?"
        )
        return (
            draw.choice(tasks.split("|")),
            "",
            draw.choice([f"'{capital(one + other)}'.", one + other]),
        )
    word = draw.choice(NOUNS)
    if draw.random() < 0.5:
        return "Read the letters.", "-".join(word), f"'{word}'."
    return f"Spell '{word}'.", "", "-".join(word)


def sorted_out(draw: random.Random) -> Task:
    """What belongs together."""
    (one, ones), (two, twos) = draw.sample(tables.CATEGORIES, 2)
    shared = set(split(ones)) & set(split(twos))
    a = draw.sample([word for word in split(ones) if word not in shared], 3)
    b = draw.sample([word for word in split(twos) if word not in shared], 2)
    if draw.random() < 0.6:
        words = [*a, b[0]]
        draw.shuffle(words)
        tasks = (
            "Which is of another kind?|One is a stranger here.|Which must go?|"
            "What is no part of it?"
        )
        return (
            draw.choice(tasks.split("|")),
            or_list(words),
            f"'{capital(b[0])}'. The rest are {one}.",
        )
    words = a[:2] + b
    draw.shuffle(words)
    tasks = (
        f"{capital(one)} here, {two} there.|Part the {one} from the {two}.|Two heaps: {one}, {two}."
    )
    mine, yours = [w for w in words if w in a], [w for w in words if w in b]
    answer = f"{capital(one)}: {', '.join(mine)}. {capital(two)}: {', '.join(yours)}."
    return draw.choice(tasks.split("|")), ", ".join(words), answer


# --- Lessons with facts ---


def known(draw: random.Random) -> Task:
    """Capitals, signs, sayings, beasts, and what things are for."""
    country, city = draw.choice(rows(tables.CAPITALS))
    sign, meant = draw.choice(tables.SIGNS)
    quality, thing = draw.choice([pair.split(":") for pair in split(tables.SIMILES)])
    where, what = draw.choice(tables.MEANINGS)
    who, does = draw.choice(tables.WHO_DOES)
    old, young = draw.choice(rows(tables.BEASTS_YOUNG))
    guest, home = draw.choice(rows(tables.BEASTS_HOME))
    crier, cry = draw.choice(rows(tables.BEASTS_SOUND))
    he, she = draw.choice(rows(tables.BEASTS_HE_SHE))
    beings, group = draw.choice(rows(tables.GROUPS))
    name, parts = draw.choice(tables.ROWS)
    task, answer = draw.choice(
        [
            (f"{country} has a capital city.", f"{city}, in {country}."),
            (f"Whose capital is {city}?", f"It is that of {country}."),
            (f"Where is the government of {country}?", f"In {city}."),
            (f"How do we write {meant}?", sign),
            (f"'{sign}' means ...", f"{capital(meant)}."),
            (f"Who is very {quality}?", f"{capital(thing)}."),
            (f"{capital(quality)} like ...", f"Like {thing}."),
            (f"Where is it that {what}?", f"In a {where}."),
            (f"Who {does}?", f"A {who}."),
            (f"The young of a {old}?", f"It is a {young}."),
            (f"Where does the {guest} live?", f"In its {home}."),
            (f"What sound has the {crier}?", f"A {cry}."),
            (f"He is a {he}. And she?", f"A {she}."),
            (f"She is a {she}. And he?", f"A {he}."),
            (f"Many {beings} together?", f"It is a {group}."),
            (f"Name {name}.", f"They are {listed(split(parts))}."),
        ]
    )
    return task, "", answer


def reckoned(draw: random.Random) -> Task:
    """Numbers and measures."""
    a, b = draw.randint(1, 60), draw.randint(1, 40)
    m, n = draw.randint(2, 12), draw.randint(2, 12)
    large, size, small = draw.choice(tables.UNITS)
    larges, smalls = plural_of(large), plural_of(small)
    larges, smalls = ({"foots": "feet"}.get(word, word) for word in (larges, smalls))
    things = plural_of(draw.choice(split(tables.REGULAR_NOUNS)))
    name = capital(draw.choice(NAMES)[0])
    task, answer = draw.choice(
        [
            (f"{a} and {b}?", f"{a + b}."),
            (f"{a + b} less {b}?", f"{a}."),
            (f"{m} times {n}?", f"{m * n}."),
            (f"{m * n} shared by {n}?", f"{m}."),
            (f"{n} {larges}: how many {smalls}?", f"{n} × {size} = {n * size}."),
            (f"{n * size} {smalls}: how many {larges}?", f"{n * size} ÷ {size} = {n}."),
            (f"{name} had {a} {things} and got {b} more.", f"So there are {a + b} {things}."),
            (f"{name} had {a + b} {things} and lost {b}.", f"So there are {a} {things}."),
            (f"{m} boxes, in each {n} {things}.", f"So there are {m * n} {things}."),
        ]
    )
    return task, "", answer


# A lesson, and how often it comes.
LESSONS: dict[Lesson, int] = {
    turned: 8, turned_back: 7, denied: 7, wondered: 7, moved: 10, many_for_one: 7, put_right: 6,
    shortened: 4, ordered: 4, contracted: 4, reported: 6, united: 6, replaced: 6, unmixed: 6,
    measured: 4, polished: 4, owner_first: 4, told_in_text: 14, in_order: 10, picked: 8, copied: 6,
    contrary: 5, chosen: 10, inflected: 6, spelled: 7, sorted_out: 8, known: 14, reckoned: 7,
}  # fmt: skip


# --- The lessons on paper ---


def written(lesson: Lesson) -> Callable[[random.Random], str]:
    """The lesson as prose: a talk in school, or a page of a copybook."""

    def drill(draw: random.Random) -> str:
        task, given, answer = lesson(draw)
        if not given:
            return draw.choice(
                [f"{task} {answer}", f"Question: {task}\nAnswer: {answer}", f"- {task}\n- {answer}"]
            )
        name = capital(draw.choice(NAMES)[0])
        return draw.choice(
            [
                f"{task}\n{given}\n{answer}",
                f"{task} {given} -- {answer}",
                f"{given} {task} {answer}",
                f"Teacher: {task} {given}\n{name}: {answer}",
                f"{name}, look at this: {given}\n{task}\n{answer}",
                f"Lesson. {task}\nGiven: {given}\nFound: {answer}",
            ]
        )

    drill.__name__ = lesson.__name__
    return drill


BOOK = {written(lesson): weight for lesson, weight in LESSONS.items()}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write lessons for pretraining.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    taken = record_sentences()
    for number in range(FILES):
        text = pages(random.Random(1000 + number), taken, CHARACTERS, BOOK)
        write_text(folder / f"lessons-{number:02}.txt", text)
        print(f"{folder / f'lessons-{number:02}.txt'}: {len(text):,} characters")
    return 0


if __name__ == "__main__":
    raise SystemExit(run(main))
