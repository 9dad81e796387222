"""Conversations between two people who know the facts about each other."""

from . import lexicon as words
from .phrases import bare_action, noun_phrase, place_phrase, predicate, verb_phrase
from .preference import Chain
from .world import anyone


def greet(rng, a, b):
    when = Chain(rng, a.name).pick("greeting time", words.TIMES[:3])
    return [f"Good {when}, {b.name}!", rng.choice([f"Hello, {a.name}.", f"Oh, {a.name}, how are you?"])]


def ask_home(rng, a, b):
    chain = Chain(rng, b.town)
    return ["Where do you live?",
            f"Still in {b.town}, in {words.article(chain.pick('adjective', words.ADJECTIVES))} house "
            f"{place_phrase(chain, 1)}."]


def ask_pet(rng, a, b):
    chain = Chain(rng, b.pet)
    return [f"How is your {b.pet}?",
            f"My {b.pet} is {chain.pick('feeling', words.FEELINGS)}, it {predicate(chain)} "
            f"last {chain.pick('day', words.DAYS)}."]


def ask_job(rng, a, b):
    chain = Chain(rng, b.job)
    return ["Do you like your work?",
            f"{'Yes' if chain.maybe(0.6) else 'No'}, because every {b.job} has to {bare_action(chain)}."]


def ask_deed(rng, a, b):
    chain = Chain(rng, b.name)
    day = chain.pick("day", words.DAYS)
    return [f"And what about {day}?", f"I {predicate(chain)}, and then I {predicate(chain)}."]


def ask_thing(rng, a, b):
    chain = Chain(rng, a.name)
    thing = chain.pick("thing", words.THINGS)
    return [f"Have you seen my {thing}?",
            f"Your {thing}? The {chain.pick('creature', words.CREATURES)} {chain.pick('transitive', words.TRANSITIVE)[1]}"
            f" it {place_phrase(chain)}."]


def offer(rng, a, b):
    chain = Chain(rng, a.name)
    return [f"Shall we {bare_action(chain)} this {chain.pick('time', words.TIMES)}?",
            rng.choice([f"Yes, but first I must {bare_action(chain)}.",
                        f"No, I would rather {bare_action(chain)}."])]


def gossip(rng, a, b):
    other = b.friend(rng)
    chain = Chain(rng, other.name)
    return [f"Do you remember {other.name}, the {other.job} from {other.town} with {noun_phrase(chain, 1)}?",
            f"Of course! I heard that {other.he} {verb_phrase(chain)}."]


def doubt(rng, a, b):
    chain = Chain(rng, b.name)
    claim = predicate(chain)
    return [f"They say that you {claim}.",
            rng.choice(["Who says that?", f"That is not true, the {chain.pick('creature', words.CREATURES)} {predicate(chain)}."])]


def sell(rng, a, b):
    chain = Chain(rng, b.job)
    adjective = chain.pick("adjective", words.ADJECTIVES)
    thing = chain.pick("thing", words.THINGS)
    price = 2 + len(thing) * 3 - len(adjective)
    return [f"How much is the {adjective} {thing}?", f"{price} coins, and {noun_phrase(chain, 1, 'a')} for free."]


def mood(rng, a, b):
    chain = Chain(rng, b.name)
    feeling = chain.pick("feeling", words.FEELINGS)
    return [f"Why are you so {feeling}?", f"Because {a.friend(rng).name} {predicate(chain)}."]


def farewell(rng, a, b):
    day = Chain(rng, b.name).pick("day", words.DAYS)
    return [f"See you on {day}!", f"Goodbye, greet your {a.pet}!"]


TOPICS = [ask_home, ask_pet, ask_job, ask_deed, ask_deed, ask_thing, offer, offer, gossip, doubt, sell, mood]


def document(rng):
    a = anyone(rng)
    b = a.friend(rng)
    turns = greet(rng, a, b)
    for _ in range(rng.randint(3, 7)):
        if rng.random() < 0.4:
            a, b = b, a
            turns.append(None)
        turns.extend(rng.choice(TOPICS)(rng, a, b))
    turns.extend(farewell(rng, a, b))
    return "\n".join(_attribute(turns, a, b))


def _attribute(turns, a, b):
    """Put the speaker before each line. None marks a change of roles; `a` and `b` are the last roles."""
    if turns.count(None) % 2:
        a, b = b, a
    lines, speaking = [], 0
    for turn in turns:
        if turn is None:
            a, b, speaking = b, a, 0
            continue
        lines.append(f"{(a, b)[speaking].name}: {turn}")
        speaking = 1 - speaking
    return lines
