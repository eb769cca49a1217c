"""What the browser asks for: languages, the most wanted first (RFC 9110, 12.5.4)."""

import re

_ASKED = re.compile(
    r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*"
)
_LONGEST = 500


def wanted(accept_language: str) -> tuple[str, ...]:
    """Return the languages asked for as BCP 47 in lower case, the most wanted first.

    One of no weight (`q=0`) is unwanted, so it is not among them.

    Args:
        accept_language: the header; anything may stand there, what is no language is left out.
    """
    found = [_ASKED.fullmatch(part) for part in accept_language[:_LONGEST].split(",")]
    weighed = [(float(it[2] or 1), it[1].lower()) for it in found if it is not None]
    ranked = sorted(weighed, key=lambda it: it[0], reverse=True)
    return tuple(tag for weight, tag in ranked if weight)
