"""Which passwords are taken: long ones. No rule asks for kinds of characters.

After NIST SP 800-63B, 3.1.1.2: a minimal length, everything printable, no composition rules, no
expiry, and a refusal of what is guessed first for this person.
"""

import unicodedata

SHORTEST = 12
# Argon2 takes any length; a form is a handful of fields.
LONGEST = 200
# A shorter part of an address is found in too many good passwords.
_TELLING_CHARACTERS = 4


def normal(password: str) -> str:
    """Return the password in one form, however the keyboard composed its characters."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, *, email: str, name: str = "") -> str | None:
    """Return why the password is not taken, as a sentence, or None when it is."""
    text = normal(password)
    if len(text) < SHORTEST:
        return f"The password needs at least {SHORTEST} characters; a few words do well."
    if len(text) > LONGEST:
        return f"The password can have at most {LONGEST} characters."
    if len(set(text.casefold())) < SHORTEST // 3:
        return "The password repeats a few characters only, and is guessed early."
    if _without_known(text, email, name) < SHORTEST // 2:
        return "The password is made of the e-mail or the name, and is guessed early."
    return None


def _without_known(text: str, email: str, name: str) -> int:
    """Return how many characters are left once what everybody knows is taken out."""
    known = {email, *email.replace("@", ".").split("."), *name.split(), "tallydock", "password"}
    rest = text.casefold()
    for word in sorted((word.casefold() for word in known), key=len, reverse=True):
        if len(word) >= _TELLING_CHARACTERS:
            rest = rest.replace(word, "")
    return len(rest)
