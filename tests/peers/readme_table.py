"""Tables of the README that programs write, each between its markers <!-- NAME --> and <!-- /NAME -->."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def split(text, name):
    """What stands before the table, the table, and what follows."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = text.partition(begin)
    inside, closed, after = rest.partition(end)
    if not found or not closed or begin in after:
        raise SystemExit(f"{README}: needs {begin.strip()} and {end} once each")
    return before + begin, inside, end + after


def written(name):
    return split(README.read_text(encoding="utf-8"), name)[1]


def write(name, lines):
    before, _old, after = split(README.read_text(encoding="utf-8"), name)
    README.write_text(before + "\n".join(lines) + "\n" + after, encoding="utf-8")
