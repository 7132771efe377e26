"""The tables behind the project's own instruction records: words, facts and wordings, no logic.

Everything here was written for this project. `instructions.py` turns the tables into records;
another script may read them as well. Lists of words are comma-separated strings, because they read
better than rows of quotation marks.

- Sentences are dealt from `SUBJECTS`, the verb tables and the times of day. There are so many of
  each that no noun and no verb is in more than a hundredth of the training records.
- The other tables hold one fact per row; a row serves one record and no other.
- `KINDS` says how many records of each kind there are, and in which wordings.
"""

# --- Who does it: name of the group -> subjects. All take "the" but the names and "my ...". ---

SUBJECTS = {
    "man": (
        "the king, the boy, the prince, the old man, my father, my brother, my uncle, my "
        "grandfather, the bridegroom, the monk, Tom, Peter, Jack, Ben, Henry, Oliver, Paul, David, "
        "Adam, Felix, Hugo, Leo, Marcus, Nathan, Oscar, Simon, Victor, Walter, Gabriel, Ivan"
    ),
    "woman": (
        "the queen, the girl, the princess, the old woman, my mother, my sister, my aunt, my "
        "grandmother, the bride, the nun, Anna, Mary, Lucy, Emma, Clara, Jane, Nora, Ruth, Alice, "
        "Bella, Diana, Elena, Grace, Helen, Iris, Julia, Laura, Maria, Rosa, Sophie"
    ),
    "worker": (
        "the cook, the gardener, the farmer, the nurse, the teacher, the sailor, the baker, the "
        "miller, the tailor, the servant, the doctor, the soldier, the neighbor, the painter, the "
        "shepherd, the hunter, the maid, the guard, the driver, the captain, the fisherman, the "
        "pilot, the notary, the banker, the reporter, the welder, the mason, the carpenter, the "
        "waiter, the optician, the barber, the singer, the actor, the dancer, the writer, the "
        "editor, the student, the professor, the researcher, the engineer, the architect, the "
        "archivist, the secretary, the chairman, the clerk, the shopkeeper, the florist, the "
        "jeweler, the butcher, the grocer, the porter, the guide, the pilgrim, the climber, the "
        "diver, the skier, the jockey, the referee, the coach, the mayor, the minister, the "
        "judge, the detective, the inspector, the spy, the thief, the pirate, the knight, the "
        "wizard, the magician, the clown, the poet, the engraver, the composer, the drummer, the "
        "violinist, the director, the photographer, the astronomer, the chemist, the healer, the "
        "patient, the pharmacist, the veterinarian, the zookeeper, the beekeeper, the blacksmith, "
        "the weaver, the potter, the cobbler, the electrician, the typist, the caretaker, the "
        "ranger, the firefighter, the lifeguard, the rider, the hiker, the camper, the passenger, "
        "the traveler, the stranger, the widow, the orphan"
    ),
    "people": (
        "the children, the twins, the brothers, the sisters, my cousins, my parents, my friends, "
        "the workers, the guests, the players, the pupils, the villagers, the citizens, the "
        "rebels, the refugees, the settlers, the nomads, the monks, the musicians, the artists, "
        "the builders, the miners, the rowers, the scouts, the visitors, the customers, the "
        "owners, the partners, the teenagers, the women, the men, Tom and Anna, Lucy and Ben, "
        "Hugo and Iris, Elena and Felix"
    ),
    "animal": (
        "the fox, the dog, the cat, the bear, the wolf, the lion, the tiger, the monkey, the "
        "puppy, the kitten, the badger, the goat, the panther, the leopard, the hyena, the otter, "
        "the raccoon, the squirrel, the hawk, the raven, the peacock, the turkey, the donkey, the "
        "camel, the elephant, the gorilla"
    ),
    "animals": (
        "the foxes, the dogs, the cats, the bears, the wolves, the monkeys, the kittens, the rats, "
        "the weasels, the jackals, the eagles, the crows, the pigs, the calves, the ponies, the "
        "beavers"
    ),
}

PLURAL_GROUPS = ("people", "animals")

PRONOUNS = {"man": "he", "woman": "she", "people": "they"}

# --- What is done. A line: the verb, objects in the singular; in the plural (all take "the"); and
# places. No verb whose past equals its base ("cut"): a change of tense would not show.

# What people do again and again: goes with "every day".
HABITS = """
bake: bread, cake; buns, apple pies; in the kitchen
boil: milk, soup; eggs, beans; on the stove
cook: fish, rice; carrots, peas; over the fire
stir: porridge, jam; oats, berries; in the big pot
pour: tea, water; drinks, hot drinks; at the table
wash: shirt, cart; plates, cups; behind the inn
clean: stable, stove; boots, lamps; in the yard
sweep: floor, yard; steps, paths; in front of the shop
feed: horse, calf; hens, ducks; behind the barn
milk: cow, white goat; cows, goats; in the barn
brush: pony, donkey; horses, sheep; in the stable
ride: donkey, pony; camels, ponies; along the beach
water: garden, tree; roses, plants; near the fence
pick: cotton, mint; plums, cherries; in the garden
gather: hay, wood; nuts, eggs; near the mill
chop: wood, cabbage; onions, logs; behind the house
carry: basket, bucket; bags, trays; up the stairs
bring: mail, lantern; flowers, cups; to the hall
push: cart, wagon; chairs, barrels; across the yard
open: gate, window; shutters, doors; at the inn
close: door, shop; curtains, windows; in the hotel
lock: cellar, gate; doors, stables; on the farm
fold: blanket, flag; towels, napkins; on the bed
hang: coat, lantern; wet clothes, hats; by the back door
count: money, flock; coins, lambs; at the market
sell: cheese, honey; apples, baskets; in the village
buy: butter, flour; pears, candles; at the corner shop
write: lesson, report; letters, poems; at the desk
draw: castle, map; animals, ships; on the sidewalk
sing: song, tune; hymns, old songs; in the church
play: flute, fiddle; drums, bells; in the hall
ring: bell, dinner bell; church bells, gongs; in the tower
wear: red hat, gold ring; gloves, wool socks; at school
eat: pie, toast; grapes, pancakes; on the porch
drink: cocoa, cold milk; cool drinks, teas; on deck
catch: trout, train; crabs, fish; near the harbor
throw: ball, net; snowballs, sticks; into the pond
kick: ball, tin; stones, leaves; down the road
dig: ditch, garden; potatoes, holes; behind the shed
polish: mirror, desk; spoons, shoes; in the hall
fill: jug, tub; bottles, pails; at the spring
watch: sunset, parade; stars, boats; from the roof
help: blind man, lost child; sailors, sick men; in town
visit: museum, sick man; shops, ruins; in London
wake: baby, lazy boy; guests, hired men; in the tent
admire: monument, skyline; sculptures, mosaics; from the terrace
answer: phone, survey; riddles, calls; at the reception
prepare: meal, feast; lunches, suppers; in the canteen
order: pizza, taxi; noodles, burgers; from the counter
use: escalator, calculator; printers, scissors; at the library
mix: paint, dough; spices, colors; in a bowl
taste: sauce, mustard; cheeses, olives; at the buffet
slice: ham, lemon; tomatoes, mushrooms; beside the sink
study: geometry, grammar; maps, galaxies; at the university
check: engine, thermometer; axles, brakes; in the workshop
sign: treaty, form; documents, checks; at the bank
print: newspaper, poster; leaflets, tickets; on the ground floor
type: essay, address; emails, codes; on the tablet
record: podcast, speech; interviews, lectures; in the studio
deliver: mail, pizza; groceries, newspapers; to the hospital
collect: rent, garbage; stamps, meteorites; around the block
feed: peacock, hamster; goldfish, pigeons; in the tank
walk: poodle, greyhound; terriers, spaniels; around the arena
drive: bus, tractor; trucks, taxis; through the tunnel
park: van, moped; bicycles, scooters; behind the theater
charge: radio, tractor; phones, tablets; at the terminal
clean: oven, carpet; toilets, ashtrays; in the hostel
heat: oil, stew; leftovers, pans; in the furnace
peel: banana, potato; oranges, shrimps; over the sink
grill: steak, salmon; sausages, peppers; on the balcony
fry: egg, bacon; onions, dumplings; in the camp
freeze: broth, sherbet; raspberries, pastries; in the pantry
label: folder, crate; jars, samples; in the laboratory
measure: rainfall, temperature; shadows, craters; near the volcano
teach: physics, ballet; toddlers, recruits; at the academy
coach: goalkeeper, swimmer; wrestlers, gymnasts; in the gym
greet: customer, ambassador; pilgrims, patients; at the entrance
train: falcon, elephant; dolphins, sheepdogs; at the circus
repeat: prayer, slogan; verbs, vowels; in the classroom
solve: puzzle, equation; crimes, mysteries; at the office
skim: magazine, comic; novels, manuals; in the waiting room
water: lawn, cactus; orchids, mosses; in the greenhouse
trim: hedge, mustache; bushes, branches; along the driveway
dust: piano, globe; monuments, shelves; in the museum
iron: tablecloth, blouse; trousers, uniforms; in the laundry
pack: backpack, parachute; lunches, tents; in the hallway
stack: firewood, luggage; bricks, trays; against the shed
sort: laundry, garbage; coins, buttons; into the box
test: microphone, alarm; rockets, engines; in the desert
use: ladder, whistle; needles, tweezers; in the clinic
translate: novel, label; letters, proverbs; for the visitors
photograph: waterfall, eclipse; butterflies, athletes; from the balcony
judge: contest, pie; dancers, inventions; at the festival
guard: embassy, vault; diamonds, prisoners; on the border
pay: mason, fee; fines, debts; in advance
shave: beard, llama; camels, rabbits; at the barbershop
scrub: deck, bathtub; stairs, pots; on the submarine
weave: carpet, basket; blankets, shawls; in the courtyard
press: button, grapes; switches, flowers; in the cockpit
"""

# What people do once: "every day" would sound odd.
EVENTS = """
build: bridge, hut; walls, shelves; near the river
mend: net, roof; socks, fences; on the farm
sew: dress, apron; costumes, pillows; by the lamp
knit: scarf, sweater; mittens, caps; by the fire
paint: fence, boat; chairs, toy trains; in the shed
lift: chest, stone; sacks, boxes; onto the cart
pull: sled, wagon; weeds, ropes; up the hill
drag: log, trunk; branches, mats; through the snow
break: jug, cup; toys, dishes; in the kitchen
find: ring, gold coin; keys, shells; under the bed
lose: purse, watch; tickets, gloves; on the train
hide: treasure, note; presents, jewels; in the cave
steal: crown, necklace; cups, pearls; in the palace
choose: blue coat, kite; prizes, puppies; at the fair
plant: oak, rose bush; seeds, bulbs; by the gate
grow: corn, wheat; pumpkins, melons; behind the cottage
see: rainbow, whale; swans, deer; from the bridge
hear: owl, music; frogs, footsteps; in the woods
meet: mayor, stranger; pilgrims, visitors; on the road
send: parcel, message; cards, invitations; to the island
make: kite, raft; masks, paper boats; in the workshop
wrap: gift, doll; books, glasses; in the bedroom
load: wagon, truck; boxes, crates; at the station
tie: rope, ribbon; ribbons, knots; to the post
forget: umbrella, hat; books, keys; at school
rescue: kitten, lamb; puppies, geese; at sea
weigh: pumpkin, parcel; sacks, nuggets; on the scale
borrow: ladder, saw; tools, skates; at the mill
repair: clock, gate; pumps, wheels; in the garage
decorate: hall, tree; rooms, hats; at home
invent: engine, alphabet; gadgets, machines; in the attic
discover: continent, medicine; caves, comets; beyond the ocean
explore: crater, jungle; tunnels, shipwrecks; under the ice
cancel: flight, wedding; meetings, concerts; at the last minute
design: bridge, website; costumes, cranes; on the typewriter
download: program, photo; songs, videos; on the train
erase: blackboard, message; mistakes, drawings; in the classroom
fix: gutter, radiator; pipes, antennas; in the bathroom
inspect: factory, passport; elevators, mines; at the customs office
launch: rocket, yacht; balloons, cranes; from the platform
win: race, medal; trophies, matches; in the arena
attend: seminar, funeral; lectures, rehearsals; in the cathedral
rent: apartment, canoe; skis, costumes; at the resort
reserve: table, suite; seats, cabins; at the restaurant
replace: lightbulb, filter; fuses, tiles; in the escalator
remove: stain, splinter; wrappers, weeds; from the carpet
examine: meteorite, patient; bones, witnesses; in the tent
drop: vase, compass; marbles, keys; on the staircase
spill: ink, gasoline; beans, pills; on the pavement
crack: code, walnut; eggs, safes; with a hammer
burn: candle, diary; letters, bridges; in the fireplace
cross: desert, avenue; borders, mountains; on a camel
climb: volcano, ladder; towers, cliffs; in the storm
rescue: hiker, balloonist; miners, climbers; from the avalanche
adopt: orphan, tortoise; cats, twins; from the shelter
interview: governor, singer; actors, witnesses; on the air
arrest: burglar, spy; smugglers, pirates; at the harbor
publish: atlas, dictionary; poems, recipes; in the capital
review: film, budget; plays, albums; for the newspaper
sketch: portrait, skyscraper; horses, bridges; on a napkin
carve: monument, pumpkin; flutes, spoons; out of wood
bake: lasagna, pretzel; muffins, biscuits; in the bakery
recycle: cardboard, plastic; bottles, cans; at the depot
donate: kidney, piano; clothes, toys; to the charity
install: antenna, dishwasher; lanterns, windows; on the roof
assemble: telescope, bookcase; bicycles, tents; in the garage
destroy: castle, evidence; bridges, idols; during the war
approve: budget, loan; laws, plans; in the parliament
reject: offer, request; gifts, applications; without a word
investigate: accident, rumor; thefts, fires; in the suburb
greet: bishop, champion; refugees, soldiers; at the port
ignore: warning, alarm; insults, signals; on the highway
sharpen: pencil, sword; axes, chisels; with a stone
unlock: safe, bicycle; lockers, handcuffs; in the corridor
squeeze: lemon, sponge; oranges, tubes; over the bowl
attack: fortress, village; ships, towns; at the frontier
defend: goal, title; walls, rights; in court
paint: mural, canoe; lampposts, ceilings; in the chapel
compose: symphony, anthem; ballads, operas; at the piano
describe: suspect, sunset; symptoms, customs; in a letter
"""

# What animals do to something.
ANIMAL_ACTIONS = """
chase: rabbit, mouse; hens, geese; around the barn
follow: cart, hunter; ducks, tracks; to town
bite: rope, stick; slippers, apples; in the yard
smell: meat, honey; flowers, crumbs; near the tent
scare: crow, thief; sparrows, sheep; in the field
lick: bowl, spoon; pots, plates; under the table
bury: bone, shoe; bones, nuts; beside the wall
guard: den, cave; cubs, toys; in the hills
drop: egg, feather; berries, corn cobs; in the mud
scratch: door, post; beds, trees; at home
attack: beehive, scarecrow; crickets, lizards; in the swamp
watch: butterfly, campfire; sparrows, pilgrims; from the branch
carry: twig, saddle; acorns, pebbles; to the nest
swallow: frog, coin; worms, seeds; beside the stream
follow: trail, shepherd; footprints, wagons; across the prairie
hunt: antelope, buffalo; salmon, beetles; at dusk
hide: carrot, feather; walnuts, slippers; under the porch
steal: cracker, sausage; biscuits, peanuts; from the picnic
guard: cave, farmhouse; chicks, sheep; in the valley
damage: fence, tent; crops, curtains; during the night
"""

# What people and animals do, and where. These verbs take no object.
MOVES = """
sleep: under the oak, in the hay, beside the stove
sit: on the bench, by the fire, near the door
wait: at the gate, behind the wall, at the bus stop
rest: in the shade, on the grass, under the tree
hide: behind the curtain, under the cart, in the bushes
run: across the field, along the canal, through the woods
walk: down the lane, over the hill, around the pond
jump: over the ditch, onto the raft, off the diving board
swim: in the lake, across the river, near the island
climb: up the slope, over the fence, onto the garage
play: on the beach, in the snow, behind the school
stand: on the bridge, in the doorway, beside the tram
live: in the forest, on the coast, near the lighthouse
go: to the market, into the cellar, up the tower
fall: into the mud, down the bank, off the roof
stay: in the cabin, at the hotel, on the ferry
arrive: at the station, in the village, from the south
dance: in the square, on the stage, around the bonfire
shout: from the window, in the alley, across the valley
sail: to the harbor, around the bay, across the ocean
stop: at the corner, by the fountain, near the inn
work: in the mine, at the hospital, in the orchard
travel: to the capital, through the desert, along the coast
kneel: on the carpet, in the temple, beside the grave
crawl: under the hedge, into the tent, through the pipe
slide: down the hill, across the ice, under the table
disappear: in the crowd, behind the clouds, into the fog
march: past the palace, through the gate, along the avenue
listen: at the keyhole, in the dark, behind the door
camp: in the crater, near the waterfall, on the plateau
hurry: to the terminal, past the bakery, down the corridor
return: to the castle, from the jungle, after the storm
"""

# Verbs whose object may be a person: one asks whom they concern, not what.
WHOM = (
    "help, visit, wake, meet, follow, scare, teach, coach, greet, train, judge, interview, arrest, "
    "adopt, examine, rescue, hunt, attack, watch, photograph, pay"
)

# Verbs whose object could be doing something itself, so that the two could change places.
LIVE_OBJECTS = (
    "feed, milk, brush, ride, help, visit, wake, see, hear, meet, choose, send, catch, watch, "
    "rescue, count, draw, teach, coach, greet, train, judge, interview, arrest, adopt, examine, "
    "photograph, inspect, investigate, admire, pay, guard, describe, attack, walk, drop, defend"
)

HABIT_TIMES = (
    "every day, every morning, every evening, every week, every month, every year, every hour, "
    "every Sunday, every Saturday, every weekend, every spring, every autumn, each afternoon, each "
    "night, each winter, twice a week, once a month, three times a year, on Fridays, on Mondays, "
    "on holidays, after supper, before breakfast, after lunch, before dinner, at noon, at sunset, "
    "during the break, after class, before bedtime, between meals, in December, in the rain, all "
    "summer long"
)
PAST_TIMES = (
    "yesterday, last night, last month, last year, last winter, last Tuesday, this "
    "morning, on Monday, on Saturday, on Wednesday, an hour ago, a fortnight ago, ten minutes "
    "ago, a century ago, long ago, last summer, in April, in October, in the spring, after lunch, "
    "before dark, after the concert, before the war, during the holidays, at dawn, at half past "
    "six, on Christmas Eve, on my birthday, in the afternoon, just now, the other day, at the "
    "weekend, in 1925"
)
FUTURE_TIMES = (
    "tomorrow, tonight, next week, next month, next year, next spring, next Sunday, on Tuesday, on "
    "Thursday, in the morning, soon, in June, in August, in ten minutes, in a few hours, later, "
    "this evening, this autumn, after the holidays, before sunrise, at midnight, on New Year's "
    "Day, in the near future, someday"
)
STORY_TIMES = (
    "in the morning, at noon, in the evening, before breakfast, after supper, on Monday, on "
    "Thursday, at midnight, at sunrise, on Friday, before the feast, after the storm, on Sunday, "
    "in February, at half past two, after the match, before the exam, during the intermission, "
    "last winter, at dusk, in the afternoon, on Easter Sunday, before the wedding, after the "
    "lesson, in 1910, two weeks ago"
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
    ("a calendar", "a table that shows the days and months of a year"),
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
