"""Short stories: a hero with fixed facts, a friend, a thing that is wanted, lost and found."""

from . import lexicon as words
from .phrases import bare_action, creature_phrase, noun_phrase, place_phrase, predicate, verb_phrase
from .preference import Chain
from .world import anyone


def capital(text):
    return text[0].upper() + text[1:]


def opening(rng, hero):
    chain = Chain(rng, hero.name)
    return rng.choice([
        f"Once upon a time there lived {words.article(hero.trait)} {hero.job} named {hero.name} in {hero.town} who "
        f"{predicate(chain)}.",
        f"{hero.name} was {words.article(hero.job)} from {hero.town} who had {words.article(hero.pet)} and "
        f"{noun_phrase(chain, article='a')}.",
        f"One {chain.pick('weather', words.WEATHER)} {chain.pick('time', words.TIMES)} in {hero.town}, "
        f"{hero.name} {predicate(chain)}.",
        f"In the {chain.pick('season', words.SEASONS)}, {hero.name} the {hero.job} {predicate(chain)}.",
        f"Every {chain.pick('day', words.DAYS)} {hero.name} and {hero.his} {hero.pet} {predicate(chain)}.",
    ])


def _act(rng, hero, friend):
    subject = hero.name if rng.random() < 0.5 else capital(hero.he)
    chain = Chain(rng, hero.name)
    adverb = capital(chain.pick("adverb", words.ADVERBS)) + ", " if rng.random() < 0.15 else ""
    if adverb and subject != hero.name:
        subject = hero.he
    return f"{adverb}{subject} {predicate(chain)}."


def _act_twice(rng, hero, friend):
    chain = Chain(rng, hero.name)
    joint = rng.choice([" and ", ", but then ", ", and after that ", " while "])
    first = predicate(chain)
    other = hero.he if joint != " while " else friend.name
    return f"{hero.name} {first}{joint}{other} {predicate(chain.after(other))}."


def _meet(rng, hero, friend):
    chain = Chain(rng, hero.name)
    who = creature_phrase(chain)
    return f"{capital(place_phrase(chain))}, {hero.he} met {who}, who {verb_phrase(chain)}."


def _say(rng, hero, friend):
    chain = Chain(rng, friend.name)
    saying = rng.choice([
        lambda: f'"You must {bare_action(chain)}," said {friend.name}.',
        lambda: f'"Where is {noun_phrase(chain)}?" asked {friend.name}.',
        lambda: f'"I never {verb_phrase(chain)}," said {hero.name}.',
        lambda: f'{friend.name} said that the {chain.pick("creature", words.CREATURES)} {predicate(chain)}.',
    ])
    return saying()


def _feel(rng, hero, friend):
    chain = Chain(rng, hero.name)
    feeling = chain.pick("feeling", words.FEELINGS)
    return f"{capital(hero.he)} was {feeling} because {friend.name} {predicate(chain)}."


def _wish(rng, hero, friend):
    chain = Chain(rng, hero.name)
    return f"{hero.name} wanted {words.article(hero.wish)} more than {noun_phrase(chain, article='a')}."


def _when(rng, hero, friend):
    chain = Chain(rng, friend.name)
    return f"When {friend.name} {predicate(chain)}, {creature_phrase(chain)} {predicate(chain)}."


def ending(rng, hero, friend):
    chain = Chain(rng, hero.name)
    return rng.choice([
        lambda: f"In the end {hero.name} {verb_phrase(chain)} and gave it to {friend.name}.",
        lambda: f"After that day, {hero.name} and {friend.name} always {predicate(chain)}.",
        lambda: f"{hero.name} went home to {hero.town} with {noun_phrase(chain)}.",
        lambda: f"And so {friend.name} never {predicate(chain.after(friend.name))} again.",
    ])()


MIDDLE = [_act, _act, _act, _act_twice, _act_twice, _meet, _say, _say, _feel, _wish, _when]


def middle(rng, hero, friend):
    """One sentence from the body of a story."""
    return rng.choice(MIDDLE)(rng, hero, friend)


def document(rng):
    hero = anyone(rng)
    friend = hero.friend(rng)
    sentences = [opening(rng, hero)]
    for _ in range(rng.randint(4, 11)):
        sentences.append(middle(rng, hero, friend))
        if rng.random() < 0.12:
            hero, friend = friend, hero
    sentences.append(ending(rng, hero, friend))
    cut = rng.randint(3, len(sentences))
    return " ".join(sentences[:cut]) + ("\n" + " ".join(sentences[cut:]) if cut < len(sentences) else "")
