"""Files gone wrong by chance: in their header, in their bytes, in their cells."""

import csv
import io
import random
from collections.abc import Callable, Sequence

from tests.journeys.payments import Row

_TEXTS = (
    *(
        "",
        " ",
        "'",
        '"',
        '""',
        ",",
        ";",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\\",
        "\\N",
        "NULL",
        "NaN",
        "-0",
    ),
    *(
        "1e999",
        "-1",
        "0.00000000001",
        "1,5",
        "1.000,00",
        "99999999999999999999999",
        "0x10",
        "\uff11",
    ),
    *("2025-02-30", "2025-13-01", "0000-00-00", "9999-12-31 23:59:60", "2025-03-30 02:30:00"),
    *("EURO", "eur", "Ünïcode", "\u202eright", "\u200b", "𝄞" * 50, "x" * 5000, "=cmd()", "\x07"),
    *("{zone:String}", "%s", "{}", "'; DROP TABLE x; --", "../../etc/passwd", "<b>", "4.94E+15"),
)
_BYTES = (b'"', b"\n", b"\r", b"\x00", b"\xff", b"\xef\xbb\xbf", b",", b";", b"\\", b"\xc3", b"'")


def spoil_cells(rows: Sequence[Row], chance: random.Random) -> bytes:
    """Return the file with some cells replaced; every row is still one record."""
    spoilt = [dict(row) for row in rows]
    for _ in range(chance.randint(1, 30)):
        row = chance.choice(spoilt)
        row[chance.choice(list(row))] = "".join(chance.choices(_TEXTS, k=chance.randint(1, 3)))
    return _written(list(rows[0]), [list(row.values()) for row in spoilt]).encode()


def spoil_header(rows: Sequence[Row], chance: random.Random) -> bytes:
    """Return the file with labels dropped, doubled, renamed, or moved without their cells."""
    labels = list(rows[0])
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(labels))
        match chance.randrange(5):
            case 0:
                del labels[place]
            case 1:
                labels.insert(place, chance.choice(labels))
            case 2:
                labels[place] = chance.choice(_TEXTS)
            case 3:
                labels[place] = labels[place].replace("_", chance.choice([" ", "-", "", "\u00a0"]))
            case _:
                chance.shuffle(labels)
    return _written(labels, [list(row.values()) for row in rows]).encode()


def spoil_bytes(rows: Sequence[Row], chance: random.Random) -> bytes:
    """Return the file with bytes put in, taken out, turned over, or cut off at either end."""
    data = bytearray(_written(list(rows[0]), [list(row.values()) for row in rows]).encode())
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(data))
        match chance.randrange(6):
            case 0:
                data[place:place] = chance.choice(_BYTES)
            case 1:
                del data[place : place + chance.randint(1, 40)]
            case 2:
                data[place] ^= 1 << chance.randrange(8)
            case 3:
                data[place:place] = chance.randbytes(chance.randint(1, 20))
            case 4 if chance.random() < 0.2:
                del data[place:]
            case _:
                data[place:place] = data[: chance.randrange(len(data))]
        if not data:
            return b"\n"
    return bytes(data)


Spoil = Callable[[Sequence[Row], random.Random], bytes]

SPOILS: tuple[Spoil, ...] = (spoil_cells, spoil_header, spoil_bytes)


def _written(labels: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([labels, *lines])
    return text.getvalue()
