"""The English words that all domains share, and the regular forms made from them."""

NAMES = """Anna Ben Clara David Emma Felix Grace Henry Iris Jack Karen Leo Mia Nora Oscar Paul Quinn Rosa
Sam Tina Uma Victor Wendy Xavier Yara Zoe Adam Bella Carl Dora Eric Fiona George Hanna Ivan Julia Kevin Laura
Martin Nina""".split()

TOWNS = """Ashford Brookfield Castleton Dunmore Eastvale Fairhaven Greystone Hillcrest Ironbridge Kingsley
Lakewood Milltown Northgate Oakdale Pinehurst Redcliff Springvale Thornbury Westport Yarrow""".split()

JOBS = """baker farmer doctor teacher sailor painter driver gardener tailor hunter miller singer writer judge
carpenter plumber librarian soldier fisher clerk pilot nurse guard cook""".split()

PETS = "dog cat horse parrot rabbit goat turtle hen pony duck mouse donkey".split()

PLACES = """garden kitchen forest market harbor school tower bridge castle village river field station library
workshop cellar barn theater museum island valley hill church square bakery office stable lighthouse mill
meadow cave attic street bus park hotel hospital palace tunnel desert""".split()

THINGS = """apple book lamp key rope basket coin letter map hat bottle box candle chair clock coat cup door
drum feather flag flower flute glass hammer jar kettle knife ladder mirror needle orange painting pearl pen
pillow plate pot ring saddle scarf shell shoe shovel spoon stone sword table ticket towel toy umbrella vase
violin wagon wheel whistle window blanket bell bread broom button cake cheese compass crown diamond engine
fence guitar honey jacket kite lantern medal napkin notebook onion paddle pear piano pumpkin puzzle radio
sail sandwich statue stove suitcase telescope tomato trumpet wallet wheelbarrow""".split()

CREATURES = """bear bird fox frog wolf owl mouse snake deer spider giant dragon king queen thief stranger
child neighbor merchant wizard knight shepherd beggar captain prince witch pirate monk cousin uncle aunt twin
grandmother visitor messenger""".split()

ADJECTIVES = """old new small big red blue green golden broken heavy quiet loud warm cold bright dark soft
hard clean dirty empty full strange pretty ugly sweet bitter sharp round tall short long young wise brave
shy proud lazy clever gentle fierce lonely happy sad angry tired hungry rich poor famous secret hidden
ancient modern wooden silver copper paper glass simple perfect useful lucky magic tiny huge purple yellow
white black gray brown smooth rough thin thick deep narrow wide fresh dry wet""".split()

ADVERBS = """quickly slowly quietly loudly carefully gladly sadly suddenly finally again together alone
twice often never always soon later early proudly gently bravely eagerly calmly nervously secretly
politely""".split()

# base form, past tense
TRANSITIVE = [tuple(pair.split(":")) for pair in """find:found take:took bring:brought carry:carried buy:bought
sell:sold hide:hid lose:lost keep:kept break:broke fix:fixed clean:cleaned paint:painted open:opened close:closed
push:pushed pull:pulled drop:dropped lift:lifted throw:threw catch:caught hold:held see:saw watch:watched
follow:followed help:helped call:called visit:visited thank:thanked love:loved fear:feared want:wanted need:needed
choose:chose count:counted weigh:weighed measure:measured build:built draw:drew write:wrote read:read send:sent
trade:traded borrow:borrowed steal:stole share:shared wrap:wrapped wash:washed burn:burned bury:buried
polish:polished check:checked sort:sorted move:moved load:loaded store:stored merge:merged split:split
print:printed update:updated remove:removed copy:copied fetch:fetched""".split()]

INTRANSITIVE = [tuple(pair.split(":")) for pair in """walk:walked run:ran jump:jumped sing:sang dance:danced
sleep:slept wait:waited laugh:laughed cry:cried smile:smiled swim:swam climb:climbed travel:traveled rest:rested
work:worked play:played shout:shouted whisper:whispered hurry:hurried wander:wandered sit:sat stand:stood
kneel:knelt return:returned arrive:arrived leave:left""".split()]

PREPOSITIONS = "in near behind under beside across above inside outside before".split()

WEATHER = "sunny rainy windy foggy stormy snowy cloudy frosty misty hot".split()
SEASONS = "spring summer autumn winter".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
TIMES = "morning afternoon evening night noon midnight".split()
FEELINGS = """happy sad angry tired proud afraid surprised curious worried grateful hopeful jealous calm
excited bored ashamed""".split()

VOWELS = "aeiou"


def article(word):
    """The indefinite article with its word. (No word of ours starts with a vowel that sounds otherwise
    but `useful`.)"""
    needs_an = word[0] in VOWELS and not word.startswith("use")
    return ("an " if needs_an else "a ") + word


def plural(noun):
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in VOWELS:
        return noun[:-1] + "ies"
    if noun.endswith("fe"):
        return noun[:-2] + "ves"
    return noun + ("es" if noun in ("tomato", "potato") else "s")


def third_person(base):
    if base.endswith(("s", "sh", "ch", "x", "o")):
        return base + "es"
    if base.endswith("y") and base[-2] not in VOWELS:
        return base[:-1] + "ies"
    return base + "s"


def present_participle(base):
    if base.endswith("e") and not base.endswith("ee"):
        return base[:-1] + "ing"
    doubled = ("run", "swim", "sit", "drop", "wrap", "split")
    return base + (base[-1] if base in doubled else "") + "ing"
