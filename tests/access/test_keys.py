"""The form of API keys: what is accepted without asking the database, and what is not."""

import pytest

from server.access.keys import hash_of, make_key, public_id_of


def test_a_new_key_has_the_documented_form() -> None:
    key = make_key()

    prefix, public_id, secret, checksum = key.text.split("_")
    assert (prefix, len(public_id), len(secret), len(checksum)) == ("tdk", 12, 32, 6)
    assert key.public_id == public_id == public_id_of(key.text)
    assert key.secret_hash == hash_of(key.text)
    assert key.text.endswith(key.last4)


def test_two_keys_differ() -> None:
    assert make_key().text != make_key().text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:0],
        lambda text: text[:-1],
        lambda text: text + "a",
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: text.replace("tdk_", "tdx_"),
        lambda text: text.lower(),
        lambda text: text.replace("_", "-"),
        lambda text: text + "\n",
        lambda text: "ü" + text[1:],
    ],
)
def test_nonsense_is_refused_by_its_form(spoil: object) -> None:
    assert callable(spoil)

    assert public_id_of(str(spoil(make_key().text))) is None
