"""Card numbers in names and labels, by the same cases as in cells."""

import random
from uuid import UUID

import pytest

from server.datasets.card_numbers import holds_card_number
from tests.ingest.test_cards import HARMLESS, NUMBERS, WRITTEN


@pytest.mark.parametrize("text", [*NUMBERS, *WRITTEN, "a_4111111111111111.csv"])
def test_a_card_number_is_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_is_not_found(text: str) -> None:
    assert not holds_card_number(text)


def test_ids_made_by_chance_are_none() -> None:
    chance = random.Random("ids")
    ids = [UUID(int=chance.getrandbits(128), version=4) for _ in range(20_000)]

    found = [
        text
        for made in ids
        for text in (str(made), f"order-{made}.csv", made.hex, f"{made.hex}{made.hex}")
        if holds_card_number(text)
    ]

    assert found == []
