"""QR codes as the path of an SVG: nothing is drawn elsewhere, and no style stands in the page."""

from itertools import groupby

import segno

# Four modules on every side, as the standard (ISO/IEC 18004, 6.3.8) asks for.
_MARGIN = 4


def qr_path(text: str) -> tuple[str, int]:
    """Return the dark modules as an SVG path, one bar for neighbours, and the picture's width."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    bars = []
    for y, row in enumerate(rows, start=_MARGIN):
        x = _MARGIN
        for is_dark, run in groupby(row, key=bool):
            width = len(list(run))
            if is_dark:
                bars.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return "".join(bars), len(rows) + 2 * _MARGIN
