#!/usr/bin/env python3
"""The SVG pictures of the samples, by structure: they parse, hold what the data holds, and stay inside."""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

SVG = "{http://www.w3.org/2000/svg}"
BLUE = "rgb(0%,52.941176%,84.313725%)"  # the current run: #0087d7
INK = "rgb(14.901961%,14.901961%,14.901961%)"  # axes and ticks: #262626
SIZE = (900, 540)


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def paths(root):
    """(style without blanks, [numbers]) of every path outside the glyph definitions."""
    defined = {id(p) for d in root.iter(SVG + "defs") for p in d.iter(SVG + "path")}
    for path in root.iter(SVG + "path"):
        if id(path) not in defined:
            yield path.get("style", "").replace(" ", ""), numbers(path.get("d"))


def filled(root, colour):
    return [d for style, d in paths(root) if f"fill:{colour}" in style and len(d) >= 8]


def ticks(root):
    """Places of the short strokes that stand on the x axis, in the order they were drawn."""
    strokes = [d for style, d in paths(root) if f"stroke:{INK}" in style and len(d) == 4]
    return [d[0] for d in strokes if d[0] == d[2] and 0 < d[3] - d[1] < 8]


def inside(root):
    for style, d in paths(root):
        for x, y in zip(d[::2], d[1::2]):
            assert -1 <= x <= SIZE[0] + 1 and -1 <= y <= SIZE[1] + 1, (style, x, y)


def check_histogram(root):
    bars = filled(root, BLUE)
    assert 60 < len(bars) < 200, len(bars)
    lefts = [b[0] for b in bars[1:]]  # the first is the legend's
    assert lefts == sorted(lefts), "bars out of order"
    places = ticks(root)
    assert len(places) == 9 and places == sorted(places), places
    steps = [b - a for a, b in zip(places, places[1:])]
    assert max(steps) - min(steps) < 0.02, "an even axis has even ticks"


def check_bars(root):
    assert len(filled(root, BLUE)) == 12 + 1, "twelve bars and the legend"
    widths = [max(b[::2]) - min(b[::2]) for b in filled(root, BLUE)[1:]]
    assert widths == sorted(widths, reverse=True)


def check_heatmap(root):
    boxes = [d for style, d in paths(root) if "stroke:none" in style and len(d) >= 8]
    widths = [b[2] - b[0] for b in boxes if b[2] - b[0] < SIZE[0] - 1]  # without the paper
    cells = [w for w in widths if abs(w - max(widths)) < 0.1]
    assert len(cells) == 8 * 7 - 1, f"{len(cells)} cells, one of 56 is missing"


def check_line(root):
    assert len([1 for style, d in paths(root) if "stroke:" + BLUE in style and len(d) == 4]) >= 60
    assert ticks(root) == sorted(ticks(root))


def check_scatter(root):
    assert len(filled(root, BLUE)) == 4 + 1, "four points and the legend"


def main():
    program = pathlib.Path(sys.argv[1]).parent / "tests" / "plots.test_pictures"
    if not program.exists():
        print(f"skipped: {program} is not built")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, folder], check=True, timeout=60)
        for name in ("histogram", "bars", "heatmap", "line", "scatter"):
            root = tree.parse(pathlib.Path(folder, name + ".svg")).getroot()
            assert root.tag == SVG + "svg" and root.find(SVG + "title").text, name
            inside(root)
            globals()["check_" + name](root)
            png = pathlib.Path(folder, name + ".png").read_bytes()
            assert png[:8] == b"\x89PNG\r\n\x1a\n"
            assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == SIZE
    print("pictures: bars, cells, points and ticks are where the data says")
    return 0


sys.exit(main())
