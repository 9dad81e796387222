"""The domain that training never sees: letters, made of known words and known kinds of sentences.

The arrangement is new: prose of the stories, answers of the dialogues, a sum and a record under one
greeting. With unknown words the text would test the spelling of untrained pieces and nothing else.
"""

from . import arithmetic, dialogue, records, stories
from . import lexicon as words
from .preference import Chain
from .world import anyone


def _story_part(rng, writer, reader):
    return " ".join(stories.middle(rng, writer, reader) for _ in range(rng.randint(2, 3)))


def _talk_part(rng, writer, reader):
    question, answer = rng.choice(dialogue.TOPICS)(rng, writer, reader)
    return f'{reader.name} asked: "{question}" {answer}'


def _sum_part(rng, writer, reader):
    chain = Chain(rng, writer.job)
    noun = words.plural(chain.pick("thing", words.THINGS))
    text, value, _ = arithmetic.evaluate(rng)
    return f"Now I have {text} = {value} {noun} {chain.pick('preposition', words.PREPOSITIONS)} the " \
           f"{chain.pick('place', words.PLACES)}."


def _record_part(rng, writer, reader):
    chain = Chain(rng, reader.town)
    return f"The {chain.pick('service', records.SERVICES)} {records.message(chain)}, " \
           f"{chain.pick('adverb', words.ADVERBS)}."


PARTS = [_story_part, _story_part, _talk_part, _talk_part, _sum_part, _record_part]


def document(rng):
    writer = anyone(rng)
    reader = writer.friend(rng)
    day = Chain(rng, writer.name).pick("day", words.DAYS)
    body = [rng.choice(PARTS)(rng, writer, reader) for _ in range(rng.randint(2, 4))]
    return "\n".join([f"{writer.town}, {day}, {records.date(rng)}", f"Hello, {reader.name} the {reader.job}!"]
                     + body + [f"Greet your {reader.pet}. See you soon, {writer.name}"])
