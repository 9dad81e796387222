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
}
FORBIDDEN_BELOW_TUI = re.compile(r"\b(exit|abort|printf|puts)\s*\(")


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
    if folder != "tui":
        code = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S))
        for hit in FORBIDDEN_BELOW_TUI.finditer(code):
            yield f"{path}: {hit.group(1)}() below tui/"


def main():
    found = [p for folder in MAY_INCLUDE for f in sorted((ROOT / folder).rglob("*.[ch]")) for p in problems(f)]
    print("\n".join(found) or "layers: every include follows the picture")
    return 1 if found else 0


sys.exit(main())
