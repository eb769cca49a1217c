"""Passwords are hashed as RFC 9106 recommends, however little work tests make of it."""

from argon2 import PasswordHasher, Type


def test_a_password_costs_whoever_guesses_it_64_mib_and_three_passes(
    real_hasher: PasswordHasher,
) -> None:
    assert real_hasher.type is Type.ID
    assert (real_hasher.memory_cost, real_hasher.time_cost) == (64 * 1024, 3)
