"""What must be known: facts for the lessons, and how they are asked for.

Lists are comma-separated strings, because they read better than rows of quotation marks. Each
function below asks for one fact: the wordings of the task between bars, what is given, the answer.
"""

from finetune.make.clauses import Writer
from finetune.make.instructions import capital, listed, rows, split
from finetune.make.words import plural

NAMES = {
    "he": "Adam, Albert, Arthur, Bill, Bob, Charles, Daniel, Edward, Eric, Frank, Fred, George, "
    "Harry, Hugh, Jacob, James, Jim, Joe, John, Leo, Mark, Martin, Max, Michael, Ned, Owen, "
    "Ben, David, Henry, Jack, Luke, Oliver, Paul, Peter, Tom, Philip, Ralph, Richard, "
    "Robert, Sam, Simon, Stephen, Theo, Thomas, Tim, Walter, William",
    "she": "Agnes, Alice, Amy, Ann, Bella, Betty, Daisy, Dora, Edith, Ellen, Eva, Fanny, Flora, "
    "Grace, Hannah, Helen, Ida, Jessie, Julia, Kate, Laura, Lily, Louise, Mabel, Margaret, Martha, "
    "Anna, Clara, Emma, Jane, Lucy, Maria, Mary, Nora, Ruth, May, Molly, Nelly, Olga, "
    "Polly, Rosa, Sally, Sarah, Sophie, Susan, Vera, Winnie",
}

OPPOSITES = (
    "big little, hot cold, long short, old young, old new, black white, open shut, up down, "
    "in out, on off, day night, high low, fast slow, happy sad, good bad, right wrong, true false, "
    "hard soft, loud quiet, brave cowardly, sweet bitter, sharp blunt, full empty, early late, "
    "alive dead, begin end, start stop, come go, give take, find lose, love hate, live die, "
    "left right, front back, top bottom, above below, over under, before after, always never, "
    "all none, everything nothing, many few, more less, most least, best worst, better worse, "
    "boy girl, man woman, brother sister, king queen, uncle aunt, father mother, son daughter, "
    "north south, east west, morning evening, heaven earth, lend borrow, teach learn, "
    "build destroy, raise lower, fill empty, tie untie, lock unlock, hide show, speak listen, "
    "ask answer, sit stand, rise fall, float sink, freeze melt, increase decrease, "
    "appear disappear, agree disagree, polite rude, honest dishonest, kind cruel, lucky unlucky, "
    "safe dangerous, easy difficult, simple complicated, cheap dear, clean dirty, tidy untidy, "
    "wet dry, damp dry, fat thin, thick thin, wide narrow, broad narrow, deep shallow, near far, "
    "rough smooth, heavy light, dark light, strong weak, rich poor, wise foolish, clever stupid, "
    "tight loose, guilty innocent, ancient modern, same different, public private, winter summer, "
    "war peace, friend enemy, success failure, pleasure pain, buyer seller, inside outside, "
    "first last, asleep awake, arrive depart, remember forget, laugh cry, push pull, win lose, "
    "cheap expensive, noisy silent, accept refuse, attack defend, arrive leave, absent present"
)

SAME = (
    "begin start, large big, speak talk, ill sick, quick fast, angry cross, tale story, leap jump, "
    "gift present, shout yell, finish end, correct right, glad happy, repair mend, silent quiet, "
    "rush hurry, tiny small, thief robber, forest woods, stone rock, road street, reply answer, "
    "beautiful lovely, brave bold, clever smart, sad unhappy, afraid scared, weary tired, "
    "wealthy rich, strange odd, enormous huge, famous well-known, foolish silly, calm peaceful, "
    "buy purchase, choose pick, close shut, collect gather, cure heal, discover find, gaze stare, "
    "hide conceal, push shove, receive get, sleep slumber, throw toss, vanish disappear, "
    "weep cry, wander roam, journey trip, task job, error mistake, danger peril, house dwelling, "
    "lad boy, autumn fall, center middle, sea ocean, sofa couch, couple pair, reward prize"
)

IRREGULAR_PLURALS = (
    "child children, foot feet, tooth teeth, mouse mice, goose geese, woman women, man men, "
    "ox oxen, leaf leaves, knife knives, loaf loaves, shelf shelves, thief thieves, wife wives, "
    "wolf wolves, half halves, calf calves, life lives, self selves, sheep sheep, deer deer, "
    "fish fish, hero heroes, potato potatoes, tomato tomatoes, echo echoes, piano pianos, "
    "roof roofs, chief chiefs, policeman policemen, fireman firemen, grandchild grandchildren"
)

DEGREES = (
    "good better best, bad worse worst, big bigger biggest, thin thinner thinnest, fat fatter "
    "fattest, hot hotter hottest, wet wetter wettest, sad sadder saddest, flat flatter flattest, "
    "red redder reddest, happy happier happiest, easy easier easiest, busy busier busiest, "
    "lazy lazier laziest, funny funnier funniest, pretty prettier prettiest, dry drier driest, "
    "heavy heavier heaviest, noisy noisier noisiest, hungry hungrier hungriest, early earlier "
    "earliest, dirty dirtier dirtiest, ugly uglier ugliest, merry merrier merriest, angry angrier "
    "angriest, wise wiser wisest, brave braver bravest, late later latest, large larger largest, "
    "nice nicer nicest, safe safer safest, rude ruder rudest, strange stranger strangest, white "
    "whiter whitest, simple simpler simplest, gentle gentler gentlest, near nearer nearest, "
    "tall taller tallest, old older oldest, young younger youngest, small smaller smallest, "
    "long longer longest, short shorter shortest, strong stronger strongest, weak weaker weakest, "
    "fast faster fastest, slow slower slowest, kind kinder kindest, cold colder coldest, warm "
    "warmer warmest, dark darker darkest, light lighter lightest, deep deeper deepest, high higher "
    "highest, low lower lowest, rich richer richest, poor poorer poorest, quick quicker quickest, "
    "soft softer softest, sweet sweeter sweetest, clean cleaner cleanest, green greener greenest"
)

MISSPELLED = (
    "beleive believe, becuase because, freind friend, wensday Wednesday, beautifull beautiful, "
    "tommorow tomorrow, peice piece, thier their, untill until, suprise surprise, allways always, "
    "libary library, intresting interesting, diffrent different, anser answer, iland island, "
    "recieve receive, seperate separate, definately definitely, goverment government, "
    "grammer grammar, ocasion occasion, rythm rhythm, wierd weird, writting writing, "
    "sincerly sincerely, truely truly, foriegn foreign, garantee guarantee, knowlege knowledge, "
    "neccessary necessary, posession possession, prefered preferred, remeber remember, "
    "shedule schedule, speach speech, sucess success, temperture temperature, truble trouble, "
    "wich which, wether whether, adress address, bycicle bicycle, calender calendar, "
    "comming coming, completly completely, dissappear disappear, evry every, famly family, "
    "finaly finally, happyness happiness, imediately immediately, lesure leisure, liesure leisure, "
    "minuit minute, nite night, ofen often, pepole people, quik quick, realy really, sed said, "
    "stoped stopped, thru through, tonite tonight, usualy usually, wher where, brekfast breakfast"
)

RHYMES = (
    "cat hat mat rat bat sat, moon spoon soon noon tune, boat goat coat note float, light kite "
    "night bite white, bear chair hair pear stair, king ring sing wing thing, tree bee sea key "
    "knee, mouse house blouse, cake lake snake make, ball wall tall fall, bed red head bread, rain "
    "train chain cane, fox box socks rocks, sheep sleep deep heap, pig wig dig big, hen ten men "
    "pen, duck truck luck, nose rose toes clothes, jam ham lamb, sand hand land band, clock sock "
    "rock, star car jar far, book cook look hook, dog log fog frog, sun run fun bun, pie sky fly "
    "eye, door floor four more, cow now how plow, snow crow go toe, mice rice ice nice, nest best "
    "chest west, pot hot dot knot, bell shell well tell, fish dish wish, bug rug jug mug, day play "
    "way hay, feet meat sheet street, gold cold old told, hill mill pill will, jump bump lump"
)

CATEGORIES = (
    ("animals", "cow, horse, goat, pig, fox, wolf, lion, tiger, bear, dog, cat, sheep, deer"),
    ("birds", "owl, swan, eagle, robin, crow, duck, goose, hen, sparrow, swallow, hawk, dove"),
    ("insects", "ant, bee, fly, beetle, wasp, moth, butterfly, gnat, cricket, grasshopper"),
    ("fish", "trout, salmon, herring, cod, eel, carp, perch, pike, tuna"),
    ("reptiles", "snake, lizard, turtle, crocodile, adder"),
    ("trees", "oak, pine, willow, birch, elm, ash, beech, maple, cedar, palm"),
    ("flowers", "rose, lily, violet, tulip, daisy, poppy, primrose, daffodil, pansy"),
    ("fruits", "apple, pear, plum, peach, grape, banana, cherry, orange, fig, melon"),
    ("vegetables", "carrot, onion, cabbage, potato, pea, bean, turnip, leek, radish"),
    ("colors", "red, blue, green, yellow, brown, purple, black, white, gray, pink"),
    ("numbers", "two, three, seven, eight, nine, twelve, twenty, thirty, hundred"),
    ("days of the week", "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    ("months", "January, February, March, April, May, June, July, August, October, November"),
    ("seasons", "spring, summer, autumn, winter"),
    ("metals", "iron, gold, silver, copper, lead, tin, zinc, brass, steel"),
    ("shapes", "circle, square, triangle, rectangle, oval, star, cube"),
    ("tools", "hammer, saw, spade, rake, hoe, ax, file, chisel, screwdriver"),
    ("clothes", "coat, shirt, skirt, jacket, sweater, dress, trousers, apron, cloak, scarf"),
    ("things worn on the feet", "shoe, sock, boot, slipper, sandal, stocking"),
    ("drinks", "tea, milk, water, juice, coffee, cocoa, lemonade, wine, beer"),
    ("meals", "breakfast, lunch, dinner, supper, tea"),
    ("furniture", "table, chair, bed, sofa, desk, cupboard, bench, stool, wardrobe"),
    ("buildings", "church, castle, palace, barn, mill, school, tower, cottage, hospital"),
    ("vehicles", "bus, train, tractor, truck, wagon, cart, car, coach, bicycle"),
    ("parts of the body", "finger, nose, ear, elbow, knee, arm, leg, foot, hand, head, mouth"),
    ("members of a family", "uncle, aunt, sister, brother, mother, father, cousin, grandmother"),
    ("jobs", "baker, nurse, sailor, farmer, teacher, doctor, tailor, miller, painter, butcher"),
    ("musical instruments", "drum, violin, flute, trumpet, harp, piano, fiddle, guitar, horn"),
    ("toys", "doll, kite, ball, top, puppet, marble, hoop, rattle"),
    ("sports", "tennis, football, cricket, rowing, wrestling, hockey"),
    ("feelings", "joy, fear, anger, love, hope, pride, shame, grief, envy"),
    ("kinds of weather", "rain, snow, fog, hail, wind, sleet, drizzle, frost, storm"),
    ("coins", "penny, dime, shilling, farthing, crown, quarter"),
    ("kitchen things", "kettle, pot, pan, spoon, oven, stove, plate, bowl, fork, knife"),
    ("verbs", "run, eat, sing, walk, think, write, jump, sleep, swim, read"),
    ("adjectives", "tall, happy, green, brave, cold, heavy, clever, soft, quick"),
)  # fmt: skip

CAPITALS = (
    "France:Paris, England:London, Italy:Rome, Spain:Madrid, Portugal:Lisbon, Germany:Berlin, "
    "Russia:Moscow, Japan:Tokyo, China:Beijing, Norway:Oslo, Sweden:Stockholm, "
    "Denmark:Copenhagen, Finland:Helsinki, Poland:Warsaw, Hungary:Budapest, Austria:Vienna, "
    "Greece:Athens, Ireland:Dublin, Scotland:Edinburgh, Wales:Cardiff, Belgium:Brussels, "
    "Egypt:Cairo, Kenya:Nairobi, Cuba:Havana, Peru:Lima, Chile:Santiago, Thailand:Bangkok, "
    "Vietnam:Hanoi, Nepal:Kathmandu, Iceland:Reykjavik, Turkey:Ankara, Iran:Tehran, Iraq:Baghdad, "
    "Ghana:Accra, Morocco:Rabat, Jamaica:Kingston, Canada:Ottawa, Romania:Bucharest, "
    "Bulgaria:Sofia, Serbia:Belgrade, Syria:Damascus, Jordan:Amman, Australia:Canberra, "
    "Malta:Valletta, Tunisia:Tunis, Algeria:Algiers, India:New Delhi, Ukraine:Kyiv, the "
    "Netherlands:Amsterdam, Holland:Amsterdam, the United States:Washington, the United "
    "Kingdom:London, Great Britain:London, Argentina:Buenos Aires, Brazil:Brasilia, Mexico:Mexico "
    "City, South Korea:Seoul, North Korea:Pyongyang, New Zealand:Wellington, Switzerland:Bern, "
    "the Czech Republic:Prague, Croatia:Zagreb, Slovakia:Bratislava, Slovenia:Ljubljana, "
    "Estonia:Tallinn, Latvia:Riga, Lithuania:Vilnius, Israel:Jerusalem, Lebanon:Beirut, Saudi "
    "Arabia:Riyadh, Pakistan:Islamabad, Afghanistan:Kabul, Indonesia:Jakarta, the "
    "Philippines:Manila, Malaysia:Kuala Lumpur, Mongolia:Ulaanbaatar, Ethiopia:Addis Ababa, "
    "Nigeria:Abuja, Senegal:Dakar, Colombia:Bogota, Venezuela:Caracas, Ecuador:Quito, "
    "Uruguay:Montevideo, Paraguay:Asuncion, Panama:Panama City, Luxembourg:Luxembourg, "
    "Libya:Tripoli, Sudan:Khartoum, Uganda:Kampala, Cambodia:Phnom Penh, Bangladesh:Dhaka"
)

BEASTS_YOUNG = (
    "cow calf, dog puppy, cat kitten, sheep lamb, frog tadpole, bear cub, deer fawn, swan cygnet, "
    "kangaroo joey, horse foal, goat kid, duck duckling, goose gosling, hen chick, lion cub, "
    "wolf cub, fox cub, pig piglet, owl owlet, eagle eaglet, butterfly caterpillar"
)
BEASTS_HOME = (
    "bee hive, bird nest, rabbit burrow, spider web, fox den, lion den, horse stable, cow shed, "
    "dog kennel, pig sty, ant hill, mole hole, sheep fold, hen coop"
)
BEASTS_SOUND = (
    "duck quack, lion roar, snake hiss, horse neigh, cow moo, owl hoot, dog bark, cat mew, "
    "sheep bleat, pig grunt, crow caw, bee hum, frog croak, mouse squeak, donkey bray, wolf howl, "
    "dove coo, turkey gobble, hen cluck, sparrow chirp"
)
BEASTS_HE_SHE = (
    "lion lioness, tiger tigress, bull cow, ram ewe, stag doe, rooster hen, drake duck, "
    "gander goose, stallion mare, boar sow, fox vixen"
)
GROUPS = (
    "wolves pack, sheep flock, fish school, cows herd, bees swarm, birds flock, lions pride, "
    "puppies litter, geese gaggle, ships fleet, soldiers army, flowers bunch, stars cluster, "
    "thieves gang, players team, sailors crew, singers choir, cards pack, grapes bunch"
)
LIKE = (
    "brave:a lion, busy:a bee, sly:a fox, white:snow, light:a feather, strong:an ox, graceful:a "
    "swan, gentle:a lamb, stubborn:a mule, cool:a cucumber, flat:a pancake, wise:an owl, blind:a "
    "bat, fit:a fiddle, cold:ice, sweet:honey, green:grass, slow:a snail, quiet:a mouse, proud:a "
    "peacock, slippery:an eel, straight:an arrow, red:a beet, black:coal, hungry:a wolf, deaf:a "
    "post, poor:a church mouse, sharp:a razor, dry:a bone, hard:a rock, clear:crystal, old:the "
    "hills, round:a ball, tall:a giant, thin:a rake, happy:a king, fast:the wind, "
    "soft:silk, free:a bird, pretty:a picture, easy:pie, hot:fire, big:a house, small:a "
    "pea, "
    "cunning:a fox, silent:the grave, fresh:a daisy, good:gold, sure:death, smooth:glass"
)

PARTS = (
    "rain bow, sun flower, butter fly, snow ball, foot print, moon light, fire place, tea pot, "
    "book shelf, bird house, black berry, door bell, farm yard, cup board, horse shoe, wind mill, "
    "hair brush, tooth brush, star fish, play ground, water fall, sun light, sun shine, rain coat, "
    "rain drop, snow man, snow flake, foot ball, foot step, fire man, fire wood, tea spoon, "
    "tea cup, book case, note book, bed room, bath room, class room, school boy, school room, "
    "farm house, light house, green house, work shop, work man, sea shore, sea man, sea side, "
    "river side, hill side, out side, in side, day light, day break, birth day, mid night, "
    "week end, any thing, every one, some body, no where, grand father, god mother, step sister, "
    "milk man, post man, police man, gentle man, apple tree, goose berry, straw berry, pan cake, "
    "butter milk, gold fish, cat fish, blue bird, black bird, lady bird, dragon fly, house fly, "
    "arm chair, wheel barrow, hand kerchief, hand bag, ear ring, eye brow, neck lace, finger nail, "
    "tooth ache, head ache, wall paper, news paper, candle stick, key hole, door step, stair case"
)

MEANINGS = (
    ("bakery", "bread is baked and sold"), ("mill", "corn is ground into flour"),
    ("orchard", "fruit trees grow"), ("harbor", "ships lie safe from the storm"),
    ("library", "books are kept and lent"), ("museum", "old and rare things are on show"),
    ("school", "children learn"), ("stable", "horses live"), ("kitchen", "food is cooked"),
    ("hospital", "sick people are nursed"), ("market", "things are bought and sold"),
    ("prison", "thieves are locked up"), ("church", "people pray"),
    ("desert", "hardly any rain falls"),
    ("vineyard", "grapes grow"), ("inn", "travelers eat and sleep"), ("theater", "plays are acted"),
    ("forge", "a smith shapes hot iron"), ("dairy", "milk is made into butter and cheese"),
    ("shipyard", "ships are built"), ("cellar", "wine and potatoes are stored"),
    ("pasture", "cattle eat grass"),
)  # fmt: skip
WHO_DOES = (
    ("shepherd", "looks after sheep"), ("carpenter", "makes things of wood"),
    ("dentist", "takes care of teeth"), ("baker", "bakes bread"), ("tailor", "makes clothes"),
    ("miller", "grinds corn"), ("cobbler", "mends shoes"), ("smith", "shapes hot iron"),
    ("pilot", "steers a ship or a plane"), ("teacher", "teaches children"),
    ("nurse", "cares for the sick"), ("potter", "makes pots of clay"), ("tinker", "mends pans"),
    ("sailor", "works on a ship"), ("butcher", "sells meat"), ("judge", "decides in court"),
    ("author", "writes books"), ("orphan", "has lost both parents"),
    ("widow", "has lost her husband"),
    ("miner", "digs coal"), ("weaver", "makes cloth"), ("astronomer", "studies the stars"),
)  # fmt: skip

# (unit, how many of the smaller, the smaller)
UNITS = (
    ("kilometer", 1000, "meter"), ("meter", 100, "centimeter"), ("centimeter", 10, "millimeter"),
    ("kilogram", 1000, "gram"), ("liter", 1000, "milliliter"), ("foot", 12, "inch"),
    ("yard", 3, "foot"), ("hour", 60, "minute"), ("minute", 60, "second"), ("day", 24, "hour"),
    ("week", 7, "day"), ("year", 12, "month"), ("dollar", 100, "cent"), ("gallon", 4, "quart"),
    ("pound", 16, "ounce"), ("quart", 2, "pint"), ("dozen", 12, "piece"),
)  # fmt: skip

# How something is written, and what.
SIGNS = (
    ("H", "hydrogen"), ("O", "oxygen"), ("C", "carbon"), ("N", "nitrogen"), ("Fe", "iron"),
    ("Au", "gold"), ("Ag", "silver"), ("Cu", "copper"), ("Pb", "lead"), ("Sn", "tin"),
    ("Zn", "zinc"), ("Na", "sodium"), ("K", "potassium"), ("He", "helium"), ("Hg", "mercury"),
    ("Ca", "calcium"), ("S", "sulfur"), ("Cl", "chlorine"), ("Al", "aluminum"), ("Ne", "neon"),
    ("$", "dollars"), ("£", "pounds"), ("¥", "yen"), ("€", "euros"), ("%", "percent"),
    ("+", "plus"), ("-", "minus"), ("=", "equals"), ("×", "times"), ("÷", "divided by"),
    ("∞", "infinity"), ("√", "the square root"), ("°", "degrees"), ("<", "less than"),
    (">", "more than"), ("&", "and"), ("@", "at"), ("#", "number"), ("?", "a question"),
)  # fmt: skip

# What is told in a row.
ROWS = (
    ("the seasons", "spring, summer, autumn, winter"),
    ("the corners of the sky", "north, south, east, west"),
    ("the suits of cards", "hearts, diamonds, clubs, spades"),
    ("the days without school", "Saturday, Sunday"),
    ("the months with the letter A in front", "April, August"),
    ("the months of summer", "June, July, August"),
    ("the months of winter", "December, January, February"),
    ("the planets from the sun on", "Mercury, Venus, Earth, Mars, Jupiter, Saturn"),
    ("the colors of a traffic light", "red, yellow, green"),
    ("the senses", "sight, hearing, smell, taste, touch"),
    ("the days that begin with T", "Tuesday, Thursday"),
    ("the days that begin with S", "Saturday, Sunday"),
    ("the vowels", "a, e, i, o, u"),
    ("the oceans", "the Atlantic, the Pacific, the Indian, the Arctic"),
)


PEOPLE = [(name, he) for he, names in NAMES.items() for name in split(names)]
PLURALS = [tuple(row) for row in rows(IRREGULAR_PLURALS)]
SIMILES = [tuple(pair.split(":")) for pair in split(LIKE)]
COMPOUNDS = [tuple(row) for row in rows(PARTS)]


def opposite(w: Writer) -> tuple[str, str, str]:
    one, other = w.draw.sample(w.common(rows(OPPOSITES)), 2)
    wordings = (
        f"What is the opposite of {one}?|What is the opposite of '{one}'?|Opposite of {one}?|"
        f"The opposite of {one}|What is not {one}?|Give the opposite of {one}|{capital(one)} is the"
        f" opposite of what?|Say the opposite of '{one}'|'{capital(one)}' is the contrary of ...?|"
        f"Which word is the opposite of '{one}'?|Name the opposite of '{one}'"
    )
    answers = (
        f"{capital(other)}.|The opposite of '{one}' is '{other}'.|'{capital(other)}' is the "
        f"contrary of '{one}'.|'{capital(other)}' means the opposite of '{one}'."
    )
    return wordings, "", w.one_of(answers)


def city(w: Writer) -> tuple[str, str, str]:
    country, town = w.common(split(CAPITALS)).split(":")
    if w.chance(0.15):
        wordings = (
            f"{town} is the capital of which country?|Of which country is {town} the capital?"
        )
        return wordings, "", f"{capital(country)}."
    wordings = (
        f"What is the capital of {country}?|The capital of {country}?|What is {country}'s capital?|"
        f"Capital of {country}|Tell me the capital of {country}|Which is the capital of {country}?|"
        f"Where is the government of {country}?"
    )
    answers = (
        f"{town}.|The capital of {country} is {town}.|{town} is the capital city of {country}.|"
        f"{town} is {country}'s capital."
    )
    return wordings, "", w.one_of(answers)


def alike(w: Writer) -> tuple[str, str, str]:
    """A word of three: the one that means the same, or that rhymes."""
    if w.chance(0.5):
        row = w.one_of(rows(SAME))
        others = [word for each in rows(SAME + ", " + OPPOSITES) for word in each]
        others = [word for word in others if not set(row) & like_it(word)]
        one, other = w.draw.sample(row, 2)
        if w.chance(0.25):
            wordings = (
                f"What is another word for {one}?|Another word for '{one}'?|A synonym of {one}?"
            )
            return wordings, "", f"{capital(other)}."
        wordings = (
            f"Which word means the same as {one}?|Choose the synonym of '{one}'|Which is like "
            f"'{one}' in meaning?|Pick the word that means '{one}'|What else means '{one}'?"
        )
        answers = (
            f"'{capital(other)}', which means '{one}'.|{capital(other)}.|"
            f"'{capital(other)}' has the meaning of '{one}'.|"
            f"'{capital(other)}' is another word for '{one}'."
        )
    else:
        row, others = (each.split() for each in w.draw.sample(split(RHYMES), 2))
        one, other = w.draw.sample(row, 2)
        wordings = (
            f"Which word rhymes with {one}?|Choose the rhyme for '{one}'|"
            f"Which sounds like '{one}'?|"
            f"Pick the word that goes with '{one}' in a rhyme|What rhymes with '{one}' here?"
        )
        answers = (
            f"'{capital(other)}', like '{one}'.|{capital(other)}.|"
            f"'{capital(other)}' sounds like '{one}'.|"
            f"'{capital(other)}' makes a rhyme with '{one}'."
        )
    words = [other, *w.draw.sample(others, 2)]
    w.draw.shuffle(words)
    return wordings, listed(words, "or"), w.one_of(answers)


def like_it(word: str) -> set[str]:
    return {word} | {each for row in rows(SAME) if word in row for each in row}


def degree(w: Writer) -> tuple[str, str, str]:
    word, more, most = w.one_of(rows(DEGREES))
    name, form = w.one_of([("comparative", more), ("superlative", most)])
    wordings = (
        f"What is the {name} of {word}?|The {name} of {word}|Give the {name} of '{word}'|"
        f"Say the {name} of '{word}'"
    )
    answers = f"{capital(form)}.|It is '{form}'.|The {name} form of '{word}' is '{form}'."
    return wordings, "", w.one_of(answers)


def spelled(w: Writer) -> tuple[str, str, str]:
    wrong, right = w.one_of(rows(MISSPELLED))
    wordings = (
        f"Spell '{wrong}' well|What is wrong with '{wrong}'?|How do you spell '{wrong}'?|"
        f"Correct the spelling of '{wrong}'|Correct: {wrong}|Fix the spelling of {wrong}"
    )
    answers = f"It is '{right}'.|{right}|The right spelling is '{right}'.|It is spelled '{right}'."
    return wordings, "", w.one_of(answers)


def grouped(w: Writer) -> tuple[str, str, str]:
    """What belongs together."""
    (one, ones), (two, twos) = (
        (name, split(members)) for name, members in w.draw.sample(CATEGORIES, 2)
    )
    shared = set(ones) & set(twos)
    a = w.draw.sample([word for word in ones if word not in shared], 3)
    b = w.draw.sample([word for word in twos if word not in shared], 2)
    kind = w.draw.random()
    if kind < 0.3:
        number, names = w.one_of([("two", 2), ("three", 3)])
        wordings = (
            f"Give me {number} {one}|Name {number} {one}|List {number} {one}|"
            f"{capital(number)} {one}, please"
        )
        return wordings, "", capital(listed(w.draw.sample(ones, names))) + "."
    if kind < 0.4:
        return "What are these?|What kind of things are these?", ", ".join(a), f"They are {one}."
    if kind < 0.75:
        words = [*a, b[0]]
        w.draw.shuffle(words)
        wordings = (
            "Which is of another kind?|Which word does not fit?|Which does not belong?|"
            "One is a stranger here. Which?|Which is the odd one?|Find the word that does not fit|"
            "Which one is not like the others?|Three are alike. Which is not?"
        )
        stranger = capital(b[0])
        answers = (
            f"'{stranger}'. The rest are {one}.|"
            f"'{stranger}' does not belong. The others are {one}.|"
            f"'{stranger}' is the stranger. The other words are {one}."
        )
        return wordings, listed(words, "or"), w.one_of(answers)
    words = a[:2] + b
    w.draw.shuffle(words)
    wordings = (
        f"Part the {one} from the {two}|Two heaps: {one}, {two}|Sort into {one} and {two}|"
        f"Which are {one} and which are {two}?"
    )
    mine, others = [each for each in words if each in a], [each for each in words if each in b]
    return (
        wordings,
        ", ".join(words),
        f"{capital(one)}: {', '.join(mine)}. {capital(two)}: {', '.join(others)}.",
    )


def known(w: Writer) -> tuple[str, str, str]:
    """Signs, sayings, beasts, and what things are for."""
    sign, meant = w.one_of(SIGNS)
    quality, thing = w.one_of(SIMILES)
    where, what = w.one_of(MEANINGS)
    who, does = w.one_of(WHO_DOES)
    old, young = w.one_of(rows(BEASTS_YOUNG))
    guest, home = w.one_of(rows(BEASTS_HOME))
    crier, cry = w.one_of(rows(BEASTS_SOUND))
    he, she = w.one_of(rows(BEASTS_HE_SHE))
    beings, group = w.one_of(rows(GROUPS))
    name, parts = w.one_of(ROWS)
    one, other = w.one_of(TALK)
    wordings, answer = w.one_of(
        [
            (
                f"How do we write {meant}?|The sign for {meant}?|What is the symbol for {meant}?|"
                f"Which sign means {meant}?|Write the sign for {meant}",
                w.one_of([sign, f"{sign} is the sign of {meant}.", f"{sign} stands for {meant}."]),
            ),
            (f"What does '{sign}' mean?|'{sign}' means ...?", f"{capital(meant)}."),
            (
                f"As {quality} as ...?|{capital(quality)} like ...?|What is the simile for "
                f"'{quality}'?|How does 'as {quality} as' go on?",
                f"As {quality} as {thing}.",
            ),
            (f"Who is very {quality}?", f"{capital(thing)}."),
            (f"Where is it that {what}?|What is the place where {what}?", f"In a {where}."),
            (f"What is the use of a {where}?", f"It is where {what}."),
            (f"Who {does}?", f"A {who}."),
            (f"What does a {who} do?", f"A {who} {does}."),
            (
                f"The young of a {old}?|What is a baby {old} called?|A word for a young {old}?",
                w.one_of([f"A {young}.", f"A baby {old} is called a {young}."]),
            ),
            (
                f"Where does a {guest} live?|A word for the home of a {guest}?",
                w.one_of([f"In a {home}.", f"A {guest} lives in a {home}."]),
            ),
            (
                f"What sound does a {crier} make?|What does a {crier} say?",
                w.one_of([f"A {cry}.", f"The cry of a {crier} is called a {cry}."]),
            ),
            (
                f"He is a {he}. And she?|What is the female of a {he}?",
                w.one_of([f"A {she}.", f"The female is called a {she}."]),
            ),
            (
                f"She is a {she}. And he?|What is the male of a {she}?",
                w.one_of([f"A {he}.", f"The male is called a {he}."]),
            ),
            (
                f"What are many {beings} together?|Many {beings} are a ...?",
                w.one_of([f"A {group}.", f"Many {beings} together are called a {group}."]),
            ),
            (f"Name {name}|What are {name}?|Tell me {name}", f"{capital(listed(split(parts)))}."),
            (one, other),
        ]
    )
    return wordings, "", answer


# What a person would say first of all.
TALK = (
    ("Hello|Hello!|Hi|Hi!|Hello there|Good morning|Hey", "Hello! What shall I do?"),
    ("Who are you?|What are you?|What is your name?", "I am tiny, a very small language model."),
    ("How are you?|How do you do?", "I am well, thank you."),
    ("Thank you|Thanks|Thank you very much", "You are welcome."),
    ("Goodbye|Bye|Good night|See you later", "Goodbye!"),
    ("What can you do?|Help|Can you help me?", "I can rewrite a sentence that you give me."),
)


def reckoned(w: Writer) -> tuple[str, str, str]:
    """Numbers and measures."""
    small = w.chance(0.5)
    a, b = w.draw.randint(1, 12 if small else 60), w.draw.randint(1, 12 if small else 40)
    m, n = w.draw.randint(2, 12), w.draw.randint(2, 12)
    large, size, smaller = w.one_of(UNITS)
    larges, smalls = ({"foots": "feet"}.get(word, word) for word in (large + "s", smaller + "s"))
    smalls = {"inchs": "inches"}.get(smalls, smalls)
    things, name = plural(w.noun()), w.name()
    signed = [("+", a, b, a + b), ("-", a + b, b, a), ("×", m, n, m * n), ("÷", m * n, n, m)]
    sign, x, y, z = w.one_of(signed)
    said = {"+": "plus", "-": "minus", "×": "times", "÷": "divided by"}[sign]
    wordings, answer = w.one_of(
        [
            (
                f"What is {x} {sign} {y}?|{x} {sign} {y}|How much is {x} {sign} {y}?",
                f"{x} {sign} {y} = {z}",
            )
        ]
        * 4
        + [(f"What is {x} {said} {y}?|How much is {x} {said} {y}?", f"{x} {sign} {y} = {z}")] * 2
        + [
            (f"{n} {larges}: how many {smalls}?", f"{n} × {size} = {n * size} {smalls}."),
            (f"{n * size} {smalls}: how many {larges}?", f"{n * size} ÷ {size} = {n} {larges}."),
            (
                f"{n} {larges} in {smalls}?|Turn {n} {larges} into {smalls}|"
                f"How many {smalls} make {n} {larges}?",
                f"{n} {larges} = {n * size} {smalls}",
            ),
            (
                f"{n * size} {smalls} in {larges}?|Turn {n * size} {smalls} into {larges}|"
                f"How many {larges} do {n * size} {smalls} make?",
                f"{n * size} {smalls} = {n} {larges}",
            ),
            (
                f"{name} had {a} {things} and got {b} more. How many now?",
                f"So there are {a + b} {things}.",
            ),
            (
                f"{name} had {a + b} {things} and lost {b}. How many now?",
                f"So there are {a} {things}.",
            ),
            (
                f"{m} boxes, in each {n} {things}. How many {things}?",
                f"So there are {m * n} {things}.",
            ),
        ]
    )
    return wordings, "", answer


# How often each is asked: one in fourteen for each time that it stands here.
ASKED = [
    *(opposite, opposite, city, city, alike, alike, degree, spelled),
    *(grouped, grouped, known, known, known, reckoned),
]
