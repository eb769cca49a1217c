"""Card numbers: found as people write them, not found where there are none, and stored nowhere."""

import pytest

from server.datasets.cards import CARD_NUMBER, card_number_in
from server.errors import QueryRejected
from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good

# The numbers that card schemes publish for tests.
NUMBERS = (
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
)
SCHEMES = {
    **dict.fromkeys(["4", "49"], (13, 16, 19)),  # Visa
    **dict.fromkeys(["51", "55", "2221", "2300", "2720"], (16,)),  # Mastercard
    **dict.fromkeys(["34", "37"], (15,)),  # American Express
    **dict.fromkeys(["6011", "644", "649", "65"], (16, 17, 18, 19)),  # Discover
    **dict.fromkeys(["300", "305", "36", "38", "39"], (14, 16, 19)),  # Diners Club
    **dict.fromkeys(["3528", "3589"], (16, 17, 18, 19)),  # JCB
    "62": (16, 17, 18, 19),  # UnionPay
    **dict.fromkeys(["50", "56", "69"], (13, 16, 19)),  # Maestro
}
WRITTEN = (
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "3782 822463 10005",
    "paid with 4111111111111111.",
    "card 4111 1111 1111 1111 12/27",
    '{"pan":"4111111111111111"}',
    "x4111111111111111y",
)
HARMLESS = (
    "411111******1111",
    "4111111111111112",  # fails Luhn
    "41111111111111111111",  # twenty digits
    "94111111111111111",  # part of a longer number
    "20260201120000",
    "1813702551707653",  # references of a provider
    "4555568860022701",
    "4522268860022701",
    "5364893193133131",
    "northwind-eu-order-0000000017",
    "6f1c2a52-8f0e-4a4f-9f5b-0c6d3c1d9e02",
    "12345678-1234-1234-1234-123456789012",
    "",
)


async def holding(judge: Judge, texts: tuple[str, ...]) -> list[str]:
    """Return those of the texts that hold a card number."""
    found = await judge.analytics.query(
        f"SELECT text FROM (SELECT arrayJoin({{texts:Array(String)}}) AS text)"
        f" WHERE {card_number_in('text')}",
        parameters={"texts": list(texts)},
        comment="test",
    )
    return [str(text) for (text,) in found.rows]


async def test_card_numbers_are_found_as_they_are_written(judge: Judge) -> None:
    assert await holding(judge, NUMBERS + WRITTEN) == list(NUMBERS + WRITTEN)


async def test_what_is_none_is_not_found(judge: Judge) -> None:
    assert await holding(judge, HARMLESS) == []


@pytest.mark.parametrize(
    "made",
    [
        "toString(generateUUIDv4(number))",
        "concat('order-', toString(generateUUIDv4(number)), '/1')",
        "replaceAll(toString(generateUUIDv4(number)), '-', '')",
        "lower(hex(SHA256(toString(number))))",
    ],
    ids=["UUIDs", "UUIDs in a text", "UUIDs without hyphens", "digests"],
)
async def test_no_id_of_a_million_is_taken_for_one(judge: Judge, made: str) -> None:
    found = await judge.analytics.query(
        f"SELECT count() AS n FROM (SELECT {made} AS text"
        f" FROM numbers(1000000)) WHERE {card_number_in('text')}",
        comment="test",
    )
    assert found.one()["n"] == 0


async def test_every_scheme_is_found_in_every_length_it_has(judge: Judge) -> None:
    numbers = [
        completed(prefix, length) for prefix, lengths in SCHEMES.items() for length in lengths
    ]
    assert await holding(judge, tuple(numbers)) == numbers


def completed(prefix: str, length: int) -> str:
    """Return the number with that beginning and length that passes Luhn."""
    body = prefix + "".join(str(7 * place % 10) for place in range(length - len(prefix) - 1))
    doubled = (int(d) * (2 if n % 2 == 0 else 1) for n, d in enumerate(reversed(body)))
    total = sum(d - 9 if d > 9 else d for d in doubled)
    return f"{body}{-total % 10}"


@pytest.mark.parametrize("column", ["merchant_reference", "payment_method_code", "note"])
async def test_one_stops_the_load_before_anything_is_stored(judge: Judge, column: str) -> None:
    rows = [{**good(n), "note": "-"} for n in range(3)]
    rows[1][column] = "4111 1111 1111 1111"
    with pytest.raises(QueryRejected) as refused:
        await judge.rows(rows)
    assert CARD_NUMBER in refused.value.server_message
    assert "4111" not in refused.value.server_message


async def test_among_a_providers_own_numbers_one_only_warns(judge: Judge) -> None:
    codes = await judge.codes("provider_reference", ["5555593193155555", "PSP1"])
    assert codes == {"5555593193155555": ("pan-suspected",), "PSP1": ()}
    values = await judge.values("provider_reference", ["5555593193155555"])
    assert values == {"5555593193155555": "5555593193155555"}


async def test_cells_beside_each_other_make_no_number_together(judge: Judge) -> None:
    row = {**good(0), "merchant_reference": "41111111", "provider_reference": "11111111"}
    sheet = await judge.rows([row])
    assert [row.codes for row in sheet.rows] == [()]


async def test_one_stops_the_load_beside_a_providers_own_number(judge: Judge) -> None:
    row = {
        **good(0),
        "provider_reference": "5555593193155555",
        "merchant_reference": "4111111111111111",
    }
    with pytest.raises(QueryRejected, match="395"):
        await judge.rows([row])
