#!/usr/bin/env python3
"""Take the example out of docs/adding-a-scheme.md, so that it's built and tested like a scheme of the list:

    documented_scheme.py PAGE FOLDER

writes FOLDER/documented_scheme.c and FOLDER/quantizers/quantizers.def, which lists it alone."""
import pathlib
import re
import sys


def main():
    page, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    examples = re.findall(r"^```c\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    if len(examples) != 1:
        raise SystemExit(f"{page}: has {len(examples)} C examples; the tests want one, a whole scheme")
    name = re.search(r"^const struct quantizer quantizer_(\w+) =", examples[0], re.M)[1]
    (folder / "quantizers").mkdir(parents=True, exist_ok=True)
    (folder / "documented_scheme.c").write_text(examples[0], encoding="utf-8")
    (folder / "quantizers/quantizers.def").write_text(f"QUANTIZER({name})\n", encoding="utf-8")


main()
