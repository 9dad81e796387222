"""The world the texts agree on: who lives where, with which pet, doing what.

Facts are functions of the name, so that every domain and every split tells the same ones.
"""

from . import lexicon
from .preference import Chain, draw_rank, preferred, stable_seed

MALE = set("""Ben David Felix Henry Jack Leo Oscar Paul Quinn Sam Victor Xavier Adam Carl Eric George Ivan Kevin
Martin""".split())


class Person:
    """One inhabitant. Attributes are fixed for a name."""

    def __init__(self, name):
        self.name = name
        self.town = preferred("fact town", lexicon.TOWNS, name)
        self.job = preferred("fact job", lexicon.JOBS, name)
        self.pet = preferred("fact pet", lexicon.PETS, name)
        self.wish = preferred("fact wish", lexicon.THINGS, name)
        self.trait = preferred("fact trait", lexicon.ADJECTIVES[34:52], name)
        self.age = 8 + stable_seed("fact age", name) % 70
        male = name in MALE
        self.he = "he" if male else "she"
        self.his = "his" if male else "her"
        self.him = "him" if male else "her"

    def friend(self, rng):
        """Somebody this person tends to be with; never the person itself."""
        others = [name for name in lexicon.NAMES if name != self.name]
        return PEOPLE[preferred("friend", others, self.name, draw_rank(rng, len(others)))]


PEOPLE = {name: Person(name) for name in lexicon.NAMES}


def anyone(rng):
    return PEOPLE[Chain(rng, "world").pick("anyone", lexicon.NAMES)]
