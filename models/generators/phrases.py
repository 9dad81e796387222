"""English phrases, recursive, shared by the domains that contain prose."""

from . import lexicon as words


def noun_phrase(chain, depth=0, article="the"):
    """`the old map`, `the key that Anna lost`, `the cup near the door of the barn`."""
    adjective = chain.pick("adjective", words.ADJECTIVES) + " " if chain.maybe(0.5) else ""
    noun = chain.pick("thing", words.THINGS)
    head = f"{article} {adjective}{noun}"
    if article == "a":
        head = words.article(f"{adjective}{noun}")
    return head + _modifier(chain, depth)


def _modifier(chain, depth):
    draw = chain.rng.random() * (1 + depth)
    if draw < 0.12:
        return " " + place_phrase(chain, depth + 1)
    if draw < 0.22:
        return " that " + verb_phrase(chain.after(chain.pick("owner", words.NAMES)), depth + 1, chain.previous)
    if draw < 0.30:
        return " of the " + chain.pick("creature", words.CREATURES)
    return ""


def creature_phrase(chain):
    adjective = chain.pick("adjective", words.ADJECTIVES) + " " if chain.maybe(0.6) else ""
    return f"the {adjective}{chain.pick('creature', words.CREATURES)}"


def place_phrase(chain, depth=0):
    preposition = chain.pick("preposition", words.PREPOSITIONS)
    adjective = chain.pick("adjective", words.ADJECTIVES) + " " if chain.maybe(0.25) else ""
    place = chain.pick("place", words.PLACES)
    tail = " of " + chain.pick("town", words.TOWNS) if depth == 0 and chain.maybe(0.12) else ""
    return f"{preposition} the {adjective}{place}{tail}"


def verb_phrase(chain, depth=0, subject=None):
    """A past-tense verb phrase; with `subject`, a relative clause that lacks its object."""
    verb = chain.pick("transitive", words.TRANSITIVE)[1]
    if subject is not None:
        tail = " " + place_phrase(chain, depth) if chain.maybe(0.3) else ""
        return f"{subject} {verb}{tail}"
    return f"{verb} {noun_phrase(chain, depth)}"


def intransitive_phrase(chain):
    verb = chain.pick("intransitive", words.INTRANSITIVE)[1]
    adverb = " " + chain.pick("adverb", words.ADVERBS) if chain.maybe(0.4) else ""
    place = " " + place_phrase(chain) if chain.maybe(0.5) else ""
    return f"{verb}{adverb}{place}"


def predicate(chain, depth=0):
    """What somebody did."""
    if chain.maybe(0.62):
        tail = " " + place_phrase(chain, 1) if chain.maybe(0.25) else ""
        return verb_phrase(chain, depth) + tail
    return intransitive_phrase(chain)


def bare_action(chain):
    """`fix the old clock`: an infinitive phrase."""
    return f"{chain.pick('transitive', words.TRANSITIVE)[0]} {noun_phrase(chain, 1)}"
