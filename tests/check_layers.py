#!/usr/bin/env python3
"""Each folder includes only itself and the folders above it: the picture in docs/architecture.md."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAY_INCLUDE = {
    "kernels": {"kernels"},
    "core": {"kernels", "core"},
    "quantizers": {"kernels", "core", "quantizers"},
    "plots": {"kernels", "core", "plots"},
    "sessions": {"kernels", "core", "quantizers", "plots", "sessions"},
    "tui": {"kernels", "core", "quantizers", "plots", "sessions", "tui"},
}
# Libraries that only one folder may see.
OWNED = {
    r"curses\.h|ncurses": {"tui"}, r"readline/": {"tui"}, r"cjson/": {"sessions"}, r"cairo": {"plots"},
    r"pcre2|utf8proc|xxhash|openssl": {"core"}, r"cblas|lapacke": {"kernels", "quantizers"},
    r"pthread\.h|^threads\.h|stdatomic\.h": {"kernels", "core", "sessions", "tui"},  # quantizers know no threads
}
# Kinds are reached through their list alone: nobody else says their names.
LISTS = {
    "quantizers/quantizers.def": "quantizer_", "core/protocols.def": "protocol_", "plots/plots.def": "plot_",
    "sessions/commands.def": "command_", "tui/views.def": "view_",
}
FORBIDDEN_BELOW_TUI = re.compile(r"\b(exit|abort|printf|puts)\s*\(")


def listed(path):
    return re.findall(r"^[A-Z]+\((\w+)\)", (ROOT / path).read_text(), flags=re.M)


SCHEMES = re.compile(r'"(%s)\b' % "|".join(listed("quantizers/quantizers.def")))
KINDS = {prefix + name: name for path, prefix in LISTS.items() for name in listed(path)}


def named_kinds(path, folder, text):
    """Schemes below quantizers/, and kinds outside the file that defines them."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    if folder in ("kernels", "core", "plots"):
        for name in SCHEMES.findall(text):
            yield f"{path}: {folder}/ knows no scheme, but says {name}"
    for word in set(re.findall(r"\w+", text)) & set(KINDS):
        if path.stem != KINDS[word]:
            yield f"{path}: {word} is reached through its list alone"


def problems(path):
    folder = path.relative_to(ROOT).parts[0]
    text = path.read_text()
    for name in re.findall(r'#include "([^"]+)"', text):
        first = name.split("/")[0]
        if first in MAY_INCLUDE and first not in MAY_INCLUDE[folder]:
            yield f"{path}: {folder}/ may not include {name}"
    for name in re.findall(r"#include <([^>]+)>", text):
        for pattern, owners in OWNED.items():
            if re.search(pattern, name) and folder not in owners:
                yield f"{path}: only {'/'.join(sorted(owners))} may include <{name}>"
    yield from named_kinds(path, folder, text)
    if folder != "tui":
        code = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S))
        for hit in FORBIDDEN_BELOW_TUI.finditer(code):
            yield f"{path}: {hit.group(1)}() below tui/"


def main():
    found = [p for folder in MAY_INCLUDE for f in sorted((ROOT / folder).rglob("*.[ch]")) for p in problems(f)]
    print("\n".join(found) or "layers: every include follows the picture")
    return 1 if found else 0


sys.exit(main())
