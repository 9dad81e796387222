"""Structured records: JSON objects, CSV tables, logs. People keep their facts; clocks run forward."""

import json

from . import lexicon as words
from .preference import Chain, draw_rank, stable_seed
from .world import anyone

SERVICES = "auth cache disk mail proxy queue search storage web worker backup cron".split()
LEVELS = ["INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"]
STATUS = "open closed pending shipped lost paid late new".split()
UNITS = "kg g m cm l pieces".split()


def date(rng):
    return f"20{rng.randint(20, 26)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def item(chain):
    return f"{chain.pick('adjective', words.ADJECTIVES)} {chain.pick('thing', words.THINGS)}"


def price_of(thing):
    """Every thing has one price, wherever it is listed."""
    return f"{1 + stable_seed('price', thing) % 90}.{stable_seed('cents', thing) % 4 * 25:02d}"


def person_object(rng):
    person = anyone(rng)
    chain = Chain(rng, person.name)
    return {"name": person.name, "age": person.age, "job": person.job, "town": person.town,
            "pet": {"kind": person.pet, "mood": chain.pick("feeling", words.FEELINGS)},
            "owns": [item(chain) for _ in range(rng.randint(1, 3))],
            "friends": sorted({person.friend(rng).name for _ in range(rng.randint(1, 3))})}


def order_object(rng):
    buyer = anyone(rng)
    chain = Chain(rng, buyer.job)
    lines = []
    for _ in range(rng.randint(1, 3)):
        name = item(chain)
        thing = name.split()[-1]
        lines.append({"item": name, "count": 1 + draw_rank(rng, 9), "price": float(price_of(thing))})
    return {"order": 1000 + rng.randrange(9000), "buyer": buyer.name, "town": buyer.town, "date": date(rng),
            "lines": lines, "status": chain.pick("status", STATUS)}


def place_object(rng):
    town = Chain(rng, "place").pick("town", words.TOWNS)
    chain = Chain(rng, town)
    return {"place": chain.pick("place", words.PLACES), "town": town, "open": chain.maybe(0.7),
            "days": [chain.pick("day", words.DAYS) for _ in range(rng.randint(1, 3))],
            "weather": chain.pick("weather", words.WEATHER), "near": chain.pick("place", words.PLACES)}


def json_document(rng):
    record = rng.choice([person_object, order_object, place_object])(rng)
    if rng.random() < 0.5:
        return json.dumps(record)
    return json.dumps(record, indent=rng.choice([2, 4]))


def csv_people(rng):
    rows = ["id,name,job,town,pet,likes"]
    for number in range(rng.randint(3, 8)):
        person = anyone(rng)
        chain = Chain(rng, person.pet)
        rows.append(f"{number + 1},{person.name},{person.job},{person.town},{person.pet},{item(chain)}")
    return "\n".join(rows)


def csv_stock(rng):
    rows = ["item,color,place,count,unit,price"]
    chain = Chain(rng, "stock")
    for _ in range(rng.randint(3, 8)):
        thing = chain.pick("thing", words.THINGS)
        rows.append(f"{thing},{chain.pick('adjective', words.ADJECTIVES)},{chain.pick('place', words.PLACES)},"
                    f"{1 + draw_rank(rng, 40)},{chain.pick('unit', UNITS)},{price_of(thing)}")
    return "\n".join(rows)


def fixed_width(rng):
    """Columns of fixed width cut their words, as such tables do."""
    rows = [f"{'NAME':<6}{'JOB':<7}{'TOWN':<7}{'HAS':<9}AGE"]
    for _ in range(rng.randint(3, 6)):
        person = anyone(rng)
        thing = Chain(rng, person.name).pick("thing", words.THINGS)
        rows.append(f"{person.name[:5]:<6}{person.job[:6]:<7}{person.town[:6]:<7}{thing[:8]:<9}{person.age}")
    return "\n".join(rows)


def message(chain):
    verb = chain.pick("transitive", words.TRANSITIVE)
    thing = chain.pick("thing", words.THINGS)
    place = chain.pick("place", words.PLACES)
    return chain.rng.choice([
        f"{verb[1]} {thing} from {place}",
        f"cannot {verb[0]} {thing}: {place} is {chain.pick('adjective', words.ADJECTIVES)}",
        f"user={chain.pick('anyone', words.NAMES).lower()} action={verb[0]} target={thing}",
        f"{verb[1]} {1 + draw_rank(chain.rng, 60)} {words.plural(thing)} in {2 + draw_rank(chain.rng, 400)} ms",
    ])


def log(rng):
    day, clock = date(rng), rng.randrange(60000)
    chain = Chain(rng, "log")
    rows = []
    for _ in range(rng.randint(4, 9)):
        clock += 1 + draw_rank(rng, 90)
        service = chain.pick("service", SERVICES)
        level = rng.choice(LEVELS)
        stamp = f"{clock // 3600:02d}:{clock // 60 % 60:02d}:{clock % 60:02d}"
        rows.append(f"{day} {stamp} {level} [{service}] {message(chain)}")
    return "\n".join(rows)


def document(rng):
    kind = rng.choice([json_document, json_document, json_document, csv_people, csv_stock, log, log, fixed_width])
    return kind(rng)
