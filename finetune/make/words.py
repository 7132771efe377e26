"""Words without end: the open vocabulary that the lessons are filled from.

A model that meets the same few hundred words in every lesson learns the words. One that never
meets a word twice can only learn what is done with it. So the words come from three sources: all
the words of the books, sorted roughly into nouns, verbs, adjectives and names by how the books use
them; inventions that can be pronounced (blick, blicks, blicked); and pieces of the tokenizer's
vocabulary, joined at random.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

VOWELS = "aeiou"


class Verb(NamedTuple):
    base: str
    third: str
    past: str
    participle: str
    ing: str


# Base, past, participle. Complete for common English; a verb with one form for all three ("cut")
# is here too, and so are the regular ones that would be spelled wrongly by the rules below.
IRREGULAR = (
    "arise arose arisen, awake awoke awoken, bear bore borne, beat beat beaten, become became "
    "become, begin began begun, bend bent bent, bet bet bet, bind bound bound, bite bit bitten, "
    "bleed bled bled, blow blew blown, break broke broken, breed bred bred, bring brought brought, "
    "build built built, burst burst burst, buy bought bought, catch caught caught, choose chose "
    "chosen, cling clung clung, come came come, cost cost cost, creep crept crept, cut cut cut, "
    "deal dealt dealt, dig dug dug, do did done, draw drew drawn, drink drank drunk, drive drove "
    "driven, eat ate eaten, fall fell fallen, feed fed fed, feel felt felt, fight fought fought, "
    "find found found, flee fled fled, fling flung flung, fly flew flown, forbid forbade "
    "forbidden, forget forgot forgotten, forgive forgave forgiven, freeze froze frozen, get got "
    "gotten, give gave given, go went gone, grind ground ground, grow grew grown, hang hung hung, "
    "have had had, hear heard heard, hide hid hidden, hit hit hit, hold held held, hurt hurt hurt, "
    "keep kept kept, kneel knelt knelt, know knew known, lay laid laid, lead led led, leave left "
    "left, lend lent lent, let let let, lie lay lain, light lit lit, lose lost lost, make made "
    "made, mean meant meant, meet met met, mistake mistook mistaken, overcome overcame overcome, "
    "overtake overtook overtaken, pay paid paid, put put put, quit quit quit, read read read, "
    "rebuild rebuilt rebuilt, repay repaid repaid, rewrite rewrote rewritten, ride rode ridden, "
    "ring rang rung, rise rose risen, run ran run, say said said, see saw seen, seek sought "
    "sought, sell sold sold, send sent sent, set set set, sew sewed sewn, shake shook shaken, "
    "shed shed shed, shine shone shone, shoot shot shot, show showed shown, shrink shrank shrunk, "
    "shut shut shut, sing sang sung, sink sank sunk, sit sat sat, sleep slept slept, slide slid "
    "slid, sling slung slung, slit slit slit, sow sowed sown, speak spoke spoken, spend spent "
    "spent, spin spun spun, split split split, spread spread spread, spring sprang sprung, stand "
    "stood stood, steal stole stolen, stick stuck stuck, sting stung stung, stink stank stunk, "
    "strike struck struck, string strung strung, swear swore sworn, sweep swept swept, swim swam "
    "swum, swing swung swung, take took taken, teach taught taught, tear tore torn, tell told "
    "told, think thought thought, throw threw thrown, understand understood understood, undo "
    "undid undone, upset upset upset, wake woke woken, wear wore worn, weave wove woven, weep wept "
    "wept, win won won, wind wound wound, withdraw withdrew withdrawn, wring wrung wrung, write "
    "wrote written, visit visited visited, open opened opened, offer offered offered, answer "
    "answered answered, order ordered ordered, deliver delivered delivered, gather gathered "
    "gathered, water watered watered, listen listened listened, happen happened happened, cancel "
    "canceled canceled, travel traveled traveled, develop developed developed, limit limited "
    "limited, edit edited edited, admit admitted admitted, permit permitted permitted, prefer "
    "preferred preferred, refer referred referred, control controlled controlled, commit committed "
    "committed, regret regretted regretted, occur occurred occurred, equip equipped equipped, "
    "travel traveled traveled, discover discovered discovered, remember remembered remembered"
)
IRREGULAR_FORMS = {row.split()[0]: row.split()[1:] for row in IRREGULAR.split(", ")}
# Of these, the verbs that take no object, so that they are not turned into a passive.
INTRANSITIVE = {
    "arise", "awake", "become", "cling", "come", "creep", "fall", "flee", "go", "happen", "kneel",
    "lie", "listen", "occur", "rise", "sit", "sleep", "stink", "travel", "weep",
}  # fmt: skip
IRREGULAR_NOUNS = dict(
    row.split()
    for row in [
        "child children",
        "foot feet",
        "tooth teeth",
        "mouse mice",
        "goose geese",
        "woman women",
        "man men",
        "ox oxen",
        "leaf leaves",
        "knife knives",
        "loaf loaves",
        "shelf shelves",
        "thief thieves",
        "wife wives",
        "wolf wolves",
        "half halves",
        "calf calves",
        "life lives",
        "hero heroes",
        "potato potatoes",
        "tomato tomatoes",
        "echo echoes",
        "person people",
        "policeman policemen",
        "fireman firemen",
        "fisherman fishermen",
        "sheep sheep",
        "deer deer",
        "fish fish",
    ]
)


def plural(noun: str) -> str:
    """By the rules of spelling; the irregular ones from their list."""
    if noun in IRREGULAR_NOUNS:
        return IRREGULAR_NOUNS[noun]
    if noun.endswith("y") and noun[-2:-1] not in VOWELS:
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|z|ch|sh)$", noun) else "s")


def _doubled(base: str) -> str:
    """stop → stopp, before -ed and -ing: one vowel, and one consonant at the end."""
    if re.fullmatch(r"[^aeiou]*(qu)?[aeiou][^aeiouwxyh]", base):
        return base + base[-1]
    return base


def regular(base: str) -> Verb:
    """All forms of a regular verb."""
    if base.endswith("e"):
        past = base + "d"
    elif base.endswith("y") and base[-2] not in VOWELS:
        past = base[:-1] + "ied"
    else:
        past = _doubled(base) + "ed"
    return verb(base, past, past)


def forms(base: str) -> Verb:
    """All forms of any verb."""
    irregular = IRREGULAR_FORMS.get(base)
    return verb(base, *irregular) if irregular else regular(base)


def verb(base: str, past: str, participle: str) -> Verb:
    """With the third person and the -ing form, which are regular for nearly all verbs."""
    third = {"have": "has", "go": "goes", "do": "does", "undo": "undoes"}.get(base) or plural(base)
    if base.endswith("ie"):
        ing = base[:-2] + "ying"
    elif base.endswith("e") and base[-2:] not in ("ee", "oe", "ye"):
        ing = base[:-1] + "ing"
    elif past == participle and past.endswith("ed"):
        ing = (past[:-2] if not past.endswith("ied") else base) + "ing"
    else:
        ing = (_doubled(base) if base not in DOUBLED else base + base[-1]) + "ing"
    return Verb(base, third, past, participle, ing)


DOUBLED = {"begin", "forget", "forbid", "upset"}  # the stress is on the end


# What shows that the word before it was a noun: a mark, or a word that goes on after nouns.
AFTER_NOUN = r"[.,;:!?]| (?:of|was|is|in|on|and|to|had|were|at|with|from)\b"


class Lexicon:
    """Words by their kind, counted in books; and the means to make more."""

    def __init__(self, texts: Iterable[str], pieces: Iterable[str]) -> None:
        """`pieces` is a tokenizer's vocabulary, of which the small letters are used."""
        words, nouns, adjectives, objects = Counter(), Counter(), Counter(), Counter()
        names: Counter[str] = Counter()
        for text in texts:
            words.update(re.findall(r"\b[a-z]{3,}\b", text))
            names.update(re.findall(r"(?<=[a-z,] )([A-Z][a-z]{2,})\b", text))
            nouns.update(
                re.findall(rf"\b(?:the|a|an|his|her|my|of) ([a-z]{{3,}})(?={AFTER_NOUN})", text)
            )
            adjectives.update(re.findall(r"\b(?:very|so|too|quite) ([a-z]{3,})(?=[.,;:!?])", text))
            objects.update(re.findall(r"\b([a-z]{3,}) (?:the|a|an|his|my|them|him|it)\b", text))
        closed = set(CLOSED.split())
        self.any = [word for word in words if words[word] >= 2 and word not in closed]
        self.nouns = [
            word
            for word in nouns
            if nouns[word] >= 3
            and plural(word) in words
            and word not in closed
            and not word.endswith(("s", "ing", "ly"))
        ]
        self.names = [
            name
            for name in names
            if names[name] >= 3 and words[name.lower()] < names[name] / 4 and not name.endswith("s")
        ]
        self.adjectives = [
            word
            for word in adjectives
            if adjectives[word] >= 2 and word not in closed and not word.endswith(("ly", "ing"))
        ]
        irregular = [forms(base) for base in IRREGULAR_FORMS]
        known = {form for each in irregular for form in each}
        self.regular_verbs = []
        for word in words:
            made = regular(word)
            if (
                word not in known | closed
                and not word.endswith(("ed", "s"))
                and all(words[form] for form in made)
                and objects[made.past] >= 3
            ):
                self.regular_verbs.append(made)
        self.irregular_verbs = [each for each in irregular if each.base not in INTRANSITIVE]
        self.pieces = [piece for piece in pieces if re.fullmatch(r"[a-z]{2,6}", piece)]
        self.starts = [piece[1:] for piece in pieces if re.fullmatch(r" [a-z]{2,7}", piece)]

    def word(self, draw: random.Random) -> str:
        """A word that need not mean anything: invented, joined from pieces, or any of the books."""
        kind = draw.random()
        if kind < 0.35:
            return invented(draw)
        if kind < 0.75:
            parts = [draw.choice(self.starts)]
            parts += draw.choices(self.pieces, k=draw.choice((0, 1, 1, 1, 2)))
            return "".join(parts)[:12]
        return draw.choice(self.any)

    def noun(self, draw: random.Random) -> str:
        return draw.choice(self.nouns) if draw.random() < 0.5 else self.word(draw).removesuffix("s")

    def name(self, draw: random.Random) -> str:
        """Of somebody, or of a place."""
        return draw.choice(self.names) if draw.random() < 0.5 else self.word(draw).capitalize()

    def adjective(self, draw: random.Random) -> str:
        return draw.choice(self.adjectives) if draw.random() < 0.7 else self.word(draw)

    def verb(self, draw: random.Random) -> Verb:
        """One that takes an object. Many are irregular: these must be known one by one."""
        kind = draw.random()
        if kind < 0.35:
            return draw.choice(self.irregular_verbs)
        if kind < 0.8:
            return draw.choice(self.regular_verbs)
        return regular(self.word(draw).removesuffix("s"))


def invented(draw: random.Random) -> str:
    """One or two syllables."""
    word = ""
    for _ in range(draw.choice((1, 1, 2))):
        word += draw.choice(ONSETS) + draw.choice(NUCLEI) + draw.choice(CODAS)
    return word


ONSETS = [
    "b", "bl", "br", "c", "ch", "cl", "cr", "d", "dr", "f", "fl", "fr", "g", "gl", "gr", "h", "j",
    "k", "kl", "l", "m", "n", "p", "pl", "pr", "qu", "r", "s", "sc", "sh", "sk", "sl", "sm", "sn",
    "sp", "st", "str", "t", "th", "tr", "tw", "v", "w", "wr", "y", "z",
]  # fmt: skip
NUCLEI = ["a", "a", "e", "e", "i", "i", "o", "o", "u", "u", "ai", "ea", "ee", "oa", "oo", "ou"]
CODAS = [
    "", "", "b", "ck", "d", "ff", "g", "k", "l", "ll", "m", "mp", "n", "nd", "ng", "nk", "nt", "p",
    "r", "rk", "rn", "rt", "sh", "sk", "st", "t", "th", "x", "zz",
]  # fmt: skip

# Words of grammar, which are no nouns, verbs or adjectives whatever stands beside them.
CLOSED = (
    "the and for but with not his her its our their your him them she you they who what when where "
    "why how this that these those there here then than all any some one two three more most much "
    "many such own same other another each every both few very too can will would could should "
    "must may might shall have has had was were are been being did does done from into onto upon "
    "over under about after before between through against without within because while until "
    "also only just even still yet now ever never always often again once soon perhaps rather "
    "quite almost nothing something anything everything nobody somebody himself herself itself "
    "themselves myself yourself out off down away back along around behind beyond beside near "
    "which whom whose nor either neither though although however therefore thus hence till"
)
