"""How the labels of a header are compared, whoever wrote them."""

import re

_INVISIBLE = dict.fromkeys(map(ord, "\u00a0\u200b\u200c\u200d\u2060\ufeff"), " ")
_SEPARATORS = re.compile(r"[\s_\-]+")


def normalise(label: str) -> str:
    """Return the label as it is compared."""
    return _SEPARATORS.sub("_", label.translate(_INVISIBLE).strip().casefold()).strip("_")
