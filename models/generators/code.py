"""Source code: Python and C functions whose variables are declared before they are used.

Names of functions are a verb and a noun of the world, ranked like all other words; statements nest.
"""

from . import lexicon as words
from .preference import Chain

PYTHON_CALLS = ["len", "sum", "max", "min", "sorted", "list", "set", "str", "int", "abs"]
OPERATORS = ["+", "-", "*", "//", "%"]
COMPARISONS = ["<", ">", "==", "!=", "<=", ">="]
C_TYPES = ["int", "long", "double", "size_t", "char", "float", "unsigned"]
LOCALS = """total count index result value limit offset size width height first last best worst left right
step rate score level depth weight price amount""".split()


class Scope:
    """The names that may be used at a point of the program."""

    def __init__(self, chain, parameters):
        self.chain = chain
        self.names = list(parameters)

    def use(self):
        return self.chain.pick("use", self.names)

    def declare(self):
        name = self.chain.pick("local", LOCALS)
        if name not in self.names:
            self.names.append(name)
        return name


def function_name(chain):
    verb = chain.pick("transitive", words.TRANSITIVE)[0]
    return f"{verb}_{chain.pick('thing', words.THINGS)}"


def parameters(chain):
    count = chain.rng.randint(1, 3)
    names = []
    while len(names) < count:
        name = chain.pick("parameter", words.THINGS)
        name = words.plural(name) if not names else name
        if name not in names:
            names.append(name)
    return names


def number(chain):
    return chain.pick("number", ["0", "1", "2", "3", "4", "5", "8", "10", "16", "32", "64", "100", "255", "1000"])


def expression(scope, depth=0):
    chain = scope.chain
    draw = chain.rng.random() + 0.2 * depth
    if draw < 0.30:
        left, right = expression(scope, depth + 1), expression(scope, depth + 1)
        joined = f"{left} {chain.pick('operator', OPERATORS)} {right}"
        return f"({joined})" if depth else joined
    if draw < 0.75:
        return scope.use()
    return number(chain)


def condition(scope):
    return f"{scope.use()} {scope.chain.pick('comparison', COMPARISONS)} {expression(scope, 1)}"


# --- Python -------------------------------------------------------------------------------------

def python_block(scope, indent, depth):
    lines = []
    for _ in range(scope.chain.rng.randint(1, 3 - (depth > 1))):
        lines += python_statement(scope, indent, depth)
    return lines


def python_statement(scope, indent, depth):
    chain, pad = scope.chain, "    " * indent
    draw = chain.rng.random()
    if depth < 3 and draw < 0.16:
        known = list(scope.names)
        item = chain.pick("item", words.THINGS)
        source = scope.use()
        scope.names.append(item)
        body = python_block(scope, indent + 1, depth + 1)
        scope.names = known
        return [f"{pad}for {item} in {source}:"] + body
    if depth < 3 and draw < 0.36:
        return python_if(scope, indent, depth)
    if draw < 0.44:
        call = chain.pick("method", ["append", "remove", "extend", "insert", "count", "index", "update", "pop"])
        return [f"{pad}{scope.use()}.{call}({expression(scope, 1)})"]
    if draw < 0.52:
        return [f"{pad}print({python_string(chain)}, {scope.use()})"]
    if draw < 0.62:
        return [f"{pad}{scope.use()} {chain.pick('assign', ['+=', '-=', '*='])} {expression(scope, 1)}"]
    if draw < 0.76:
        value = f"{chain.pick('call', PYTHON_CALLS)}({scope.use()})"
    elif draw < 0.84:
        value = f"{function_name(chain)}({scope.use()})"
    else:
        value = expression(scope)
    return [f"{pad}{scope.declare()} = {value}"]


def python_if(scope, indent, depth):
    pad = "    " * indent
    known = list(scope.names)
    lines = [f"{pad}if {condition(scope)}:"] + python_block(scope, indent + 1, depth + 1)
    scope.names = list(known)
    if scope.chain.maybe(0.4):
        lines += [f"{pad}else:"] + python_block(scope, indent + 1, depth + 1)
        scope.names = known
    return lines


def python_string(chain):
    return f'"{chain.pick("adjective", words.ADJECTIVES)} {chain.pick("thing", words.THINGS)}"'


def python_function(rng):
    chain = Chain(rng, "def")
    name = function_name(chain)
    scope = Scope(chain, parameters(chain))
    lines = [f"def {name}({', '.join(scope.names)}):"]
    if chain.maybe(0.5):
        verb, thing = name.split("_", 1)
        place = chain.after(thing).pick("place", words.PLACES)
        lines.append(f'    """{verb.capitalize()} the {chain.pick("adjective", words.ADJECTIVES)} {thing}'
                     f' in the {place}."""')
    lines += python_block(scope, 1, 0) + python_block(scope, 1, 1)
    return "\n".join(lines + [f"    return {expression(scope)}"])


# --- C ------------------------------------------------------------------------------------------

def c_block(scope, indent, depth):
    lines = []
    for _ in range(scope.chain.rng.randint(1, 3 - (depth > 1))):
        lines += c_statement(scope, indent, depth)
    return lines


def c_statement(scope, indent, depth):
    chain, pad = scope.chain, "\t" * indent
    draw = chain.rng.random()
    known = list(scope.names)
    if depth < 3 and draw < 0.18:
        limit = scope.use()
        index = "ijk"[depth]
        scope.names.append(index)
        body = c_block(scope, indent + 1, depth + 1)
        scope.names = known
        return [f"{pad}for (int {index} = 0; {index} < {limit}; {index}++) {{"] + body + [f"{pad}}}"]
    if depth < 3 and draw < 0.36:
        body = c_block(scope, indent + 1, depth + 1)
        scope.names = known
        return [f"{pad}if ({condition(scope)}) {{"] + body + [f"{pad}}}"]
    if draw < 0.48:
        return [f'{pad}printf({python_string(chain)[:-1]} %d\\n", {scope.use()});']
    if draw < 0.64:
        return [f"{pad}{scope.use()} {chain.pick('assign', ['+=', '-=', '*='])} {expression(scope, 1)};"]
    if draw < 0.74:
        return [f"{pad}{function_name(chain)}({scope.use()}, {expression(scope, 1)});"]
    kind, value = chain.pick("type", C_TYPES), expression(scope)
    before = set(scope.names)
    name = scope.declare()
    return [f"{pad}{name} = {value};" if name in before else f"{pad}{kind} {name} = {value};"]


def c_function(rng):
    chain = Chain(rng, "static")
    name = function_name(chain)
    scope = Scope(chain, parameters(chain))
    kind = chain.pick("type", C_TYPES)
    declared = ", ".join(f"{chain.pick('type', C_TYPES)} {name}" for name in scope.names)
    lines = [f"static {kind} {name}({declared})", "{"]
    if chain.maybe(0.35):
        noun = chain.after(name.split("_", 1)[1]).pick("creature", words.CREATURES)
        lines.insert(0, f"/* Used by the {noun} to {chain.pick('transitive', words.TRANSITIVE)[0]} "
                        f"the {chain.pick('thing', words.THINGS)}. */")
    lines += c_block(scope, 1, 0) + c_block(scope, 1, 1)
    return "\n".join(lines + [f"\treturn {expression(scope)};", "}"])


def document(rng):
    function = python_function if rng.random() < 0.6 else c_function
    return "\n\n".join(function(rng) for _ in range(rng.randint(1, 3)))
