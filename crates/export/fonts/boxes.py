"""Makes PerchBoxes.ttf: a box for every character that Perch Sans does not hold.

    python3 -m pip install fonttools
    python3 crates/export/fonts/boxes.py

What Perch Sans holds must not be here: usvg takes a fallback for a whole text if it holds all of it.
"""

import pathlib
import unicodedata

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

here = pathlib.Path(__file__).parent
held = TTFont(here / "../../chart/fonts/PerchSans-Regular.ttf").getBestCmap().keys()


def frame(advance):
    """A rectangle with a hole, as tall as a capital of Perch Sans."""
    left, right, top, line = 70, advance - 70, 727, 60
    pen = TTGlyphPen(None)
    for corners in (
        [(left, 0), (left, top), (right, top), (right, 0)],
        [(left + line, line), (right - line, line), (right - line, top - line), (left + line, top - line)],
    ):
        pen.moveTo(corners[0])
        for corner in corners[1:]:
            pen.lineTo(corner)
        pen.closePath()
    return pen.glyph()


def glyph_of(code):
    character = chr(code)
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return "none"
    return "wide" if unicodedata.east_asian_width(character) in ("W", "F") else "box"


advances = {".notdef": 600, "box": 600, "wide": 1000, "none": 0}
font = FontBuilder(1000, isTTF=True)
font.setupGlyphOrder(list(advances))
font.setupCharacterMap({0x10FFFF: "box"})
nothing = TTGlyphPen(None).glyph()
glyphs = {".notdef": frame(600), "box": frame(600), "wide": frame(1000), "none": nothing}
font.setupGlyf(glyphs)
font.setupHorizontalMetrics({name: (advance, 0 if name == "none" else 70) for name, advance in advances.items()})
font.setupHorizontalHeader(ascent=969, descent=-242)
font.setupNameTable({"familyName": "Perch Boxes", "styleName": "Regular", "psName": "PerchBoxes-Regular"}, mac=False)
font.setupOS2(sTypoAscender=969, sTypoDescender=-242, usWinAscent=969, usWinDescent=242, fsType=0)
font.setupPost(isFixedPitch=0)
table = CmapSubtable.newSubtable(13)
table.platformID, table.platEncID, table.language = 3, 10, 0
table.cmap = {
    code: glyph_of(code) for code in range(0x110000) if code not in held and not 0xD800 <= code <= 0xDFFF
}
font.font["cmap"].tables = [table]
# The same bytes whenever it is made.
font.font["head"].created = font.font["head"].modified = 3_786_912_000
font.font.recalcTimestamp = False
font.save(here / "PerchBoxes.ttf")
