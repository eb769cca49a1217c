"""QR codes: every module of the code is a unit of the path, and no more."""

import re

import segno

from server.portal.qr import qr_path

_BAR = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


def test_the_path_draws_the_dark_modules_inside_a_margin() -> None:
    text = "otpauth://totp/Tallydock:a@b.example?secret=GEZDGNBVGY3TQOJQ"

    path, size = qr_path(text)

    drawn = {
        (int(x) + step, int(y))
        for x, y, width, back in _BAR.findall(path)
        for step in range(int(width))
        if width == back
    }
    rows = list(segno.make(text, error="m", micro=False).matrix)
    dark = {(x + 4, y + 4) for y, row in enumerate(rows) for x, it in enumerate(row) if it}
    assert drawn == dark
    assert size == len(rows) + 8
