"""Lessons in open words: a task, what is given, the answer.

The words of a lesson (finetune/make/words.py) are drawn anew each time, so that nothing is common
to two lessons but the task. A task comes in many wordings, the text it works on in quotation marks,
after a colon or on a line of its own. What must be known (opposites, plurals, capitals, sums) comes
from the tables in finetune/make/facts.py.

`Lessons` makes them without end, as prompt and answer. No sentence of a bundled record is in them,
and they have forms of their own, not that of the records' prompts.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from finetune.make import facts
from finetune.make.clauses import PRONOUNS, Clause, Writer
from finetune.make.instructions import Subject, capital, listed, sentence, spaced
from finetune.make.words import VOWELS, Lexicon, plural
from finetune.records import BUNDLED


class Task(NamedTuple):
    """`wordings` stand between bars; {S} in them is "this sentence", or the text in quotes."""

    wordings: str
    text: str  # "" where nothing is given
    answer: str


Lesson = Callable[[Writer], Task]

# --- Rewriting a sentence ---

INTO = (
    "Rewrite {S} in the %s|Put {S} into the %s|Put {S} in the %s|Turn {S} into the %s|"
    "Change {S} to the %s|Change {S} into the %s|Convert {S} to the %s|Transform {S} into the %s|"
    "Express {S} in the %s|Say {S} in the %s|Write {S} in the %s|Rewrite in the %s|"
    "Put into the %s|Use the %s|In the %s, please|Say the same in the %s|"
    "How do you say {S} in the %s?|What is {S} in the %s?|Give the sentence in the %s"
)


def into(*targets: str) -> str:
    return "|".join(INTO.replace("%s", target) for target in targets)


PASSIVE = into("passive", "passive voice") + (
    "|Make {S} passive|Change {S} from active to passive|Convert {S} to passive|"
    "Convert {S} to passive voice|Turn {S} into passive voice|Turn {S} into a passive sentence|"
    "Convert the active sentence to passive|Change the active sentence to the passive voice|"
    "From active to passive|Passive voice|Passive|Write the passive form of {S}|"
    "What is the passive of {S}?|Give the passive of {S}|Change {S} from active to passive voice|"
    "Rewrite {S} using the passive voice|Convert to passive voice|Rewrite in passive voice"
)
ACTIVE = (
    (PASSIVE.replace("passive", "\0").replace("active", "passive").replace("\0", "active"))
    .replace("Passive", "Active")
    .replace("a active", "an active")
)


def passive(w: Writer) -> Task:
    tense = w.tense()
    clause = w.clause(tense, thing=True)
    return Task(PASSIVE, clause.say(tense), clause.passive(tense))


def active(w: Writer) -> Task:
    tense = w.tense()
    clause = w.clause(tense, thing=True)
    return Task(ACTIVE, clause.passive(tense, by_last=w.chance(0.3)), clause.say(tense))


def being(w: Writer) -> tuple[str, str, str, str]:
    """A sentence with "be", and its denial, question and past."""
    (who, plural_, _), how = w.quality()
    is_, was = ("are", "were") if plural_ else ("is", "was")
    is_ = "am" if who == "I" else is_
    was = "was" if who == "I" else was
    if w.chance(0.2):
        noun = w.noun()
        how = plural(noun) if plural_ else f"{'an' if noun[0] in VOWELS else 'a'} {noun}"
    end = w.one_of(["", "", w.place(), w.one_of(["today", "now", "this week"])])
    return (
        sentence(who, is_, how, end),
        sentence(who, is_, "not", how, end),
        sentence(is_, who, how, end, end="?"),
        sentence(who, was, how, end),
    )


NEGATIVE = into("negative", "negative form") + (
    "|Make {S} negative|Make {S} negative with 'not'|Negate {S}|Add 'not' to {S}|Deny {S}|"
    "Turn {S} into a negative sentence|Turn {S} into a negative|Say that {S} is not so|"
    "Say that this is not so|Say the opposite with 'not'|Use 'not' in {S}|Put 'not' into {S}|"
    "Rewrite {S} with 'not'|Make a negative sentence|Change {S} to say that it is not so|"
    "Say that it is not true|Negative, please|Make {S} a negative one|Form the negative of {S}"
)
QUESTION = (
    "Turn {S} into a question|Turn {S} into a yes-or-no question|Turn {S} into a yes-no question|"
    "Make {S} a question|Make {S} a yes-no question|Make a question|Make a question of {S}|"
    "Make a question out of {S}|Make a yes-or-no question of {S}|Change {S} into a question|"
    "Change {S} to a yes-or-no question|Change the statement into a question|Ask whether it is so|"
    "Ask whether this is so|Ask if {S} is true|Rewrite {S} as a question|Form a question|"
    "Rewrite the statement as a question|Form a question from {S}|Convert {S} to a question|"
    "Put {S} as a question|Put {S} into the form of a question|Question form, please|"
    "Write {S} as a question|Express {S} as a question|Rewrite as a question|Ask it as a question"
)


def negative(w: Writer) -> Task:
    if w.chance(0.2):
        plain, no, _, _ = being(w)
        return Task(NEGATIVE, plain, no)
    tense = w.tense()
    clause = w.clause(tense)
    return Task(NEGATIVE, clause.say(tense), clause.negative(tense))


def question(w: Writer) -> Task:
    if w.chance(0.2):
        plain, _, asked, _ = being(w)
        return Task(QUESTION, plain, asked)
    tense = w.tense()
    clause = w.clause(tense)
    return Task(QUESTION, clause.say(tense), clause.question(tense))


PAST = into("past", "past tense", "simple past", "past simple") + (
    "|Change the verb to the past tense|Change the verb of {S} to the past|Past tense|"
    "Tell {S} as something that has already happened|Make {S} past tense|Tell it in the past|"
    "Say that {S} happened before|Move {S} from the present to the past|Past tense, please|"
    "What is the past tense of {S}?|It happened before. Say it so|Rewrite in past tense"
)
FUTURE = into("future", "future tense", "future with 'will'") + (
    "|Tell {S} as something that will happen|Use 'will' in {S}|Tell {S} with 'will'|"
    "Say that {S} will happen|Put {S} into the future, using 'will'|Future tense, please|"
    "Change the verb to the future|Make {S} future tense|It has yet to happen. Say it so|"
    "Move {S} from the present to the future|Rewrite with 'will'|Rewrite in future tense"
)
PRESENT = into("present", "present tense", "simple present") + "|It happens now. Say it so"


def tense(w: Writer) -> Task:
    """From one tense into another; a time that would not fit the new one is left out."""
    if w.chance(0.1):
        plain, _, _, was = being(w)
        return Task(PAST, plain, was)
    old, new = w.one_of(
        [("present", "past")] * 5
        + [("present", "future")] * 4
        + [("past", "future"), ("past", "present"), ("future", "past"), ("future", "present")]
    )
    clause = w.clause(old)
    # A time stays as it is, as in the records: it is the verb that is asked for.
    if old != "present":
        clause = clause._replace(tail=w.one_of(["", w.place(), w.manner(old)]))
    wordings = {"past": PAST, "future": FUTURE, "present": PRESENT}[new]
    return Task(wordings, clause.say(old), clause.say(new))


PLURAL_SUBJECT = (
    "Make the subject plural|Make the subject of {S} plural|Rewrite {S} with its subject in the "
    "plural|Put the subject into the plural|Put the subject of {S} in the plural|Change the subject"
    " to the plural|Change the subject of {S} from one to many|More than one does it. Rewrite {S}|"
    "Put the subject into the plural and change the verb to match|Use a plural subject|"
    "Let more than one do it|Change the subject from singular to plural|Rewrite with a plural "
    "subject|Make {S} plural"
)


def number(w: Writer) -> Task:
    """The subject in the plural, or in the singular, with its verb."""
    tense = w.one_of(("present", "present", "present", "past"))
    clause = w.clause(tense)
    noun = w.noun()
    article = w.one_of("the|the|the|the|my|our|his")
    one = clause._replace(subject=Subject(f"{article} {noun}", False, ""))
    many = clause._replace(subject=Subject(f"{article} {plural(noun)}", True, ""))
    if w.chance(0.8):
        return Task(PLURAL_SUBJECT, one.say(tense), many.say(tense))
    wordings = PLURAL_SUBJECT.replace("plural", "singular").replace("one to many", "many to one")
    wordings = "|".join(
        each
        for each in wordings.split("|")
        if "ore than one" not in each and "singular to singular" not in each
    )
    return Task(wordings, many.say(tense), one.say(tense))


def agreement(w: Writer) -> Task:
    clause = w.clause("present")
    while clause.subject.text == "I":
        clause = w.clause("present")
    if w.chance(0.2):
        who, how = w.quality()
        right, wrong = ("are", "is") if who.plural else ("is", "are")
        right, wrong = ("am", "is") if who.text == "I" else (right, wrong)
        text, answer = sentence(who.text, wrong, how), sentence(who.text, right, how)
    else:
        wrong = clause.verb.third if clause.subject.plural else clause.verb.base
        rest = (clause.object.text, clause.tail)
        text = sentence(clause.subject.text, clause.often, wrong, *rest)
        answer = clause.say("present")
    return Task(
        "Correct the verb|Correct the verb in {S}|Find and mend the mistake in the verb|Fix the "
        "verb|Make the verb agree with its subject|The verb is wrong. Correct it|Correct {S}|"
        "Correct the grammar|Fix the mistake in {S}|The verb does not agree with its subject|"
        "Change the verb so that it fits|One verb is wrong. Correct it|Correct the grammar of "
        "{S}|Put right "
        "the verb in {S}|What is the right form of {S}?",
        text,
        answer,
    )


def pronoun(w: Writer) -> Task:
    """He, she, it or they for the subject; a name's is known only for well-known names."""
    tense = w.tense()
    clause = w.clause(tense)
    kind = w.draw.random()
    if kind < 0.5:
        name, he = w.one_of(facts.PEOPLE)
        clause = clause._replace(subject=Subject(name, False, he))
    else:
        subject = clause.subject
        while not subject.plural or subject.text in PRONOUNS:
            subject = w.somebody()
        clause = clause._replace(subject=subject._replace(pronoun="they"))
    said = clause._replace(subject=clause.subject._replace(text=clause.subject.pronoun))
    return Task(
        "Replace the subject with a pronoun|Put a pronoun in place of the subject|Replace the "
        "subject with 'he', 'she' or 'they'|Use 'he', 'she' or 'they' for the subject|Rewrite {S} "
        "with a pronoun|Change the subject to a pronoun|Use a pronoun for the subject of {S}|"
        "Rewrite {S} with a pronoun as its subject|Replace the name with a pronoun",
        clause.say(tense),
        said.say(tense),
    )


def order(w: Writer) -> Task:
    clause = w.clause("future")._replace(often="")
    must = w.one_of("must|should|have to|need to|ought to|must not|should not")
    return Task(
        "Turn {S} into a command|Make {S} a command|Say {S} as an order|Rewrite {S} as a command|"
        "Give the order|Put {S} into the imperative|Change {S} into an order|Use the imperative|"
        "Rewrite {S} as an order|Make a command|Say the same as a command|Turn {S} into an order",
        sentence("you", must, clause.rest()),
        clause.order("not" in must),
    )


SHORT = {
    "do not": "don't", "does not": "doesn't", "did not": "didn't", "will not": "won't",
    "cannot": "can't", "must not": "mustn't", "could not": "couldn't", "should not": "shouldn't",
    "would not": "wouldn't", "is not": "isn't", "are not": "aren't", "was not": "wasn't",
    "were not": "weren't", "has not": "hasn't", "have not": "haven't",
}  # fmt: skip


def short_form(w: Writer) -> Task:
    """Contractions with "not", and back."""
    if w.chance(0.15):
        _, text, _, _ = being(w)
    else:
        tense = w.tense()
        text = w.clause(tense).negative(tense)
    full = next((each for each in SHORT if f" {each} " in text), None)
    if full is None:  # "I am not", "may not"
        return short_form(w)
    short = text.replace(f" {full} ", f" {SHORT[full]} ")
    if w.chance(0.75):
        return Task(
            f"Use the short form of '{full}'|Rewrite {{S}} with a contraction|Use a contraction|"
            f"Write '{full}' in its short form|Shorten '{full}'|Contract '{full}' in {{S}}|"
            "Shorten {S} with an apostrophe|Say it the short way|Make a contraction in {S}|"
            "Rewrite {S} with a short form",
            text,
            short,
        )
    return Task(
        "Write the contraction out in full|Rewrite {S} without a contraction|Use the full form|"
        "Write {S} without an apostrophe|Expand the contraction in {S}",
        short,
        text,
    )


def reported(w: Writer) -> Task:
    name, he = w.one_of(facts.PEOPLE) if w.chance(0.6) else ("", "")
    subject = Subject(name, False, he)
    while not subject.pronoun or subject.text in PRONOUNS:
        subject = w.somebody()
    i = Subject("we" if subject.plural else "I", True, "")
    kind = w.one_of(("present", "present", "future", "can", "progressive"))
    clause = w.clause("present")._replace(subject=i, modal="can", often="")
    if kind == "progressive":
        am, was = ("are", "were") if subject.plural else ("am", "was")
        said, told = f"{am} {clause.verb.ing}", f"{was} {clause.verb.ing}"
    else:
        b = clause.verb.base
        said, told = {
            "present": (b, clause.verb.past),
            "future": (f"will {b}", f"would {b}"),
            "can": (f"can {b}", f"could {b}"),
        }[kind]
    rest = (clause.object.text, clause.tail)
    return Task(
        "Rewrite {S} with 'said that'|Put {S} into reported speech|Change {S} to indirect speech|"
        "Report these words with 'that'|Put the words into reported speech with 'that'|Tell what "
        "was said|Rewrite in reported speech|Rewrite with 'said that'|Use reported speech|"
        "Turn the direct speech into indirect speech|Change the direct speech to reported speech",
        capital(f'{subject.text} said, "{sentence(i.text, said, *rest)}"'),
        sentence(subject.text, "said that", subject.pronoun, told, *rest),
    )


def join(w: Writer) -> Task:
    tense = w.one_of(("past", "past", "present", "future"))
    first, second = w.clause(tense), w.clause(tense)
    second = second._replace(tail="" if second.object.text else second.tail)
    word = w.one_of("while|before|after|when|because|because|and|and|but|so|or|until|although")
    comma = "," if word in ("but", "so") else ""
    text = f"{first.say(tense)} {second.say(tense)}"
    answer = f"{first.say(tense)[:-1]}{comma} {word} {inner(second, second.say(tense))}"
    return Task(
        f"Join the two sentences with '{word}'|Join the sentences with '{word}'|Connect these with "
        f"'{word}'|Combine the sentences using '{word}'|Make one sentence, using '{word}'|"
        f"Put '{word}' between the sentences|Use '{word}' to join these sentences|Combine the two "
        f"sentences with '{word}'|Make one sentence with '{word}'|Connect the sentences with "
        f"'{word}'|Link the two sentences with the word '{word}'",
        text,
        answer,
    )


def inner(clause: Clause, text: str) -> str:
    """A sentence as it goes on after "because": a name or "I" keeps its capital."""
    first = clause.subject.text
    return text if first[0].isupper() else text[0].lower() + text[1:]


REPLACE = (
    "Replace '{old}' with '{new}'|Replace '{old}' with '{new}' in {S}|Replace {old} with {new}|"
    "Change '{old}' to '{new}'|Change '{old}' to '{new}' in {S}|Put '{new}' in place of '{old}'|"
    "Write {S} with '{new}' instead of '{old}'|Use '{new}' instead of '{old}'|Replace the words "
    "'{old}' by '{new}'|Copy {S}, but write '{new}' for '{old}'|Rewrite {S} with '{new}' instead "
    "of '{old}'|Say '{new}', not '{old}'|Swap '{old}' for '{new}'|Substitute '{new}' for '{old}'|"
    "It was not '{old}' but '{new}'. Rewrite {S}|Write '{new}' where it says '{old}'"
)


def replace(w: Writer) -> Task:
    """Any part of the sentence, of several words or of one, by another of its kind."""
    while True:
        tense = w.tense()
        clause = w.clause(tense)
        other = w.clause(tense)
        text = clause.say(tense)
        part = w.one_of(("subject", "subject", "object", "noun", "tail", "word"))
        if part == "subject":
            if clause.subject.plural != other.subject.plural or "I" in (
                clause.subject.text,
                other.subject.text,
            ):
                continue
            old, new = clause.subject.text, other.subject.text
            answer = clause._replace(subject=other.subject).say(tense)
        elif part == "object" and clause.object.text and other.object.text:
            old, new = clause.object.text, other.object.text
            answer = clause._replace(object=other.object).say(tense)
        elif part == "tail" and clause.tail and other.tail:
            old, new = clause.tail, other.tail
            answer = clause._replace(tail=other.tail).say(tense)
        else:
            old = w.one_of(text[:-1].split())
            new = w.name() if old[0].isupper() else w.lexicon.word(w.draw)
            if old.lower() in ("the", "my", "our", "a", "an", "his", "her", "i"):
                continue
            answer = re.sub(rf"\b{re.escape(old)}\b", new, text)
        if old != new and len(re.findall(rf"\b{re.escape(old)}\b", text, re.IGNORECASE)) == 1:
            wording = w.one_of(REPLACE).replace("{old}", old).replace("{new}", new)
            return Task(wording, text, capital(answer))


def tidy(w: Writer) -> Task:
    """Capital letters and end marks."""
    tense = w.tense()
    clause = w.clause(tense)
    while re.search("[A-Z]", clause.say(tense)[1:]):
        clause = w.clause(tense)
    answer = clause.question(tense) if w.chance(0.4) else clause.say(tense)
    return Task(
        "Add the capital letters and the mark at the end|Put in capital letters and a period|Put in"
        " the capitals and the end mark|Write {S} with its capital letter and end mark|Correct the "
        "capital letters and the end mark|Add the punctuation|Add punctuation and a capital letter|"
        "Punctuate {S}|Correct the punctuation of {S}|Add what is missing: capitals and end mark",
        answer[:-1].lower(),
        answer,
    )


def owner(w: Writer) -> Task:
    """The crown of the king: the king's crown."""
    many = w.chance(0.25)
    who = plural(w.noun()) if many else w.noun()
    who = w.name() if w.chance(0.3) else f"{w.one_of('the|the|the|my|our')} {who}"
    thing = w.noun()
    several = w.chance(0.4)
    thing = plural(thing) if several else thing
    be = w.one_of(("are", "were") if several else ("is", "was"))
    rest = w.one_of([w.quality()[1], w.quality()[1], w.place()])
    whose = who + ("'" if who.endswith("s") else "'s")
    return Task(
        "Rewrite {S} with an apostrophe instead of 'of'|Use an apostrophe to show the owner|"
        "Put the owner first|Put the owner first, with an apostrophe|"
        "Change the 'of' phrase to a possessive|Use the possessive form|Rewrite {S} with a "
        "possessive|Say it without 'of'",
        sentence("the", thing, "of", who, be, rest),
        sentence(whose, thing, be, rest),
    )


# --- Questions about a text ---


def told(w: Writer) -> Task:
    """Who, what, where, when and why, answered out of a text of one to four sentences."""
    count = w.one_of((1, 1, 2, 2, 3))
    clauses = [w.clause("past")._replace(often="") for _ in range(count)]
    at = w.draw.randrange(count)
    kind = w.one_of("who|who|who|who|what|what|where|when|why")
    asked = clauses[at]
    bare = asked._replace(tail="")
    if kind in ("who", "what"):
        if kind == "what" and not asked.object.text:
            asked = bare = asked._replace(object=w.something())
        asked = asked if asked.object.text else asked._replace(tail=w.place())
        if w.chance(0.5) and asked.object.text:
            asked = asked._replace(tail="")
        short = asked._replace(tail="") if asked.object.text else asked
        if kind == "who":
            question = f"who {asked.verb.past} {asked.object.text or asked.tail}?"
        else:
            question = f"what did {asked.subject.text} {asked.verb.base}?"
        answer = short.say("past")
    else:
        end = {"where": w.place(), "when": w.time("past")}.get(kind)
        if kind == "why":
            reason = w.clause("past")._replace(tail="")
            end = f"because {inner(reason, reason.say('past'))[:-1]}"
        asked = asked._replace(tail=end if asked.object.text or kind != "where" else w.place())
        question = f"{kind} did {asked.subject.text} {bare.rest()}?"
        answer = asked.say("past")
    clauses[at] = asked
    if any(each.verb == asked.verb for i, each in enumerate(clauses) if i != at):
        return told(w)
    text = " ".join(each.say("past") for each in clauses)
    wordings = (
        f"{capital(question)}|{capital(question)}|{capital(question)}|Read the story and answer: "
        f"{question}|Read the text and answer: {question}|Answer from the text: {question}|"
        f"{capital(question)} Look in the text|Use the text to answer: {question}|Answer the "
        f"question. {capital(question)}|Find in the text {question[:-1]}|"
        f"{capital(question)} The text says it|Read and answer: {question}|Tell me {question[:-1]}"
    )
    return Task(wordings, text, answer)


def found(w: Writer) -> Task:
    """The sentence of a text that has a certain word in it."""
    tense = w.tense()
    clauses = [w.clause(tense, thing=True) for _ in range(w.one_of((2, 2, 3, 4)))]
    asked = w.draw.choice(clauses)
    text = " ".join(each.say(tense) for each in clauses)
    part = w.one_of([asked.object.text, asked.object.text, asked.subject.text])
    part = w.one_of([part, part.split()[-1]])
    if len(re.findall(rf"\b{re.escape(part)}\b", text, re.IGNORECASE)) != 1:
        return found(w)
    return Task(
        f"Copy the sentence with '{part}'|Which sentence has '{part}' in it?|Find the sentence "
        f"about '{part}'|Write only the sentence that has '{part}'|Where does it say '{part}'?|"
        f"Repeat the one with '{part}'|Read it and copy what it says of '{part}'",
        text,
        asked.say(tense),
    )


def beside(w: Writer) -> Task:
    """The word before or after another one, in a sentence or in a list."""
    tense = w.tense()
    if w.chance(0.5):
        text = w.clause(tense).say(tense)
        list_ = text[:-1].split()
    else:
        list_ = words(w, w.one_of((3, 4, 5, 6)))
        text = ", ".join(list_)
    at = w.draw.randrange(len(list_) - 1)
    one, other = list_[at : at + 2]
    if len(set(list_)) < len(list_):
        return beside(w)
    end, given, answer = w.one_of([("before", other, one), ("after", one, other)])
    return Task(
        f"Which word stands {end} '{given}'?|What comes {end} '{given}'?|The word {end} '{given}'|"
        f"Find the word {end} '{given}'|Which word is just {end} '{given}'?",
        text,
        w.one_of([f"'{answer}'", f"{answer}", f"It is '{answer}'."]),
    )


# --- Copying ---


def words(w: Writer, count: int) -> list[str]:
    made: list[str] = []
    while len(made) < count:
        word = w.noun() if w.chance(0.5) else w.lexicon.word(w.draw)
        if word not in made:
            made.append(word)
    return made


def copy(w: Writer) -> Task:
    kind = w.draw.random()
    if kind < 0.5:
        tense = w.tense()
        text = w.clause(tense).say(tense)
    elif kind < 0.8:
        text = w.one_of([", ", ", ", " "]).join(words(w, w.one_of((1, 2, 3, 4, 5, 6))))
    else:
        text = spaced(*(w.name() for _ in range(w.one_of((1, 2, 3)))))
    return Task(
        "Repeat {S}|Repeat|Repeat after me|Copy {S}|Copy {S} exactly|Copy it|Say {S} again|Say this"
        " again|Say it again|Write {S} again|Write the same again|Write down {S}|Repeat these "
        "words|Repeat exactly|Write the same sentence again|The same once more|Echo {S}|Say",
        text,
        text,
    )


def alphabet(w: Writer) -> Task:
    """In the order of the first letters, which differ; mostly real words."""
    by_letter: dict[str, str] = {}
    count = w.one_of((3, 3, 4, 4, 5))
    while len(by_letter) < count:
        word = w.draw.choice(w.lexicon.nouns) if w.chance(0.8) else w.noun()
        by_letter[word[0]] = word
    list_ = list(by_letter.values())
    w.draw.shuffle(list_)
    if w.chance(0.2):
        return Task(
            f"Which letter does '{list_[0]}' begin with?|What is the first letter of '{list_[0]}'?|"
            f"The first letter of '{list_[0]}'|'{list_[0]}' begins with ...?",
            "",
            f"'{list_[0]}' begins with {list_[0][0]}.",
        )
    if w.chance(0.6):
        return Task(
            "Put these words in alphabetical order|Sort the words alphabetically|Put these words in"
            " the order of the alphabet|Arrange the words from A to Z|Sort from A to Z|Sort this "
            "list by the alphabet|Write the words in alphabetical order|Order these words "
            "alphabetically|Sort the list|As in a dictionary, please|Alphabetize",
            ", ".join(list_),
            ", ".join(sorted(list_)),
        )
    end, word = w.one_of([("first", min(list_)), ("last", max(list_))])
    return Task(
        f"Which word comes {end} in the alphabet|Which of these words comes {end} in the alphabet|"
        f"Find the word that is {end} by the alphabet|By the alphabet, which word comes {end}|"
        f"Which word stands {end} in a dictionary|Choose the word that comes {end} in alphabetical "
        "order",
        listed(list_, "or"),
        w.one_of([f"'{word}' is {end}.", f"The word '{word}' comes {end}."]),
    )


def mixed_up(w: Writer) -> Task:
    """Words put in order again: a subject with "the", a verb in the past, an object."""
    clause = Clause(
        Subject(w.one_of([f"the {w.noun()}", w.name()]), False, ""),
        w.lexicon.verb(w.draw),
        Subject(f"the {w.noun()}", False, ""),
        "",
    )
    text = clause.say("past")
    parts = [*clause.subject.text.split(), clause.verb.past, *clause.object.text.split()]
    if clause.subject.text.startswith("the ") and w.chance(0.6):
        # Who does it and to what is told by nothing but sense, except with a pronoun.
        clause = clause._replace(subject=Subject(w.one_of("he|she|I|we|they"), False, ""))
        text = clause.say("past")
        parts = [*clause.subject.text.split(), clause.verb.past, *clause.object.text.split()]
    w.draw.shuffle(parts)
    return Task(
        "Put the words in order|Put the words in order to make a sentence|Make a sentence of these "
        "words|Unscramble the sentence|The words are mixed up. Write the sentence|Use all these "
        "words to build a sentence|Set the words right|Build a sentence",
        w.one_of([" / ", " / ", ", ", " "]).join(parts),
        text,
    )


def counted(w: Writer) -> Task:
    if w.chance(0.6):
        tense = w.tense()
        text = w.clause(tense).say(tense)
        count = len(text.split())
        answer = w.one_of([f"The sentence '{text}' has {count} words.", f"{count} words."])
        wordings = (
            "How many words are in {S}?|Count the words of {S}|Count the words|How many words does "
            "{S} have?|Tell me the number of words in {S}|Say how many words {S} has"
        )
        return Task(wordings, text, answer)
    list_ = words(w, w.draw.randint(2, 9))
    return Task(
        "How many words are there?|Count the words|How long is the list?|Count them|How many?",
        ", ".join(list_),
        f"{len(list_)} words.",
    )


def compound(w: Writer) -> Task:
    one, other = w.lexicon.word(w.draw), w.lexicon.word(w.draw)
    if w.chance(0.6):
        one, other = w.one_of(facts.COMPOUNDS)
    return Task(
        f"Join '{one}' and '{other}' into one word|Make one word of '{one}' and '{other}'|Put "
        f"'{one}' and '{other}' together|Write '{one}' and '{other}' as one word|Which word do "
        f"'{one}' and '{other}' make?|Combine '{one}' and '{other}'|"
        f"What is '{one}' plus '{other}'?",
        "",
        w.one_of([f"The word is '{one}{other}'.", f"{one}{other}", f"'{one}{other}'."]),
    )


def form_of(w: Writer) -> Task:
    """One form of a single word: plurals and verbs."""
    verb = w.lexicon.verb(w.draw)
    noun = w.one_of(facts.PLURALS) if w.chance(0.4) else None
    one, many = noun or (lambda n: (n, plural(n)))(w.noun())
    kind = w.draw.random()
    if kind < 0.6:
        return Task(
            f"What is the plural of '{one}'?|What is the plural of {one}?|Give the plural of "
            f"'{one}'|Plural of {one}?|Write '{one}' in the plural|One {one}, two ...?|How do you "
            f"write more than one '{one}'?|The plural of {one}|"
            f"Put the noun '{one}' into the plural",
            "",
            w.one_of([f"The plural of '{one}' is '{many}'."] * 3 + [f"{capital(many)}."]),
        )
    if kind < 0.7:
        return Task(
            f"What is the singular of '{many}'?|Give the singular of '{many}'|One of the {many} is"
            " called ...?",
            "",
            f"The singular of '{many}' is '{one}'.",
        )
    name, form = w.one_of(
        [
            ("past tense", verb.past),
            ("past", verb.past),
            ("past participle", verb.participle),
            ("-ing form", verb.ing),
        ]
    )
    return Task(
        f"What is the {name} of '{verb.base}'?|What is the {name} of {verb.base}?|Give the {name} "
        f"of '{verb.base}'|Write the {name} of the verb '{verb.base}'",
        "",
        f"The {name} of '{verb.base}' is '{form}'.",
    )


# --- What must be known ---


def asked(w: Writer) -> Task:
    """Opposites, capitals, sums and the like, out of the tables."""
    ask = w.one_of(facts.ASKED)
    wordings, text, answer = ask(w)
    return Task(wordings, text, answer)


def simile(w: Writer) -> Task:
    """A comparison of what was only called "very" something."""
    quality, thing = w.one_of(facts.SIMILES)
    who = w.somebody()
    while who.text in PRONOUNS:
        who = w.somebody()
    be = "are" if who.plural else "is"
    return Task(
        "Rewrite {S} using a simile|Rewrite {S} with a simile|Use a simile|Say it with a simile|"
        "Use a comparison with 'as'|Turn {S} into a simile|Put a simile into {S}",
        sentence(who.text, be, w.one_of(["very ", "very ", "", "really "]) + quality),
        sentence(who.text, be, f"as {quality} as {thing}"),
    )


# A lesson, and how often it comes.
LESSONS: dict[Lesson, int] = {
    passive: 12, active: 10, negative: 9, question: 9, tense: 16, number: 8, agreement: 5,
    pronoun: 4, order: 4, short_form: 4, reported: 4, join: 5, replace: 26, tidy: 3, owner: 4,
    told: 32, found: 10, beside: 8, copy: 12, alphabet: 9, mixed_up: 6, counted: 4, compound: 2,
    form_of: 12, asked: 64, simile: 2,
}  # fmt: skip


# --- The form of a prompt ---

THESE = (
    "this sentence|this sentence|the sentence|the sentence|the following sentence|this|it|"
    "the sentence below|the following|the given sentence"
)
# With a text and without one; and how often each form comes.
FORMS = (
    ("## Task\n{task}\n\n## Text\n{text}\n\n## Answer\n", 6),
    ("Task:\n{task}\n\nText:\n{text}\n\nAnswer:\n", 4),
    ("Task: {task}\nText: {text}\nAnswer:\n", 3),
    ("{task}\n{text}\n", 3),
    ("Teacher: {task} {text}\nPupil:\n", 1),
)
TEXT = re.compile(r"(## Text\n\{text\}\n\n|Text:\s\{text\}\n+|\n\{text\}| \{text\})")


def worded(w: Writer, task: Task) -> tuple[str, str]:
    """The instruction and the input of a task, in one of its wordings and of many shapes."""
    wording, text = w.one_of(task.wordings), task.text
    question = wording.endswith("?")
    if text and text.count(". ") == 0 and "," not in text:
        if text.endswith(".") and w.chance(0.1):
            text = text[:-1]
        if re.match("(The|My|Our|She|He|They|We|A|An) ", text) and w.chance(0.08):
            text = text[0].lower() + text[1:]
    if "{S}" in wording and (w.chance(0.06) or (question and w.chance(0.5))):
        mark = w.one_of(("'", '"'))
        wording, text = wording.replace("{S}", f"{mark}{text}{mark}"), ""
    wording = wording.replace("{S}", w.one_of(THESE))
    kind = w.draw.random()
    if kind < 0.05 and not question:
        wording = f"Please {wording[0].lower()}{wording[1:]}"
    elif kind < 0.1 and "'" not in wording:
        wording = wording[0].lower() + wording[1:]
    full = wording if question else wording + w.one_of([".", ".", ".", ""])
    if not text:
        return full, ""
    shape = w.draw.random()
    colon = (wording if w.chance(0.6) else wording[:-1] + ":") if question else wording + ":"
    if shape < 0.38:
        return f"{colon} {text}", ""
    if shape < 0.5:
        return f"{colon} '{text}'", ""
    if shape < 0.57 and '"' not in text:
        return f'{colon} "{text}"', ""
    if shape < 0.6:
        return f"{colon}\n{text}", ""
    if shape < 0.65:
        return f"{wording}{'' if question else '.'} {text}", ""
    if shape < 0.7 and text.endswith((".", "?", '"')):
        return f"{text} {full}", ""
    return full, text


def sentences(text: str) -> set[str]:
    """What stands between marks, in small letters and without quotation marks, of four words or
    more."""
    parts = re.split(r"[.?!:;\n]", text.lower())
    found = (" ".join(re.findall(r"[a-z0-9]+(?:'[a-z]+)?", part)) for part in parts)
    return {part for part in found if part.count(" ") >= 3}


LECTURE = "The chef cooks the meal every day. The car is very fast."


def record_sentences() -> set[str]:
    """Every sentence of the bundled records that is in one record only, and the lecture's.

    What stands in several records is the wording of a task; what stands in one is what the task is
    about, or its answer.
    """
    counts: Counter[str] = Counter()
    for record in json.loads(BUNDLED.read_text(encoding="utf-8")):
        counts.update(sentences("\n".join(list(record.values())[1:])))
    return {text for text, count in counts.items() if count == 1} | sentences(LECTURE)


class Lessons:
    """Prompt and answer, prompt and answer, without end; the same ones for the same seed."""

    def __init__(self, lexicon: Lexicon, seed: int) -> None:
        self.writer = Writer(lexicon, random.Random(seed))
        self.taken = record_sentences()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        while True:
            (lesson,) = self.writer.draw.choices(list(LESSONS), list(LESSONS.values()))
            yield from self.written(lesson)

    def written(self, lesson: Lesson) -> Iterator[tuple[str, str]]:
        """One lesson; none, where it has a sentence of a record."""
        task = lesson(self.writer)
        instruction, text = worded(self.writer, task)
        if not sentences(f"{instruction}\n{text}\n{task.answer}") & self.taken:
            yield self.prompt(instruction, text), task.answer

    def prompt(self, instruction: str, text: str) -> str:
        w = self.writer
        (form,) = w.draw.choices([form for form, _ in FORMS], [weight for _, weight in FORMS])
        form = form if text else TEXT.sub("", form, count=1)
        return form.format(task=instruction, text=text)
