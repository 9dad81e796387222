#!/usr/bin/env python3
"""A screen as SVG: it parses, its text stands on the grid of cells, and all colours are of the palette."""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

SVG = "{http://www.w3.org/2000/svg}"
CELL = (8, 16)
MARGIN = 12


def xterm():
    levels = (0x00, 0x5F, 0x87, 0xAF, 0xD7, 0xFF)
    cube = {f"#{r:02x}{g:02x}{b:02x}" for r in levels for g in levels for b in levels}
    return cube | {f"#{v:02x}{v:02x}{v:02x}" for v in range(8, 239, 10)}


def main():
    program = pathlib.Path(sys.argv[1]).parent / "tests" / "plots.test_screen"
    if not program.exists():
        print(f"skipped: {program} is not built")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, folder], check=True, timeout=60)
        text = pathlib.Path(folder, "screen.svg").read_text()
    root = tree.fromstring(text)
    width, height = int(root.get("width")), int(root.get("height"))
    assert (width, height) == (132 * CELL[0] + 2 * MARGIN, 40 * CELL[1] + 2 * MARGIN)
    allowed = xterm() | {"#d8d8d8", "#121212"}  # the terminal's own text and paper
    assert set(re.findall(r"#[0-9a-f]{6}", text)) <= allowed
    for node in root.iter(SVG + "text"):
        x, length = int(node.get("x")), int(node.get("textLength"))
        assert (x - MARGIN) % CELL[0] == 0 and x + length <= width - MARGIN
        assert length == CELL[0] * len(node.text), node.text
        assert not re.search("[\u2500-\u259f\u2800-\u28ff]", node.text), node.text
    words = " ".join(node.text for node in root.iter(SVG + "text"))
    for part in ("relative output error", "salient channels", "log", "3 above", "0.00464159"):
        assert part in words, part
    print("screen: text on the grid, shapes for the rest, colours of the palette")
    return 0


sys.exit(main())
