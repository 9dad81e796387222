"""German: three genders, three cases, verbs at the end of subordinate clauses."""

from . import german as words
from .preference import Chain, draw_rank, preferred


def noun_phrase(chain, kind, options, case, definite=True, depth=0):
    """`den alten Korb, den Käthe verlor`; the adjective takes the ending that gender and case ask for."""
    adjective = chain.pick("adjektiv", words.ADJECTIVES) if chain.maybe(0.5) else None
    noun, gender = chain.pick(kind, options)
    article = (words.ARTICLES if definite else words.INDEFINITE)[gender, case]
    middle = ""
    if adjective:
        stem = adjective[:-1] if adjective in ("müde", "böse") else adjective
        middle = stem + words.adjective_ending(gender, case, definite) + " "
    tail = ""
    if depth == 0 and kind == "ding" and chain.maybe(0.12):
        name = chain.pick("person", words.NAMES)
        tail = f", {words.RELATIVE[gender]} {name} {chain.pick('transitiv', words.TRANSITIVE)[2]},"
    return f"{article} {middle}{noun}{tail}"


def thing(chain, case="acc", definite=None, depth=0):
    return noun_phrase(chain, "ding", words.THINGS, case, chain.maybe(0.7) if definite is None else definite, depth)


def being(chain, case="nom"):
    return noun_phrase(chain, "wesen", words.BEINGS, case)


def place(chain):
    preposition = chain.pick("präposition", words.PREPOSITIONS)
    noun, gender = chain.pick("ort", words.PLACES)
    article = words.ARTICLES[gender, "dat"]
    short = {("in", "dem"): "im", ("an", "dem"): "am"}.get((preposition, article), f"{preposition} {article}")
    return f"{short} {noun}"


def clean(text):
    """A relative clause ends with a comma only where the sentence goes on."""
    return text.replace(",.", ".").replace(",,", ",").replace(",?", "?").replace(',"', '"')


def capital(text):
    return text[0].upper() + text[1:]


def main_clause(chain, subject):
    """Verb in second place."""
    if chain.maybe(0.65):
        verb = chain.pick("transitiv", words.TRANSITIVE)[2]
        adverb = chain.pick("adverb", words.ADVERBS) + " " if chain.maybe(0.3) else ""
        return f"{subject} {verb} {adverb}{thing(chain)}" + (f" {place(chain)}" if chain.maybe(0.3) else "")
    verb = chain.pick("intransitiv", words.INTRANSITIVE)[2]
    adverb = " " + chain.pick("adverb", words.ADVERBS) if chain.maybe(0.4) else ""
    return f"{subject} {verb}{adverb} {place(chain)}"


def subordinate(chain, subject):
    """Verb at the end."""
    if chain.maybe(0.65):
        what = thing(chain, depth=1)
        return f"{subject} {what} {chain.pick('transitiv', words.TRANSITIVE)[2]}"
    where = place(chain)
    return f"{subject} {where} {chain.pick('intransitiv', words.INTRANSITIVE)[2]}"


class Figure:
    """The person a text is about, with fixed town and trade."""

    def __init__(self, name):
        gender = "f" if name in words.FEMALE else "m"
        self.name = name
        self.pronoun = "sie" if gender == "f" else "er"
        self.town = preferred("fact stadt", words.TOWNS, name)
        self.job = preferred("fact beruf", words.JOBS[gender], name)
        self.article = "die" if gender == "f" else "der"

    def friend(self, rng):
        others = [name for name in words.NAMES if name != self.name]
        return Figure(preferred("freund", others, self.name, draw_rank(rng, len(others))))


def opening(rng, hero):
    chain = Chain(rng, hero.name)
    return rng.choice([
        lambda: f"{hero.name} lebte in {hero.town}, war {hero.job} und liebte {thing(chain, depth=1)}.",
        lambda: f"{capital(hero.article)} {hero.job} {hero.name} aus {hero.town} fand {thing(chain)}.",
        lambda: f"Am {chain.pick('tag', words.DAYS)} ging {hero.name} aus {hero.town} fort und suchte {thing(chain)}.",
        lambda: f"Es war einmal {words.INDEFINITE['f' if hero.article == 'die' else 'm', 'nom']} {hero.job} in "
                f"{hero.town} und verlor {thing(chain)}.",
    ])()


def _plain(rng, hero, friend):
    subject = hero.name if rng.random() < 0.5 else capital(hero.pronoun)
    return main_clause(Chain(rng, hero.name), subject) + "."


def _because(rng, hero, friend):
    chain = Chain(rng, hero.name)
    joint = rng.choice(["weil", "als", "obwohl", "bevor", "nachdem"])
    return f"{main_clause(chain, hero.name)}, {joint} {subordinate(chain.after(friend.name), friend.name)}."


def _perfect(rng, hero, friend):
    chain = Chain(rng, friend.name)
    what = thing(chain, depth=1)
    return f'"Ich habe {what} {chain.pick("transitiv", words.TRANSITIVE)[3]}", sagte {friend.name}.'


def _modal(rng, hero, friend):
    chain = Chain(rng, hero.name)
    modal = chain.pick("modal", "wollte konnte musste sollte durfte".split())
    what = thing(chain, depth=1)
    return f"{hero.name} {modal} {what} {chain.pick('transitiv', words.TRANSITIVE)[0]}."


def _being(rng, hero, friend):
    chain = Chain(rng, hero.name)
    where = place(chain)
    verb = chain.pick("intransitiv", words.INTRANSITIVE)[2]
    return f"{capital(where)} {verb} {being(chain)}."


def _give(rng, hero, friend):
    chain = Chain(rng, friend.name)
    return f"Dann gab {hero.name} {being(chain, 'dat')} {thing(chain)}."


def _ask(rng, hero, friend):
    chain = Chain(rng, hero.name)
    verb = chain.pick("transitiv", words.TRANSITIVE)[1]
    return f'"Wer {verb} {thing(chain)}?" fragte {friend.name}.'


SENTENCES = [_plain, _plain, _plain, _because, _because, _perfect, _modal, _being, _being, _give, _ask]


def document(rng):
    hero = Figure(Chain(rng, "welt").pick("held", words.NAMES))
    friend = hero.friend(rng)
    sentences = [opening(rng, hero)]
    for _ in range(rng.randint(4, 10)):
        sentences.append(rng.choice(SENTENCES)(rng, hero, friend))
        if rng.random() < 0.12:
            hero, friend = friend, hero
    return clean(" ".join(sentences))
