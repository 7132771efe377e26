"""Words and facts for the exercise book (finetune/exercises.py): no logic.

Wider than the tables behind the instruction records, which the exercise book uses too: most of
these words occur in no record. Lists are comma-separated strings, because they read better than
rows of quotation marks.
"""

NAMES = {
    "he": "Adam, Albert, Arthur, Bill, Bob, Charles, Daniel, Edward, Eric, Frank, Fred, George, "
    "Harry, Hugh, Jacob, James, Jim, Joe, John, Leo, Mark, Martin, Max, Michael, Ned, Owen, "
    "Philip, Ralph, Richard, Robert, Sam, Simon, Stephen, Theo, Thomas, Tim, Walter, William",
    "she": "Agnes, Alice, Amy, Ann, Bella, Betty, Daisy, Dora, Edith, Ellen, Eva, Fanny, Flora, "
    "Grace, Hannah, Helen, Ida, Jessie, Julia, Kate, Laura, Lily, Louise, Mabel, Margaret, Martha, "
    "May, Molly, Nelly, Olga, Polly, Rosa, Sally, Sarah, Sophie, Susan, Vera, Winnie",
}

# Who does it, in the singular and the plural.
PERSONS = (
    "clown clowns, artist artists, knight knights, pirate pirates, giant giants, wizard wizards, "
    "boy boys, girl girls, student students, pupil pupils, visitor visitors, traveler travelers, "
    "merchant merchants, carpenter carpenters, dancer dancers, singer singers, robber robbers, "
    "stranger strangers, porter porters, clerk clerks, lawyer lawyers, judge judges, "
    "printer printers, potter potters, weaver weavers, cobbler cobblers, barber barbers, "
    "butcher butchers, grocer grocers, fiddler fiddlers, drummer drummers, rider riders, "
    "swimmer swimmers, climber climbers, scout scouts, cousin cousins, friend friends, "
    "uncle uncles, aunt aunts, sister sisters, brother brothers, king kings, queen queens, "
    "cook cooks, gardener gardeners, farmer farmers, nurse nurses, teacher teachers, "
    "sailor sailors, baker bakers, miller millers, tailor tailors, servant servants, "
    "doctor doctors, soldier soldiers, neighbor neighbors, painter painters, shepherd shepherds, "
    "hunter hunters, maid maids, guard guards, driver drivers, captain captains, "
    "fisherman fishermen, policeman policemen, woman women, man men, child children, thief thieves"
)
BEASTS = (
    "fox foxes, dog dogs, cat cats, bear bears, wolf wolves, lion lions, tiger tigers, "
    "monkey monkeys, puppy puppies, kitten kittens, badger badgers, goat goats, horse horses, "
    "pony ponies, donkey donkeys, cow cows, calf calves, pig pigs, hen hens, duck ducks, "
    "goose geese, owl owls, crow crows, mouse mice, rat rats, squirrel squirrels, rabbit rabbits, "
    "hare hares, otter otters, seal seals, elephant elephants, camel camels, sheep sheep, ox oxen"
)

ADJECTIVES = (
    "young, tall, short, fat, thin, clever, lazy, busy, happy, sad, brave, kind, poor, rich, "
    "hungry, tired, angry, quiet, strong, little, big, careful, cheerful, foolish, proud, shy, "
    "sleepy, wise, gentle, famous"
)
QUALITIES = (
    "old, new, big, little, red, blue, green, yellow, white, black, brown, gray, heavy, light, "
    "long, short, round, broken, clean, dirty, pretty, cheap, fine, golden, wooden, wet, dry, "
    "warm, cold, small, large, strange, lost, shiny"
)

# verb (base, third person, past, participle, -ing), objects, places: as in instruction_tables
MORE_VERBS = (
    ("admire admires admired admired admiring", "statue, picture, tower, garden, view", "in town"),
    ("answer answers answered answered answering", "question, letter, call", "at the office"),
    ("beat beats beat beaten beating", "drum, carpet, rug, egg", "behind the house"),
    ("blow blows blew blown blowing", "horn, whistle, candle, trumpet", "at the gate"),
    ("burn burns burned burned burning", "letter, log, paper, map", "in the fireplace"),
    ("call calls called called calling", "dog, waiter, child, friend", "from the window"),
    ("change changes changed changed changing", "plan, rule, name, shirt", "in the morning"),
    ("cover covers covered covered covering", "table, box, bed, pot", "with a cloth"),
    ("cross crosses crossed crossed crossing", "bridge, river, field, street", "at noon"),
    ("drive drives drove driven driving", "cart, truck, coach, car", "through the town"),
    ("empty empties emptied emptied emptying", "bucket, basket, drawer, bag", "in the yard"),
    ("fetch fetches fetched fetched fetching", "water, doctor, ladder, stick", "from the barn"),
    ("fight fights fought fought fighting", "dragon, bear, fire, giant", "in the valley"),
    ("finish finishes finished finished finishing", "work, lesson, book, game", "before dark"),
    ("give gives gave given giving", "present, apple, prize, speech", "at the party"),
    ("hold holds held held holding", "rope, baby, lamp, umbrella", "in the rain"),
    ("invite invites invited invited inviting", "guest, teacher, cousin", "to the party"),
    ("keep keeps kept kept keeping", "secret, promise, key, ring", "in a box"),
    ("know knows knew known knowing", "answer, way, story, song", "by heart"),
    ("lead leads led led leading", "horse, army, dance, goat", "down the road"),
    ("leave leaves left left leaving", "house, hat, town, bag", "in the evening"),
    ("light lights lit lit lighting", "lamp, fire, candle, pipe", "in the dark"),
    ("like likes liked liked liking", "story, soup, dress, picture", "very much"),
    ("mix mixes mixed mixed mixing", "paint, medicine, dough, salad", "in a bowl"),
    ("move moves moved moved moving", "table, bed, piano, stone", "to the corner"),
    ("name names named named naming", "boat, puppy, baby, star", "in spring"),
    ("need needs needed needed needing", "hammer, coat, doctor, rest", "at once"),
    ("order orders ordered ordered ordering", "dinner, book, suit, cake", "at the inn"),
    ("own owns owned owned owning", "farm, shop, ship, mill", "near the sea"),
    ("pack packs packed packed packing", "trunk, lunch, bag, box", "for the trip"),
    ("pay pays paid paid paying", "bill, tailor, driver, rent", "on Friday"),
    ("plow plows plowed plowed plowing", "field, garden, land", "behind the farm"),
    ("praise praises praised praised praising", "pupil, cook, song, soup", "at dinner"),
    ("prepare prepares prepared prepared preparing", "meal, room, feast, speech", "in time"),
    ("print prints printed printed printing", "newspaper, book, card", "in the city"),
    ("protect protects protected protected protecting", "lamb, village, child, nest", "at night"),
    ("punish punishes punished punished punishing", "thief, boy, servant", "in court"),
    ("raise raises raised raised raising", "flag, hand, roof, sail", "on deck"),
    ("reach reaches reached reached reaching", "shore, top, island, inn", "before night"),
    ("remember remembers remembered remembered remembering", "name, song, day", "for years"),
    ("ring rings rang rung ringing", "bell, gong", "at six"),
    ("save saves saved saved saving", "swimmer, money, ship, dog", "from the fire"),
    ("search searches searched searched searching", "room, ship, forest, drawer", "all night"),
    ("shake shakes shook shaken shaking", "tree, bottle, rug, pillow", "in the garden"),
    ("shoot shoots shot shot shooting", "arrow, duck, cannon", "in the woods"),
    ("show shows showed shown showing", "picture, way, ring, ticket", "at the door"),
    ("slice slices sliced sliced slicing", "bread, ham, cheese, cake", "at the table"),
    ("solve solves solved solved solving", "riddle, puzzle, problem", "at school"),
    ("speak speaks spoke spoken speaking", "truth, language", "in court"),
    ("spend spends spent spent spending", "money, summer, week", "at the fair"),
    ("spill spills spilled spilled spilling", "milk, ink, soup, water", "on the floor"),
    ("study studies studied studied studying", "map, lesson, letter, star", "at his desk"),
    ("sweep sweeps swept swept sweeping", "chimney, path, stage", "every week"),
    ("take takes took taken taking", "train, medicine, hat, road", "to the city"),
    ("taste tastes tasted tasted tasting", "soup, jam, pie, sauce", "in the kitchen"),
    ("teach teaches taught taught teaching", "class, song, trick, child", "at school"),
    ("tear tears tore torn tearing", "dress, paper, net, sleeve", "on a nail"),
    ("tell tells told told telling", "story, joke, secret, truth", "by the fire"),
    ("touch touches touched touched touching", "wall, bell, snake, stove", "by mistake"),
    ("trust trusts trusted trusted trusting", "guide, friend, captain", "at sea"),
    ("use uses used used using", "hammer, knife, net, spoon", "every day"),
    ("want wants wanted wanted wanting", "toy, kite, drink, coin", "for a birthday"),
    ("warm warms warmed warmed warming", "soup, room, milk, stone", "by the stove"),
    ("win wins won won winning", "race, prize, game, battle", "at the fair"),
    ("read reads read read reading", "book, sign, letter, newspaper", "in bed"),
)  # fmt: skip
MORE_MOVES = (
    ("arrive arrives arrived arrived arriving", "at the station, in town, at noon"),
    ("cry cries cried cried crying", "in the corner, at the door, in bed"),
    ("dance dances danced danced dancing", "at the feast, in the street, on the stage"),
    ("laugh laughs laughed laughed laughing", "at the joke, in the theater, at dinner"),
    ("shout shouts shouted shouted shouting", "from the roof, in the street, for help"),
    ("sail sails sailed sailed sailing", "to the island, around the bay, across the sea"),
    ("stop stops stopped stopped stopping", "at the corner, by the well, near the inn"),
    ("work works worked worked working", "in the mine, at the mill, on the farm"),
    ("travel travels traveled traveled traveling", "to London, by train, across the desert"),
    ("whisper whispers whispered whispered whispering", "in the dark, behind the door"),
    ("kneel kneels knelt knelt kneeling", "on the floor, in the church, by the bed"),
    ("fly flies flew flown flying", "over the roof, to the south, around the tower"),
    ("crawl crawls crawled crawled crawling", "under the fence, into the hole, on the floor"),
    ("swim swims swam swum swimming", "in the pool, under the bridge, to the boat"),
)

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
REGULAR_NOUNS = (
    "apple, arrow, baby, ball, bench, berry, bird, boat, book, box, boy, branch, bridge, brush, "
    "bus, bush, butterfly, button, cake, candle, castle, cherry, church, city, class, coach, coin, "
    "copy, country, cow, cross, cup, daisy, dish, donkey, dress, duty, enemy, fairy, family, fly, "
    "fox, garden, glass, guess, hat, house, inch, island, jelly, journey, key, kiss, kite, lady, "
    "lamp, lily, lunch, match, monkey, nurse, oven, party, patch, peach, penny, pony, pouch, "
    "puppy, ribbon, rose, ruby, ship, sky, spoon, spy, star, stitch, story, table, tax, toy, "
    "tray, tree, turkey, valley, watch, wish, witch, window"
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
    "France Paris, England London, Italy Rome, Spain Madrid, Portugal Lisbon, Germany Berlin, "
    "Russia Moscow, Japan Tokyo, China Beijing, India Delhi, Norway Oslo, Sweden Stockholm, "
    "Denmark Copenhagen, Finland Helsinki, Poland Warsaw, Hungary Budapest, Austria Vienna, "
    "Greece Athens, Ireland Dublin, Scotland Edinburgh, Wales Cardiff, Belgium Brussels, "
    "Holland Amsterdam, Egypt Cairo, Kenya Nairobi, Cuba Havana, Peru Lima, Chile Santiago, "
    "Thailand Bangkok, Vietnam Hanoi, Nepal Kathmandu, Iceland Reykjavik, Turkey Ankara, "
    "Iran Tehran, Iraq Baghdad, Ghana Accra, Morocco Rabat, Jamaica Kingston, Canada Ottawa, "
    "Romania Bucharest, Bulgaria Sofia, Serbia Belgrade, Syria Damascus, Jordan Amman, "
    "Australia Canberra, Ukraine Kiev, Malta Valletta, Tunisia Tunis, Algeria Algiers"
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
SIMILES = (
    "brave:a lion, busy:a bee, sly:a fox, white:snow, light:a feather, strong:an ox, graceful:a "
    "swan, gentle:a lamb, stubborn:a mule, cool:a cucumber, flat:a pancake, wise:an owl, blind:a "
    "bat, fit:a fiddle, cold:ice, sweet:honey, green:grass, slow:a snail, quiet:a mouse, proud:a "
    "peacock, slippery:an eel, straight:an arrow, red:a beet, black:coal, hungry:a wolf, deaf:a "
    "post, poor:a church mouse, sharp:a razor, dry:a bone, hard:a rock, clear:crystal, old:the "
    "hills, round:a ball, tall:a giant, thin:a rake, happy:a king, fast:the wind, soft:silk"
)

COMPOUNDS = (
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

WEEK = "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"
MONTHS = (
    "January, February, March, April, May, June, July, August, September, October, November, "
    "December"
)

WHENS = (
    "yesterday, last night, last week, this morning, on Monday, on Sunday, long ago, an hour ago, "
    "last summer, in May, after dinner, before noon, one evening, in the winter"
)
HABITS = "every day, every night, each morning, every summer, on Sundays, after dinner, at noon"
PLACES = (
    "in the garden, in the barn, by the river, at the market, on the hill, near the church, "
    "in the attic, behind the shop, at the fair, on the ship, under the bridge, in the village, "
    "at the inn, in the forest, by the well, in the tower, on the roof, at the mill, in the shed"
)
TIMES = (
    "in the morning, at noon, in the evening, at midnight, on Tuesday, on Saturday, before lunch, "
    "after the rain, at dawn, in the night, on Wednesday, after the feast, before school, at ten"
)
BECAUSE = (
    "it was late, it was very cold, the rain had stopped, nobody was at home, the door was open, "
    "the night was dark, the moon was bright, there was no time, the bread was gone, "
    "the path was steep, a dog barked, the money was spent, the wind was strong, "
    "the ice was thin, the guests were coming, the boat leaked, the bell had rung, "
    "the fire was out, the dinner was ready, a storm was near"
)

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
