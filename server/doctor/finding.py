"""What a check of the doctor's says."""

from dataclasses import dataclass


# Not frozen: Python itself writes the traceback into an exception.
@dataclass(eq=False)
class Ill(Exception):
    """A check found something.

    Attributes:
        finding: what is wrong, without secrets.
        advice: what the operator does.
    """

    finding: str
    advice: str


@dataclass(frozen=True)
class Finding:
    """What one check says; `trouble` is None when all is well."""

    name: str
    trouble: Ill | None
