"""The tables behind the project's own instruction records: words, facts and wordings, no logic.

Everything here was written for this project, in everyday words of the kind a children's book uses.
`make_instructions.py` turns the tables into records; another script may read them as well. Lists of
words are comma-separated strings, because they read better than rows of quotation marks.

- Sentences are dealt from `SUBJECTS`, the verb tables and the times of day.
- The other tables hold one fact per row; a row serves one record and no other.
- `KINDS` says how many records of each kind there are, and in which wordings.
"""

# --- Who does it: name of the group -> subjects. All take "the" but the names and "my ...". ---

SUBJECTS = {
    "man": "the king, the boy, the prince, the old man, my father, my brother, my uncle, "
    "my grandfather, Tom, Peter, Jack, Ben, Henry, Oliver, Paul, David",
    "woman": "the queen, the girl, the princess, the old woman, my mother, my sister, my aunt, "
    "my grandmother, Anna, Mary, Lucy, Emma, Clara, Jane, Nora, Ruth",
    "worker": "the cook, the gardener, the farmer, the nurse, the teacher, the sailor, the baker, "
    "the miller, the tailor, the servant, the doctor, the soldier, the neighbor, the painter, "
    "the shepherd, the hunter, the maid, the guard, the driver, the captain, the fisherman",
    "people": "the children, the boys, the girls, the twins, the sailors, the servants, "
    "the soldiers, the neighbors, the maids, the gardeners, the workers, the brothers, "
    "my cousins, Tom and Anna, Lucy and Ben",
    "animal": "the fox, the dog, the cat, the bear, the wolf, the lion, the tiger, the monkey, "
    "the puppy, the kitten, the badger, the goat",
    "animals": "the foxes, the dogs, the cats, the bears, the wolves, the monkeys, the kittens",
}

PLURAL_GROUPS = ("people", "animals")

PRONOUNS = {"man": "he", "woman": "she", "people": "they"}

# The plural of every subject of the groups "worker" and "animal".
SUBJECT_PLURALS = {
    "the cook": "the cooks",
    "the gardener": "the gardeners",
    "the farmer": "the farmers",
    "the nurse": "the nurses",
    "the teacher": "the teachers",
    "the sailor": "the sailors",
    "the baker": "the bakers",
    "the miller": "the millers",
    "the tailor": "the tailors",
    "the servant": "the servants",
    "the doctor": "the doctors",
    "the soldier": "the soldiers",
    "the neighbor": "the neighbors",
    "the painter": "the painters",
    "the shepherd": "the shepherds",
    "the hunter": "the hunters",
    "the maid": "the maids",
    "the guard": "the guards",
    "the driver": "the drivers",
    "the captain": "the captains",
    "the fisherman": "the fishermen",
    "the fox": "the foxes",
    "the dog": "the dogs",
    "the cat": "the cats",
    "the bear": "the bears",
    "the wolf": "the wolves",
    "the lion": "the lions",
    "the tiger": "the tigers",
    "the monkey": "the monkeys",
    "the puppy": "the puppies",
    "the kitten": "the kittens",
    "the badger": "the badgers",
    "the goat": "the goats",
}

# --- What is done. A row: the verb (base, third person, past, participle, -ing form), objects in
# the singular, objects in the plural (all take "the"), places. No verb whose past equals its base
# ("cut"): a change of tense would not show.

# What people do again and again: goes with "every day".
HABITS = (
    ("bake bakes baked baked baking", "bread, cake", "buns, apple pies", "in the kitchen"),
    ("boil boils boiled boiled boiling", "milk, soup", "eggs, beans", "on the stove"),
    ("cook cooks cooked cooked cooking", "fish, rice", "carrots, peas", "over the fire"),
    ("stir stirs stirred stirred stirring", "porridge, jam", "oats, berries", "in the big pot"),
    ("pour pours poured poured pouring", "tea, water", "drinks, hot drinks", "at the table"),
    ("wash washes washed washed washing", "shirt, cart", "plates, cups", "behind the inn"),
    ("clean cleans cleaned cleaned cleaning", "stable, stove", "boots, lamps", "in the yard"),
    ("sweep sweeps swept swept sweeping", "floor, yard", "steps, paths", "in front of the shop"),
    ("feed feeds fed fed feeding", "horse, calf", "hens, ducks", "behind the barn"),
    ("milk milks milked milked milking", "cow, white goat", "cows, goats", "in the barn"),
    ("brush brushes brushed brushed brushing", "pony, donkey", "horses, sheep", "in the stable"),
    ("ride rides rode ridden riding", "donkey, pony", "camels, ponies", "along the beach"),
    ("water waters watered watered watering", "garden, tree", "roses, plants", "near the wall"),
    ("pick picks picked picked picking", "cotton, mint", "plums, cherries", "in the garden"),
    ("gather gathers gathered gathered gathering", "hay, wood", "nuts, eggs", "near the mill"),
    ("chop chops chopped chopped chopping", "wood, cabbage", "onions, logs", "behind the house"),
    ("carry carries carried carried carrying", "basket, bucket", "bags, trays", "up the stairs"),
    ("bring brings brought brought bringing", "mail, lantern", "flowers, cups", "to the hall"),
    ("push pushes pushed pushed pushing", "cart, wagon", "chairs, barrels", "across the yard"),
    ("open opens opened opened opening", "gate, window", "shutters, doors", "at the inn"),
    ("close closes closed closed closing", "door, shop", "curtains, windows", "in the hotel"),
    ("lock locks locked locked locking", "cellar, gate", "doors, stables", "on the farm"),
    ("fold folds folded folded folding", "blanket, flag", "towels, napkins", "on the bed"),
    ("hang hangs hung hung hanging", "coat, lantern", "wet clothes, hats", "by the back door"),
    ("count counts counted counted counting", "money, flock", "coins, lambs", "at the market"),
    ("sell sells sold sold selling", "cheese, honey", "apples, baskets", "in the village"),
    ("buy buys bought bought buying", "butter, flour", "pears, candles", "at the corner shop"),
    ("write writes wrote written writing", "lesson, report", "letters, poems", "at the desk"),
    ("draw draws drew drawn drawing", "castle, map", "animals, ships", "on the wall"),
    ("sing sings sang sung singing", "song, tune", "hymns, old songs", "in the church"),
    ("play plays played played playing", "flute, fiddle", "drums, bells", "in the hall"),
    ("ring rings rang rung ringing", "bell, dinner bell", "church bells, gongs", "in the tower"),
    ("wear wears wore worn wearing", "red hat, gold ring", "gloves, wool socks", "at school"),
    ("eat eats ate eaten eating", "pie, toast", "grapes, pancakes", "on the porch"),
    ("drink drinks drank drunk drinking", "cocoa, cold milk", "cool drinks, teas", "on deck"),
    ("catch catches caught caught catching", "trout, train", "crabs, fish", "near the harbor"),
    ("throw throws threw thrown throwing", "ball, net", "snowballs, sticks", "into the pond"),
    ("kick kicks kicked kicked kicking", "ball, can", "stones, leaves", "down the road"),
    ("dig digs dug dug digging", "ditch, garden", "potatoes, holes", "behind the shed"),
    ("polish polishes polished polished polishing", "mirror, desk", "spoons, shoes", "in the hall"),
    ("fill fills filled filled filling", "jug, tub", "bottles, pails", "at the spring"),
    ("watch watches watched watched watching", "sunset, parade", "stars, boats", "from the roof"),
    ("help helps helped helped helping", "blind man, lost child", "sailors, sick men", "in town"),
    ("visit visits visited visited visiting", "museum, sick man", "shops, ruins", "in London"),
    ("wake wakes woke woken waking", "baby, lazy boy", "guests, hired men", "in the tent"),
)

# What people do once: "every day" would sound odd.
EVENTS = (
    ("build builds built built building", "bridge, hut", "walls, shelves", "near the river"),
    ("mend mends mended mended mending", "net, roof", "socks, fences", "on the farm"),
    ("sew sews sewed sewn sewing", "dress, apron", "costumes, pillows", "by the lamp"),
    ("knit knits knitted knitted knitting", "scarf, sweater", "mittens, caps", "by the fire"),
    ("paint paints painted painted painting", "fence, boat", "chairs, toy trains", "in the shed"),
    ("lift lifts lifted lifted lifting", "chest, stone", "sacks, boxes", "onto the cart"),
    ("pull pulls pulled pulled pulling", "sled, wagon", "weeds, ropes", "up the hill"),
    ("drag drags dragged dragged dragging", "log, trunk", "branches, mats", "through the snow"),
    ("break breaks broke broken breaking", "jug, cup", "toys, dishes", "in the kitchen"),
    ("find finds found found finding", "ring, gold coin", "keys, shells", "under the bed"),
    ("lose loses lost lost losing", "purse, watch", "tickets, gloves", "on the train"),
    ("hide hides hid hidden hiding", "treasure, note", "presents, jewels", "in the cave"),
    ("steal steals stole stolen stealing", "crown, necklace", "cups, pearls", "in the palace"),
    ("choose chooses chose chosen choosing", "blue coat, kite", "prizes, puppies", "at the fair"),
    ("plant plants planted planted planting", "oak, rose bush", "seeds, bulbs", "by the gate"),
    ("grow grows grew grown growing", "corn, wheat", "pumpkins, melons", "behind the cottage"),
    ("see sees saw seen seeing", "rainbow, whale", "swans, deer", "from the bridge"),
    ("hear hears heard heard hearing", "owl, music", "frogs, footsteps", "in the woods"),
    ("meet meets met met meeting", "mayor, stranger", "pilgrims, visitors", "on the road"),
    ("send sends sent sent sending", "parcel, message", "cards, invitations", "to the island"),
    ("make makes made made making", "kite, raft", "masks, paper boats", "in the workshop"),
    ("wrap wraps wrapped wrapped wrapping", "gift, doll", "books, glasses", "in the bedroom"),
    ("load loads loaded loaded loading", "wagon, truck", "boxes, crates", "at the station"),
    ("tie ties tied tied tying", "rope, ribbon", "ribbons, knots", "to the post"),
    ("forget forgets forgot forgotten forgetting", "umbrella, hat", "books, keys", "at school"),
    ("rescue rescues rescued rescued rescuing", "kitten, lamb", "puppies, geese", "at sea"),
    ("weigh weighs weighed weighed weighing", "pumpkin, parcel", "sacks, nuggets", "on the scale"),
    ("borrow borrows borrowed borrowed borrowing", "ladder, saw", "tools, skates", "at the mill"),
    ("repair repairs repaired repaired repairing", "clock, gate", "pumps, wheels", "in the garage"),
    ("decorate decorates decorated decorated decorating", "hall, tree", "rooms, hats", "at home"),
)

# What animals do to something.
ANIMAL_ACTIONS = (
    ("chase chases chased chased chasing", "rabbit, mouse", "hens, geese", "around the barn"),
    ("follow follows followed followed following", "cart, hunter", "ducks, tracks", "to town"),
    ("bite bites bit bitten biting", "rope, stick", "slippers, apples", "in the yard"),
    ("smell smells smelled smelled smelling", "meat, honey", "flowers, crumbs", "near the tent"),
    ("scare scares scared scared scaring", "crow, thief", "sparrows, sheep", "in the field"),
    ("lick licks licked licked licking", "bowl, spoon", "pots, plates", "under the table"),
    ("bury buries buried buried burying", "bone, shoe", "bones, nuts", "beside the wall"),
    ("guard guards guarded guarded guarding", "den, cave", "cubs, toys", "in the hills"),
    ("drop drops dropped dropped dropping", "egg, feather", "berries, corn cobs", "in the mud"),
    ("scratch scratches scratched scratched scratching", "door, post", "beds, trees", "at home"),
)

# What people and animals do, and where. These verbs take no object.
MOVES = (
    ("sleep sleeps slept slept sleeping", "under the oak, in the hay, beside the stove"),
    ("sit sits sat sat sitting", "on the bench, by the fire, near the door"),
    ("wait waits waited waited waiting", "at the gate, behind the wall, under the bridge"),
    ("rest rests rested rested resting", "in the shade, on the grass, under the tree"),
    ("hide hides hid hidden hiding", "behind the curtain, under the cart, in the bushes"),
    ("run runs ran run running", "across the field, along the river, through the woods"),
    ("walk walks walked walked walking", "down the lane, over the hill, around the pond"),
    ("jump jumps jumped jumped jumping", "over the ditch, onto the boat, off the wall"),
    ("swim swims swam swum swimming", "in the lake, across the river, near the island"),
    ("climb climbs climbed climbed climbing", "up the hill, over the fence, onto the roof"),
    ("play plays played played playing", "on the beach, in the snow, behind the school"),
    ("stand stands stood stood standing", "on the bridge, in the doorway, beside the wagon"),
    ("live lives lived lived living", "in the forest, on the island, near the mountain"),
    ("go goes went gone going", "to the market, into the cave, up the tower"),
    ("fall falls fell fallen falling", "into the ditch, down the bank, off the cart"),
    ("stay stays stayed stayed staying", "in the cabin, at the farm, on the ship"),
)

# Verbs whose object may be a person: one asks whom they concern, not what.
WHOM = "help, visit, wake, meet, follow, scare"

# Verbs whose object could be doing something itself, so that the two could change places.
LIVE_OBJECTS = (
    "feed, milk, brush, ride, help, visit, wake, see, hear, meet, choose, send, catch, watch, "
    "rescue, count, draw"
)

HABIT_TIMES = (
    "every day, every morning, every evening, every week, each afternoon, every Sunday, "
    "each spring, twice a week, once a month, after supper, before breakfast, on Fridays"
)
PAST_TIMES = (
    "yesterday, last night, last week, this morning, on Monday, on Saturday, an hour ago, "
    "two days ago, last summer, in April, after lunch, before dark"
)
FUTURE_TIMES = "tomorrow, tonight, next week, next month, on Tuesday, in the morning, soon, in June"
STORY_TIMES = (
    "in the morning, at noon, in the evening, before breakfast, after supper, on Monday, "
    "on Thursday, at midnight, at sunrise, on Friday, before the feast, after the storm"
)

# --- Small tables for the kinds that change or question a sentence ---

# (how it is said in full, how it is shortened)
CONTRACTIONS = (
    ("does not", "doesn't"),
    ("did not", "didn't"),
    ("will not", "won't"),
    ("cannot", "can't"),
    ("must not", "mustn't"),
    ("could not", "couldn't"),
    ("should not", "shouldn't"),
    ("would not", "wouldn't"),
)

# (what happened, the same after "did", the reason): "Tom stayed at home because it was raining."
REASONS = (
    ("stayed at home", "stay at home", "it was raining"),
    ("lit a candle", "light a candle", "the room was dark"),
    ("took the long road", "take the long road", "the bridge was broken"),
    ("ran to the station", "run to the station", "the train was about to leave"),
    ("took off the muddy boots", "take off the muddy boots", "the floor was clean"),
    ("began to laugh", "begin to laugh", "the clown fell over"),
    ("opened all the windows", "open all the windows", "the kitchen was full of smoke"),
    ("spoke in a whisper", "speak in a whisper", "the baby was asleep"),
    ("called for the doctor", "call for the doctor", "the child had a fever"),
    ("went to bed early", "go to bed early", "the trip would start at dawn"),
    ("threw the milk away", "throw the milk away", "it tasted sour"),
    ("put on a thick coat", "put on a thick coat", "the wind was icy"),
    ("ate nothing at dinner", "eat nothing at dinner", "the soup was too salty"),
    ("walked home alone", "walk home alone", "the last bus had gone"),
    ("climbed onto the roof", "climb onto the roof", "the ball was stuck there"),
    ("dug a deep well", "dig a deep well", "the river was dry"),
    ("sold the old horse", "sell the old horse", "there was no hay left"),
    ("jumped off the chair", "jump off the chair", "a spider was sitting on it"),
    ("came late to school", "come late to school", "the clock had stopped"),
    ("slept in the barn", "sleep in the barn", "the inn was full"),
    ("waved a white flag", "wave a white flag", "the fight was lost"),
    ("turned the boat around", "turn the boat around", "the waves were too high"),
    ("gave the dog a bone", "give the dog a bone", "it had found the lost sheep"),
    ("waited under a tree", "wait under a tree", "the sun was hot"),
)

# (first sentence, second sentence, the word that joins them); each second sentence starts with
# a word that is written small inside a sentence.
JOINS = (
    ("The pond froze", "The night was very cold", "because"),
    ("The hens were hungry", "Nobody had fed them", "because"),
    ("The guests clapped", "The music was lovely", "because"),
    ("The road was flooded", "We went by boat", "so"),
    ("The lamp went out", "He felt his way to the door", "so"),
    ("The bag was too heavy", "She left it behind", "so"),
    ("The coat is old", "It is still warm", "but"),
    ("The little bird is small", "It can fly far", "but"),
    ("They looked everywhere", "They did not find the ring", "but"),
    ("You may have an apple", "You may have a pear", "or"),
    ("We can walk to the lake", "We can take the bus", "or"),
)

# (owner, thing, what is said of it): "The crown of the king is heavy."
POSSESSIONS = (
    ("the king", "crown", "is heavy"),
    ("the queen", "robe", "is long and blue"),
    ("the farmer", "barn", "stands on a hill"),
    ("the sailors", "boat", "has a red sail"),
    ("the children", "toys", "are on the floor"),
    ("the dog", "tail", "is short"),
    ("the birds", "nest", "fell from the tree"),
    ("the baker", "oven", "is hot"),
    ("my mother", "garden", "is behind the house"),
    ("the doctor", "bag", "is black"),
    ("the girls", "hats", "hang by the door"),
    ("the old man", "beard", "is white"),
    ("the rabbit", "ears", "are long"),
    ("the teacher", "desk", "is near the window"),
    ("the soldiers", "horses", "are tired"),
    ("the witch", "house", "stands in the forest"),
    ("my brother", "kite", "is stuck in a tree"),
    ("the bees", "hive", "is in the garden wall"),
    ("the women", "baskets", "are heavy"),
    ("the tailor", "scissors", "are sharp"),
    ("my cousins", "farm", "lies near the lake"),
    ("the kitten", "bowl", "is empty"),
)

# (sentence with one mistake, sentence put right)
MISTAKES = (
    ("The apples is ripe.", "The apples are ripe."),
    ("There is three owls in the tree.", "There are three owls in the tree."),
    ("My shoes was under the bed.", "My shoes were under the bed."),
    ("She have a new bicycle.", "She has a new bicycle."),
    ("We was late for the boat.", "We were late for the boat."),
    ("I are happy to see you.", "I am happy to see you."),
    ("The children has a secret.", "The children have a secret."),
    ("The milk are in the jug.", "The milk is in the jug."),
    ("Both doors was open.", "Both doors were open."),
    ("It do not rain much here.", "It does not rain much here."),
)

# --- Facts: one row, one record ---

ANTONYMS = (
    "empty full, early late, noisy quiet, heavy light, deep shallow, thick thin, near far, "
    "clean dirty, wet dry, smooth rough, wide narrow, rich poor, first last, "
    "asleep awake, north south, arrive depart, remember forget, laugh cry, "
    "buy sell, push pull, win lose, question answer, friend enemy, strong weak, summer winter, "
    "cheap expensive, inside outside, war peace"
)

# (word, its synonym, two words that mean something else)
SYNONYMS = (
    ("begin", "start", "sleep, carry"),
    ("large", "big", "green, soft"),
    ("speak", "talk", "swim, build"),
    ("stone", "rock", "cloud, spoon"),
    ("ill", "sick", "tall, early"),
    ("quick", "fast", "round, sour"),
    ("reply", "answer", "jump, cook"),
    ("angry", "cross", "sleepy, wooden"),
    ("tale", "story", "basket, window"),
    ("gift", "present", "hammer, garden"),
    ("shout", "yell", "read, fold"),
    ("leap", "jump", "drink, write"),
    ("road", "street", "apple, pillow"),
    ("finish", "end", "wash, climb"),
    ("correct", "right", "purple, narrow"),
    ("glad", "happy", "heavy, bitter"),
    ("repair", "mend", "throw, whisper"),
    ("forest", "woods", "kitchen, ladder"),
    ("silent", "quiet", "sweet, broken"),
    ("rush", "hurry", "dream, paint"),
    ("tiny", "small", "bright, wet"),
    ("thief", "robber", "sailor, cousin"),
)

# singular plural
PLURALS = (
    "child children, foot feet, tooth teeth, mouse mice, goose geese, woman women, ox oxen, "
    "leaf leaves, knife knives, loaf loaves, shelf shelves, thief thieves, baby babies, "
    "cherry cherries, city cities, potato potatoes, hero heroes, box boxes, witch witches, "
    "bush bushes, sheep sheep, story stories"
)

# adjective comparative superlative
DEGREES = (
    "big bigger biggest, thin thinner thinnest, happy happier happiest, good better best, "
    "bad worse worst, near nearer nearest, easy easier easiest, hot hotter hottest, "
    "wise wiser wisest, funny funnier funniest, brave braver bravest, tall taller tallest, "
    "wet wetter wettest, lazy lazier laziest, sad sadder saddest, "
    "old older oldest, busy busier busiest, dry drier driest, young younger youngest, "
    "late later latest, pretty prettier prettiest, flat flatter flattest"
)

# wrong right
SPELLINGS = (
    "beleive believe, becuase because, freindly friendly, wensday Wednesday, beautifull beautiful, "
    "tommorow tomorrow, peice piece, cieling ceiling, nieghbor neighbor, thier their, "
    "untill until, suprise surprise, allways always, choclate chocolate, libary library, "
    "Febuary February, intresting interesting, buisness business, "
    "diffrent different, brigde bridge, mountian mountain, sissors scissors, "
    "vegtable vegetable, anser answer, iland island, kichen kitchen"
)

# quality thing
SIMILES = (
    ("brave", "a lion"),
    ("busy", "a bee"),
    ("sly", "a fox"),
    ("white", "snow"),
    ("light", "a feather"),
    ("strong", "an ox"),
    ("graceful", "a swan"),
    ("gentle", "a lamb"),
    ("stubborn", "a mule"),
    ("cool", "a cucumber"),
    ("flat", "a pancake"),
    ("wise", "an owl"),
    ("blind", "a bat"),
    ("fit", "a fiddle"),
    ("cold", "ice"),
    ("sweet", "honey"),
    ("green", "grass"),
    ("slow", "a snail"),
    ("quiet", "a mouse"),
    ("proud", "a peacock"),
    ("slippery", "an eel"),
    ("straight", "an arrow"),
)

# (group, members, group, members)
GROUPS = (
    ("animals", "cow, fox", "trees", "oak, pine"),
    ("fruits", "pear, plum", "tools", "hammer, saw"),
    ("colors", "blue, yellow", "numbers", "seven, twelve"),
    ("clothes", "coat, shirt", "drinks", "tea, milk"),
    ("birds", "owl, swan", "insects", "ant, bee"),
    ("days", "Monday, Friday", "months", "March, July"),
    ("metals", "iron, silver", "flowers", "tulip, daisy"),
    ("vegetables", "carrot, onion", "furniture", "table, chair"),
    ("body parts", "elbow, knee", "buildings", "church, castle"),
    ("vehicles", "tractor, bus", "toys", "doll, kite"),
    ("shapes", "circle, square", "seasons", "spring, autumn"),
    ("fish", "trout, salmon", "reptiles", "snake, lizard"),
    ("jobs", "baker, nurse", "family members", "aunt, cousin"),
    ("weather", "rain, fog", "meals", "lunch, supper"),
    ("verbs", "run, eat", "adjectives", "tall, happy"),
    ("things to read", "letter, newspaper", "things to wear", "gloves, boots"),
    ("things in the sky", "moon, cloud", "things in the sea", "shark, crab"),
    ("things in a kitchen", "oven, kettle", "things in a schoolroom", "blackboard, chalk"),
    ("musical instruments", "drum, violin", "coins", "penny, dime"),
    ("sweet foods", "honey, sugar", "sour foods", "lemon, vinegar"),
    ("feelings", "joy, fear", "sports", "tennis, football"),
    ("hot things", "fire, steam", "cold things", "ice, snow"),
)

# (the odd one, the others, what the others are)
ODD_ONES = (
    ("chair", "horse, goat, pig", "animals"),
    ("spoon", "red, brown, purple", "colors"),
    ("apple", "shoe, sock, boot", "things worn on the feet"),
    ("river", "uncle, sister, mother", "members of a family"),
    ("bread", "January, May, October", "months"),
    ("cup", "finger, nose, ear", "parts of the body"),
    ("horse", "rose, lily, violet", "flowers"),
    ("window", "peach, grape, banana", "fruits"),
    ("grandfather", "three, eight, twenty", "numbers"),
    ("lamp", "eagle, robin, crow", "birds"),
    ("bicycle", "gold, copper, lead", "metals"),
    ("cheese", "triangle, rectangle, oval", "shapes"),
    ("bucket", "sailor, farmer, teacher", "jobs"),
    ("sofa", "sing, walk, think", "things that people do"),
    ("hammer", "water, juice, lemonade", "drinks"),
    ("piano", "cabbage, potato, pea", "vegetables"),
    ("candle", "Tuesday, Thursday, Sunday", "days of the week"),
    ("pillow", "spade, rake, hoe", "garden tools"),
    ("mountain", "skirt, jacket, sweater", "clothes"),
    ("kettle", "angry, glad, lonely", "feelings"),
    ("ladder", "hail, sleet, drizzle", "kinds of weather"),
    ("blanket", "flute, trumpet, harp", "musical instruments"),
    ("needle", "willow, birch, elm", "trees"),
    ("basket", "whale, shark, seal", "animals that live in the sea"),
)

# (word, its rhyme, two words that do not rhyme with it)
RHYMES = (
    ("cat", "hat", "dog, cup"),
    ("moon", "spoon", "star, man"),
    ("boat", "goat", "ship, bite"),
    ("light", "kite", "lamp, late"),
    ("bear", "chair", "wolf, beer"),
    ("king", "ring", "queen, kind"),
    ("tree", "bee", "leaf, tray"),
    ("mouse", "house", "rat, moose"),
    ("cake", "lake", "pie, kick"),
    ("ball", "wall", "bell, toy"),
    ("bed", "red", "pillow, bad"),
    ("rain", "train", "cloud, run"),
    ("fox", "box", "den, fix"),
    ("sheep", "sleep", "wool, ship"),
    ("night", "bite", "day, neat"),
    ("pig", "wig", "sty, peg"),
    ("hen", "ten", "egg, hand"),
    ("duck", "truck", "goose, dock"),
    ("nose", "rose", "ear, noise"),
    ("jam", "ham", "bread, gem"),
    ("sand", "hand", "beach, send"),
    ("clock", "sock", "time, cloak"),
)

CAPITALS = (
    ("Norway", "Oslo"),
    ("Sweden", "Stockholm"),
    ("Denmark", "Copenhagen"),
    ("Finland", "Helsinki"),
    ("Poland", "Warsaw"),
    ("Hungary", "Budapest"),
    ("Austria", "Vienna"),
    ("Greece", "Athens"),
    ("Ireland", "Dublin"),
    ("Egypt", "Cairo"),
    ("Kenya", "Nairobi"),
    ("Cuba", "Havana"),
    ("Peru", "Lima"),
    ("Argentina", "Buenos Aires"),
    ("Thailand", "Bangkok"),
    ("Vietnam", "Hanoi"),
    ("Nepal", "Kathmandu"),
    ("Iceland", "Reykjavik"),
    ("Turkey", "Ankara"),
    ("Iran", "Tehran"),
    ("Iraq", "Baghdad"),
    ("Ghana", "Accra"),
    ("Morocco", "Rabat"),
    ("Jamaica", "Kingston"),
    ("Romania", "Bucharest"),
    ("Bulgaria", "Sofia"),
)

# (what kind of sign, for what, the sign)
SYMBOLS = (
    ("chemical symbol", "oxygen", "O"),
    ("chemical symbol", "hydrogen", "H"),
    ("chemical symbol", "carbon", "C"),
    ("chemical symbol", "gold", "Au"),
    ("chemical symbol", "silver", "Ag"),
    ("chemical symbol", "iron", "Fe"),
    ("chemical symbol", "copper", "Cu"),
    ("chemical symbol", "calcium", "Ca"),
    ("chemical symbol", "zinc", "Zn"),
    ("chemical symbol", "lead", "Pb"),
    ("chemical formula", "water", "H2O"),
    ("chemical formula", "carbon dioxide", "CO2"),
    ("chemical formula", "table salt", "NaCl"),
    ("sign", "addition", "+"),
    ("sign", "division", "÷"),
    ("sign", "percent", "%"),
    ("sign", "less than", "<"),
    ("sign", "greater than", ">"),
    ("sign", "a square root", "√"),
    ("sign", "infinity", "∞"),
    ("sign", "the dollar", "$"),
    ("sign", "the British pound", "£"),
    ("sign", "the euro", "€"),
    ("sign", "the Japanese yen", "¥"),
)

# (word with its article, what it is)
DEFINITIONS = (
    ("a bakery", "a place where bread and cakes are made"),
    ("an orphan", "a child whose parents are dead"),
    ("an island", "a piece of land with water all around it"),
    ("a lighthouse", "a tower whose bright light guides ships at sea"),
    ("a desert", "a dry land where very little rain falls"),
    ("a mill", "a building where grain is ground into flour"),
    ("an orchard", "a field where fruit trees grow"),
    ("a volcano", "a mountain from which melted rock can burst out"),
    ("a compass", "a tool whose needle points to the north"),
    ("a harbor", "a sheltered place where ships can stay"),
    ("a shepherd", "a person who looks after sheep"),
    ("a thermometer", "a tool that shows how hot or cold something is"),
    ("a library", "a place where people can read and borrow books"),
    ("a carpenter", "a person who makes things of wood"),
    ("an umbrella", "a folding cover that keeps off the rain"),
    ("a bridge", "a road built over a river or a valley"),
    ("a scarecrow", "a figure of straw that frightens birds from the crops"),
    ("a telescope", "a tube with lenses that makes far things look near"),
    ("a dentist", "a doctor who takes care of teeth"),
    ("an iceberg", "a huge piece of ice that floats in the sea"),
    ("a lullaby", "a soft song that helps a baby fall asleep"),
    ("a cradle", "a small bed in which a baby is rocked"),
    ("a museum", "a building where rare or old things are shown"),
    ("a passport", "a small book that proves who a traveler is"),
)

# (amount, unit, the same in another unit, that unit)
UNITS = (
    (3, "kilometers", 3000, "meters"),
    (5, "meters", 500, "centimeters"),
    (40, "millimeters", 4, "centimeters"),
    (7, "kilograms", 7000, "grams"),
    (2, "liters", 2000, "milliliters"),
    (6, "feet", 72, "inches"),
    (12, "feet", 4, "yards"),
    (3, "hours", 180, "minutes"),
    (240, "seconds", 4, "minutes"),
    (2, "days", 48, "hours"),
    (35, "days", 5, "weeks"),
    (4, "years", 48, "months"),
    (6, "dollars", 600, "cents"),
    (3, "gallons", 12, "quarts"),
    (2, "pounds", 32, "ounces"),
    (9000, "meters", 9, "kilometers"),
    (800, "centimeters", 8, "meters"),
    (4000, "grams", 4, "kilograms"),
    (36, "inches", 3, "feet"),
    (10, "yards", 30, "feet"),
    (300, "minutes", 5, "hours"),
    (8, "weeks", 56, "days"),
    (900, "cents", 9, "dollars"),
    (8, "pints", 4, "quarts"),
)

# (number, sign, number)
SUMS = (
    (7, "+", 5),
    (18, "+", 6),
    (25, "+", 30),
    (14, "-", 9),
    (40, "-", 12),
    (100, "-", 35),
    (6, "×", 7),
    (9, "×", 8),
    (12, "×", 4),
    (20, "÷", 5),
    (56, "÷", 8),
    (90, "÷", 3),
)

# (problem, answer), with a and b for the numbers and n for the result; then the numbers, the sign.
WORD_PROBLEMS = (
    ("Anna has {a} shells. She finds {b} more. How many shells does she have now?",
     "Anna has {n} shells now.", 4, "+", 5),
    ("A baker had {a} buns. He sold {b}. How many buns are left?",
     "{n} buns are left.", 15, "-", 8),
    ("There are {a} boxes with {b} eggs in each. How many eggs are there?",
     "There are {n} eggs.", 3, "×", 6),
    ("Four children share {a} plums equally. How many plums does each child get?",
     "Each child gets {n} plums.", 12, "÷", 4),
    ("{a} birds sat on a fence and {b} flew away. How many birds stayed?",
     "{n} birds stayed.", 11, "-", 4),
    ("A boat carries {a} men and {b} women. How many people does it carry?",
     "The boat carries {n} people.", 13, "+", 9),
    ("A spider has {b} legs. How many legs do {a} spiders have?",
     "The spiders have {n} legs.", 2, "×", 8),
    ("A book has {a} pages and Ben has read {b} of them. How many pages must he still read?",
     "Ben must still read {n} pages.", 50, "-", 20),
    ("Two friends share {a} coins equally. How many coins does each friend get?",
     "Each friend gets {n} coins.", 26, "÷", 2),
    ("A farmer has {a} cows and {b} goats. How many animals does he have in all?",
     "The farmer has {n} animals.", 16, "+", 7),
    ("One ticket costs {b} dollars. How much do {a} tickets cost?",
     "The tickets cost {n} dollars.", 5, "×", 9),
    ("Lucy is {a} years old. Her brother is {b} years younger. How old is her brother?",
     "Lucy's brother is {n} years old.", 10, "-", 3),
)  # fmt: skip

# (what it is, what it is called)
ANIMALS = (
    ("a young cow", "a calf"),
    ("a young dog", "a puppy"),
    ("a young cat", "a kitten"),
    ("a young sheep", "a lamb"),
    ("a young frog", "a tadpole"),
    ("a young bear", "a cub"),
    ("a young deer", "a fawn"),
    ("a young swan", "a cygnet"),
    ("a young kangaroo", "a joey"),
    ("the home of a bee", "a hive"),
    ("the home of a bird", "a nest"),
    ("the home of a rabbit", "a burrow"),
    ("the home of a spider", "a web"),
    ("the sound of a duck", "a quack"),
    ("the sound of a lion", "a roar"),
    ("the sound of a snake", "a hiss"),
    ("the sound of a horse", "a neigh"),
    ("the sound of a cow", "a moo"),
    ("the sound of an owl", "a hoot"),
    ("a female lion", "a lioness"),
    ("a female deer", "a doe"),
    ("a male chicken", "a rooster"),
    ("a group of wolves", "a pack"),
    ("a group of sheep", "a flock"),
    ("a group of fish", "a school"),
    ("a group of cows", "a herd"),
)

# (sentence with a gap, the words for the gap)
GAPS = (
    ("We see with our ___.", "eyes"),
    ("In autumn the leaves fall from the ___.", "trees"),
    ("A week has seven ___.", "days"),
    ("The sun rises in the ___.", "east"),
    ("When water gets very cold, it turns to ___.", "ice"),
    ("A triangle has three ___.", "sides"),
    ("We cut paper with a pair of ___.", "scissors"),
    ("Hens lay ___.", "eggs"),
    ("At night the sky is full of ___.", "stars"),
    ("A person who flies a plane is a ___.", "pilot"),
    ("The wool for a sweater comes from ___.", "sheep"),
    ("A clock shows the ___.", "time"),
    ("We wear gloves on our ___.", "hands"),
    ("Fish breathe through their ___.", "gills"),
    ("You open a locked door with a ___.", "key"),
    ("After Saturday comes ___.", "Sunday"),
    ("Bread is made from ___.", "flour"),
    ("A dog wags its ___.", "tail"),
    ("There are sixty minutes in an ___.", "hour"),
    ("The Earth goes around the ___.", "sun"),
    ("To post a letter, you must first put on a ___.", "stamp"),
    ("A caterpillar turns into a moth or a ___.", "butterfly"),
)

# (what to name, the names, in order)
LISTS = (
    ("the first three months of the year", "January, February, March"),
    ("the four seasons", "spring, summer, autumn, winter"),
    ("the four main directions on a map", "north, south, east, west"),
    ("the five senses", "sight, hearing, smell, taste, touch"),
    ("the last three letters of the alphabet", "X, Y, Z"),
    ("the five vowels", "A, E, I, O, U"),
    ("the first three even numbers after zero", "two, four, six"),
    ("the two months that begin with A", "April, August"),
    ("the two days that begin with S", "Saturday, Sunday"),
    ("the two months that begin with M", "March, May"),
    ("the last three months of the year", "October, November, December"),
    ("the three planets nearest to the sun", "Mercury, Venus, Earth"),
    ("the three primary colors of paint", "red, yellow, blue"),
    ("the three states of water", "ice, liquid water, steam"),
    ("the four suits in a pack of cards", "hearts, diamonds, clubs, spades"),
    ("three meals of the day", "breakfast, lunch, dinner"),
    ("the two poles of the Earth", "the North Pole, the South Pole"),
    ("three animals that people keep as pets", "a cat, a dog, a rabbit"),
    ("three things that can fly", "a bird, a plane, a kite"),
    ("three things made of glass", "a bottle, a window, a mirror"),
    ("three things found in a forest", "a tree, a fox, a mushroom"),
    ("three animals with horns", "a bull, a goat, a ram"),
)

# first part, second part; together they are the word
COMPOUNDS = (
    "rain bow, sun flower, butter fly, snow ball, foot print, moon light, fire place, tea pot, "
    "book shelf, bird house, grass hopper, black berry, door bell, farm yard, "
    "cup board, horse shoe, wind mill, hair brush, tooth brush, star fish, play ground,  water fall"
)

# Words to be put in the order of the alphabet.
WORDS = (
    "apple, acorn, ant, arrow, basket, bell, boat, bread, bridge, candle, castle, cloud, corn, "
    "cradle, deer, desk, dish, donkey, door, eagle, egg, elbow, engine, farm, feather, fence, "
    "finger, flower, garden, gate, ghost, glass, grape, hammer, harvest, hill, honey, horse, "
    "ice, inn, island, ivy, jacket, jam, jewel, judge, jug, kettle, king, kite, knife, ladder, "
    "lamp, lemon, lion, meadow, mill, mirror, moon, mule, nail, needle, nest, nut, oak, ocean, "
    "olive, onion, oven, palace, parrot, pearl, pillow, pond, queen, quilt, rabbit, ribbon, "
    "river, road, rose, saddle, sail, ship, shovel, spoon, table, tent, tiger, tower, turtle, "
    "umbrella, uncle, valley, vase, village, violin, wagon, wall, well, whale, window, wolf, "
    "yard, yarn, yoke, zebra, zoo"
)

# --- The kinds of task: how many records, and the wordings. In a wording {text} is the text to work
# on; a wording without it leaves the text to the record's `input`. Other names in braces are filled
# in by the function of the same name as the kind.

KINDS = {
    "active_to_passive": (
        56,
        (
            "Change the sentence from active to passive: '{text}'",
            "Rewrite the sentence in the passive.",
            "Put this sentence into the passive voice: {text}",
            "Turn this active sentence into a passive one.",
            "Say the same in the passive voice.",
            "Make this sentence passive: '{text}'",
        ),
    ),
    "passive_to_active": (
        28,
        (
            "Change the sentence from passive to active: '{text}'",
            "Rewrite the sentence in the active.",
            "Put this passive sentence into the active voice.",
            "Make this sentence active: {text}",
            "Say the same in the active voice.",
        ),
    ),
    "past_tense": (
        36,
        (
            "Rewrite the sentence in the past tense: {text}",
            "Put this sentence into the simple past.",
            "Change the verb to the past tense.",
            "Tell it as something that has already happened: '{text}'",
            "Move the sentence from the present to the past.",
        ),
    ),
    "future_tense": (
        28,
        (
            "Rewrite the sentence in the future tense with 'will'.",
            "Put this sentence into the future, using 'will': {text}",
            "Use 'will' to move this sentence into the future.",
            "Change the verb to the future with 'will': '{text}'",
            "Tell it with 'will', as something still to come.",
        ),
    ),
    "question": (
        32,
        (
            "Turn the statement into a yes-or-no question: '{text}'",
            "Make a yes-or-no question of this sentence.",
            "Ask whether this is so: {text}",
            "Rewrite the statement as a question that can be answered with yes or no.",
            "Change this sentence to a yes-or-no question.",
        ),
    ),
    "negation": (
        32,
        (
            "Make the sentence negative with 'not': '{text}'",
            "Say that this is not so, using 'not'.",
            "Rewrite the sentence in the negative with 'not'.",
            "Put 'not' in the right place to deny this sentence: {text}",
            "Turn this into a negative sentence with 'not'.",
        ),
    ),
    "plural_sentence": (
        24,
        (
            "Make the subject of the sentence plural: '{text}'",
            "Rewrite the sentence with its subject in the plural.",
            "Let more than one do it: change the subject to the plural.",
            "Put the subject into the plural and change the verb to match: {text}",
            "Change the subject from one to many.",
        ),
    ),
    "command": (
        22,
        (
            "Turn the sentence into a command: '{text}'",
            "Say this as an order.",
            "Rewrite the sentence as a command without 'you'.",
            "Give the same advice as a command: {text}",
            "Put this into the imperative mood.",
        ),
    ),
    "pronoun": (
        22,
        (
            "Replace the subject with 'he', 'she' or 'they': '{text}'",
            "Put a pronoun in place of the subject.",
            "Use 'he', 'she' or 'they' for the subject of the sentence.",
            "Rewrite the sentence with a pronoun as its subject: {text}",
            "Change only the subject, to a pronoun.",
        ),
    ),
    "extract_who": (
        34,
        (
            "Read the story and answer: who {question}?",
            "Who {question}?",
            "Who {question}? Look in the text: {text}",
            "{text} Who {question}?",
            "Find in the text who {question}.",
        ),
    ),
    "extract_what": (
        26,
        (
            "Read the story and answer: what {question}?",
            "What {question}?",
            "What {question}? The text says it: {text}",
            "{text} What {question}?",
            "The text has the answer: what {question}?",
        ),
    ),
    "extract_where": (
        26,
        (
            "Read the story and answer: where {question}?",
            "Where {question}?",
            "Where {question}? Look in the text: {text}",
            "{text} Where {question}?",
            "Use the text to say where: where {question}?",
        ),
    ),
    "extract_when": (
        24,
        (
            "Read the story and answer: when {question}?",
            "When {question}?",
            "When {question}? The text tells it: {text}",
            "{text} When {question}?",
            "Use the text to say when: when {question}?",
        ),
    ),
    "extract_why": (
        24,
        (
            "Read the story and answer: why {question}?",
            "Why {question}?",
            "Why {question}? Look in the text: {text}",
            "{text} Why {question}?",
            "Give the reason that the text gives: why {question}?",
        ),
    ),
    "join_sentences": (
        26,
        (
            "Join the two sentences with '{word}'.",
            "Make one sentence, using '{word}': {text}",
            "Use the word '{word}' to join these sentences.",
            "Put '{word}' between the sentences to make them one.",
            "Connect these with '{word}': '{text}'",
        ),
    ),
    "reported_speech": (
        24,
        (
            "Put the words into reported speech with 'that'.",
            "Tell what was said, without quotation marks, using 'that'.",
            "Change the direct speech to indirect speech with 'that'.",
            "Report these words with 'that': {text}",
            "Rewrite with 'said that': {text}",
        ),
    ),
    "alphabetical_order": (
        26,
        (
            "Put these words in the order of the alphabet: {text}",
            "Arrange the words from A to Z.",
            "Write the words in alphabetical order.",
            "Sort this list by the alphabet: {text}",
            "In which order do these words stand in a dictionary?",
        ),
    ),
    "first_or_last": (
        22,
        (
            "Which of these words comes {end} in the alphabet: {text}?",
            "Choose the word that comes {end} in alphabetical order.",
            "Which of the words stands {end} in a dictionary?",
            "By the alphabet, which word comes {end}: {text}?",
            "Find the word that is {end} by the alphabet.",
        ),
    ),
    "count_words": (
        22,
        (
            "How many words are in this sentence? '{text}'",
            "Count the words of the sentence.",
            "Say how many words the sentence has.",
            "Tell me the number of words in: {text}",
            "How many words does this sentence have?",
        ),
    ),
    "unscramble": (
        22,
        (
            "Put the words in order to make a sentence: {text}",
            "Make a sentence of these words.",
            "The words are mixed up. Write the sentence.",
            "Use all these words to build a sentence: {text}",
            "Set the words right so that they form a sentence.",
        ),
    ),
    "possessive": (
        22,
        (
            "Rewrite the sentence with an apostrophe instead of 'of': '{text}'",
            "Use an apostrophe to show the owner.",
            "Say it with an apostrophe and without 'of'.",
            "Put the owner first, with an apostrophe: {text}",
            "Change the 'of' phrase to a possessive with an apostrophe.",
        ),
    ),
    "contraction": (
        22,
        (
            "Write '{full}' in its short form: '{text}'",
            "Use the short form of '{full}' in this sentence.",
            "Rewrite the sentence with a contraction.",
            "Shorten '{full}' with an apostrophe: {text}",
            "Say it the short way, with an apostrophe.",
        ),
    ),
    "punctuation": (
        26,
        (
            "Add the capital letters and the mark at the end: {text}",
            "Put in capital letters and a period or question mark.",
            "Write the sentence with its capital letters and end mark.",
            "This sentence has no capitals and no end mark. Put them in.",
            "Correct the capital letters and the end mark: {text}",
        ),
    ),
    "agreement": (
        26,
        (
            "Correct the verb in the sentence: '{text}'",
            "The verb does not agree with its subject. Put it right.",
            "Change the verb so that it fits the subject.",
            "Find and mend the mistake in the verb: {text}",
            "One verb is wrong. Write the sentence correctly.",
        ),
    ),
    "replace_word": (
        24,
        (
            "Replace '{old}' with '{new}': '{text}'",
            "Put '{new}' in place of '{old}'.",
            "Write the sentence with '{new}' instead of '{old}'.",
            "Change '{old}' to '{new}' in this sentence: {text}",
            "Copy the sentence, but write '{new}' for '{old}'.",
        ),
    ),
    "compound_word": (
        22,
        (
            "Join '{first}' and '{second}' into one word.",
            "Which word do '{first}' and '{second}' make together?",
            "Make a compound word of '{first}' and '{second}'.",
            "Put the words '{first}' and '{second}' together.",
            "What do you get when you write '{first}' and '{second}' as one word?",
        ),
    ),
    "antonym": (
        28,
        (
            "Give the word that is the opposite of '{word}'.",
            "Write the word that means the opposite of '{word}'.",
            "Which word is the opposite of '{word}'?",
            "Find the opposite of the word '{word}'.",
            "Tell me the opposite of '{word}'.",
        ),
    ),
    "synonym": (
        22,
        (
            "Which word means the same as '{word}': {text}?",
            "Choose the word that means the same as '{word}'.",
            "One of these words has the meaning of '{word}'. Which one?",
            "Find the synonym of '{word}' among these words: {text}",
            "Pick the word closest in meaning to '{word}'.",
        ),
    ),
    "plural_noun": (
        22,
        (
            "What is the plural of '{word}'?",
            "Write the plural of the noun '{word}'.",
            "How do you write more than one '{word}'?",
            "Put the word '{word}' into the plural.",
            "One is called '{word}'. What are two of them called?",
        ),
    ),
    "comparison": (
        22,
        (
            "What is the {degree} of '{word}'?",
            "Write the {degree} form of '{word}'.",
            "Form the {degree} of the adjective '{word}'.",
            "Which word is the {degree} of '{word}'?",
            "Put the adjective '{word}' into the {degree}.",
        ),
    ),
    "spelling": (
        26,
        (
            "How is '{word}' spelled correctly?",
            "The word '{word}' is spelled wrong. Write it correctly.",
            "Put right the spelling of '{word}'.",
            "Mend the spelling mistake in '{word}'.",
            "Write '{word}' without the spelling mistake.",
        ),
    ),
    "simile": (
        22,
        (
            "Complete the simile: as {quality} as ...",
            "How does the saying 'as {quality} as ...' go on?",
            "Finish the well-known comparison 'as {quality} as ...'.",
            "What comes after 'as {quality} as' in the common saying?",
            "Give the usual simile for '{quality}'.",
        ),
    ),
    "classify": (
        22,
        (
            "Sort these words into {one} and {two}: {text}",
            "Which of these are {one}, and which are {two}?",
            "Put each word into its group: {one} or {two}.",
            "Divide the words into {one} and {two}.",
            "Make two groups, {one} and {two}: {text}",
        ),
    ),
    "odd_one_out": (
        24,
        (
            "Which word does not belong with the others: {text}?",
            "Find the odd one out.",
            "Which is the odd one out: {text}?",
            "Three of these belong together. Which one does not?",
            "One of these words does not fit. Which, and why?",
        ),
    ),
    "rhyme": (
        22,
        (
            "Which word rhymes with '{word}': {text}?",
            "Choose the word that rhymes with '{word}'.",
            "Find the rhyme for '{word}' among these words: {text}",
            "One of these words rhymes with '{word}'. Which one?",
            "Pick out the rhyme for the word '{word}'.",
        ),
    ),
    "capital_city": (
        26,
        (
            "Which city is the capital of {country}?",
            "Name the capital city of {country}.",
            "{country} is a country. What is its capital?",
            "Write down the capital of {country}.",
            "What is the name of the capital of {country}?",
        ),
    ),
    "symbol": (
        24,
        (
            "Which {sign} stands for {thing}?",
            "Write the {sign} for {thing}.",
            "What {sign} do we use for {thing}?",
            "Give me the {sign} for {thing}.",
            "Show the {sign} that means {thing}.",
        ),
    ),
    "definition": (
        24,
        (
            "What is {thing}?",
            "Explain in one sentence what {thing} is.",
            "Say in simple words what {thing} is.",
            "A child asks what {thing} is. Answer in one sentence.",
            "What do we mean by {thing}?",
        ),
    ),
    "units": (
        24,
        (
            "Change {amount} {unit} to {other}.",
            "How many {other} is {amount} {unit}?",
            "Express {amount} {unit} in {other}.",
            "Write {amount} {unit} as {other}.",
            "What is {amount} {unit} in {other}?",
        ),
    ),
    "arithmetic": (
        24,
        (
            "Work out the answer: {text}",
            "Solve this problem.",
            "Find the result.",
            "Give the answer to this: {text}",
            "Calculate the answer.",
        ),
    ),
    "animals": (
        26,
        (
            "What is {thing} called?",
            "What do we call {thing}?",
            "Give the name for {thing}.",
            "Which word do we use for {thing}?",
            "Tell me the word for {thing}.",
        ),
    ),
    "complete_sentence": (
        22,
        (
            "Fill the gap: {text}",
            "Write the sentence with the missing word.",
            "Complete the sentence with one word: {text}",
            "Which word is missing? Write the whole sentence.",
            "Put the right word in the gap.",
        ),
    ),
    "name_some": (
        22,
        (
            "Name {thing}.",
            "List {thing}.",
            "Write down {thing}.",
            "Make a list of {thing}.",
            "Can you name {thing}?",
        ),
    ),
}
