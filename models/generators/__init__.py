"""Programs that write the texts of the small model: one module per domain.

Every domain module has one function, `document(rng)`, that returns one document as a string and draws
every choice from the given random generator, so that a seed fixes the bytes.
"""

from . import arithmetic, code, dialogue, held_out, records, second_language, stories

TRAINED = {
    "stories": stories.document,
    "dialogue": dialogue.document,
    "code": code.document,
    "arithmetic": arithmetic.document,
    "records": records.document,
    "second_language": second_language.document,
}
DOMAINS = {**TRAINED, "held_out": held_out.document}
