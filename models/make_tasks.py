"""Write a task for each domain, tasks/DOMAIN.jsonl: questions whose answers its generators know.

Everything is taken from the evaluation texts, none of whose sentences were trained on; each document is cut at one
place where the answer is known, so that the model has read what comes before. Wrong choices are of the same kind as
the right one: another person's town, another end of a line, an article of another gender, a sum beside the
right one. Draws come from a seed for each domain, so the files are the same bytes on every machine.
"""

import json
import random
import re

import paths
from generators import german, lexicon
from generators.preference import stable_seed

SEED = 20262
ITEMS, FEWEST = 100, 90
LONGEST = 800  # characters of a prompt


def documents(domain):
    return paths.text_path(domain, "evaluation").read_bytes().decode().rstrip("\n").split("\n\n")


def others(rng, words, right, count=3):
    """So many different words of a list, without the right one."""
    pool = [word for word in dict.fromkeys(words) if word != right]
    return rng.sample(pool, count)


def item(rng, prompt, right, wrong):
    choices = [right, *wrong]
    rng.shuffle(choices)
    return {"prompt": prompt, "choices": choices, "answer": choices.index(right)}


def word_items(rng, text, pattern, words):
    """Every place where `pattern` catches a word of the list as its last group."""
    for match in re.finditer(pattern, text):
        right = match[match.lastindex]
        if right in words:
            front = text[:match.start(match.lastindex)].rstrip(" ")
            blank = text[len(front):match.start(match.lastindex)]
            yield item(rng, front, blank + right, [blank + word for word in others(rng, words, right)])


def stories(rng, text):
    """Cloze: the last noun of a sentence."""
    nouns = {"things": lexicon.THINGS, "places": lexicon.PLACES, "creatures": lexicon.CREATURES}
    for words in nouns.values():
        yield from word_items(rng, text, r"(?<=[a-z]) ([a-z]+)(?=\. )", words)


def dialogue(rng, text):
    """What the two know of each other: town, trade, pet."""
    yield from word_items(rng, text, r"Still in ([A-Z]\w+)", lexicon.TOWNS)
    yield from word_items(rng, text, r"because every (\w+)", lexicon.JOBS)
    yield from word_items(rng, text, r"greet your (\w+)", lexicon.PETS)
    yield from word_items(rng, text, r"the \w+ from ([A-Z]\w+)", lexicon.TOWNS)


ENDS = [":", "):", ") {", ");", ";", ")"]


def code(rng, text):
    """How a line ends, in the one language and in the other; and the noun of a function's name."""
    yield from word_items(rng, text, r"^(?:def|[a-z_ ]*?) ?[a-z]+_([a-z]+)(?=\()", lexicon.THINGS)
    # Behind a letter: signs would merge with signs into one token.
    statement = r"^[\t ]*(?:if|for|def|else|return|print|int|long|double)\b.*?\w"
    for match in re.finditer(statement + r"(\):|\) \{|\);|[:;)])$", text, re.MULTILINE):
        front = text[:match.start(1)]
        yield item(rng, front, match[1], others(rng, ENDS, match[1]))


def arithmetic(rng, text):
    """A result against numbers beside it."""
    for match in re.finditer(r"(?:= |is |Answer: )(\d+)(?=\n|[.,]| \w|$)", text):
        right = int(match[1])
        near = [right + step for step in (-10, -3, -2, -1, 1, 2, 3, 10) if right + step > 0]
        front = text[:match.start(1) - 1]
        yield item(rng, front, f" {right}", [f" {wrong}" for wrong in others(rng, near, right)])


def records(rng, text):
    """JSON over several lines: the next line, to be written as it stands."""
    if not text.startswith("{\n") or '"place"' in text:  # a place's facts are drawn anew each time
        return
    lines = text.split("\n")
    for at, line in enumerate(lines):
        found = re.match(r'(\s+"(?:job|town|pet|age|kind|owns|lines)":) (\[|\{|\S.*[\w"],?)$', line)
        if found and at > 1 and found[2]:
            yield {"prompt": "\n".join([*lines[:at], found[1]]), "answer": found[2]}


def second_language(rng, text):
    """Agreement: article and ending of a noun's own gender against those of the two others."""
    genders = dict(german.THINGS + german.BEINGS + german.PLACES)
    articles = {form: key for key, form in german.ARTICLES.items() if key[1] == "acc"}
    for match in re.finditer(r"(?<= )(den|die|das) (\w+en|\w+e) (\w+)(?=[.,?])", text):
        article, adjective, noun = match.groups()
        gender = genders.get(noun)
        if gender is None or german.ARTICLES[gender, "acc"] != article or articles[article] is None:
            continue
        stem = re.sub(r"(en|e)$", "", adjective)
        phrases = {g: f" {german.ARTICLES[g, 'acc']} {stem}{german.adjective_ending(g, 'acc', True)} {noun}"
                   for g in "mfn"}
        yield item(rng, text[:match.start() - 1], phrases[gender], [phrases[g] for g in "mfn" if g != gender])


def held_out(rng, text):
    """Facts that were trained, asked for in letters, which were not."""
    yield from word_items(rng, text, r"Hello, [A-Z]\w+ the (\w+)(?=!)", lexicon.JOBS)
    yield from word_items(rng, text, r"Greet your (\w+)", lexicon.PETS)


TASKS = {"stories": stories, "dialogue": dialogue, "code": code, "arithmetic": arithmetic, "records": records,
         "second_language": second_language, "held_out": held_out}


def make(domain):
    """At most five items of a document, from documents in a drawn order."""
    rng = random.Random(stable_seed(SEED, domain, "task"))
    texts = documents(domain)
    rng.shuffle(texts)
    made, seen = [], set()
    for text in texts:
        found = [entry for entry in TASKS[domain](rng, text)
                 if 0 < len(entry["prompt"]) <= LONGEST and entry["prompt"] not in seen]
        for entry in rng.sample(found, min(5, len(found))):
            seen.add(entry["prompt"])
            made.append(entry)
    return made[:ITEMS]


def main():
    for domain in paths.DOMAINS:
        made = make(domain)
        if len(made) < FEWEST:
            raise SystemExit(f"{domain}: only {len(made)} items")
        lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in made)
        path = paths.task_path(domain)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(lines, encoding="utf-8", newline="\n")
        print(f"{domain}: {len(made)} items, {len(lines)} bytes")


if __name__ == "__main__":
    main()
