"""Sums and word problems. Every result is correct."""

from . import lexicon as words
from .preference import Chain, draw_rank
from .stories import capital
from .world import anyone


def small(rng, limit=20):
    """A number from 2 up, small ones more often."""
    return 2 + draw_rank(rng, limit)


def evaluate(rng, depth=0):
    """A random expression with its value: (text, value, is_sum)."""
    if depth > 2 or rng.random() < 0.25 + 0.25 * depth:
        value = small(rng, 30)
        return str(value), value, False
    left, a, left_is_sum = evaluate(rng, depth + 1)
    right, b, right_is_sum = evaluate(rng, depth + 1)
    sign = rng.choice("++-*")
    if sign == "-" and a < b:
        left, a, left_is_sum, right, b, right_is_sum = right, b, right_is_sum, left, a, left_is_sum
    if sign == "*":
        left = f"({left})" if left_is_sum else left
        right = f"({right})" if right_is_sum else right
    elif right_is_sum:
        right = f"({right})"
    value = {"+": a + b, "-": a - b, "*": a * b}[sign]
    return f"{left} {sign} {right}", value, sign != "*"


def sums(rng):
    lines = []
    for _ in range(rng.randint(3, 7)):
        text, value, _ = evaluate(rng)
        lines.append(f"{text} = {value}")
    return "\n".join(lines)


def table(rng):
    factor = small(rng, 12)
    start = rng.randint(1, 6)
    return "\n".join(f"{n} times {factor} is {n * factor}" for n in range(start, start + rng.randint(3, 6)))


def compare(rng):
    a, b = small(rng, 60), small(rng, 60)
    relation = ">" if a > b else "<" if a < b else "="
    return f"Is {a} greater than {b}? {'Yes' if a > b else 'No'}, because {a} {relation} {b}."


def sequence(rng):
    start, step = small(rng, 20), small(rng, 9)
    shown = [start + step * n for n in range(5)]
    return (f"The numbers {', '.join(map(str, shown))} grow by {step}. "
            f"The next number is {shown[-1]} + {step} = {shown[-1] + step}.")


def _more(chain, count, noun):
    more = small(chain.rng)
    verb = chain.pick("gain", ["finds", "buys", "makes", "wins", "borrows", "receives", "steals"])
    place = chain.pick("place", words.PLACES)
    adjective = chain.pick("adjective", words.ADJECTIVES)
    return (f"{verb} {more} {adjective} {noun} in the {place}", f"{count} + {more} = {count + more}", count + more)


def _less(chain, count, noun):
    less = 1 + draw_rank(chain.rng, count - 1)
    verb = chain.pick("loss", ["gives", "sells", "loses", "lends", "sends", "throws"])
    creature = f"{chain.pick('adjective', words.ADJECTIVES)} {chain.pick('creature', words.CREATURES)}"
    return (f"{verb} {less} of them to the {creature}", f"{count} - {less} = {count - less}", count - less)


def _times(chain, count, noun):
    factor = small(chain.rng, 5)
    container = words.plural(chain.pick("container", ["box", "basket", "bag", "jar", "cart", "pot", "case"]))
    return (f"fills {factor} {chain.pick('adjective', words.ADJECTIVES)} {container} with that many",
            f"{factor} * {count} = {factor * count}", factor * count)


def story_problem(rng):
    person = anyone(rng)
    chain = Chain(rng, person.name)
    noun = words.plural(chain.pick("thing", words.THINGS))
    count = 3 + draw_rank(rng, 25)
    sentences = [f"{person.name} the {person.job} has {count} {noun} {chain.pick('where', PLACED)} "
                 f"the {chain.pick('place', words.PLACES)}."]
    steps = []
    for turn in range(rng.randint(1, 3)):
        action = rng.choice([_more, _more, _less, _times] if count < 60 else [_less, _more])
        chain.after(noun)
        text, step, count = action(chain, max(count, 2), noun)
        sentences.append(f"{'Then ' + person.he if turn else capital(person.he)} {text}.")
        steps.append(step)
    sentences.append(f"How many {noun} are left?")
    return " ".join(sentences) + f"\nSteps: {', '.join(steps)}.\nAnswer: {count} {noun}."


PLACED = ["in", "near", "behind", "under", "beside"]


def shopping(rng):
    person = anyone(rng)
    chain = Chain(rng, person.town)
    lines, total = [], 0
    for _ in range(rng.randint(2, 4)):
        count, price = small(rng, 6), small(rng, 15)
        adjective = chain.pick("adjective", words.ADJECTIVES)
        noun = words.plural(chain.pick("thing", words.THINGS))
        lines.append(f"{count} {adjective} {noun} at {price} coins each: {count * price} coins")
        total += count * price
    return f"{person.name} shops in {person.town}.\n" + "\n".join(lines) + f"\nTotal: {total} coins"


def ages(rng):
    person = anyone(rng)
    friend = person.friend(rng)
    older, younger = sorted((person, friend), key=lambda p: -p.age)
    gap = older.age - younger.age
    years = small(rng, 20)
    return (f"{older.name} is {older.age} and {younger.name} {younger.age}. "
            f"Difference: {older.age} - {younger.age} = {gap}. "
            f"In {years} years {younger.name} the {younger.job} will be {younger.age} + {years} = "
            f"{younger.age + years}.")


def document(rng):
    kind = rng.choice([sums, table, compare, sequence, story_problem, story_problem, story_problem,
                       story_problem, shopping, shopping, ages])
    return kind(rng)
