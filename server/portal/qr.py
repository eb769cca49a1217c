"""QR codes as the path of an SVG: nothing is drawn elsewhere, and no style stands in the page."""

import segno

# Four modules on every side, as the standard (ISO/IEC 18004, 6.3.8) asks for.
_MARGIN = 4


def qr_path(text: str) -> tuple[str, int]:
    """Return the dark modules as an SVG path of 1 by 1 squares, and the width of the picture."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    squares = [
        f"M{x + _MARGIN} {y + _MARGIN}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    ]
    return "".join(squares), len(rows) + 2 * _MARGIN
